/*
 * aout.c - the image that an a.out header describes.
 *
 * An a.out file has no program headers, so one or two are made up for it; what holds for segments of
 * an ELF file then holds for these. Assumes sys_page_size and nothing else. Called by image.c.
 *
 * With ZMAGIC, a_text 0x2000, a_data 0x300 and a_bss 0x500, an executable has
 *   text  file 0x0 to 0x2000        at 0x10000, read and execute; the header is its first 32 bytes
 *   data  file 0x2000 to 0x2300     at 0x20000, read and write
 *   bss   nothing                   at 0x20300 to 0x20800, in the data's mapping
 * With NMAGIC the text begins behind the header, at file offset 32, and is read rather than mapped.
 * With OMAGIC text and data are one writable and executable segment, as the format wants it.
 */
#include "aout.h"

#include "../arch/aout.h"
#include "arch.h"
#include "image.h"

/* In which words a file for the machine of this number is refused; NULL if there is no such machine.
 * The words lie in the table: pointers to them would be relocated at each start of the loader. */
static const char *machine_check(unsigned char number)
{
#define MACHINE(number, name) {number, "machine number of an a.out file for " name},
    static const struct {
        unsigned char number;
        char check[63];
    } machines[] = {AOUT_MACHINES(MACHINE)};

    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        if (machines[i].number == number)
            return machines[i].check;
    }
    return NULL;
}

static bool is_magic(unsigned int magic)
{
    return magic == AOUT_OMAGIC || magic == AOUT_NMAGIC || magic == AOUT_ZMAGIC;
}

/*
 * Three places where a machine number can be. SunOS: byte 1, before a magic number in the machine's
 * byte order. BSD: the same bytes, always in network order. Linux: byte 2 of a little-endian word
 * whose low half is the magic number.
 */
static int check_machine(const struct image *im, const struct aout_header *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    unsigned int big, little;
    const char *check;

    if (im->size < offsetof(struct aout_header, a_text))
        return image_fail(im, -EINVAL, "file format");
    big = (unsigned int)(bytes[2] << 8 | bytes[3]);
    little = (unsigned int)(bytes[1] << 8 | bytes[0]);
    check = machine_check(header->a_machtype);
    if (check && is_magic(header->a_magic)) {
        if (header->a_machtype == ARCH_AOUT_MACHINE)
            return 0;
        COUNT(aout_foreign);
        return image_refuse_at(im, -ENOTSUP, offsetof(struct aout_header, a_machtype), check,
                               header->a_machtype, "is", ARCH_AOUT_MACHINE);
    }
    if (check && (is_magic(big) || big == AOUT_QMAGIC)) {
        COUNT(aout_network_order);
        if (header->a_machtype == ARCH_AOUT_MACHINE)
            return image_refuse_at(im, -ENOTSUP, offsetof(struct aout_header, a_magic),
                                   "byte order of an a.out file: a_magic", header->a_magic, "is",
                                   big);
        return image_refuse_at(im, -ENOTSUP, offsetof(struct aout_header, a_machtype), check,
                               header->a_machtype, "is", ARCH_AOUT_MACHINE);
    }
    if (bytes[2] == 100 && (is_magic(little) || little == AOUT_QMAGIC)) {
        COUNT(aout_linux);
        return image_refuse_at(im, -ENOTSUP, 2, machine_check(bytes[2]), bytes[2], "is",
                               ARCH_AOUT_MACHINE);
    }
    return image_fail(im, -EINVAL, "file format");
}

static int check_sizes(const struct image *im, const struct aout_header *header, uint64_t text_off)
{
    if (header->a_magic == AOUT_ZMAGIC && header->a_text < sizeof *header)
        return image_refuse_at(im, -ENOTSUP, offsetof(struct aout_header, a_text), "a_text",
                               header->a_text, "at least", sizeof *header);
    if (header->a_text > im->size - text_off)
        return image_refuse_at(im, -ENOTSUP, offsetof(struct aout_header, a_text), "a_text",
                               header->a_text, "at most", im->size - text_off);
    if (header->a_data > im->size - text_off - header->a_text)
        return image_refuse_at(im, -ENOTSUP, offsetof(struct aout_header, a_data), "a_data",
                               header->a_data, "at most", im->size - text_off - header->a_text);
    return 0;
}

/* N_TXTOFF, N_TXTADDR, N_DATADDR. */
static void make_headers(struct image *im, const struct aout_header *header, uint64_t text_off)
{
    uint64_t text = im->is_fixed ? AOUT_SEGMENT : 0;
    uint64_t data = (text + header->a_text + AOUT_SEGMENT - 1) & -(uint64_t)AOUT_SEGMENT;
    Elf64_Phdr *ph = im->made;

    if (header->a_magic == AOUT_OMAGIC) {
        COUNT(aout_impure);
        ph[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_W | PF_X, text_off, text, 0, 0, 0, 0};
        ph[0].p_filesz = (uint64_t)header->a_text + header->a_data;
        ph[0].p_memsz = ph[0].p_filesz + header->a_bss;
        im->phnum = 1;
    } else {
        ph[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X,    text_off,       text,
                             0,       header->a_text, header->a_text, AOUT_SEGMENT};
        ph[1] = (Elf64_Phdr){PT_LOAD,
                             PF_R | PF_W,
                             text_off + header->a_text,
                             data,
                             0,
                             header->a_data,
                             (uint64_t)header->a_data + header->a_bss,
                             0};
        im->phnum = 2;
    }
    im->phdr = ph;
    im->header = ph[0].p_memsz == 0 ? &ph[1] : &ph[0];
}

int aout_interpret(struct image *im, const struct aout_header *header)
{
    uint64_t text_off;
    int err = check_machine(im, header);

    if (err != 0)
        return err;
    if (im->size < sizeof *header)
        return image_refuse(im, -ENOTSUP, "file length", im->size, "at least", sizeof *header);
    text_off = header->a_magic == AOUT_ZMAGIC ? 0 : sizeof *header;
    err = check_sizes(im, header, text_off);
    if (err != 0)
        return err;
    im->is_fixed = header->a_magic != AOUT_ZMAGIC || header->a_entry >= AOUT_SEGMENT;
    if (!im->is_fixed)
        COUNT(aout_shared);
    im->header_flag = MFD_AOUT_HDR;
    make_headers(im, header, text_off);
    return image_check(im);
}
