/*
 * trace.h - what happens in a start and in a dlopen, told to whoever wants to know.
 *
 * The rooms of the loader say TRACE(...) where something happens; what becomes of it (lines of LD_DEBUG,
 * --explain, --stats, --trace) is decided above, by consumers. Without one, which is the rule, an event costs
 * the look at trace_is_on.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

struct object;
struct lookup_def;

/* Those marked "begins" have an end: the next TRACE_END at the same depth. */
enum trace_kind {
    TRACE_PHASE,    /* of a start, called name, begins; it ends with the next one */
    TRACE_NEED,     /* object needs a library called name */
    TRACE_OPEN,     /* object's code asks dlopen for name; a NEED follows */
    TRACE_SEARCH,   /* the last need has to be searched for */
    TRACE_RULE,     /* the search comes to rule (of object), whose directories are name */
    TRACE_TRY,      /* a place: name, because of rule */
    TRACE_PASS,     /* the last place is not taken, because of text */
    TRACE_GOT,      /* the last need is met by other; NULL: by nothing, because of text */
    TRACE_MAP,      /* mapping of the file name begins */
    TRACE_MAPPED,   /* object, asked for as name, is in memory and linked */
    TRACE_VERSION,  /* object needs version name of other; */
    TRACE_LACK,     /* and does not get it */
    TRACE_SCOPE,    /* the scope of object is as it will be used */
    TRACE_RELOCATE, /* relocation of object begins */
    TRACE_BIND,    /* object's symbol, its symbol-th or called name, is bound to def; all 0: weak */
    TRACE_GLOBAL,  /* object joins the global scope */
    TRACE_PREINIT, /* object's DT_PREINIT_ARRAY is to run */
    TRACE_INITIALISE, /* object's constructors begin */
    TRACE_FINALISE,   /* object's destructors are to run */
    TRACE_ENTER,      /* control goes to the program, object */
    TRACE_OPENED,     /* dlopen has returned object */
    TRACE_CLOSED,     /* dlclose has dropped a reference to object */
    TRACE_UNMAP,      /* object leaves memory */
    TRACE_UNSEALED,   /* mappings cannot be sealed, because of text */
    TRACE_END,
};

/* What is not said is 0. All of it belongs to the sender. */
struct trace_event {
    enum trace_kind kind;
    const struct object *object, *other;
    const char *name, *rule, *text;
    const struct lookup_def *def;
    const char *version; /* with a name, TRACE_BIND */
    uint32_t symbol;     /* of object; 0: it is called name */
};

extern bool trace_is_on;

/* From now on consume gets every event. There is room for a few. */
typedef void trace_consumer(const struct trace_event *event);
void trace_add(trace_consumer *consume);

void trace_send(const struct trace_event *event);

#define TRACE(...)                                                                                 \
    do {                                                                                           \
        if (__builtin_expect(trace_is_on, 0))                                                      \
            trace_send(&(struct trace_event){__VA_ARGS__});                                        \
    } while (0)

#endif
