/* version.h - presence of the symbol versions that objects need. */
#ifndef VERSION_H
#define VERSION_H

#include "object.h"

/* True if o defines the version that need asks for by name. */
bool version_is_defined(const struct object *o, const Elf64_Vernaux *need, const char *name);

/* Checks that the versions which first and all later objects need are defined where they need them.
 */
int version_check(struct object *first);

#endif
