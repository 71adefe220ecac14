/* bind.h - the definition that a relocation's symbol is bound to. */
#ifndef BIND_H
#define BIND_H

#include "join.h"
#include "lookup.h"
#include "object.h"

/* The last binding: relocations come sorted by symbol. Starts as all 0. */
struct bind_memo {
    const uint32_t *number; /* of the relocation at hand, see join_numbers; NULL if it has none */
    uint32_t sym;
    enum lookup_mode mode;
    struct lookup_def def; /* def.sym is NULL for an undefined weak symbol */
    bool allows_undefined; /* what is undefined is as if it were weak */
};

/* Sets memo->def to the definition of o's symbol index, which is not 0. 0, or -errno with the record set. */
int bind_find(struct object *o, uint32_t index, enum lookup_mode mode, struct bind_memo *memo);

/* Adds to the record of an undefined symbol what nearly was its definition. */
void bind_explain(struct object *o, uint32_t index);

/* A string table in a writable segment can be a relocation's target: is it still terminated? 0 or -errno. */
int bind_check_strings(const struct object *o);

#endif
