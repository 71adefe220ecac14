/*
 * musl.c - what booting musl demands.
 *
 * Called by libc.c. musl's libc.so is loader and library in one. Booted on the stub it loads
 * nothing (the stub needs "libc.so", itself), relocates itself against stub and itself, and sets up
 * the first thread.
 *
 * Two things go through the stub because musl does them itself, at its own points in time.
 * Constructors: the stub's DT_INIT_ARRAY holds a function of ours. (DT_INIT is ignored on younger
 * machines; DT_FINI_ARRAY would be left out when a constructor exits, so destructors hang on
 * atexit, registered before anybody else and therefore last.) Interposition: libc.so's own
 * references to malloc, environ, stdout and so on must find the program's definitions or COPYs; the
 * stub heads musl's scope, so it exports each that somebody else defines, and musl notices by
 * itself that malloc was replaced. Its RELRO is its own affair: it donated the slack of those pages
 * to its malloc.
 */
#include "alloc.h"
#include "arch.h"
#include "libc.h"
#include "lookup.h"
#include "readonly.h"
#include "stub.h"
#include "sys.h"

static struct stub_symbol *symbols;
static unsigned symbol_count;
static void (*init_array[1])(void) READ_ONLY_AFTER_START;

/* Is sym of libc.so defined by another object, which comes first in the scope? */
static bool find_interposer(const Elf64_Sym *sym, struct lookup_def *def)
{
    const char *name = object_string(libc_object, sym->st_name);
    struct lookup_name n;

    if (name == NULL || ELF64_ST_BIND(sym->st_info) == STB_LOCAL)
        return false;
    lookup_init(&n, name, NULL);
    return lookup_in_list(&object_base.global, 0, &n, LOOKUP_DATA, def) &&
           def->object != libc_object;
}

static bool add_symbol(const char *name, uintptr_t addr)
{
    for (unsigned i = 0; i < symbol_count; i++) {
        if (symbols[i].name == name) /* same string of libc.so's table */
            return true;
    }
    struct stub_symbol *grown = alloc_resize(symbols, (symbol_count + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    symbols = grown;
    symbols[symbol_count++] = (struct stub_symbol){.name = name, .addr = addr};
    return true;
}

static bool add_interposed(const Elf64_Rela *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t index = (uint32_t)ELF64_R_SYM(table[i].r_info);
        struct lookup_def def;
        if (index == STN_UNDEF || index >= libc_object->sym_count ||
            !find_interposer(&libc_object->symtab[index], &def))
            continue;
        const char *name = object_string(libc_object, libc_object->symtab[index].st_name);
        if (!add_symbol(name, def.value))
            return false;
    }
    return true;
}

const Elf64_Phdr *musl_build_stub(const struct libc_services *services, unsigned *count)
{
    uintptr_t bias = object_base.head->bias;

    init_array[0] = services->initialise;
    const Elf64_Dyn extra[] = {
        {DT_INIT_ARRAY, {(uintptr_t)init_array - bias}},
        {DT_INIT_ARRAYSZ, {sizeof init_array}},
    };
    if (!add_interposed(libc_object->rela, libc_object->rela_count) ||
        !add_interposed(libc_object->jmprel, libc_object->jmprel_count))
        return NULL;
    const struct stub_plan plan = {
        .interp = libc_object->name,
        .needed = "libc.so",
        .symbols = symbols,
        .symbol_count = symbol_count,
        .extra = extra,
        .extra_count = sizeof extra / sizeof extra[0],
        .stack_flags = PF_R | PF_W, /* musl looks at its size alone */
        .bias = bias,
    };
    return stub_build(&plan, count);
}

void musl_finish_boot(const struct libc_services *services)
{
    typedef int at_fork(void (*)(void), void (*)(void), void (*)(void));
    typedef int at_exit(void (*)(void));
    at_exit *atexit = (at_exit *)libc_symbol(libc_object, "atexit", NULL);
    at_fork *pthread_atfork = (at_fork *)libc_symbol(libc_object, "pthread_atfork", NULL);

    if (atexit != NULL)
        atexit(services->finalise);
    if (pthread_atfork != NULL)
        pthread_atfork(services->fork_prepare, services->fork_parent, services->fork_child);
}
