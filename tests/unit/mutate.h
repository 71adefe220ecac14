/*
 * mutate.h - ELF files made from the headers of real ones with a few fields changed.
 *
 * A subject is a real file's ELF and program headers over a body of bytes that are all different
 * from zero and from their neighbours' (file_byte), as long as the real file or cut: a byte from a
 * wrong place, or zeros that should not be, are noticed. Changes are drawn from a number, so that a
 * round can be repeated by its number alone.
 */
#ifndef MUTATE_H
#define MUTATE_H

#include "check.h"

#include <stddef.h>
#include <sys/mman.h>

/* Images at fixed addresses are sometimes put around this one. */
#define MUTATE_TAKEN 0x20000000UL

enum { MUTATE_PAGE = 4096, SUBJECTS_MAX = 96, SUBJECT_HEADERS = 32 };

struct subject {
    const char *name; /* of the real file */
    size_t len;
    unsigned char *bytes; /* what fd holds */
    int fd;               /* open for reading alone, so that it can be executed */
    int writable;
    Elf64_Ehdr ehdr; /* the real headers, to go back to */
    Elf64_Phdr phdr[SUBJECT_HEADERS];
    uint64_t table; /* where the last mutant's program headers are */
};

/* The headers while they are changed. */
struct mutant {
    Elf64_Ehdr ehdr;
    Elf64_Phdr phdr[SUBJECT_HEADERS];
    unsigned int phnum;
    uint64_t table; /* where the program headers are put, whatever e_phoff says then */
    uint64_t file_len;
};

/* ---- numbers ---- */

static inline uint64_t random_next(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline unsigned int random_below(uint64_t *state, unsigned int limit)
{
    return (unsigned int)(random_next(state) % limit);
}

static inline bool random_chance(uint64_t *state, unsigned int one_in)
{
    return random_below(state, one_in) == 0;
}

/* ---- subjects ---- */

static struct subject subjects[SUBJECTS_MAX];
static size_t subject_count;

/* Cuts the headers off at the file's end, as the file does. */
static inline void subject_put(struct subject *s, const void *from, size_t len, uint64_t off)
{
    size_t fits = off >= s->len ? 0 : s->len - off < len ? s->len - off : len;

    if (fits == 0)
        return;
    memcpy(s->bytes + off, from, fits);
    file_put(s->writable, from, fits, off);
}

static inline void subject_put_headers(struct subject *s, const Elf64_Ehdr *ehdr,
                                       const Elf64_Phdr *phdr)
{
    subject_put(s, phdr, s->ehdr.e_phnum * sizeof *phdr, s->table);
    subject_put(s, ehdr, sizeof *ehdr, 0);
}

static inline void subject_add(const char *name, const Elf64_Ehdr *ehdr, const Elf64_Phdr *phdr,
                               size_t len)
{
    struct subject *s = &subjects[subject_count++];
    char path[64];

    REQUIRE(subject_count <= SUBJECTS_MAX);
    s->name = name;
    s->len = len;
    s->writable = file_make(len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", s->writable);
    s->fd = open(path, 0 /* O_RDONLY */);
    s->bytes = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(s->fd >= 0 && s->bytes != MAP_FAILED);
    REQUIRE(pread(s->fd, s->bytes, len, 0) == (ssize_t)len);
    s->ehdr = *ehdr;
    s->table = ehdr->e_phoff;
    memcpy(s->phdr, phdr, ehdr->e_phnum * sizeof *phdr);
    subject_put_headers(s, ehdr, phdr);
}

/* The real file's length comes first and often; the others end just where something else does. */
__attribute__((unused)) static void subjects_add_file(const char *path)
{
    Elf64_Ehdr ehdr;
    Elf64_Phdr phdr[SUBJECT_HEADERS];
    int fd = open(path, 0);
    uint64_t end = 0, table;
    off_t len = lseek(fd, 0, SEEK_END);

    REQUIRE(fd >= 0 && pread(fd, &ehdr, sizeof ehdr, 0) == sizeof ehdr);
    REQUIRE(memcmp(ehdr.e_ident, ELFMAG, SELFMAG) == 0 && ehdr.e_phnum <= SUBJECT_HEADERS);
    table = ehdr.e_phnum * sizeof *phdr;
    REQUIRE(pread(fd, phdr, table, (off_t)ehdr.e_phoff) == (ssize_t)table);
    close(fd);
    for (unsigned int i = 0; i < ehdr.e_phnum; i++) {
        if (phdr[i].p_type == PT_LOAD && phdr[i].p_offset + phdr[i].p_filesz > end)
            end = phdr[i].p_offset + phdr[i].p_filesz;
    }
    subject_add(path, &ehdr, phdr, (size_t)len);
    subject_add(path, &ehdr, phdr, end);
    subject_add(path, &ehdr, phdr, end + 3 * MUTATE_PAGE);
    subject_add(path, &ehdr, phdr, end - 1);
    subject_add(path, &ehdr, phdr, ehdr.e_phoff + table);
    subject_add(path, &ehdr, phdr, sizeof ehdr - 1);
}
enum { SUBJECTS_A_FILE = 6, SUBJECTS_WHOLE = 3 };

static inline struct subject *subject_choose(uint64_t *state)
{
    size_t files = subject_count / SUBJECTS_A_FILE;
    size_t cut = random_below(state, random_chance(state, 12) ? SUBJECTS_A_FILE : SUBJECTS_WHOLE);

    return &subjects[random_below(state, (unsigned int)files) * SUBJECTS_A_FILE + cut];
}

/* ---- changes ---- */

struct field {
    size_t at, len;
};

#define FIELD(type, name)                                                                          \
    {                                                                                              \
        offsetof(type, name), sizeof((type *)0)->name                                              \
    }
static const struct field ehdr_fields[] = {
    {0, 4}, /* the magic number */
    {EI_CLASS, 1},
    {EI_DATA, 1},
    {EI_VERSION, 1},
    {EI_OSABI, 1},
    FIELD(Elf64_Ehdr, e_type),
    FIELD(Elf64_Ehdr, e_type),
    FIELD(Elf64_Ehdr, e_machine),
    FIELD(Elf64_Ehdr, e_version),
    FIELD(Elf64_Ehdr, e_entry),
    FIELD(Elf64_Ehdr, e_phoff),
    FIELD(Elf64_Ehdr, e_shoff),
    FIELD(Elf64_Ehdr, e_ehsize),
    FIELD(Elf64_Ehdr, e_phentsize),
    FIELD(Elf64_Ehdr, e_phnum),
};
static const struct field phdr_fields[] = {
    FIELD(Elf64_Phdr, p_type),   FIELD(Elf64_Phdr, p_flags), FIELD(Elf64_Phdr, p_offset),
    FIELD(Elf64_Phdr, p_vaddr),  FIELD(Elf64_Phdr, p_paddr), FIELD(Elf64_Phdr, p_filesz),
    FIELD(Elf64_Phdr, p_memsz),  FIELD(Elf64_Phdr, p_memsz), FIELD(Elf64_Phdr, p_align),
    FIELD(Elf64_Phdr, p_filesz),
};

static inline uint64_t changed(uint64_t *state, uint64_t value, uint64_t another)
{
    switch (random_below(state, 14)) {
    case 0:
        return 0;
    case 1:
        return 1;
    case 2:
        return UINT64_MAX;
    case 3:
        return value + 1;
    case 4:
        return value - 1;
    case 5:
        return value + MUTATE_PAGE;
    case 6:
        return value - MUTATE_PAGE;
    case 7:
        return another;
    case 8:
        return random_next(state) % 0x400 * MUTATE_PAGE;
    case 9:
        return (random_next(state) >> random_below(state, 52)) & ~(uint64_t)(MUTATE_PAGE - 1);
    case 10:
        return value ^ (UINT64_C(1) << random_below(state, 64));
    case 11:
        return value ^ (UINT64_C(1) << random_below(state, 14));
    case 12:
        return value + random_below(state, 0x3000);
    default:
        return random_next(state) >> random_below(state, 64);
    }
}

static inline void change_field(uint64_t *state, void *header, const void *other,
                                const struct field *fields, size_t field_count)
{
    const struct field *f = &fields[random_below(state, (unsigned int)field_count)];
    uint64_t value = 0, another = 0;

    memcpy(&value, (char *)header + f->at, f->len);
    memcpy(&another, (const char *)other + f->at, f->len);
    value = changed(state, value, another);
    memcpy((char *)header + f->at, &value, f->len);
}

static inline Elf64_Phdr *choose_phdr(uint64_t *state, struct mutant *m)
{
    Elf64_Phdr *ph = NULL;

    for (int tries = 0; tries < 8 && (!ph || ph->p_type != PT_LOAD); tries++)
        ph = &m->phdr[random_below(state, m->phnum)];
    return ph;
}

static inline void swap_phdrs(Elf64_Phdr *a, Elf64_Phdr *b)
{
    Elf64_Phdr kept = *a;

    *a = *b;
    *b = kept;
}

/* At other addresses, by whole pages: fixed ones, mostly where there is room. */
static inline void move_image(uint64_t *state, struct mutant *m)
{
    uint64_t by = (random_next(state) >> (17 + random_below(state, 24))) &
                  ~(uint64_t)(MUTATE_PAGE - 1);

    if (random_chance(state, 4))
        by = MUTATE_TAKEN - random_next(state) % 0x100 * MUTATE_PAGE - m->phdr[0].p_vaddr;
    for (unsigned int i = 0; i < m->phnum; i++)
        m->phdr[i].p_vaddr += by;
    m->ehdr.e_entry += by;
    m->ehdr.e_type = random_chance(state, 4) ? ET_DYN : ET_EXEC;
}

/* A change that leaves many files fit to be mapped, in ways in which no linker lays them out. */
static inline void reshape(uint64_t *state, struct mutant *m)
{
    Elf64_Phdr *ph = choose_phdr(state, m);
    uint64_t by = random_below(state, 2 * MUTATE_PAGE);

    switch (random_below(state, 8)) {
    case 0:
        ph->p_flags = random_below(state, 8);
        break;
    case 1:
        ph->p_memsz += random_next(state) >> (34 + random_below(state, 20));
        break;
    case 2:
        ph->p_filesz = ph->p_filesz ? random_next(state) % ph->p_filesz : 0;
        break;
    case 3:
        ph->p_offset += by, ph->p_filesz -= by;
        break;
    case 4:
        ph->p_offset += by, ph->p_vaddr += by, ph->p_filesz -= by, ph->p_memsz -= by;
        break;
    case 5:
        ph->p_memsz = ph->p_filesz;
        break;
    case 6:
        ph->p_align = UINT64_C(1) << random_below(state, 64);
        break;
    default:
        move_image(state, m);
        break;
    }
}

/* -1, 0 or 1: just missed, just met. */
static inline uint64_t random_step(uint64_t *state)
{
    return random_below(state, 3) - UINT64_C(1);
}

/* Cuts a segment in two that continue each other, over the next header; or nearly so. */
static inline void divide(uint64_t *state, struct mutant *m)
{
    Elf64_Phdr *ph = choose_phdr(state, m);
    uint64_t at = ph->p_filesz ? random_next(state) % ph->p_filesz : 0;

    if (ph + 1 == m->phdr + m->phnum)
        return;
    ph[1] = *ph;
    ph->p_filesz = ph->p_memsz = at + (random_chance(state, 4) ? random_step(state) : 0);
    ph[1].p_offset += at;
    ph[1].p_vaddr += at;
    ph[1].p_filesz -= at;
    ph[1].p_memsz -= at;
}

/* The program headers elsewhere: in the first pages or last in the file, mostly where they may be. */
static inline void move_table(uint64_t *state, struct mutant *m)
{
    static const unsigned int steps[] = {8, 8, 4, 1};
    uint64_t step = steps[random_below(state, COUNT_OF(steps))];
    uint64_t last = m->file_len - m->phnum * sizeof *m->phdr;

    m->table = random_chance(state, 2) ? last - last % 8 + random_step(state) * step
                                       : random_next(state) % 0x3000 / step * step;
    m->ehdr.e_phoff = m->table;
}

/* Just met or just missed: the next segment, the end of addresses, of the file, of offsets. */
static inline void bring_to_limit(uint64_t *state, struct mutant *m)
{
    Elf64_Phdr *ph = choose_phdr(state, m);
    uint64_t step = random_step(state);

    switch (random_below(state, 6)) {
    case 0:
        if (ph + 1 < m->phdr + m->phnum)
            ph->p_memsz = ph[1].p_vaddr - ph->p_vaddr + step;
        break;
    case 1:
        ph->p_memsz = 0 - ph->p_vaddr - MUTATE_PAGE + step;
        break;
    case 2:
        ph->p_filesz = ph->p_memsz = m->file_len - ph->p_offset + step;
        break;
    case 3:
        ph->p_offset = m->file_len - ph->p_filesz + step;
        break;
    case 4:
        ph->p_offset = INT64_MAX + step, ph->p_filesz = 0;
        break;
    default:
        move_table(state, m);
        break;
    }
}

static inline void change_once(uint64_t *state, struct mutant *m)
{
    unsigned int kind = random_below(state, 28);
    const struct subject *another = &subjects[random_below(state, (unsigned int)subject_count)];
    Elf64_Phdr *ph = choose_phdr(state, m), *other;

    other = choose_phdr(state, m);
    if (kind < 4)
        change_field(state, &m->ehdr, &another->ehdr, ehdr_fields, COUNT_OF(ehdr_fields));
    else if (kind < 13)
        change_field(state, ph, other, phdr_fields, COUNT_OF(phdr_fields));
    else if (kind < 14)
        swap_phdrs(ph, other);
    else if (kind < 16)
        divide(state, m);
    else if (kind < 18)
        bring_to_limit(state, m);
    else
        reshape(state, m);
}

/* Changes 1 to 4 things of a subject; subject_restore undoes it. */
__attribute__((unused)) static struct subject *mutate(uint64_t *state)
{
    struct subject *s = subject_choose(state);
    struct mutant m = {
        .ehdr = s->ehdr, .phnum = s->ehdr.e_phnum, .table = s->ehdr.e_phoff, .file_len = s->len};

    memcpy(m.phdr, s->phdr, sizeof m.phdr);
    for (unsigned int changes = 1 + random_below(state, 4); changes > 0; changes--)
        change_once(state, &m);
    s->table = m.table;
    subject_put_headers(s, &m.ehdr, m.phdr);
    return s;
}

__attribute__((unused)) static void subject_restore(struct subject *s)
{
    unsigned char body[SUBJECT_HEADERS * sizeof(Elf64_Phdr)];

    for (size_t i = 0; i < sizeof body; i++)
        body[i] = file_byte(s->table + i);
    subject_put(s, body, sizeof body, s->table);
    s->table = s->ehdr.e_phoff;
    subject_put_headers(s, &s->ehdr, s->phdr);
}

#endif
