/* names.h - objects by the names they are known by and by the files they come from. */
#ifndef NAMES_H
#define NAMES_H

#include "object.h"

/* From now on name, which lives as long as o, leads to o. One object has few: see OBJECT_NAMES. */
void names_add(struct object *o, const char *name);
/* The same for the file that o->dev and o->ino name. */
void names_add_file(struct object *o);
/* o is found no more. */
void names_forget(struct object *o);

/* Whoever may be meant by a name or be that file, in the order in which they were added; others whose hash is the same
 * are among them, so the caller compares. NULL: nobody, or the last one. */
struct object_name *names_first(const char *name);
struct object_name *names_first_file(uint64_t dev, uint64_t ino);
struct object_name *names_next(struct object_name *known);

#endif
