/*
 * generate.c - writes the malformed files that the loader must survive.
 *
 *     generate MACHINE DIRECTORY [ADDRESS]
 *
 * MACHINE is x86_64 or aarch64; ADDRESS is one that will be in use, for the program that wants it,
 * by default 0x20000000. One file a case is written, and DIRECTORY/index with one line a file:
 * name, a space, and the errno that mmapfd refuses it with, or 0.
 *
 * Each case is the same valid program with a few bytes poked into it. That program, a position
 * independent one without libraries, exits with status 42 when it runs: so a file of errno 0 can be
 * run to see that it was mapped well. Names begin with the number of the class of fault; one class can
 * have several cases. To add a case, add a line to the table.
 */
#include "malformed.h"

/* ---- the valid program ---- */

enum { CODE, DATA, DYNAMIC, STACK, PHNUM };

/* File offsets, which in the first segment are addresses too. */
enum {
    HASH = 0x200,
    SYMTAB = 0x240,
    STRTAB = 0x280,
    TEXT = 0x400,
    CODE_LEN = 0x1000,
    DATA_OFF = STEP,
    DATA_ADDR = 2 * STEP,
    DATA_LEN = 0x200,
    DATA_SPAN = 0x400,
    FILE_LEN = DATA_OFF + DATA_LEN,
    MANY = 65534,
    MANY_LEN = PHOFF + MANY * (int)sizeof(Elf64_Phdr),
};

static const Elf64_Phdr program_headers[PHNUM] = {
    [CODE] = {PT_LOAD, PF_R | PF_X, 0, 0, 0, CODE_LEN, CODE_LEN, STEP},
    [DATA] = {PT_LOAD, PF_R | PF_W, DATA_OFF, DATA_ADDR, DATA_ADDR, DATA_LEN, DATA_SPAN, STEP},
    [DYNAMIC] = {PT_DYNAMIC, PF_R | PF_W, DATA_OFF, DATA_ADDR, DATA_ADDR, 8 * sizeof(Elf64_Dyn),
                 8 * sizeof(Elf64_Dyn), 8},
    [STACK] = {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16},
};

static const Elf64_Dyn dynamic[] = {
    {DT_HASH, {HASH}},
    {DT_SYMTAB, {SYMTAB}},
    {DT_STRTAB, {STRTAB}},
    {DT_STRSZ, {1}},
    {DT_SYMENT, {sizeof(Elf64_Sym)}},
    {DT_FLAGS, {DF_BIND_NOW}},
    {DT_FLAGS_1, {DF_1_NOW | DF_1_PIE}},
    {DT_NULL, {0}},
};

static const uint32_t hash[] = {1, 1, 0, 0}; /* one bucket, one symbol, both empty */

static const struct machine {
    const char *name;
    uint16_t number;
    unsigned char text[16]; /* exit_group(42) */
} machines[] = {
    {"x86_64", EM_X86_64, {0xbf, 42, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05}},
    {"aarch64", EM_AARCH64, {0x40, 0x05, 0x80, 0xd2, 0xc8, 0x0b, 0x80, 0xd2, 0x01, 0, 0, 0xd4}},
};

static unsigned char file[MANY_LEN > FILE_LEN ? MANY_LEN : FILE_LEN];

static void make_valid(const struct machine *machine)
{
    const Elf64_Ehdr ehdr = elf_header(machine->number, TEXT, PHNUM);

    memset(file, 0, sizeof file);
    memcpy(file, &ehdr, sizeof ehdr);
    memcpy(file + PHOFF, program_headers, sizeof program_headers);
    memcpy(file + HASH, hash, sizeof hash);
    memcpy(file + TEXT, machine->text, sizeof machine->text);
    memcpy(file + DATA_OFF, dynamic, sizeof dynamic);
}

/* ---- the faults ---- */

/* Where class 34 wants to be; main replaces it. */
static uint64_t taken_address = 0x20000000;

static void take_address(void)
{
    Elf64_Phdr ph[PHNUM];

    memcpy(ph, program_headers, sizeof ph);
    ph[CODE].p_vaddr = STEP;
    ph[DATA].p_vaddr = taken_address & ~(uint64_t)(STEP - 1);
    ph[DATA].p_memsz = STEP;
    memcpy(file + PHOFF, ph, sizeof ph);
}

static void make_many_headers(void)
{
    for (size_t i = 0; i < MANY; i++) {
        const Elf64_Phdr ph = {PT_LOAD,  i % 2 ? PF_R | PF_W : PF_R, 0,        i * STEP,
                               i * STEP, i ? 0 : CODE_LEN,           CODE_LEN, STEP};

        memcpy(file + PHOFF + i * sizeof ph, &ph, sizeof ph);
    }
}

static void make_script(void)
{
    static const char text[] = "#!/bin/sh\nexit 42\n";

    memset(file, ' ', FILE_LEN);
    memcpy(file, text, sizeof text - 1);
}

static const struct fault {
    const char *name, *error;
    size_t len; /* of the file, 0 for FILE_LEN */
    struct poke pokes[6];
    void (*make)(void);
} faults[] = {
    {"00-valid", "0", 0, {{0, 0, 0}}, NULL},
    {"00-script", "EINVAL", 0, {{0, 0, 0}}, make_script},
    {"00-class-file", "EINVAL", 0, {{0, 4, 0xbebafeca}}, NULL},
    {"00-three-bytes", "EINVAL", 3, {{0, 0, 0}}, NULL},
    {"01-magic-only", "ENOTSUP", SELFMAG, {{0, 0, 0}}, NULL},
    {"01-ident-only", "ENOTSUP", EI_NIDENT, {{0, 0, 0}}, NULL},
    {"01-header-cut", "ENOTSUP", sizeof(Elf64_Ehdr) - 1, {{0, 0, 0}}, NULL},
    {"02-class-none", "ENOTSUP", 0, {IDENT(EI_CLASS, ELFCLASSNONE)}, NULL},
    {"03-class-32", "ENOTSUP", 0, {IDENT(EI_CLASS, ELFCLASS32)}, NULL},
    {"04-byte-order", "ENOTSUP", 0, {IDENT(EI_DATA, ELFDATA2MSB)}, NULL},
    {"05-ident-version", "ENOTSUP", 0, {IDENT(EI_VERSION, EV_NONE)}, NULL},
    {"06-version", "ENOTSUP", 0, {HEADER(e_version, EV_NONE)}, NULL},
    {"07-machine", "ENOTSUP", 0, {HEADER(e_machine, EM_SPARC)}, NULL},
    {"08-type-none", "ENOTSUP", 0, {HEADER(e_type, ET_NONE)}, NULL},
    {"09-type-processor", "ENOTSUP", 0, {HEADER(e_type, ET_LOPROC)}, NULL},
    {"10-phentsize-0", "ENOTSUP", 0, {HEADER(e_phentsize, 0)}, NULL},
    {"11-phentsize-55", "ENOTSUP", 0, {HEADER(e_phentsize, 55)}, NULL},
    {"12-phentsize-57", "ENOTSUP", 0, {HEADER(e_phentsize, 57)}, NULL},
    {"13-phnum-0", "ENOTSUP", 0, {HEADER(e_phnum, 0)}, NULL},
    {"14-phnum-xnum", "ENOTSUP", 0, {HEADER(e_phnum, PN_XNUM)}, NULL},
    {"15-phoff-far", "ENOTSUP", 0, {HEADER(e_phoff, 0x10000000)}, NULL},
    {"15-phoff-at-end", "ENOTSUP", 0, {HEADER(e_phoff, FILE_LEN)}, NULL},
    {"15-phoff-table-cut", "ENOTSUP", 0, {HEADER(e_phoff, FILE_LEN - 3 * 56)}, NULL},
    {"15-table-longer-than-file", "ENOTSUP", 0, {HEADER(e_phnum, 60000)}, NULL},
    {"16-phoff-wraps", "ENOTSUP", 0, {HEADER(e_phoff, UINT64_MAX - 7)}, NULL},
    {"17-phoff-odd", "ENOTSUP", 0, {HEADER(e_phoff, PHOFF + 1)}, NULL},
    {"17-phoff-by-4", "ENOTSUP", 0, {HEADER(e_phoff, PHOFF + 4)}, NULL},
    {"18-no-load",
     "ENOTSUP",
     0,
     {SEGMENT(CODE, p_type, PT_NULL), SEGMENT(DATA, p_type, PT_NULL)},
     NULL},
    {"19-memsz-0",
     "ENOTSUP",
     0,
     {SEGMENT(CODE, p_memsz, 0), SEGMENT(DATA, p_memsz, 0), SEGMENT(CODE, p_filesz, 0),
      SEGMENT(DATA, p_filesz, 0)},
     NULL},
    {"20-filesz-over-memsz", "ENOTSUP", 0, {SEGMENT(DATA, p_memsz, DATA_LEN - 1)}, NULL},
    {"20-filesz-over-memsz-0", "ENOTSUP", 0, {SEGMENT(DATA, p_memsz, 0)}, NULL},
    {"21-past-the-end",
     "ENOTSUP",
     0,
     {SEGMENT(DATA, p_filesz, DATA_LEN + 1), SEGMENT(DATA, p_memsz, DATA_LEN + 1)},
     NULL},
    {"21-offset-past-the-end", "ENOTSUP", 0, {SEGMENT(DATA, p_offset, 2 * STEP)}, NULL},
    {"21-cut-short", "ENOTSUP", FILE_LEN - 1, {{0, 0, 0}}, NULL},
    {"22-offset-wraps",
     "ENOTSUP",
     0,
     {SEGMENT(CODE, p_filesz, UINT64_MAX - 0xfff), SEGMENT(CODE, p_memsz, UINT64_MAX - 0xfff),
      SEGMENT(CODE, p_offset, STEP)},
     NULL},
    {"23-vaddr-wraps", "ENOTSUP", 0, {SEGMENT(DATA, p_vaddr, UINT64_MAX - 0x1ff)}, NULL},
    {"23-memsz-wraps", "ENOTSUP", 0, {SEGMENT(DATA, p_memsz, UINT64_MAX - 0xffff)}, NULL},
    {"23-last-page",
     "ENOTSUP",
     0,
     {SEGMENT(DATA, p_vaddr, UINT64_MAX - 0xffff), SEGMENT(DATA, p_memsz, 0xffff)},
     NULL},
    {"24-overlap", "ENOTSUP", 0, {SEGMENT(DATA, p_vaddr, 0), SEGMENT(DATA, p_align, 1)}, NULL},
    {"24-overlap-by-one",
     "ENOTSUP",
     0,
     {SEGMENT(CODE, p_memsz, DATA_ADDR + 1), SEGMENT(DATA, p_flags, PF_R)},
     NULL},
    {"25-page-shared",
     "ENOTSUP",
     0,
     {SEGMENT(CODE, p_memsz, 0x1100), SEGMENT(CODE, p_filesz, 0x1100),
      SEGMENT(DATA, p_vaddr, 0x1800), SEGMENT(DATA, p_align, 1)},
     NULL},
    {"25-page-shared-with-zeros",
     "ENOTSUP",
     0,
     {SEGMENT(CODE, p_memsz, DATA_ADDR - 0x800), SEGMENT(CODE, p_flags, PF_R | PF_W),
      SEGMENT(DATA, p_vaddr, DATA_ADDR - 0x400), SEGMENT(DATA, p_align, 1)},
     NULL},
    {"26-unsorted", "ENOTSUP", 0, {SEGMENT(CODE, p_vaddr, 4 * STEP)}, NULL},
    {"27-offset-negative", "ENOTSUP", 0, {SEGMENT(DATA, p_offset, UINT64_C(1) << 63)}, NULL},
    {"27-offset-negative-no-bytes",
     "ENOTSUP",
     0,
     {SEGMENT(DATA, p_offset, UINT64_C(1) << 63), SEGMENT(DATA, p_filesz, 0)},
     NULL},
    {"27-offset-minus-one-page", "ENOTSUP", 0, {SEGMENT(DATA, p_offset, 0 - (uint64_t)STEP)}, NULL},
    {"28-empty", "EINVAL", (size_t)-1, {{0, 0, 0}}, NULL},
    {"29-memsz-absurd", "ENOMEM", 0, {SEGMENT(DATA, p_memsz, UINT64_C(1) << 47)}, NULL},
    {"29-memsz-half-of-all", "ENOMEM", 0, {SEGMENT(DATA, p_memsz, UINT64_C(1) << 63)}, NULL},
    {"30-align-absurd", "ENOMEM", 0, {SEGMENT(DATA, p_align, UINT64_C(1) << 63)}, NULL},
    {"30-align-all-ones", "ENOMEM", 0, {SEGMENT(DATA, p_align, UINT64_MAX)}, NULL},
    {"31-align-3", "0", 0, {SEGMENT(CODE, p_align, 3), SEGMENT(DATA, p_align, 3)}, NULL},
    {"31-align-odd", "0", 0, {SEGMENT(DATA, p_align, STEP + 1)}, NULL},
    {"32-incongruent",
     "0",
     0,
     {SEGMENT(DATA, p_vaddr, DATA_ADDR + 0x10), SEGMENT(DYNAMIC, p_vaddr, DATA_ADDR + 0x10)},
     NULL},
    {"33-at-0", "EADDRINUSE", 0, {HEADER(e_type, ET_EXEC)}, NULL},
    {"34-over-the-loader",
     "EADDRINUSE",
     0,
     {HEADER(e_type, ET_EXEC), HEADER(e_entry, STEP + TEXT)},
     take_address},
    {"36-cut-during-the-call", "0", 0, {{0, 0, 0}}, NULL}, /* sound, until a test cuts it */
    {"35-many-headers", "E2BIG", MANY_LEN, {HEADER(e_phnum, MANY)}, make_many_headers},
};

static size_t make_faulty(const struct machine *machine, const struct fault *fault)
{
    make_valid(machine);
    if (fault->make)
        fault->make();
    for (size_t i = 0; i < sizeof fault->pokes / sizeof *fault->pokes; i++)
        poke(file, &fault->pokes[i]);
    if (fault->len == (size_t)-1)
        return 0;
    return fault->len ? fault->len : FILE_LEN;
}

int main(int argc, char **argv)
{
    const struct machine *machine = NULL;
    char index[8192];
    size_t used = 0;

    for (size_t i = 0; (argc == 3 || argc == 4) && i < sizeof machines / sizeof *machines; i++) {
        if (strcmp(argv[1], machines[i].name) == 0)
            machine = &machines[i];
    }
    if (!machine) {
        fprintf(stderr, "usage: %s x86_64|aarch64 DIRECTORY [ADDRESS]\n", argv[0]);
        return 2;
    }
    if (argc == 4)
        taken_address = strtoull(argv[3], NULL, 0);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        write_file(argv[2], faults[i].name, file, make_faulty(machine, &faults[i]));
        used += (size_t)snprintf(index + used, sizeof index - used, "%s %s\n", faults[i].name,
                                 faults[i].error);
        if (used >= sizeof index)
            return 1;
    }
    write_file(argv[2], "index", index, used);
    return 0;
}
