/*
 * error.c - the record of what went wrong.
 *
 * Assumes nothing initialised. Called by every layer from object up.
 */
#include "error.h"

#include "alloc.h"
#include "print.h"
#include "string.h"
#include "sys.h"

static struct {
    enum error_kind kind;
    char *text;
    char *explanation;
    size_t explanation_len;
} record;

enum { EXPLANATION_MAX = 16 * 1024 };

void error_clear(void)
{
    alloc_free(record.text);
    alloc_free(record.explanation);
    record.text = NULL;
    record.explanation = NULL;
    record.explanation_len = 0;
}

int error_set(enum error_kind kind, int err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = alloc_format_args(NULL, format, &args); /* may quote the record it replaces */
    va_end(args);
    error_clear();
    record.kind = kind;
    record.text = text;
    return -err;
}

/* An explanation is for reading: a search of a hundred thousand directories ends with an ellipsis. */
void error_explain(const char *format, ...)
{
    va_list args;

    if (record.explanation_len >= EXPLANATION_MAX)
        return;
    va_start(args, format);
    char *text = alloc_format_args(record.explanation, format, &args);
    va_end(args);
    if (text == NULL)
        return;
    alloc_free(record.explanation);
    record.explanation = text;
    record.explanation_len = strlen(text);
    if (record.explanation_len >= EXPLANATION_MAX)
        memcpy(text + record.explanation_len - 4, "...\n", 4);
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
        {EINTR, "Interrupted system call"},
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
        {ENOSYS, "Function not implemented"},
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

_Noreturn void error_exit(int status)
{
    if (print_err == 0)
        sys_exit(status);
    print(2, "ld.so: cannot write to standard output: %s\n", error_name(-print_err));
    sys_exit(127);
}
