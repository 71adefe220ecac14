/*
 * libc.h - booting a C library that we did not write, by the one interface of it that is public:
 * process entry.
 *
 * The libc's own loader is started on a made-up program (stub.c), sets up thread pointer and
 * internal state as it would after execve, and jumps to what the stub says is its entry point: back
 * to us. No private structure of any libc is read or written but through symbols it exports.
 */
#ifndef LIBC_H
#define LIBC_H

#include "object.h"

#include <stdint.h>

/* The object that is booted, and the C library proper (the same object in musl); NULL for a program
 * without one. */
extern struct object *libc_boot_object, *libc_object;

/* What dl.c provides to a libc. */
struct libc_services {
    void *const *dlfcn;          /* glibc: struct dlfcn_hook, 13 functions */
    char *(**dlfcn_error)(void); /* its dlerror slot, through which the table's place is found */
    void *const *rtld_functions; /* glibc before 2.34: ld-linux's _dl_open, _dl_close, and
                                    _dl_lookup_symbol_x as __libc_dlsym calls it */
    void (*fork_prepare)(void), (*fork_parent)(void), (*fork_child)(void);
    void (*initialise)(void), (*finalise)(void); /* musl: constructors, destructors of everything */
    /* glibc: instead of the program's own constructors; NULL: those */
    void (*construct_program)(void);
    bool has_preload_file; /* glibc: there is an /etc/ld.so.preload */
};

/* Finds out which libc is among the objects. 0 or -errno, record set. */
int libc_find(void);

/* The residue modulo the TLS alignment that the image must have for this libc. */
uintptr_t libc_tls_residue(void);

/* Builds the stub and changes auxiliary vector and environment for the boot; entry is where the
 * libc shall jump. 0 or -errno with the record set. */
int libc_prepare_boot(uintptr_t entry, const struct libc_services *provided);

/* Back from the boot: the auxiliary vector and the environment as the kernel made them. */
void libc_restore(void);

/* Everything is relocated: the libc's late initialisation, before any constructor. */
void libc_finish_boot(void);

/* A libc of another namespace is relocated, and none of its constructors has run. */
void libc_start_other(struct object *libc);

/* A definition that o itself has, whatever stands in front of it; NULL if it has none. version may
 * be NULL. */
const Elf64_Sym *libc_definition(struct object *o, const char *name, const char *version);
/* Its address, 0 if there is none. */
uintptr_t libc_symbol(struct object *o, const char *name, const char *version);

/* What musl.c and glibc.c provide to libc.c, each for its libc. The stub's program headers, NULL
 * without memory. */
const Elf64_Phdr *musl_build_stub(const struct libc_services *services, unsigned *count);
const Elf64_Phdr *glibc_build_stub(const struct libc_services *services, unsigned *count);
void musl_finish_boot(const struct libc_services *services);
void glibc_finish_boot(const struct libc_services *services);
/* glibc's initialisation that a libc gets from its loader, is_first: as the program's; and our handlers. */
void glibc_initialise(struct object *libc, bool is_first, const struct libc_services *services);

#endif
