/* glibc_threads.h - what has to be done to each thread of a glibc program. */
#ifndef GLIBC_THREADS_H
#define GLIBC_THREADS_H

#include <stdint.h>

/* For tls_each_thread. */
void glibc_each_thread(void (*f)(uintptr_t tp, void *arg), void *arg);

/* For stack_change_threads. It finds the place by a mark, in bits that the stub's PT_GNU_STACK has and nobody
 * reads: PF_MASKOS. */
#define GLIBC_STACK_MARK UINT32_C(0x0a500000)
int glibc_change_stacks(void);

/* Called when ld-linux, or the libc, frees something with the function that the stub has for that. */
void glibc_note_free(void);

#endif
