/*
 * list.c - listings in the form of ldd, which runs the loader for them.
 *
 * Called by main when everything is loaded and nothing is relocated. Libraries that are not there have
 * an object that is_missing (needs_skips). musl's loader always looks for undefined symbols.
 */
#include "list.h"

#include "error.h"
#include "load.h"
#include "lookup.h"
#include "needs.h"
#include "print.h"
#include "reloc.h"
#include "string.h"
#include "version.h"
#include "world.h"

enum { TO_OUTPUT = 1, TO_ERROR = 2 };

static void print_object(const struct object *o)
{
    const char *name = o->short_name != NULL ? o->short_name : o->name;
    char digits[17], zeros[] = "0000000000000000";
    size_t len = print_buffer(digits, sizeof digits, "%lx", (unsigned long)o->start);
    bool is_arrow = !string_equal(name, o->name);

    print(TO_OUTPUT, "\t%s%s%s (0x%s%s)\n", name, is_arrow ? " => " : "", is_arrow ? o->name : "",
          zeros + len, digits);
}

/* The vDSO is the first. Only in glibc's listings its own loader comes before that, if it is the next. */
static void print_objects(const struct object *first)
{
    const struct object *second = first != NULL && first->is_vdso ? first->next : NULL;
    const struct object *early = second != NULL && second->is_boot ? second : NULL;

    if (early != NULL && world == WORLD_GLIBC)
        print_object(early);
    for (const struct object *o = first; o != NULL; o = o->next) {
        if (world == WORLD_MUSL ? o->is_vdso || o->is_missing : o == early)
            continue;
        if (o->is_missing)
            print(TO_OUTPUT, "\t%s => not found\n", o->name);
        else
            print_object(o);
    }
}

static void print_needed_version(const struct object *o, const char *file,
                                 const Elf64_Vernaux *need)
{
    const char *name = object_string(o, need->vna_name);
    const struct object *definer = load_find_by_name(&object_base, file);
    bool is_there = definer != NULL && version_is_defined(definer, need, name);

    print(TO_OUTPUT, "\t\t%s (%s) %s=> %s\n", file, name,
          (need->vna_flags & VER_FLG_WEAK) != 0 ? "[WEAK] " : "",
          is_there ? definer->name : "not found");
}

static void print_versions(const struct object *o)
{
    const Elf64_Verneed *need = o->verneed;

    if (o->verneed_count > 0)
        print(TO_OUTPUT, "\t%s:\n", o->name);
    for (size_t i = 0; i < o->verneed_count; i++) {
        const Elf64_Vernaux *aux = (const void *)((const char *)need + need->vn_aux);
        for (unsigned k = 0; k < need->vn_cnt; k++) {
            print_needed_version(o, object_string(o, need->vn_file), aux);
            if (aux->vna_next == 0)
                break;
            aux = (const void *)((const char *)aux + aux->vna_next);
        }
        need = (const void *)((const char *)need + need->vn_next);
    }
}

/* A search for undefined symbols. */
struct undefined {
    bool has_functions;
    uint32_t last; /* the symbol told last: relocations come sorted by symbol */
    bool is_any;
};

static void visit_undefined(struct object *o, const Elf64_Rela *rela, const struct lookup_def *def,
                            void *arg)
{
    struct undefined *u = arg;
    uint32_t index = (uint32_t)ELF64_R_SYM(rela->r_info);

    if (def == NULL || lookup_is_defined(def) || index == u->last ||
        ELF64_ST_BIND(o->symtab[index].st_info) == STB_WEAK ||
        (reloc_is_call(rela) && !u->has_functions))
        return;
    const char *name = object_string(o, o->symtab[index].st_name);
    const struct object_version *version = lookup_wanted_version(o, index);
    u->last = index;
    u->is_any = true;
    if (world == WORLD_MUSL)
        print(TO_ERROR, "Error relocating %s: %s: symbol not found\n", o->name, name);
    else
        print(TO_ERROR, "undefined symbol: %s%s%s\t(%s)\n", name,
              version != NULL ? ", version " : "", version != NULL ? version->name : "", o->name);
}

/* Whether there are any. The loader's own record of what is wrong with a file is told, too. */
static bool print_undefined(bool has_functions)
{
    struct undefined u = {.has_functions = has_functions};

    for (struct object *o = object_base.tail; o != NULL; o = o->prev) {
        u.last = STN_UNDEF;
        int err = o->is_boot || o->is_vdso ? 0 : reloc_each(o, visit_undefined, &u);
        if (err != 0)
            print(TO_ERROR, "%s\n", error_text());
        u.is_any = u.is_any || err != 0;
    }
    return u.is_any;
}

static void visit_used(struct object *o, const Elf64_Rela *rela, const struct lookup_def *def,
                       void *arg)
{
    const unsigned *mark = arg;

    (void)rela;
    if (def != NULL && def->object != NULL && def->object != o)
        def->object->visit = *mark;
}

static bool print_unused(const struct object *program)
{
    unsigned mark = object_new_mark();
    bool is_any = false;

    for (struct object *o = object_base.tail; o != NULL; o = o->prev) {
        if (!o->is_boot && !o->is_vdso)
            reloc_each(o, visit_used, &mark);
    }
    for (size_t i = 0; program->needed != NULL && i < program->needed_count; i++) {
        const struct object *o = program->needed[i];
        if (o->visit == mark || o->is_boot)
            continue;
        print(TO_OUTPUT, is_any ? "\t%s\n" : "Unused direct dependencies:\n\t%s\n", o->name);
        is_any = true;
    }
    return is_any;
}

int list_print(struct object *program, const struct list_options *options)
{
    bool has_undefined = false;

    if (options->is_unused_only)
        return print_unused(program);
    if (program->needed_count == 0 && world != WORLD_MUSL) {
        print(TO_OUTPUT, "\tstatically linked\n");
        return 0;
    }
    print_objects(program->next);
    if (options->has_undefined || world == WORLD_MUSL)
        has_undefined = print_undefined(options->has_functions || world == WORLD_MUSL);
    if (options->has_versions)
        print(TO_OUTPUT, "\n\tVersion information:\n");
    for (const struct object *o = program; options->has_versions && o != NULL; o = o->next)
        print_versions(o);
    return world == WORLD_MUSL && (has_undefined || needs_have_failed) ? 127 : 0;
}
