/*
 * print.h - formatting.
 *
 * Formats: %s %.*s %c %d %u %x %p %%, with l or z before d, u, x. Nothing is ever truncated.
 */
#ifndef PRINT_H
#define PRINT_H

#include <stdarg.h>
#include <stddef.h>

/* Formats into buf, at most cap bytes with the NUL; returns the length that a large enough buffer
 * would hold. */
size_t print_buffer(char *buf, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
size_t print_buffer_args(char *buf, size_t cap, const char *format, va_list *args);

/* -errno of the first write that failed on another descriptor than standard error, else 0. */
extern int print_err;

/* Writes to a descriptor; one write for anything below a kilobyte. */
void print(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
