/*
 * dl.c - dlopen as a transaction, dlclose as a garbage collection.
 *
 * Called through dlapi.c on any thread, inside guard.c's lock, once start-up is over (constructors
 * included, which may dlopen).
 *
 * A dlopen maps and relocates everything before it changes anything that others see; if a step
 * fails, what is behind the object that was last before is discarded, and the process is as it was.
 *
 * A dlclose drops a reference, then keeps what can still be reached: from start-up objects, open
 * handles, objects marked NODELETE and objects with pending thread_local destructors, along
 * DT_NEEDED and along the bindings that relocation made. The rest is destructed in fini order and
 * unmapped. A destructor may dlclose again: the collection then starts over. musl never unloads,
 * and neither do we for its programs.
 */
#include "dl.h"

#include "alloc.h"
#include "audit.h"
#include "error.h"
#include "guard.h"
#include "init.h"
#include "load.h"
#include "lookup.h"
#include "needs.h"
#include "print.h"
#include "reloc.h"
#include "seal.h"
#include "search.h"
#include "stack.h"
#include "string.h"
#include "sys.h"
#include "tls.h"
#include "trace.h"
#include "version.h"
#include "world.h"

uint64_t dl_added, dl_removed;

static bool is_collecting;

void dl_adopt_startup(void)
{
    for (struct object *o = object_base.head; o != NULL; o = o->next) {
        o->is_startup = true;
        o->is_new = false;
        dl_added++;
    }
}

/* Any object there is: what dladdr1 and dlinfo give as a link map is a handle, too. */
struct object *dl_from_handle(void *handle)
{
    for (struct namespace *ns = &object_base; ns != NULL; ns = ns->next) {
        for (struct object *o = ns->head; o != NULL; o = o->next) {
            if (o == handle)
                return o;
        }
    }
    if (world == WORLD_MUSL)
        error_set(ERROR_LIBRARY, EINVAL, "Invalid library handle %p", handle);
    else
        error_set(ERROR_LIBRARY, EINVAL, "shared object not open");
    return NULL;
}

/* Takes those that have the mark out of everything that may refer to them. */
static void forget(struct namespace *ns, unsigned mark)
{
    for (struct object *o = ns->head; o != NULL; o = o->next) {
        object_list_purge(&o->roots, mark);
        object_list_purge(&o->bound, mark);
        while (o->loader != NULL && o->loader->visit == mark)
            o->loader = o->loader->loader;
    }
    lookup_forget(ns, mark);
}

/* o is forgotten. */
static void destroy(struct object *o)
{
    TRACE(.kind = TRACE_UNMAP, .object = o);
    object_unlink(o);
    tls_remove_module(o);
    object_free(o);
}

static void roll_back(struct namespace *ns, const struct object *last)
{
    unsigned mark = object_new_mark();

    for (struct object *o = ns->tail; o != last; o = o->prev)
        o->visit = mark;
    forget(ns, mark);
    while (ns->tail != last) {
        audit_object_closed(ns->tail);
        destroy(ns->tail);
    }
    if (ns->is_adding)
        audit_activity(ns, LA_ACT_CONSISTENT);
}

/* Adds root's closure to the scope of each of its members that is not there from the start. */
static int extend_scopes(struct object *root, bool for_new)
{
    for (unsigned i = 0; i < root->closure.count; i++) {
        struct object *o = root->closure.items[i];
        if (o->is_startup || o->is_new != for_new || object_list_has(&o->roots, root))
            continue;
        int err = object_list_add(&o->roots, root);
        if (err != 0)
            return err;
    }
    return 0;
}

/* What is opened: by name, or the file that fd is. */
struct opening {
    const char *name;
    int fd; /* -1: by name */
    int mode;
    struct object *caller;
    struct namespace *ns; /* where to */
};

/* Everything about the new objects that can fail. */
static int prepare(const struct opening *what, struct object *first, struct object *root)
{
    int mode = what->mode;
    bool is_opened_first = root->closure.count == 0;
    int err = is_opened_first ? needs_closure(root) : 0;

    if (err == 0 && is_opened_first)
        audit_activity(root->ns, LA_ACT_CONSISTENT);
    for (struct object *o = first; o != NULL && err == 0; o = o->next) {
        o->is_deepbind = (mode & RTLD_DEEPBIND) != 0;
        if (o->is_libc_family && libc_boot_object == NULL)
            err = error_set(ERROR_LIBRARY, ENOEXEC,
                            "%s: the process was started without a C library, and cannot load one",
                            o->name);
        else
            err = tls_add_module(o);
        if (err == 0 && o->is_libc_family)
            err = dl_override_libc(o);
    }
    if (err == 0 && first != NULL)
        err = version_check(first);
    if (err == 0)
        err = extend_scopes(root, true);
    if (err == 0 && first != NULL)
        err = reloc_objects(first, (mode & RTLD_NOW) == 0 && !reloc_always_now);
    if (err == 0 && first != NULL)
        err = reloc_protect(first);
    if (err == 0)
        err = init_sort(root);
    if (err == 0)
        err = stack_apply(what->name != NULL ? what->name : root->name);
    return err;
}

/* Nothing may fail any more (but for want of memory, which leaves a scope shorter). */
static void commit(struct object *first, struct object *root, int mode)
{
    extend_scopes(root, false);
    for (unsigned i = 0; trace_is_on && i < root->closure.count; i++)
        TRACE(.kind = TRACE_SCOPE, .object = root->closure.items[i]);
    for (struct object *o = first; o != NULL; o = o->next) {
        o->is_new = false;
        o->is_nodelete = o->is_nodelete || (o->flags_1 & DF_1_NODELETE) != 0;
        if (o->is_nodelete)
            seal_object(o);
        dl_added++;
    }
    /* the first opened object of a namespace is what the program is of the first */
    if ((mode & RTLD_GLOBAL) != 0 || root->ns->global.count == 0) {
        for (unsigned i = 0; i < root->closure.count; i++) {
            if (!root->closure.items[i]->is_global)
                TRACE(.kind = TRACE_GLOBAL, .object = root->closure.items[i]);
            lookup_make_global(root->closure.items[i]);
        }
    }
    if ((mode & RTLD_NODELETE) != 0 && !root->is_nodelete)
        seal_object(root);
    root->is_nodelete = root->is_nodelete || (mode & RTLD_NODELETE) != 0;
    root->open_count++;
    rdebug_notify(root->ns, RDEBUG_CONSISTENT);
}

static int open_objects(const struct opening *what, struct object **root)
{
    struct namespace *ns = what->ns;
    struct object *last = ns->tail; /* NULL: the namespace is new */
    int err;

    if ((what->mode & RTLD_NOLOAD) != 0)
        err = load_find(what->name, what->caller, ns, root);
    else if (what->fd >= 0)
        err = load_descriptor(what->fd, what->name, what->name, what->caller, ns, root);
    else
        err = load_library(what->name, what->caller, ns, root);
    if (err == 0 && *root == NULL)
        return -ENOENT; /* RTLD_NOLOAD */
    struct object *first = last != NULL ? last->next : ns->head;
    if (first != NULL)
        /* the caller's paths were for finding the root; what it needs is its own affair */
        first->loader = NULL;
    if (err == 0 && first != NULL)
        err = needs_load(first);
    first = last != NULL ? last->next : ns->head; /* a filter's object may have come before it */
    if (err == 0)
        err = prepare(what, first, *root);
    if (err != 0) {
        roll_back(ns, last);
        stack_forget();
    } else {
        commit(first, *root, what->mode);
    }
    return err;
}

static void *open_locked(struct opening *what)
{
    struct object *root = NULL;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): choose_namespace had no error */
    const struct object *libc = what->ns->libc;
    bool was_for_dlopen = load_for_dlopen;

    load_for_dlopen = true;
    TRACE(.kind = TRACE_OPEN, .object = what->caller, .name = what->name);
    rdebug_notify(what->ns, RDEBUG_ADD);
    int err = open_objects(what, &root);
    load_for_dlopen = was_for_dlopen;
    search_forget();
    if (err != 0) {
        rdebug_notify(what->ns, RDEBUG_CONSISTENT);
        return NULL;
    }
    if (what->ns->libc != libc)
        libc_start_other(what->ns->libc);
    init_run(root);
    TRACE(.kind = TRACE_OPENED, .object = root);
    return root;
}

struct object *dl_caller(const void *addr)
{
    lock_acquire(&object_lock);
    struct object *o = object_by_addr((uintptr_t)addr);
    lock_release(&object_lock);
    return o != NULL ? o : object_base.head;
}

static int refuse(const struct opening *what, const char *why)
{
    return error_set(ERROR_LIBRARY, EINVAL, "%s: %s: Invalid argument", what->name, why);
}

/* The namespace that a dlmopen means. */
static int choose_namespace(long lmid, struct opening *what)
{
    bool is_other = lmid != LM_ID_BASE && lmid != LM_ID_CALLER;

    if (is_other && what->name == NULL)
        return error_set(ERROR_LIBRARY, EINVAL, "invalid namespace: Invalid argument");
    if (is_other && (what->mode & RTLD_GLOBAL) != 0)
        return error_set(ERROR_LIBRARY, EINVAL, "invalid mode: Invalid argument");
    if ((what->mode & (RTLD_LAZY | RTLD_NOW)) == 0 && world != WORLD_MUSL)
        return refuse(what, "invalid mode for dlopen()");
    what->ns = lmid == LM_ID_CALLER  ? what->caller->ns
               : lmid == LM_ID_NEWLM ? object_new_namespace()
                                     : object_namespace(lmid);
    if (lmid == LM_ID_NEWLM)
        return what->ns != NULL ? 0 : refuse(what, "no more namespaces available for dlmopen()");
    bool is_empty = what->ns == NULL || what->ns->head == NULL;
    return is_empty ? refuse(what, "invalid target namespace in dlmopen()") : 0;
}

static void *open_and_report(struct opening *what, long lmid, const void *caller)
{
    void *handle = NULL;

    dl_clear_error();
    guard_enter();
    error_clear();
    what->caller = dl_caller(caller);
    int err = choose_namespace(lmid, what);
    if (world == WORLD_MUSL)
        what->caller = NULL; /* every dlopen is the program's */
    if (err == 0)
        handle = open_locked(what);
    if (handle == NULL && error_is_set())
        dl_publish_error();
    guard_leave();
    return handle;
}

void *dl_open_in(long lmid, const char *name, int mode, const void *caller)
{
    struct opening what = {.name = name, .fd = -1, .mode = mode};

    if (lmid == LM_ID_BASE && (name == NULL || name[0] == '\0'))
        return object_base.head;
    return open_and_report(&what, lmid, caller);
}

void *dl_open(const char *name, int mode, const void *caller)
{
    return dl_open_in(name == NULL || name[0] == '\0' ? LM_ID_BASE : LM_ID_CALLER, name, mode,
                      caller);
}

struct object *dl_open_auditor(const char *name)
{
    struct opening what = {.name = name,
                           .fd = -1,
                           .mode = RTLD_LAZY,
                           .caller = libc_boot_object,
                           .ns = object_new_namespace()};

    error_clear();
    if (what.ns == NULL) {
        refuse(&what, "no more namespaces available for dlmopen()");
        return NULL;
    }
    audit_is_loading = true;
    struct object *auditor = open_locked(&what);
    audit_is_loading = false;
    return auditor;
}

void *dl_open_descriptor(int fd, int mode, const void *caller)
{
    char link[40], path[PATH_MAX];

    if (fd == -1) /* FreeBSD: the program, as for dlopen(NULL) */
        return object_base.head;
    print_buffer(link, sizeof link, "/proc/self/fd/%d", fd);
    long len = sys_readlink(link, path, sizeof path - 1);
    path[len > 0 ? len : 0] = '\0';
    struct opening what = {
        .name = len > 0 ? path : link, .fd = fd < 0 ? 0x7fffffff : fd, .mode = mode};
    return open_and_report(&what, LM_ID_CALLER, caller);
}

void dl_hold(struct object *o)
{
    __atomic_add_fetch(&o->pending_dtors, 1, __ATOMIC_RELAXED);
}

void dl_release(struct object *o)
{
    __atomic_sub_fetch(&o->pending_dtors, 1, __ATOMIC_RELAXED);
}

static bool is_root(const struct object *o)
{
    return o->is_startup || o->open_count > 0 || o->is_nodelete || o->is_new ||
           __atomic_load_n(&o->pending_dtors, __ATOMIC_RELAXED) > 0;
}

/* Puts o, if it is reached for the first time, among those from which others are still to be reached. */
static void reach(struct object *o, struct object **due)
{
    if (o->is_live)
        return;
    o->is_live = true;
    o->walk_parent = *due;
    *due = o;
}

static void find_live(const struct namespace *ns)
{
    struct object *due = NULL;

    for (struct object *o = ns->head; o != NULL; o = o->next)
        o->is_live = false;
    for (struct object *o = ns->head; o != NULL; o = o->next) {
        if (is_root(o))
            reach(o, &due);
    }
    while (due != NULL) {
        struct object *o = due;
        due = o->walk_parent;
        for (size_t i = 0; o->needed != NULL && i < o->needed_count; i++)
            reach(o->needed[i], &due);
        for (unsigned i = 0; i < o->bound.count; i++)
            reach(o->bound.items[i], &due);
    }
}

/* Forgets and unmaps those of the list that are not live. */
static void destroy_dead(struct namespace *ns, const struct object_list *list)
{
    unsigned mark = object_new_mark();

    for (unsigned i = 0; i < list->count; i++)
        list->items[i]->visit = list->items[i]->is_live ? 0 : mark;
    forget(ns, mark);
    for (unsigned i = 0; i < list->count; i++) {
        if (list->items[i]->visit != mark)
            continue;
        destroy(list->items[i]);
        dl_removed++;
    }
}

static int collect_once(struct namespace *ns)
{
    struct object_list order = {0};
    bool is_any = false;
    int err = 0;

    find_live(ns);
    for (struct object *o = ns->head; o != NULL && err == 0; o = o->next)
        err = object_list_add(&order, o);
    if (err == 0)
        err = init_sort_for_exit(&order);
    for (unsigned i = 0; i < order.count && err == 0; i++) {
        if (order.items[i]->is_live)
            continue;
        init_finish(order.items[i]);
        audit_object_closed(order.items[i]);
        is_any = true;
    }
    if (is_any)
        audit_activity(ns, LA_ACT_DELETE);
    if (err == 0)
        rdebug_notify(ns, RDEBUG_DELETE);
    if (err == 0 && is_any)
        destroy_dead(ns, &order);
    if (is_any)
        audit_activity(ns, LA_ACT_CONSISTENT);
    rdebug_notify(ns, RDEBUG_CONSISTENT);
    object_list_free(&order);
    return err;
}

static struct namespace *find_dirty(void)
{
    struct namespace *ns = &object_base;

    while (ns != NULL && !ns->is_dirty)
        ns = ns->next;
    return ns;
}

static void collect(void)
{
    struct namespace *ns;

    if (is_collecting) /* a destructor closes something: once more when this round is over */
        return;
    is_collecting = true;
    while ((ns = find_dirty()) != NULL) {
        ns->is_dirty = false;
        if (collect_once(ns) != 0)
            break;
    }
    is_collecting = false;
}

void dl_forget_collection(void)
{
    is_collecting = false;
}

static int close_locked(void *handle)
{
    struct object *o = dl_from_handle(handle);

    if (o == NULL)
        return -EINVAL;
    if (world == WORLD_MUSL || (o->open_count == 0 && (o->is_startup || o->is_nodelete)))
        return 0;
    if (o->open_count == 0)
        return error_set(ERROR_LIBRARY, EINVAL, "%s: shared object not open", o->name);
    o->open_count--;
    if (o->open_count > 0)
        TRACE(.kind = TRACE_CLOSED, .object = o);
    if (o->open_count == 0 && !init_is_exiting) {
        o->ns->is_dirty = true;
        collect();
    }
    return 0;
}

int dl_close(void *handle)
{
    dl_clear_error();
    guard_enter();
    int err = close_locked(handle);
    if (err != 0)
        dl_publish_error();
    guard_leave();
    return err != 0 ? (world == WORLD_MUSL ? 1 : -1) : 0;
}
