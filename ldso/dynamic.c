/*
 * dynamic.c - the dynamic section, entry by entry, each table proved to lie in a segment.
 *
 * Assumes the object's segments and bias are set. Called by object.c alone, for files and for
 * images that the kernel mapped. Nothing is copied but the version table; the other fields point
 * into the mapping.
 *
 * How many symbols there are is written nowhere when an object has only DT_GNU_HASH (its chains
 * leave out the undefined ones, to which relocations refer). Linkers put another table right behind
 * .dynsym, so the symbol table ends at the next address that the dynamic section names, or with its
 * segment. Any index below that is readable, which is what safety needs; DT_HASH, where it is
 * there, says the same number exactly.
 */
#include "dynamic.h"

#include "alloc.h"
#include "error.h"
#include "string.h"
#include "sys.h"

enum { TAG_COUNT = DT_RELRENT + 1 }; /* gABI tags below it are kept by number */

/* The entries of one section, by tag; has_ says whether the tag occurred. Later entries win, as
 * elsewhere. */
struct entries {
    uint64_t value[TAG_COUNT];
    bool has[TAG_COUNT];
    uint64_t gnu_hash, versym, verdef, verdef_count, verneed, verneed_count;
    bool has_gnu_hash, has_versym, has_verdef, has_verneed;
};

uint32_t dynamic_sysv_hash(const char *name)
{
    uint32_t hash = 0;

    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
        hash = (hash << 4) + *c;
        hash ^= (hash >> 24) & 0xf0;
    }
    return hash & 0x0fffffff;
}

static int bad(const struct object *o, const char *entry, uint64_t value, const char *wanted)
{
    return error_set(ERROR_LIBRARY, ENOEXEC, "%s: dynamic section: %s is 0x%lx, wanted %s", o->name,
                     entry, value, wanted);
}

static void collect_gnu(struct object *o, struct entries *e, const Elf64_Dyn *d)
{
    uint64_t value = d->d_un.d_val;

    switch (d->d_tag) {
    case DT_GNU_HASH:
        e->gnu_hash = value;
        e->has_gnu_hash = true;
        break;
    case DT_VERSYM:
        e->versym = value;
        e->has_versym = true;
        break;
    case DT_VERDEF:
        e->verdef = value;
        e->has_verdef = true;
        break;
    case DT_VERDEFNUM:
        e->verdef_count = value;
        break;
    case DT_VERNEED:
        e->verneed = value;
        e->has_verneed = true;
        break;
    case DT_VERNEEDNUM:
        e->verneed_count = value;
        break;
    case DT_FLAGS_1:
        o->flags_1 = value;
        break;
    case DT_AUDIT:
    case DT_DEPAUDIT:
        o->has_auditors = true;
        break;
    case DT_RELACOUNT:
        o->relative_count = value;
        break;
    default:
        break;
    }
}

/* The tag of a filter's object counts as one, too: load.c knows what it means in which world. */
static bool is_need(const Elf64_Dyn *d)
{
    return d->d_tag == DT_NEEDED || d->d_tag == DT_FILTER || d->d_tag == DT_AUXILIARY;
}

static int collect(struct object *o, struct entries *e, size_t capacity)
{
    for (size_t i = 0; i < capacity; i++) {
        Elf64_Dyn *d = &o->dynamic[i];
        if (d->d_tag == DT_NULL) {
            o->dynamic_count = i;
            return 0;
        }
        if (is_need(d))
            o->needed_count++;
        else if (d->d_tag == DT_DEBUG)
            o->debug = d;
        else if (d->d_tag > 0 && d->d_tag < TAG_COUNT) {
            e->value[d->d_tag] = d->d_un.d_val;
            e->has[d->d_tag] = true;
        } else
            collect_gnu(o, e, d);
    }
    return bad(o, "the number of entries", capacity, "a DT_NULL among them");
}

static int decode_strings(struct object *o, const struct entries *e)
{
    if (!e->has[DT_STRTAB])
        return o->needed_count > 0 ? bad(o, "DT_STRTAB", 0, "the string table that DT_NEEDED needs")
                                   : 0;
    o->strsz = e->value[DT_STRSZ];
    o->strtab = object_at(o, e->value[DT_STRTAB], o->strsz, PROT_READ);
    if (o->strtab == NULL)
        return bad(o, "DT_STRTAB", e->value[DT_STRTAB], "DT_STRSZ bytes inside a segment");
    if (o->strsz == 0 || o->strtab[o->strsz - 1] != '\0')
        return bad(o, "DT_STRSZ", o->strsz, "a string table that ends with a NUL");
    return 0;
}

static int decode_names(struct object *o, const struct entries *e)
{
    const struct {
        int tag;
        const char *name;
        const char **field;
    } names[] = {
        {DT_SONAME, "DT_SONAME", &o->soname},
        {DT_RPATH, "DT_RPATH", &o->rpath},
        {DT_RUNPATH, "DT_RUNPATH", &o->runpath},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!e->has[names[i].tag])
            continue;
        *names[i].field = object_string(o, e->value[names[i].tag]);
        if (*names[i].field == NULL)
            return bad(o, names[i].name, e->value[names[i].tag], "less than DT_STRSZ");
    }
    for (size_t i = 0; i < o->dynamic_count; i++) {
        const Elf64_Dyn *d = &o->dynamic[i];
        if (is_need(d) && object_string(o, d->d_un.d_val) == NULL)
            return bad(o,
                       d->d_tag == DT_NEEDED   ? "DT_NEEDED"
                       : d->d_tag == DT_FILTER ? "DT_FILTER"
                                               : "DT_AUXILIARY",
                       d->d_un.d_val, "less than DT_STRSZ");
    }
    return 0;
}

static uint64_t nearer(uint64_t limit, uint64_t symtab, bool has, uint64_t table)
{
    return has && table > symtab && table - symtab < limit ? table - symtab : limit;
}

static int decode_symbols(struct object *o, const struct entries *e)
{
    uint64_t symtab = e->value[DT_SYMTAB];

    if (!e->has[DT_SYMTAB])
        return 0;
    if (e->has[DT_SYMENT] && e->value[DT_SYMENT] != sizeof(Elf64_Sym))
        return bad(o, "DT_SYMENT", e->value[DT_SYMENT], "24");
    o->symtab = object_at(o, symtab, sizeof(Elf64_Sym), PROT_READ);
    if (o->symtab == NULL || symtab % _Alignof(Elf64_Sym) != 0)
        return bad(o, "DT_SYMTAB", symtab, "an aligned table inside a segment");
    uint64_t len = object_room(o, o->bias + symtab);
    static const int behind[] = {DT_STRTAB, DT_HASH, DT_RELA, DT_JMPREL, DT_RELR};
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++)
        len = nearer(len, symtab, e->has[behind[i]], e->value[behind[i]]);
    len = nearer(len, symtab, e->has_gnu_hash, e->gnu_hash);
    len = nearer(len, symtab, e->has_versym, e->versym);
    len = nearer(len, symtab, e->has_verneed, e->verneed);
    len = nearer(len, symtab, e->has_verdef, e->verdef);
    uint64_t count = len / sizeof(Elf64_Sym);
    if (e->has_versym) {
        o->versym = object_at(o, e->versym, sizeof(uint16_t), PROT_READ);
        if (o->versym == NULL || e->versym % sizeof(uint16_t) != 0)
            return bad(o, "DT_VERSYM", e->versym, "a table inside a segment");
        uint64_t versym_count = object_room(o, o->bias + e->versym) / sizeof(uint16_t);
        count = versym_count < count ? versym_count : count;
    }
    o->sym_count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
    return 0;
}

static int decode_sysv_hash(struct object *o, const struct entries *e)
{
    uint64_t vaddr = e->value[DT_HASH];

    if (!e->has[DT_HASH])
        return 0;
    const uint32_t *table = object_at(o, vaddr, 2 * sizeof *table, PROT_READ);
    if (table == NULL || vaddr % sizeof *table != 0)
        return bad(o, "DT_HASH", vaddr, "an aligned table inside a segment");
    uint64_t words = UINT64_C(2) + table[0] + table[1];
    if (object_at(o, vaddr, words * sizeof *table, PROT_READ) == NULL)
        return bad(o, "DT_HASH", words * sizeof *table, "buckets and chains inside the segment");
    if (table[0] == 0 && table[1] > 1)
        return bad(o, "DT_HASH nbucket", 0, "at least one bucket for the symbols there are");
    o->sysv_nbucket = table[0];
    o->sysv_nchain = table[1];
    o->sysv_hash = table + 2;
    o->sysv_chain = table + 2 + table[0];
    if (o->sysv_nchain < o->sym_count)
        o->sym_count = o->sysv_nchain;
    return 0;
}

/*
 * The chains of DT_HASH are followed, where there is no DT_GNU_HASH, link by link: each link is looked at
 * once. Chains in a circle, or many that share their ends, have more links than there are symbols.
 */
static int check_chains(struct object *o, const struct entries *e)
{
    uint64_t links = 0;
    (void)e;

    for (uint32_t b = 0; b < o->sysv_nbucket && o->gnu_nbucket == 0; b++) {
        for (uint32_t i = o->sysv_hash[b]; i != STN_UNDEF; i = o->sysv_chain[i]) {
            if (i >= o->sysv_nchain)
                return bad(o, "DT_HASH link", i, "0 or the number of a symbol");
            if (++links >= o->sysv_nchain)
                return bad(o, "DT_HASH chain length", links, "each symbol in one chain, once");
        }
    }
    return 0;
}

/* DT_GNU_HASH: nbuckets, symoffset, bloom_size, bloom_shift; bloom words; buckets; chains. */
static int decode_gnu_hash(struct object *o, const struct entries *e)
{
    if (!e->has_gnu_hash)
        return 0;
    const uint32_t *table = object_at(o, e->gnu_hash, 4 * sizeof *table, PROT_READ);
    if (table == NULL || e->gnu_hash % sizeof(uint64_t) != 0)
        return bad(o, "DT_GNU_HASH", e->gnu_hash, "an aligned table inside a segment");
    uint64_t bloom_len = (uint64_t)table[2] * sizeof(uint64_t);
    uint64_t len = 4 * sizeof *table + bloom_len + (uint64_t)table[0] * sizeof *table;
    if (table[2] == 0 || (table[2] & (table[2] - 1)) != 0)
        return bad(o, "DT_GNU_HASH bloom size", table[2], "a power of two");
    if (table[3] >= 64)
        return bad(o, "DT_GNU_HASH bloom shift", table[3], "less than 64");
    if (object_at(o, e->gnu_hash, len, PROT_READ) == NULL)
        return bad(o, "DT_GNU_HASH", len, "filter and buckets inside the segment");
    if (table[0] == 0 && table[1] < o->sym_count && !e->has[DT_HASH])
        return bad(o, "DT_GNU_HASH nbuckets", 0, "at least one bucket for the symbols there are");
    o->gnu_nbucket = table[0];
    o->gnu_symoffset = table[1];
    o->gnu_bloom_mask = table[2] - 1;
    o->gnu_shift = table[3];
    o->gnu_bloom = (const uint64_t *)(table + 4);
    o->gnu_bucket = (const uint32_t *)(o->gnu_bloom + table[2]);
    o->gnu_chain = o->gnu_bucket + table[0];
    /* It does not bound the symbols: GNU ld's table for a file that defines none has symoffset 1
     * and no chain. */
    uint64_t end = o->gnu_symoffset + object_room(o, (uintptr_t)o->gnu_chain) / sizeof *table;
    o->gnu_end = end < o->sym_count ? (uint32_t)end : o->sym_count;
    return 0;
}

/* A table of an array of items of known size at vaddr, len bytes: pointer and count, or an error.
 */
static int decode_table(struct object *o, const char *name, uint64_t vaddr, uint64_t len,
                        size_t item, const void **table, size_t *count)
{
    if (len == 0)
        return 0;
    if (len % item != 0)
        return bad(o, name, len, "a multiple of the size of its entries");
    *table = object_at(o, vaddr, len, PROT_READ);
    if (*table == NULL || vaddr % sizeof(uint64_t) != 0)
        return bad(o, name, vaddr, "an aligned table inside a segment");
    *count = len / item;
    return 0;
}

static int decode_relocations(struct object *o, const struct entries *e)
{
    if (e->has[DT_REL] && e->value[DT_RELSZ] != 0)
        return bad(o, "DT_REL", e->value[DT_REL], "DT_RELA, the kind this machine uses");
    if (e->has[DT_RELAENT] && e->value[DT_RELAENT] != sizeof(Elf64_Rela))
        return bad(o, "DT_RELAENT", e->value[DT_RELAENT], "24");
    if (e->has[DT_RELRENT] && e->value[DT_RELRENT] != sizeof(uint64_t))
        return bad(o, "DT_RELRENT", e->value[DT_RELRENT], "8");
    if (e->has[DT_JMPREL] && e->has[DT_PLTREL] && e->value[DT_PLTREL] != DT_RELA)
        return bad(o, "DT_PLTREL", e->value[DT_PLTREL], "7, DT_RELA");
    int err = decode_table(o, "DT_RELA", e->value[DT_RELA], e->value[DT_RELASZ], sizeof *o->rela,
                           (const void **)&o->rela, &o->rela_count);
    if (err == 0 && e->has[DT_JMPREL])
        err = decode_table(o, "DT_JMPREL", e->value[DT_JMPREL], e->value[DT_PLTRELSZ],
                           sizeof *o->jmprel, (const void **)&o->jmprel, &o->jmprel_count);
    if (err == 0)
        err = decode_table(o, "DT_RELR", e->value[DT_RELR], e->value[DT_RELRSZ], sizeof *o->relr,
                           (const void **)&o->relr, &o->relr_count);
    if (err == 0 && o->relr_count > 0 && (o->relr[0] & 1) != 0)
        return bad(o, "DT_RELR", o->relr[0], "an address before the first bitmap");
    if (o->relative_count > o->rela_count)
        o->relative_count = o->rela_count;
    /* Only the unbound slots of the PLT use it, so a bad one matters only then: keep it if it is
     * usable. */
    if (e->has[DT_PLTGOT] && e->value[DT_PLTGOT] % sizeof(uintptr_t) == 0)
        o->pltgot = object_at(o, e->value[DT_PLTGOT], 3 * sizeof(uintptr_t), PROT_WRITE);
    return err;
}

static int decode_functions(struct object *o, const struct entries *e)
{
    const struct {
        int tag, size_tag;
        const char *name;
        const uintptr_t **array;
        size_t *count;
    } arrays[] = {
        {DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, "DT_PREINIT_ARRAY", &o->preinit_array,
         &o->preinit_count},
        {DT_INIT_ARRAY, DT_INIT_ARRAYSZ, "DT_INIT_ARRAY", &o->init_array, &o->init_count},
        {DT_FINI_ARRAY, DT_FINI_ARRAYSZ, "DT_FINI_ARRAY", &o->fini_array, &o->fini_count},
    };
    int err = 0;

    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0] && err == 0; i++) {
        if (e->has[arrays[i].tag])
            err = decode_table(o, arrays[i].name, e->value[arrays[i].tag],
                               e->value[arrays[i].size_tag], sizeof(uintptr_t),
                               (const void **)arrays[i].array, arrays[i].count);
    }
    if (e->has[DT_INIT] && e->value[DT_INIT] != 0)
        o->init = o->bias + e->value[DT_INIT];
    if (e->has[DT_FINI] && e->value[DT_FINI] != 0)
        o->fini = o->bias + e->value[DT_FINI];
    if (err == 0 && o->init != 0 && !object_can_execute(o, o->init))
        return bad(o, "DT_INIT", e->value[DT_INIT], "an address in an executable segment");
    if (err == 0 && o->fini != 0 && !object_can_execute(o, o->fini))
        return bad(o, "DT_FINI", e->value[DT_FINI], "an address in an executable segment");
    return err;
}

static int set_version(struct object *o, unsigned index, struct object_version version)
{
    index &= 0x7fff;                 /* VERSYM_VERSION: bit 15 says hidden */
    if (index >= o->version_count) { /* twice as many at least, so that growing costs no square */
        unsigned count = index + 1 > 2 * o->version_count ? index + 1 : 2 * o->version_count;
        struct object_version *versions = alloc_resize(o->versions, count * sizeof *versions);
        if (versions == NULL)
            return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", o->name);
        memset(versions + o->version_count, 0, (count - o->version_count) * sizeof *versions);
        o->versions = versions;
        o->version_count = count;
    }
    o->versions[index] = version;
    return 0;
}

/*
 * DT_VERDEF and DT_VERNEED are lists linked by relative offsets, a DT_VERNEED's items with a list of their
 * own each. A step goes forward by the size of an entry at least, inside the segment, so a list ends; a
 * count larger than the steps is no error, as in glibc. But many lists could share their entries, which
 * would take time that grows with the square of the file's size: so all of them together may have no more
 * entries than there is room for.
 */
struct versions {
    struct object *object;
    uint64_t room; /* entries that can still follow without sharing their bytes */
};

/* The bytes from the start of a list to the end of its segment, in entries of that size. */
static uint64_t version_room(const struct object *o, uint64_t vaddr, size_t size)
{
    return object_room(o, o->bias + vaddr) / size;
}

/* Is there an entry of size bytes that has not been counted already? */
static bool has_entry(struct versions *v, uint64_t vaddr, size_t size)
{
    if (v->room == 0 || vaddr % _Alignof(Elf64_Verneed) != 0 ||
        object_at(v->object, vaddr, size, PROT_READ) == NULL)
        return false;
    v->room--;
    return true;
}

/* A link to the next entry, which must not be inside this one. */
static bool is_link(uint64_t next, size_t size)
{
    return next == 0 || next >= size;
}

static int add_definition(struct versions *v, uint64_t vaddr, const Elf64_Verdef *def)
{
    struct object *o = v->object;
    const Elf64_Verdaux *aux = object_at(o, vaddr + def->vd_aux, sizeof *aux, PROT_READ);

    if (aux == NULL || def->vd_aux % _Alignof(Elf64_Verdaux) != 0 ||
        object_string(o, aux->vda_name) == NULL)
        return bad(o, "vd_aux", def->vd_aux, "a version name inside the string table");
    if ((def->vd_flags & VER_FLG_BASE) != 0)
        return 0;
    return set_version(
        o, def->vd_ndx,
        (struct object_version){.name = object_string(o, aux->vda_name), .hash = def->vd_hash});
}

static int decode_verdef(struct object *o, const struct entries *e)
{
    uint64_t vaddr = e->verdef;
    struct versions v = {o, version_room(o, vaddr, sizeof(Elf64_Verdef))};

    if (!e->has_verdef || e->verdef_count == 0)
        return 0;
    for (o->verdef_count = 0; o->verdef_count < e->verdef_count;) {
        if (!has_entry(&v, vaddr, sizeof(Elf64_Verdef)))
            return bad(o, "DT_VERDEF", vaddr, "a version definition inside a segment");
        const Elf64_Verdef *def = (const Elf64_Verdef *)(o->bias + vaddr);
        if (!is_link(def->vd_next, sizeof *def))
            return bad(o, "vd_next", def->vd_next,
                       "0 or the size of a version definition at least");
        if (o->verdef_count++ == 0)
            o->verdef = def;
        int err = add_definition(&v, vaddr, def);
        if (err != 0)
            return err;
        if (def->vd_next == 0)
            break;
        vaddr += def->vd_next;
    }
    return 0;
}

static int decode_needed_versions(struct versions *v, uint64_t vaddr, const Elf64_Verneed *need)
{
    struct object *o = v->object;

    vaddr += need->vn_aux;
    for (unsigned i = 0; i < need->vn_cnt; i++) {
        if (!has_entry(v, vaddr, sizeof(Elf64_Vernaux)))
            return bad(o, "vn_aux", vaddr, "a needed version inside a segment, of this list alone");
        const Elf64_Vernaux *aux = (const Elf64_Vernaux *)(o->bias + vaddr);
        if (object_string(o, aux->vna_name) == NULL)
            return bad(o, "vna_name", aux->vna_name, "less than DT_STRSZ");
        if (!is_link(aux->vna_next, sizeof *aux))
            return bad(o, "vna_next", aux->vna_next, "0 or the size of a needed version at least");
        int err = set_version(o, aux->vna_other,
                              (struct object_version){.name = object_string(o, aux->vna_name),
                                                      .file = object_string(o, need->vn_file),
                                                      .hash = aux->vna_hash,
                                                      .is_hidden = (aux->vna_other & 0x8000) != 0});
        if (err != 0)
            return err;
        if (aux->vna_next == 0)
            break;
        vaddr += aux->vna_next;
    }
    return 0;
}

static int decode_verneed(struct object *o, const struct entries *e)
{
    uint64_t vaddr = e->verneed;
    struct versions v = {o, version_room(o, vaddr, sizeof(Elf64_Verneed))};

    if (!e->has_verneed || e->verneed_count == 0)
        return 0;
    for (o->verneed_count = 0; o->verneed_count < e->verneed_count;) {
        if (!has_entry(&v, vaddr, sizeof(Elf64_Verneed)))
            return bad(o, "DT_VERNEED", vaddr, "a version need inside a segment");
        const Elf64_Verneed *need = (const Elf64_Verneed *)(o->bias + vaddr);
        if (object_string(o, need->vn_file) == NULL)
            return bad(o, "vn_file", need->vn_file, "less than DT_STRSZ");
        if (!is_link(need->vn_next, sizeof *need))
            return bad(o, "vn_next", need->vn_next, "0 or the size of a version need at least");
        if (o->verneed_count++ == 0)
            o->verneed = need;
        int err = decode_needed_versions(&v, vaddr, need);
        if (err != 0)
            return err;
        if (need->vn_next == 0)
            break;
        vaddr += need->vn_next;
    }
    return 0;
}

int dynamic_decode(struct object *o, const Elf64_Phdr *header)
{
    struct entries e = {.gnu_hash = 0};
    uint64_t len = header->p_memsz;

    o->dynamic = object_at(o, header->p_vaddr, len, PROT_READ);
    if (o->dynamic == NULL || header->p_vaddr % _Alignof(Elf64_Dyn) != 0)
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: PT_DYNAMIC at 0x%lx, 0x%lx bytes, is not inside a segment", o->name,
                         header->p_vaddr, len);
    int err = collect(o, &e, len / sizeof(Elf64_Dyn));
    if (err != 0)
        return err;
    o->is_symbolic = e.has[DT_SYMBOLIC] || (e.value[DT_FLAGS] & DF_SYMBOLIC) != 0;
    o->is_bind_now = e.has[DT_BIND_NOW] || (e.value[DT_FLAGS] & DF_BIND_NOW) != 0 ||
                     (o->flags_1 & DF_1_NOW) != 0;
    o->has_textrel = e.has[DT_TEXTREL] || (e.value[DT_FLAGS] & DF_TEXTREL) != 0;
    static int (*const steps[])(struct object *, const struct entries *) = {
        decode_strings, decode_names,       decode_symbols,   decode_sysv_hash, decode_gnu_hash,
        check_chains,   decode_relocations, decode_functions, decode_verdef,    decode_verneed,
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && err == 0; i++)
        err = steps[i](o, &e);
    return err;
}
