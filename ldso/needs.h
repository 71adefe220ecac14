/* needs.h - the breadth-first closure of a program or of a dlopen. */
#ifndef NEEDS_H
#define NEEDS_H

#include "object.h"

/* For listings: what that is wrong does not end them, each more than the one before. For a library that
 * is skipped stands an object without segments (is_missing). needs_have_failed: there was something. */
extern enum needs_skips {
    NEEDS_SKIP_NOTHING,
    NEEDS_SKIP_VERSIONS, /* that a library does not define */
    NEEDS_SKIP_ABSENT,   /* libraries that are not there */
    NEEDS_SKIP_ALL,      /* and those that cannot be loaded */
} needs_skips;
extern bool needs_have_failed;

/* LD_PRELOAD and its kin: names in list separated by any of separators; source names the list in
 * warnings. A name that cannot be loaded is warned about and left out.
 *
 * In a privileged start a name is looked for in RPATH, RUNPATH and the system's directories alone, and the library must be
 * set-user-ID: so its owner says that it may be preloaded. is_callers: paths are none of the list's business. */
int needs_preload(const char *list, const char *separators, const char *source, bool is_callers);

/* Maps what first, and every object linked after it, needs, breadth first. */
int needs_load(struct object *first);

/* Fills root->closure: itself, the preloaded objects if it is the program, then needs breadth
 * first. */
int needs_closure(struct object *root);

#endif
