/*
 * json.c - see json.h.
 *
 * Called by explain.c and its kin, and by profile.c. Text that is not UTF-8 (a name in a file may have any
 * bytes) is written byte by byte as the escapes \udc80 to \udcff, as Python's surrogateescape has it: the
 * output is valid JSON, and what the bytes were can be told from it.
 */
#include "json.h"

#include "print.h"
#include "string.h"
#include "sys.h"

enum { MOST_DEPTH = 32 };

static struct {
    int fd;
    unsigned depth;
    char ends[MOST_DEPTH];     /* what closes each level */
    bool is_empty[MOST_DEPTH]; /* no value yet on it */
    size_t len;
    char text[4096];
} out __attribute__((section(".bss.large"))) = {0};

void json_to(int fd)
{
    out.fd = fd;
}

static void flush(void)
{
    print(out.fd != 0 ? out.fd : 1, "%.*s", (int)out.len, out.text);
    out.len = 0;
}

static void put(char c)
{
    if (out.len == sizeof out.text)
        flush();
    out.text[out.len++] = c;
}

static void put_text(const char *s)
{
    while (*s != '\0')
        put(*s++);
}

/* The length of the UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates), 0 if there is none. */
static unsigned sequence_len(const unsigned char *s)
{
    unsigned len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    bool is_out = s[0] > 0xf4 || (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
                  (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f);

    for (unsigned i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) /* a NUL ends it here */
            return 0;
    }
    return is_out ? 0 : len;
}

static void put_string(const char *value)
{
    const unsigned char *s = (const unsigned char *)value;
    char escape[8];

    put('"');
    while (*s != '\0') {
        unsigned len = sequence_len(s);
        bool is_escaped = *s < ' ' || *s == 0x7f || *s == '"' || *s == '\\';
        if (len == 0 || is_escaped) {
            print_buffer(escape, sizeof escape,
                         len == 0  ? "\\udc%x"
                         : *s < 16 ? "\\u000%x"
                                   : "\\u00%x",
                         *s);
            put_text(escape);
            s++;
            continue;
        }
        for (; len > 0; len--)
            put((char)*s++);
    }
    put('"');
}

static void start_value(const char *key)
{
    if (out.depth > 0) {
        if (!out.is_empty[out.depth - 1])
            put(',');
        out.is_empty[out.depth - 1] = false;
        put('\n');
        for (unsigned i = 0; i < out.depth; i++)
            put_text("  ");
    }
    if (key != NULL) {
        put_string(key);
        put_text(": ");
    }
}

static void open_level(const char *key, char first, char last)
{
    start_value(key);
    put(first);
    out.ends[out.depth] = last;
    out.is_empty[out.depth++] = true;
}

void json_object(const char *key)
{
    open_level(key, '{', '}');
}

void json_array(const char *key)
{
    open_level(key, '[', ']');
}

void json_end(void)
{
    out.depth--;
    if (!out.is_empty[out.depth]) {
        put('\n');
        for (unsigned i = 0; i < out.depth; i++)
            put_text("  ");
    }
    put(out.ends[out.depth]);
    if (out.depth == 0) {
        put('\n');
        flush();
    }
}

void json_string(const char *key, const char *value)
{
    start_value(key);
    if (value != NULL)
        put_string(value);
    else
        put_text("null");
}

void json_number(const char *key, uint64_t value)
{
    char digits[24];

    start_value(key);
    print_buffer(digits, sizeof digits, "%lu", value);
    put_text(digits);
}

void json_signed(const char *key, int64_t value)
{
    char digits[24];

    start_value(key);
    print_buffer(digits, sizeof digits, "%ld", value);
    put_text(digits);
}

void json_microseconds(const char *key, uint64_t nanoseconds)
{
    char digits[28];
    uint64_t rest = nanoseconds % 1000;

    start_value(key);
    print_buffer(digits, sizeof digits, "%lu.%lu%lu%lu", nanoseconds / 1000, rest / 100,
                 rest / 10 % 10, rest % 10);
    put_text(digits);
}

void json_address(const char *key, uint64_t value)
{
    char digits[24];

    print_buffer(digits, sizeof digits, "0x%lx", value);
    json_string(key, digits);
}

void json_bool(const char *key, bool value)
{
    start_value(key);
    put_text(value ? "true" : "false");
}
