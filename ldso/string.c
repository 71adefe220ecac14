/*
 * string.c - memory and string functions, own code because the loader has no libc.
 *
 * Assumes nothing initialised. Called by everything, and by the compiler itself for assignments of
 * structures; hence compiled without the optimisation that turns a loop into a call of memcpy.
 */
#include "string.h"

#include <stdint.h>

void *memcpy(void *restrict dest, const void *restrict src, size_t len)
{
    unsigned char *d = dest;
    const unsigned char *s = src;

    for (; len >= sizeof(struct string_word); len -= sizeof(struct string_word)) {
        ((struct string_word *)d)->value = ((const struct string_word *)s)->value;
        d += sizeof(struct string_word);
        s += sizeof(struct string_word);
    }
    while (len-- > 0)
        *d++ = *s++;
    return dest;
}

void *memmove(void *dest, const void *src, size_t len)
{
    unsigned char *d = dest;
    const unsigned char *s = src;

    if ((uintptr_t)d - (uintptr_t)s >= len) {
        for (size_t i = 0; i < len; i++)
            d[i] = s[i];
    } else {
        while (len-- > 0)
            d[len] = s[len];
    }
    return dest;
}

void *memset(void *dest, int byte, size_t len)
{
    unsigned char *d = dest;
    uint64_t pattern = (unsigned char)byte * UINT64_C(0x0101010101010101);

    for (; len >= sizeof(struct string_word); len -= sizeof(struct string_word)) {
        ((struct string_word *)d)->value = pattern;
        d += sizeof(struct string_word);
    }
    while (len-- > 0)
        *d++ = (unsigned char)byte;
    return dest;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const unsigned char *x = a;
    const unsigned char *y = b;

    for (; len > 0; len--, x++, y++) {
        if (*x != *y)
            return *x - *y;
    }
    return 0;
}

size_t strlen(const char *s)
{
    size_t len = 0;

    while (s[len] != '\0')
        len++;
    return len;
}

size_t strnlen(const char *s, size_t max)
{
    size_t len = 0;

    while (len < max && s[len] != '\0')
        len++;
    return len;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max)
{
    for (; max > 0; max--, a++, b++) {
        if (*a != *b)
            return (unsigned char)*a - (unsigned char)*b;
        if (*a == '\0')
            break;
    }
    return 0;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)(uintptr_t)s;
        if (*s == '\0')
            return NULL;
    }
}

char *strrchr(const char *s, int c)
{
    const char *last = NULL;

    for (;; s++) {
        if (*s == (char)c)
            last = s;
        if (*s == '\0')
            return (char *)(uintptr_t)last;
    }
}

char *strstr(const char *s, const char *needle)
{
    size_t len = strlen(needle);

    for (; *s != '\0'; s++) {
        if (strncmp(s, needle, len) == 0)
            return (char *)(uintptr_t)s;
    }
    return len == 0 ? (char *)(uintptr_t)s : NULL;
}

bool string_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

const char *string_basename(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* Names of symbols are long, many are compared, and most are equal: a word at a time. The same name is
 * often at the same address. */
bool string_equal_words(const char *a, const char *b)
{
    if (a == b)
        return true;
    for (;;) {
        size_t words = string_words_at(a), words_b = string_words_at(b);

        for (words = words < words_b ? words : words_b; words > 0; words--) {
            uint64_t word = string_word(a), other = string_word(b), zeros = string_zeros(word);

            if (zeros != 0) /* equal as far as its first NUL, that included? */
                return ((word ^ other) & (zeros ^ (zeros - 1))) == 0;
            if (word != other)
                return false;
            a += sizeof word;
            b += sizeof word;
        }
        for (size_t i = 0; i < sizeof(uint64_t); i++, a++, b++) { /* across the end of a page */
            if (*a != *b || *a == '\0')
                return *a == *b;
        }
    }
}
