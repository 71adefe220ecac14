/* dynamic.h - decoding and checking of an object's dynamic section (gABI chapter 5). */
#ifndef DYNAMIC_H
#define DYNAMIC_H

#include "object.h"

/* Fills the dynamic part of o. 0, or -errno with the error record naming the entry, what it holds
 * and what is wanted. */
int dynamic_decode(struct object *o, const Elf64_Phdr *header);

/* The System V hash of a name (gABI), also the hash of version names. */
uint32_t dynamic_sysv_hash(const char *name);

#endif
