/*
 * loader_alloc.c - the interface of ldso/alloc.c on top of malloc: the address sanitizer then knows where
 * each piece ends, and what is never freed.
 */
#include "alloc.h"

#include "print.h"

#include <stdint.h>
#include <stdlib.h>

size_t strlen(const char *s);
void *memcpy(void *to, const void *from, size_t len);

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

char *alloc_string(const char *s, size_t len)
{
    char *copy = alloc(len + 1);

    if (copy != NULL)
        memcpy(copy, s, len);
    return copy;
}

void alloc_free(void *p)
{
    free(p);
}

char *alloc_format_args(const char *prefix, const char *format, va_list *args)
{
    va_list again;
    size_t before = prefix != NULL ? strlen(prefix) : 0;

    va_copy(again, *args);
    size_t len = print_buffer_args(NULL, 0, format, args);
    char *text = alloc(before + len + 1);
    if (text != NULL) {
        memcpy(text, prefix, before);
        print_buffer_args(text + before, len + 1, format, &again);
    }
    va_end(again);
    return text;
}

char *alloc_format(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = alloc_format_args(NULL, format, &args);
    va_end(args);
    return text;
}
