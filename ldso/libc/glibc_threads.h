/* glibc_threads.h - what has to be done to each thread of a glibc program. */
#ifndef GLIBC_THREADS_H
#define GLIBC_THREADS_H

#include <stdint.h>

/* For tls_each_thread. */
void glibc_each_thread(void (*f)(uintptr_t tp, void *arg), void *arg);

/* Called when ld-linux, or the libc, frees something with the function that the stub has for that. */
void glibc_note_free(void);

#endif
