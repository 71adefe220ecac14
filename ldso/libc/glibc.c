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
#include "init.h"
#include "libc.h"
#include "process.h"
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
 * emptied. */
static void blank_preload_name(void)
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
            if (sys_mprotect(page, sys_page_size, (int)(s->mr_prot | PROT_WRITE)) == 0) {
                *at = '\0';
                sys_mprotect(page, sys_page_size, (int)s->mr_prot);
            }
            return;
        }
    }
}

static unsigned add_program_init(Elf64_Dyn *extra)
{
    const struct object *program = object_head;
    unsigned count = 0;

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
        .extra_count = add_program_init(extra),
        .bias = object_head->bias,
    };

    if (services->has_preload_file)
        blank_preload_name();
    init_skips_program = true;
    return stub_build(&plan, count);
}

static bool probe_hit;

static char *probe(void)
{
    probe_hit = true;
    return NULL;
}

/*
 * glibc 2.34 and later ask a table of functions, _rtld_global_ro._dl_dlfcn_hook, before they dlopen
 * by themselves (name services, iconv, pthread_cancel) and in dlopen and its family. Where in the
 * structure the pointer lies changes with every release; but libc's own dlerror() calls through it.
 * So the table goes into one empty slot after the other, from the end, until dlerror() reaches our
 * probe.
 */
static void install_hooks(const struct libc_services *services)
{
    typedef char *dlerror_function(void);
    struct object *boot = libc_boot_object;
    dlerror_function *ask = (dlerror_function *)libc_symbol(libc_object, "dlerror", NULL);
    const Elf64_Sym *global = libc_definition(boot, "_rtld_global_ro", NULL);
    char *(*real)(void) = *services->dlfcn_error;
    size_t relro_len = boot->relro_end - boot->relro_start;

    if (ask == NULL || global == NULL ||
        object_at(boot, global->st_value, global->st_size, PROT_WRITE) == NULL)
        return; /* 2.33 and older: the manual says what does not work there */
    uintptr_t *slots = (uintptr_t *)(boot->bias + global->st_value);
    *services->dlfcn_error = probe;
    sys_mprotect((void *)boot->relro_start, relro_len, PROT_READ | PROT_WRITE);
    for (size_t i = global->st_size / sizeof *slots; i-- > 0 && !probe_hit;) {
        if (slots[i] != 0)
            continue;
        slots[i] = (uintptr_t)services->dlfcn;
        ask();
        if (!probe_hit)
            slots[i] = 0;
    }
    sys_mprotect((void *)boot->relro_start, relro_len, PROT_READ);
    *services->dlfcn_error = real;
}

/* glibc's lists of threads, through the symbols it exports for debuggers (nptl_db): {bits, count,
 * offset} of a member of _rtld_global, and of the list link in a thread's descriptor, which begins
 * at the thread pointer. */
static void walk_threads(const char *list, void (*f)(uintptr_t tp, void *arg), void *arg)
{
    const uint32_t *member = (const uint32_t *)libc_symbol(libc_object, list, NULL);
    const uint32_t *link = (const uint32_t *)libc_symbol(libc_object, "_thread_db_pthread_list",
                                                         NULL);
    uintptr_t global = libc_symbol(libc_boot_object, "_rtld_global", NULL);

    if (member == NULL || link == NULL || global == 0)
        return;
    const uintptr_t *head = (const uintptr_t *)(global + member[2]);
    for (const uintptr_t *n = (const uintptr_t *)head[0]; n != NULL && n != head;
         n = (const uintptr_t *)n[0]) {
        uintptr_t descriptor = (uintptr_t)n - link[2];
        if (!ARCH_TLS_ABOVE_TP)
            f(descriptor, arg);
        else {
            const uint32_t *size = (const uint32_t *)libc_symbol(libc_object,
                                                                 "_thread_db_sizeof_pthread", NULL);
            if (size != NULL)
                f(descriptor + *size, arg);
        }
    }
}

static void each_thread(void (*f)(uintptr_t tp, void *arg), void *arg)
{
    walk_threads("_thread_db_rtld_global__dl_stack_used", f, arg);
    walk_threads("_thread_db_rtld_global__dl_stack_user", f, arg);
}

static void register_fork_handlers(const struct libc_services *services)
{
    typedef int at_fork(void (*)(void), void (*)(void), void (*)(void), void *);
    at_fork *register_atfork = (at_fork *)libc_symbol(libc_object, "__register_atfork", NULL);

    if (register_atfork != NULL)
        register_atfork(services->fork_prepare, services->fork_parent, services->fork_child, NULL);
}

void glibc_finish_boot(const struct libc_services *services)
{
    typedef void early_init(bool is_initial);
    early_init *early = (early_init *)libc_symbol(libc_object, "__libc_early_init",
                                                  "GLIBC_PRIVATE");

    tls_each_thread = each_thread;
    install_hooks(services);
    if (early != NULL)
        early(true);
    register_fork_handlers(services);
}
