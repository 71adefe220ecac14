/* lookup.h - symbol names and versions to definitions, in scope order. */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "object.h"

/*
 * What a look-up is for decides what counts as a definition. They are modes, not flags: with one
 * wrong hidden match (an old pthread_cond_init found by dlsym) whole language run-times crash.
 */
enum lookup_mode {
    /* any other relocation; an undefined symbol with a value (canonical PLT entry) counts */
    LOOKUP_DATA,
    LOOKUP_PLT,   /* JUMP_SLOT and TLS relocations: only real definitions */
    LOOKUP_COPY,  /* COPY: the program itself is passed over */
    LOOKUP_DLSYM, /* like DATA; without a version only the newest default definition */
};

struct lookup_name {
    const char *name;
    const struct object_version *version; /* NULL: none asked for */
    uint32_t gnu_hash;
    uint32_t sysv_hash; /* computed when the first object without DT_GNU_HASH comes by */
    bool has_sysv_hash;
};

/* A definition. object is NULL for what the loader itself defines (then only override counts). */
struct lookup_def {
    struct object *object;
    const Elf64_Sym *sym;
    void *override; /* stands in the definition's place; NULL if nothing does */
};

/* Functions that the loader defines itself, for programs whose libc does not: see lookup_builtins.
 */
struct lookup_builtin {
    const char *name;
    void *addr;
    bool is_always; /* even when a libc is there (fdlopen); others only without one */
};

/* Program, preloaded objects, start-up libraries, RTLD_GLOBAL ones: in that order. */
extern struct object_list lookup_global;

/* The loader's own definitions, ending with a NULL name. Found after everything else. Set by main.
 */
extern const struct lookup_builtin *lookup_builtins;

/* The hash of DT_GNU_HASH. */
uint32_t lookup_gnu_hash(const char *name);

void lookup_init(struct lookup_name *n, const char *name, const struct object_version *version);

/* Adds o to the global scope unless it is in it. 0 or -ENOMEM. */
int lookup_make_global(struct object *o);

/* Each returns true and fills *def if there is a definition. */
bool lookup_in_object(struct object *o, struct lookup_name *n, enum lookup_mode mode,
                      struct lookup_def *def);
/* In list from index first on. */
bool lookup_in_list(const struct object_list *list, unsigned first, struct lookup_name *n,
                    enum lookup_mode mode, struct lookup_def *def);
/* In the scope of from: itself (DF_SYMBOLIC), its own roots (RTLD_DEEPBIND), the global scope, its
 * roots, builtins. */
bool lookup_in_scope(struct object *from, struct lookup_name *n, enum lookup_mode mode,
                     struct lookup_def *def);

/* From now on every version of name that o defines is bound to addr instead. 0 or -ENOMEM. */
int lookup_override(struct object *o, const char *name, void *addr);

/* Remembers that from is bound to a definition in to, which then outlives it. 0 or -ENOMEM. */
int lookup_note_binding(struct object *from, struct object *to);

/* S of the psABIs: the definition's address (an IFUNC's resolver is not called here). */
uintptr_t lookup_value(const struct lookup_def *def);
bool lookup_is_ifunc(const struct lookup_def *def);

/* Removes o from the global scope and the table of unique symbols. */
void lookup_forget(const struct object *o);

#endif
