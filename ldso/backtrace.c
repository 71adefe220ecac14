/*
 * backtrace.c - backtrace_symbols and backtrace_symbols_fd.
 *
 * In front of glibc's, whose own look into the list of its loader and would know the stub and
 * nothing else. Called by programs through dl_override_libc; musl has no such functions.
 */
#include "dl.h"
#include "guard.h"
#include "load.h"
#include "lookup.h"
#include "print.h"
#include "reloc.h"
#include "string.h"
#include "sys.h"

typedef void *malloc_function(size_t len);

/* "file(symbol+0x1) [0x2]", as glibc writes it: without a symbol the offset is into the file. The gap before the address
 * is empty for backtrace_symbols_fd. */
static size_t describe(char *buf, size_t cap, const char *gap, void *addr)
{
    struct dl_info info;
    struct object *map = NULL;

    if (!dl_addr(addr, &info, (void **)&map, RTLD_DL_LINKMAP) || info.fname == NULL ||
        info.fname[0] == '\0')
        return print_buffer(buf, cap, "[%p]", addr);
    uintptr_t base = info.sname != NULL ? (uintptr_t)info.saddr : map->bias;
    const char *name = info.sname != NULL ? info.sname : "";
    if (info.sname == NULL && base == 0)
        return print_buffer(buf, cap, "%s(%s)%s[%p]", info.fname, name, gap, addr);
    bool is_before = (uintptr_t)addr < base;
    uintptr_t distance = is_before ? base - (uintptr_t)addr : (uintptr_t)addr - base;
    return print_buffer(buf, cap, "%s(%s%c0x%lx)%s[%p]", info.fname, name, is_before ? '-' : '+',
                        distance, gap, addr);
}

/* The caller's malloc: it frees the result with its free. */
static void *caller_malloc(const void *caller, size_t len)
{
    struct lookup_name n;
    struct lookup_def def;

    lookup_init(&n, "malloc", NULL);
    guard_enter();
    bool found = lookup_in_scope(dl_caller(caller), &n, LOOKUP_DATA, &def);
    malloc_function *function = found ? (malloc_function *)reloc_address(&def) : NULL;
    guard_leave();
    return function != NULL ? function(len) : NULL;
}

char **backtrace_names(void *const *array, int count)
{
    size_t len = (size_t)(count > 0 ? count : 0) * sizeof(char *);

    for (int i = 0; i < count; i++)
        len += describe(NULL, 0, " ", array[i]) + 1;
    char **names = caller_malloc(__builtin_return_address(0), len);
    if (names == NULL)
        return NULL;
    char *text = (char *)(names + (count > 0 ? count : 0));
    char *end = (char *)names + len;
    for (int i = 0; i < count; i++) {
        names[i] = text;
        size_t took = describe(text, (size_t)(end - text), " ", array[i]) + 1;
        text = took < (size_t)(end - text) ? text + took : end - 1;
    }
    return names;
}

void backtrace_print(void *const *array, int count, int fd)
{
    char line[4096];

    for (int i = 0; i < count; i++) {
        describe(line, sizeof line, "", array[i]);
        print(fd, "%s\n", line);
    }
}
