/*
 * world.h - which C library's rules a process follows.
 *
 * Search order, symbol versions and messages differ between glibc and musl; a program expects those
 * of the libc it was linked with. The first sign decides, in the order in which the loader meets
 * them: the program's DT_NEEDED, its PT_INTERP, then the DT_NEEDED of the libraries found.
 */
#ifndef WORLD_H
#define WORLD_H

#include "object.h"

#include <stdbool.h>

enum world { WORLD_UNDECIDED, WORLD_GLIBC, WORLD_MUSL };

extern enum world world;

/* Looks at one object's DT_NEEDED, then at its PT_INTERP; does nothing once the world is decided.
 */
void world_decide(const struct object *o);

/* True for a name that musl's loader answers with its own libc (libc.so, libm.so.6, libc.musl-
 * ARCH.so.1, its own path). */
bool world_is_musl_libc(const char *name);

/* The world's libc's sentence for an errno: error_name, or musl's where it has another. */
const char *world_error_name(int err);

/* Path of the musl libc: the program's PT_INTERP if it is one, else the default place. */
const char *world_musl_path(void);

#endif
