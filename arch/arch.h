/*
 * arch.h - what a machine supplies to the loader.
 *
 * The generic code under ldso/ never names a machine: it includes this file, which includes
 * arch/NAME/machine.h (found through the include path), and refuses to compile when a fact is
 * missing. A new architecture is one folder: machine.h, start.h (the entry sequence used by
 * ldso/start.S), entry.S (the assembly declared at the end of this file) and flags.mk.
 */
#ifndef ARCH_H
#define ARCH_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Relocation kinds are called by generic names, REL_*. A kind that a machine does not have gets
 * a number that no file can carry (r_type has 32 bits, psABIs use small numbers), a distinct one
 * each so that they can all stand in one switch. machine.h overrides the ones it has.
 */
#include "machine.h"

#ifndef REL_ABS32
#define REL_ABS32 0xffff0001u /* 32 bits, S + A, zero-extended; must fit */
#endif
#ifndef REL_PC32
#define REL_PC32 0xffff0002u /* 32 bits, S + A - P; must fit */
#endif
#ifndef REL_PC64
#define REL_PC64 0xffff0003u /* S + A - P */
#endif
#ifndef REL_SIZE32
#define REL_SIZE32 0xffff0004u /* 32 bits, Z + A */
#endif
#ifndef REL_SIZE64
#define REL_SIZE64 0xffff0005u /* Z + A */
#endif
#ifndef REL_RELATIVE64
#define REL_RELATIVE64 0xffff0006u /* B + A under another number */
#endif

#if !defined(REL_NONE) || !defined(REL_RELATIVE) || !defined(REL_ABS64) ||                         \
    !defined(REL_GLOB_DAT) || !defined(REL_JUMP_SLOT) || !defined(REL_COPY) ||                     \
    !defined(REL_IRELATIVE) || !defined(REL_DTPMOD) || !defined(REL_DTPOFF) ||                     \
    !defined(REL_TPOFF) || !defined(REL_TLSDESC)
#error "machine.h: a relocation kind that every machine has is not named"
#endif
#ifndef ARCH_NAME
#error "machine.h: ARCH_NAME, the name uname -m gives"
#endif
#ifndef ARCH_ELF_MACHINE
#error "machine.h: ARCH_ELF_MACHINE, the e_machine of this machine's files"
#endif
#ifndef ARCH_AOUT_MACHINE
#error "machine.h: ARCH_AOUT_MACHINE, the machine number of this machine's a.out files (aout.h)"
#endif
#ifndef ARCH_LIB
#error "machine.h: ARCH_LIB, what $LIB expands to (multiarch directory under / and /usr)"
#endif
#ifndef ARCH_GLIBC_INTERP
#error "machine.h: ARCH_GLIBC_INTERP, the PT_INTERP path of glibc programs"
#endif
#ifndef ARCH_CACHE_FLAGS
#error "machine.h: ARCH_CACHE_FLAGS, the flags word of this ABI's entries in ld.so.cache"
#endif
#ifndef ARCH_GLIBC_BASE
#error "machine.h: ARCH_GLIBC_BASE, the symbol version of glibc's first release for the machine"
#endif
#ifndef ARCH_TLS_ABOVE_TP
#error "machine.h: ARCH_TLS_ABOVE_TP, 1 for TLS variant I, 0 for variant II"
#endif
#ifndef ARCH_TLS_GAP
#error "machine.h: ARCH_TLS_GAP, bytes between thread pointer and block in variant I, else 0"
#endif
#ifndef ARCH_GOT_ADDEND
#error "machine.h: ARCH_GOT_ADDEND, 1 if GLOB_DAT and JUMP_SLOT are S + A, 0 if they are S"
#endif
#ifndef ARCH_STACK_UNTOLD_EXECUTABLE
#error "machine.h: ARCH_STACK_UNTOLD_EXECUTABLE, 1 if glibc takes no PT_GNU_STACK for a wish"
#endif
#ifndef ARCH_MUSL_LEGACY_INIT
#error "machine.h: ARCH_MUSL_LEGACY_INIT, 1 if musl calls DT_INIT and DT_FINI on this machine"
#endif
#ifndef ARCH_STACK_REALIGN
#error "machine.h: ARCH_STACK_REALIGN, attribute of functions that misaligned callers may call"
#endif

/*
 * From machine.h as inline functions:
 *   long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
 *       the raw call; -errno on failure. The SYS_* numbers are there too.
 *   uintptr_t arch_thread_pointer(void)
 *       only once a thread pointer is set (after the libc's boot or arch_set_thread_pointer).
 *   bool arch_is_under_valgrind(void)
 *       a sequence of instructions that does nothing, and that valgrind knows.
 *   int arch_set_thread_pointer(void *tp)
 *       for programs without a libc; 0 or -errno.
 *   uintptr_t arch_call_resolver(uintptr_t resolver, uint64_t hwcap, uint64_t hwcap2)
 *       calls an IFUNC resolver with the arguments its psABI gives it.
 *   struct arch_stat
 *       the kernel's struct stat, fields st_dev, st_rdev, st_ino, st_mode, st_size, st_mtime_sec.
 */

/*
 * TLSDESC (both psABIs): a descriptor is two words, a resolver and its argument. For a module in
 * the static block the argument is the offset from the thread pointer; for any other it is a
 * struct arch_tlsdesc, which the resolver hands to its own function member when the thread has
 * no block yet. The function may use the registers a C function may; the resolver saves the rest.
 */
struct arch_tlsdesc {
    void *(*address)(const struct arch_tlsdesc *desc); /* address of the variable, this thread */
    size_t module;
    size_t offset;
};

/*
 * A JUMP_SLOT left unbound: GOT[1] points to a struct arch_plt, GOT[2] to arch_plt_fallback, which
 * calls bind(plt, index of the JUMP_SLOT in DT_JMPREL) and jumps to what it returns with the
 * call's arguments intact.
 */
struct arch_plt {
    uintptr_t (*bind)(struct arch_plt *plt, size_t index);
    uintptr_t got; /* address of the GOT the slots live in; some machines need it */
};

void arch_tlsdesc_static(void);
void arch_tlsdesc_dynamic(void);
void arch_tlsdesc_undefined_weak(void);
void arch_plt_fallback(void);

/* Drops the stack to sp and jumps to entry, passing fini where the psABI's process entry has the
 * function to register with atexit (0: none). All other registers are as after execve. */
_Noreturn void arch_enter(uintptr_t *sp, uintptr_t entry, uintptr_t fini);

#endif
