# An interpreter in C++ with Fortran libraries, and a library that it opens itself.
octave-cli --no-history --eval 'a = magic(4); disp(a \ ones(4,1)); disp(eig(a)); disp(fft(1:4)); disp(quad(@(x) x.^2, 0, 1)); disp(lu(sparse(a))); regexprep("abc","b","x")' 2>&1
