/*
 * rdebug.c - the interface to debuggers (<link.h>, struct r_debug).
 *
 * Called by main and dl.c. A debugger finds _r_debug through the program's DT_DEBUG, reads the list
 * of link maps, which struct object begins with, and sets a breakpoint on _dl_debug_state.
 */
#include "dl.h"
#include "sys.h"

/* The program's own; exported, so that a debugger finds it without DT_DEBUG, too. Those of other namespaces
 * hang from it. */
__attribute__((visibility("default"))) struct object_debug _r_debug;

/* Does nothing: that it is called is the message. */
__attribute__((noinline, visibility("default"))) void _dl_debug_state(void)
{
    __asm__ volatile("" : : : "memory");
}

void rdebug_init(struct object *program, uintptr_t base)
{
    _r_debug.version = 1;
    _r_debug.brk = (uintptr_t)_dl_debug_state;
    _r_debug.map = program;
    _r_debug.ldbase = base;
    if (program->debug != NULL && object_at(program, (uintptr_t)program->debug - program->bias,
                                            sizeof *program->debug, PROT_WRITE) != NULL)
        program->debug->d_un.d_ptr = (uintptr_t)&_r_debug;
}

/* A namespace's record; a new one goes to the end of the chain, where it stays. */
static struct object_debug *record_of(struct namespace *ns)
{
    struct object_debug *last = &_r_debug;

    if (ns == &object_base || ns->debug.brk != 0)
        return ns == &object_base ? &_r_debug : &ns->debug;
    ns->debug = (struct object_debug){.version = 2, .brk = _r_debug.brk, .ldbase = _r_debug.ldbase};
    while (last->next != NULL)
        last = last->next;
    last->next = &ns->debug;
    _r_debug.version = 2;
    return &ns->debug;
}

void rdebug_notify(struct namespace *ns, enum rdebug_state state)
{
    struct object_debug *record = record_of(ns);

    record->map = ns->head;
    record->state = (int)state;
    _dl_debug_state();
}
