/*
 * explain_search.c - who asked for a library, under which name, where it was sought, and what came of it.
 *
 * A consumer of events while the program is loaded, then a tree (explain_search) or JSON. Objects that
 * several others need are told with all places at the first need that was searched for; a later one says
 * that it is loaded already.
 */
#include "alloc.h"
#include "explain.h"
#include "json.h"
#include "print.h"
#include "string.h"
#include "trace.h"

enum { TO_OUTPUT = 1 };

/* A place; NULL as why: it was taken. */
struct place {
    struct place *next;
    char *path, *rule, *why;
};

struct need {
    struct need *next;
    const struct object *by, *got; /* got NULL: nothing */
    char *name, *why;              /* why: what is wrong; NULL if nothing is */
    bool is_new;                   /* mapped for this need */
    struct place *places, *last_place;
};

/* A version that an object needs and another lacks. */
struct lack {
    struct lack *next;
    const struct object *by, *of;
    char *version;
};

static struct need *needs, *last_need;
static struct need *open_need; /* between TRACE_NEED and TRACE_GOT */
static struct lack *lacks;

static char *copy(const char *s)
{
    return s != NULL ? alloc_string(s, strlen(s)) : NULL;
}

static struct need *add_need(const struct trace_event *e)
{
    struct need *n = alloc(sizeof *n);

    if (n == NULL)
        return NULL;
    n->by = e->object;
    n->name = copy(e->name);
    if (last_need != NULL)
        last_need->next = n;
    else
        needs = n;
    last_need = n;
    return n;
}

static void add_place(struct need *n, const struct trace_event *e)
{
    struct place *p = alloc(sizeof *p);

    if (p == NULL)
        return;
    p->path = copy(e->name != NULL ? e->name : e->rule);
    p->rule = copy(e->rule);
    if (n->last_place != NULL)
        n->last_place->next = p;
    else
        n->places = p;
    n->last_place = p;
}

/* The first line without the path that it begins with, which is known: "PATH: what", "PATH is what". */
static char *copy_reason(const char *why, const char *path)
{
    size_t len;

    while (*why == ' ')
        why++;
    if (path != NULL && string_starts(why, path))
        why += strlen(path);
    if (string_starts(why, ": "))
        why++;
    why += *why == ' ';
    for (len = 0; why[len] != '\0' && why[len] != '\n';)
        len++;
    return alloc_string(why, len);
}

static void end_need(const struct trace_event *e)
{
    struct need *n = open_need != NULL ? open_need : add_need(e);

    open_need = NULL;
    if (n == NULL)
        return;
    n->got = e->other;
    n->why = copy(e->text);
}

static void add_lack(const struct trace_event *e)
{
    struct lack *l = alloc(sizeof *l);

    if (l == NULL)
        return;
    *l = (struct lack){.next = lacks, .by = e->object, .of = e->other, .version = copy(e->name)};
    lacks = l;
}

static void consume(const struct trace_event *e)
{
    struct need *n = open_need;

    if (e->kind == TRACE_NEED)
        open_need = add_need(e);
    else if (e->kind == TRACE_GOT)
        end_need(e);
    else if (e->kind == TRACE_LACK)
        add_lack(e);
    else if (n == NULL)
        return;
    else if (e->kind == TRACE_TRY)
        add_place(n, e);
    else if (e->kind == TRACE_MAPPED)
        n->is_new = true;
    else if (e->kind == TRACE_PASS && n->last_place != NULL)
        n->last_place->why = copy_reason(e->text, n->last_place->path);
}

void explain_take_search(void)
{
    trace_add(consume);
}

/* ---- as a tree ---- */

static void indent(unsigned depth)
{
    for (; depth > 0; depth--)
        print(TO_OUTPUT, "  ");
}

static void print_lacks(const struct object *o, unsigned depth)
{
    for (const struct lack *l = lacks; l != NULL; l = l->next) {
        if (l->by != o)
            continue;
        indent(depth);
        print(TO_OUTPUT, "! needs version %s of %s, which does not define it\n", l->version,
              l->of->name);
    }
}

static void print_need(const struct need *n, unsigned depth)
{
    const struct place *last = n->last_place;

    indent(depth);
    if (n->got == NULL || n->got->is_missing)
        print(TO_OUTPUT, "%s => not found\n", n->name);
    else if (!n->is_new)
        print(TO_OUTPUT, "%s => %s (loaded already)\n", n->name, n->got->name);
    else
        print(TO_OUTPUT, "%s => %s (%s%s)\n", n->name, n->got->name,
              last != NULL ? last->rule : "by name", n->got->is_preloaded ? ", preloaded" : "");
    for (const struct place *p = n->places; p != NULL; p = p->next) {
        if (p->why == NULL)
            continue;
        indent(depth + 2);
        if (string_equal(p->path, p->rule))
            print(TO_OUTPUT, "- %s: %s\n", p->path, p->why);
        else
            print(TO_OUTPUT, "- %s (%s): %s\n", p->path, p->rule, p->why);
    }
    if (n->why != NULL) {
        indent(depth + 2);
        print(TO_OUTPUT, "! %s\n", n->why);
    }
    if (n->is_new)
        print_lacks(n->got, depth + 2);
}

static const struct need *next_need(const struct need *n, const struct object *by)
{
    while (n != NULL && n->by != by)
        n = n->next;
    return n;
}

static const struct need *need_that_mapped(const struct object *o)
{
    const struct need *n = needs;

    while (n != NULL && !(n->is_new && n->got == o))
        n = n->next;
    return n;
}

/* Depth first, without recursion: the way back from an object is the need that it was mapped for. */
void explain_search(struct object *program)
{
    const struct need *n = next_need(needs, program);
    const struct object *by = program;
    unsigned depth = 1;

    print(TO_OUTPUT, "%s\n", program->name);
    print_lacks(program, 2);
    while (by != NULL) {
        if (n != NULL) {
            print_need(n, depth);
            bool is_entered = n->is_new && n->got != NULL;
            by = is_entered ? n->got : by;
            depth += is_entered;
            n = is_entered ? next_need(needs, by) : next_need(n->next, by);
            continue;
        }
        const struct need *back = by != program ? need_that_mapped(by) : NULL;
        by = back != NULL ? back->by : NULL;
        n = back != NULL ? next_need(back->next, by) : NULL;
        depth--;
    }
}

/* ---- as JSON ---- */

static void write_objects(void)
{
    json_array("objects");
    for (const struct object *o = object_base.head; o != NULL; o = o->next) {
        if (o->is_missing)
            continue;
        json_object(NULL);
        json_string("path", o->name);
        json_string("soname", o->soname);
        json_string("loaded_for", o->loader != NULL ? o->loader->name : NULL);
        json_bool("preloaded", o->is_preloaded);
        json_address("start", o->start);
        json_number("size", o->end - o->start);
        json_end();
    }
    json_end();
}

static void write_need(const struct need *n)
{
    bool is_found = n->got != NULL && !n->got->is_missing;

    json_object(NULL);
    json_string("by", n->by->name);
    json_string("name", n->name);
    json_string("found", is_found ? n->got->name : NULL);
    json_string("rule", n->is_new && n->last_place != NULL ? n->last_place->rule : NULL);
    json_bool("loaded_already", is_found && !n->is_new);
    json_string("error", n->why);
    json_array("tried");
    for (const struct place *p = n->places; p != NULL; p = p->next) {
        json_object(NULL);
        json_string("path", p->path);
        json_string("rule", p->rule);
        json_string("passed_over", p->why);
        json_end();
    }
    json_end();
    json_end();
}

void explain_search_json(void)
{
    write_objects();
    json_array("needs");
    for (const struct need *n = needs; n != NULL; n = n->next)
        write_need(n);
    json_end();
    json_array("missing_versions");
    for (const struct lack *l = lacks; l != NULL; l = l->next) {
        json_object(NULL);
        json_string("by", l->by->name);
        json_string("of", l->of->name);
        json_string("version", l->version);
        json_end();
    }
    json_end();
}
