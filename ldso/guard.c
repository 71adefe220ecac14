/*
 * guard.c - the lock of whoever loads, relocates, looks up or unloads.
 *
 * Called by reloc.c, init.c and the dl*.c files, once lock_enable has been called.
 *
 * It is two locks. `loading` keeps other threads out from a dlopen's begin to its end, constructors
 * included: who opens the same library meanwhile gets it when it is constructed. `changing` is held
 * only while something is changed or looked at, and let go around code that is not ours. A fork waits
 * for the second: the child's copy of what the loader knows is whole, and no constructor can be waiting
 * for the thread that forks. The child then takes the first away from a thread that it does not have.
 *
 * A callback of dl_iterate_phdr holds object_lock, which comes after these two in everybody else's
 * order. If it calls us it lets go of that one until it has them.
 */
#include "guard.h"

#include "lock.h"
#include "object.h"

static struct lock loading, changing;

void guard_enter(void)
{
    unsigned depth = lock_suspend(&object_lock);

    lock_acquire(&loading);
    lock_acquire(&changing);
    lock_restore(&object_lock, depth);
}

void guard_leave(void)
{
    lock_release(&changing);
    lock_release(&loading);
}

bool guard_pause(void)
{
    bool was_held = lock_is_mine(&changing);

    if (was_held)
        lock_release(&changing);
    return was_held;
}

void guard_resume(bool was_held)
{
    unsigned depth = lock_suspend(&object_lock);

    if (was_held)
        lock_acquire(&changing);
    lock_restore(&object_lock, depth);
}

void guard_enter_for_fork(void)
{
    unsigned depth = lock_suspend(&object_lock);

    lock_acquire(&changing);
    lock_restore(&object_lock, depth);
}

void guard_leave_after_fork(void)
{
    lock_release(&changing);
}

bool guard_leave_in_child(void)
{
    bool was_busy = lock_abandon(&loading);

    lock_abandon(&object_lock); /* a reader's: changes to the list need both */
    lock_release(&changing);
    return was_busy;
}
