/*
 * mmapfd.c - a descriptor becomes mappings: place an image, map it, or undo everything.
 *
 * The one file of the loader that maps a descriptor, and all of the library libmmapfd with what it
 * calls. Assumes nothing; no allocation, no errno, no lock. Called by main, object, search and cache.
 * The contract is mmapfd.h and mmapfd(3).
 *
 * Reading order, from the end of the file: map_file is the story; image.c refuses a file before
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
 *   RELRO of 64 KiB and more, for the loader       +1  madvise
 *   data in huge pages                             +1  madvise; code +2
 */
#include "mmapfd.h"

#include <stdbool.h>

#include "arch.h"
#include "image.h"
#include "mmapfd_file.h"
#include "reservation.h"
#include "sys.h"

enum { RELRO_WORTH_A_CALL = 16 * 4096 };

/* No address space is as large: sums of three such numbers cannot wrap. */
#define SIZE_LIMIT (SIZE_MAX / 4)

/*
 * One call. The image's addresses are linked ones; bias makes them run-time ones. The area is
 * everything from the lower padding to the upper one. A piece of it is the pages of one segment,
 * and the padding beside them.
 */
struct call {
    struct image im;
    mmapfd_result_t *storage;
    unsigned int *elements;

    /* whole pages and a power of two once measure_area has run */
    size_t pad; /* on either side */
    uint64_t align;
    size_t area_len;

    /* by place_* */
    uintptr_t area; /* run-time address of im.lo - pad */
    uintptr_t bias;
    bool is_covered; /* the area is the first segment's file mapping, continued */
    struct segment first;
    struct reservation reservation; /* what has been asked about them, all 0 if nothing */
    uint64_t pad_was_reserved[2];
    size_t pieces_len;            /* undo: owned are the pieces that begin below this offset, */
    uintptr_t whole_lo, whole_hi; /* and all of this range of run-time addresses */

    /* by populate */
    bool is_watched;         /* by valgrind: see announce */
    uint64_t read_end;       /* file offset that the last read has reached */
    uintptr_t anonymous_end; /* linked address where the last anonymous pages end */
};

static int mapping_error(const void *mapped)
{
    return sys_is_error(mapped) ? (int)(intptr_t)mapped : 0;
}

static int unmap(uintptr_t from, uintptr_t to)
{
    return to > from ? sys_munmap((void *)from, to - from) : 0;
}

/* ---- placing ---- */

/* Also rounds: padding up to whole pages, the alignment up to a power of two, a page at least. */
static int measure_area(struct call *c)
{
    const size_t len = c->im.hi - c->im.lo;
    const struct {
        const char *check;
        uint64_t found;
    } sizes[] = {{"p_align", c->im.align}, {"size in memory", len}, {"padding", c->pad}};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i].found > SIZE_LIMIT)
            return image_refuse(&c->im, -ENOMEM, sizes[i].check, sizes[i].found, "at most",
                                SIZE_LIMIT);
    }
    if (c->im.align & (c->im.align - 1))
        COUNT(align_rounded);
    for (c->align = sys_page_size; c->align < c->im.align;)
        c->align *= 2;
    c->pad = sys_page_up(c->pad);
    c->area_len = c->pad + len + c->pad;
    return 0;
}

/* A part of the area that is in use, as offsets in it. */
struct piece {
    struct segment seg;
    size_t from, to;
    uint64_t *was_reserved; /* see claim */
};

/* The piece after *piece, the first one if that is all zeros. Pieces do not overlap: the page that
 * two segments share is the first one's, so a piece can be empty. */
static bool piece_next(struct call *c, struct piece *piece)
{
    size_t start = piece->to;

    if (start == c->area_len)
        return false;
    if (c->pad != 0 && start == 0) {
        piece->to = c->pad;
        piece->was_reserved = &c->pad_was_reserved[0];
    } else if (image_next(&c->im, &piece->seg)) {
        start = c->pad + (piece->seg.start - c->im.lo);
        if (start < piece->to)
            start = piece->to;
        piece->to = c->pad + (piece->seg.end - c->im.lo);
        piece->was_reserved = &piece->seg.phdr->p_paddr;
    } else {
        piece->to = c->area_len;
        piece->was_reserved = &c->pad_was_reserved[1];
    }
    piece->from = start;
    return true;
}

/* If the kernel has no memory for that, what is mapped stays: the address range is not given away. */
static void put_back(const struct call *c, uintptr_t from, uintptr_t to)
{
    COUNT(reservation_put_back);
    sys_mmap((void *)from, to - from, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED,
             c->reservation.device, 0);
}

/* Takes [addr, addr + len), inaccessible, from the reservation that it lies in; -EEXIST if there is
 * none. */
static int claim_reserved(struct call *c, uintptr_t addr, size_t len)
{
    int err;

    err = reservation_open(&c->reservation);
    if (err != 0)
        return err;
    if (!reservation_covers(&c->reservation, addr, addr + len))
        return -EEXIST;
    COUNT(reservation_replaced);
    err = mapping_error(sys_mmap_anon((void *)addr, len, PROT_NONE, MAP_NORESERVE | MAP_FIXED));
    if (err != 0) /* what was there may be gone already */
        put_back(c, addr, addr + len);
    return err;
}

/*
 * Takes [addr, addr + len), inaccessible, if nothing is mapped there or a reservation is. An undo has
 * to know which it was, and the only room for a mark on each of 65534 segments is the table itself:
 * was_reserved is p_paddr, which means nothing on System V (gABI, Program Header), in our copy.
 */
static int claim(struct call *c, uintptr_t addr, size_t len, uint64_t *was_reserved)
{
    void *got;
    int err;

    *was_reserved = false;
    if (addr == 0) { /* a privileged process could, and would lose its null pointers */
        COUNT(page_zero);
        return -EADDRINUSE;
    }
    got = sys_mmap_anon((void *)addr, len, PROT_NONE, MAP_NORESERVE | MAP_FIXED_NOREPLACE);
    err = mapping_error(got);
    if (err == 0 && got != (void *)addr) {
        COUNT(moved_away); /* before Linux 4.17 the flag is unknown and addr only a hint */
        c->whole_lo = (uintptr_t)got;
        c->whole_hi = c->whole_lo + len;
        err = unmap(c->whole_lo, c->whole_hi);
        if (err == 0) {
            c->whole_hi = c->whole_lo;
            err = -EEXIST;
        }
    }
    if (err == -EEXIST) {
        err = claim_reserved(c, addr, len);
        *was_reserved = err == 0;
    }
    if (err == -EEXIST || err == -EPERM) { /* EPERM: below the system's lowest address */
        COUNT(range_taken);
        err = -EADDRINUSE;
    }
    return err;
}

static int refuse_place(const struct call *c, const struct piece *piece, int err)
{
    const Elf64_Phdr *ph = piece->seg.phdr;
    bool is_segment = ph && piece->was_reserved == &ph->p_paddr;

    if (err != -EADDRINUSE)
        return image_fail(&c->im, err, "address range");
    if (is_segment && c->im.header_flag == MFD_ELF_HDR)
        return image_refuse_segment(&c->im, err, ph, offsetof(Elf64_Phdr, p_vaddr), "p_vaddr",
                                    ph->p_vaddr, "a free address", 0);
    return image_refuse(&c->im, err,
                        is_segment ? "address of an a.out segment" : "padding's address",
                        c->area + piece->from, "a free address", 0);
}

/* Each piece is claimed for itself: what is mapped in a hole between two is no obstacle. */
static int place_fixed(struct call *c)
{
    if (c->pad > c->im.lo) {
        COUNT(pad_below_zero);
        return image_refuse(&c->im, -ENOMEM, "padding", c->pad, "at most", c->im.lo);
    }
    c->area = c->im.lo - c->pad;
    for (struct piece piece = {0}; piece_next(c, &piece);) {
        int err = 0;

        if (piece.to > piece.from)
            err = claim(c, c->area + piece.from, piece.to - piece.from, piece.was_reserved);
        if (err != 0)
            return refuse_place(c, &piece, err);
        c->pieces_len = piece.to;
    }
    return 0;
}

/* Distance from addr up to the next place where the area may begin. */
static size_t misalignment(const struct call *c, uintptr_t addr)
{
    return (c->im.lo - c->pad - addr) & (c->align - 1);
}

/*
 * Maps the area where the kernel likes, at the hint if it can, and slack bytes more to find an
 * aligned place in. Where possible the first segment's file mapping is continued over the area:
 * segments at the same distance from their file offset then need no mapping of their own.
 */
static int reserve(struct call *c, uintptr_t hint, size_t slack)
{
    struct segment first = {0};
    size_t len = c->area_len + slack;
    void *got;
    int err;

    image_next(&c->im, &first);
    c->first = first;
    c->is_covered = slack == 0 && c->pad == 0 && first.split > first.start &&
                    !(first.prot & PROT_WRITE);
    if (c->is_covered)
        got = sys_mmap((void *)hint, len, (int)first.prot, MAP_PRIVATE, c->im.fd, first.off);
    else
        got = sys_mmap_anon((void *)hint, len, PROT_NONE, MAP_NORESERVE);
    err = mapping_error(got);
    if (err != 0) /* EOVERFLOW: longer than a file can be */
        return image_fail(&c->im, err == -EOVERFLOW ? -ENOMEM : err, "room in the address space");
    c->whole_lo = (uintptr_t)got;
    c->whole_hi = c->whole_lo + len;
    c->area = c->whole_lo + (slack ? misalignment(c, c->whole_lo) : 0);
    return 0;
}

static int reserve_aligned(struct call *c)
{
    int err = reserve(c, 0, c->align - sys_page_size);
    uintptr_t end;

    if (err != 0)
        return err;
    COUNT(trimmed);
    end = c->area + c->area_len;
    err = unmap(c->whole_lo, c->area);
    if (err == 0) {
        c->whole_lo = c->area;
        err = unmap(end, c->whole_hi);
    }
    if (err == 0)
        c->whole_hi = end;
    return image_fail(&c->im, err, "trimming of the address range");
}

/*
 * Where the last object of large alignment went. The next one is offered to the kernel just below,
 * in the gap that it fills from above anyway: nearly always that is free, and one call does what
 * otherwise takes four. Only a hint, the kernel places it elsewhere if it must: a stale or raced
 * value costs time and nothing else.
 */
static uintptr_t placed_last;

/* A step down to alignment that is longer leaves that gap. With an alignment that no address has it
 * would lead to the linked address itself: the file would have chosen, a low place known beforehand. */
#define HINT_REACH (UINT64_C(1) << 32)

static uintptr_t hint_below(const struct call *c, uintptr_t last)
{
    uintptr_t below = last > c->area_len ? last - c->area_len : 0;
    size_t down = (c->align - misalignment(c, below)) & (c->align - 1);

    return below > down && down < HINT_REACH ? below - down : 0;
}

static int place_free(struct call *c)
{
    uintptr_t hint;
    int err;

    if (c->align <= sys_page_size)
        return reserve(c, 0, 0);
    hint = hint_below(c, __atomic_load_n(&placed_last, __ATOMIC_RELAXED));
    err = hint != 0 ? reserve(c, hint, 0) : 0;
    if (err == 0 && hint != 0 && misalignment(c, c->area) != 0) {
        COUNT(placed_again);
        err = image_fail(&c->im, unmap(c->whole_lo, c->whole_hi), "address range");
        if (err == 0)
            c->whole_hi = c->whole_lo;
        hint = 0;
    }
    if (err == 0 && hint == 0)
        err = reserve_aligned(c);
    if (err == 0)
        __atomic_store_n(&placed_last, c->area, __ATOMIC_RELAXED);
    return err;
}

/* ---- populating ---- */

static int map_file_pages(struct call *c, const struct segment *seg)
{
    void *addr = (void *)(c->bias + seg->start);
    size_t len = seg->split - seg->start;
    int err = 0;

    if (len == 0)
        return 0;
    /* A page shared with the segment before may have been replaced: it has but that one's bytes. */
    if (!c->is_covered || c->is_watched || seg->start < c->anonymous_end ||
        seg->off - seg->start != c->first.off - c->first.start) {
        c->read_end = 0; /* a read vouches for what was mapped before it */
        err = mapping_error(
            sys_mmap(addr, len, (int)seg->prot, MAP_PRIVATE | MAP_FIXED, c->im.fd, seg->off));
    } else if (seg->prot != c->first.prot)
        err = sys_mprotect(addr, len, (int)seg->prot);
    return image_fail(&c->im, err, "mapping a segment");
}

/*
 * Each page of RELRO that is the file's would fault for its copy when it is relocated. Asked for
 * together they cost a quarter less.
 */
static void populate_relro(const struct call *c, const struct segment *seg)
{
    const struct image *im = &c->im;
    uintptr_t end;

    if (!im->is_loading || !(seg->prot & PROT_WRITE) || im->relro < seg->start ||
        im->relro >= seg->split)
        return;
    end = im->relro_len < seg->split - im->relro ? im->relro + im->relro_len : seg->split;
    if (sys_page_down(end) - sys_page_down(im->relro) < RELRO_WORTH_A_CALL)
        return;
    COUNT(relro_populated);
    sys_madvise((void *)(c->bias + sys_page_down(im->relro)),
                sys_page_down(end) - sys_page_down(im->relro), MADV_POPULATE_WRITE);
}

/* valgrind takes for a library what maps a file once executable and once writable, and reads its symbols
 * then. The writable mapping lasts until the anonymous pages take its place. */
static int announce(const struct call *c, const struct segment *seg)
{
    uintptr_t before = seg->fill - sys_page_down(seg->fill);
    uint64_t off = seg->fill_off - before;

    if (!c->is_watched || seg->fill_len == 0 || !(seg->prot & PROT_WRITE) ||
        off % sys_page_size != 0)
        return 0;
    return mapping_error(sys_mmap((void *)(c->bias + seg->fill - before), before + seg->fill_len,
                                  (int)seg->prot, MAP_PRIVATE | MAP_FIXED, c->im.fd, off));
}

/* The loader wants what it will write to; a bss can be much larger, and stay empty. */
static void advise_data(const struct call *c, const struct segment *seg)
{
    uintptr_t end = c->im.wants_huge ? seg->end : sys_page_up(seg->fill + seg->fill_len);

    COUNT(data_in_huge_pages);
    sys_madvise((void *)(c->bias + seg->split), end - seg->split, MADV_HUGEPAGE);
}

/* Code stays the file's. Of itself the kernel gathers a file's pages long after they are first run;
 * asked, it does so now, if the file system and its configuration allow it. */
static void advise_text(const struct call *c, const struct segment *seg)
{
    uintptr_t start = c->bias + seg->start, end = c->bias + seg->split;

    if (!seg->is_huge || end - start < HUGE_PAGE)
        return;
    COUNT(text_in_huge_pages);
    sys_madvise((void *)start, end - start, MADV_HUGEPAGE);
    start = (start + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    end &= ~(uintptr_t)(HUGE_PAGE - 1);
    if (start < end)
        sys_madvise((void *)start, end - start, MADV_COLLAPSE);
}

static int map_anonymous_pages(struct call *c, const struct segment *seg)
{
    void *addr = (void *)(c->bias + seg->split);
    size_t len = seg->end - seg->split;
    unsigned int prot = seg->fill_len == 0 ? seg->prot : PROT_READ | PROT_WRITE;
    int flags = MAP_FIXED, err;

    if (len == 0)
        return 0;
    err = announce(c, seg);
    if (err != 0)
        return image_fail(&c->im, err, "mapping a segment");
    /* If each page is read to, they are wanted at once: a fault for each costs more. */
    if (seg->fill_len > 0 && !seg->is_huge && sys_page_up(seg->fill + seg->fill_len) == seg->end)
        flags |= MAP_POPULATE;
    err = mapping_error(sys_mmap_anon(addr, len, (int)prot, flags));
    if (err != 0)
        return image_fail(&c->im, err, "memory for a segment");
    c->anonymous_end = seg->end;
    if (seg->is_huge) /* nothing is lost where the kernel does not know an advice */
        advise_data(c, seg);
    err = image_read(&c->im, (void *)(c->bias + seg->fill), seg->fill_len, seg->fill_off);
    if (err != 0)
        return err;
    if (seg->fill_len > 0)
        c->read_end = seg->fill_off + seg->fill_len;
    if (prot == seg->prot)
        return 0;
    COUNT(read_then_protected);
    return image_fail(&c->im, sys_mprotect(addr, len, (int)seg->prot), "protecting a segment");
}

static int populate(struct call *c)
{
    c->bias = c->area + c->pad - c->im.lo;
    c->is_watched = c->im.is_loading && arch_is_under_valgrind();
    for (struct segment seg = {0}; image_next(&c->im, &seg);) {
        int err = map_file_pages(c, &seg);

        if (err == 0)
            err = map_anonymous_pages(c, &seg);
        if (err != 0)
            return err;
        populate_relro(c, &seg);
        advise_text(c, &seg);
    }
    return 0;
}

/* A file that is placed freely has its area in one reservation. What no segment wants goes back. */
static int unmap_holes(struct call *c)
{
    size_t end = 0;

    for (struct piece piece = {0}; piece_next(c, &piece); end = piece.to) {
        int err;

        if (piece.from == end)
            continue;
        err = unmap(c->area + end, c->area + piece.from);
        if (err != 0)
            return image_fail(&c->im, err, "unmapping between segments");
        COUNT(hole_unmapped);
        c->pieces_len = piece.from;
        c->whole_lo = c->area + piece.from;
    }
    return 0;
}

/* What was mapped is the file's only if that still reaches as far; a read at its end shows it. */
static int check_length(const struct call *c)
{
    struct sys_stat st;
    int err;

    if (c->read_end >= c->im.file_end)
        return 0;
    COUNT(length_checked);
    err = sys_fstat(c->im.fd, &st);
    if (err == 0 && st.size < c->im.file_end)
        return image_refuse(&c->im, -EIO, "file length", st.size, "at least", c->im.file_end);
    return image_fail(&c->im, err, "fstat");
}

/* Frees what is owned, and no more: other threads may have mapped in the holes already. */
static void undo(struct call *c)
{
    for (struct piece piece = {0}; piece_next(c, &piece) && piece.from < c->pieces_len;) {
        COUNT(undone_in_pieces);
        if (c->im.is_fixed && piece.to > piece.from && *piece.was_reserved)
            put_back(c, c->area + piece.from, c->area + piece.to);
        else
            unmap(c->area + piece.from, c->area + piece.to);
    }
    unmap(c->whole_lo, c->whole_hi);
}

static int map_segments(struct call *c)
{
    int err = measure_area(c);

    if (err == 0)
        err = c->im.is_fixed ? place_fixed(c) : place_free(c);
    if (err == 0)
        err = populate(c);
    if (err == 0 && !c->im.is_fixed)
        err = unmap_holes(c);
    if (err == 0)
        err = check_length(c);
    if (err != 0)
        undo(c);
    return err;
}

/* ---- one call ---- */

static int check_noexec(const struct call *c)
{
    long flags = sys_fstatfs_flags(c->im.fd);

    if (flags < 0 || !(flags & ST_NOEXEC))
        return 0;
    COUNT(noexec);
    return image_fail(&c->im, -EACCES, "executable segment on a file system mounted noexec");
}

static void store_results(const struct call *c)
{
    mmapfd_result_t padding = {(char *)c->area, c->pad, 0, 0, PROT_NONE, MFD_PADDING};
    mmapfd_result_t *result = c->storage;

    if (c->pad)
        *result++ = padding;
    result = image_store(&c->im, c->bias, result);
    if (c->pad) {
        padding.mr_addr += c->area_len - c->pad;
        *result = padding;
    }
}

/*
 * Maps a checked image. The kernel itself refuses executable file pages from a noexec mount, so for
 * a file that maps well there is nothing to ask, unless code is to be read into anonymous memory.
 * As noexec outranks every later error, one of those asks too.
 */
static int map_image(struct call *c)
{
    unsigned int count = c->im.count + (c->pad ? 2 : 0);
    int err = c->im.has_exec_anon ? check_noexec(c) : 0;

    if (err == 0 && count > *c->elements)
        err = image_refuse(&c->im, -E2BIG, "elements", *c->elements, "at least", count);
    if (err == 0)
        err = map_segments(c);
    if (err != 0 && c->im.has_exec && check_noexec(c) != 0)
        err = -EACCES;
    if (err == 0)
        store_results(c);
    if (err == 0 || err == -E2BIG)
        *c->elements = count;
    return err;
}

static int check_arguments(struct call *c, unsigned int flags, const void *arg)
{
    if (flags & ~(unsigned int)(MMFD_PADDING | MMFD_INTERPRET | MMFD_HUGEPAGE))
        return image_fail(&c->im, -EINVAL, "unknown flag");
    if (arg && !(flags & MMFD_PADDING))
        return image_fail(&c->im, -EINVAL, "argument without MMFD_PADDING");
    if (!arg && (flags & MMFD_PADDING))
        return image_fail(&c->im, -EINVAL, "MMFD_PADDING without a size");
    if (arg)
        c->pad = *(const size_t *)arg;
    c->im.wants_huge = (flags & MMFD_HUGEPAGE) != 0;
    return 0;
}

static int check_list(const struct call *c)
{
    if (!c->elements)
        return image_fail(&c->im, -EFAULT, "elements");
    return image_fail(&c->im, !c->storage && *c->elements != 0 ? -EFAULT : 0, "storage");
}

static int map_file(struct call *c, unsigned int flags, const void *arg)
{
    union image_head head;
    int err = check_arguments(c, flags, arg);

    sys_find_page_size();
    if (err == 0)
        err = image_read_head(&c->im, &head);
    if (err == 0)
        err = check_list(c);
    if (err == 0)
        err = flags & MMFD_INTERPRET ? image_interpret(&c->im, &head) : image_whole(&c->im, 0);
    if (err == 0 && c->im.header_flag == MFD_AOUT_HDR) {
        COUNT(aout_mapped);
        c->pad = 0; /* as in mmapobj */
    }
    if (err == 0)
        err = map_image(c);
    reservation_close(&c->reservation);
    image_release(&c->im);
    return err;
}

int mmapfd_raw(int fd, unsigned int flags, mmapfd_result_t *storage, unsigned int *elements,
               void *arg, struct mmapfd_reason *reason)
{
    struct call c = {.im = {.fd = fd, .reason = reason}, .storage = storage};

    c.elements = elements;
    return map_file(&c, flags, arg);
}

int mmapfd_file(int fd, const struct sys_stat *st, mmapfd_result_t *storage, unsigned int *elements,
                struct mmapfd_reason *reason)
{
    struct call c = {.im = {.fd = fd, .is_loading = true, .st = st, .reason = reason},
                     .storage = storage};

    c.elements = elements;
    return map_file(&c, MMFD_INTERPRET, NULL);
}

int mmapfd_segments(const Elf64_Phdr *phdr, unsigned int phnum, uintptr_t bias,
                    mmapfd_result_t *storage, unsigned int *elements)
{
    struct call c = {.storage = storage, .elements = elements, .bias = bias};
    bool is_enough;
    int err = check_list(&c);

    if (err != 0)
        return err;
    sys_find_page_size();
    c.im.size = INT64_MAX;                     /* the kernel has seen the real one */
    c.im.phdr = (Elf64_Phdr *)(uintptr_t)phdr; /* nothing is claimed, so nothing is marked */
    c.im.phnum = phnum;
    c.im.is_fixed = bias == 0;
    c.im.header_flag = MFD_ELF_HDR;
    err = image_check(&c.im);
    if (err != 0)
        return err;
    is_enough = c.im.count <= *elements;
    *elements = c.im.count;
    if (is_enough)
        store_results(&c);
    return is_enough ? 0 : -E2BIG;
}
