# Lua to Scheme: most bring their own way to call C by name.
lua5.4 -e 'print(_VERSION, string.format("%q", "x")); print(package.loadlib("libno.so", "f"))'
luajit -e 'local ffi = require("ffi"); ffi.cdef("int abs(int);"); print(ffi.C.abs(-4), pcall(ffi.load, "no"))'
guile --no-auto-compile -c '(use-modules (system foreign)) (display (expt 3 100)) (newline) (display ((pointer->procedure int (dynamic-func "abs" (dynamic-link)) (list int)) -5)) (newline)'
echo 'puts [expr {2**100}]; puts [catch {load ./no.so} e]; puts $e; package require Tcl' | tclsh8.6
erl -noshell -eval 'io:format("~p ~p~n", [erlang:md5("x"), lists:sum([1,2,3])]), halt().'
swipl -g 'X is 2**100, print(X), nl, use_module(library(sha)), halt' || echo "status $?"
echo 'display(2^10); integrate(x^2, x);' | maxima --very-quiet
echo 'Factorial(30); Size(SymmetricGroup(6));' | gap -q -A
echo 'factor(2^67-1)' | gp -q
sbcl --noinform --eval '(progn (print (expt 2 70)) (print (sb-alien:alien-funcall (sb-alien:extern-alien "abs" (function sb-alien:int sb-alien:int)) -6)) (terpri) (exit))'
csi -e '(print (* 2 21))'
