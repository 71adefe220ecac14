/*
 * glibc.c - what booting glibc demands.
 *
 * Called by libc.c. Its loader, ld-linux, is booted on the stub; libc.so.6 and everything else is
 * relocated by us afterwards. The stub claims to be libc.so.6 (SONAME, versions), because ld-linux
 * looks there for malloc and the mutex functions it uses from then on: it finds thread-safe ones of
 * ours, and a __libc_early_init that does nothing. The real __libc_early_init is called when
 * libc.so.6 is relocated.
 *
 * The program's DT_INIT and DT_INIT_ARRAY stand in the stub's dynamic section, too:
 * __libc_start_main runs the constructors of the first object in ld-linux's list, which is the
 * stub.
 */
#include "alloc.h"
#include "arch.h"
#include "error.h"
#include "glibc_threads.h"
#include "init.h"
#include "libc.h"
#include "print.h"
#include "process.h"
#include "readonly.h"
#include "stack.h"
#include "string.h"
#include "stub.h"
#include "sys.h"
#include "tls.h"

#define PRELOAD_FILE "/etc/ld.so.preload"

/* malloc and its kin for ld-linux. Blocks are 16-aligned, as malloc's are. */
static void *stub_malloc(size_t len)
{
    return alloc(len);
}

static void *stub_calloc(size_t count, size_t size)
{
    return alloc_array(count, size);
}

static void stub_free(void *p)
{
    glibc_note_free();
    alloc_free(p);
}

static void *stub_realloc(void *p, size_t len)
{
    return alloc_resize(p, len);
}

static int stub_nothing(void)
{
    return 0;
}

/* ld-linux reads /etc/ld.so.preload by itself, and would load those objects into its private world.
 * No variable turns that off, so the file's name in our private mapping of its read-only data is
 * emptied. False: it could not be. */
static bool blank_preload_name(void)
{
    const size_t len = sizeof PRELOAD_FILE;

    for (unsigned i = 0; i < libc_boot_object->segment_count; i++) {
        const mmapfd_result_t *s = &libc_boot_object->segments[i];
        if (s->mr_prot != PROT_READ && libc_boot_object->segment_count > 2)
            continue;
        for (char *at = s->mr_addr + s->mr_offset; at + len <= s->mr_addr + s->mr_msize; at++) {
            if (*at != '/' || memcmp(at, PRELOAD_FILE, len) != 0)
                continue;
            char *page = (char *)sys_page_down((uintptr_t)at);
            if (sys_mprotect(page, sys_page_size, (int)(s->mr_prot | PROT_WRITE)) != 0)
                return false;
            *at = '\0';
            return sys_mprotect(page, sys_page_size, (int)s->mr_prot) == 0;
        }
    }
    return true;
}

static void (*construct_program[1])(void) READ_ONLY_AFTER_START;

static unsigned add_program_init(Elf64_Dyn *extra, const struct libc_services *services)
{
    const struct object *program = object_base.head;
    unsigned count = 0;

    construct_program[0] = services->construct_program;
    if (construct_program[0] != NULL) {
        extra[0] = (Elf64_Dyn){DT_INIT_ARRAY, {(uintptr_t)construct_program - program->bias}};
        extra[1] = (Elf64_Dyn){DT_INIT_ARRAYSZ, {sizeof construct_program}};
        return 2;
    }

    for (size_t i = 0; i < program->dynamic_count; i++) {
        int64_t tag = program->dynamic[i].d_tag;
        if ((tag == DT_INIT || tag == DT_INIT_ARRAY || tag == DT_INIT_ARRAYSZ) && count < 3)
            extra[count++] = program->dynamic[i];
    }
    return count;
}

const Elf64_Phdr *glibc_build_stub(const struct libc_services *services, unsigned *count)
{
    enum { BASE = 2, PRIVATE = 3 };
    static const char *const versions[] = {"libc.so.6", ARCH_GLIBC_BASE, "GLIBC_PRIVATE"};
    const struct stub_symbol symbols[] = {
        {"malloc", (uintptr_t)stub_malloc, BASE},
        {"calloc", (uintptr_t)stub_calloc, BASE},
        {"free", (uintptr_t)stub_free, BASE},
        {"realloc", (uintptr_t)stub_realloc, BASE},
        {"pthread_mutex_lock", (uintptr_t)stub_nothing, BASE},
        {"pthread_mutex_unlock", (uintptr_t)stub_nothing, BASE},
        {"__libc_early_init", (uintptr_t)stub_nothing, PRIVATE},
    };
    Elf64_Dyn extra[3];
    const struct stub_plan plan = {
        .interp = libc_boot_object->name,
        .needed = libc_boot_object->soname != NULL ? libc_boot_object->soname
                                                   : string_basename(libc_boot_object->name),
        .soname = versions[0],
        .symbols = symbols,
        .symbol_count = sizeof symbols / sizeof symbols[0],
        .versions = versions,
        .version_count = sizeof versions / sizeof versions[0],
        .extra = extra,
        .extra_count = add_program_init(extra, services),
        .stack_flags = stack_flags() | GLIBC_STACK_MARK,
        .bias = object_base.head->bias,
    };

    if (services->has_preload_file && !blank_preload_name())
        return NULL;
    init_skips_program = true;
    stack_change_threads = glibc_change_stacks;
    return stub_build(&plan, count);
}

/*
 * libc.so.6 opens libraries by itself: name services, character sets, the unwinder for
 * pthread_cancel. It calls through pointers in ld-linux's structure _rtld_global_ro, which we change.
 * Where in the structure they lie changes with every release, so it is found out: a probe goes into
 * one slot after the other, from the end, until a call of libc's that must go through it gets there.
 *
 * 2.34 and later have an empty slot for a table of functions, which dlopen and its family ask, too:
 * libc's own dlerror() shows it. Before, the pointers are those to ld-linux's functions, among others
 * of the kind: __libc_dlopen_mode, __libc_dlclose and __libc_dlsym show which is which, while in all
 * others there are functions of ours that do nothing.
 */
struct slots {
    uintptr_t *at, *saved; /* the structure, and for 2.33 and older what was in it */
    size_t count;
};

static bool probe_hit, probe_is_lookup;

static char *probe_error(void)
{
    probe_hit = true;
    return NULL;
}

/* Stands for any function of ld-linux. The one that looks a symbol up delivers it through its third
 * argument, and libc may take for granted that it does. */
static void *nothing(const void *name, const void *map, const Elf64_Sym **symbol)
{
    static const Elf64_Sym no_symbol;
    static const uintptr_t no_map[1]; /* a struct link_map's l_addr */

    (void)name;
    (void)map;
    if (!probe_is_lookup)
        return NULL;
    *symbol = &no_symbol;
    return (void *)(uintptr_t)no_map;
}

static void *probe(const void *name, const void *map, const Elf64_Sym **symbol)
{
    probe_hit = true;
    return nothing(name, map, symbol);
}

/* Puts value into one slot after the other that holds filler until function comes by; that slot, or
 * NULL. */
static uintptr_t *find_slot(const struct slots *s, uintptr_t filler, uintptr_t value,
                            uintptr_t function)
{
    typedef void *any_function(const void *, const void *);
    static uintptr_t zero[1]; /* an empty name, or a link_map's l_addr, as the function likes */

    probe_hit = false;
    for (size_t i = s->count; function != 0 && i-- > 0;) {
        if (s->at[i] != filler)
            continue;
        s->at[i] = value;
        ((any_function *)function)(zero, "");
        if (probe_hit)
            return &s->at[i];
        s->at[i] = filler;
    }
    return NULL;
}

static bool install_table(struct object *libc, const struct slots *s,
                          const struct libc_services *services)
{
    char *(*real)(void) = *services->dlfcn_error;

    *services->dlfcn_error = probe_error;
    uintptr_t *slot = find_slot(s, 0, (uintptr_t)services->dlfcn,
                                libc_symbol(libc, "dlerror", NULL));
    *services->dlfcn_error = real;
    return slot != NULL;
}

static bool is_boot_code(uintptr_t addr)
{
    return object_at(libc_boot_object, addr - libc_boot_object->bias, 1, PROT_EXEC) != NULL;
}

static bool install_functions(struct object *libc, const struct slots *s,
                              const struct libc_services *services)
{
    static const char *const users[] = {"__libc_dlopen_mode", "__libc_dlclose", "__libc_dlsym"};
    enum { USERS = sizeof users / sizeof users[0], LOOKUP = 2 };
    uintptr_t *slot[USERS];
    unsigned found = 0;

    for (size_t i = 0; i < s->count; i++) {
        s->saved[i] = s->at[i];
        if (is_boot_code(s->at[i]))
            s->at[i] = (uintptr_t)nothing;
    }
    for (unsigned i = 0; i < USERS; i++) {
        probe_is_lookup = i == LOOKUP;
        slot[i] = find_slot(s, (uintptr_t)nothing, (uintptr_t)probe,
                            libc_symbol(libc, users[i], "GLIBC_PRIVATE"));
        found += slot[i] != NULL;
    }
    memcpy(s->at, s->saved, s->count * sizeof *s->at);
    for (unsigned i = 0; found == USERS && i < USERS; i++)
        *slot[i] = (uintptr_t)services->rtld_functions[i];
    return found == USERS;
}

/* 0, -ENOENT where they are not found, or -errno. */
static int try_hooks(struct object *libc, const struct libc_services *services)
{
    struct object *boot = libc_boot_object;
    const Elf64_Sym *global = libc_definition(boot, "_rtld_global_ro", NULL);
    size_t relro_len = boot->relro_end - boot->relro_start;

    if (global == NULL || object_at(boot, global->st_value, global->st_size, PROT_WRITE) == NULL)
        return -ENOENT;
    struct slots s = {.at = (uintptr_t *)(boot->bias + global->st_value),
                      .count = global->st_size / sizeof *s.at};
    int err = sys_mprotect((void *)boot->relro_start, relro_len, PROT_READ | PROT_WRITE);
    if (err != 0)
        return err;
    bool is_done = install_table(libc, &s, services);
    if (!is_done && (s.saved = alloc_array(s.count, sizeof *s.saved)) != NULL) {
        is_done = install_functions(libc, &s, services);
        alloc_free(s.saved);
    }
    err = sys_mprotect((void *)boot->relro_start, relro_len, PROT_READ);
    if (err != 0)
        print(2, "WARNING: ld.so: %s: cannot be protected again, its hooks being set: %s\n",
              boot->name, error_name(-err));
    return is_done ? 0 : -ENOENT;
}

/* There is one ld-linux: the first libc's hooks are those of all. */
static void install_hooks(struct object *libc, const struct libc_services *services)
{
    static bool is_done;

    if (is_done)
        return;
    is_done = true;
    int err = try_hooks(libc, services);
    if (err != 0)
        print(
            2,
            "WARNING: ld.so: %s: its own dlopen cannot be redirected%s%s: name services, character "
            "sets and thread cancellation may not work\n",
            libc->name, err != -ENOENT ? ": " : "", err != -ENOENT ? error_name(-err) : "");
}

static void register_fork_handlers(struct object *libc, const struct libc_services *services)
{
    typedef int at_fork(void (*)(void), void (*)(void), void (*)(void), void *);
    at_fork *register_atfork = (at_fork *)libc_symbol(libc, "__register_atfork", NULL);

    if (register_atfork != NULL)
        register_atfork(services->fork_prepare, services->fork_parent, services->fork_child, NULL);
}

void glibc_initialise(struct object *libc, bool is_first, const struct libc_services *services)
{
    typedef void early_init(bool is_initial);
    early_init *early = (early_init *)libc_symbol(libc, "__libc_early_init", "GLIBC_PRIVATE");

    install_hooks(libc, services);
    if (early != NULL)
        early(is_first);
    register_fork_handlers(libc, services);
}

void glibc_finish_boot(const struct libc_services *services)
{
    tls_each_thread = glibc_each_thread;
    /* 2.33 and older: the lists are libpthread's, which exports none of those symbols. */
    tls_threads_are_hidden = libc_symbol(libc_object, "_thread_db_pthread_list", NULL) == 0;
    glibc_initialise(libc_object, true, services);
}
