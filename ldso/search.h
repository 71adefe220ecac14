/* search.h - names of libraries to paths, by the rules of the process's world. */
#ifndef SEARCH_H
#define SEARCH_H

#include "object.h"

/* Set by main from the command line, the environment and the auxiliary vector, before the first
 * search. */
struct search_options {
    const char *library_path;  /* LD_LIBRARY_PATH or --library-path; NULL if none */
    const char *platform;      /* AT_PLATFORM, what $PLATFORM stands for */
    const char *inhibit_rpath; /* objects whose RPATH and RUNPATH do not count; NULL if none */
    bool inhibit_cache;
    bool only_set_user_id; /* what is looked for must be set-user-ID: see needs_preload */
    bool is_secure; /* AT_SECURE: no $ORIGIN that the caller can choose, no relative directories */
};

extern struct search_options search_options;

/*
 * Called with each candidate path and the rule that named it ("RUNPATH of ./prog"). 0 ends the
 * search, -ENOENT goes on to the next candidate, SEARCH_NEXT_LIST to the next list of directories,
 * anything else ends the search with that error.
 */
enum { SEARCH_NEXT_LIST = 1 };
typedef int search_try(const char *path, const char *rule, void *arg);

/*
 * Offers every place where name may be, in order, for a need of by. name has no slash. Returns what
 * ended the search, -ENOENT if nothing did, -ENOMEM.
 */
int search_library(const char *name, struct object *by, search_try *try, void *arg);

/* s with $ORIGIN (of o), $LIB and $PLATFORM replaced, both spellings, for the caller to free. -ENOENT if nothing can be
 * there: it is too long, a privileged start forbids what it asks for, nobody knows o's directory. Else -errno with the
 * error record set. */
int search_expand(const char *s, size_t len, struct object *o, char **out);

/* The directory of o's file, absolute, owned by o. 0, or -errno when it cannot be told. */
int search_origin(struct object *o, const char **origin);

/* Is it the machine that fails a call, for want of memory or descriptors or of a sound disk, and not the path? */
bool search_is_trouble(int err);

/* Calls visit for each directory that a search for by would use; those that only a cache knows are not
 * among them. */
int search_directories(struct object *by, int (*visit)(const char *dir, void *arg), void *arg);

/* The same for the directories that are searched last, whoever needs something. */
int search_system_directories(int (*visit)(const char *dir, void *arg), void *arg);

/* Drops what a search keeps between libraries: the mapped cache. */
void search_forget(void);

#endif
