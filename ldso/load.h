/* load.h - library names to objects. */
#ifndef LOAD_H
#define LOAD_H

#include "object.h"

/* True while a dlopen loads: objects marked DF_1_NOOPEN are then refused. */
extern bool load_for_dlopen;

/*
 * The object that name means in ns to by (its needer, or dlopen's caller; NULL is the program as a
 * caller), mapped and linked at the end of ns's list if it was not there yet. 0, or -errno with the
 * error record set.
 */
int load_library(const char *name, struct object *by, struct namespace *ns, struct object **out);

/* Maps glibc's loader before anything needs it, so that it can be booted; it is linked when it is needed.
 * 0 or -errno with the error record set. */
int load_boot(struct object **out);

/* Like load_library, but only among what is loaded. In the glibc world a file that is there and not
 * loaded is no error: 0, and *out is NULL. */
int load_find(const char *name, struct object *by, struct namespace *ns, struct object **out);

/* The object that fd's file is in ns, mapped unless it is loaded already; name is what it was asked for
 * by. Does not close fd. */
int load_descriptor(int fd, const char *path, const char *name, struct object *by,
                    struct namespace *ns, struct object **out);

/* What is loaded under that name, NULL if nothing is. */
struct object *load_find_by_name(const struct namespace *ns, const char *name);

#endif
