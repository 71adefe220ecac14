/* load.h - library names to objects: the breadth-first closure of a program or of a dlopen. */
#ifndef LOAD_H
#define LOAD_H

#include "object.h"

/* For listings: what that is wrong does not end them, each more than the one before. For a library that
 * is skipped stands an object without segments (is_missing). load_has_failed: there was something. */
extern enum load_skips {
    LOAD_SKIPS_NOTHING,
    LOAD_SKIPS_VERSIONS, /* that a library does not define */
    LOAD_SKIPS_ABSENT,   /* libraries that are not there */
    LOAD_SKIPS_ALL,      /* and those that cannot be loaded */
} load_skips;
extern bool load_has_failed;

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

/* LD_PRELOAD and its kin: names in list separated by any of separators; source names the list in
 * warnings. A name that cannot be loaded is warned about and left out. */
int load_preload(const char *list, const char *separators, const char *source);

/* Maps what first, and every object linked after it, needs, breadth first. */
int load_needs(struct object *first);

/* Fills root->closure: itself, the preloaded objects if it is the program, then needs breadth
 * first. */
int load_closure(struct object *root);

/* What is loaded under that name, NULL if nothing is. */
struct object *load_find_by_name(const struct namespace *ns, const char *name);

/* True if o defines the version that need asks for by name. */
bool load_defines_version(const struct object *o, const Elf64_Vernaux *need, const char *name);

/* Checks that the versions which first and all later objects need are defined where they need them.
 */
int load_check_versions(struct object *first);

#endif
