/*
 * init.c - the order of constructors and destructors.
 *
 * Called by main and by the stub program's arrays (start-up, exit), and by dl.c, under the loader's
 * lock; all objects concerned are relocated.
 *
 * glibc: take the breadth-first list; walk it from last to first, depth first along DT_NEEDED; put
 * each object in front of the result when its walk ends; run the result from its end. The root is
 * forced to be last to run. So with A needing B and C, C needing B: the list is A B C; walking C
 * gives B then C in front of it: C B; then A: A C B; run B, C, A. In a cycle the object that the
 * walk enters first is constructed last. Objects marked DF_1_INITFIRST go before everybody (the
 * last one loaded, as there). Destructors: the same walk over all objects with the edges that
 * binding made added, then once more along DT_NEEDED alone.
 *
 * musl: depth first along DT_NEEDED from the root, an object when all it needs is done; destructors
 * in the reverse of what was constructed.
 */
#include "init.h"

#include "alloc.h"
#include "arch.h"
#include "audit.h"
#include "error.h"
#include "guard.h"
#include "load.h"
#include "readonly.h"
#include "string.h"
#include "sys.h"
#include "trace.h"
#include "world.h"

typedef void init_function(int argc, char **argv, char **envp);

struct init_args init_args READ_ONLY_AFTER_START;
bool init_skips_program READ_ONLY_AFTER_START;
bool init_is_exiting;

static struct object_list
    constructed; /* in the musl world, in order: destructors run it backwards */

/* A walk: members carry the mark unseen until they are met, then seen. */
struct walk {
    unsigned unseen, seen;
    bool with_bound, met_bound;
    struct object **front; /* results are put before it */
};

/* The k-th object that o must be constructed after; NULL past the last. */
static struct object *neighbour(struct walk *w, const struct object *o, unsigned k)
{
    /* an opened root: its whole closure, as glibc does */
    bool is_sorted = o->init_order.count != 0;
    unsigned count = is_sorted           ? o->init_order.count
                     : o->needed != NULL ? (unsigned)o->needed_count
                                         : 0;

    if (k < count)
        return is_sorted ? o->init_order.items[k] : o->needed[k];
    k -= count;
    if (!w->with_bound || k >= o->bound.count)
        return NULL;
    w->met_bound = true;
    return o->bound.items[o->bound.count - 1 - k];
}

/* Depth first from start, without recursion: a chain of needs may be as long as its author wants.
 */
static void walk_from(struct walk *w, struct object *start)
{
    struct object *o = start;

    if (start->visit != w->unseen)
        return;
    start->visit = w->seen;
    start->walk_parent = NULL;
    start->walk_next = 0;
    while (o != NULL) {
        struct object *next = neighbour(w, o, o->walk_next);
        if (next == NULL) {
            *--w->front = o;
            o = o->walk_parent;
            continue;
        }
        o->walk_next++;
        if (next->visit != w->unseen || next->is_program)
            continue;
        next->visit = w->seen;
        next->walk_parent = o;
        next->walk_next = 0;
        o = next;
    }
}

/* One pass over items into result (as long); returns whether a binding edge was met. */
static bool walk_all(struct object **items, unsigned count, struct object **result, bool with_bound)
{
    struct walk w = {
        .unseen = object_new_mark(), .with_bound = with_bound, .front = result + count};

    w.seen = object_new_mark();
    for (unsigned i = 0; i < count; i++)
        items[i]->visit = w.unseen;
    for (unsigned i = count; i-- > 0;)
        walk_from(&w, items[i]);
    return w.met_bound;
}

static void move_to_front(struct object **items, unsigned count, const struct object *first)
{
    for (unsigned i = 0; i < count; i++) {
        if (items[i] != first)
            continue;
        struct object *o = items[i];
        for (; i > 0; i--)
            items[i] = items[i - 1];
        items[0] = o;
        return;
    }
}

/* glibc's order; first, if not NULL, goes to the front whatever the walk says. */
static int sort(struct object_list *list, const struct object *first, bool with_bound)
{
    unsigned count = list->count;
    struct object **result = alloc_array(count + 1, sizeof *result);

    if (result == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "cannot allocate memory");
    if (walk_all(list->items, count, result, with_bound))
        walk_all(result, count, list->items, false);
    else
        memcpy(list->items, result, count * sizeof *result);
    alloc_free(result);
    move_to_front(list->items, count, first);
    return 0;
}

static void reverse(struct object_list *list)
{
    for (unsigned i = 0, k = list->count; i + 1 < k; i++) {
        struct object *o = list->items[--k];
        list->items[k] = list->items[i];
        list->items[i] = o;
    }
}

static int copy_list(struct object_list *to, const struct object_list *from)
{
    int err = 0;

    to->count = 0;
    for (unsigned i = 0; i < from->count && err == 0; i++)
        err = object_list_add(to, from->items[i]);
    return err;
}

/* musl's order, put so that running from the end is right: reverse postorder from the root alone.
 */
static int sort_musl(struct object *root)
{
    struct object_list *list = &root->init_order;
    unsigned count = root->closure.count;
    struct walk w = {.unseen = object_new_mark()};

    list->count = 0; /* needs are walked, not an order of before */
    struct object **result = alloc_array(count + 1, sizeof *result);
    if (result == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "cannot allocate memory");
    w.seen = object_new_mark();
    for (unsigned i = 0; i < count; i++)
        root->closure.items[i]->visit = w.unseen;
    w.front = result + count;
    if (root->is_program) { /* preloaded objects count as the program's first needs */
        for (unsigned i = 1; i < count && root->closure.items[i]->is_preloaded; i++)
            walk_from(&w, root->closure.items[i]);
    }
    walk_from(&w, root);
    int err = 0;
    for (struct object **o = w.front; o < result + count && err == 0; o++)
        err = object_list_add(list, *o);
    alloc_free(result);
    return err;
}

int init_sort(struct object *root)
{
    if (root->init_order.count != 0)
        return 0;
    if (world == WORLD_MUSL)
        return sort_musl(root);
    struct object_list order = {0};
    int err = copy_list(&order, &root->closure);
    if (err == 0)
        err = sort(&order, root, false);
    if (err == 0)
        root->init_order = order;
    else
        object_list_free(&order);
    return err;
}

int init_sort_for_exit(struct object_list *list)
{
    return sort(list, object_base.head, true);
}

static void call(uintptr_t function)
{
    ((init_function *)function)(init_args.argc, init_args.argv, init_args.envp);
}

void init_run_preinit(const struct object *program)
{
    if (program->preinit_count > 0)
        TRACE(.kind = TRACE_PREINIT, .object = program);
    for (size_t i = 0; i < program->preinit_count; i++)
        call(program->preinit_array[i]);
}

static bool has_legacy_functions(void)
{
    return world != WORLD_MUSL || ARCH_MUSL_LEGACY_INIT;
}

void init_run_own(struct object *o)
{
    TRACE(.kind = TRACE_INITIALISE, .object = o);
    bool was_held = guard_pause();
    if (o->init != 0 && has_legacy_functions())
        call(o->init);
    for (size_t i = 0; i < o->init_count; i++)
        call(o->init_array[i]);
    guard_resume(was_held);
    TRACE(.kind = TRACE_END);
    o->is_constructed = true;
}

static void construct(struct object *o)
{
    if (o->is_initialised || o->is_boot)
        return;
    o->is_initialised = true;
    if (world == WORLD_MUSL)
        object_list_add(&constructed, o); /* without memory its destructors are not run at exit */
    if (!o->is_program || !init_skips_program)
        init_run_own(o);
}

/* Whose constructors go before all others, NULL if nobody's. */
static struct object *find_first(const struct object *root)
{
    struct object *first = NULL;

    for (unsigned i = 0; i < root->init_order.count && world != WORLD_MUSL; i++) {
        struct object *o = root->init_order.items[i];
        if ((o->flags_1 & DF_1_INITFIRST) != 0 && !o->is_initialised)
            first = o;
    }
    return first;
}

int init_list(struct object *root, struct object_list *order)
{
    int err = init_sort(root);
    struct object *first = err == 0 ? find_first(root) : NULL;

    if (first != NULL)
        err = object_list_add(order, first);
    for (unsigned i = root->init_order.count; i-- > 0 && err == 0;) {
        if (root->init_order.items[i] != first)
            err = object_list_add(order, root->init_order.items[i]);
    }
    return err;
}

void init_run(struct object *root)
{
    struct object *init_first = find_first(root);

    if (init_first != NULL)
        construct(init_first);
    for (unsigned i = root->init_order.count; i-- > 0;)
        construct(root->init_order.items[i]);
}

void init_finish(struct object *o)
{
    /* When a constructor exits, glibc runs the destructors of its object, musl does not. */
    if (!(world == WORLD_MUSL ? o->is_constructed : o->is_initialised) || o->is_finalised)
        return;
    o->is_finalised = true;
    TRACE(.kind = TRACE_FINALISE, .object = o);
    bool was_held = guard_pause();
    for (size_t i = o->fini_count; i-- > 0;)
        ((void (*)(void))o->fini_array[i])();
    if (o->fini != 0 && has_legacy_functions())
        ((void (*)(void))o->fini)();
    guard_resume(was_held);
}

/* All objects of a namespace in the order of their destructors. */
static int list_for_exit(const struct namespace *ns, struct object_list *order)
{
    int err = 0;

    if (world == WORLD_MUSL) {
        err = copy_list(order, &constructed);
        reverse(order);
        return err;
    }
    for (struct object *o = ns->head; o != NULL && err == 0; o = o->next)
        err = object_list_add(order, o);
    return err == 0 ? init_sort_for_exit(order) : err;
}

static void finish_namespace(struct namespace *ns)
{
    struct object_list order = {0};

    guard_enter();
    list_for_exit(ns, &order); /* what there is no memory to sort still runs */
    guard_leave();
    audit_activity(ns, LA_ACT_DELETE);
    for (unsigned i = 0; i < order.count; i++) {
        init_finish(order.items[i]);
        if (!order.items[i]->is_vdso && !order.items[i]->is_shared)
            audit_object_closed(order.items[i]);
    }
    audit_activity(ns, LA_ACT_CONSISTENT);
}

/* The namespaces from the last to that of the program, as glibc does; then those of auditors. */
static void finish_namespaces(bool is_auditing)
{
    for (long id = NAMESPACES; id-- > 0;) {
        struct namespace *ns = object_namespace(id);
        if (ns != NULL && ns->is_auditing == is_auditing)
            finish_namespace(ns);
    }
}

void init_finish_all(void)
{
    init_is_exiting = true;
    finish_namespaces(false);
    finish_namespaces(true);
}
