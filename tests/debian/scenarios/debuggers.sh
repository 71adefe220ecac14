# A debugger finds libraries through the loader, a tracer looks at it from outside.
echo 'int f(int n) { return n * 2; } int main(int c, char **v) { (void)v; return f(c + 20); }' >a.c
gcc -g a.c -o a
gdb -q -batch -ex 'break f' -ex run -ex bt -ex finish -ex 'info sharedlibrary' -ex c ./a 2>&1 | sed 's/0x[0-9a-f]*/ADDRESS/g; /ld-linux/d'
strace -f -e trace=exit_group ./a 2>&1 | tail -n 1
gdb -q -batch -ex 'python import sys, json; print(json.dumps(sys.version_info[:2]))'
readelf -d a | grep -c NEEDED; eu-readelf -S a | grep -c PROGBITS; objdump -d a | grep -c ret
