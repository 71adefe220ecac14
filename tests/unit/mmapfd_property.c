/*
 * mmapfd_property.c - mmapfd against a second opinion, over many mutated headers of real files.
 *
 *     mmapfd_property ROUNDS FILE...
 *
 * The second opinion is the model below. It is written from the contract and from nothing else: it
 * shares no code with image.c, calculates in 128 bits where nothing can wrap, and compares every
 * segment with every other. It says for each file which outcomes the contract permits, nearly
 * always a single one, and what the list and the memory are then like. Afterwards the process must
 * be as it was. The rounds are the same in each run: a failure is named by its round.
 */
#define _GNU_SOURCE
#include "check.h"
#include "mutate.h"
#include "ranges.h"

#include <errno.h>
#include <sys/mman.h>

#include "mmapfd.h"

enum { PAGE = 4096, ELEMENTS = 64, SHOWN_FAILURES = 20 };

#define wide unsigned __int128

/* Sizes that every address space has room for, and ones that none has. Between, both may be. */
#define SURELY_FITS ((wide)1 << 32)
#define NEVER_FITS ((wide)1 << 56)

/* ---- the model ---- */

enum outcome { MAPS, INVALID, UNSUPPORTED, TOO_BIG, NO_MEMORY, IN_USE, OUTCOMES };
static const int outcome_errors[OUTCOMES] = {0, EINVAL, ENOTSUP, E2BIG, ENOMEM, EADDRINUSE};
static const char *const outcome_names[OUTCOMES] = {"mapped", "EINVAL", "ENOTSUP",
                                                    "E2BIG",  "ENOMEM", "EADDRINUSE"};

struct call {
    const unsigned char *bytes; /* the file */
    size_t len;
    unsigned int flags;
    size_t padding; /* as asked for */
    unsigned int capacity;
};

struct model {
    unsigned int outcomes; /* one bit each */
    bool is_fixed, is_whole;
    wide align;
    unsigned int count; /* elements without padding */
    wide padding;
    Elf64_Phdr segment[ELEMENTS];
    mmapfd_result_t element[ELEMENTS]; /* mr_addr apart, which is the linked address's page */
};

static wide down(wide addr)
{
    return addr / PAGE * PAGE;
}

static wide up(wide addr)
{
    return down(addr + PAGE - 1);
}

static wide memory_end(const Elf64_Phdr *ph)
{
    return (wide)ph->p_vaddr + ph->p_memsz;
}

static bool is_congruent(const Elf64_Phdr *ph)
{
    return ph->p_vaddr % PAGE == ph->p_offset % PAGE;
}

static bool is_sound_segment(const Elf64_Phdr *ph, size_t file_len)
{
    if (ph->p_filesz > ph->p_memsz || (int64_t)ph->p_offset < 0)
        return false;
    if (ph->p_filesz > 0 && (wide)ph->p_offset + ph->p_filesz > file_len)
        return false;
    return up(memory_end(ph)) <= UINT64_MAX;
}

/* One page of the file serves both, which is all bytes of the file and has one set of rights. */
static bool can_share_page(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
    return a->p_memsz == a->p_filesz && b->p_filesz > 0 && is_congruent(a) && is_congruent(b) &&
           (wide)a->p_offset + b->p_vaddr == (wide)b->p_offset + a->p_vaddr &&
           (a->p_flags & 7) == (b->p_flags & 7);
}

static bool are_sound_together(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
    if (b->p_vaddr < memory_end(a))
        return false;
    return down(b->p_vaddr) >= up(memory_end(a)) || can_share_page(a, b);
}

/* False: malformed. The number of segments is exact even if there are more than the model keeps. */
static bool model_segments(struct model *m, const Elf64_Phdr *table, unsigned int phnum, size_t len)
{
    for (unsigned int i = 0; i < phnum; i++) {
        if (table[i].p_type != PT_LOAD)
            continue;
        if (!is_sound_segment(&table[i], len))
            return false;
        if (table[i].p_memsz == 0)
            continue;
        for (unsigned int k = 0; k < i; k++) {
            if (table[k].p_type == PT_LOAD && table[k].p_memsz != 0 &&
                !are_sound_together(&table[k], &table[i]))
                return false;
        }
        if (m->count < ELEMENTS)
            m->segment[m->count] = table[i];
        m->count++;
    }
    return m->count > 0;
}

/* The bytes at offset 0 to 63 are in its memory, at the place where its distance puts them. */
static bool holds_elf_header(const Elf64_Phdr *ph)
{
    uint64_t first = is_congruent(ph) ? ph->p_offset / PAGE * PAGE : ph->p_offset;

    return first == 0 && ph->p_filesz > 0 && ph->p_offset + ph->p_filesz >= 64;
}

static void model_elements(struct model *m)
{
    bool is_header_found = false;

    for (unsigned int i = 0; i < m->count && i < ELEMENTS; i++) {
        const Elf64_Phdr *ph = &m->segment[i];
        mmapfd_result_t *e = &m->element[i];

        e->mr_offset = ph->p_vaddr % PAGE;
        e->mr_msize = ph->p_memsz + e->mr_offset;
        e->mr_fsize = ph->p_filesz;
        e->mr_prot = (ph->p_flags & PF_R ? PROT_READ : 0U) |
                     (ph->p_flags & PF_W ? PROT_WRITE : 0U) | (ph->p_flags & PF_X ? PROT_EXEC : 0U);
        if (is_header_found || !holds_elf_header(ph))
            continue;
        is_header_found = true;
        e->mr_flags = MFD_ELF_HDR;
        if (!m->is_fixed && is_congruent(ph)) { /* widened down to file offset 0 */
            e->mr_fsize += e->mr_offset;
            e->mr_offset = 0;
        }
    }
}

static void model_whole(struct model *m, size_t len, uint64_t flags)
{
    m->is_whole = true;
    m->count = 1;
    m->segment[0] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = len, .p_memsz = len};
    m->element[0] = (mmapfd_result_t){
        .mr_msize = len, .mr_fsize = len, .mr_prot = PROT_READ, .mr_flags = flags};
}

/* Nothing but MAPS, or the error that the file's format alone demands. */
static enum outcome model_format(struct model *m, const struct call *c)
{
    static Elf64_Phdr table[UINT16_MAX];
    const uint16_t machine = subjects[0].ehdr.e_machine;
    Elf64_Ehdr e;

    if (!(c->flags & MMFD_INTERPRET)) {
        model_whole(m, c->len, 0);
        return MAPS;
    }
    if (c->len < 4 || memcmp(c->bytes, "\177ELF", 4) != 0)
        return INVALID;
    if (c->len < sizeof e)
        return UNSUPPORTED;
    memcpy(&e, c->bytes, sizeof e);
    if (e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_ident[EI_DATA] != ELFDATA2LSB ||
        e.e_ident[EI_VERSION] != 1 || e.e_version != 1 || e.e_machine != machine)
        return UNSUPPORTED;
    if (e.e_type == ET_REL || e.e_type == ET_CORE) {
        model_whole(m, c->len, MFD_ELF_HDR);
        return MAPS;
    }
    if (e.e_type != ET_EXEC && e.e_type != ET_DYN)
        return UNSUPPORTED;
    if (e.e_phentsize != 56 || e.e_phnum == 0 || e.e_phnum == 0xffff || e.e_phoff % 8 != 0 ||
        (wide)e.e_phoff + (wide)e.e_phnum * 56 > c->len)
        return UNSUPPORTED;
    memcpy(table, c->bytes + e.e_phoff, e.e_phnum * sizeof *table);
    m->is_fixed = e.e_type == ET_EXEC;
    if (!model_segments(m, table, e.e_phnum, c->len))
        return UNSUPPORTED;
    model_elements(m);
    return MAPS;
}

/* The kernel may refuse memory that would have to be found for it if all of it were written. */
static wide memory_to_account_for(const struct model *m)
{
    wide sum = 0;

    for (unsigned int i = 0; i < m->count; i++) {
        if (m->segment[i].p_flags & PF_W || !is_congruent(&m->segment[i]))
            sum += m->segment[i].p_memsz;
    }
    return sum;
}

static unsigned int fits(wide size)
{
    return size < SURELY_FITS  ? 1U << MAPS
           : size < NEVER_FITS ? 1U << MAPS | 1U << NO_MEMORY
                               : 1U << NO_MEMORY;
}

/* Below, privileges decide. An emulator has a limit of its own, of 64 KiB at most. */
static wide lowest_address(void)
{
    static unsigned long lowest = 1;
    FILE *file = lowest == 1 ? fopen("/proc/sys/vm/mmap_min_addr", "r") : NULL;

    if (file) {
        REQUIRE(fscanf(file, "%lu", &lowest) == 1);
        fclose(file);
        if (getenv("EMULATED") && lowest < 0x10000)
            lowest = 0x10000;
    }
    return lowest;
}

/* Each segment's pages at their linked address, the outer ones with the padding. */
static unsigned int model_fixed_place(const struct model *m, const struct ranges *taken)
{
    unsigned int outcomes = 0;

    if (m->padding > down(m->segment[0].p_vaddr))
        return 1U << NO_MEMORY;
    for (unsigned int i = 0; i < m->count; i++) {
        wide lo = down(m->segment[i].p_vaddr) - (i == 0 ? m->padding : 0);
        wide hi = up(memory_end(&m->segment[i])) + (i == m->count - 1 ? m->padding : 0);

        if (hi >= NEVER_FITS)
            outcomes |= 1U << NO_MEMORY;
        else if (lo == 0 || !ranges_are_free(taken, (uintptr_t)lo, (uintptr_t)hi))
            outcomes |= 1U << IN_USE;
        else if (lo < lowest_address())
            outcomes |= 1U << IN_USE | 1U << MAPS;
        else if (hi > SURELY_FITS << 13)
            outcomes |= 1U << NO_MEMORY | 1U << MAPS;
    }
    return outcomes ? outcomes : 1U << MAPS;
}

static unsigned int model_free_place(const struct model *m, wide span)
{
    const wide lo = down(m->segment[0].p_vaddr), end = lo + span + m->padding;
    unsigned int outcomes = fits(span + 2 * m->padding + m->align);

    /* Where it is linked to, an image is as aligned as anyone could wish. */
    if (lo > m->padding && fits(end) & 1U << MAPS)
        outcomes |= 1U << MAPS;
    return outcomes;
}

/* Sizes and alignments that are absurd are ENOMEM even where the address is fixed. */
static unsigned int model_place(const struct model *m, const struct ranges *taken)
{
    wide span = up(memory_end(&m->segment[m->count - 1])) - down(m->segment[0].p_vaddr);
    unsigned int outcomes;

    if (!m->is_fixed)
        outcomes = model_free_place(m, span);
    else if (m->align >= (wide)1 << 63 || m->padding >= NEVER_FITS)
        outcomes = 1U << NO_MEMORY;
    else
        outcomes = model_fixed_place(m, taken) | (fits(m->align) & 1U << NO_MEMORY) |
                   (fits(span) & 1U << NO_MEMORY);
    if (memory_to_account_for(m) > SURELY_FITS >> 4)
        outcomes |= 1U << NO_MEMORY;
    return outcomes;
}

static void model_call(struct model *m, const struct call *c, const struct ranges *taken)
{
    enum outcome format;

    memset(m, 0, sizeof *m);
    m->align = PAGE;
    m->padding = up(c->padding);
    format = model_format(m, c);
    m->outcomes = 1U << format;
    if (format != MAPS)
        return;
    if (m->count + (m->padding ? 2U : 0U) > c->capacity) {
        m->outcomes = 1U << TOO_BIG;
        return;
    }
    for (unsigned int i = 0; i < m->count; i++) {
        while (m->align < m->segment[i].p_align)
            m->align *= 2;
    }
    m->outcomes = model_place(m, taken);
}

/* ---- what was mapped, compared with the model ---- */

static const char *failure; /* of this round */

static bool expect(bool holds, const char *sentence)
{
    if (!holds && !failure)
        failure = sentence;
    return holds;
}

/* Calls for the parts of [0, len) that are looked at: all of it, or ends and samples. */
static bool in_parts(size_t len, bool (*look)(const void *, size_t, size_t), const void *data)
{
    enum { PART = 4 * PAGE, SAMPLES = 8 };

    if (len <= SAMPLES * PART)
        return look(data, 0, len);
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t at = i == SAMPLES - 1 ? len - PART : len / SAMPLES * i;

        if (!look(data, at, PART))
            return false;
    }
    return true;
}

struct compared {
    const char *memory;
    const unsigned char *wanted;
};

static bool part_is_equal(const void *data, size_t from, size_t len)
{
    const struct compared *c = data;

    return memcmp(c->memory + from, c->wanted + from, len) == 0;
}

static bool part_is_zero(const void *data, size_t from, size_t len)
{
    const char *at = (const char *)data + from;

    return len == 0 || (*at == 0 && memcmp(at, at + 1, len - 1) == 0);
}

static uintptr_t address_of(const mmapfd_result_t *r)
{
    return (uintptr_t)r->mr_addr;
}

/* Makes the element readable, if it is not: its rights have been compared before. */
static void check_bytes(const struct model *m, const struct call *c, unsigned int i,
                        const mmapfd_result_t *r)
{
    const Elf64_Phdr *ph = &m->segment[i];
    const char *data = r->mr_addr + ph->p_vaddr % PAGE, *file_end = data + ph->p_filesz;
    const struct compared whole = {data, c->bytes + ph->p_offset};
    const struct compared head = {r->mr_addr, c->bytes};
    uintptr_t end = range_up(address_of(r) + r->mr_msize);

    if (!(r->mr_prot & PROT_READ))
        REQUIRE(mprotect(r->mr_addr, r->mr_msize, PROT_READ) == 0);
    expect(in_parts(ph->p_filesz, part_is_equal, &whole), "a segment shows the file's bytes");
    if (ph->p_memsz > ph->p_filesz)
        expect(in_parts(end - (uintptr_t)file_end, part_is_zero, file_end),
               "zeros follow to the end of the last page");
    if (r->mr_flags & MFD_ELF_HDR && r->mr_offset == 0 && ph->p_vaddr % PAGE != 0)
        expect(part_is_equal(&head, 0, r->mr_fsize), "a widened element shows the file's start");
}

static void check_padding(const struct model *m, const mmapfd_result_t *list, unsigned int len,
                          const struct ranges *now)
{
    const mmapfd_result_t *first = &list[0], *last = &list[len - 1];
    const size_t padding = (size_t)m->padding;

    for (const mmapfd_result_t *r = first; r <= last; r += len - 1) {
        expect(r->mr_msize == padding && r->mr_fsize == 0 && r->mr_offset == 0 &&
                   r->mr_prot == PROT_NONE && r->mr_flags == MFD_PADDING,
               "padding is an element as the contract has it");
        expect(ranges_have(now, address_of(r), address_of(r) + padding, "---"),
               "padding is inaccessible");
    }
    expect(first->mr_addr + padding == list[1].mr_addr &&
               address_of(last) == range_up(address_of(last - 1) + last[-1].mr_msize),
           "padding adjoins the lowest and the highest segment");
}

static void check_place(const struct model *m, const mmapfd_result_t *list)
{
    uintptr_t bias = address_of(list) - (uintptr_t)down(m->segment[0].p_vaddr);

    expect(m->is_fixed ? bias == 0 : bias % (uintptr_t)m->align == 0,
           "the base is the linked one, or as aligned as the largest p_align");
    for (unsigned int i = 0; i < m->count; i++)
        expect(address_of(&list[i]) == bias + (uintptr_t)down(m->segment[i].p_vaddr),
               "distances between segments are those of their linked addresses");
}

static bool is_alike(const mmapfd_result_t *a, const mmapfd_result_t *b)
{
    return a->mr_msize == b->mr_msize && a->mr_fsize == b->mr_fsize &&
           a->mr_offset == b->mr_offset && a->mr_prot == b->mr_prot && a->mr_flags == b->mr_flags;
}

static void check_list(const struct model *m, const struct call *c, const mmapfd_result_t *list,
                       unsigned int len)
{
    static struct ranges now;

    ranges_read(&now, "self");
    if (!expect(len == m->count + (m->padding ? 2 : 0), "the number of elements"))
        return;
    if (m->padding)
        check_padding(m, list++, len, &now);
    check_place(m, list);
    for (unsigned int i = 0; i < m->count; i++) {
        uintptr_t lo = address_of(&list[i]), end = range_up(lo + list[i].mr_msize);

        if (!expect(is_alike(&list[i], &m->element[i]), "sizes, offset, rights, flags"))
            return;
        expect(ranges_have(&now, lo, end,
                           rights_text(list[i].mr_prot & PROT_READ, list[i].mr_prot & PROT_WRITE,
                                       list[i].mr_prot & PROT_EXEC)),
               "the pages have the rights that the element says, in one mapping after the other");
        if (i + 1 < m->count && !m->is_fixed)
            expect(ranges_are_free(&now, end, address_of(&list[i + 1])), "holes are left unmapped");
    }
    for (unsigned int i = 0; i < m->count && !failure; i++)
        check_bytes(m, c, i, &list[i]);
}

/* ---- rounds ---- */

struct tally {
    unsigned long outcomes[OUTCOMES];
    unsigned long undecided; /* the model permitted more than one outcome */
    unsigned long left_out, failed;
    unsigned long fixed, whole, padded, widened, incongruent, unreadable, shared, zeroed_read_only;
};

static void note_shapes(struct tally *t, const struct model *m)
{
    t->fixed += m->is_fixed;
    t->whole += m->is_whole;
    t->padded += m->padding != 0;
    for (unsigned int i = 0; i < m->count; i++) {
        const Elf64_Phdr *ph = &m->segment[i];

        t->incongruent += ph->p_filesz > 0 && !is_congruent(ph);
        t->widened += m->element[i].mr_flags && !m->element[i].mr_offset && ph->p_vaddr % PAGE;
        t->unreadable += !(ph->p_flags & PF_R);
        t->zeroed_read_only += ph->p_filesz > 0 && ph->p_filesz < ph->p_memsz &&
                               !(ph->p_flags & PF_W);
        t->shared += i > 0 && down(ph->p_vaddr) < up(memory_end(ph - 1));
    }
}

static void draw_call(uint64_t *state, struct call *c)
{
    static const size_t paddings[] = {0, 1, PAGE, 0x10000, 0x12345, SIZE_MAX, (size_t)1 << 61};

    c->flags = random_chance(state, 64) ? 0 : MMFD_INTERPRET;
    c->capacity = random_chance(state, 32) ? random_below(state, 6) : ELEMENTS;
    if (random_chance(state, 8))
        c->flags |= MMFD_HUGEPAGE;
    if (random_chance(state, 8)) {
        c->flags |= MMFD_PADDING;
        c->padding = paddings[random_below(state, COUNT_OF(paddings))];
    }
}

/* In an emulator an address space is a table in memory, which huge reservations exhaust. What is
 * refused for its size alone reserves nothing. */
static bool is_too_much_for_emulator(const struct model *m)
{
    const wide large = (wide)1 << 30, absurd = (wide)1 << 62;
    wide end, largest;

    if (!getenv("EMULATED") || !(m->outcomes & (1U << MAPS | 1U << NO_MEMORY | 1U << IN_USE)))
        return false;
    end = memory_end(&m->segment[m->count - 1]);
    largest = end - m->segment[0].p_vaddr;
    largest = m->align > largest ? m->align : largest;
    largest = m->padding > largest ? m->padding : largest;
    return largest <= absurd && (largest > large || (m->is_fixed && end > large << 8));
}

/* One call and its judgement; what was mapped is unmapped again. */
static void judge(const struct call *c, int fd, const struct model *m, struct tally *t)
{
    static mmapfd_result_t list[ELEMENTS];
    struct mmapfd_reason reason = {0};
    size_t padding = c->padding;
    unsigned int len = c->capacity;
    int err = mmapfd_raw(fd, c->flags, list, &len, c->flags & MMFD_PADDING ? &padding : NULL,
                         &reason);
    enum outcome outcome = MAPS;

    while (outcome < OUTCOMES && outcome_errors[outcome] != -err)
        outcome++;
    if (!expect(outcome < OUTCOMES, "an errno of the contract"))
        return;
    t->outcomes[outcome]++;
    t->undecided += (m->outcomes & (m->outcomes - 1)) != 0;
    expect(m->outcomes & 1U << outcome, "the outcome that the model expects");
    expect((reason.check != NULL) == (err != 0), "a reason if and only if it fails");
    if (err == -E2BIG)
        expect(len == m->count + (m->padding ? 2U : 0U), "E2BIG with the number needed");
    else if (err != 0)
        expect(len == c->capacity, "elements untouched");
    if (err != 0)
        return;
    if (m->outcomes & 1U << MAPS) {
        note_shapes(t, m);
        check_list(m, c, list, len);
    }
    for (unsigned int i = 0; i < len; i++)
        munmap(list[i].mr_addr, list[i].mr_msize);
}

static void report(unsigned long round, const struct subject *s, const struct model *m)
{
    const Elf64_Phdr *ph = (const Elf64_Phdr *)(s->bytes + s->table);

    printf("# round %lu, %s, %zu bytes: violated: %s; permitted:", round, s->name, s->len, failure);
    for (int i = 0; i < OUTCOMES; i++)
        printf("%s%s", m->outcomes & 1U << i ? " " : "",
               m->outcomes & 1U << i ? outcome_names[i] : "");
    printf("\n");
    if (s->table % 8 != 0 || s->table > s->len || s->table + s->ehdr.e_phnum * sizeof *ph > s->len)
        return;
    for (const Elf64_Phdr *end = ph + s->ehdr.e_phnum; ph < end; ph++)
        printf("#   type %x flags %x offset %lx vaddr %lx filesz %lx memsz %lx align %lx\n",
               ph->p_type, ph->p_flags, ph->p_offset, ph->p_vaddr, ph->p_filesz, ph->p_memsz,
               ph->p_align);
}

static void play(unsigned long round, const struct picture *before, const struct ranges *taken,
                 struct tally *t)
{
    static struct picture after;
    static struct model model;
    uint64_t state = round;
    struct call call = {0};
    struct subject *s = mutate(&state);

    failure = NULL;
    draw_call(&state, &call);
    call.bytes = s->bytes;
    call.len = s->len;
    model_call(&model, &call, taken);
    if (is_too_much_for_emulator(&model)) {
        t->left_out++;
    } else {
        judge(&call, s->fd, &model, t);
        picture_take(&after);
        expect(picture_equal(before, &after), "the process is as before");
    }
    if (failure && t->failed++ < SHOWN_FAILURES)
        report(round, s, &model);
    subject_restore(s);
}

static void check_tally(const struct tally *t, unsigned long rounds)
{
    /* The rarest class was seen several times as often when this was written. */
    const unsigned long few = rounds / 1000;
    const unsigned long shapes[] = {t->fixed,       t->whole,      t->padded, t->widened,
                                    t->incongruent, t->unreadable, t->shared, t->zeroed_read_only};
    bool has_each = true;

    printf("# %lu rounds:", rounds);
    for (int i = 0; i < OUTCOMES; i++) {
        printf(" %s %lu,", outcome_names[i], t->outcomes[i]);
        has_each &= t->outcomes[i] > few;
    }
    printf(" left out %lu; model undecided %lu\n", t->left_out, t->undecided);
    printf("# of those mapped: fixed %lu, whole %lu, padded %lu, widened %lu; segments: "
           "incongruent %lu, unreadable %lu, sharing a page %lu, read-only with zeros %lu\n",
           t->fixed, t->whole, t->padded, t->widened, t->incongruent, t->unreadable, t->shared,
           t->zeroed_read_only);
    CHECK("every outcome was met often enough to mean something", has_each);
    CHECK("a quarter of the rounds mapped something", t->outcomes[MAPS] > rounds / 4);
    CHECK("the model is decided in nearly every round", t->undecided < rounds / 10);
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        CHECK("each shape of a segment was among what was mapped", shapes[i] > few);
}

int main(int argc, char **argv)
{
    static struct picture before;
    static struct ranges taken;
    static struct tally tally;
    const unsigned long rounds = argc > 2 ? strtoul(argv[1], NULL, 0) : 0;

    check_begin();
    REQUIRE(rounds > 0);
    for (int i = 2; i < argc; i++)
        subjects_add_file(argv[i]);
    lowest_address();
    /* What images at fixed addresses are sometimes to be mapped over. */
    REQUIRE(mmap((void *)MUTATE_TAKEN, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                 0) == (void *)MUTATE_TAKEN);
    ranges_read(&taken, "self");
    picture_take(&before);
    for (unsigned long round = 0; round < rounds; round++)
        play(round, &before, &taken, &tally);
    CHECK("mmapfd and the model agree in every round", tally.failed == 0);
    check_tally(&tally, rounds);
    return check_failures != 0;
}
