/*
 * audit.c - the auditors of rtld-audit(7).
 *
 * Called inside guard.c's lock by whoever changes the list of objects, searches or binds. dlaudit.c loads the
 * auditors; each lives in a namespace of its own, which is not audited. A start without any has audit_count 0,
 * and pays one test of it where an auditor would be called.
 */
#include "audit.h"

#include "alloc.h"
#include "readonly.h"

/* What one auditor has of one object: a word to its liking, and whether it wants to hear of bindings. */
struct object_audit {
    uintptr_t cookie;
    unsigned flags;
};

unsigned audit_count READ_ONLY_AFTER_START;
bool audit_is_loading;
static struct audit_functions auditors[AUDITORS] READ_ONLY_AFTER_START;

bool audit_add(const struct audit_functions *functions)
{
    if (audit_count == AUDITORS)
        return false;
    auditors[audit_count++] = *functions;
    return true;
}

static bool is_audited(const struct namespace *ns)
{
    return audit_count > 0 && !ns->is_auditing;
}

/* At first the cookie is the link map's address, as glibc has it. NULL without memory. */
static struct object_audit *state(struct object *o, unsigned auditor)
{
    if (o->audit == NULL) {
        o->audit = object_alloc(o, AUDITORS * sizeof *o->audit);
        for (unsigned i = 0; o->audit != NULL && i < AUDITORS; i++)
            o->audit[i].cookie = (uintptr_t)o;
    }
    return o->audit != NULL ? &o->audit[auditor] : NULL;
}

void audit_activity(struct namespace *ns, unsigned flag)
{
    ns->is_adding = flag == LA_ACT_ADD;
    for (unsigned i = 0; i < audit_count && is_audited(ns) && ns->head != NULL; i++) {
        struct object_audit *s = state(ns->head, i);
        if (auditors[i].activity != NULL && s != NULL)
            auditors[i].activity(&s->cookie, flag);
    }
}

void audit_object_opened(struct object *o)
{
    for (unsigned i = 0; i < audit_count && is_audited(o->ns); i++) {
        struct object_audit *s = state(o, i);
        if (auditors[i].objopen != NULL && s != NULL)
            s->flags = auditors[i].objopen(o, o->ns->id, &s->cookie);
    }
}

void audit_object_added(struct object *o)
{
    if (!is_audited(o->ns) || o->is_shared)
        return;
    if (!o->ns->is_adding && !audit_is_loading)
        audit_activity(o->ns, LA_ACT_ADD);
    audit_object_opened(o);
}

void audit_object_closed(struct object *o)
{
    for (unsigned i = 0; i < audit_count && is_audited(o->ns); i++) {
        struct object_audit *s = state(o, i);
        if (auditors[i].objclose != NULL && s != NULL)
            auditors[i].objclose(&s->cookie);
    }
}

void audit_preinit(struct object *program)
{
    for (unsigned i = 0; i < audit_count; i++) {
        struct object_audit *s = state(program, i);
        if (auditors[i].preinit != NULL && s != NULL)
            auditors[i].preinit(&s->cookie);
    }
}

const char *audit_search(const char *name, struct object *by, unsigned flag)
{
    for (unsigned i = 0; i < audit_count && is_audited(by->ns) && name != NULL; i++) {
        struct object_audit *s = state(by, i);
        if (auditors[i].objsearch != NULL && s != NULL)
            name = auditors[i].objsearch(name, &s->cookie, flag);
    }
    return name;
}

/* Both must be of interest for a binding, for dlsym it is enough that one is. */
static bool is_of_interest(const struct object_audit *from, const struct object_audit *to,
                           unsigned flags)
{
    bool is_from = (from->flags & LA_FLG_BINDFROM) != 0, is_to = (to->flags & LA_FLG_BINDTO) != 0;

    return (flags & LA_SYMB_DLSYM) != 0 ? is_from || is_to : is_from && is_to;
}

uintptr_t audit_bind(struct object *from, const struct lookup_def *def, uintptr_t value,
                     unsigned flags)
{
    if (def->object == NULL || def->sym == NULL || !is_audited(from->ns) ||
        audit_is_loading) /* whose bindings glibc leaves for later, when it is one */
        return value;
    const char *name = object_string(def->object, def->sym->st_name);
    unsigned index = (unsigned)(def->sym - def->object->symtab);

    for (unsigned i = 0; i < audit_count; i++) {
        struct object_audit *f = state(from, i), *t = state(def->object, i);
        if (auditors[i].symbind == NULL || f == NULL || t == NULL || !is_of_interest(f, t, flags))
            continue;
        Elf64_Sym sym = *def->sym;
        unsigned given = flags;
        sym.st_value = value;
        uintptr_t new = auditors[i].symbind(&sym, index, &f->cookie, &t->cookie, &given, name);
        if (new != value)
            flags |= LA_SYMB_ALTVALUE;
        value = new;
    }
    return value;
}
