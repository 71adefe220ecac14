/*
 * loader_alloc.c - the interface of ldso/alloc.c on top of malloc: the address sanitizer then knows where
 * each piece ends, and what is never freed.
 */
#include "alloc.h"

#include <stdint.h>
#include <stdlib.h>

void *alloc(size_t len)
{
    return len > (size_t)1 << 30 ? NULL : calloc(1, len + (len == 0));
}

void *alloc_array(size_t count, size_t size)
{
    size_t len;

    return __builtin_mul_overflow(count, size, &len) ? NULL : alloc(len);
}

void *alloc_table(size_t count, size_t size)
{
    return alloc_array(count, size);
}

/* New memory need not be zero here. */
void *alloc_resize(void *p, size_t len)
{
    return len > (size_t)1 << 30 ? NULL : realloc(p, len + (len == 0));
}

void alloc_free(void *p)
{
    free(p);
}
