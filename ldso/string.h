/* string.h - the functions of <string.h> that the loader and the compiler need, with the standard's
 * contracts. */
#ifndef STRING_H
#define STRING_H

#include <stdbool.h>
#include <stddef.h>

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

/* True if s begins with prefix. */
bool string_starts(const char *s, const char *prefix);

/* What follows the last slash of a path; the path itself if it has none. */
const char *string_basename(const char *path);

#endif
