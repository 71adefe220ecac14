/*
 * alloc.h - the loader's own memory. Nothing of it ever comes from the program's malloc, which may
 * not be relocated yet, may be replaced, and may itself call dlsym.
 */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* len bytes, zeroed, aligned to 16; NULL when there is no memory. Released by alloc_free. Thread-
 * safe. */
void *alloc(size_t len);

/* count items of size bytes; NULL also when the product overflows. */
void *alloc_array(size_t count, size_t size);

/* The same for what is going to be written to all over, and soon. */
void *alloc_table(size_t count, size_t size);

/* Grows or shrinks p (NULL: like alloc), new bytes are zero; NULL leaves p as it was. */
void *alloc_resize(void *p, size_t len);

/* A copy of len bytes of s with a NUL behind them. */
char *alloc_string(const char *s, size_t len);

/* The formatted text (print.h has the formats), NULL when there is no memory. In front of it comes
 * prefix, which may be NULL. */
char *alloc_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *alloc_format_args(const char *prefix, const char *format, va_list *args);

/* Releases what the functions above returned; NULL is allowed. */
void alloc_free(void *p);

/* All locks of this room, for the fork handlers of dlapi.c. */
void alloc_lock(void);
void alloc_unlock(void);

#endif
