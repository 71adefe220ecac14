/* hello.c - no libc, no library, no relocation: what it costs is the kernel's and the loader's. */
#include "nolibc.h"

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    print("hello\n");
    return 0;
}
