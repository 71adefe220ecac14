/* init.h - constructors and destructors: when, in which order. */
#ifndef INIT_H
#define INIT_H

#include "object.h"

/* What constructors are called with; set by main. */
extern struct init_args {
    int argc;
    char **argv, **envp;
} init_args;

/* The libc calls the program's own constructors itself (glibc does): a pass over them leaves the
 * program out. Set by the libc room. */
extern bool init_skips_program;

/* True from the moment exit runs destructors: nothing is unmapped any more. */
extern bool init_is_exiting;

/* Fills root->init_order for its closure: who is constructed before whom. 0 or -ENOMEM. */
int init_sort(struct object *root);

/* Runs DT_PREINIT_ARRAY of the program. */
void init_run_preinit(const struct object *program);

/* Runs the constructors of o alone: for the program, where init_skips_program. */
void init_run_own(struct object *o);

/* Runs the constructors of root's closure that have not run, in order. */
void init_run(struct object *root);

/* Sorts all objects, given in load order, into glibc's order of destructors. 0 or -ENOMEM, which
 * leaves the list as it was. */
int init_sort_for_exit(struct object_list *list);

/* Runs o's destructors if its constructors have run and they have not. */
void init_finish(struct object *o);

/* Fills order with root's closure in the order in which init_run would go. 0 or -ENOMEM. */
int init_list(struct object *root, struct object_list *order);

/* Runs the destructors of all objects: at exit. */
void init_finish_all(void);

#endif
