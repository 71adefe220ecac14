/* main.h - the two halves of a start: before the libc's boot, and after it. */
#ifndef MAIN_H
#define MAIN_H

#include <stdint.h>

/* Reads the initial stack: arguments, environment, auxiliary vector, page size. */
void main_start_process(uintptr_t *sp);

/* From the loaded loader (at base) to the jump into the libc that is booted, or into a program
 * without one. */
_Noreturn void main_start(uintptr_t base);

/* From the libc's jump to what it takes for the program, to the program. Reached through
 * start_return. */
_Noreturn void main_continue(uintptr_t *sp);

#endif
