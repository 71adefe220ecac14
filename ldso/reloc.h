/* reloc.h - relocation of mapped objects, and what follows from it: IFUNC, COPY, RELRO. */
#ifndef RELOC_H
#define RELOC_H

#include "lookup.h"
#include "object.h"

/* AT_HWCAP and AT_HWCAP2, for the resolvers of IFUNC symbols. Set by main. */
extern uint64_t reloc_hwcap, reloc_hwcap2;

/* LD_BIND_NOW was set at the start (glibc world). The environment is the program's to change, so
 * main notes it. */
extern bool reloc_always_now;

/*
 * Relocates first and every object linked after it that is not relocated yet, dependencies first;
 * the booted loader is left alone. is_lazy: functions that nobody defines are no error until they
 * are called. 0, or -errno with the record set; no code of any object has run then, unless it is for memory, or for
 * what a resolver has changed.
 */
int reloc_objects(struct object *first, bool is_lazy);

/* Protects the RELRO part of first and all objects after it. */
/* For a process that will run none of the objects' code: 0, or what reloc_objects would find malformed. */
int reloc_try(struct object *first);
int reloc_protect(struct object *first);

/* Calls visit for each relocation of o (DT_RELR's aside), with the definition that its symbol would be
 * bound to now: all 0 if there is none, NULL if it has no symbol. Changes no word of o. 0 or -errno. */
typedef void reloc_visit(struct object *o, const Elf64_Rela *rela, const struct lookup_def *def,
                         void *arg);
/* Of the kind that lazy binding leaves to a first call. */
bool reloc_is_call(const Elf64_Rela *rela);
int reloc_each(struct object *o, reloc_visit *visit, void *arg);

/* The address that a definition stands for, its IFUNC resolver called. */
uintptr_t reloc_address(const struct lookup_def *def);

#endif
