/* libc_hello.c - hello with a libc: shared, static or static-pie. */
#include <stdio.h>

int main(void)
{
    puts("hello");
    return 0;
}
