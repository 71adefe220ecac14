/* string.h - the functions of <string.h> that the loader and the compiler need, with the standard's
 * contracts. */
#ifndef STRING_H
#define STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict dest, const void *restrict src, size_t len);
void *memmove(void *dest, const void *src, size_t len);
void *memset(void *dest, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *needle);

static inline bool string_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* The same, faster, for strings that lie in objects or in the loader: what is behind them is read, too.
 * (A checker that watches the program's heap would object.) */
bool string_equal_words(const char *a, const char *b);

/*
 * For going through a string a word at a time: unaligned words, which both machines load and store
 * (may_alias says so to the compiler). A word may reach beyond the string's end, but not into the
 * next page, which may not be there.
 */
struct string_word {
    uint64_t value;
} __attribute__((packed, may_alias));

static inline uint64_t string_word(const char *s)
{
    return ((const struct string_word *)s)->value;
}

/* How many words can be read from s on. */
static inline size_t string_words_at(const char *s)
{
    return (4096 - ((uintptr_t)s & 4095)) / sizeof(struct string_word);
}

/* The top bit of each byte that is 0. Above the first one, bytes of 1 may have it, too: the lowest bit
 * set is right, and that is the first such byte, both machines being little-endian. */
static inline uint64_t string_zeros(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);

    return (word - ones) & ~word & ones << 7;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "see string_zeros");

/* True if s begins with prefix. */
bool string_starts(const char *s, const char *prefix);

/* What follows the last slash of a path; the path itself if it has none. */
const char *string_basename(const char *path);

#endif
