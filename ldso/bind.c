/*
 * bind.c - the definition that a relocation's symbol is bound to.
 *
 * Called by reloc.c, under the loader's lock, once the numbers of join.c stand for as many names as it could
 * join; the rest is looked up here, one by one. Only what reloc.c has relocated may be wrong in another way than
 * dynamic.c has seen: a malformed object can relocate its own tables.
 */
#include "bind.h"

#include "error.h"
#include "sys.h"
#include "trace.h"
#include "world.h"

static int undefined(const struct object *o, const char *name, const struct object_version *v)
{
    if (world == WORLD_MUSL)
        return error_set(ERROR_SYMBOL, ENOEXEC, "Error relocating %s: %s: symbol not found",
                         o->name, name);
    return error_set(ERROR_SYMBOL, ENOEXEC, "%s: undefined symbol: %s%s%s", o->name, name,
                     v != NULL ? ", version " : "", v != NULL ? v->name : "");
}

/* True for a symbol that the object's own definition satisfies, whatever the scope has. */
static bool binds_to_itself(const struct object *o, const Elf64_Sym *sym, enum lookup_mode mode,
                            struct lookup_name *n)
{
    unsigned visibility = ELF64_ST_VISIBILITY(sym->st_other);
    struct lookup_def copy;

    if (ELF64_ST_BIND(sym->st_info) == STB_LOCAL || visibility == STV_HIDDEN ||
        visibility == STV_INTERNAL)
        return true;
    if (visibility != STV_PROTECTED || sym->st_shndx == SHN_UNDEF || mode == LOOKUP_COPY ||
        world == WORLD_MUSL) /* musl leaves protected symbols to the linker */
        return false;
    /* A non-PIC program may hold a COPY of protected data: then that is where everybody must look.
     */
    bool is_data = ELF64_ST_TYPE(sym->st_info) == STT_OBJECT;
    return !is_data || o->ns != &object_base || !lookup_in_object(object_base.head, n, mode, &copy);
}

int bind_check_strings(const struct object *o)
{
    if (o->strsz == 0 || o->strtab[o->strsz - 1] == '\0')
        return 0;
    return error_set(ERROR_LIBRARY, ENOEXEC,
                     "%s: a relocation has overwritten the NUL at the end of DT_STRTAB", o->name);
}

/* What join_find had no definition for. */
static int search_definition(struct object *o, uint32_t index, enum lookup_mode mode,
                             enum join_answer answer, struct bind_memo *memo)
{
    const Elf64_Sym *sym = &o->symtab[index];
    const char *name = object_string(o, sym->st_name);
    struct lookup_name n;

    int err = bind_check_strings(o);
    if (err != 0)
        return err;
    if (name == NULL)
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: symbol %u: st_name is 0x%x, wanted less than 0x%lx", o->name, index,
                         sym->st_name, o->strsz);
    if (lookup_has_undefined_version(o, index))
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: symbol %u (%s): DT_VERSYM is %u, wanted the index of a version that "
                         "DT_VERDEF or DT_VERNEED defines",
                         o->name, index, name, o->versym[index] & 0x7fff);
    lookup_init(&n, name, lookup_wanted_version(o, index));
    memo->def = lookup_define(o, sym);
    bool is_found = answer == JOIN_UNKNOWN &&
                    (binds_to_itself(o, sym, mode, &n) || lookup_in_scope(o, &n, mode, &memo->def));
    if (n.crowded != NULL)
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: too many symbols have the same hash: 0x%x is that of %s",
                         n.crowded->name, n.gnu_hash, name);
    if (is_found)
        return 0;
    memo->def = (struct lookup_def){0};
    return ELF64_ST_BIND(sym->st_info) == STB_WEAK || memo->allows_undefined
               ? 0
               : undefined(o, name, n.version);
}

int bind_find(struct object *o, uint32_t index, enum lookup_mode mode, struct bind_memo *memo)
{
    if (index == memo->sym && mode == memo->mode)
        return 0;
    if (index >= o->sym_count)
        return error_set(ERROR_LIBRARY, ENOEXEC, "%s: relocation names symbol %u of %u", o->name,
                         index, o->sym_count);
    enum join_answer answer = join_find(memo->number != NULL ? *memo->number : 0, &memo->def);
    int err = answer == JOIN_FOUND ? 0 : search_definition(o, index, mode, answer, memo);
    if (err == 0 && memo->def.is_unique)
        lookup_unify(&memo->def);
    if (err == 0 && memo->def.object != o)
        err = lookup_note_binding(o, memo->def.object);
    if (err != 0) {
        memo->sym = 0;
        return err;
    }
    memo->sym = index;
    memo->mode = mode;
    TRACE(.kind = TRACE_BIND, .object = o, .symbol = index, .def = &memo->def);
    return 0;
}

/* A symbol that is defined, but not with the version that is wanted. */
static bool explain_definition(struct object *o, void *arg)
{
    const char *name = arg;
    struct lookup_name n;
    struct lookup_def def;

    lookup_init(&n, name, NULL);
    if (!lookup_in_object(o, &n, LOOKUP_DLSYM, &def) || def.object == NULL)
        return false;
    const char *version = lookup_defined_version(def.object,
                                                 (uint32_t)(def.sym - def.object->symtab));
    error_explain("  %s defines %s, %s%s\n", def.object->name, name,
                  version != NULL ? "as version " : "without a version",
                  version != NULL ? version : "");
    return false;
}

void bind_explain(struct object *o, uint32_t index)
{
    if (error_kind() != ERROR_SYMBOL || lookup_wanted_version(o, index) == NULL)
        return;
    lookup_each(o, explain_definition,
                (void *)(uintptr_t)object_string(o, o->symtab[index].st_name));
}
