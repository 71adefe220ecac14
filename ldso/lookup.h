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
    uint32_t gnu_hash;                    /* without has_gnu_hash bit 0 is not to be relied on */
    uint32_t sysv_hash; /* computed when the first object without DT_GNU_HASH comes by */
    bool has_gnu_hash, has_sysv_hash;
    uint32_t steps; /* links of hash chains that have been followed, all objects together */
    /* An object that was given up: too many of its symbols are alike. NULL if none was. */
    const struct object *crowded;
};

/* A definition; all 0 where there is none. Holds what a relocation needs to know of the symbol, which
 * by then has left the processor's caches. */
struct lookup_def {
    struct object *object; /* NULL, and sym: the loader itself defines it */
    const Elf64_Sym *sym;
    uintptr_t value;  /* S of the psABIs: its address; means nothing for a thread-local variable */
    bool is_ifunc;    /* value is the address of a resolver, which nobody has called yet */
    bool is_override; /* value is the loader's own, in the place of what object defines */
    bool is_unique;   /* STB_GNU_UNIQUE: lookup_unify is due */
};

static inline bool lookup_is_defined(const struct lookup_def *def)
{
    return def->sym != NULL || def->is_override;
}

/* Functions that the loader defines itself, for programs whose libc does not: see lookup_builtins.
 */
struct lookup_builtin {
    const char *name;
    void *addr;
    bool is_always; /* even when a libc is there (fdlopen); others only without one */
};

/* The loader's own definitions, ending with a NULL name. Found after everything else. Set by main.
 */
extern const struct lookup_builtin *lookup_builtins;

/* The hash of DT_GNU_HASH, of a name as string_equal_words wants it. */
uint32_t lookup_gnu_hash(const char *name);

/* The version that o's reference to symbol sym asks for, NULL if none; sym is below sym_count. */
const struct object_version *lookup_wanted_version(const struct object *o, uint32_t sym);

/* True if DT_VERSYM gives that symbol an index that neither DT_VERDEF nor DT_VERNEED defines. */
bool lookup_has_undefined_version(const struct object *o, uint32_t sym);

/* The version that o defines sym with, NULL if it has none; sym is below sym_count. */
const char *lookup_defined_version(const struct object *o, uint32_t sym);

void lookup_init(struct lookup_name *n, const char *name, const struct object_version *version);

/* Adds o to the global scope of its namespace unless it is in it: program, preloaded objects, start-up
 * libraries, RTLD_GLOBAL ones, in that order; elsewhere what the first dlmopen brought. 0 or -ENOMEM. */
int lookup_make_global(struct object *o);

/* Each returns true and fills *def if there is a definition. */
bool lookup_in_object(struct object *o, struct lookup_name *n, enum lookup_mode mode,
                      struct lookup_def *def);
/* The same for a symbol of o with the name's hash, none before it in its chain having been the one.
 * is_final: no other symbol of o needs to be tried. */
bool lookup_at(struct object *o, uint32_t index, struct lookup_name *n, enum lookup_mode mode,
               struct lookup_def *def, bool *is_final);
/* In list from index first on. */
bool lookup_in_list(const struct object_list *list, unsigned first, struct lookup_name *n,
                    enum lookup_mode mode, struct lookup_def *def);
/* In the scope of from: itself (DF_SYMBOLIC), its own roots (RTLD_DEEPBIND), the global scope, its
 * roots, builtins. */
bool lookup_in_scope(struct object *from, struct lookup_name *n, enum lookup_mode mode,
                     struct lookup_def *def);

/* Calls visit for the objects that lookup_in_scope would ask, in order, until it returns true. */
bool lookup_each(struct object *from, bool (*visit)(struct object *o, void *arg), void *arg);

/* Among the loader's own definitions. */
bool lookup_in_builtins(const struct lookup_name *n, struct lookup_def *def);

/* From now on every version of name that o defines is bound to addr instead. 0 or -ENOMEM. */
int lookup_override(struct object *o, const char *name, void *addr);

/* Replaces a unique definition by the one in use, which is the first that this was called for. A matter of
 * its own because glibc's order is that of relocations, not of names. */
void lookup_unify(struct lookup_def *def);

/* Remembers that from is bound to a definition in to, which then outlives it. 0 or -ENOMEM. */
int lookup_note_binding(struct object *from, struct object *to);
/* While from is relocated that is quicker: no walk may mark objects in between. */
void lookup_begin_bindings(struct object *from);
void lookup_end_bindings(void);

/* Symbol sym of o, as it stands there. */
struct lookup_def lookup_define(struct object *o, const Elf64_Sym *sym);

/* Removes those whose visit is mark from the global scope and the table of unique symbols. */
void lookup_forget(struct namespace *ns, unsigned mark);

#endif
