/*
 * lock.c - the futex lock of lock.h (Drepper, "Futexes are tricky", second mutex).
 *
 * Called by the allocator, the object list and the dl* functions. What happens to locks in a fork
 * is dlapi.c's affair.
 */
#include "lock.h"

#include "arch.h"
#include "sys.h"

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

void lock_word_acquire(int *word)
{
    int free = 0;

    if (!__atomic_compare_exchange_n(word, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        wait_for(word);
}

void lock_word_release(int *word)
{
    if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2)
        sys_futex_wake(word);
}

void lock_acquire(struct lock *lock)
{
    if (!enabled)
        return;
    uintptr_t self = arch_thread_pointer();
    if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != self) {
        lock_word_acquire(&lock->word);
        __atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
    }
    lock->depth++;
}

void lock_release(struct lock *lock)
{
    if (!enabled || --lock->depth > 0)
        return;
    __atomic_store_n(&lock->owner, 0, __ATOMIC_RELAXED);
    lock_word_release(&lock->word);
}

bool lock_is_mine(const struct lock *lock)
{
    return enabled && __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == arch_thread_pointer();
}

unsigned lock_suspend(struct lock *lock)
{
    unsigned depth = lock_is_mine(lock) ? lock->depth : 0;

    if (depth > 0) {
        lock->depth = 1;
        lock_release(lock);
    }
    return depth;
}

void lock_restore(struct lock *lock, unsigned depth)
{
    if (depth == 0)
        return;
    lock_acquire(lock);
    lock->depth = depth;
}

bool lock_abandon(struct lock *lock)
{
    bool was_held = lock->word != 0 && !lock_is_mine(lock);

    if (was_held)
        *lock = (struct lock){0};
    return was_held;
}
