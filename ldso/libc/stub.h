/* stub.h - the program that a booting libc believes in. */
#ifndef STUB_H
#define STUB_H

#include "object.h"

struct stub_symbol {
    const char *name;
    uintptr_t addr;
    unsigned version; /* index into versions, from 1; ignored if there are none */
};

/* What goes into a stub; all of it stays the caller's. */
struct stub_plan {
    const char *interp, *needed, *soname; /* soname may be NULL */
    const struct stub_symbol *symbols;
    unsigned symbol_count;
    const char *const *versions; /* the first is the base version, of the file itself */
    unsigned version_count;
    const Elf64_Dyn *extra; /* further dynamic entries, addresses as run-time ones */
    unsigned extra_count;
    uint32_t stack_flags; /* p_flags of PT_GNU_STACK */
    uintptr_t bias;       /* every p_vaddr and d_ptr in the stub is relative to it */
};

/* Builds it in memory that lives as long as the process; *count program headers are returned, NULL
 * without memory. */
const Elf64_Phdr *stub_build(const struct stub_plan *plan, unsigned *count);

#endif
