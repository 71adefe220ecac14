/*
 * mutate.c - changes a file where the loader looks: program headers, the dynamic section and the tables that
 * it names, with values that mean something there.
 *
 * One function, two entries: LLVMFuzzerCustomMutator for libFuzzer, afl_custom_fuzz for AFL++ (-DAFL, as a
 * shared library). Half of the mutations are left to the fuzzer's own, which know nothing.
 */
#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct file {
    uint8_t *bytes;
    size_t size;
    uint64_t state; /* of the random numbers */
    Elf64_Ehdr ehdr;
    size_t dynamic, dynamic_count; /* offset; entries */
};

static uint64_t next(struct file *f)
{
    f->state ^= f->state << 13;
    f->state ^= f->state >> 7;
    f->state ^= f->state << 17;
    return f->state;
}

static uint64_t below(struct file *f, uint64_t limit)
{
    return limit == 0 ? 0 : (next(f) >> 11) % limit;
}

static bool header(const struct file *f, unsigned i, Elf64_Phdr *ph)
{
    uint64_t at = f->ehdr.e_phoff + (uint64_t)i * sizeof *ph;

    if (i >= f->ehdr.e_phnum || f->ehdr.e_phoff > f->size || at + sizeof *ph > f->size)
        return false;
    memcpy(ph, f->bytes + at, sizeof *ph);
    return true;
}

/* The offset of an address, SIZE_MAX if no segment has it. */
static size_t offset_of(const struct file *f, uint64_t vaddr)
{
    Elf64_Phdr ph;

    for (unsigned i = 0; header(f, i, &ph); i++) {
        if (ph.p_type == PT_LOAD && vaddr >= ph.p_vaddr && vaddr - ph.p_vaddr < ph.p_filesz &&
            vaddr - ph.p_vaddr + ph.p_offset < f->size)
            return (size_t)(vaddr - ph.p_vaddr + ph.p_offset);
    }
    return SIZE_MAX;
}

static bool parse(struct file *f)
{
    Elf64_Phdr ph;

    if (f->size < sizeof f->ehdr || memcmp(f->bytes, ELFMAG, SELFMAG) != 0)
        return false;
    memcpy(&f->ehdr, f->bytes, sizeof f->ehdr);
    for (unsigned i = 0; header(f, i, &ph); i++) {
        size_t at = ph.p_type == PT_DYNAMIC ? offset_of(f, ph.p_vaddr) : SIZE_MAX;
        if (at == SIZE_MAX)
            continue;
        f->dynamic = at;
        f->dynamic_count = (f->size - f->dynamic) / sizeof(Elf64_Dyn);
        if (f->dynamic_count > ph.p_memsz / sizeof(Elf64_Dyn))
            f->dynamic_count = ph.p_memsz / sizeof(Elf64_Dyn);
        if (f->dynamic_count > 64)
            f->dynamic_count = 64;
    }
    return true;
}

static bool entry(const struct file *f, int64_t tag, uint64_t *value)
{
    for (size_t i = 0; i < f->dynamic_count; i++) {
        Elf64_Dyn d;
        memcpy(&d, f->bytes + f->dynamic + i * sizeof d, sizeof d);
        if (d.d_tag == tag) {
            *value = d.d_un.d_val;
            return true;
        }
    }
    return false;
}

/* A number that means something: small, at a border, an address of the file's own. */
static uint64_t value_for(struct file *f, uint64_t old)
{
    static const uint64_t borders[] = {
        0,          1,          2,          0x7fff,         0x8000,
        0xffff,     0x7fffffff, 0x80000000, UINT32_MAX,     INT64_MAX,
        1ull << 63, UINT64_MAX, 1ull << 47, UINT64_MAX - 7, 4096};
    Elf64_Phdr ph;
    Elf64_Dyn d;

    switch (below(f, 8)) {
    case 0:
        return borders[below(f, sizeof borders / sizeof *borders)];
    case 1:
        return old + below(f, 17) - 8;
    case 2:
        return old ^ UINT64_C(1) << below(f, 64);
    case 3:
        return below(f, 64);
    case 4: /* the end of a segment, or near it */
        if (header(f, (unsigned)below(f, f->ehdr.e_phnum), &ph))
            return ph.p_vaddr + (below(f, 2) ? ph.p_memsz : ph.p_filesz) + below(f, 17) - 8;
        return old;
    case 5: /* of another table */
        if (f->dynamic_count == 0)
            return old;
        memcpy(&d, f->bytes + f->dynamic + below(f, f->dynamic_count) * sizeof d, sizeof d);
        return d.d_un.d_val + (below(f, 2) ? 0 : below(f, 33) - 16);
    case 6:
        return old << 1 | below(f, 2);
    default:
        return old >> below(f, 8);
    }
}

/* Changes the number of that width at an offset. */
static void change(struct file *f, size_t at, size_t width)
{
    uint64_t value = 0;

    if (at > f->size || width > f->size - at)
        return;
    memcpy(&value, f->bytes + at, width);
    value = value_for(f, value);
    memcpy(f->bytes + at, &value, width);
}

static void change_header(struct file *f)
{
    static const size_t fields[][2] = {{0, 4}, {4, 4}, {8, 8}, {16, 8}, {32, 8}, {40, 8}, {48, 8}};
    static const uint32_t types[] = {PT_NULL, PT_LOAD,        PT_DYNAMIC,   PT_INTERP,
                                     PT_PHDR, PT_TLS,         PT_GNU_RELRO, PT_GNU_STACK,
                                     PT_NOTE, PT_GNU_EH_FRAME};
    size_t field = below(f, sizeof fields / sizeof *fields);
    size_t at = f->ehdr.e_phoff + below(f, f->ehdr.e_phnum) * sizeof(Elf64_Phdr);

    if (at > f->size || sizeof(Elf64_Phdr) > f->size - at)
        return;
    if (field == 0)
        memcpy(f->bytes + at, &types[below(f, sizeof types / sizeof *types)], 4);
    else if (field == 1)
        f->bytes[at + 4] = (uint8_t)below(f, 8);
    else
        change(f, at + fields[field][0], fields[field][1]);
}

static void change_entry(struct file *f)
{
    static const int64_t tags[] = {
        DT_NULL,       DT_NEEDED,       DT_PLTRELSZ,   DT_PLTGOT,        DT_HASH,
        DT_STRTAB,     DT_SYMTAB,       DT_RELA,       DT_RELASZ,        DT_RELAENT,
        DT_STRSZ,      DT_SYMENT,       DT_INIT,       DT_FINI,          DT_SONAME,
        DT_RPATH,      DT_SYMBOLIC,     DT_REL,        DT_RELSZ,         DT_PLTREL,
        DT_DEBUG,      DT_TEXTREL,      DT_JMPREL,     DT_BIND_NOW,      DT_FLAGS,
        DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_FINI_ARRAY, DT_FINI_ARRAYSZ,  DT_RUNPATH,
        DT_RELR,       DT_RELRSZ,       DT_RELRENT,    DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ,
        DT_GNU_HASH,   DT_VERSYM,       DT_VERDEF,     DT_VERDEFNUM,     DT_VERNEED,
        DT_VERNEEDNUM, DT_RELACOUNT,    DT_FLAGS_1};
    size_t at = f->dynamic + below(f, f->dynamic_count) * sizeof(Elf64_Dyn);

    if (f->dynamic_count == 0)
        return;
    if (below(f, 4) == 0)
        memcpy(f->bytes + at, &tags[below(f, sizeof tags / sizeof *tags)], 8);
    else
        change(f, at + 8, 8);
}

/* Kinds of relocation that the loader knows, by number; others come by chance. */
static uint32_t kind(struct file *f)
{
    static const uint32_t x86_64[] = {R_X86_64_64,       R_X86_64_PC32,      R_X86_64_COPY,
                                      R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, R_X86_64_RELATIVE,
                                      R_X86_64_32,       R_X86_64_DTPMOD64,  R_X86_64_DTPOFF64,
                                      R_X86_64_TPOFF64,  R_X86_64_PC64,      R_X86_64_SIZE32,
                                      R_X86_64_SIZE64,   R_X86_64_TLSDESC,   R_X86_64_IRELATIVE};
    static const uint32_t aarch64[] = {
        R_AARCH64_ABS64,      R_AARCH64_ABS32,     R_AARCH64_PREL32,   R_AARCH64_COPY,
        R_AARCH64_GLOB_DAT,   R_AARCH64_JUMP_SLOT, R_AARCH64_RELATIVE, R_AARCH64_TLS_DTPMOD,
        R_AARCH64_TLS_DTPREL, R_AARCH64_TLS_TPREL, R_AARCH64_TLSDESC,  R_AARCH64_IRELATIVE};

    return f->ehdr.e_machine == EM_AARCH64 ? aarch64[below(f, sizeof aarch64 / sizeof *aarch64)]
                                           : x86_64[below(f, sizeof x86_64 / sizeof *x86_64)];
}

static void change_relocation(struct file *f, uint64_t table, uint64_t len)
{
    size_t at = offset_of(f, table);
    Elf64_Rela rela;

    if (at == SIZE_MAX)
        return;
    at += below(f, (len < 4096 ? len : 4096) / sizeof rela) * sizeof rela;
    if (sizeof rela > f->size - at)
        return;
    memcpy(&rela, f->bytes + at, sizeof rela);
    if (below(f, 2))
        rela.r_info = ELF64_R_INFO((below(f, 4) ? ELF64_R_SYM(rela.r_info) : below(f, 8)), kind(f));
    memcpy(f->bytes + at, &rela, sizeof rela);
    if (below(f, 2))
        change(f, at + (below(f, 2) ? 16 : 0), 8);
}

/* A table of items of a size, in which numbers of some width stand. */
static void change_table(struct file *f)
{
    static const struct {
        int64_t tag;
        size_t width, span;
    } tables[] = {
        {DT_SYMTAB, 1, 144}, {DT_SYMTAB, 2, 144},  {DT_SYMTAB, 4, 144},    {DT_SYMTAB, 8, 144},
        {DT_HASH, 4, 48},    {DT_GNU_HASH, 4, 64}, {DT_GNU_HASH, 4, 24},   {DT_VERSYM, 2, 16},
        {DT_VERDEF, 2, 64},  {DT_VERDEF, 4, 64},   {DT_VERNEED, 2, 48},    {DT_VERNEED, 4, 48},
        {DT_RELR, 8, 32},    {DT_STRTAB, 1, 64},   {DT_INIT_ARRAY, 8, 16}, {DT_PLTGOT, 8, 24}};
    size_t i = below(f, sizeof tables / sizeof *tables + 4);
    uint64_t table = 0, len = 0;

    if (i >= sizeof tables / sizeof *tables) {
        bool is_plt = below(f, 3) == 0;
        if (entry(f, is_plt ? DT_JMPREL : DT_RELA, &table) &&
            entry(f, is_plt ? DT_PLTRELSZ : DT_RELASZ, &len))
            change_relocation(f, table, len);
        return;
    }
    if (!entry(f, tables[i].tag, &table))
        return;
    size_t at = offset_of(f, table);
    if (at != SIZE_MAX)
        change(f, at + below(f, tables[i].span / tables[i].width) * tables[i].width,
               tables[i].width);
}

/* False if the file has no structure to go by. */
static bool mutate(uint8_t *bytes, size_t size, uint64_t seed)
{
    struct file f = {
        .bytes = bytes, .size = size, .state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1};

    if (!parse(&f))
        return false;
    for (uint64_t n = 1 + below(&f, 3); n > 0; n--) {
        uint64_t what = below(&f, 10);
        if (what < 2)
            change_header(&f);
        else if (what < 5)
            change_entry(&f);
        else if (what < 9)
            change_table(&f);
        else
            change(&f, offsetof(Elf64_Ehdr, e_type) + below(&f, 24) * 2, 2);
    }
    return true;
}

#ifdef AFL

struct state {
    uint8_t *bytes;
    size_t capacity;
    uint64_t seed;
};

void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(struct state *s, uint8_t *buf, size_t len, uint8_t **out, uint8_t *other,
                       size_t other_len, size_t max);
void afl_custom_deinit(struct state *s);

void *afl_custom_init(void *afl, unsigned int seed)
{
    struct state *s = calloc(1, sizeof *s);

    (void)afl;
    if (s != NULL)
        s->seed = seed;
    return s;
}

size_t afl_custom_fuzz(struct state *s, uint8_t *buf, size_t len, uint8_t **out, uint8_t *other,
                       size_t other_len, size_t max)
{
    (void)other, (void)other_len;
    if (len > max)
        len = max;
    if (len > s->capacity) {
        free(s->bytes);
        s->bytes = malloc(len);
        s->capacity = s->bytes != NULL ? len : 0;
    }
    *out = buf;
    if (s->capacity < len)
        return len;
    memcpy(s->bytes, buf, len);
    mutate(s->bytes, len, ++s->seed);
    *out = s->bytes;
    return len;
}

void afl_custom_deinit(struct state *s)
{
    free(s->bytes);
    free(s);
}

#else

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
    if (seed % 4 == 0 || !mutate(data, size, seed))
        return LLVMFuzzerMutate(data, size, max);
    return size;
}

#endif
