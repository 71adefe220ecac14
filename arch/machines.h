/*
 * machines.h - what e_machine says, by name, for messages about files that are for another machine.
 *
 * The numbers are the gABI's, as in <elf.h>. Read by ldso/object.c alone.
 */
#ifndef MACHINES_H
#define MACHINES_H

/* X(number, name) */
#define ELF_MACHINES(X)                                                                            \
    X(EM_SPARC, "SPARC")                                                                           \
    X(EM_386, "i386")                                                                              \
    X(EM_68K, "m68k")                                                                              \
    X(EM_MIPS, "MIPS")                                                                             \
    X(EM_PARISC, "PA-RISC")                                                                        \
    X(EM_PPC, "PowerPC")                                                                           \
    X(EM_PPC64, "PowerPC 64")                                                                      \
    X(EM_S390, "S/390")                                                                            \
    X(EM_ARM, "Arm, 32-bit")                                                                       \
    X(EM_SPARCV9, "SPARC 64")                                                                      \
    X(EM_IA_64, "Itanium")                                                                         \
    X(EM_X86_64, "x86-64")                                                                         \
    X(EM_AARCH64, "AArch64")                                                                       \
    X(EM_RISCV, "RISC-V")                                                                          \
    X(EM_BPF, "BPF")                                                                               \
    X(EM_LOONGARCH, "LoongArch")                                                                   \
    X(EM_ALPHA, "Alpha")

#endif
