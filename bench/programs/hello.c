/* hello.c - the bottom of the ladder: no libc, no library, no relocation. What it costs is the kernel's and the loader's. */
#include "nolibc.h"

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    print("hello\n");
    return 0;
}
