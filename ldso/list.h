/* list.h - what a program would load, without running it: --list, LD_TRACE_LOADED_OBJECTS, ldd(1). */
#ifndef LIST_H
#define LIST_H

#include "object.h"

struct list_options {
    bool has_versions;  /* LD_VERBOSE: the versions that each object needs, too */
    bool has_undefined; /* LD_WARN, ldd -d: undefined data, */
    bool has_functions; /* ldd -r: and functions */
    bool
        is_unused_only; /* LD_DEBUG=unused, ldd -u: only needs of the program that nothing is bound to */
};

/* Prints all that is loaded, and returns the status to exit with. */
int list_print(struct object *program, const struct list_options *options);

#endif
