/* guard.h - the lock of whoever loads, relocates, looks up or unloads. */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>

/* Recursive, because constructors may dlopen. */
void guard_enter(void);
void guard_leave(void);

/* Around calls of code that is not ours, constructors above all: it may wait for a thread that forks.
 * Others stay locked out all the same. guard_pause returns what guard_resume wants. */
bool guard_pause(void);
void guard_resume(bool was_held);

/* Before a fork and after it: while they are held nobody is half-way through a change. */
void guard_enter_for_fork(void);
void guard_leave_after_fork(void);
/* In the child. True if another thread, which the child has not, had been inside. */
bool guard_leave_in_child(void);

#endif
