/*
 * dlapi.c - the functions as programs call them, and how calls reach them.
 *
 * A program that calls dlopen is linked to its libc's. That one knows only the libc's own loader,
 * which has been told about the stub and nothing else; so references to those functions are bound
 * to the ones below (dl_override_libc). The libc itself gets there through dl_hook_table. Programs
 * without a libc find them by name (dl_builtins).
 *
 * The caller is told by its return address: its object's RUNPATH, $ORIGIN and scope count.
 */
#include "alloc.h"
#include "arch.h"
#include "dl.h"
#include "error.h"
#include "guard.h"
#include "load.h"
#include "lookup.h"
#include "readonly.h"
#include "string.h"
#include "sys.h"
#include "tls.h"
#include "world.h"

#define CALLER __builtin_return_address(0)

static void *api_dlopen(const char *name, int mode)
{
    return dl_open(name, mode, CALLER);
}

static void *api_fdlopen(int fd, int mode)
{
    return dl_open_descriptor(fd, mode, CALLER);
}

static int api_dlclose(void *handle)
{
    return dl_close(handle);
}

static void *api_dlsym(void *handle, const char *name)
{
    return dl_sym(handle, name, NULL, CALLER);
}

static void *api_dlvsym(void *handle, const char *name, const char *version)
{
    return dl_sym(handle, name, version, CALLER);
}

static char *api_dlerror(void)
{
    return dl_error();
}

static int api_dladdr(const void *addr, struct dl_info *info)
{
    return dl_addr(addr, info, NULL, 0);
}

static int api_dladdr1(const void *addr, struct dl_info *info, void **extra, int flags)
{
    return dl_addr(addr, info, extra, flags);
}

static int api_dlinfo(void *handle, int request, void *arg)
{
    return dl_information(handle, request, arg);
}

static void *api_dlmopen(long lmid, const char *name, int mode)
{
    return dl_open_in(lmid, name, mode, CALLER);
}

static int api_dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
    return dl_iterate(callback, data, CALLER);
}

static int api_dl_find_object(void *pc, struct dl_find_object *result)
{
    return dl_find(pc, result);
}

ARCH_STACK_REALIGN static void *api_tls_get_addr(const struct tls_index *index)
{
    return tls_address(index);
}

/* A thread_local destructor: the object it belongs to stays until it has run. */
struct thread_dtor {
    void (*function)(void *);
    void *arg;
    struct object *object;
};

static void run_thread_dtor(void *arg)
{
    struct thread_dtor d = *(struct thread_dtor *)arg;

    alloc_free(arg);
    d.function(d.arg);
    dl_release(d.object);
}

typedef int thread_atexit(void (*function)(void *), void *arg, void *dso_symbol);

static int api_cxa_thread_atexit_impl(void (*function)(void *), void *arg, void *dso_symbol)
{
    struct thread_dtor *d = alloc(sizeof *d);

    lock_acquire(&object_lock);
    struct object *o = object_by_addr((uintptr_t)dso_symbol);
    lock_release(&object_lock);
    thread_atexit *next = (thread_atexit *)(o != NULL ? o->ns : &object_base)->thread_atexit;
    if (d == NULL || o == NULL) {
        alloc_free(d);
        return next(function, arg, dso_symbol);
    }
    *d = (struct thread_dtor){function, arg, o};
    dl_hold(o);
    return next(run_thread_dtor, d, dso_symbol);
}

extern char _r_debug[];
void _dl_debug_state(void);

const struct lookup_builtin dl_builtins[] = {
    {"dlopen", (void *)api_dlopen, false},
    {"fdlopen", (void *)api_fdlopen, true},
    {"dlclose", (void *)api_dlclose, false},
    {"dlsym", (void *)api_dlsym, false},
    {"dlvsym", (void *)api_dlvsym, false},
    {"dlerror", (void *)api_dlerror, false},
    {"dladdr", (void *)api_dladdr, false},
    {"dladdr1", (void *)api_dladdr1, false},
    {"dlinfo", (void *)api_dlinfo, false},
    {"dlmopen", (void *)api_dlmopen, false},
    {"dl_iterate_phdr", (void *)api_dl_iterate_phdr, false},
    {"_dl_find_object", (void *)api_dl_find_object, false},
    {"__tls_get_addr", (void *)api_tls_get_addr, false},
    {"_r_debug", (void *)_r_debug, false},
    {"_dl_debug_state", (void *)_dl_debug_state, false},
    {NULL, NULL, false},
};

/* What only glibc has, and does with its own loader's list of objects. */
static const struct lookup_builtin glibc_overrides[] = {
    {"__cxa_thread_atexit_impl", (void *)api_cxa_thread_atexit_impl, false},
    {"backtrace_symbols", (void *)backtrace_names, false},
    {"backtrace_symbols_fd", (void *)backtrace_print, false},
    {NULL, NULL, false},
};

static int override_all(struct object *o, const struct lookup_builtin *list)
{
    int err = 0;

    for (const struct lookup_builtin *b = list; b->name != NULL && err == 0; b++)
        err = lookup_override(o, b->name, b->addr);
    return err;
}

int dl_override_libc(struct object *o)
{
    int err = override_all(o, dl_builtins);

    if (err != 0 || o != o->ns->libc || world != WORLD_GLIBC)
        return err;
    o->ns->thread_atexit = (void *)libc_symbol(o, "__cxa_thread_atexit_impl", NULL);
    return override_all(o, glibc_overrides);
}

const Elf64_Sym *dl_overridden(const void *addr, struct object **o)
{
    for (*o = object_base.head; *o != NULL; *o = (*o)->next) {
        for (unsigned i = 0; i < (*o)->override_count; i++) {
            if ((*o)->overrides[i].addr == addr)
                return &(*o)->symtab[(*o)->overrides[i].sym];
        }
    }
    return NULL;
}

/* glibc's struct dlfcn_hook (dlfcn/dlhooks): the public functions take the caller's address, those
 * that libc uses for itself (libc_*) report nothing. */
static void *hook_dlopen(const char *name, int mode, void *caller)
{
    return dl_open(name, mode, caller);
}

static void *hook_dlsym(void *handle, const char *name, void *caller)
{
    return dl_sym(handle, name, NULL, caller);
}

static void *hook_dlvsym(void *handle, const char *name, const char *version, void *caller)
{
    return dl_sym(handle, name, version, caller);
}

static void *hook_dlmopen(long lmid, const char *name, int mode, void *caller)
{
    return dl_open_in(lmid, name, mode, caller);
}

static void *hook_libc_dlopen(const char *name, int mode)
{
    char *text = dl_set_error_aside();
    void *handle = dl_open(name, mode, CALLER);

    dl_put_error_back(text);
    return handle;
}

static void *hook_libc_dlsym(void *handle, const char *name)
{
    char *text = dl_set_error_aside();
    void *addr = dl_sym(handle, name, NULL, CALLER);

    dl_put_error_back(text);
    return addr;
}

static void *hook_libc_dlvsym(void *handle, const char *name, const char *version)
{
    char *text = dl_set_error_aside();
    void *addr = dl_sym(handle, name, version, CALLER);

    dl_put_error_back(text);
    return addr;
}

static int hook_libc_dlclose(void *handle)
{
    char *text = dl_set_error_aside();
    int result = dl_close(handle);

    dl_put_error_back(text);
    return result;
}

void *dl_hook_table[] READ_ONLY_AFTER_START = {
    (void *)hook_dlopen,       (void *)api_dlclose,     (void *)hook_dlsym,
    (void *)hook_dlvsym,       (void *)api_dlerror,     (void *)api_dladdr,
    (void *)api_dladdr1,       (void *)api_dlinfo,      (void *)hook_dlmopen,
    (void *)hook_libc_dlopen,  (void *)hook_libc_dlsym, (void *)hook_libc_dlvsym,
    (void *)hook_libc_dlclose,
};

/* Before 2.34, what libc.so.6 calls is inside ld-linux. It adds the address of the link_map, with
 * which an object of ours begins, to the value of the symbol. */
static const struct object *rtld_lookup(const char *name, void *handle, const Elf64_Sym **symbol)
{
    struct object *o = NULL;

    *symbol = dl_symbol(handle, name, &o);
    return o;
}

void *const dl_rtld_functions[] = {
    (void *)hook_libc_dlopen,
    (void *)api_dlclose,
    (void *)rtld_lookup,
};

/* A fork waits for the locks that are held for moments only, so that what they guard is whole in the
 * child; guard.c tells about those that are held longer. */
void dl_lock_for_fork(void)
{
    guard_enter_for_fork();
    tls_lock();
    alloc_lock();
}

void dl_unlock_after_fork(void)
{
    alloc_unlock();
    tls_unlock();
    guard_leave_after_fork();
}

void dl_unlock_in_child(void)
{
    alloc_unlock();
    tls_unlock();
    if (guard_leave_in_child())
        dl_forget_collection();
}
