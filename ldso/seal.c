/*
 * seal.c - what nobody may change any more once the program runs.
 *
 * Called by main when the start is done but for the constructors, and by dl.c. The loader's own RELRO part is made
 * read-only: see readonly.h. On request (LD_MMAPFD_SEAL) the kernel is told besides that the mappings of what is never
 * unloaded stay as they are, with mseal(2) of Linux 6.10: nobody can unmap them, map something in their place or change
 * their rights. Reading, writing and debugging go on as before.
 */
#include "seal.h"

#include "error.h"
#include "object.h"
#include "readonly.h"
#include "sys.h"
#include "trace.h"

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

static bool is_sealing READ_ONLY_AFTER_START;

/* False if that is not to be had here; why is told once, to who listens. */
static bool seal_range(uintptr_t first, uintptr_t end)
{
    int err = sys_mseal((void *)sys_page_down(first), sys_page_up(end) - sys_page_down(first));

    if (err != 0)
        TRACE(.kind = TRACE_UNSEALED, .text = error_name(-err));
    return err == 0;
}

static bool seal_segments(const struct object *o)
{
    for (unsigned i = 0; !o->is_shared && !o->is_vdso && i < o->segment_count; i++) {
        const mmapfd_result_t *s = &o->segments[i];
        if (!seal_range((uintptr_t)s->mr_addr, (uintptr_t)s->mr_addr + s->mr_msize))
            return false;
    }
    return true;
}

void seal_object(const struct object *o)
{
    if (is_sealing)
        seal_segments(o);
}

void seal_start(void)
{
    is_sealing = true;
    for (const struct object *o = object_base.head; o != NULL && is_sealing; o = o->next)
        is_sealing = seal_segments(o); /* or it will not be later, either */
}

/* What is sealed cannot be protected any more: so all of the loader comes last. */
int seal_loader(void)
{
    uintptr_t base = (uintptr_t)&__ehdr_start;
    const Elf64_Phdr *phdr = (const Elf64_Phdr *)(base + __ehdr_start.e_phoff);
    int err = 0;

    for (unsigned i = 0; i < __ehdr_start.e_phnum && err == 0; i++) {
        uintptr_t first = sys_page_down(base + phdr[i].p_vaddr);
        uintptr_t end = sys_page_down(base + phdr[i].p_vaddr + phdr[i].p_memsz);
        if (phdr[i].p_type == PT_GNU_RELRO && end > first)
            err = sys_mprotect((void *)first, end - first, PROT_READ);
    }
    if (err != 0)
        return error_set(ERROR_LIBRARY, -err,
                         "ld.so: cannot apply additional memory protection after relocation: %s",
                         error_name(-err));
    for (unsigned i = 0; i < __ehdr_start.e_phnum && is_sealing; i++) {
        uintptr_t first = base + phdr[i].p_vaddr;
        if (phdr[i].p_type == PT_LOAD && !seal_range(first, first + phdr[i].p_memsz))
            break;
    }
    return 0;
}
