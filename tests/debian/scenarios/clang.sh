# Compilers that are made of large C++ libraries; what they made runs under the loader, too.
cat >a.cc <<'C'
#include <iostream>
#include <map>
#include <stdexcept>
#include <thread>
thread_local int n = 3;
int main() {
  std::map<std::string, int> m{{"one", 1}};
  std::thread([&] { n++; m["two"] = n; }).join();
  try { m.at("none"); } catch (const std::out_of_range &e) { std::cout << e.what() << m["two"] << n << "\n"; }
}
C
clang++-14 -fuse-ld=lld -pthread -O2 a.cc -o a
./a
g++ -pthread -O2 a.cc -o b
./b
clang-14 -S -emit-llvm -O2 -x c -o - - <<<'int f(int x) { return x * 3; }' | grep -c 'mul nsw'
echo 'int main(void) { int *p = 0; return 0 * (long)p; }' | clang-14 -fsanitize=undefined -fsanitize-undefined-trap-on-error -x c - -o c
./c
llvm-objdump-14 -d a | grep -c call
nm -C a | grep -c std::
