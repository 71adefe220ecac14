/*
 * aout.h - the machine numbers that a.out headers carry, by name.
 *
 * Numbers 0 to 3 are SunOS 4.x's <sys/exec.h>, 100 is Linux's <a.out.h>, the others are the BSDs'
 * (NetBSD's <sys/aout_mids.h>, MID_*). A file is run where its number is the host's
 * (ARCH_AOUT_MACHINE) and refused by name elsewhere. Read by ldso/aout.c alone.
 */
#ifndef AOUT_MACHINES_H
#define AOUT_MACHINES_H

/* X(number, name) */
#define AOUT_MACHINES(X)                                                                           \
    X(0, "Sun-2")                                                                                  \
    X(1, "Sun 68010")                                                                              \
    X(2, "Sun 68020")                                                                              \
    X(3, "Sun SPARC")                                                                              \
    X(100, "i386")                                                                                 \
    X(134, "BSD i386")                                                                             \
    X(135, "BSD m68k")                                                                             \
    X(136, "BSD m68k, 4 KiB pages")                                                                \
    X(137, "ns32532")                                                                              \
    X(138, "BSD SPARC")                                                                            \
    X(139, "PMAX")                                                                                 \
    X(140, "VAX, 1 KiB pages")                                                                     \
    X(141, "Alpha")                                                                                \
    X(142, "MIPS")                                                                                 \
    X(143, "ARM")                                                                                  \
    X(144, "m68000, 2 KiB pages")                                                                  \
    X(145, "SH3")                                                                                  \
    X(148, "PowerPC 64")                                                                           \
    X(149, "PowerPC")                                                                              \
    X(150, "VAX")                                                                                  \
    X(151, "MIPS I")                                                                               \
    X(152, "MIPS II")                                                                              \
    X(153, "m88k")                                                                                 \
    X(154, "PA-RISC")                                                                              \
    X(155, "SH5, 64-bit")                                                                          \
    X(156, "SPARC64")                                                                              \
    X(157, "x86-64")                                                                               \
    X(158, "SH5, 32-bit")                                                                          \
    X(159, "Itanium")                                                                              \
    X(183, "AArch64")                                                                              \
    X(184, "OpenRISC 1000")                                                                        \
    X(185, "RISC-V")                                                                               \
    X(200, "HP 68010")

#endif
