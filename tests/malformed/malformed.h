/*
 * malformed.h - what the two generators of malformed files share: machines, pokes, writing.
 *
 * Each case is a valid file with a few bytes poked into it. The includer defines `file`, the bytes, and PHOFF, where
 * the program headers are.
 */
#ifndef MALFORMED_H
#define MALFORMED_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Segments are this far apart, so that they are on different pages whatever the page size. */
enum { STEP = 0x10000, PHOFF = sizeof(Elf64_Ehdr) };

static Elf64_Ehdr elf_header(uint16_t machine, uint16_t entry, uint16_t phnum)
{
    return (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = machine,
        .e_version = EV_CURRENT,
        .e_entry = entry,
        .e_phoff = PHOFF,
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = phnum};
}

struct poke {
    size_t off, width; /* width 0: no more pokes */
    uint64_t value;
};

#define WIDTH_OF(type, field) sizeof(((type *)0)->field)
#define HEADER(field, value)                                                                       \
    {                                                                                              \
        offsetof(Elf64_Ehdr, field), WIDTH_OF(Elf64_Ehdr, field), value                            \
    }
#define IDENT(at, value)                                                                           \
    {                                                                                              \
        at, 1, value                                                                               \
    }
#define SEGMENT(i, field, value)                                                                   \
    {                                                                                              \
        PHOFF + (i) * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, field),                            \
            WIDTH_OF(Elf64_Phdr, field), value                                                     \
    }

static void poke(unsigned char *file, const struct poke *p)
{
    for (size_t i = 0; i < p->width; i++)
        file[p->off + i] = (unsigned char)(p->value >> (8 * i));
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void write_file(const char *directory, const char *name, const void *bytes, size_t len)
{
    char path[4096];
    FILE *out;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    out = fopen(path, "wb");
    if (!out || fwrite(bytes, 1, len, out) != len || fclose(out) != 0)
        die(path);
}

#endif
