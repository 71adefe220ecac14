/*
 * print.c - formatting without a libc, and the error record.
 *
 * Assumes nothing initialised. Called by every layer from object up.
 */
#include "print.h"

#include "alloc.h"
#include "string.h"
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

static void sink_flush(struct sink *sink)
{
    for (size_t done = 0; done < sink->len;) {
        long n = sys_write(sink->fd, sink->buf + done, sink->len - done);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            break;
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

static size_t format_buffer(char *buf, size_t cap, const char *format, va_list *args)
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
    size_t len = format_buffer(buf, cap, format, &args);
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

/* prefix may be NULL; it is what the new text is put behind. */
static char *format_alloc(const char *prefix, const char *format, va_list *args)
{
    va_list again;
    size_t before = prefix != NULL ? strlen(prefix) : 0;

    va_copy(again, *args);
    size_t len = format_buffer(NULL, 0, format, args);
    char *text = alloc(before + len + 1);
    if (text != NULL) {
        if (before > 0)
            memcpy(text, prefix, before);
        format_buffer(text + before, len + 1, format, &again);
    }
    va_end(again);
    return text;
}

char *print_alloc(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = format_alloc(NULL, format, &args);
    va_end(args);
    return text;
}

static struct {
    enum error_kind kind;
    char *text;
    char *explanation;
} record;

void error_clear(void)
{
    alloc_free(record.text);
    alloc_free(record.explanation);
    record.text = NULL;
    record.explanation = NULL;
}

int error_set(enum error_kind kind, int err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = format_alloc(NULL, format, &args); /* may quote the record it replaces */
    va_end(args);
    error_clear();
    record.kind = kind;
    record.text = text;
    return -err;
}

void error_explain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = format_alloc(record.explanation, format, &args);
    va_end(args);
    if (text != NULL) {
        alloc_free(record.explanation);
        record.explanation = text;
    }
}

bool error_is_set(void)
{
    return record.text != NULL;
}

enum error_kind error_kind(void)
{
    return record.kind;
}

const char *error_text(void)
{
    return record.text != NULL ? record.text : "cannot allocate memory";
}

const char *error_explanation(void)
{
    return record.explanation != NULL ? record.explanation : "";
}

const char *error_name(int err)
{
    static const struct {
        int err;
        const char *name;
    } names[] = {
        {EPERM, "Operation not permitted"},
        {ENOENT, "No such file or directory"},
        {EIO, "Input/output error"},
        {ENOEXEC, "Exec format error"},
        {EBADF, "Bad file descriptor"},
        {ENOMEM, "Cannot allocate memory"},
        {EACCES, "Permission denied"},
        {ENODEV, "No such device"},
        {ENOTDIR, "Not a directory"},
        {EISDIR, "Is a directory"},
        {EINVAL, "Invalid argument"},
        {ENFILE, "Too many open files in system"},
        {EMFILE, "Too many open files"},
        {ENAMETOOLONG, "File name too long"},
        {ELOOP, "Too many levels of symbolic links"},
        {ENOTSUP, "Operation not supported"},
        {EADDRINUSE, "Address already in use"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].err == err)
            return names[i].name;
    }
    return "Unknown error";
}
