/* seal.h - what nobody may change any more once the program runs. */
#ifndef SEAL_H
#define SEAL_H

struct object;

/* Makes the loader's variables and tables that are of READ_ONLY_AFTER_START so, and seals the loader after seal_start. 0 or
 * -errno. */
int seal_loader(void);

/* The mappings of all objects of the start; from now on seal_object does something. For who wants that, and before
 * seal_loader. */
void seal_start(void);

/* Those of an object that is never unloaded; nothing if nobody wants that. */
void seal_object(const struct object *o);

#endif
