/*
 * glibc_threads.c - the threads that glibc knows, for what has to be done to each.
 *
 * Called by tls.c through tls_each_thread, inside the loader's lock, when a library that is opened late
 * wants static TLS with an initial image: every thread's block gets a copy. And by stack.c, when one wants
 * executable stacks.
 *
 * glibc (2.34 and later) keeps the threads in lists inside _rtld_global and exports symbols for
 * debuggers that say where (nptl_db): {bits, count, offset} of a member. The lists have a lock, of which
 * no symbol tells. It is found the way the table of hooks is (glibc.c), by watching: when a thread that
 * ran on a stack of its maker's has been joined, glibc frees what it had allocated for the thread's TLS
 * while it holds that lock; and what it frees with is our stub_free. So we make such a thread, and see
 * there which word of _rtld_global that was 0 is not any more. Nobody else may have touched one
 * meanwhile: if there are two we try again.
 */
#include "glibc_threads.h"

#include "alloc.h"
#include "arch.h"
#include "libc.h"
#include "lock.h"
#include "sys.h"
#include "tls.h"

#include <stdbool.h>

enum {
    PROBE_TRIES = 8,
    PROBE_STACK = 64 * 1024, /* beside the static TLS, which is part of it */
    ATTR_SIZE = 64,          /* of a pthread_attr_t at most, in words */
    SIGSET_SIZE = 16,        /* of a sigset_t, in words */
};

/* While the probing thread is joined: what _rtld_global held before, and what differs from it. */
static struct {
    const int *words, *before;
    size_t count;
    const int *found;
    unsigned found_count;
} probe;

void glibc_note_free(void)
{
    if (probe.before == NULL)
        return;
    probe.found_count = 0;
    for (size_t i = 0; i < probe.count; i++) {
        if (probe.before[i] != 0 || __atomic_load_n(&probe.words[i], __ATOMIC_RELAXED) != 1)
            continue;
        probe.found = &probe.words[i];
        probe.found_count++;
    }
}

static void *do_nothing(void *arg)
{
    return arg;
}

/* A thread on stack that lives and dies with all signals blocked; false if there can be none. */
static bool make_and_join(char *stack, size_t len)
{
    typedef int attr_function(void *attr);
    typedef int attr_set_stack(void *attr, void *stack, size_t len);
    typedef int thread_create(uintptr_t * thread, const void *attr, void *(*f)(void *), void *arg);
    typedef int thread_join(uintptr_t thread, void **result);
    attr_function *init = (attr_function *)libc_symbol(libc_object, "pthread_attr_init", NULL);
    attr_set_stack *set = (attr_set_stack *)libc_symbol(libc_object, "pthread_attr_setstack", NULL);
    thread_create *create = (thread_create *)libc_symbol(libc_object, "pthread_create", NULL);
    thread_join *join = (thread_join *)libc_symbol(libc_object, "pthread_join", NULL);
    uint64_t attr[ATTR_SIZE];
    uintptr_t thread;

    if (init == NULL || set == NULL || create == NULL || join == NULL)
        return false;
    return init(attr) == 0 && set(attr, stack, len) == 0 &&
           create(&thread, attr, do_nothing, NULL) == 0 && join(thread, NULL) == 0;
}

static const int *try_probe(int *before, char *stack, size_t stack_len)
{
    for (size_t i = 0; i < probe.count; i++)
        before[i] = __atomic_load_n(&probe.words[i], __ATOMIC_RELAXED);
    probe.found_count = 0;
    probe.before = before;
    bool is_made = make_and_join(stack, stack_len);
    probe.before = NULL;
    return is_made && probe.found_count == 1 ? probe.found : NULL;
}

/* NULL while it has not been found: no thread may be made here, say. */
static int *list_lock;

static int *find_lock(uintptr_t global, size_t len)
{
    typedef int mask_function(int how, const void *set, void *old);
    enum { SIG_SETMASK = 2 };
    mask_function *mask = (mask_function *)libc_symbol(libc_object, "pthread_sigmask", NULL);
    uint64_t all[SIGSET_SIZE], old[SIGSET_SIZE];
    size_t stack_len = PROBE_STACK + tls_block.size + tls_block.align;
    char *stack = alloc(stack_len);
    int *before = alloc(len);
    const int *found = NULL;

    probe.words = (const int *)global;
    probe.count = len / sizeof *probe.words;
    for (unsigned i = 0; i < SIGSET_SIZE; i++)
        all[i] = UINT64_MAX;
    if (mask != NULL && stack != NULL && before != NULL && mask(SIG_SETMASK, all, old) == 0) {
        for (unsigned i = 0; i < PROBE_TRIES && found == NULL; i++)
            found = try_probe(before, stack, stack_len);
        mask(SIG_SETMASK, old, NULL);
    }
    alloc_free(stack);
    alloc_free(before);
    return (int *)(uintptr_t)found;
}

/* A thread's descriptor begins at its thread pointer, or ends there: how far below it begins. (What nptl_db asks
 * for is there as a whole or not at all.) */
static size_t descriptor_below(void)
{
    if (!ARCH_TLS_ABOVE_TP)
        return 0;
    return *(const uint32_t *)libc_symbol(libc_object, "_thread_db_sizeof_pthread", NULL);
}

/* One list; its name is a symbol's. */
static void walk(uintptr_t global, const char *list, void (*f)(uintptr_t tp, void *arg), void *arg)
{
    const uint32_t *member = (const uint32_t *)libc_symbol(libc_object, list, NULL);
    const uint32_t *link = (const uint32_t *)libc_symbol(libc_object, "_thread_db_pthread_list",
                                                         NULL);

    if (member == NULL || link == NULL)
        return;
    const uintptr_t *head = (const uintptr_t *)(global + member[2]);
    for (const uintptr_t *n = (const uintptr_t *)head[0]; n != NULL && n != head;
         n = (const uintptr_t *)n[0])
        f((uintptr_t)n - link[2] + descriptor_below(), arg);
}

/* Locks the lists, and returns the structure they are in; 0, and nothing is locked, while there is one thread. */
static uintptr_t enter_lists(void)
{
    const char *is_single = (const char *)libc_symbol(libc_object, "__libc_single_threaded", NULL);
    const Elf64_Sym *sym = libc_definition(libc_boot_object, "_rtld_global", NULL);

    if (sym == NULL || (is_single != NULL && *is_single != 0))
        return 0;
    uintptr_t global = libc_boot_object->bias + sym->st_value;
    if (list_lock == NULL)
        list_lock = find_lock(global, sym->st_size);
    if (list_lock != NULL)
        lock_word_acquire(list_lock);
    return global;
}

static void leave_lists(void)
{
    if (list_lock != NULL)
        lock_word_release(list_lock);
}

void glibc_each_thread(void (*f)(uintptr_t tp, void *arg), void *arg)
{
    uintptr_t global = enter_lists();

    if (global == 0)
        return;
    walk(global, "_thread_db_rtld_global__dl_stack_used", f, arg);
    walk(global, "_thread_db_rtld_global__dl_stack_user", f, arg);
    leave_lists();
}

/* What glibc has ready for one thread whose stack it made (2.34 and later). */
typedef int change_stack(void *thread);
struct change {
    change_stack *function;
    int err;
};

static void change_one(uintptr_t tp, void *arg)
{
    struct change *change = arg;

    if (change->err == 0)
        change->err = -change->function((void *)(tp - descriptor_below()));
}

/* glibc keeps p_flags of the PT_GNU_STACK that it was booted with, for the threads to come: 0 or -EINVAL. From
 * 2.41 on, when it began to refuse to open such libraries, they are not to be found. */
static int change_flags(void)
{
    const Elf64_Sym *sym = libc_definition(libc_boot_object, "_rtld_global", NULL);
    const uint32_t mark = GLIBC_STACK_MARK | PF_R | PF_W;

    if (sym == NULL)
        return -EINVAL;
    uint32_t *words = (uint32_t *)(libc_boot_object->bias + sym->st_value);
    for (size_t i = 0; i < sym->st_size / sizeof *words; i++) {
        if (words[i] == mark) {
            words[i] = mark | PF_X;
            return 0;
        }
    }
    return -EINVAL;
}

int glibc_change_stacks(void)
{
    struct change change = {.function = (change_stack *)libc_symbol(
                                libc_boot_object, "__nptl_change_stack_perm", NULL)};
    int err = change_flags();
    uintptr_t global = err == 0 && tls_each_thread != NULL ? enter_lists() : 0;

    if (global == 0)
        return err;
    if (change.function != NULL)
        walk(global, "_thread_db_rtld_global__dl_stack_used", change_one, &change);
    leave_lists();
    return change.function != NULL ? change.err : -EINVAL;
}
