"""Extension modules, threads, processes and foreign functions of python3; prints only what is the same every time."""

import array
import bz2
import concurrent.futures
import ctypes
import ctypes.util
import decimal
import hashlib
import json
import lzma
import multiprocessing
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import zlib


def square(number):
    return number * number


def decimals():
    decimal.getcontext().prec = 50
    print("decimal", decimal.Decimal(2).sqrt(), decimal.Decimal(1) / 7)


def database():
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table planet (name text, moons integer)")
        connection.executemany("insert into planet values (?, ?)", [("Earth", 1), ("Mars", 2), ("Venus", 0)])
        connection.create_function("shout", 1, str.upper)
        rows = connection.execute("select shout(name), moons from planet order by moons desc").fetchall()
    print("sqlite3", sqlite3.sqlite_version, rows)


def foreign_functions():
    libc = ctypes.CDLL("libc.so.6", use_errno=True)
    numbers = (ctypes.c_int * 6)(5, 3, 9, 1, 7, 2)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    libc.qsort(numbers, len(numbers), ctypes.sizeof(ctypes.c_int), compare(lambda a, b: a[0] - b[0]))
    print("ctypes", list(numbers), libc.strlen(b"twelve bytes"), libc.open(b"/no/such/file", 0), ctypes.get_errno())
    libm = ctypes.CDLL("libm.so.6")
    libm.cbrt.restype = ctypes.c_double
    libm.cbrt.argtypes = [ctypes.c_double]
    print("libm", libm.cbrt(27.0))
    print("this process", ctypes.pythonapi.Py_IsInitialized(), ctypes.CDLL(None).getpid() == os.getpid())
    try:
        ctypes.CDLL("libdoesnotexist.so.9")
    except OSError as error:
        print("missing library:", error)
    try:
        libc.no_such_function_here
    except AttributeError as error:
        print("missing function:", error)


def threads():
    local = threading.local()
    lock = threading.Lock()
    total = []

    def work(number):
        local.value = number
        for _ in range(1000):
            local.value += 1
        with lock:
            total.append(local.value)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("threading", sorted(total))
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        print("executor", sum(executor.map(square, range(100))))


def processes():
    for method in "fork", "spawn", "forkserver":
        with multiprocessing.get_context(method).Pool(3) as pool:
            print("pool", method, pool.map(square, range(12)))
    queue = multiprocessing.get_context("fork").Queue()
    child = multiprocessing.get_context("fork").Process(target=lambda: queue.put(hashlib.md5(b"child").hexdigest()))
    child.start()
    print("queue", queue.get())
    child.join()
    print("child", child.exitcode)
    print("subprocess", subprocess.run(["expr", "6", "*", "7"], capture_output=True, text=True, check=True).stdout)
    crashed = subprocess.run(["sh", "-c", "kill -9 $$"], check=False).returncode
    print("killed", crashed == -signal.SIGKILL)


def secure_sockets():
    context = ssl.create_default_context()
    print("ssl", ssl.OPENSSL_VERSION, context.protocol.name, context.check_hostname)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="example.org").do_handshake()
    except ssl.SSLWantReadError:
        hello = outgoing.read()
        print("client hello", hello[0], hello[5], b"example.org" in hello)


def codecs():
    data = b"the quick brown fox " * 1000
    for module in zlib, bz2, lzma:
        print(module.__name__, hashlib.sha256(module.decompress(module.compress(data))).hexdigest()[:16])
    print("hashes", hashlib.blake2b(data, digest_size=8).hexdigest(), hashlib.new("sha3_256", data).hexdigest()[:16])
    print("encodings", "Grüße, 世界".encode("gb18030").hex(), "é".encode("cp437"))
    print("json", json.dumps({"b": [1, 2.5, None], "a": array.array("d", [1.5]).tobytes().hex()}, sort_keys=True))


def names():
    print("localhost", socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)[0][4])
    print("root", __import__("pwd").getpwuid(0).pw_name, __import__("grp").getgrgid(0).gr_name)
    left, right = socket.socketpair()
    left.sendall(b"over a socket")
    print(right.recv(100))
    left.close()
    right.close()


if __name__ == "__main__":
    print(sys.version.split()[0], sys.executable, sys.prefix, sys.argv[1:])
    for part in decimals, database, foreign_functions, threads, processes, secure_sockets, codecs, names:
        part()
        sys.stdout.flush()
    sys.exit(7)
