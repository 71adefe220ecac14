/*
 * objects.c - writes the files whose tables are malformed, classes 37 and up: mmapfd maps them, the loader
 * must refuse them.
 *
 *     objects MACHINE DIRECTORY
 *
 * MACHINE is x86_64 or aarch64. One file a case is written, and DIRECTORY/objects with one line a file: name,
 * `refused` or `runs`, and a part of the message it is to be refused with.
 *
 * Each case is the same valid object with a few bytes poked into it. It is a program and a library: started,
 * it exits with status 42; its constructors, which nobody calls then, exit with 43, its IFUNC resolver with
 * 44. So whoever runs code of a file that is to be refused is seen by the status. Names begin with the number
 * of the class of fault. To add a case, add a line to the table.
 */
#include "malformed.h"

enum { CODE, DATA, DYNAMIC, STACK, RELRO, TLS, INTERP, SPARE, PHNUM };

/* File offsets; in the first segment they are addresses, too. */
enum {
    HASH = 0x240,
    GNU_HASH = 0x280,
    SYMTAB = 0x300,
    VERSYM = 0x380,
    VERDEF = 0x3a0,
    VERNEED = 0x400,
    STRTAB = 0x440,
    RELA = 0x500,
    JMPREL = 0x600,
    RELR = 0x640,
    PATH = 0x680,
    TEXT = 0x800,
    INIT = 0x840,
    RESOLVER = 0x880,
    CODE_LEN = 0x1000,
    DATA_OFF = STEP,
    DATA_ADDR = 2 * STEP,
    /* in the data segment: */
    INIT_ARRAY = DATA_ADDR + 0x400,
    FINI_ARRAY = DATA_ADDR + 0x410,
    PLACES = DATA_ADDR + 0x420, /* words to relocate */
    TLS_IMAGE = DATA_ADDR + 0x480,
    DATA_LEN = 0x600,
    DATA_SPAN = 0x3000,
    FILE_LEN = DATA_OFF + DATA_LEN,
    BIG_LEN = 0x400000, /* of the one with room for many versions */
};

/* Offsets in the string table. */
enum { S_NONE, S_WANTED = 1, S_DEFINED = 8, S_SELF = 16, S_VERSION = 27, STRSZ = 40 };
static const char strings[STRSZ] = "\0wanted\0defined\0libself.so\0VERSION_1";

/* Numbers of symbols. */
enum { WANTED = 1, DEFINED, LOCAL, SYMBOLS };
static const Elf64_Sym symtab[SYMBOLS] = {
    [WANTED] = {S_WANTED, ELF64_ST_INFO(STB_WEAK, STT_NOTYPE), 0, SHN_UNDEF, 0, 0},
    [DEFINED] = {S_DEFINED, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, RESOLVER, 0},
    [LOCAL] = {S_NONE, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), 0, 2, PLACES, 8},
};
static const uint16_t versym[SYMBOLS] = {0, 3, 2, 0};

/* One bucket with symbols 1, 2, 3; 2 and 3, with the hash of "defined". The filter lets all through. */
static const uint32_t hash[] = {1, SYMBOLS, 1, 0, 2, 3, 0};
static const uint32_t gnu_hash[] = {1, 2, 1, 6, UINT32_MAX, UINT32_MAX, 2, 0x088998d4, 1};

static const struct {
    Elf64_Verdef base;
    Elf64_Verdaux base_name;
    Elf64_Verdef first;
    Elf64_Verdaux first_name;
} verdef = {
    {1, VER_FLG_BASE, 1, 1, 0, 20, 28}, {S_SELF, 0}, {1, 0, 2, 1, 0, 20, 0}, {S_VERSION, 0}};

/* Of a file that is never loaded, so nobody asks whether it defines that. */
static const struct {
    Elf64_Verneed need;
    Elf64_Vernaux version;
} verneed = {{1, 1, S_SELF, 16, 0}, {0, 0, 3, S_VERSION, 0}};

enum { R_RELATIVE, R_INIT, R_FINI, R_WANTED, R_DEFINED, R_SPARE, RELAS };
enum { BY_RELATIVE, BY_ABS64, BY_SLOT, BY_IRELATIVE, KINDS };

static const struct machine {
    const char *name;
    uint16_t number;
    uint32_t kinds[KINDS];
    unsigned char text[3][16]; /* exit_group of 42, 43, 44 */
} machines[] = {
    {"x86_64",
     EM_X86_64,
     {R_X86_64_RELATIVE, R_X86_64_64, R_X86_64_JUMP_SLOT, R_X86_64_IRELATIVE},
     {{0xbf, 42, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05},
      {0xbf, 43, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05},
      {0xbf, 44, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05}}},
    {"aarch64",
     EM_AARCH64,
     {R_AARCH64_RELATIVE, R_AARCH64_ABS64, R_AARCH64_JUMP_SLOT, R_AARCH64_IRELATIVE},
     {{0x40, 0x05, 0x80, 0xd2, 0xc8, 0x0b, 0x80, 0xd2, 0x01, 0, 0, 0xd4},
      {0x60, 0x05, 0x80, 0xd2, 0xc8, 0x0b, 0x80, 0xd2, 0x01, 0, 0, 0xd4},
      {0x80, 0x05, 0x80, 0xd2, 0xc8, 0x0b, 0x80, 0xd2, 0x01, 0, 0, 0xd4}}},
};

static const Elf64_Phdr program_headers[PHNUM] = {
    [CODE] = {PT_LOAD, PF_R | PF_X, 0, 0, 0, CODE_LEN, CODE_LEN, STEP},
    [DATA] = {PT_LOAD, PF_R | PF_W, DATA_OFF, DATA_ADDR, DATA_ADDR, DATA_LEN, DATA_SPAN, STEP},
    [DYNAMIC] = {PT_DYNAMIC, PF_R | PF_W, DATA_OFF, DATA_ADDR, DATA_ADDR, 0x400, 0x400, 8},
    [STACK] = {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16},
    [RELRO] = {PT_GNU_RELRO, PF_R, DATA_OFF, DATA_ADDR, DATA_ADDR, DATA_LEN, 0x1000, 1},
    [TLS] = {PT_TLS, PF_R, DATA_OFF + 0x480, TLS_IMAGE, TLS_IMAGE, 16, 32, 16},
    [INTERP] = {PT_INTERP, PF_R, PATH, PATH, PATH, 11, 11, 1},
    [SPARE] = {PT_NULL, PF_R, DATA_OFF, DATA_ADDR, DATA_ADDR, 0x400, 0x400, 8},
};

/* Entries of the dynamic section, by name for the pokes. */
enum {
    D_HASH,
    D_GNU_HASH,
    D_SYMTAB,
    D_SYMENT,
    D_STRTAB,
    D_STRSZ,
    D_SONAME,
    D_VERSYM,
    D_VERDEF,
    D_VERDEFNUM,
    D_VERNEED,
    D_VERNEEDNUM,
    D_RELA,
    D_RELASZ,
    D_RELAENT,
    D_RELACOUNT,
    D_JMPREL,
    D_PLTRELSZ,
    D_PLTREL,
    D_RELR,
    D_RELRSZ,
    D_RELRENT,
    D_INIT,
    D_FINI,
    D_INIT_ARRAY,
    D_INIT_ARRAYSZ,
    D_FINI_ARRAY,
    D_FINI_ARRAYSZ,
    D_FLAGS,
    D_SPARE,
    D_SPARE2,
    D_NULL,
    D_COUNT
};

static const Elf64_Dyn dynamic[D_COUNT] = {
    [D_HASH] = {DT_HASH, {HASH}},
    [D_GNU_HASH] = {DT_GNU_HASH, {GNU_HASH}},
    [D_SYMTAB] = {DT_SYMTAB, {SYMTAB}},
    [D_SYMENT] = {DT_SYMENT, {sizeof(Elf64_Sym)}},
    [D_STRTAB] = {DT_STRTAB, {STRTAB}},
    [D_STRSZ] = {DT_STRSZ, {STRSZ}},
    [D_SONAME] = {DT_SONAME, {S_SELF}},
    [D_VERSYM] = {DT_VERSYM, {VERSYM}},
    [D_VERDEF] = {DT_VERDEF, {VERDEF}},
    [D_VERDEFNUM] = {DT_VERDEFNUM, {2}},
    [D_VERNEED] = {DT_VERNEED, {VERNEED}},
    [D_VERNEEDNUM] = {DT_VERNEEDNUM, {1}},
    [D_RELA] = {DT_RELA, {RELA}},
    [D_RELASZ] = {DT_RELASZ, {RELAS * sizeof(Elf64_Rela)}},
    [D_RELAENT] = {DT_RELAENT, {sizeof(Elf64_Rela)}},
    [D_RELACOUNT] = {DT_RELACOUNT, {3}},
    [D_JMPREL] = {DT_JMPREL, {JMPREL}},
    [D_PLTRELSZ] = {DT_PLTRELSZ, {sizeof(Elf64_Rela)}},
    [D_PLTREL] = {DT_PLTREL, {DT_RELA}},
    [D_RELR] = {DT_RELR, {RELR}},
    [D_RELRSZ] = {DT_RELRSZ, {16}},
    [D_RELRENT] = {DT_RELRENT, {8}},
    [D_INIT] = {DT_INIT, {INIT}},
    [D_FINI] = {DT_FINI, {INIT}},
    [D_INIT_ARRAY] = {DT_INIT_ARRAY, {INIT_ARRAY}},
    [D_INIT_ARRAYSZ] = {DT_INIT_ARRAYSZ, {8}},
    [D_FINI_ARRAY] = {DT_FINI_ARRAY, {FINI_ARRAY}},
    [D_FINI_ARRAYSZ] = {DT_FINI_ARRAYSZ, {8}},
    [D_FLAGS] = {DT_FLAGS, {DF_BIND_NOW}},
    [D_SPARE] = {DT_DEBUG, {0}},
    [D_SPARE2] = {DT_DEBUG, {0}},
    [D_NULL] = {DT_NULL, {0}},
};

static unsigned char file[BIG_LEN + STEP];
static const struct machine *machine;

static uint64_t info(uint32_t symbol, int kind)
{
    return ELF64_R_INFO((uint64_t)symbol, machine->kinds[kind]);
}

static void make_relocations(void)
{
    const Elf64_Rela relas[RELAS] = {
        [R_RELATIVE] = {PLACES, info(0, BY_RELATIVE), TEXT},
        [R_INIT] = {INIT_ARRAY, info(0, BY_RELATIVE), INIT},
        [R_FINI] = {FINI_ARRAY, info(0, BY_RELATIVE), INIT},
        [R_WANTED] = {PLACES + 8, info(WANTED, BY_ABS64), 0},
        [R_DEFINED] = {PLACES + 16, info(DEFINED, BY_ABS64), 0},
    };
    const Elf64_Rela slot = {PLACES + 24, info(DEFINED, BY_SLOT), 0};
    const uint64_t relr[] = {PLACES + 32, 3}; /* one word, and the next */

    memcpy(file + RELA, relas, sizeof relas);
    memcpy(file + JMPREL, &slot, sizeof slot);
    memcpy(file + RELR, relr, sizeof relr);
}

static void make_valid(void)
{
    const Elf64_Ehdr ehdr = elf_header(machine->number, TEXT, PHNUM);

    memset(file, 0, sizeof file);
    memcpy(file, &ehdr, sizeof ehdr);
    memcpy(file + PHOFF, program_headers, sizeof program_headers);
    memcpy(file + HASH, hash, sizeof hash);
    memcpy(file + GNU_HASH, gnu_hash, sizeof gnu_hash);
    memcpy(file + SYMTAB, symtab, sizeof symtab);
    memcpy(file + VERSYM, versym, sizeof versym);
    memcpy(file + VERDEF, &verdef, sizeof verdef);
    memcpy(file + VERNEED, &verneed, sizeof verneed);
    memcpy(file + STRTAB, strings, sizeof strings);
    memcpy(file + PATH, "/no/interp", 11);
    memcpy(file + TEXT, machine->text[0], sizeof machine->text[0]);
    memcpy(file + INIT, machine->text[1], sizeof machine->text[1]);
    memcpy(file + RESOLVER, machine->text[2], sizeof machine->text[2]);
    memcpy(file + DATA_OFF, dynamic, sizeof dynamic);
    make_relocations();
}

/* ---- the faults ---- */

#define TAG(i, tag)                                                                                \
    {                                                                                              \
        DATA_OFF + (i) * sizeof(Elf64_Dyn), 8, (uint64_t)(tag)                                     \
    }
#define VALUE(i, value)                                                                            \
    {                                                                                              \
        DATA_OFF + (i) * sizeof(Elf64_Dyn) + 8, 8, value                                           \
    }
#define ENTRY(i, tag, value) TAG(i, tag), VALUE(i, value)
#define WORD(off, value)                                                                           \
    {                                                                                              \
        off, 4, value                                                                              \
    }
#define HALF(off, value)                                                                           \
    {                                                                                              \
        off, 2, value                                                                              \
    }
#define LONG(off, value)                                                                           \
    {                                                                                              \
        off, 8, value                                                                              \
    }
#define RELOC(i, field, value)                                                                     \
    {                                                                                              \
        RELA + (i) * sizeof(Elf64_Rela) + offsetof(Elf64_Rela, field), 8, value                    \
    }
#define SYMBOL(i, field, value)                                                                    \
    {                                                                                              \
        SYMTAB + (i) * sizeof(Elf64_Sym) + offsetof(Elf64_Sym, field), WIDTH_OF(Elf64_Sym, field), \
            value                                                                                  \
    }
#define NO_GNU_HASH TAG(D_GNU_HASH, DT_DEBUG)

/* A kind of relocation that no machine has, and one that each has by another number. */
static void make_unknown(void)
{
    const uint64_t unknown = 0xff;

    memcpy(file + RELA + R_DEFINED * sizeof(Elf64_Rela) + 8, &unknown, 8);
}

static void set_kind(int relocation, uint32_t symbol, int kind)
{
    const uint64_t value = info(symbol, kind);

    memcpy(file + RELA + (size_t)relocation * sizeof(Elf64_Rela) + 8, &value, 8);
}

static void make_symbol_past(void)
{
    set_kind(R_DEFINED, 1000, BY_ABS64);
}

static void make_symbol_at_end(void)
{
    set_kind(R_DEFINED, SYMBOLS, BY_ABS64);
}

static void make_irelative(void)
{
    set_kind(R_SPARE, 0, BY_IRELATIVE);
}

/* As large as one can be whose dynamic section is where it was. */
static void make_large(void)
{
    const uint64_t len = BIG_LEN - DATA_OFF;

    memcpy(file + PHOFF + DATA * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_filesz), &len, 8);
    memcpy(file + PHOFF + DATA * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_memsz), &len, 8);
}

/* Needs, each with the list of the 65535 versions that follow them: the lists are the same bytes. */
static void make_shared_needs(void)
{
    const size_t first = DATA_OFF + 0x1000, end = BIG_LEN;
    const size_t needs = (end - first) / 16 - 65536;

    make_large();
    for (size_t i = 0; i < needs; i++) {
        const Elf64_Verneed need = {1, 65535, S_SELF, (uint32_t)((needs - i) * 16),
                                    i + 1 < needs ? 16 : 0};
        memcpy(file + first + i * 16, &need, sizeof need);
    }
    for (size_t i = 0; i < 65535; i++) {
        const Elf64_Vernaux version = {0, 0, (uint16_t)(i & 0x7fff), S_VERSION, 16};
        memcpy(file + first + (needs + i) * 16, &version, sizeof version);
    }
}

static const struct fault {
    const char *name;
    const char *text; /* of the message; NULL: it runs */
    struct poke pokes[7];
    void (*make)(void);
    size_t len; /* of the file, 0 for FILE_LEN */
} faults[] = {
    {.name = "00-object"},
    {"15-relocatable-phoff-far",
     "only ET_DYN and ET_EXEC",
     {HEADER(e_type, ET_REL), HEADER(e_phoff, 0x10000000)}},
    {"15-core-phoff-wraps",
     "only ET_DYN and ET_EXEC",
     {HEADER(e_type, ET_CORE), HEADER(e_phoff, UINT64_MAX - 7)}},
    {"31-object-align-3", NULL, {SEGMENT(CODE, p_align, 3), SEGMENT(DATA, p_align, 3)}},
    {"32-object-incongruent",
     NULL,
     {SEGMENT(DATA, p_align, 0x1000), SEGMENT(CODE, p_align, 0x1000),
      SEGMENT(DATA, p_offset, DATA_OFF - 8), SEGMENT(DATA, p_vaddr, DATA_ADDR - 8),
      SEGMENT(DATA, p_align, 3)}},
    {"37-dynamic-outside", "PT_DYNAMIC at 0x900000", {SEGMENT(DYNAMIC, p_vaddr, 0x900000)}},
    {"37-dynamic-too-long", "PT_DYNAMIC at 0x20000", {SEGMENT(DYNAMIC, p_memsz, DATA_SPAN + 16)}},
    {"37-dynamic-wraps",
     "PT_DYNAMIC at 0xfffffffffffffff0",
     {SEGMENT(DYNAMIC, p_vaddr, UINT64_MAX - 15)}},
    {"37-dynamic-length-wraps", "PT_DYNAMIC at 0x20000", {SEGMENT(DYNAMIC, p_memsz, UINT64_MAX)}},
    {"37-dynamic-unaligned", "PT_DYNAMIC at 0x20004", {SEGMENT(DYNAMIC, p_vaddr, DATA_ADDR + 4)}},
    {"38-no-null", "wanted a DT_NULL", {SEGMENT(DYNAMIC, p_memsz, D_NULL * sizeof(Elf64_Dyn))}},
    {"38-empty", "wanted a DT_NULL", {SEGMENT(DYNAMIC, p_memsz, 0)}},
    {"39-two-dynamic", "two PT_DYNAMIC", {SEGMENT(SPARE, p_type, PT_DYNAMIC)}},
    {"40-strtab-outside", "DT_STRTAB is 0x900000", {VALUE(D_STRTAB, 0x900000)}},
    {"40-strtab-wraps", "DT_STRTAB is 0xffffffffffffffff", {VALUE(D_STRTAB, UINT64_MAX)}},
    {"41-strsz-0", "DT_STRSZ is 0x0", {VALUE(D_STRSZ, 0)}},
    {"41-strsz-too-big", "DT_STRTAB is 0x440", {VALUE(D_STRSZ, CODE_LEN)}},
    {"41-strsz-wraps", "DT_STRTAB is 0x440", {VALUE(D_STRSZ, UINT64_MAX)}},
    {"42-unterminated", "ends with a NUL", {VALUE(D_STRSZ, STRSZ - 5)}},
    {"42-unterminated-by-relocation",
     "overwritten the NUL",
     {VALUE(D_STRTAB, PLACES - STRSZ + 8), RELOC(R_RELATIVE, r_addend, UINT64_C(0x41) << 56)}},
    {"43-needed-past", "DT_NEEDED is 0x28", {ENTRY(D_SPARE, DT_NEEDED, STRSZ)}},
    {"43-needed-far", "DT_NEEDED is 0xffffffffffffffff", {ENTRY(D_SPARE, DT_NEEDED, UINT64_MAX)}},
    {"43-soname-past", "DT_SONAME is 0x28", {VALUE(D_SONAME, STRSZ)}},
    {"43-rpath-past", "DT_RPATH is 0x28", {ENTRY(D_SPARE, DT_RPATH, STRSZ)}},
    {"43-runpath-past", "DT_RUNPATH is 0x28", {ENTRY(D_SPARE, DT_RUNPATH, STRSZ)}},
    {"44-syment-16", "DT_SYMENT is 0x10", {VALUE(D_SYMENT, 16)}},
    {"44-syment-0", "DT_SYMENT is 0x0", {VALUE(D_SYMENT, 0)}},
    {"44-symtab-outside", "DT_SYMTAB is 0x900000", {VALUE(D_SYMTAB, 0x900000)}},
    {"44-symtab-unaligned", "DT_SYMTAB is 0x304", {VALUE(D_SYMTAB, SYMTAB + 4)}},
    {"45-relaent-16", "DT_RELAENT is 0x10", {VALUE(D_RELAENT, 16)}},
    {"45-relrent-4", "DT_RELRENT is 0x4", {VALUE(D_RELRENT, 4)}},
    {"46-relasz-odd", "DT_RELA is 0x91", {VALUE(D_RELASZ, RELAS * 24 + 1)}},
    {"46-pltrelsz-odd", "DT_JMPREL is 0x19", {VALUE(D_PLTRELSZ, 25)}},
    {"46-rela-outside", "DT_RELA is 0x900000", {VALUE(D_RELA, 0x900000)}},
    {"46-rela-too-long", "DT_RELA is 0x500", {VALUE(D_RELASZ, 24 * 0x1000)}},
    {"46-rela-wraps", "DT_RELA is 0xfffffffffffffff8", {VALUE(D_RELA, UINT64_MAX - 7)}},
    {"46-jmprel-unaligned", "DT_JMPREL is 0x604", {VALUE(D_JMPREL, JMPREL + 4)}},
    {.name = "46-relacount-too-big", .pokes = {VALUE(D_RELACOUNT, 1000)}},
    {.name = "46-relacount-lies", .pokes = {VALUE(D_RELACOUNT, RELAS)}},
    {"47-pltrel-rel", "DT_PLTREL is 0x11", {VALUE(D_PLTREL, DT_REL)}},
    {"47-rel", "DT_REL is 0x500", {ENTRY(D_SPARE, DT_REL, RELA), ENTRY(D_SPARE2, DT_RELSZ, 16)}},
    {"48-outside",
     "relocation at 0x900000 is in no segment",
     {RELOC(R_DEFINED, r_offset, 0x900000)}},
    {"48-relative-outside",
     "relocation at 0x900000 is in no segment",
     {RELOC(R_RELATIVE, r_offset, 0x900000)}},
    {"48-wraps",
     "relocation at 0xfffffffffffffffc is in no segment",
     {RELOC(R_DEFINED, r_offset, UINT64_MAX - 3)}},
    {"48-between",
     "relocation at 0x18000 is in no segment",
     {RELOC(R_WANTED, r_offset, STEP + 0x8000)}},
    {"48-across-end",
     "relocation at 0x22ff9 crosses the end",
     {RELOC(R_WANTED, r_offset, DATA_ADDR + DATA_SPAN - 7)}},
    {"48-slot-outside", "relocation at 0x900000 is in no segment", {LONG(JMPREL, 0x900000)}},
    {"48-read-only",
     "relocation at 0x800 is in a read-only segment",
     {RELOC(R_DEFINED, r_offset, TEXT)}},
    {"48-relative-read-only",
     "relocation at 0x800 is in a read-only segment",
     {RELOC(R_RELATIVE, r_offset, TEXT)}},
    {"49-symbol-past", "names symbol 1000 of 4", {{0, 0, 0}}, make_symbol_past},
    {"49-symbol-at-end", "names symbol 4 of 4", {{0, 0, 0}}, make_symbol_at_end},
    {"50-type-unknown", "has type 255", {{0, 0, 0}}, make_unknown},
    {"51-nbucket-0", "DT_HASH nbucket is 0x0", {WORD(HASH, 0)}},
    {"51-gnu-nbuckets-0",
     "DT_GNU_HASH nbuckets is 0x0",
     {WORD(GNU_HASH, 0), TAG(D_HASH, DT_DEBUG)}},
    {"51-nchain-far", "DT_HASH is 0x", {WORD(HASH + 4, UINT32_MAX)}},
    {"51-nbucket-far", "DT_HASH is 0x", {WORD(HASH, UINT32_MAX)}},
    {"51-gnu-nbuckets-far", "DT_GNU_HASH is 0x", {WORD(GNU_HASH, UINT32_MAX)}},
    {"51-hash-outside", "DT_HASH is 0x900000", {VALUE(D_HASH, 0x900000)}},
    {"51-gnu-hash-outside", "DT_GNU_HASH is 0x900000", {VALUE(D_GNU_HASH, 0x900000)}},
    {"52-cycle", "DT_HASH chain length", {NO_GNU_HASH, WORD(HASH + 12 + 12, 1)}},
    {"52-own-successor", "DT_HASH chain length", {NO_GNU_HASH, WORD(HASH + 12 + 4, 1)}},
    {"52-bucket-past", "DT_HASH link is 0x4", {NO_GNU_HASH, WORD(HASH + 8, SYMBOLS)}},
    {"52-link-past", "DT_HASH link is 0xffffffff", {NO_GNU_HASH, WORD(HASH + 12 + 8, UINT32_MAX)}},
    /* Where no index can leave the tables it ends a chain, as for a symbol that is not there. */
    {.name = "52-gnu-bucket-past", .pokes = {WORD(GNU_HASH + 24, 1000)}},
    {.name = "52-gnu-chain-unended", .pokes = {WORD(GNU_HASH + 32, 2)}},
    {.name = "52-unused-cycle", .pokes = {WORD(HASH + 12 + 12, 1)}},
    {"53-bloom-size-0", "bloom size is 0x0", {WORD(GNU_HASH + 8, 0)}},
    {"53-bloom-size-3", "bloom size is 0x3", {WORD(GNU_HASH + 8, 3)}},
    {"53-bloom-size-far", "DT_GNU_HASH is 0x", {WORD(GNU_HASH + 8, 0x80000000)}},
    {"53-bloom-shift-64", "bloom shift is 0x40", {WORD(GNU_HASH + 12, 64)}},
    {.name = "53-bloom-shift-63", .pokes = {WORD(GNU_HASH + 12, 63)}},
    {"54-verdef-outside", "DT_VERDEF is 0x900000", {VALUE(D_VERDEF, 0x900000)}},
    {"54-verneed-outside", "DT_VERNEED is 0x900000", {VALUE(D_VERNEED, 0x900000)}},
    {"54-vd-next-past", "DT_VERDEF is 0x1003a0", {WORD(VERDEF + 16, 0x100000)}},
    {"54-vd-next-inside", "vd_next is 0x4", {WORD(VERDEF + 16, 4)}},
    {"54-vd-aux-past", "vd_aux is 0x100000", {WORD(VERDEF + 12, 0x100000)}},
    {"54-vda-name-past", "vd_aux is 0x14", {WORD(VERDEF + 28 + 20, STRSZ)}},
    {"54-vn-next-past",
     "DT_VERNEED is 0x100400",
     {WORD(VERNEED + 12, 0x100000), VALUE(D_VERNEEDNUM, 2)}},
    {"54-vn-next-inside", "vn_next is 0x4", {WORD(VERNEED + 12, 4)}},
    {"54-vn-aux-past", "vn_aux is 0x100400", {WORD(VERNEED + 8, 0x100000)}},
    {"54-vn-file-past", "vn_file is 0x28", {WORD(VERNEED + 4, STRSZ)}},
    {"54-vna-name-past", "vna_name is 0x28", {WORD(VERNEED + 16 + 8, STRSZ)}},
    {"54-vna-next-inside", "vna_next is 0x8", {WORD(VERNEED + 16 + 12, 8)}},
    {"54-verneed-unaligned", "DT_VERNEED is 0x402", {VALUE(D_VERNEED, VERNEED + 2)}},
    {"54-shared-lists",
     "vn_aux is 0x",
     {VALUE(D_VERNEED, DATA_ADDR + 0x1000), VALUE(D_VERNEEDNUM, UINT64_MAX)},
     make_shared_needs,
     BIG_LEN},
    {"55-version-undefined", "symbol 1 (wanted): DT_VERSYM is 7", {HALF(VERSYM + 2, 7)}},
    {"55-version-far", "symbol 1 (wanted): DT_VERSYM is 32767", {HALF(VERSYM + 2, 0xffff)}},
    {"55-versym-outside", "DT_VERSYM is 0x900000", {VALUE(D_VERSYM, 0x900000)}},
    {"55-versym-odd", "DT_VERSYM is 0x381", {VALUE(D_VERSYM, VERSYM + 1)}},
    {"55-versym-short", "names symbol 1 of 1", {VALUE(D_VERSYM, CODE_LEN - 2)}},
    {"56-bitmap-first", "DT_RELR is 0x3", {LONG(RELR, 3)}},
    {"56-relrsz-odd", "DT_RELR is 0x9", {VALUE(D_RELRSZ, 9)}},
    {"56-outside", "relocation at 0x900000 is in no segment", {LONG(RELR, 0x900000)}},
    {"56-bitmap-outside",
     "relocation at 0x23000 is in no segment",
     {LONG(RELR, DATA_ADDR + DATA_SPAN - 8)}},
    {"56-read-only", "relocation at 0x800 is in a read-only segment", {LONG(RELR, TEXT)}},
    {"57-filesz-over-memsz", "PT_TLS has file size 0x21", {SEGMENT(TLS, p_filesz, 33)}},
    {"57-align-3", "alignment 0x3", {SEGMENT(TLS, p_align, 3)}},
    {"57-outside", "PT_TLS at 0x900000", {SEGMENT(TLS, p_vaddr, 0x900000)}},
    {"57-gigabytes", "memory size 0x100000000", {SEGMENT(TLS, p_memsz, UINT64_C(1) << 32)}},
    {"57-align-gigabytes", "alignment 0x100000000", {SEGMENT(TLS, p_align, UINT64_C(1) << 32)}},
    {"58-outside", "PT_GNU_RELRO at 0x900000", {SEGMENT(RELRO, p_vaddr, 0x900000)}},
    {"58-past-the-end",
     "PT_GNU_RELRO at 0x20000, 0x900000 bytes",
     {SEGMENT(RELRO, p_memsz, 0x900000)}},
    {"58-wraps", "PT_GNU_RELRO at 0x20000", {SEGMENT(RELRO, p_memsz, UINT64_MAX)}},
    {"59-array-outside", "DT_INIT_ARRAY is 0x900000", {VALUE(D_INIT_ARRAY, 0x900000)}},
    {"59-array-odd", "DT_INIT_ARRAY is 0x9", {VALUE(D_INIT_ARRAYSZ, 9)}},
    {"59-array-wraps", "DT_FINI_ARRAY is 0x20410", {VALUE(D_FINI_ARRAYSZ, UINT64_MAX - 7)}},
    {"59-init-entry-data", "DT_INIT_ARRAY[0] is 0x", {RELOC(R_INIT, r_addend, PLACES)}},
    {"59-fini-entry-data", "DT_FINI_ARRAY[0] is 0x", {RELOC(R_FINI, r_addend, PLACES)}},
    {"59-init-entry-nowhere", "DT_INIT_ARRAY[0] is 0x", {RELOC(R_INIT, r_addend, 0x900000)}},
    /* Whose resolvers must not have run by then. */
    {"59-init-entry-data-ifunc",
     "DT_INIT_ARRAY[0] is 0x",
     {RELOC(R_INIT, r_addend, PLACES),
      SYMBOL(DEFINED, st_info, ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC))}},
    {"59-fini-entry-data-irelative",
     "DT_FINI_ARRAY[0] is 0x",
     {RELOC(R_FINI, r_addend, PLACES), RELOC(R_SPARE, r_offset, PLACES + 56),
      RELOC(R_SPARE, r_addend, RESOLVER)},
     make_irelative},
    {"61-irelative-place-outside",
     "relocation at 0x900000 is in no segment",
     {RELOC(R_SPARE, r_offset, 0x900000), RELOC(R_SPARE, r_addend, RESOLVER),
      SYMBOL(DEFINED, st_info, ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC))},
     make_irelative},
    {"59-init-data", "DT_INIT is 0x20420", {VALUE(D_INIT, PLACES)}},
    {"59-fini-nowhere", "DT_FINI is 0x900000", {VALUE(D_FINI, 0x900000)}},
    {"60-unterminated", "PT_INTERP at 0x680, 0xa bytes", {SEGMENT(INTERP, p_filesz, 10)}},
    {"60-outside", "PT_INTERP at 0x900000", {SEGMENT(INTERP, p_vaddr, 0x900000)}},
    {"60-empty", "PT_INTERP at 0x680, 0x0 bytes", {SEGMENT(INTERP, p_filesz, 0)}},
    {"61-irelative-data",
     "IRELATIVE resolver at 0x20420",
     {RELOC(R_SPARE, r_offset, PLACES + 56), RELOC(R_SPARE, r_addend, PLACES)},
     make_irelative},
    {"61-irelative-nowhere",
     "IRELATIVE resolver at 0x900000",
     {RELOC(R_SPARE, r_offset, PLACES + 56), RELOC(R_SPARE, r_addend, 0x900000)},
     make_irelative},
    {"61-ifunc-data",
     "IFUNC resolver at 0x20420",
     {SYMBOL(DEFINED, st_info, ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC)),
      SYMBOL(DEFINED, st_value, PLACES)}},
    {.name = "62-needs-itself", .pokes = {ENTRY(D_SPARE, DT_NEEDED, S_SELF)}},
    {"63-st-name-past", "symbol 1: st_name is 0x28", {SYMBOL(WANTED, st_name, STRSZ)}},
    {"63-st-name-far", "symbol 2: st_name is 0xffffffff", {SYMBOL(DEFINED, st_name, UINT32_MAX)}},
    {"64-code-writable",
     "segment at 0x0 is both writable and executable",
     {SEGMENT(CODE, p_flags, PF_R | PF_W | PF_X)}},
    {"64-data-executable",
     "segment at 0x20000 is both writable and executable",
     {SEGMENT(DATA, p_flags, PF_W | PF_X)}},
    {"65-stack-executable",
     "asks for an executable stack",
     {SEGMENT(STACK, p_flags, PF_R | PF_W | PF_X)}},
};

static size_t make_faulty(const struct fault *fault)
{
    make_valid();
    if (fault->make)
        fault->make();
    for (size_t i = 0; i < sizeof fault->pokes / sizeof *fault->pokes; i++)
        poke(file, &fault->pokes[i]);
    return fault->len ? fault->len : FILE_LEN;
}

int main(int argc, char **argv)
{
    static char index[32768];
    size_t used = 0;

    for (size_t i = 0; argc == 3 && i < sizeof machines / sizeof *machines; i++) {
        if (strcmp(argv[1], machines[i].name) == 0)
            machine = &machines[i];
    }
    if (!machine) {
        fprintf(stderr, "usage: %s x86_64|aarch64 DIRECTORY\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct fault *fault = &faults[i];

        write_file(argv[2], fault->name, file, make_faulty(fault));
        used += (size_t)snprintf(index + used, sizeof index - used, "%s %s %s\n", fault->name,
                                 fault->text ? "refused" : "runs", fault->text ? fault->text : "-");
        if (used >= sizeof index)
            return 1;
    }
    write_file(argv[2], "objects", index, used);
    return 0;
}
