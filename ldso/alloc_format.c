/*
 * alloc_format.c - texts in the loader's own memory.
 *
 * On top of alloc alone, so that they are the same over another allocator (the fuzz target's). Called
 * from load on; from any thread once the libc is booted.
 */
#include "alloc.h"

#include "print.h"
#include "string.h"

char *alloc_string(const char *s, size_t len)
{
    char *copy = alloc(len + 1);

    if (copy != NULL)
        memcpy(copy, s, len);
    return copy;
}

char *alloc_format_args(const char *prefix, const char *format, va_list *args)
{
    va_list again;
    size_t before = prefix != NULL ? strlen(prefix) : 0;

    va_copy(again, *args);
    size_t len = print_buffer_args(NULL, 0, format, args);
    char *text = alloc(before + len + 1);
    if (text != NULL) {
        if (before > 0)
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
