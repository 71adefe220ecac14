/* tls.h - thread-local storage: one static block a thread for the start-up modules, blocks on
 * demand for the rest. */
#ifndef TLS_H
#define TLS_H

#include "arch.h"
#include "object.h"

/* What __tls_get_addr is called with (both psABIs). */
struct tls_index {
    size_t module;
    size_t offset;
};

/* The combined static block: every thread has one at the same distance from its thread pointer,
 * made by the libc as a copy of image. Filled by tls_layout. */
struct tls_block {
    char *image; /* initial contents; congruent as the libc needs it (tls_place_image) */
    size_t size, align;
};

extern struct tls_block tls_block;

/*
 * Called by the first thread-exit bookkeeping of a thread, set by the libc room: arranges that
 * tls_thread_exit(thread) is called when the calling thread ends. NULL: threads end unnoticed,
 * their dynamic blocks stay.
 */
extern void (*tls_watch_thread)(void *thread);

/* Calls f with the thread pointer of every other thread; set by the libc room, NULL if it cannot be
 * told. */
extern void (*tls_each_thread)(void (*f)(uintptr_t tp, void *arg), void *arg);
/* There may be threads that tls_each_thread does not come by. */
extern bool tls_threads_are_hidden;

/* Lays out the TLS of all objects linked so far in one block, with reserve bytes for more. 0 or -errno with
 * the record set. */
int tls_layout(size_t reserve);

/* For a start-up library that is loaded later: a module, static if there is room. 0 or -errno. */
int tls_add_late(struct object *o);

/* Allocates the image at an address congruent to residue modulo its alignment. 0 or -ENOMEM. */
int tls_place_image(uintptr_t residue);

/* Copies the (relocated) initial images into the combined image and into the calling thread's
 * block. */
void tls_copy_images(void);

/* For a process without a libc: a thread pointer and a block for the one thread there is. 0 or
 * -errno. */
int tls_setup_alone(void);

/* Bytes left in the static block for libraries that are opened later. */
size_t tls_surplus(void);

/* Gives a module of a dlopen an id (dynamic until a relocation asks for more), and takes it back.
 */
int tls_add_module(struct object *o);
void tls_remove_module(struct object *o);

/* The lock of this room, for the fork handlers of dlapi.c. */
void tls_lock(void);
void tls_unlock(void);

/* Moves a dynamic module that no thread has touched into what is left of the static block. 0, or
 * -ENOMEM. */
int tls_make_static(struct object *o);

/* Fills the place of a module that tls_make_static moved, in every thread there is and for those to
 * come. Called when its initial image is relocated. */
void tls_init_static(struct object *o);

/* Offset from the thread pointer of a static module's first byte. */
intptr_t tls_static_offset(const struct object *o);

/* The calling thread's address of a variable; allocates its module's block if need be. */
void *tls_address(const struct tls_index *index);
/* The resolver's slow path for TLS descriptors of dynamic modules. */
void *tls_descriptor_address(const struct arch_tlsdesc *desc);
/* The calling thread's block of o if it has one, NULL otherwise; allocates nothing. */
void *tls_existing_block(const struct object *o);

/* The calling thread's pending dlerror text and the one it was last given, both owned by the
 * thread; NULL without memory. */
struct tls_error {
    char *pending, *given;
};
struct tls_error *tls_error(void);
/* The same if the thread has one, NULL otherwise; allocates nothing. */
struct tls_error *tls_existing_error(void);

/* Releases a thread's dynamic blocks; thread is what tls_watch_thread was given. */
void tls_thread_exit(void *thread);

#endif
