/*
 * rdebug.c - the interface to debuggers (<link.h>, struct r_debug).
 *
 * Called by main and dl.c. A debugger finds _r_debug through the program's DT_DEBUG, reads the list
 * of link maps, which struct object begins with, and sets a breakpoint on _dl_debug_state.
 */
#include "dl.h"
#include "sys.h"

/* struct r_debug, version 1 */
struct r_debug {
    int version;
    struct object *map;
    uintptr_t brk;
    int state;
    uintptr_t ldbase;
};

__attribute__((visibility("default"))) struct r_debug _r_debug;

/* Does nothing: that it is called is the message. */
__attribute__((noinline, visibility("default"))) void _dl_debug_state(void)
{
    __asm__ volatile("" : : : "memory");
}

void rdebug_init(struct object *program, uintptr_t base)
{
    _r_debug.version = 1;
    _r_debug.map = program;
    _r_debug.brk = (uintptr_t)_dl_debug_state;
    _r_debug.ldbase = base;
    if (program->debug != NULL && object_at(program, (uintptr_t)program->debug - program->bias,
                                            sizeof *program->debug, PROT_WRITE) != NULL)
        program->debug->d_un.d_ptr = (uintptr_t)&_r_debug;
}

void rdebug_notify(enum rdebug_state state)
{
    _r_debug.state = (int)state;
    _dl_debug_state();
}
