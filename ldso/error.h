/*
 * error.h - the record of what went wrong.
 *
 * Formats are those of print.h.
 */
#ifndef ERROR_H
#define ERROR_H

#include <stdbool.h>

/*
 * The error record. Whatever fails says why once, where it knows best, and returns a negative
 * errno; the callers only pass that on. Who asked (main, dlopen) decides what becomes of the text.
 * One record serves, since whoever may fail holds the loader's lock.
 */
enum error_kind {
    ERROR_LIBRARY, /* a file: missing, refused */
    ERROR_VERSION, /* a library lacks a version that another object needs */
    ERROR_SYMBOL,  /* a symbol that no object defines */
};

/* Replaces the record's sentence; returns -err, so that callers can write return error_set(...). */
int error_set(enum error_kind kind, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a line of explanation, shown below the sentence at start-up and left out by dlerror. */
void error_explain(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum error_kind error_kind(void);
bool error_is_set(void);
/* The sentence; never NULL, owned by the record, valid until the next error_set. */
const char *error_text(void);
/* The lines added since, each with its newline; "" if none. */
const char *error_explanation(void);
void error_clear(void);

/* The C library's sentence for an errno ("No such file or directory"). */
/* Ends the process, with a message and status 127 instead if what it printed could not all be written. */
_Noreturn void error_exit(int status);

const char *error_name(int err);

#endif
