/*
 * plugins.c - times dlopen and dlsym from inside: plugins open | sym N DIRECTORY
 *
 * The plugins are libraries of bench/libraries (own). Writes the nanoseconds of all N calls to
 * descriptor 3.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAMES = 500 };

static char names[NAMES][128];

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fail(void)
{
    puts(dlerror());
    exit(1);
}

static void *open_plugin(const char *dir, int i)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/lib%03d.so", dir, i);
    void *handle = dlopen(path, RTLD_NOW);
    if (handle == NULL)
        fail();
    return handle;
}

/* Calls the plugin's check of a few of its pointers. */
static int check(void *handle, int i)
{
    char name[16];
    int (*function)(void);
    snprintf(name, sizeof name, "check%03d", i);
    *(void **)&function = dlsym(handle, name);
    if (function == NULL)
        fail();
    return function();
}

static double open_many(int count, const char *dir, long *sum)
{
    void **handles = calloc((size_t)count, sizeof *handles);
    double start = now_ns();
    for (int i = 0; i < count; i++)
        handles[i] = open_plugin(dir, i);
    double ns = now_ns() - start;
    for (int i = 0; i < count; i++)
        *sum += check(handles[i], i);
    free(handles);
    return ns;
}

static double look_up_many(int count, const char *dir, long *sum)
{
    void *handle = open_plugin(dir, 0), *last = NULL;
    for (int i = 0; i < NAMES; i++)
        snprintf(names[i], sizeof names[i],
                 "bench_component_with_names_about_as_long_as_those_of_programs_in_cxx_lib000_"
                 "function%03d",
                 i);
    double start = now_ns();
    for (int i = 0; i < count; i++) {
        void *symbol = dlsym(handle, names[i % NAMES]);
        if (symbol == NULL || symbol == last)
            fail();
        last = symbol;
    }
    double ns = now_ns() - start;
    *sum = check(handle, 0) + ((int (*)(void))last)();
    return ns;
}

int main(int argc, char **argv)
{
    long sum = 0;
    double ns = 0;

    if (argc != 4)
        return 2;
    if (strcmp(argv[1], "open") == 0)
        ns = open_many(atoi(argv[2]), argv[3], &sum);
    else
        ns = look_up_many(atoi(argv[2]), argv[3], &sum);
    printf("%s %s: %ld\n", argv[1], argv[2], sum);
    dprintf(3, "%.0f", ns);
    return 0;
}
