/*
 * explain.h - --explain and LD_EXPLAIN: why a program gets what it gets, without running any of it.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "object.h"

/* What is to be explained. */
struct explain_options {
    bool has_search, has_reloc, has_tls, has_init;
    const char *symbol; /* its name; NULL: none */
    bool is_json;
};

extern struct explain_options explain;

/* Reads a list of topics, separated by commas; an empty one and "1" mean search. Then takes down what
 * happens. False if a topic is unknown. */
bool explain_start(const char *topics);

/* Prints what was asked for, once everything is loaded and laid out; err: that failed, and the error record
 * says why. Returns the status to exit with: 0 if the program would start, 127 if not. */
int explain_print(struct object *program, int err);

/* explain_search.c: who asked for what, where it was sought, and what came of it. */
void explain_take_search(void);
void explain_search(struct object *program);
void explain_search_json(void);

/* explain_symbol.c: the definitions of a symbol and who is bound to which; relocations by kind. */
void explain_symbol(const char *name);
void explain_reloc(void);

/* explain_layout.c: thread-local storage; the order of constructors. */
void explain_tls(void);
void explain_init(struct object *program);

#endif
