/* lock.h - a recursive lock owned by a thread, known by its thread pointer. */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: free. */
struct lock {
    int word;        /* 0 free, 1 held, 2 held and somebody waits */
    unsigned depth;  /* acquisitions by the owner that are still to be released */
    uintptr_t owner; /* thread pointer of the holder, 0 if none */
};

/* Before this call every lock is a no-op: there is one thread, and reading a thread pointer that
 * nobody has set would fault. Called once, when the libc is booted, with no lock held. */
void lock_enable(void);

/* The word alone: 0 free, 1 held, 2 held and waited for. glibc's own locks are such words, too. */
void lock_word_acquire(int *word);
void lock_word_release(int *word);

void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);

bool lock_is_mine(const struct lock *lock);

/* Lets go of a lock however often the caller has it, and takes it as often again. 0 if it has not. */
unsigned lock_suspend(struct lock *lock);
void lock_restore(struct lock *lock, unsigned depth);

/* Frees a lock that another thread holds, and says whether one did; in a child process, where that thread
 * does not exist. */
bool lock_abandon(struct lock *lock);

#endif
