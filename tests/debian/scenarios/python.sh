# numpy and scipy: OpenBLAS, Fortran, threads; many modules with native parts; processes.
python3 - <<'P'
import numpy, scipy, concurrent.futures, ctypes, ssl, sqlite3, decimal, bz2, lzma, hashlib
from scipy import linalg, optimize, sparse, fft, special, integrate
a = numpy.arange(1, 401, dtype=float).reshape(20, 20) + 30 * numpy.eye(20)
print(numpy.__version__, scipy.__version__, ssl.OPENSSL_VERSION, sqlite3.sqlite_version)
print("%.9f" % numpy.linalg.norm(linalg.inv(a) @ a - numpy.eye(20)).round(9), "%.6e" % linalg.det(a))
print(numpy.round(linalg.eigvals(a)[:3].real, 6), numpy.round(fft.fft(numpy.arange(8)), 6))
print(optimize.brentq(lambda x: x**3 - 2, 0, 2), special.jv(2, 3.5), integrate.quad(numpy.exp, 0, 1)[0])
print(sparse.linalg.spsolve(sparse.csc_matrix(a), numpy.ones(20))[:3].round(8) if hasattr(sparse, "linalg") else "")
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(list(pool.map(lambda n: hashlib.sha256(bytes(n)).hexdigest()[:8], range(4))))
with concurrent.futures.ProcessPoolExecutor(2) as pool:
    print(list(pool.map(abs, range(-3, 3))))
print(ctypes.CDLL("libm.so.6").abs(-7), lzma.decompress(lzma.compress(b"lzma")), bz2.compress(b"b")[:4])
try:
    ctypes.CDLL("libno.so")
except OSError as e:
    print(e)
P
