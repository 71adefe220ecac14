/*
 * stack.c - executable stacks. They are refused unless allowed (allow.h).
 *
 * Called by main for the program, by load.c for each library, and when all are loaded by main and dl.c. An object
 * asks by PF_X in its PT_GNU_STACK: nested functions of GNU C put their trampolines on the stack.
 *
 * What follows if it is allowed is glibc 2.36's doing. The kernel made the main stack of a program that it mapped
 * as the program asked. Everything else is the loader's: it makes the main stack executable, and the stacks of
 * all threads that there are and will be, when an object asks that is the first to do so. On some machines no
 * PT_GNU_STACK at all is a wish, too; it counts only if wishes are allowed. musl leaves all stacks as they are, so in its world no
 * library is refused.
 */
#include "stack.h"

#include "allow.h"
#include "arch.h"
#include "error.h"
#include "process.h"
#include "readonly.h"
#include "sys.h"
#include "world.h"

int (*stack_change_threads)(void) READ_ONLY_AFTER_START;
static bool is_wanted;   /* for threads, and for the main stack unless the kernel decided that */
static bool is_main_due; /* the main stack is still to be changed */

uint32_t stack_flags(void)
{
    return PF_R | PF_W | (is_wanted ? PF_X : 0);
}

static int refuse(const struct object *o)
{
    return error_set(ERROR_LIBRARY, ENOEXEC,
                     "%s: asks for an executable stack (PT_GNU_STACK has PF_X; "
                     "LD_MMAPFD_ALLOW=execstack allows it)",
                     o->name);
}

int stack_admit(const struct object *o)
{
    bool is_untold_wish = o->stack == OBJECT_STACK_UNTOLD && ARCH_STACK_UNTOLD_EXECUTABLE;

    if (world == WORLD_MUSL || (o->stack != OBJECT_STACK_EXECUTABLE && !is_untold_wish))
        return 0;
    if (!allow.execstack)
        return is_untold_wish ? 0 : refuse(o);
    is_main_due = is_main_due || !is_wanted;
    is_wanted = true;
    return 0;
}

int stack_admit_program(const struct object *program)
{
    if (program->stack == OBJECT_STACK_EXECUTABLE && !allow.execstack)
        return refuse(program);
    int err = stack_admit(program);
    is_main_due = is_main_due && program->is_mapped_by_us;
    return err;
}

int stack_apply(const char *name)
{
    if (!is_main_due)
        return 0;
    uintptr_t page = sys_page_down((uintptr_t)process.sp);
    int err = stack_change_threads != NULL ? stack_change_threads() : 0;
    if (err == 0)
        err = sys_mprotect((void *)page, sys_page_size,
                           PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN);
    if (err != 0)
        return error_set(ERROR_LIBRARY, -err,
                         "%s: cannot enable executable stack as shared object requires: %s", name,
                         error_name(-err));
    is_main_due = false;
    return 0;
}

void stack_forget(void)
{
    if (is_main_due)
        is_wanted = is_main_due = false;
}
