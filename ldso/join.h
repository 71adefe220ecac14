/* join.h - the definitions of all names that a set of objects refers to, found together. */
#ifndef JOIN_H
#define JOIN_H

#include "lookup.h"

/*
 * Finds what first and the objects after it in the list refer to, those that are not relocated yet.
 * What there is no memory for is JOIN_UNKNOWN. join_end is due afterwards.
 */
void join_objects(struct object *first);

/* A number for each relocation of o's DT_JMPREL, or of its DT_RELA without the first relative_count;
 * NULL if there are none. */
const uint32_t *join_numbers(const struct object *o, bool is_jmprel);

enum join_answer {
    JOIN_UNKNOWN, /* not in the table: ask lookup_in_scope */
    JOIN_MISSING, /* there is no definition */
    JOIN_FOUND,
};
/* The definition that the relocation with this number needs; 0: JOIN_UNKNOWN. */
enum join_answer join_find(uint32_t number, struct lookup_def *def);

/* Fetches what join_find will look at, JOIN_AHEAD relocations before it is asked. */
enum { JOIN_AHEAD = 8 };
void join_prefetch(uint32_t number);

void join_end(struct object *first);

#endif
