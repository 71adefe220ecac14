/*
 * boot.c - the loader's first function: makes the loader itself runnable.
 *
 * Called by _start with the initial stack. Until the loop below has run, no global that holds an
 * address may be used, and no function called that does: the linker left their values relative to
 * where the loader is not.
 */
#include "arch.h"
#include "main.h"
#include "sys.h"

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));

/* The Makefile links us so that nothing but RELATIVE occurs; a test proves it from the binary. */
static void relocate_self(uintptr_t base)
{
    const Elf64_Rela *rela = NULL;
    size_t len = 0;

    for (const Elf64_Dyn *d = _DYNAMIC; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_RELA)
            rela = (const Elf64_Rela *)(base + d->d_un.d_ptr);
        else if (d->d_tag == DT_RELASZ)
            len = d->d_un.d_val;
    }
    for (size_t i = 0; rela != NULL && i < len / sizeof *rela; i++) {
        if (ELF64_R_TYPE(rela[i].r_info) != REL_RELATIVE)
            __builtin_trap();
        *(uintptr_t *)(base + rela[i].r_offset) = base + (uint64_t)rela[i].r_addend;
    }
}

__attribute__((used, visibility("hidden"))) _Noreturn void boot(uintptr_t *sp)
{
    uintptr_t base = (uintptr_t)&__ehdr_start;

    relocate_self(base);
    main_start_process(sp);
    main_start(base);
}
