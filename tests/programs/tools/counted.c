/* Three blocks, one of which is lost; a thread-local variable for a debugger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__thread int counter = 5;

__attribute__((noinline)) void stop_here(void)
{
    counter++;
}

int main(void)
{
    char *first = malloc(10), *second = malloc(1000), *volatile third = malloc(7);
    strcpy(first, "first");
    memset(second, 0, 1000);
    third = NULL;
    stop_here();
    puts(first);
    printf("%d %d\n", counter, third == NULL);
    free(first);
    free(second);
    return 0;
}
