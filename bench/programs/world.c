/*
 * world.c - the program over the synthetic libraries of bench/libraries, without a libc.
 *
 * Each library can check a few of its own resolved pointers: the first, the middle and the last do.
 * LIBRARIES, FIRST, MIDDLE and LAST come from the command line. As static-pie (-DALONE) it
 * relocates itself: the bound of what a loader could reach.
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "nolibc.h"

/* Returns how many of the library's pointers are right, or -1. */
typedef int check_fn(void);
check_fn FIRST, MIDDLE, LAST;
check_fn *const volatile checks[] = {FIRST, MIDDLE, LAST};

#ifdef ALONE
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* DT_RELR: a word with bit 0 clear is an address, others are a map of the 63 words that follow. */
static void relocate(void)
{
    uintptr_t base = (uintptr_t)__ehdr_start, *at = NULL;
    const uintptr_t *relr = NULL, *end = NULL;

    for (const Elf64_Dyn *d = _DYNAMIC; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_RELR)
            relr = (const uintptr_t *)(base + d->d_un.d_ptr);
        if (d->d_tag == DT_RELRSZ)
            end = (const uintptr_t *)(uintptr_t)d->d_un.d_val;
    }
    for (end = (const uintptr_t *)((uintptr_t)relr + (uintptr_t)end); relr < end; relr++) {
        if (*relr % 2 == 0) {
            at = (uintptr_t *)(base + *relr);
            *at++ += base;
            continue;
        }
        for (uintptr_t i = 0, map = *relr >> 1; map != 0; i++, map >>= 1) {
            if (map & 1)
                at[i] += base;
        }
        at += 63;
    }
}
#else
static void relocate(void)
{
}
#endif

int main(int argc, char **argv)
{
    long right = 0;

    (void)argc;
    (void)argv;
    relocate();
    for (int i = 0; i < 3; i++) {
        int n = checks[i]();
        if (n < 0)
            return 1;
        right += n;
    }
    report("libraries", LIBRARIES);
    report("pointers", right);
    return 0;
}
