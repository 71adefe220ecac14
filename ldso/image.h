/*
 * image.h - an image: what a file's headers say is to be mapped.
 *
 * Either the first reason why the file is refused, or segments that ascend, lie apart and inside
 * the file, each divided into the pages that are the file's and those that are not. What is not to
 * be interpreted is one segment over the whole file, and takes the same way. Maps nothing of the
 * file. Addresses are linked ones. Used by mmapfd.c and what is below it.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>

#include "aout.h"
#include "mmapfd.h"
#include "sys.h"

/* Marks a rare branch. A unit test compiles the sources with one that counts: each must move. */
#ifndef COUNT
#define COUNT(name) ((void)0)
#endif

/* A page of the next larger size, on both machines. What is smaller cannot be in one. */
enum { HUGE_PAGE = 2 * 1024 * 1024 };

enum { IMAGE_HEAD_LEN = 1024 }; /* of a file, looked at first: room for 17 program headers */

/* The first bytes of a file, as many as there are. */
union image_head {
    Elf64_Ehdr ehdr;
    struct aout_header aout;
    unsigned char bytes[IMAGE_HEAD_LEN];
};

struct image {
    /* by the caller, all else 0 */
    int fd;
    bool is_loading;              /* what is mapped is going to be relocated and run */
    bool wants_huge;              /* MMFD_HUGEPAGE */
    const struct sys_stat *st;    /* of fd, NULL: not asked yet */
    struct mmapfd_reason *reason; /* may be NULL */

    uint64_t size; /* of the file */
    Elf64_Phdr *phdr;
    unsigned int phnum;
    uint64_t phoff;
    Elf64_Phdr made[2];   /* made up, for a file without program headers */
    void *table;          /* program headers in memory of their own, or NULL */
    bool is_fixed;        /* ET_EXEC: at its linked addresses or nowhere */
    uint64_t header_flag; /* MFD_* for the element with the file's header */

    const Elf64_Phdr *header; /* of the segment with the file's header, or NULL; by image_check
                                 unless the format's own code knows it already */

    /* by image_check */
    unsigned int count;        /* segments that occupy memory */
    uintptr_t lo, hi;          /* their pages */
    uint64_t align;            /* largest p_align, or what huge pages need */
    uint64_t relro, relro_len; /* PT_GNU_RELRO, 0 and 0 if there is none */
    uint64_t file_end;         /* end of the last byte wanted from the file */
    bool has_exec;             /* an executable segment */
    bool has_exec_anon;        /* one that the kernel cannot tell is the file's */
};

/* Where a segment's pages come from: [start, split) the file, [split, end) anonymous memory. */
struct segment {
    Elf64_Phdr *phdr;
    unsigned int prot;
    uintptr_t start, split, end; /* whole pages */
    uint64_t off;                /* file offset of start, if split > start */
    uintptr_t fill;              /* fill_len bytes from fill_off are read to here */
    uint64_t fill_off;
    size_t fill_len;
    bool is_huge; /* in pages of the next larger size, if the kernel has them */
};

/* All fill the reason and return err, which is -errno. off is a file offset, field_off one in the
 * program header; image_fail, where
 * numbers would add nothing, leaves 0 alone. */
int image_refuse_at(const struct image *im, int err, uint64_t off, const char *check,
                    uint64_t found, const char *relation, uint64_t wanted);
int image_refuse_segment(const struct image *im, int err, const Elf64_Phdr *ph, uint64_t field_off,
                         const char *check, uint64_t found, const char *relation, uint64_t wanted);
int image_refuse(const struct image *im, int err, const char *check, uint64_t found,
                 const char *relation, uint64_t wanted);
int image_fail(const struct image *im, int err, const char *check);

/* Reads exactly len bytes; -EIO if the file ends before. */
int image_read(const struct image *im, void *buf, size_t len, uint64_t off);

/* Size and first bytes of a regular file that is open for reading. */
int image_read_head(struct image *im, union image_head *head);
/* The image as the file's format has it, checked. head must last as long as the image. */
int image_interpret(struct image *im, union image_head *head);
/* The image of the file as it is. */
int image_whole(struct image *im, uint64_t header_flag);
/* Checks the segments of a table that the caller has set: size, phdr, phnum. */
int image_check(struct image *im);
/* Frees what the functions above took, also if they failed. */
void image_release(const struct image *im);

/* The segment after *seg, the first one if that is all zeros; false after the last. */
bool image_next(const struct image *im, struct segment *seg);
/* Stores the list of the segments, count elements, and returns where it ends. */
mmapfd_result_t *image_store(const struct image *im, uintptr_t bias, mmapfd_result_t *storage);

#endif
