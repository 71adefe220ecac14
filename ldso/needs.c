/*
 * needs.c - the graph of objects: what is preloaded, what each object needs, and the breadth-first closures.
 *
 * Called by main at start-up and by dl.c for dlopen, under the loader's lock; load.c finds and maps each object.
 */
#include "needs.h"

#include "alloc.h"
#include "error.h"
#include "load.h"
#include "print.h"
#include "search.h"
#include "string.h"
#include "sys.h"
#include "world.h"

bool needs_have_failed;
enum needs_skips needs_skips;
enum { PRELOAD_NAME_MAX = 255 };
static unsigned preload_count; /* objects that follow the program in its closure */
static struct object **preloads;

static int add_preload(struct object *o)
{
    if (o->is_preloaded)
        return 0;
    struct object **grown = alloc_resize(preloads, (preload_count + 1) * sizeof *grown);
    if (grown == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "cannot allocate memory");
    preloads = grown;
    preloads[preload_count++] = o;
    o->is_preloaded = true;
    return 0;
}

static int preload_one(const char *name, const char *source)
{
    struct object *o;
    int err = load_library(name, object_base.head, &object_base, &o);

    if (err == 0)
        return add_preload(o);
    /* The reason without the name that precedes it, as the native loader puts it. */
    const char *reason = strstr(error_text(), ": ");
    if (world != WORLD_MUSL) {
        const char *text = reason != NULL ? reason + 2 : error_text();
        const char *end = strstr(text, ": ");
        print(2, "ERROR: ld.so: object '%s' from %s cannot be preloaded (%.*s): ignored.\n", name,
              source, (int)(end != NULL ? (size_t)(end - text) : strlen(text)), text);
    }
    error_clear();
    return 0;
}

/* What a privileged start preloads at all: no path that the caller gives, and no name that is longer than a
 * file's. */
static bool is_preloadable(const char *name, bool is_callers)
{
    return !search_options.is_secure || !is_callers ||
           (strchr(name, '/') == NULL && strlen(name) < PRELOAD_NAME_MAX);
}

int needs_preload(const char *list, const char *separators, const char *source, bool is_callers)
{
    int err = 0;

    search_options.only_set_user_id = search_options.is_secure;

    while (*list != '\0' && err == 0) {
        size_t len = 0;
        while (list[len] != '\0' && strchr(separators, list[len]) == NULL)
            len++;
        char *name = len > 0 ? alloc_string(list, len) : NULL;
        if (name != NULL && is_preloadable(name, is_callers))
            err = preload_one(name, source);
        alloc_free(name);
        list += len + (list[len] != '\0');
    }
    search_options.only_set_user_id = false;
    return err;
}

/* What stands for a library that cannot be loaded. */
static int note_missing(const char *name, struct object *by, struct object **out)
{
    needs_have_failed = true;
    if (world == WORLD_MUSL)
        print(2, "%s\n", error_text());
    *out = object_new(name, by->ns);
    if (*out == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", name);
    (*out)->is_missing = true;
    (*out)->loader = by;
    object_link(*out);
    return 0;
}

static int load_named(const char *name, struct object *by, struct object **out)
{
    int err = load_library(name, by, by->ns, out);

    bool is_skipped = needs_skips == NEEDS_SKIP_ALL ||
                      (needs_skips == NEEDS_SKIP_ABSENT && err == -ENOENT);

    return err != 0 && is_skipped ? note_missing(name, by, out) : err;
}

/*
 * A filter's object (DT_FILTER, DT_AUXILIARY) is searched before the filter itself, so it stands before it
 * in every list. An auxiliary one may be missing. glibc knows no more of them: each symbol of the filter
 * may come from its object or, where that has none, from the filter.
 */
static int load_filtee(struct object *o, const Elf64_Dyn *d, unsigned mark, struct object **out)
{
    int err = load_library(object_string(o, d->d_un.d_val), o, o->ns, out);

    if (err != 0 && d->d_tag == DT_AUXILIARY) {
        error_clear();
        *out = NULL;
        return 0;
    }
    if (err == 0 && *out != o && (*out)->visit != mark)
        err = object_list_add(&o->filtees, *out);
    if (err == 0)
        (*out)->visit = mark; /* named again, it is there already */
    if (err == 0 && (*out)->is_new && *out != o && !o->is_program)
        object_move_before(*out, o);
    return err;
}

/* What an entry of the dynamic section asks for; NULL if nothing. Filtees of o have the mark. */
static int load_need(struct object *o, const Elf64_Dyn *d, unsigned mark, struct object **out)
{
    *out = NULL;
    if (d->d_tag == DT_NEEDED)
        return load_named(object_string(o, d->d_un.d_val), o, out);
    bool is_filter = d->d_tag == DT_FILTER || d->d_tag == DT_AUXILIARY;
    return is_filter && world != WORLD_MUSL ? load_filtee(o, d, mark, out) : 0;
}

static int load_needs_of(struct object *o)
{
    unsigned mark = object_new_mark();
    size_t found = 0;

    if (o->needed != NULL || o->needed_count == 0)
        return 0;
    struct object **needed = alloc_array(o->needed_count, sizeof *needed);
    if (needed == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", o->name);
    for (size_t i = 0; i < o->dynamic_count && found < o->needed_count; i++) {
        int err = load_need(o, &o->dynamic[i], mark, &needed[found]);
        if (err != 0) {
            alloc_free(needed);
            return err;
        }
        found += needed[found] != NULL;
    }
    o->needed_count = found;
    o->needed = needed;
    return 0;
}

int needs_load(struct object *first)
{
    struct object *next;

    for (struct object *o = first; o != NULL; o = next) {
        bool is_due = o->needed == NULL;
        int err = load_needs_of(o);
        if (err != 0)
            return err;
        /* on with what a filter's objects need, which were put before it */
        struct object *last = o;
        unsigned mark = o->filtees.count > 0 ? object_new_mark() : 0;
        for (unsigned i = 0; i < o->filtees.count; i++)
            o->filtees.items[i]->visit = mark;
        while (is_due && mark != 0 && last->prev != NULL && last->prev->visit == mark)
            last = last->prev;
        next = last != o ? last : o->next;
    }
    return 0;
}

/* A closure in the making: one mark for what is in it, the other for what has had its needs put there. */
struct closure {
    struct object_list *list;
    unsigned seen, done;
};

static int closure_add(struct closure *c, unsigned index, struct object *o)
{
    if (o->visit == c->seen || o->visit == c->done)
        return 0;
    o->visit = c->seen;
    return object_list_insert(c->list, index, o);
}

/* Puts the filtees of o, which is at *index, before it. Those that are before it already stay. */
static int closure_add_filtees(struct closure *c, unsigned *index, const struct object *o)
{
    for (unsigned k = 0; k < o->filtees.count; k++) {
        struct object *filtee = o->filtees.items[k];
        unsigned at = 0;
        while (at < c->list->count && c->list->items[at] != filtee)
            at++;
        if (at < *index)
            continue;
        unsigned visit = at < c->list->count ? filtee->visit : c->seen;
        object_list_remove(c->list, filtee);
        int err = object_list_insert(c->list, (*index)++, filtee);
        if (err != 0)
            return err;
        filtee->visit = visit;
    }
    return 0;
}

/* Puts the needs of the object at *index behind everything, and goes on to the next that is due. */
static int closure_expand(struct closure *c, unsigned *index)
{
    struct object *o = c->list->items[*index];
    unsigned at = *index;

    o->visit = c->done;
    int err = closure_add_filtees(c, &at, o);
    for (size_t k = 0; o->needed != NULL && k < o->needed_count && err == 0; k++)
        err = closure_add(c, c->list->count, o->needed[k]);
    *index += at == *index;
    return err;
}

int needs_closure(struct object *root)
{
    struct closure c = {&root->closure, object_new_mark(), 0};

    c.done = object_new_mark();
    root->closure.count = 0;
    int err = closure_add(&c, 0, root);
    for (unsigned i = 0; root->is_program && i < preload_count && err == 0; i++)
        err = closure_add(&c, c.list->count, preloads[i]);
    for (unsigned i = 0; i < c.list->count && err == 0;) {
        if (c.list->items[i]->visit == c.done)
            i++;
        else
            err = closure_expand(&c, &i);
    }
    return err;
}
