/*
 * aout.h - the a.out formats.
 *
 * SunOS 4.x's layout (its <sys/exec.h> and <a.out.h>), in the byte order of this machine and with its
 * machine number, is mapped; other machines' files, and Linux's and BSD's variants of the header, are
 * recognised and refused by name. Used by image.c, and by object.c for the entry point.
 */
#ifndef AOUT_H
#define AOUT_H

#include <stdint.h>

struct image;

enum {
    AOUT_OMAGIC = 0407, /* text is writable, data follows it at once */
    AOUT_NMAGIC = 0410, /* text is read-only, data is on pages of its own */
    AOUT_ZMAGIC = 0413, /* likewise, and the header is part of the text */
    AOUT_QMAGIC = 0314, /* only in Linux's and BSD's headers */
};

/* SunOS 4.x, <sys/exec.h>. All sizes in bytes. */
struct aout_header {
    unsigned char a_tool; /* a_dynamic and a_toolversion; nothing is made of them */
    unsigned char a_machtype;
    uint16_t a_magic;
    uint32_t a_text, a_data, a_bss, a_syms, a_entry, a_trsize, a_drsize;
};

/*
 * Where the text of an executable is linked to, and what the data's address is rounded up to.
 * SunOS had 0x2000 for the first on all machines, and a value for each for the second. This one is
 * the lowest address that Linux lets every process map (vm.mmap_min_addr), and no page is larger. A
 * file with ZMAGIC whose entry point is below it is a shared object, linked to 0.
 */
enum { AOUT_SEGMENT = 0x10000 };

/* The image as an a.out header has it, checked; header is the start of the file. -EINVAL: it is no
 * a.out file of any kind; -ENOTSUP: it is, but not one for here. */
int aout_interpret(struct image *im, const struct aout_header *header);

#endif
