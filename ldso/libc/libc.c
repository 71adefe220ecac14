/*
 * libc.c - which libc there is, and the switch between the two ways of booting it.
 *
 * Called by main. The boot object is the one in the closure that is an interpreter itself: musl's
 * libc.so, or glibc's ld-linux, which libc.so.6 needs. It is mapped like any other object, and then
 * started as the kernel would.
 */
#include "libc.h"

#include "arch.h"
#include "dynamic.h"
#include "error.h"
#include "load.h"
#include "lookup.h"
#include "needs.h"
#include "process.h"
#include "readonly.h"
#include "string.h"
#include "sys.h"
#include "tls.h"
#include "world.h"

struct object *libc_boot_object READ_ONLY_AFTER_START;
struct object *libc_object READ_ONLY_AFTER_START;
/* A copy for the libcs that come later. */
static struct libc_services services READ_ONLY_AFTER_START;
static uint64_t saved_phdr, saved_phnum, saved_entry, saved_base;

static bool is_interpreter(const struct object *o)
{
    return o->entry != 0 && o->interp == NULL && o->needed_count == 0;
}

static int find_glibc_boot(void)
{
    struct object *boot = NULL;

    for (size_t i = 0; libc_object->needed != NULL && i < libc_object->needed_count; i++) {
        if (is_interpreter(libc_object->needed[i]))
            boot = libc_object->needed[i];
    }
    if (boot == NULL && needs_have_failed) /* a listing says what is missing */
        return 0;
    if (boot == NULL)
        return error_set(ERROR_LIBRARY, ENOEXEC, "%s: needs no dynamic loader that could start it",
                         libc_object->name);
    boot->is_boot = true;
    libc_boot_object = boot;
    return 0;
}

int libc_find(void)
{
    for (struct object *o = object_base.head; o != NULL; o = o->next) {
        if (o->is_boot && world == WORLD_MUSL) { /* load.c knew it by name */
            libc_object = libc_boot_object = o;
            return 0;
        }
        if (o->soname != NULL && string_equal(o->soname, "libc.so.6") && libc_object == NULL)
            libc_object = o;
    }
    if (libc_object != NULL)
        return find_glibc_boot();
    /* a library said so, but there is no libc: the loader's own definitions serve */
    world = WORLD_UNDECIDED;
    return 0;
}

uintptr_t libc_tls_residue(void)
{
    /* glibc aligns by p_vaddr, musl by the address of the image: each must be congruent to the gap.
     */
    return ARCH_TLS_GAP + (world == WORLD_GLIBC ? object_base.head->bias : 0);
}

int libc_prepare_boot(uintptr_t entry, const struct libc_services *provided)
{
    unsigned count = 0;
    const Elf64_Phdr *phdr = world == WORLD_MUSL ? musl_build_stub(provided, &count)
                                                 : glibc_build_stub(provided, &count);

    services = *provided;
    if (phdr == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "cannot allocate memory to boot %s",
                         libc_boot_object->name);
    saved_phdr = process_auxv(AT_PHDR);
    saved_phnum = process_auxv(AT_PHNUM);
    saved_entry = process_auxv(AT_ENTRY);
    saved_base = process_auxv(AT_BASE);
    process_set_auxv(AT_PHDR, (uintptr_t)phdr);
    process_set_auxv(AT_PHNUM, count);
    process_set_auxv(AT_ENTRY, entry);
    process_set_auxv(AT_BASE, libc_boot_object->bias);
    process_hide_ld_variables();
    return 0;
}

void libc_restore(void)
{
    process_set_auxv(AT_PHDR, saved_phdr);
    process_set_auxv(AT_PHNUM, saved_phnum);
    process_set_auxv(AT_ENTRY, saved_entry);
    process_set_auxv(AT_BASE, saved_base);
    process_show_ld_variables();
}

const Elf64_Sym *libc_definition(struct object *o, const char *name, const char *version)
{
    struct object_version v = {.name = version, .is_hidden = true};
    struct lookup_name n;
    struct lookup_def def;

    if (version != NULL)
        v.hash = dynamic_sysv_hash(version);
    lookup_init(&n, name, version != NULL ? &v : NULL);
    return o != NULL && lookup_in_object(o, &n, LOOKUP_DLSYM, &def) ? def.sym : NULL;
}

uintptr_t libc_symbol(struct object *o, const char *name, const char *version)
{
    const Elf64_Sym *sym = libc_definition(o, name, version);

    return sym != NULL ? o->bias + sym->st_value : 0;
}

/* A function of a namespace's libc wherever it lives: glibc before 2.34 had the thread functions in
 * libpthread. */
static uintptr_t thread_function(const struct namespace *ns, const char *name)
{
    for (struct object *o = ns->head; o != NULL; o = o->next) {
        uintptr_t addr = o->is_libc_family ? libc_symbol(o, name, NULL) : 0;
        if (addr != 0)
            return addr;
    }
    return 0;
}

typedef int key_create(unsigned *key, void (*destructor)(void *));
typedef int set_specific(unsigned key, const void *value);

static struct {
    unsigned key;
    set_specific *set_value; /* NULL: there are no thread functions */
} watch READ_ONLY_AFTER_START;

static void watch_thread(void *thread)
{
    watch.set_value(watch.key, thread);
}

/*
 * The key is the first of the process. Keys that come late make glibc allocate when a thread sets them:
 * by whatever malloc the program has, and with vector registers that the caller of a TLS descriptor
 * wants to keep.
 */
static void watch_threads(void)
{
    key_create *create = (key_create *)thread_function(&object_base, "pthread_key_create");

    watch.set_value = (set_specific *)thread_function(&object_base, "pthread_setspecific");
    if (create != NULL && watch.set_value != NULL && create(&watch.key, tls_thread_exit) == 0)
        tls_watch_thread = watch_thread;
}

void libc_finish_boot(void)
{
    if (world == WORLD_GLIBC)
        glibc_finish_boot(&services);
    else
        musl_finish_boot(&services);
    watch_threads();
}

/*
 * Each libc has keys of its own, but the values of all of them lie in one table of the thread. So what is
 * our key in the program's libc is made ours in this one, too; those below it, which are handed out
 * first, are given back.
 */
static void reserve_key(const struct namespace *ns)
{
    typedef int key_delete(unsigned key);
    key_create *create = (key_create *)thread_function(ns, "pthread_key_create");
    key_delete *delete = (key_delete *)thread_function(ns, "pthread_key_delete");
    unsigned key, first = UINT32_MAX;

    if (tls_watch_thread == NULL || create == NULL || delete == NULL)
        return; /* so it is in an auditor's libc, which is there before the program's */
    while (create(&key, tls_thread_exit) == 0 && key != watch.key)
        first = first < key ? first : key;
    for (key = first; key < watch.key; key++)
        delete (key);
}

void libc_start_other(struct object *libc)
{
    if (world != WORLD_GLIBC)
        return;
    glibc_initialise(libc, false, &services);
    reserve_key(libc->ns);
}
