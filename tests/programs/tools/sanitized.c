/* Makes one mistake, the one its argument names, or none. */
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int racy, sum = INT_MAX;
static char *volatile lost;
static __thread char *root; /* what it points to is no leak */

static void *race(void *argument)
{
    racy++;
    return argument;
}

static void *own(void *argument)
{
    root = malloc(100);
    strcpy(root, "thread");
    puts(root);
    free(root);
    return argument;
}

static void in_threads(void *(*function)(void *))
{
    pthread_t threads[2];
    for (int n = 0; n < 2; n++)
        pthread_create(&threads[n], NULL, function, NULL);
    for (int n = 0; n < 2; n++)
        pthread_join(threads[n], NULL);
}

static void overflow(void)
{
    char *volatile block = malloc(10);
    block[10] = 1;
    printf("behind the block %d\n", block[10]);
    free(block);
}

static void leak(void)
{
    lost = malloc(77);
    lost = NULL;
}

/* A library with thread-local variables, opened late, that holds a block of its own. */
static void use_library(const char *name)
{
    void *handle = dlopen(name, RTLD_NOW);
    if (!handle) {
        puts(dlerror());
        exit(9);
    }
    printf("library %d\n", ((int (*)(void))dlsym(handle, "fill"))());
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    root = malloc(20);
    if (strcmp(argv[1], "overflow") == 0)
        overflow();
    else if (strcmp(argv[1], "race") == 0)
        in_threads(race);
    else if (strcmp(argv[1], "leak") == 0)
        leak();
    else if (strcmp(argv[1], "undefined") == 0)
        sum += argc;
    in_threads(own);
    use_library(argv[2]);
    puts("end");
    return 0;
}
