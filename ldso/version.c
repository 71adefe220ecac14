/*
 * version.c - are the symbol versions that objects need defined where they need them?
 *
 * Called by main and dl.c once all objects are loaded, before anything is relocated; by list.c for one
 * version. dynamic.c has decoded the tables and proved them sound.
 */
#include "version.h"

#include "error.h"
#include "load.h"
#include "needs.h"
#include "print.h"
#include "string.h"
#include "sys.h"
#include "trace.h"
#include "world.h"

static bool is_definition_of(const struct object_version *v, uint32_t hash, const char *name)
{
    return v->name != NULL && v->file == NULL && v->hash == hash && string_equal(v->name, name);
}

/* Some libraries have a thousand versions, and a file may need as many of them: those go into a hash
 * table, of indices of versions, 0 where a slot is free. */
enum { MANY_VERSIONS = 64, MOST_PROBES = 1024 };

static uint32_t version_slot(const struct object *o, uint32_t hash)
{
    return hash * UINT32_C(2654435769) >> o->version_shift;
}

static uint32_t next_version_slot(const struct object *o, uint32_t slot)
{
    return (slot + 1) & (UINT32_MAX >> o->version_shift);
}

/* Hashes are what the file says. Only those that somebody chose to be alike need so many probes. */
static int add_version_slot(struct object *o, unsigned index)
{
    uint32_t slot = version_slot(o, o->versions[index].hash);

    for (unsigned probes = 0; o->version_slots[slot] != 0; slot = next_version_slot(o, slot)) {
        if (++probes > MOST_PROBES)
            return error_set(ERROR_LIBRARY, ENOEXEC,
                             "%s: version definitions: more than %u have hashes like 0x%x of %s",
                             o->name, (unsigned)MOST_PROBES, o->versions[index].hash,
                             o->versions[index].name);
    }
    o->version_slots[slot] = (uint16_t)index;
    return 0;
}

static int index_versions(struct object *o)
{
    unsigned bits = 8;
    int err = 0;

    if (o->version_count < MANY_VERSIONS || o->version_slots != NULL)
        return 0;
    while (UINT32_C(1) << bits < o->version_count * 2)
        bits++;
    o->version_shift = 32 - bits;
    o->version_slots = object_alloc(o, sizeof *o->version_slots << bits);
    if (o->version_slots == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", o->name);
    for (unsigned i = 1; i < o->version_count && err == 0; i++) {
        if (o->versions[i].name != NULL && o->versions[i].file == NULL)
            err = add_version_slot(o, i);
    }
    return err;
}

bool version_is_defined(const struct object *o, const Elf64_Vernaux *need, const char *name)
{
    if (o->version_slots == NULL) {
        for (unsigned i = 0; i < o->version_count; i++) {
            if (is_definition_of(&o->versions[i], need->vna_hash, name))
                return true;
        }
        return false;
    }
    for (uint32_t slot = version_slot(o, need->vna_hash); o->version_slots[slot] != 0;
         slot = next_version_slot(o, slot)) {
        if (is_definition_of(&o->versions[o->version_slots[slot]], need->vna_hash, name))
            return true;
    }
    return false;
}

/* What there is instead of a version that is missing. */
static void explain_versions(const struct object *definer)
{
    const unsigned most = 20;
    unsigned count = 0;

    for (unsigned i = definer->version_count; i-- > 1 && count < most;) {
        const struct object_version *v = &definer->versions[i];
        if (v->name != NULL && v->file == NULL && count++ < most)
            error_explain("  %s defines %s\n", definer->name, v->name);
    }
}

static int check_need(const struct object *o, struct object *definer, const Elf64_Vernaux *need)
{
    const char *name = object_string(o, need->vna_name);

    TRACE(.kind = TRACE_VERSION, .object = o, .other = definer, .name = name);
    if (definer->verdef_count == 0) {
        if (!load_for_dlopen && !definer->is_missing)
            print(2, "%s: %s: no version information available (required by %s)\n",
                  object_base.head->name, definer->name, o->name);
        return 0;
    }
    int err = index_versions(definer);
    if (err != 0)
        return err;
    if (version_is_defined(definer, need, name))
        return 0;
    if ((need->vna_flags & VER_FLG_WEAK) != 0) {
        if (!load_for_dlopen)
            print(2, "%s: %s: weak version `%s' not found (required by %s)\n",
                  object_base.head->name, definer->name, name, o->name);
        return 0;
    }
    TRACE(.kind = TRACE_LACK, .object = o, .other = definer, .name = name);
    err = error_set(ERROR_VERSION, ENOEXEC, "%s: version `%s' not found (required by %s)",
                    definer->name, name, o->name);
    explain_versions(definer);
    return err;
}

/* decode_verneed proved the lists sound: every step below stays inside. */
static int check_versions_of(const struct object *o)
{
    const Elf64_Verneed *need = o->verneed;

    for (size_t i = 0; i < o->verneed_count; i++) {
        struct object *definer = load_find_by_name(o->ns, object_string(o, need->vn_file));
        const Elf64_Vernaux *aux = (const void *)((const char *)need + need->vn_aux);
        for (unsigned k = 0; definer != NULL && k < need->vn_cnt; k++) {
            int err = check_need(o, definer, aux);
            if (err != 0 && needs_skips != NEEDS_SKIP_NOTHING) {
                print(2, "%s: %s\n", object_base.head->name, error_text());
                needs_have_failed = true;
            } else if (err != 0) {
                return err;
            }
            if (aux->vna_next == 0)
                break;
            aux = (const void *)((const char *)aux + aux->vna_next);
        }
        need = (const void *)((const char *)need + need->vn_next);
    }
    return 0;
}

int version_check(struct object *first)
{
    for (const struct object *o = first; o != NULL && world != WORLD_MUSL; o = o->next) {
        int err = check_versions_of(o);
        if (err != 0)
            return err;
    }
    return 0;
}
