/*
 * lock.c - the futex lock of lock.h (Drepper, "Futexes are tricky", second mutex).
 *
 * Called by the allocator, the object list and the dl* functions. What happens to locks in a fork
 * is dlapi.c's affair.
 */
#include "lock.h"

#include "arch.h"
#include "sys.h"

#include <stdbool.h>

static bool enabled;

void lock_enable(void)
{
    enabled = true;
}

static void wait_for(int *word)
{
    while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE) != 0)
        sys_futex_wait(word, 2);
}

void lock_acquire(struct lock *lock)
{
    int free = 0;

    if (!enabled)
        return;
    uintptr_t self = arch_thread_pointer();
    if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != self) {
        if (!__atomic_compare_exchange_n(&lock->word, &free, 1, false, __ATOMIC_ACQUIRE,
                                         __ATOMIC_RELAXED))
            wait_for(&lock->word);
        __atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
    }
    lock->depth++;
}

void lock_release(struct lock *lock)
{
    if (!enabled || --lock->depth > 0)
        return;
    __atomic_store_n(&lock->owner, 0, __ATOMIC_RELAXED);
    if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
        sys_futex_wake(&lock->word);
}

void lock_abandon(struct lock *lock)
{
    if (enabled && lock->owner != arch_thread_pointer())
        *lock = (struct lock){0};
}
