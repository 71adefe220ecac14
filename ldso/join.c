/*
 * join.c - symbol look-up turned around.
 *
 * Asking each object of the scope for each symbol costs symbols times objects: with 214 libraries
 * and 52,000 symbols (ffmpeg) that is nine tenths of a start. But both sides are lists, and a list
 * that is long is better read once. So: collect the distinct (name, version, mode) that relocations
 * need, in a hash table; then go through the scope, object by object, and read each one's
 * DT_GNU_HASH chains, where the hash of every symbol that it defines stands in a row. The first
 * definition met of a name is the one that a search would have found, since objects come in scope
 * order and the chain words in the order of a search within the object.
 *
 * Example: the program needs printf (hash 0x156b2bb8) and own_function (0xdf69bc9e); libown defines
 * 40 symbols, libc 3000. libown's 40 chain words are compared with a bitmap of the two hashes. One
 * fits, its name is compared: own_function is found. In libc one name is left. That is fewer than a
 * quarter of its symbols, so it is looked up there through the Bloom filter, as ever.
 *
 * Left to lookup.c: objects whose scope differs from that of the others (RTLD_DEEPBIND), COPY
 * relocations, symbols that bind to their own object or are found there first (DF_SYMBOLIC). What
 * counts as a definition is decided there, too, for both.
 *
 * Called by reloc.c under the loader's lock, before the first relocation; no code of any object runs
 * until join_end.
 */
#include "join.h"

#include "alloc.h"
#include "arch.h"
#include "string.h"
#include "sys.h"
#include "world.h"

/*
 * A name that relocations need. The same name for functions and for data is two needs. The length of
 * a line of the cache; and a large block of alloc begins 16 bytes into one, so what is looked at while
 * its definition is sought, all but def, is in one line.
 */
struct need {
    const char *name;
    const struct object_version *version;
    uint32_t hash;  /* of DT_GNU_HASH */
    bool has_bit_0; /* it was computed; else it is of a chain word, where bit 0 means the end */
    bool is_plt;    /* mode LOOKUP_PLT, else LOOKUP_DATA */
    bool is_found;  /* def is known */
    const struct object *asked; /* the last one that was searched in full, see meet */
    struct lookup_def def;
};
_Static_assert(sizeof(struct need) == 64 && offsetof(struct need, def) <= 48, "as said above");

struct slot {
    uint32_t need; /* its number, 0 where the slot is free */
    uint32_t hash; /* its hash, so that another's need not be fetched */
};

static struct {
    struct need *needs; /* from 1, so that 0 means none */
    uint32_t count;

    uint32_t *numbers; /* of needs, for each relocation of each object: o->needs points into it */

    struct slot *slots;  /* open addressing */
    unsigned slot_shift; /* 32 less the table's size as a power of two */

    uint32_t *missing; /* numbers of needs: all that are not found yet are among them */
    uint32_t missing_len, not_found;

    uint64_t work; /* spent on slots and names that were not those sought, where these were many */

    uint64_t *bitmap; /* one bit for each value of a mixed hash, above bitmap_shift */
    unsigned bitmap_shift;
} join;

/* The block that all of it is in. A start's goes back to the kernel; a dlopen's is kept for the next one
 * unless it is very large. */
enum { SPARE = 512 * 1024 };
static void *spare;
static size_t spare_len;

/*
 * All of this is too large for the processor's caches, and each step of a look-up waits for the one
 * before. So steps are done for so many look-ups at a time, and what the next step will touch is
 * fetched meanwhile. It took a third off the start of a program with 400 libraries.
 */
enum { BATCH = 16 };

/* Those of C++ programs are longer than a line of the cache. It may be no name's address at all. */
static void prefetch_name(uintptr_t name)
{
    __builtin_prefetch((const char *)name);
    __builtin_prefetch((const char *)(name + 64));
}

/* DJB's hashes cluster. Bit 0 is left out: in a chain it marks the end. */
static uint32_t mix(uint32_t hash)
{
    return (hash >> 1) * UINT32_C(2654435769);
}

static struct lookup_name name_of(const struct need *n)
{
    return (struct lookup_name){
        .name = n->name, .version = n->version, .gnu_hash = n->hash, .has_gnu_hash = n->has_bit_0};
}

static enum lookup_mode mode_of(const struct need *n)
{
    return n->is_plt ? LOOKUP_PLT : LOOKUP_DATA;
}

/* ---- collecting ---- */

static bool is_same_version(const struct object_version *a, const struct object_version *b)
{
    if (a == b || a == NULL || b == NULL || world == WORLD_MUSL)
        return a == b || world == WORLD_MUSL;
    return a->hash == b->hash && a->is_hidden == b->is_hidden &&
           string_equal_words(a->name, b->name);
}

static uint32_t next_slot(uint32_t slot)
{
    return (slot + 1) & (UINT32_MAX >> join.slot_shift);
}

/* bits of a table with at least count places. */
static unsigned bits_for(size_t count)
{
    unsigned bits = 6;

    while ((size_t)1 << bits < count)
        bits++;
    return bits;
}

/* Zeroed memory: what the last dlopen left if that is enough, since new pages cost one several faults. */
static void *take_room(size_t len)
{
    if (len > spare_len) {
        alloc_free(spare);
        spare_len = 0;
        spare = alloc_table(len, 1);
        if (spare != NULL)
            spare_len = len;
    } else {
        memset(spare, 0, len);
    }
    return spare;
}

static void leave_room(bool is_start)
{
    if (!is_start && spare_len <= SPARE)
        return;
    alloc_free(spare);
    spare = NULL;
    spare_len = 0;
}

/* Room for so many relocations, as if no two had the same need: one block. False: there is no memory,
 * and then each symbol is searched for. */
static bool make_room(size_t references)
{
    if (references >= UINT32_MAX / 16)
        return false;
    unsigned slot_bits = bits_for(references + references / 2), bits = bits_for(references * 8);
    size_t needs_len = (references + 1) * sizeof *join.needs;
    size_t slots_len = sizeof *join.slots << slot_bits, bitmap_len = ((size_t)1 << bits) / 8;
    size_t numbers_len = references * sizeof *join.numbers;
    size_t len = needs_len + slots_len + bitmap_len + 2 * numbers_len;
    char *room = take_room(len);

    if (room == NULL)
        return false;
    join.needs = (struct need *)room;
    join.slots = (struct slot *)(room + needs_len);
    join.bitmap = (uint64_t *)(room + needs_len + slots_len);
    join.numbers = (uint32_t *)(room + needs_len + slots_len + bitmap_len);
    join.missing = join.numbers + references;
    join.slot_shift = 32 - slot_bits;
    join.bitmap_shift = 32 - bits;
    return true;
}

/*
 * Names can be made up so that their hashes are the same, or fall in the same place. Then each need is compared with
 * many. That is done in proportion to their number; then all of this is given up, and each symbol is searched for.
 */
enum { FEW_PROBES = 64, WORK = 1 << 20, WORK_EACH = 64 };

static void give_up(void)
{
    join.work = UINT64_MAX;
}

static bool is_given_up(void)
{
    return join.work > WORK + (uint64_t)WORK_EACH * join.count;
}

static void count_work(uint32_t probes, const char *name)
{
    if (probes > FEW_PROBES && !is_given_up())
        join.work += (uint64_t)probes * (1 + strlen(name) / 32);
}

/* The number of a need like this one, or of a new one. */
static uint32_t add_need(const struct need *new)
{
    uint32_t at, probes = 0;

    for (at = mix(new->hash) >> join.slot_shift; join.slots[at].need != 0; at = next_slot(at)) {
        probes++;
        const struct need *n = &join.needs[join.slots[at].need];
        uint32_t unlike = join.slots[at].hash ^ new->hash;

        /* Names whose last characters are neighbours often differ in bit 0 only. */
        if (unlike > 1 || (unlike == 1 && n->has_bit_0 && new->has_bit_0))
            continue;
        if (n->is_plt == new->is_plt && string_equal_words(n->name, new->name) &&
            is_same_version(n->version, new->version))
            break;
    }
    count_work(probes, new->name);
    if (join.slots[at].need != 0)
        return join.slots[at].need;
    join.needs[++join.count] = *new;
    join.slots[at] = (struct slot){join.count, new->hash};
    return join.count;
}

/* Local, hidden, protected: not a matter of the scope alone. */
static bool is_own(const Elf64_Sym *sym)
{
    return ELF64_ST_BIND(sym->st_info) == STB_LOCAL ||
           ELF64_ST_VISIBILITY(sym->st_other) != STV_DEFAULT;
}

/* Relocations in a row that refer to the same symbol in the same way. */
struct reference {
    uint32_t symbol;
    bool is_plt;
    size_t first, end; /* which ones, of their table */
    struct need need;
};

static void describe(const struct object *o, struct reference *r)
{
    /* What it defines itself is hashed already. An undefined symbol can have a chain word's index,
     * too: GNU ld's table for a file that defines none has symoffset 1 and no chain. */
    bool is_hashed = o->symtab[r->symbol].st_shndx != SHN_UNDEF && r->symbol >= o->gnu_symoffset &&
                     r->symbol < o->gnu_end;

    r->need.is_plt = r->is_plt;
    r->need.version = lookup_wanted_version(o, r->symbol);
    r->need.has_bit_0 = !is_hashed;
    r->need.hash = is_hashed ? o->gnu_chain[r->symbol - o->gnu_symoffset]
                             : lookup_gnu_hash(r->need.name);
}

/* An object that prefers its own (DF_SYMBOLIC) finds it before the scope is asked. */
static bool prefers_own(struct object *o, const struct need *n)
{
    struct lookup_name name = name_of(n);
    struct lookup_def def;

    /* What was given up in there is an error, as soon as it is searched for. */
    return o->is_symbolic && world != WORLD_MUSL &&
           (lookup_in_object(o, &name, mode_of(n), &def) || name.crowded != NULL);
}

static void add_references(struct object *o, struct reference *batch, unsigned count,
                           uint32_t *numbers)
{
    for (unsigned i = 0; i < count; i++) {
        const Elf64_Sym *sym = &o->symtab[batch[i].symbol];
        batch[i].need.name = is_own(sym) ? NULL : object_string(o, sym->st_name);
        prefetch_name((uintptr_t)batch[i].need.name);
    }
    for (unsigned i = 0; i < count; i++) {
        if (batch[i].need.name == NULL)
            continue;
        describe(o, &batch[i]);
        if (prefers_own(o, &batch[i].need) || lookup_has_undefined_version(o, batch[i].symbol))
            batch[i].need.name = NULL;
        __builtin_prefetch(&join.slots[mix(batch[i].need.hash) >> join.slot_shift]);
    }
    for (unsigned i = 0; i < count; i++)
        __builtin_prefetch(
            &join.needs[join.slots[mix(batch[i].need.hash) >> join.slot_shift].need]);
    for (unsigned i = 0; i < count; i++) {
        uint32_t number = batch[i].need.name != NULL ? add_need(&batch[i].need) : 0;
        for (size_t k = batch[i].first; k < batch[i].end; k++)
            numbers[k] = number;
    }
}

enum kind { KIND_NONE, KIND_DATA, KIND_PLT };

static enum kind kind_of(uint32_t type)
{
    switch (type) {
    case REL_ABS64:
    case REL_GLOB_DAT:
    case REL_ABS32:
    case REL_PC32:
    case REL_PC64:
    case REL_SIZE32:
    case REL_SIZE64:
        return KIND_DATA;
    case REL_JUMP_SLOT:
    case REL_DTPMOD:
    case REL_DTPOFF:
    case REL_TPOFF:
    case REL_TLSDESC:
        return KIND_PLT;
    default:
        return KIND_NONE;
    }
}

/* Linkers sort relocations by symbol: one like the last has its need. Malformed ones get none: relocating
 * them is an error. */
static void collect_table(struct object *o, const Elf64_Rela *table, size_t count,
                          uint32_t *numbers)
{
    struct reference batch[BATCH] = {{.symbol = 0}};
    unsigned len = 0;

    for (size_t i = 0; i < count && !is_given_up(); i++) {
        uint32_t symbol = (uint32_t)ELF64_R_SYM(table[i].r_info);
        enum kind kind = kind_of((uint32_t)ELF64_R_TYPE(table[i].r_info));
        struct reference *last = len > 0 ? &batch[len - 1] : NULL;

        if (kind == KIND_NONE || symbol == STN_UNDEF || symbol >= o->sym_count)
            continue;
        if (last != NULL && last->symbol == symbol && last->is_plt == (kind == KIND_PLT) &&
            last->end == i) {
            last->end++;
            continue;
        }
        if (len == BATCH) {
            add_references(o, batch, len, numbers);
            len = 0;
        }
        last = &batch[len++];
        last->symbol = symbol;
        last->is_plt = kind == KIND_PLT;
        last->first = i;
        last->end = i + 1;
        __builtin_prefetch(&o->symtab[symbol]);
    }
    add_references(o, batch, len, numbers);
}

static bool has_same_scope(const struct object *o, const struct object *first)
{
    if (o->is_deepbind || o->roots.count != first->roots.count)
        return false;
    for (unsigned i = 0; i < o->roots.count; i++) {
        if (o->roots.items[i] != first->roots.items[i])
            return false;
    }
    return true;
}

/* Relocations that are said to be RELATIVE are left out. */
static size_t reference_count(const struct object *o)
{
    return o->rela_count - o->relative_count + o->jmprel_count;
}

static bool takes_part(const struct object *o, const struct object *first)
{
    return !o->is_relocated && !o->is_boot && !o->is_vdso && reference_count(o) > 0 &&
           has_same_scope(o, first);
}

static void collect_object(struct object *o)
{
    size_t count = o->rela_count - o->relative_count;

    collect_table(o, o->rela + o->relative_count, count, o->needs);
    collect_table(o, o->jmprel, o->jmprel_count, o->needs + count);
}

static void collect(struct object *first)
{
    size_t references = 0;

    for (const struct object *o = first; o != NULL; o = o->next)
        references += takes_part(o, first) ? reference_count(o) : 0;
    if (references == 0 || !make_room(references))
        return;
    uint32_t *numbers = join.numbers;
    for (struct object *o = first; o != NULL; o = o->next) {
        if (!takes_part(o, first))
            continue;
        o->needs = numbers;
        numbers += reference_count(o);
        collect_object(o);
    }
}

/* ---- reading the scope ---- */

static void make_index(void)
{
    for (uint32_t i = 1; i <= join.count; i++) {
        uint32_t bit = mix(join.needs[i].hash) >> join.bitmap_shift;
        join.bitmap[bit / 64] |= UINT64_C(1) << bit % 64;
        join.missing[join.missing_len++] = i;
    }
    join.not_found = join.count;
}

/* A symbol whose hash some need may have. */
struct hit {
    uint32_t index, hash;
    const struct need *need; /* the first such one */
};

static void find_need(const struct object *o, struct hit *hit)
{
    uint32_t at = mix(hit->hash) >> join.slot_shift;

    while (join.slots[at].need != 0 && (join.slots[at].hash | 1) != (hit->hash | 1))
        at = next_slot(at);
    hit->need = join.slots[at].need != 0 ? &join.needs[join.slots[at].need] : NULL;
    if (hit->need != NULL) {
        __builtin_prefetch(hit->need);
        __builtin_prefetch(&o->symtab[hit->index]);
    }
}

/* Whose need is it, and does the symbol define it? Where the answer takes a look at all symbols of the
 * name (MATCH_IF_ALONE), once is enough. */
static void meet(struct object *o, const struct hit *hit)
{
    uint32_t probes = 0;

    for (uint32_t at = mix(hit->hash) >> join.slot_shift; join.slots[at].need != 0;
         at = next_slot(at)) {
        struct need *n = &join.needs[join.slots[at].need];
        probes++;
        if ((join.slots[at].hash | 1) != (hit->hash | 1) || n->is_found || n->asked == o)
            continue;
        struct lookup_name name = name_of(n);
        bool is_final = false;
        n->is_found = lookup_at(o, hit->index, &name, mode_of(n), &n->def, &is_final);
        join.not_found -= n->is_found;
        if (is_final)
            n->asked = o;
    }
    count_work(probes, hit->need->name);
}

static void meet_batch(struct object *o, struct hit *batch, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        find_need(o, &batch[i]);
    for (unsigned i = 0; i < count; i++) {
        if (batch[i].need == NULL)
            continue;
        prefetch_name((uintptr_t)batch[i].need->name);
        prefetch_name((uintptr_t)o->strtab + o->symtab[batch[i].index].st_name);
    }
    for (unsigned i = 0; i < count; i++) {
        if (batch[i].need != NULL)
            meet(o, &batch[i]);
    }
}

/* What the chain word of a symbol is, or would be. */
static uint32_t hash_of(const struct object *o, uint32_t index)
{
    const char *name;

    if (o->gnu_nbucket != 0)
        return o->gnu_chain[index - o->gnu_symoffset];
    name = object_string(o, o->symtab[index].st_name);
    return name != NULL ? lookup_gnu_hash(name) : 0;
}

static uint32_t first_hashed(const struct object *o)
{
    return o->gnu_nbucket != 0 ? o->gnu_symoffset : 1;
}

static uint32_t end_hashed(const struct object *o)
{
    return o->gnu_nbucket != 0 ? o->gnu_end : o->sym_count;
}

static void read_chains(struct object *o)
{
    struct hit batch[BATCH];
    unsigned len = 0;

    for (uint32_t i = first_hashed(o), end = end_hashed(o); i < end && !is_given_up(); i++) {
        uint32_t hash = hash_of(o, i);
        uint32_t bit = mix(hash) >> join.bitmap_shift;
        if ((join.bitmap[bit / 64] >> bit % 64 & 1) == 0)
            continue;
        batch[len++] = (struct hit){.index = i, .hash = hash};
        __builtin_prefetch(&join.slots[mix(hash) >> join.slot_shift]);
        if (len == BATCH) {
            meet_batch(o, batch, len);
            len = 0;
        }
    }
    meet_batch(o, batch, len);
}

/* What is missing, name by name. False if it was given up, because chains are so long that to read all of
 * the table once costs less. */
static bool search(struct object *o)
{
    uint32_t kept = 0, i;
    uint64_t steps = 0, enough = UINT64_C(16) * join.missing_len + o->sym_count;

    for (i = 0; i < join.missing_len && steps < enough; i++) {
        struct need *n = &join.needs[join.missing[i]];
        if (n->is_found)
            continue;
        struct lookup_name name = name_of(n);
        n->is_found = lookup_in_object(o, &name, mode_of(n), &n->def);
        join.not_found -= n->is_found;
        if (name.crowded != NULL)
            give_up();
        if (!n->is_found)
            join.missing[kept++] = join.missing[i];
        n->hash = name.gnu_hash; /* computed by now, unless a filter did without */
        n->has_bit_0 = name.has_gnu_hash;
        steps += name.steps;
    }
    bool is_whole = i == join.missing_len;
    while (i < join.missing_len)
        join.missing[kept++] = join.missing[i++];
    join.missing_len = kept;
    return is_whole;
}

/* A Bloom filter asked costs what about four chain words do, which come in a row. */
static void visit(struct object *o, unsigned mark)
{
    bool is_small = o->gnu_nbucket == 0 || join.not_found < (o->gnu_end - o->gnu_symoffset) / 4;

    if (o->visit == mark)
        return;
    o->visit = mark;
    if (!is_small || !search(o))
        read_chains(o);
}

static void visit_list(const struct object_list *list, unsigned mark)
{
    for (unsigned i = 0; i < list->count && join.not_found > 0; i++)
        visit(list->items[i], mark);
}

static void visit_scope(const struct object *first)
{
    unsigned mark = object_new_mark();

    visit_list(&first->ns->global, mark);
    for (unsigned i = 0; i < first->roots.count; i++)
        visit_list(&first->roots.items[i]->closure, mark);
    for (uint32_t i = 0; i < join.missing_len && join.not_found > 0; i++) {
        struct need *n = &join.needs[join.missing[i]];
        struct lookup_name name = name_of(n);
        if (!n->is_found)
            n->is_found = lookup_in_builtins(&name, &n->def);
    }
}

/* ---- what reloc.c asks ---- */

void join_objects(struct object *first)
{
    collect(first);
    if (join.count > 0 && !is_given_up()) {
        make_index();
        visit_scope(first);
    }
    for (struct object *o = first; o != NULL && is_given_up(); o = o->next)
        o->needs = NULL;
}

const uint32_t *join_numbers(const struct object *o, bool is_jmprel)
{
    if (o->needs == NULL)
        return NULL;
    return is_jmprel ? o->needs + (o->rela_count - o->relative_count) : o->needs;
}

void join_prefetch(uint32_t number)
{
    __builtin_prefetch(&join.needs[number]);
    __builtin_prefetch(&join.needs[number + 1]); /* where its last bytes are */
}

enum join_answer join_find(uint32_t number, struct lookup_def *def)
{
    const struct need *n = &join.needs[number];

    if (number == 0)
        return JOIN_UNKNOWN;
    *def = n->def;
    if (n->is_found)
        return JOIN_FOUND;
    /* Never hashed: an object defines it, by its symbol table, and then its chains do not. */
    return n->has_bit_0 ? JOIN_MISSING : JOIN_UNKNOWN;
}

void join_end(struct object *first)
{
    for (struct object *o = first; o != NULL; o = o->next)
        o->needs = NULL;
    leave_room(first != NULL && first->is_program);
    memset(&join, 0, sizeof join);
}
