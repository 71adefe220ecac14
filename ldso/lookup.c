/*
 * lookup.c - hash tables, symbol versions, scopes.
 *
 * Called by reloc.c and dlsym under the loader's lock. Objects are as object.c left them: every
 * table is inside a segment, an index below sym_count is safe, and a string offset is checked here
 * before it is followed.
 */
#include "lookup.h"

#include "alloc.h"
#include "dynamic.h"
#include "error.h"
#include "readonly.h"
#include "string.h"
#include "sys.h"
#include "world.h"

const struct lookup_builtin *lookup_builtins READ_ONLY_AFTER_START;

/*
 * STB_GNU_UNIQUE: the first definition bound to serves the whole namespace, whatever scope asks. Open
 * addressing over a power of two; the hash is mixed because DJB's low bits cluster.
 */
struct object_unique {
    uint32_t hash;
    struct lookup_def def; /* def.sym NULL: free */
};

/*
 * Eight characters c0 ... c7 at a time: the hash times 33^8, and c0 * 33^7 + ... + c7. The sum is made
 * of pairs, c0 * 33 + c1 in each 16 bits of the word, then of pairs of those in 32 bits, which is as
 * far as they fit: 255 * (33^3 + 33^2 + 33 + 1) is below 2^32.
 */
uint32_t lookup_gnu_hash(const char *name)
{
    const uint64_t low8 = UINT64_C(0x00ff00ff00ff00ff), low16 = UINT64_C(0x0000ffff0000ffff);
    const uint32_t to_4 = 33 * 33 * 33 * 33;
    uint32_t hash = 5381;

    for (size_t words = string_words_at(name); words > 0; words--, name += sizeof(uint64_t)) {
        uint64_t sum = string_word(name);
        if (string_zeros(sum) != 0)
            break;
        sum = (sum & low8) * 33 + (sum >> 8 & low8);
        sum = (sum & low16) * (UINT64_C(33) * 33) + (sum >> 16 & low16);
        hash = (hash * to_4 + (uint32_t)sum) * to_4 + (uint32_t)(sum >> 32);
    }
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++)
        hash = hash * 33 + *c;
    return hash;
}

const struct object_version *lookup_wanted_version(const struct object *o, uint32_t sym)
{
    unsigned index = o->versym != NULL ? o->versym[sym] & 0x7fffu : 0;

    return index >= 2 && index < o->version_count && o->versions[index].name != NULL
               ? &o->versions[index]
               : NULL;
}

bool lookup_has_undefined_version(const struct object *o, uint32_t sym)
{
    return o->versym != NULL && (o->versym[sym] & 0x7fff) >= 2 && world != WORLD_MUSL &&
           lookup_wanted_version(o, sym) == NULL;
}

const char *lookup_defined_version(const struct object *o, uint32_t sym)
{
    unsigned index = o->versym != NULL ? o->versym[sym] & 0x7fffu : 0;

    return index >= 2 && index < o->version_count ? o->versions[index].name : NULL;
}

void lookup_init(struct lookup_name *n, const char *name, const struct object_version *version)
{
    n->name = name;
    n->version = version;
    n->gnu_hash = lookup_gnu_hash(name);
    n->has_gnu_hash = true;
    n->has_sysv_hash = false;
    n->steps = 0;
    n->crowded = NULL;
}

int lookup_make_global(struct object *o)
{
    if (o->is_global)
        return 0;
    int err = object_list_add(&o->ns->global, o);
    o->is_global = err == 0;
    return err;
}

/* A definition that mode accepts, its version aside? */
static bool is_definition(const Elf64_Sym *sym, enum lookup_mode mode)
{
    unsigned type = ELF64_ST_TYPE(sym->st_info);
    unsigned bind = ELF64_ST_BIND(sym->st_info);
    const unsigned types = 1u << STT_NOTYPE | 1u << STT_OBJECT | 1u << STT_FUNC | 1u << STT_COMMON |
                           1u << STT_TLS | 1u << STT_GNU_IFUNC;

    if (sym->st_shndx == SHN_UNDEF && (mode == LOOKUP_PLT || type == STT_TLS))
        return false;
    if (sym->st_value == 0 && sym->st_shndx != SHN_ABS && type != STT_TLS)
        return false;
    return (types >> type & 1) != 0 &&
           (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE);
}

enum match {
    MATCH_NO,
    MATCH_YES,
    /* no version asked for, and this definition has one: fine if it is the only default */
    MATCH_IF_ALONE,
};

/*
 * glibc's rule. Version index 0 is local, 1 the unversioned base, 2 the first version a library
 * ever had. A reference without a version accepts the first two and, for relocations, the third: it
 * was linked when there was nothing else. Beyond, it accepts a default (not hidden) definition if
 * there is just one. A reference with a version wants exactly that, or a definition without any.
 */
static enum match match_version(const struct object *o, uint32_t sym, const struct lookup_name *n,
                                enum lookup_mode mode)
{
    if (o->versym == NULL)
        return MATCH_YES;
    unsigned versym = o->versym[sym];
    unsigned index = versym & 0x7fff;
    bool is_hidden = (versym & 0x8000) != 0;
    if (world == WORLD_MUSL) /* musl knows no version but the default */
        return is_hidden ? MATCH_NO : MATCH_YES;
    if (n->version == NULL) {
        if (index < (mode == LOOKUP_DLSYM ? 2 : 3))
            return MATCH_YES;
        return is_hidden ? MATCH_NO : MATCH_IF_ALONE;
    }
    const struct object_version *have = index < o->version_count ? &o->versions[index] : NULL;
    if (have == NULL || have->name == NULL)
        return n->version->is_hidden || is_hidden ? MATCH_NO : MATCH_YES;
    bool is_same = have->hash == n->version->hash &&
                   string_equal_words(have->name, n->version->name);
    return is_same ? MATCH_YES : MATCH_NO;
}

static enum match match_symbol(const struct object *o, uint32_t index, const struct lookup_name *n,
                               enum lookup_mode mode)
{
    const Elf64_Sym *sym = &o->symtab[index];
    const char *name = object_string(o, sym->st_name);

    if (!is_definition(sym, mode) || name == NULL || !string_equal_words(name, n->name))
        return MATCH_NO;
    return match_version(o, index, n, mode);
}

/* What a walk along a hash chain has come by. */
struct candidate {
    const Elf64_Sym *found; /* settled */
    const Elf64_Sym *alone; /* a MATCH_IF_ALONE */
    unsigned alone_count;
};

/* False once the walk may end. */
static bool consider(struct candidate *c, const struct object *o, uint32_t index,
                     const struct lookup_name *n, enum lookup_mode mode)
{
    enum match match = match_symbol(o, index, n, mode);

    if (match == MATCH_YES)
        c->found = &o->symtab[index];
    else if (match == MATCH_IF_ALONE && c->alone_count++ == 0)
        c->alone = &o->symtab[index];
    return c->found == NULL;
}

/* Whether the Bloom filter rules the name out. Without bit 0 of the hash it asks for either value: the
 * bit only tells which of two neighbours in a word is meant. */
static bool is_filtered_out(const struct object *o, const struct lookup_name *n)
{
    uint64_t word = o->gnu_bloom[n->gnu_hash / 64 & o->gnu_bloom_mask];
    uint64_t second = (uint64_t)n->gnu_hash >> o->gnu_shift;

    if (n->has_gnu_hash)
        return (word >> n->gnu_hash % 64 & word >> second % 64 & 1) == 0;
    return (word >> (n->gnu_hash & ~UINT32_C(1)) % 64 & 3) == 0 ||
           (o->gnu_shift > 0 && (word >> second % 64 & 1) == 0);
}

static void complete_hash(struct lookup_name *n)
{
    if (!n->has_gnu_hash)
        n->gnu_hash = lookup_gnu_hash(n->name);
    n->has_gnu_hash = true;
}

/*
 * Linkers make chains of a few symbols. A file may have all of its symbols in one, and as many references: to follow it
 * for each would take the square of the file's size. So when a walk gets long the symbols are sorted by hash, once, and
 * from then on sought in there.
 *
 * That leaves names whose hashes are the same, which are easily made up. Each of them is compared, and an object has
 * work of that kind for all that a linker could mean by it, in proportion to its symbols; then it is given up.
 */
enum { LONG_CHAIN = 256, ALIKE_WORK = 1 << 20, ALIKE_WORK_EACH = 64 };

/* One pass of a radix sort, by the lower or the upper half of the hash. */
static void sort_by_half(const struct object_hash *from, struct object_hash *to, uint32_t count,
                         uint32_t *places, unsigned shift)
{
    const uint32_t half = 0xffff;

    memset(places, 0, (half + 2) * sizeof *places);
    for (uint32_t i = 0; i < count; i++)
        places[(from[i].hash >> shift & half) + 1]++;
    for (uint32_t i = 0; i < half; i++)
        places[i + 1] += places[i];
    for (uint32_t i = 0; i < count; i++)
        to[places[from[i].hash >> shift & half]++] = from[i];
}

/* False if there is no memory: then chains are followed as before. */
static bool sort_symbols(struct object *o)
{
    uint32_t first = o->gnu_nbucket != 0 ? o->gnu_symoffset : 1;
    uint32_t end = o->gnu_nbucket != 0 ? o->gnu_end : o->sym_count, count = end - first;
    struct object_hash *sorted = object_alloc(o, count * sizeof *sorted);
    struct object_hash *half = alloc_array(count, sizeof *half);
    uint32_t *places = alloc_array(1 << 16 | 1, sizeof *places);

    if (sorted != NULL && half != NULL && places != NULL) {
        for (uint32_t i = first; i < end; i++) {
            const char *name = object_string(o, o->symtab[i].st_name);
            uint32_t hash = o->gnu_nbucket != 0 ? o->gnu_chain[i - first]
                            : name != NULL      ? lookup_gnu_hash(name)
                                                : 0;
            sorted[i - first] = (struct object_hash){hash | 1, i};
        }
        sort_by_half(sorted, half, count, places, 0);
        sort_by_half(half, sorted, count, places, 16);
        o->by_hash = sorted;
        o->by_hash_count = count;
    }
    alloc_free(half);
    alloc_free(places);
    return o->by_hash != NULL;
}

static uint32_t first_of_hash(const struct object *o, uint32_t hash)
{
    uint32_t low = 0, high = o->by_hash_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (o->by_hash[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void walk_sorted(struct candidate *c, struct object *o, struct lookup_name *n,
                        enum lookup_mode mode)
{
    uint64_t most = ALIKE_WORK + (uint64_t)ALIKE_WORK_EACH * o->by_hash_count;
    size_t each = 1 + strlen(n->name) / 32; /* names may have a megabyte in common */

    *c = (struct candidate){NULL, NULL, 0};
    complete_hash(n);
    for (uint32_t i = first_of_hash(o, n->gnu_hash | 1);
         i < o->by_hash_count && o->by_hash[i].hash == (n->gnu_hash | 1); i++, n->steps++) {
        if (!consider(c, o, o->by_hash[i].sym, n, mode))
            return;
        o->alike_work += each;
        if (o->alike_work > most) {
            n->crowded = o;
            return;
        }
    }
}

static void walk_gnu(struct candidate *c, struct object *o, struct lookup_name *n,
                     enum lookup_mode mode)
{
    if (is_filtered_out(o, n))
        return;
    if (!n->has_gnu_hash) {
        complete_hash(n);
        if (is_filtered_out(o, n))
            return;
    }
    uint32_t first = o->gnu_bucket[n->gnu_hash % o->gnu_nbucket];
    if (first < o->gnu_symoffset) /* an empty bucket holds 0 */
        return;
    if (o->by_hash != NULL) {
        walk_sorted(c, o, n, mode);
        return;
    }
    for (uint32_t i = first; i < o->gnu_end; i++, n->steps++) {
        if (i - first == LONG_CHAIN && sort_symbols(o)) {
            walk_sorted(c, o, n, mode);
            return;
        }
        uint32_t hash = o->gnu_chain[i - o->gnu_symoffset];
        if ((hash | 1) == (n->gnu_hash | 1) && !consider(c, o, i, n, mode))
            return;
        if ((hash & 1) != 0) /* end of chain */
            return;
    }
}

static void walk_sysv(struct candidate *c, struct object *o, struct lookup_name *n,
                      enum lookup_mode mode)
{
    if (o->by_hash != NULL) {
        walk_sorted(c, o, n, mode);
        return;
    }
    if (!n->has_sysv_hash) {
        n->sysv_hash = dynamic_sysv_hash(n->name);
        n->has_sysv_hash = true;
    }
    uint32_t i = o->sysv_hash[n->sysv_hash % o->sysv_nbucket];
    /* A chain cannot be longer than the table: a cycle ends here, too. */
    for (uint32_t steps = 0; i != STN_UNDEF && i < o->sym_count && steps < o->sysv_nchain;
         steps++, n->steps++) {
        if (steps == LONG_CHAIN && sort_symbols(o)) {
            walk_sorted(c, o, n, mode);
            return;
        }
        if (!consider(c, o, i, n, mode))
            return;
        i = o->sysv_chain[i];
    }
}

static void apply_override(const struct object *o, struct lookup_def *def)
{
    uint32_t index = (uint32_t)(def->sym - o->symtab);

    for (unsigned i = 0; i < o->override_count; i++) {
        if (o->overrides[i].sym != index)
            continue;
        def->value = (uintptr_t)o->overrides[i].addr;
        def->is_ifunc = false;
        def->is_override = true;
    }
}

static unsigned unique_slot(const struct object_unique *table, unsigned capacity, const char *name,
                            uint32_t hash)
{
    unsigned slot = hash * UINT32_C(2654435769) & (capacity - 1);

    for (;; slot = (slot + 1) & (capacity - 1)) {
        const struct lookup_def *def = &table[slot].def;
        if (def->sym == NULL ||
            (table[slot].hash == hash &&
             string_equal_words(object_string(def->object, def->sym->st_name), name)))
            return slot;
    }
}

static bool grow_uniques(struct namespace *ns)
{
    unsigned capacity = ns->unique_capacity != 0 ? ns->unique_capacity * 2 : 256;
    struct object_unique *table = alloc_array(capacity, sizeof *table);

    if (table == NULL)
        return false;
    for (unsigned i = 0; i < ns->unique_capacity; i++) {
        const struct lookup_def *def = &ns->uniques[i].def;
        if (def->sym != NULL)
            table[unique_slot(table, capacity, object_string(def->object, def->sym->st_name),
                              ns->uniques[i].hash)] = ns->uniques[i];
    }
    alloc_free(ns->uniques);
    ns->uniques = table;
    ns->unique_capacity = capacity;
    return true;
}

/* Without memory the one found serves. */
void lookup_unify(struct lookup_def *def)
{
    struct namespace *ns = def->object->ns;
    const char *name = object_string(def->object, def->sym->st_name);

    if (ns->unique_count * 2 >= ns->unique_capacity && !grow_uniques(ns))
        return;
    uint32_t hash = lookup_gnu_hash(name);
    unsigned slot = unique_slot(ns->uniques, ns->unique_capacity, name, hash);
    if (ns->uniques[slot].def.sym == NULL) {
        ns->uniques[slot] = (struct object_unique){hash, *def};
        ns->unique_count++;
        def->object->is_nodelete = true; /* others will be bound to it from now on */
    }
    *def = ns->uniques[slot].def;
}

struct lookup_def lookup_define(struct object *o, const Elf64_Sym *sym)
{
    return (struct lookup_def){
        .object = o,
        .sym = sym,
        .value = sym->st_shndx == SHN_ABS ? sym->st_value : o->bias + sym->st_value,
        .is_ifunc = ELF64_ST_TYPE(sym->st_info) == STT_GNU_IFUNC && sym->st_shndx != SHN_UNDEF,
    };
}

/* Symbol sym of o is the definition: as it is, or what stands in its place. */
static void settle(struct object *o, const Elf64_Sym *sym, enum lookup_mode mode,
                   struct lookup_def *def)
{
    *def = lookup_define(o, sym);
    if ((o->override_mask >> (sym - o->symtab) % 64 & 1) != 0)
        apply_override(o, def);
    def->is_unique = ELF64_ST_BIND(sym->st_info) == STB_GNU_UNIQUE && mode != LOOKUP_COPY &&
                     world != WORLD_MUSL;
}

bool lookup_in_object(struct object *o, struct lookup_name *n, enum lookup_mode mode,
                      struct lookup_def *def)
{
    struct candidate c = {NULL, NULL, 0};

    if (mode == LOOKUP_COPY && o->is_program)
        return false;
    if (o->gnu_nbucket != 0)
        walk_gnu(&c, o, n, mode);
    else if (o->sysv_nbucket != 0)
        walk_sysv(&c, o, n, mode);
    if (c.found == NULL && c.alone_count == 1)
        c.found = c.alone;
    if (c.found != NULL)
        settle(o, c.found, mode, def);
    return c.found != NULL;
}

bool lookup_at(struct object *o, uint32_t index, struct lookup_name *n, enum lookup_mode mode,
               struct lookup_def *def, bool *is_final)
{
    enum match match = match_symbol(o, index, n, mode);

    *is_final = match != MATCH_NO;
    if (match == MATCH_IF_ALONE)
        return lookup_in_object(o, n, mode, def);
    if (match == MATCH_YES)
        settle(o, &o->symtab[index], mode, def);
    return match == MATCH_YES;
}

bool lookup_in_list(const struct object_list *list, unsigned first, struct lookup_name *n,
                    enum lookup_mode mode, struct lookup_def *def)
{
    for (unsigned i = first; i < list->count; i++) {
        if (lookup_in_object(list->items[i], n, mode, def))
            return true;
    }
    return false;
}

static bool lookup_in_roots(struct object *from, struct lookup_name *n, enum lookup_mode mode,
                            struct lookup_def *def)
{
    for (unsigned i = 0; i < from->roots.count; i++) {
        if (lookup_in_list(&from->roots.items[i]->closure, 0, n, mode, def))
            return true;
    }
    return false;
}

bool lookup_in_builtins(const struct lookup_name *n, struct lookup_def *def)
{
    for (const struct lookup_builtin *b = lookup_builtins; b != NULL && b->name != NULL; b++) {
        if ((b->is_always || world == WORLD_UNDECIDED) && string_equal_words(b->name, n->name)) {
            *def = (struct lookup_def){.value = (uintptr_t)b->addr, .is_override = true};
            return true;
        }
    }
    return false;
}

bool lookup_in_scope(struct object *from, struct lookup_name *n, enum lookup_mode mode,
                     struct lookup_def *def)
{
    /* musl knows no DF_SYMBOLIC; linkers bind most such references themselves. */
    bool found = from->is_symbolic && world != WORLD_MUSL && lookup_in_object(from, n, mode, def);

    if (!found && from->is_deepbind)
        found = lookup_in_roots(from, n, mode, def);
    if (!found)
        found = lookup_in_list(&from->ns->global, 0, n, mode, def);
    if (!found && !from->is_deepbind)
        found = lookup_in_roots(from, n, mode, def);
    return found || lookup_in_builtins(n, def);
}

static bool visit_list(const struct object_list *list, bool (*visit)(struct object *o, void *arg),
                       void *arg)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (visit(list->items[i], arg))
            return true;
    }
    return false;
}

static bool visit_roots(const struct object *from, bool (*visit)(struct object *o, void *arg),
                        void *arg)
{
    for (unsigned i = 0; i < from->roots.count; i++) {
        if (visit_list(&from->roots.items[i]->closure, visit, arg))
            return true;
    }
    return false;
}

bool lookup_each(struct object *from, bool (*visit)(struct object *o, void *arg), void *arg)
{
    return (from->is_symbolic && world != WORLD_MUSL && visit(from, arg)) ||
           (from->is_deepbind && visit_roots(from, visit, arg)) ||
           visit_list(&from->ns->global, visit, arg) ||
           (!from->is_deepbind && visit_roots(from, visit, arg));
}

static int override_symbol(struct object *o, uint32_t index, const char *name, void *addr)
{
    const char *have = object_string(o, o->symtab[index].st_name);

    if (have == NULL || o->symtab[index].st_shndx == SHN_UNDEF || !string_equal_words(have, name))
        return 0;
    struct object_override *grown = alloc_resize(o->overrides,
                                                 (o->override_count + 1) * sizeof *grown);
    if (grown == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "cannot allocate memory");
    o->overrides = grown;
    o->overrides[o->override_count++] = (struct object_override){index, addr};
    o->override_mask |= UINT64_C(1) << index % 64;
    return 0;
}

int lookup_override(struct object *o, const char *name, void *addr)
{
    uint32_t hash = lookup_gnu_hash(name);
    uint32_t first = o->gnu_nbucket != 0 ? o->gnu_bucket[hash % o->gnu_nbucket] : 1;
    uint32_t end = o->gnu_nbucket != 0 ? o->gnu_end : o->sym_count;
    int err = 0;

    if (first < o->gnu_symoffset)
        return 0;
    for (uint32_t i = first; i < end && err == 0; i++) {
        err = override_symbol(o, i, name, addr);
        if (o->gnu_nbucket != 0 && (o->gnu_chain[i - o->gnu_symoffset] & 1) != 0)
            /* the chain of this name's bucket ends; without DT_GNU_HASH all symbols are gone
             * through */
            break;
    }
    return err;
}

/*
 * What an object is bound to is noted once for each reference. While one object is relocated, those that need
 * no note, or have one, are marked: an object may need as many others as it has references to them.
 */
static const struct object *binding;
static unsigned binding_mark;

void lookup_begin_bindings(struct object *from)
{
    if (from->is_startup) /* is bound to nothing that is ever unloaded */
        return;
    binding = from;
    binding_mark = object_new_mark();
    for (unsigned i = 0; i < from->closure.count; i++)
        from->closure.items[i]->visit = binding_mark;
    for (size_t i = 0; from->needed != NULL && i < from->needed_count; i++)
        from->needed[i]->visit = binding_mark;
    for (unsigned i = 0; i < from->bound.count; i++)
        from->bound.items[i]->visit = binding_mark;
}

void lookup_end_bindings(void)
{
    binding = NULL;
}

static bool is_noted(const struct object *from, const struct object *to)
{
    if (from == binding)
        return to->visit == binding_mark;
    if (object_list_has(&from->closure, to) || object_list_has(&from->bound, to))
        return true;
    for (size_t i = 0; from->needed != NULL && i < from->needed_count; i++) {
        if (from->needed[i] == to)
            return true;
    }
    return false;
}

int lookup_note_binding(struct object *from, struct object *to)
{
    if (to == NULL || from == to || to->is_startup || to->is_nodelete || is_noted(from, to))
        return 0;
    if (from == binding)
        to->visit = binding_mark;
    return object_list_add(&from->bound, to);
}

/* Removing one would break the probe sequences of others: rebuild without those of marked objects. */
static void forget_uniques(struct namespace *ns, unsigned mark)
{
    struct object_unique *old = ns->uniques;
    unsigned capacity = ns->unique_capacity;

    ns->uniques = alloc_array(capacity, sizeof *ns->uniques);
    ns->unique_capacity = ns->uniques != NULL ? capacity : 0;
    ns->unique_count = 0;
    for (unsigned k = 0; k < capacity && ns->uniques != NULL; k++) {
        const struct lookup_def *def = &old[k].def;
        if (def->sym == NULL || def->object->visit == mark)
            continue;
        ns->uniques[unique_slot(ns->uniques, capacity,
                                object_string(def->object, def->sym->st_name), old[k].hash)] =
            old[k];
        ns->unique_count++;
    }
    alloc_free(old);
}

void lookup_forget(struct namespace *ns, unsigned mark)
{
    bool is_any = false;

    object_list_purge(&ns->global, mark);
    for (unsigned i = 0; i < ns->unique_capacity && !is_any; i++)
        is_any = ns->uniques[i].def.sym != NULL && ns->uniques[i].def.object->visit == mark;
    if (is_any)
        forget_uniques(ns, mark);
}
