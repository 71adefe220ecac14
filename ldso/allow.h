/* allow.h - what is refused unless the user allows it: things that weaken a process, and that a few programs
 * cannot do without. */
#ifndef ALLOW_H
#define ALLOW_H

#include <stdbool.h>
#include <stddef.h>

extern struct allow {
    bool execstack; /* objects that ask for an executable stack: stack.c */
    bool wx;        /* segments that are writable and executable: object.c */
    bool textrel;   /* relocations in segments that are not writable: reloc.c */
} allow;

/* Allows what a list of words, separated by commas, names. The first word that is none, and its length
 * in *len; NULL if all are. */
const char *allow_words(const char *list, size_t *len);

#endif
