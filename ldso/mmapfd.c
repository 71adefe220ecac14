/*
 * mmapfd.c - a descriptor becomes mappings: check a file, place it, map it, or undo everything.
 *
 * The one file of the loader that maps a descriptor. Assumes sys_page_size and nothing else; no
 * allocation, no errno, no lock. Called by main and load. The contract is mmapfd.h and mmapfd(3).
 *
 * Reading order, from the end of the file: mmapfd_raw is the story; check_* refuse a file before
 * anything is mapped; place_* obtain the addresses; populate puts file and zeros there.
 *
 * A file is hostile, and it can shrink at any time. So nothing here touches a page that the file
 * backs (a shrunk file would answer with SIGBUS): bytes needed beside zeros are read into anonymous
 * memory with pread, and the end of the file is looked at once more after the last mapping.
 *
 * System calls an object needs, open and close by the caller included:
 *   R, RX, R, RW + bss as GNU ld does it            8  open fstat pread mmap mprotect mmap pread
 *                                                      close
 *   the same, RW larger than SMALL_WRITABLE         9  + mmap of its file pages
 *   RX, RW + bss                                    7  no mprotect
 *   each hole between segments                     +1  munmap
 *   first object with p_align above the page size  +4  later ones are placed below it: +0
 *   no read at the end of the file                 +1  fstat
 */
#include "mmapfd.h"

#include <limits.h>
#include <stdbool.h>

#include "arch.h"
#include "string.h"
#include "sys.h"

/*
 * A writable part up to this size is read into anonymous memory rather than mapped: reading four
 * pages costs what mapping them and then copying two on write does, and most such pages hold
 * addresses that are about to be relocated.
 */
enum { SMALL_WRITABLE = 4 * 4096 };

enum { HEAD_LEN = 4096 }; /* bytes of a file looked at first: room for 72 program headers */

#define NO_OFFSET UINT64_MAX
#define NO_INDEX UINT_MAX

/* No address space is as large: sums of three such numbers cannot wrap. */
#define SIZE_LIMIT (SIZE_MAX / 4)

/* Marks a rare branch. A unit test compiles this file with a COUNT that counts: each must move. */
#ifndef COUNT
#define COUNT(name) ((void)0)
#endif

/*
 * The file of one call. What is not to be interpreted is described by one made-up program header
 * over the whole file, and takes the same way.
 *
 * Addresses are linked ones; bias makes them run-time ones. The area is everything from the lower
 * padding to the upper one. A piece of it is the pages of one segment, and the padding beside them.
 */
struct image {
    /* by the caller */
    int fd;
    struct mmapfd_reason *reason; /* may be NULL */
    mmapfd_result_t *storage;
    unsigned int *elements;
    size_t pad; /* on either side; whole pages once measure_area has run */

    /* by read_head, map_elf, map_whole */
    uint64_t size; /* of the file */
    const Elf64_Phdr *phdr;
    unsigned int phnum;
    uint64_t phoff;
    Elf64_Phdr whole;     /* the made-up one */
    bool is_fixed;        /* ET_EXEC: bias 0 or nothing */
    uint64_t header_flag; /* MFD_* for the element with the file's header */

    /* by check_segments */
    unsigned int count;  /* segments that occupy memory */
    uintptr_t lo, hi;    /* their pages */
    uint64_t align;      /* largest p_align; a power of two once measure_area has run */
    uint64_t file_end;   /* end of the last byte wanted from the file */
    unsigned int header; /* index of the segment with the file's header, or NO_INDEX */
    bool has_exec;       /* an executable segment */
    bool has_exec_anon;  /* one that the kernel cannot tell is the file's */

    /* by place_* */
    size_t area_len;
    uintptr_t area; /* run-time address of lo - pad */
    uintptr_t bias;
    bool is_covered;              /* the area is the first segment's file mapping, continued */
    unsigned int cover_prot;      /* with these rights */
    uint64_t cover_distance;      /* and this difference of file offset and linked address */
    size_t pieces_len;            /* undo: owned are the pieces that begin below this offset, */
    uintptr_t whole_lo, whole_hi; /* and all of this range of run-time addresses */

    /* by populate */
    uint64_t read_end; /* file offset that the last read has reached */
};

/* Where a segment's pages come from: [start, split) the file, [split, end) anonymous memory. */
struct segment {
    const Elf64_Phdr *phdr;
    unsigned int prot;
    uintptr_t start, split, end; /* linked, whole pages */
    uint64_t off;                /* file offset of start, if split > start */
    uintptr_t fill;              /* fill_len bytes from fill_off are read to here */
    uint64_t fill_off;
    size_t fill_len;
};

/* ---- refusing ---- */

/* Fills the reason and returns err, which is -errno. */
static int refuse(const struct image *im, int err, const char *check, uint64_t off, uint64_t found,
                  const char *relation, uint64_t wanted)
{
    if (im->reason)
        *im->reason = (struct mmapfd_reason){check, -1, off, found, wanted, relation};
    return err;
}

/* The same where numbers would add nothing; 0 stays 0. */
static int fail(const struct image *im, int err, const char *check)
{
    return err == 0 ? 0 : refuse(im, err, check, NO_OFFSET, 0, NULL, 0);
}

static int refuse_segment(const struct image *im, unsigned int index, const char *check,
                          size_t field_off, uint64_t found, const char *relation, uint64_t wanted)
{
    uint64_t off = im->phoff + (uint64_t)index * sizeof(Elf64_Phdr) + field_off;

    refuse(im, -ENOTSUP, check, off, found, relation, wanted);
    if (im->reason)
        im->reason->index = (int)index;
    return -ENOTSUP;
}

#define REFUSE_HEADER(im, ehdr, field, relation, wanted)                                           \
    refuse(im, -ENOTSUP, #field, offsetof(Elf64_Ehdr, field), (ehdr)->field, relation, wanted)
#define REFUSE_SEGMENT(im, i, field, relation, wanted)                                             \
    refuse_segment(im, i, #field, offsetof(Elf64_Phdr, field), (im)->phdr[i].field, relation,      \
                   wanted)

static int mapping_error(const void *mapped)
{
    return sys_is_error(mapped) ? (int)(intptr_t)mapped : 0;
}

static int unmap(uintptr_t from, uintptr_t to)
{
    return to > from ? sys_munmap((void *)from, to - from) : 0;
}

/* ---- segments ---- */

/* Only then can the file's pages be the segment's. */
static bool is_congruent(const Elf64_Phdr *ph)
{
    return ((ph->p_vaddr ^ ph->p_offset) & (sys_page_size - 1)) == 0;
}

static bool holds_header(const Elf64_Phdr *ph)
{
    uint64_t first = is_congruent(ph) ? sys_page_down(ph->p_offset) : ph->p_offset;

    return first == 0 && ph->p_filesz != 0 && ph->p_offset + ph->p_filesz >= sizeof(Elf64_Ehdr);
}

static unsigned int segment_prot(const Elf64_Phdr *ph)
{
    return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
           (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

/*
 * Divides a segment between file and anonymous memory. With 4 KiB pages, p_vaddr 0x3dd8, p_offset
 * 0x2dd8, p_filesz 0x6250, p_memsz 0x7000: pages 0x3000 to 0xb000, file offset 0x2000 at the start.
 * File bytes end at 0xa028, so the pages up to split 0xa000 are the file's; 0x28 bytes from offset
 * 0x9000 are read to 0xa000, and the rest of that page and the page after it are zeros.
 */
static void segment_lay_out(const Elf64_Phdr *ph, struct segment *seg)
{
    uintptr_t data_end = ph->p_vaddr + ph->p_filesz;

    *seg = (struct segment){.phdr = ph, .prot = segment_prot(ph)};
    seg->start = seg->split = sys_page_down(ph->p_vaddr);
    seg->end = sys_page_up(ph->p_vaddr + ph->p_memsz);
    if (ph->p_filesz == 0) {
        COUNT(anonymous_only);
        return;
    }
    if (!is_congruent(ph)) {
        COUNT(incongruent);
        seg->fill = ph->p_vaddr;
        seg->fill_off = ph->p_offset;
        seg->fill_len = ph->p_filesz;
        return;
    }
    seg->off = sys_page_down(ph->p_offset);
    seg->split = ph->p_filesz == ph->p_memsz ? seg->end : sys_page_down(data_end);
    if ((seg->prot & PROT_WRITE) && seg->split - seg->start <= SMALL_WRITABLE)
        seg->split = seg->start;
    seg->fill = seg->split;
    seg->fill_off = seg->off + (seg->split - seg->start);
    seg->fill_len = data_end > seg->split ? data_end - seg->split : 0;
}

/* The first segment from index *i on that occupies memory; *i becomes its index. */
static bool segment_find(const struct image *im, unsigned int *i, struct segment *seg)
{
    for (; *i < im->phnum; ++*i) {
        if (im->phdr[*i].p_type == PT_LOAD && im->phdr[*i].p_memsz != 0) {
            segment_lay_out(&im->phdr[*i], seg);
            return true;
        }
    }
    return false;
}

/* The list element of segment i. */
static mmapfd_result_t segment_describe(const struct image *im, unsigned int i,
                                        const struct segment *seg)
{
    size_t before = seg->phdr->p_vaddr - seg->start;
    mmapfd_result_t result = {(char *)(im->bias + seg->start),
                              before + seg->phdr->p_memsz,
                              seg->phdr->p_filesz,
                              before,
                              seg->prot,
                              i == im->header ? im->header_flag : 0};

    if (i == im->header && !im->is_fixed && before != 0 && is_congruent(seg->phdr)) {
        COUNT(header_widened);
        result.mr_fsize += before;
        result.mr_offset = 0;
    }
    return result;
}

static unsigned int element_count(const struct image *im)
{
    return im->count + (im->pad ? 2 : 0);
}

static void store_results(const struct image *im)
{
    mmapfd_result_t padding = {(char *)im->area, im->pad, 0, 0, PROT_NONE, MFD_PADDING};
    mmapfd_result_t *result = im->storage;
    struct segment seg;

    if (im->pad)
        *result++ = padding;
    for (unsigned int i = 0; segment_find(im, &i, &seg); i++)
        *result++ = segment_describe(im, i, &seg);
    if (im->pad) {
        padding.mr_addr += im->area_len - im->pad;
        *result = padding;
    }
}

/* ---- checking the program headers ---- */

static int check_file_range(const struct image *im, unsigned int i)
{
    const Elf64_Phdr *ph = &im->phdr[i];

    if (ph->p_filesz > ph->p_memsz)
        return REFUSE_SEGMENT(im, i, p_filesz, "at most", ph->p_memsz);
    if (ph->p_offset > INT64_MAX)
        return REFUSE_SEGMENT(im, i, p_offset, "at most", INT64_MAX);
    /* With no bytes to come from the file, an offset past its end is harmless; linkers write it. */
    if (ph->p_filesz == 0)
        return 0;
    if (ph->p_offset > im->size)
        return REFUSE_SEGMENT(im, i, p_offset, "at most", im->size);
    if (ph->p_filesz > im->size - ph->p_offset)
        return REFUSE_SEGMENT(im, i, p_filesz, "at most", im->size - ph->p_offset);
    return 0;
}

static int check_address_range(const struct image *im, unsigned int i)
{
    uint64_t limit = sys_page_down(UINT64_MAX);

    if (im->phdr[i].p_vaddr > limit)
        return REFUSE_SEGMENT(im, i, p_vaddr, "at most", limit);
    if (im->phdr[i].p_memsz > limit - im->phdr[i].p_vaddr)
        return REFUSE_SEGMENT(im, i, p_memsz, "at most", limit - im->phdr[i].p_vaddr);
    return 0;
}

/* One page serves both segments: ph goes on where prev ends, in file, memory and rights. */
static bool is_continuation(const Elf64_Phdr *prev, const Elf64_Phdr *ph)
{
    return is_congruent(ph) && ph->p_filesz != 0 && prev->p_filesz == prev->p_memsz &&
           ph->p_offset - prev->p_offset == ph->p_vaddr - prev->p_vaddr &&
           segment_prot(ph) == segment_prot(prev);
}

/* Ascending, apart, and on pages of their own, unless those pages are alike. */
static int check_order(const struct image *im, const Elf64_Phdr *prev, unsigned int i)
{
    const Elf64_Phdr *ph = &im->phdr[i];
    uintptr_t prev_end = prev->p_vaddr + prev->p_memsz;

    if (ph->p_vaddr < prev_end)
        return REFUSE_SEGMENT(im, i, p_vaddr, "at least", prev_end);
    if (sys_page_down(ph->p_vaddr) >= sys_page_up(prev_end))
        return 0;
    if (!is_continuation(prev, ph))
        return REFUSE_SEGMENT(im, i, p_vaddr, "at least", sys_page_up(prev_end));
    COUNT(shared_page);
    return 0;
}

static void note_segment(struct image *im, unsigned int i)
{
    const Elf64_Phdr *ph = &im->phdr[i];
    struct segment seg;

    segment_lay_out(ph, &seg);
    if (im->count++ == 0)
        im->lo = seg.start;
    im->hi = seg.end;
    if (ph->p_align > im->align)
        im->align = ph->p_align;
    if (ph->p_filesz != 0 && ph->p_offset + ph->p_filesz > im->file_end)
        im->file_end = ph->p_offset + ph->p_filesz;
    if (im->header == NO_INDEX && holds_header(ph))
        im->header = i;
    if (seg.prot & PROT_EXEC) {
        im->has_exec = true;
        im->has_exec_anon |= seg.split < seg.end;
    }
}

static int check_segments(struct image *im)
{
    const Elf64_Phdr *prev = NULL;

    im->header = NO_INDEX;
    for (unsigned int i = 0; i < im->phnum; i++) {
        int err;

        if (im->phdr[i].p_type != PT_LOAD)
            continue;
        err = check_file_range(im, i);
        if (err == 0)
            err = check_address_range(im, i);
        if (err == 0 && im->phdr[i].p_memsz != 0 && prev)
            err = check_order(im, prev, i);
        if (err != 0)
            return err;
        if (im->phdr[i].p_memsz == 0) {
            COUNT(skipped_segment);
            continue;
        }
        note_segment(im, i);
        prev = &im->phdr[i];
    }
    if (im->count == 0)
        return refuse(im, -ENOTSUP, "number of loadable segments", NO_OFFSET, 0, "at least", 1);
    return 0;
}

/* ---- placing ---- */

/* Also rounds: padding up to whole pages, the alignment up to a power of two, a page at least. */
static int measure_area(struct image *im)
{
    const struct {
        const char *check;
        uint64_t found;
    } sizes[] = {{"p_align", im->align}, {"size in memory", im->hi - im->lo}, {"padding", im->pad}};
    uint64_t align = sys_page_size;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i].found > SIZE_LIMIT)
            return refuse(im, -ENOMEM, sizes[i].check, NO_OFFSET, sizes[i].found, "at most",
                          SIZE_LIMIT);
    }
    if (im->align & (im->align - 1))
        COUNT(align_rounded);
    while (align < im->align)
        align *= 2;
    im->align = align;
    im->pad = sys_page_up(im->pad);
    im->area_len = im->pad + (im->hi - im->lo) + im->pad;
    return 0;
}

/* A part of the area that is in use, as offsets in it. */
struct piece {
    size_t from, to;
};

/* The next piece, from segment *i on; *piece is the one before, or zero. Pieces do not overlap: the
 * page that two segments share is the first one's, so a piece can be empty. */
static bool piece_find(const struct image *im, unsigned int *i, struct piece *piece)
{
    struct segment seg;
    size_t start;

    if (!segment_find(im, i, &seg))
        return false;
    start = piece->to == 0 ? 0 : im->pad + (seg.start - im->lo);
    piece->from = start > piece->to ? start : piece->to;
    piece->to = seg.end == im->hi ? im->area_len : im->pad + (seg.end - im->lo);
    return true;
}

/* Takes [addr, addr + len), inaccessible, if nothing is mapped there. */
static int claim(const struct image *im, uintptr_t addr, size_t len)
{
    void *got;
    int err;

    if (addr == 0) { /* a privileged process could, and would lose its null pointers */
        COUNT(page_zero);
        return refuse(im, -EADDRINUSE, "address range", NO_OFFSET, addr, "other than", 0);
    }
    got = sys_mmap_anon((void *)addr, len, PROT_NONE, MAP_NORESERVE | MAP_FIXED_NOREPLACE);
    err = mapping_error(got);
    if (err == 0 && got != (void *)addr) {
        COUNT(moved_away); /* before Linux 4.17 the flag is unknown and addr only a hint */
        sys_munmap(got, len);
        err = -EEXIST;
    }
    if (err == -EEXIST || err == -EPERM) { /* EPERM: below the system's lowest address */
        COUNT(range_taken);
        err = -EADDRINUSE;
    }
    return fail(im, err, "address range");
}

/* Each piece is claimed for itself: what is mapped in a hole between two is no obstacle. */
static int place_fixed(struct image *im)
{
    struct piece piece = {0, 0};

    if (im->pad > im->lo) {
        COUNT(pad_below_zero);
        return refuse(im, -ENOMEM, "padding", NO_OFFSET, im->pad, "at most", im->lo);
    }
    im->area = im->lo - im->pad;
    for (unsigned int i = 0; piece_find(im, &i, &piece); i++) {
        int err = 0;

        if (piece.to > piece.from)
            err = claim(im, im->area + piece.from, piece.to - piece.from);
        if (err != 0)
            return err;
        im->pieces_len = piece.to;
    }
    return 0;
}

/* Distance from addr up to the next place where the area may begin. */
static size_t misalignment(const struct image *im, uintptr_t addr)
{
    return (im->lo - im->pad - addr) & (im->align - 1);
}

/*
 * Maps the area where the kernel likes, at the hint if it can, and slack bytes more to find an
 * aligned place in. Where possible the first segment's file mapping is continued over the area:
 * segments at the same distance from their file offset then need no mapping of their own.
 */
static int reserve(struct image *im, uintptr_t hint, size_t slack)
{
    unsigned int i = 0;
    struct segment first;
    size_t len = im->area_len + slack;
    void *got;
    int err;

    segment_find(im, &i, &first);
    im->is_covered = slack == 0 && im->pad == 0 && first.split > first.start &&
                     !(first.prot & PROT_WRITE);
    im->cover_prot = first.prot;
    im->cover_distance = first.off - first.start;
    if (im->is_covered)
        got = sys_mmap((void *)hint, len, (int)first.prot, MAP_PRIVATE, im->fd, first.off);
    else
        got = sys_mmap_anon((void *)hint, len, PROT_NONE, MAP_NORESERVE);
    err = mapping_error(got);
    if (err != 0) /* EOVERFLOW: longer than a file can be */
        return fail(im, err == -EOVERFLOW ? -ENOMEM : err, "room in the address space");
    im->whole_lo = (uintptr_t)got;
    im->whole_hi = im->whole_lo + len;
    im->area = im->whole_lo + (slack ? misalignment(im, im->whole_lo) : 0);
    return 0;
}

static int reserve_aligned(struct image *im)
{
    int err = reserve(im, 0, im->align - sys_page_size);
    uintptr_t end;

    if (err != 0)
        return err;
    COUNT(trimmed);
    end = im->area + im->area_len;
    err = unmap(im->whole_lo, im->area);
    if (err == 0) {
        im->whole_lo = im->area;
        err = unmap(end, im->whole_hi);
    }
    if (err == 0)
        im->whole_hi = end;
    return fail(im, err, "trimming of the address range");
}

/*
 * Where the last object of large alignment went. The next one is offered to the kernel just below,
 * in the gap that it fills from above anyway: nearly always that is free, and one call does what
 * otherwise takes four. Only a hint, the kernel places it elsewhere if it must: a stale or raced
 * value costs time and nothing else.
 */
static uintptr_t placed_last;

static uintptr_t hint_below(const struct image *im, uintptr_t last)
{
    uintptr_t below = last > im->area_len ? last - im->area_len : 0;
    size_t down = (im->align - misalignment(im, below)) & (im->align - 1);

    return below > down ? below - down : 0;
}

static int place_free(struct image *im)
{
    uintptr_t hint;
    int err;

    if (im->align <= sys_page_size)
        return reserve(im, 0, 0);
    hint = hint_below(im, __atomic_load_n(&placed_last, __ATOMIC_RELAXED));
    err = hint != 0 ? reserve(im, hint, 0) : 0;
    if (err == 0 && hint != 0 && misalignment(im, im->area) != 0) {
        COUNT(placed_again);
        err = fail(im, unmap(im->whole_lo, im->whole_hi), "address range");
        if (err == 0)
            im->whole_hi = im->whole_lo;
        hint = 0;
    }
    if (err == 0 && hint == 0)
        err = reserve_aligned(im);
    if (err == 0)
        __atomic_store_n(&placed_last, im->area, __ATOMIC_RELAXED);
    return err;
}

/* ---- populating ---- */

/* Reads exactly len bytes; -EIO if the file ends before. */
static int read_full(struct image *im, void *buf, size_t len, uint64_t off)
{
    for (size_t done = 0; done < len;) {
        long got = sys_pread(im->fd, (char *)buf + done, len - done, off + done);

        if (got == -EINTR) {
            COUNT(interrupted_read);
            continue;
        }
        if (got < 0)
            return fail(im, (int)got, "reading");
        if (got == 0)
            return refuse(im, -EIO, "file length", NO_OFFSET, off + done, "at least", off + len);
        if ((size_t)got < len - done)
            COUNT(short_read);
        done += (size_t)got;
    }
    im->read_end = off + len;
    return 0;
}

static int map_file_pages(struct image *im, const struct segment *seg)
{
    void *addr = (void *)(im->bias + seg->start);
    size_t len = seg->split - seg->start;
    int err = 0;

    if (len == 0)
        return 0;
    if (!im->is_covered || seg->off - seg->start != im->cover_distance)
        err = mapping_error(
            sys_mmap(addr, len, (int)seg->prot, MAP_PRIVATE | MAP_FIXED, im->fd, seg->off));
    else if (seg->prot != im->cover_prot)
        err = sys_mprotect(addr, len, (int)seg->prot);
    return fail(im, err, "mapping a segment");
}

static int map_anonymous_pages(struct image *im, const struct segment *seg)
{
    void *addr = (void *)(im->bias + seg->split);
    size_t len = seg->end - seg->split;
    unsigned int prot = seg->fill_len == 0 ? seg->prot : PROT_READ | PROT_WRITE;
    int err;

    if (len == 0)
        return 0;
    err = mapping_error(sys_mmap_anon(addr, len, (int)prot, MAP_FIXED));
    if (err != 0)
        return fail(im, err, "memory for a segment");
    err = read_full(im, (void *)(im->bias + seg->fill), seg->fill_len, seg->fill_off);
    if (err != 0 || prot == seg->prot)
        return err;
    COUNT(read_then_protected);
    return fail(im, sys_mprotect(addr, len, (int)seg->prot), "protecting a segment");
}

static int populate(struct image *im)
{
    struct segment seg;

    im->bias = im->area + im->pad - im->lo;
    im->read_end = 0; /* what was read so far says nothing of the length from now on */
    for (unsigned int i = 0; segment_find(im, &i, &seg); i++) {
        int err = map_file_pages(im, &seg);

        if (err == 0)
            err = map_anonymous_pages(im, &seg);
        if (err != 0)
            return err;
    }
    return 0;
}

/* A file that is placed freely has its area in one reservation. What no segment wants goes back. */
static int unmap_holes(struct image *im)
{
    struct piece piece = {0, 0};
    size_t end = 0;

    for (unsigned int i = 0; piece_find(im, &i, &piece); i++) {
        if (piece.from > end) {
            int err = unmap(im->area + end, im->area + piece.from);

            if (err != 0)
                return fail(im, err, "unmapping between segments");
            COUNT(hole_unmapped);
            im->pieces_len = piece.from;
            im->whole_lo = im->area + piece.from;
        }
        end = piece.to;
    }
    return 0;
}

/* What was mapped is the file's only if that still reaches as far; a read at its end shows it. */
static int check_length(struct image *im)
{
    struct sys_stat st;
    int err;

    if (im->read_end >= im->file_end)
        return 0;
    COUNT(length_checked);
    err = sys_fstat(im->fd, &st);
    if (err == 0 && st.size < im->file_end)
        return refuse(im, -EIO, "file length", NO_OFFSET, st.size, "at least", im->file_end);
    return fail(im, err, "fstat");
}

/* Frees what is owned, and no more: other threads may have mapped in the holes already. */
static void undo(const struct image *im)
{
    struct piece piece = {0, 0};

    for (unsigned int i = 0; piece_find(im, &i, &piece) && piece.from < im->pieces_len; i++) {
        COUNT(undone_in_pieces);
        unmap(im->area + piece.from, im->area + piece.to);
    }
    unmap(im->whole_lo, im->whole_hi);
}

static int map_segments(struct image *im)
{
    int err = measure_area(im);

    if (err == 0)
        err = im->is_fixed ? place_fixed(im) : place_free(im);
    if (err == 0)
        err = populate(im);
    if (err == 0 && !im->is_fixed)
        err = unmap_holes(im);
    if (err == 0)
        err = check_length(im);
    if (err != 0)
        undo(im);
    return err;
}

/* ---- one call ---- */

static int check_noexec(const struct image *im)
{
    long flags = sys_fstatfs_flags(im->fd);

    if (flags < 0 || !(flags & ST_NOEXEC))
        return 0;
    COUNT(noexec);
    return fail(im, -EACCES, "executable segment on a file system mounted noexec");
}

/*
 * Checks the program headers, then maps. The kernel itself refuses executable file pages from a
 * noexec mount, so for a file that maps well there is nothing to ask, unless code is to be read
 * into anonymous memory. As noexec outranks every later error, one of those asks too.
 */
static int map_image(struct image *im)
{
    int err = check_segments(im);
    unsigned int count = element_count(im);

    if (err != 0)
        return err;
    if (im->has_exec_anon)
        err = check_noexec(im);
    if (err == 0 && count > *im->elements)
        err = refuse(im, -E2BIG, "elements", NO_OFFSET, *im->elements, "at least", count);
    if (err == 0)
        err = map_segments(im);
    if (err != 0 && im->has_exec && check_noexec(im) != 0)
        err = -EACCES;
    if (err == 0)
        store_results(im);
    if (err == 0 || err == -E2BIG)
        *im->elements = count;
    return err;
}

static int map_whole(struct image *im, uint64_t header_flag)
{
    im->whole = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = im->size, .p_memsz = im->size};
    im->phdr = &im->whole;
    im->phnum = 1;
    im->header_flag = header_flag;
    return map_image(im);
}

/* For program headers beyond the head: reads them into memory of their own. */
static int map_with_table_apart(struct image *im)
{
    size_t len = (size_t)im->phnum * sizeof(Elf64_Phdr);
    void *table = sys_mmap_anon(NULL, len, PROT_READ | PROT_WRITE, 0);
    int err = mapping_error(table);

    COUNT(table_apart);
    if (err != 0)
        return fail(im, err, "memory for the program headers");
    err = read_full(im, table, len, im->phoff);
    im->phdr = table;
    if (err == 0)
        err = map_image(im);
    sys_munmap(table, len);
    return err;
}

static int check_elf_header(const struct image *im, const Elf64_Ehdr *ehdr)
{
    static const struct {
        const char *check;
        unsigned char at, wanted;
    } ident[] = {
        {"EI_CLASS", EI_CLASS, ELFCLASS64},
        {"EI_DATA", EI_DATA, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ELFDATA2MSB : ELFDATA2LSB},
        {"EI_VERSION", EI_VERSION, EV_CURRENT},
    };

    if (im->size < sizeof *ehdr)
        return refuse(im, -ENOTSUP, "file length", NO_OFFSET, im->size, "at least", sizeof *ehdr);
    for (size_t i = 0; i < sizeof ident / sizeof *ident; i++) {
        unsigned char found = ehdr->e_ident[ident[i].at];

        if (found != ident[i].wanted)
            return refuse(im, -ENOTSUP, ident[i].check, ident[i].at, found, "is", ident[i].wanted);
    }
    if (ehdr->e_machine != ARCH_ELF_MACHINE)
        return REFUSE_HEADER(im, ehdr, e_machine, "is", ARCH_ELF_MACHINE);
    if (ehdr->e_version != EV_CURRENT)
        return REFUSE_HEADER(im, ehdr, e_version, "is", EV_CURRENT);
    if (ehdr->e_type < ET_REL)
        return REFUSE_HEADER(im, ehdr, e_type, "at least", ET_REL);
    if (ehdr->e_type > ET_CORE)
        return REFUSE_HEADER(im, ehdr, e_type, "at most", ET_CORE);
    return 0;
}

static int check_table(const struct image *im, const Elf64_Ehdr *ehdr)
{
    uint64_t len = (uint64_t)ehdr->e_phnum * sizeof(Elf64_Phdr);

    if (ehdr->e_phentsize != sizeof(Elf64_Phdr))
        return REFUSE_HEADER(im, ehdr, e_phentsize, "is", sizeof(Elf64_Phdr));
    if (ehdr->e_phnum == 0)
        return REFUSE_HEADER(im, ehdr, e_phnum, "at least", 1);
    if (ehdr->e_phnum == PN_XNUM)
        return REFUSE_HEADER(im, ehdr, e_phnum, "less than", PN_XNUM);
    if (ehdr->e_phoff % sizeof(uint64_t) != 0)
        return REFUSE_HEADER(im, ehdr, e_phoff, "multiple of", sizeof(uint64_t));
    if (len > im->size)
        return REFUSE_HEADER(im, ehdr, e_phnum, "at most", im->size / sizeof(Elf64_Phdr));
    if (ehdr->e_phoff > im->size - len)
        return REFUSE_HEADER(im, ehdr, e_phoff, "at most", im->size - len);
    return 0;
}

/* The first bytes of a file, as many as there are. */
union head {
    Elf64_Ehdr ehdr;
    unsigned char bytes[HEAD_LEN];
};

static int map_elf(struct image *im, const union head *head)
{
    const Elf64_Ehdr *ehdr = &head->ehdr;
    int err = check_elf_header(im, ehdr);

    if (err != 0)
        return err;
    if (ehdr->e_type == ET_REL || ehdr->e_type == ET_CORE)
        return map_whole(im, MFD_ELF_HDR);
    err = check_table(im, ehdr);
    if (err != 0)
        return err;
    im->is_fixed = ehdr->e_type == ET_EXEC;
    im->header_flag = MFD_ELF_HDR;
    im->phoff = ehdr->e_phoff;
    im->phnum = ehdr->e_phnum;
    if (im->phoff + im->phnum * sizeof(Elf64_Phdr) > HEAD_LEN)
        return map_with_table_apart(im);
    im->phdr = (const Elf64_Phdr *)(head->bytes + im->phoff);
    return map_image(im);
}

static int check_arguments(struct image *im, unsigned int flags, const void *arg)
{
    if (flags & ~(unsigned int)(MMFD_PADDING | MMFD_INTERPRET))
        return fail(im, -EINVAL, "unknown flag");
    if (arg && !(flags & MMFD_PADDING))
        return fail(im, -EINVAL, "argument without MMFD_PADDING");
    if (!arg && (flags & MMFD_PADDING))
        return fail(im, -EINVAL, "MMFD_PADDING without a size");
    if (arg)
        im->pad = *(const size_t *)arg;
    return 0;
}

/* Why an open descriptor cannot be read or mapped; err if its mode does not tell. */
static int check_open_mode(const struct image *im, int err, const char *check)
{
    int mode = sys_fcntl(im->fd, F_GETFL, 0);

    if (mode < 0)
        return fail(im, mode, "descriptor");
    if (mode & O_PATH)
        return fail(im, -EBADF, "descriptor opened with O_PATH");
    if ((mode & O_ACCMODE) % 2 != 0) /* 1 for writing only, 3 for neither */
        return fail(im, -EACCES, "descriptor not open for reading");
    return fail(im, err, check);
}

static int read_head(struct image *im, union head *head)
{
    struct sys_stat st;
    int err = sys_fstat(im->fd, &st);

    if (err != 0)
        return fail(im, err, "descriptor");
    if (!S_ISREG(st.mode))
        return check_open_mode(im, -ENODEV, "regular file");
    if (st.size == 0)
        return fail(im, -EINVAL, "empty file");
    im->size = st.size;
    err = read_full(im, head, st.size < HEAD_LEN ? (size_t)st.size : HEAD_LEN, 0);
    return err == -EBADF ? check_open_mode(im, err, "descriptor") : err;
}

int mmapfd_raw(int fd, unsigned int flags, mmapfd_result_t *storage, unsigned int *elements,
               void *arg, struct mmapfd_reason *reason)
{
    struct image im = {.fd = fd, .reason = reason, .storage = storage};
    union head head;
    int err = check_arguments(&im, flags, arg);

    im.elements = elements;
    if (err == 0)
        err = read_head(&im, &head);
    if (err != 0)
        return err;
    if (!elements || (!storage && *elements != 0))
        return fail(&im, -EFAULT, elements ? "storage" : "elements");
    if (!(flags & MMFD_INTERPRET))
        return map_whole(&im, 0);
    if (im.size >= SELFMAG && memcmp(head.bytes, ELFMAG, SELFMAG) == 0)
        return map_elf(&im, &head);
    return fail(&im, -EINVAL, "file format");
}

int mmapfd_segments(const Elf64_Phdr *phdr, unsigned int phnum, uintptr_t bias,
                    mmapfd_result_t *storage, unsigned int *elements)
{
    struct image im = {.storage = storage, .elements = elements, .phdr = phdr, .phnum = phnum};
    unsigned int capacity;
    int err;

    if (!elements || (!storage && *elements != 0))
        return -EFAULT;
    im.size = INT64_MAX; /* the kernel has seen the real one */
    im.is_fixed = bias == 0;
    im.header_flag = MFD_ELF_HDR;
    im.bias = bias;
    err = check_segments(&im);
    if (err != 0)
        return err;
    capacity = *elements;
    *elements = im.count;
    if (im.count > capacity)
        return -E2BIG;
    store_results(&im);
    return 0;
}
