/* join.h - the definitions of all names that a set of objects refers to, found together. */
#ifndef JOIN_H
#define JOIN_H

#include "lookup.h"

/*
 * Finds what first and the objects after it in the list refer to, those that are not relocated yet.
 * 0, or -ENOMEM with the record set; join_end is due in either case.
 */
int join_objects(struct object *first);

enum join_answer {
    JOIN_UNKNOWN, /* not in the table: ask lookup_in_scope */
    JOIN_MISSING, /* there is no definition */
    JOIN_FOUND,
};
/* The definition that a relocation of o needs. */
enum join_answer join_find(const struct object *o, const Elf64_Rela *rela, struct lookup_def *def);

void join_end(struct object *first);

#endif
