/* The smallest thing a libc can be asked for; examples/demo builds it with musl. */
#include <stdio.h>

int main(int argc, char **argv)
{
    (void)argc;
    return printf("hello from %s\n", argv[1]) < 0;
}
