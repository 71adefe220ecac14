/*
 * print.c - formatting without a libc.
 *
 * Assumes nothing initialised, allocates nothing. Called by every layer from mmapfd_explain up.
 */
#include "print.h"

#include "sys.h"

#include <stdbool.h>
#include <stdint.h>

/* Where formatted characters go: into a buffer, and from there to a descriptor whenever it is full.
 */
struct sink {
    char *buf;
    size_t cap;
    size_t len;   /* bytes in buf */
    size_t total; /* bytes formatted in all */
    int fd;       /* -1: what does not fit is only counted */
};

int print_err;

static void sink_flush(struct sink *sink)
{
    for (size_t done = 0; done < sink->len;) {
        long n = sys_write(sink->fd, sink->buf + done, sink->len - done);
        if (n == -EINTR)
            continue;
        if (n <= 0) {
            print_err = print_err == 0 && sink->fd != 2 ? (int)(n != 0 ? n : -EIO) : print_err;
            break;
        }
        done += (size_t)n;
    }
    sink->len = 0;
}

static void sink_put(struct sink *sink, char c)
{
    if (sink->fd >= 0 && sink->len == sink->cap)
        sink_flush(sink);
    if (sink->len < sink->cap)
        sink->buf[sink->len++] = c;
    sink->total++;
}

static void sink_string(struct sink *sink, const char *s, size_t max)
{
    if (s == NULL)
        s = "(null)";
    for (; max > 0 && *s != '\0'; max--)
        sink_put(sink, *s++);
}

static void sink_number(struct sink *sink, uint64_t value, unsigned base)
{
    char digits[20];
    int count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (count > 0)
        sink_put(sink, digits[--count]);
}

/* One conversion, after the % and its modifiers. */
static void sink_convert(struct sink *sink, char kind, bool is_long, int precision, va_list *args)
{
    int64_t value;

    switch (kind) {
    case 's':
        sink_string(sink, va_arg(*args, const char *),
                    precision >= 0 ? (size_t)precision : SIZE_MAX);
        break;
    case 'c':
        sink_put(sink, (char)va_arg(*args, int));
        break;
    case 'd':
        value = is_long ? va_arg(*args, int64_t) : va_arg(*args, int);
        if (value < 0)
            sink_put(sink, '-');
        sink_number(sink, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
        break;
    case 'u':
    case 'x':
        sink_number(sink, is_long ? va_arg(*args, uint64_t) : va_arg(*args, unsigned),
                    kind == 'u' ? 10 : 16);
        break;
    case 'p':
        sink_string(sink, "0x", 2);
        sink_number(sink, (uintptr_t)va_arg(*args, void *), 16);
        break;
    default: /* %% */
        sink_put(sink, kind);
    }
}

static void sink_format(struct sink *sink, const char *format, va_list *args)
{
    for (; *format != '\0'; format++) {
        bool is_long = false;
        int precision = -1;

        if (*format != '%') {
            sink_put(sink, *format);
            continue;
        }
        format++;
        if (*format == '.') {
            precision = va_arg(*args, int);
            format += 2; /* ".*" */
        }
        for (; *format == 'l' || *format == 'z'; format++)
            is_long = true;
        sink_convert(sink, *format, is_long, precision, args);
    }
}

size_t print_buffer_args(char *buf, size_t cap, const char *format, va_list *args)
{
    struct sink sink = {.buf = buf, .cap = cap > 0 ? cap - 1 : 0, .fd = -1};

    sink_format(&sink, format, args);
    if (cap > 0)
        buf[sink.len] = '\0';
    return sink.total;
}

size_t print_buffer(char *buf, size_t cap, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    size_t len = print_buffer_args(buf, cap, format, &args);
    va_end(args);
    return len;
}

void print(int fd, const char *format, ...)
{
    char buf[1024];
    struct sink sink = {.buf = buf, .cap = sizeof buf, .fd = fd};
    va_list args;

    va_start(args, format);
    sink_format(&sink, format, &args);
    va_end(args);
    sink_flush(&sink);
}
