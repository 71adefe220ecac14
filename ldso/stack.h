/* stack.h - executable stacks: who asks for them, and what follows. */
#ifndef STACK_H
#define STACK_H

#include "object.h"

#include <stdbool.h>
#include <stdint.h>

/* p_flags of the PT_GNU_STACK that a booting libc is to see: its threads' stacks follow them. */
uint32_t stack_flags(void);

/* Makes the stacks of the threads that there are executable, and of those that come: 0 or -errno. Set by the
 * libc room; NULL: there are none, or they are not the libc's. */
extern int (*stack_change_threads)(void);

/* Notes what a new object asks for. 0, or -errno with the record set: it is not allowed. */
int stack_admit(const struct object *o);
/* The same for the program, which the kernel may have mapped: then its main stack is as it asked. */
int stack_admit_program(const struct object *program);

/* Makes the stacks executable if an object that was admitted needs that; name is who brought it. 0, or -errno with the record set. */
int stack_apply(const char *name);
/* What was admitted since then is not loaded after all. */
void stack_forget(void);

#endif
