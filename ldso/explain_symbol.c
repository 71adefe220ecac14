/*
 * explain_symbol.c - the definitions of a symbol in scope order, who is bound to which and why; and what
 * relocations there are.
 *
 * Called by explain.c; nothing is relocated, each reference is looked up as relocation would (reloc_each).
 */
#include "arch.h"
#include "explain.h"
#include "json.h"
#include "load.h"
#include "lookup.h"
#include "print.h"
#include "reloc.h"
#include "string.h"
#include "world.h"

enum { TO_OUTPUT = 1 };

static const char *name_at(const struct object *o, uint32_t sym)
{
    const char *name = object_string(o, o->symtab[sym].st_name);

    return name != NULL ? name : "";
}

static bool is_hidden(const struct object *o, uint32_t sym)
{
    return o->versym != NULL && (o->versym[sym] & 0x8000) != 0;
}

static const char *name_of_type(const Elf64_Sym *sym)
{
    switch (ELF64_ST_TYPE(sym->st_info)) {
    case STT_FUNC:
        return "function";
    case STT_OBJECT:
    case STT_COMMON:
        return "object";
    case STT_TLS:
        return "thread-local object";
    case STT_GNU_IFUNC:
        return "function, chosen by a resolver";
    default:
        return "symbol";
    }
}

static const char *name_of_binding(const Elf64_Sym *sym)
{
    unsigned bind = ELF64_ST_BIND(sym->st_info);

    return ELF64_ST_VISIBILITY(sym->st_other) == STV_PROTECTED ? "protected"
           : bind == STB_WEAK                                  ? "weak"
           : bind == STB_GNU_UNIQUE                            ? "unique"
                                                               : "global";
}

static void tell_definition(const struct object *o, uint32_t sym)
{
    const Elf64_Sym *s = &o->symtab[sym];
    const char *version = lookup_defined_version(o, sym);

    if (!explain.is_json) {
        print(TO_OUTPUT, "    %s: %s %s at 0x%lx, %lu bytes%s%s%s\n", o->name, name_of_binding(s),
              name_of_type(s), s->st_value, s->st_size, version != NULL ? ", version " : "",
              version != NULL ? version : "",
              version != NULL && is_hidden(o, sym) ? " (not the default)" : "");
        return;
    }
    json_object(NULL);
    json_string("object", o->name);
    json_string("binding", name_of_binding(s));
    json_string("type", name_of_type(s));
    json_address("value", s->st_value);
    json_number("size", s->st_size);
    json_string("version", version);
    json_bool("default", !is_hidden(o, sym));
    json_end();
}

static void tell_definitions(const char *name)
{
    for (unsigned i = 0; i < object_base.global.count; i++) {
        const struct object *o = object_base.global.items[i];
        for (uint32_t sym = 1; sym < o->sym_count; sym++) {
            if (o->symtab[sym].st_shndx != SHN_UNDEF && string_equal(name_at(o, sym), name))
                tell_definition(o, sym);
        }
    }
}

/* One look through the references. */
struct references {
    const char *name;
    const struct object *object;
    uint32_t last; /* the symbol told last */
};

/* The first object that o's reference passes over on the way to its definition, although it defines the
 * name: NULL if there is none. */
static const struct object *passed_over(const struct object *o, const struct lookup_def *def,
                                        const char *name)
{
    for (unsigned i = 0; i < object_base.global.count; i++) {
        const struct object *other = object_base.global.items[i];
        if (other == def->object)
            return NULL;
        for (uint32_t sym = 1; other != o && sym < other->sym_count; sym++) {
            if (other->symtab[sym].st_shndx != SHN_UNDEF && string_equal(name_at(other, sym), name))
                return other;
        }
    }
    return NULL;
}

/* Why a reference has the definition it has; *other may become an object that the sentence ends with. */
static const char *reason(const struct object *o, const Elf64_Rela *rela,
                          const struct lookup_def *def, const struct object **other)
{
    uint32_t index = (uint32_t)ELF64_R_SYM(rela->r_info);
    const Elf64_Sym *sym = &o->symtab[index];
    bool defines = sym->st_shndx != SHN_UNDEF;

    if (!lookup_is_defined(def))
        return ELF64_ST_BIND(sym->st_info) == STB_WEAK
                   ? "nobody defines it; it is weak and becomes 0"
                   : "nobody defines it";
    if (def->object == NULL)
        return "the loader's own function, since nobody else defines it";
    if (def->is_override)
        return "the loader's own function stands in front of the C library's";
    if ((uint32_t)ELF64_R_TYPE(rela->r_info) == REL_COPY)
        return "copied from there into the program, which the others use then";
    if (def->object == o && ELF64_ST_VISIBILITY(sym->st_other) == STV_PROTECTED)
        return "its own is protected";
    if (def->object == o && o->is_symbolic && world != WORLD_MUSL)
        return "it was linked with -Bsymbolic: its own comes first";
    if (ELF64_ST_BIND(def->sym->st_info) == STB_GNU_UNIQUE)
        return "unique: one definition serves the whole process";
    *other = passed_over(o, def, name_at(o, index));
    if (*other != NULL)
        return "the first with the version wanted; others are in ";
    return def->object == o ? "its own is the first in scope order"
           : defines        ? "interposed: comes before its own in scope order"
                            : "the first in scope order";
}

static void tell_reference(struct object *o, const Elf64_Rela *rela, const struct lookup_def *def,
                           void *arg)
{
    struct references *r = arg;
    uint32_t index = (uint32_t)ELF64_R_SYM(rela->r_info);

    if (def == NULL || index == r->last || !string_equal(name_at(o, index), r->name))
        return;
    r->last = index;
    const struct object_version *version = lookup_wanted_version(o, index);
    const struct object *other = NULL;
    const char *why = reason(o, rela, def, &other);
    const char *to = def->object != NULL      ? def->object->name
                     : lookup_is_defined(def) ? "ld.so"
                                              : NULL;
    if (!explain.is_json) {
        print(TO_OUTPUT, "    %s%s%s => %s: %s%s\n", o->name, version != NULL ? ", version " : "",
              version != NULL ? version->name : "", to != NULL ? to : "nothing", why,
              other != NULL ? other->name : "");
        return;
    }
    json_object(NULL);
    json_string("object", o->name);
    json_string("wants_version", version != NULL ? version->name : NULL);
    json_string("bound_to", to);
    json_string("reason", why);
    if (other != NULL)
        json_string("passed_over", other->name);
    json_end();
}

/* visit for all references of all objects; the booted loader binds itself. */
static void each_object(void (*visit)(struct object *o, void *arg), void *arg)
{
    for (struct object *o = object_base.head; o != NULL; o = o->next) {
        if (!o->is_vdso && !o->is_boot && !o->is_missing)
            visit(o, arg);
    }
}

static void tell_references(struct object *o, void *arg)
{
    struct references *r = arg;

    r->last = STN_UNDEF;
    reloc_each(o, tell_reference, r);
}

void explain_symbol(const char *name)
{
    struct references r = {.name = name};

    if (explain.is_json) {
        json_object("symbol");
        json_string("name", name);
        json_array("definitions");
        tell_definitions(name);
        json_end();
        json_array("references");
        each_object(tell_references, &r);
        json_end();
        json_end();
        return;
    }
    print(TO_OUTPUT, "%s\n  defined, in scope order, in\n", name);
    tell_definitions(name);
    print(TO_OUTPUT, "  referred to by\n");
    each_object(tell_references, &r);
}

/* ---- relocations ---- */

static const struct {
    uint32_t type;
    char name[12];
} kinds[] = {
    {REL_RELATIVE, "RELATIVE"},
    {REL_ABS64, "ABS64"},
    {REL_GLOB_DAT, "GLOB_DAT"},
    {REL_JUMP_SLOT, "JUMP_SLOT"},
    {REL_COPY, "COPY"},
    {REL_IRELATIVE, "IRELATIVE"},
    {REL_DTPMOD, "DTPMOD"},
    {REL_DTPOFF, "DTPOFF"},
    {REL_TPOFF, "TPOFF"},
    {REL_TLSDESC, "TLSDESC"},
    {REL_ABS32, "ABS32"},
    {REL_PC32, "PC32"},
    {REL_PC64, "PC64"},
    {REL_SIZE32, "SIZE32"},
    {REL_SIZE64, "SIZE64"},
    {REL_NONE, "NONE"},
    {REL_RELATIVE64, "RELATIVE64"},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

static void count_kind(struct object *o, const Elf64_Rela *rela, const struct lookup_def *def,
                       void *arg)
{
    size_t *counts = arg;

    (void)o;
    (void)def;
    for (unsigned i = 0; i < KIND_COUNT; i++)
        counts[i] += kinds[i].type == (uint32_t)ELF64_R_TYPE(rela->r_info);
}

/* Words that DT_RELR stands for: see relocate_relr. */
static size_t relr_words(const struct object *o)
{
    size_t words = 0;

    for (size_t i = 0; i < o->relr_count; i++) {
        uint64_t bits = (o->relr[i] & 1) == 0 ? 1 : o->relr[i] >> 1;
        for (; bits != 0; bits &= bits - 1)
            words++;
    }
    return words;
}

static void tell_count(const char *name, size_t count)
{
    if (count == 0)
        return;
    if (explain.is_json)
        json_number(name, count);
    else
        print(TO_OUTPUT, "    %lu %s\n", count, name);
}

static void tell_source(struct object *o, const Elf64_Rela *rela, const struct lookup_def *def,
                        void *arg)
{
    uint32_t *last = arg;
    uint32_t index = (uint32_t)ELF64_R_SYM(rela->r_info);

    if (def == NULL || index == *last)
        return;
    *last = index;
    const char *version = def->object != NULL && def->sym != NULL && def->object->symtab != NULL
                              ? lookup_defined_version(def->object,
                                                       (uint32_t)(def->sym - def->object->symtab))
                              : NULL;
    const char *from = def->object != NULL      ? def->object->name
                       : lookup_is_defined(def) ? "ld.so"
                                                : NULL;
    if (!explain.is_json) {
        print(TO_OUTPUT, "    %s%s%s from %s\n", name_at(o, index), version != NULL ? "@" : "",
              version != NULL ? version : "", from != NULL ? from : "nobody");
        return;
    }
    json_object(NULL);
    json_string("name", name_at(o, index));
    json_string("version", version);
    json_string("from", from);
    json_end();
}

static void tell_relocations(struct object *o, void *arg)
{
    size_t counts[KIND_COUNT] = {0};
    uint32_t last = STN_UNDEF;

    (void)arg;
    reloc_each(o, count_kind, counts);
    if (explain.is_json) {
        json_object(NULL);
        json_string("object", o->name);
        json_object("counts");
    } else {
        print(TO_OUTPUT, "%s\n  relocations\n", o->name);
    }
    for (unsigned i = 0; i < KIND_COUNT; i++)
        tell_count(kinds[i].name, counts[i]);
    tell_count("RELR", relr_words(o));
    if (explain.is_json) {
        json_end();
        json_array("symbols");
    } else {
        print(TO_OUTPUT, "  symbols\n");
    }
    reloc_each(o, tell_source, &last);
    if (explain.is_json) {
        json_end();
        json_end();
    }
}

void explain_reloc(void)
{
    if (explain.is_json)
        json_array("relocations");
    each_object(tell_relocations, NULL);
    if (explain.is_json)
        json_end();
}
