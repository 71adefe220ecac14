/*
 * start.S - the two places where control enters the loader with nothing but a stack.
 *
 * _start: the kernel, after execve of a program whose PT_INTERP names us, or of ourselves.
 * start_return: a libc that we booted, jumping to what it takes for the program's entry point
 * (libc-boot: AT_ENTRY of the stub). Same stack, same contents:
 *
 *      high    strings of the environment and of argv, AT_RANDOM bytes, AT_EXECFN
 *              AT_NULL, 0
 *              ... auxiliary vector, pairs of words
 *              NULL
 *              ... envp
 *              NULL
 *              ... argv
 *      sp ->   argc
 *
 * Frames below sp are ours to overwrite; whatever must live from the first entry to the second
 * lives in globals (main.c).
 */
#include "start.h"

        .text
        .globl  _start
        .hidden _start
        .type   _start, %function
_start:
        ARCH_CALL_WITH_SP boot
        .size   _start, . - _start

        .globl  start_return
        .hidden start_return
        .type   start_return, %function
start_return:
        ARCH_CALL_WITH_SP main_continue
        .size   start_return, . - start_return

        .section .note.GNU-stack, "", %progbits
