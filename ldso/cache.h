/* cache.h - glibc's /etc/ld.so.cache: library name to path. */
#ifndef CACHE_H
#define CACHE_H

#include <stdbool.h>

/*
 * The path that the cache has for name, best for this processor; NULL if the cache has none, cannot
 * be read or is malformed. The string is valid until cache_forget.
 */
const char *cache_lookup(const char *name);

/* -errno if it could not be read when it was last looked into, else 0. */
extern int cache_err;

/* Unmaps the cache; the next look-up maps it anew (ldconfig may have replaced it). */
void cache_forget(void);

/* --glibc-hwcaps-prepend: subdirectories to ask before those of the processor; --glibc-hwcaps-mask: of the
 * latter only those in the list. Names are separated by colons; NULL: none, and all. */
extern const char *cache_hwcaps_prepend, *cache_hwcaps_mask;

/* glibc-hwcaps subdirectories that this processor can use: the name by priority, best first; NULL
 * after the last. The string is valid until the next call. */
const char *cache_hwcap(unsigned priority);

/* False where no processor has any. */
bool cache_has_hwcaps(void);

#endif
