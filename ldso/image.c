/*
 * image.c - an image: reads a file's headers and checks them, and divides its segments.
 *
 * Assumes sys_page_size and nothing else; no allocation, no errno, no lock. Called by mmapfd.c. A
 * file is hostile: nothing here believes a number that was not compared with another.
 */
#include "image.h"

#include "arch.h"
#include "string.h"

/*
 * A writable part up to this size is read into anonymous memory rather than mapped: reading four
 * pages costs what mapping them and then copying two on write does, and most such pages hold
 * addresses that are about to be relocated.
 */
enum { SMALL_WRITABLE = 4 * 4096 };

#define NO_OFFSET UINT64_MAX

/* ---- refusing ---- */

int image_refuse_at(const struct image *im, int err, uint64_t off, const char *check,
                    uint64_t found, const char *relation, uint64_t wanted)
{
    if (im->reason)
        *im->reason = (struct mmapfd_reason){check, -1, off, found, wanted, relation};
    return err;
}

int image_refuse_segment(const struct image *im, int err, const Elf64_Phdr *ph, uint64_t field_off,
                         const char *check, uint64_t found, const char *relation, uint64_t wanted)
{
    size_t index = (size_t)(ph - im->phdr);

    if (im->reason)
        *im->reason = (struct mmapfd_reason){
            check, (int)index, im->phoff + index * sizeof *ph + field_off, found, wanted, relation};
    return err;
}

#define REFUSE_HEADER(im, ehdr, field, relation, wanted)                                           \
    image_refuse_at(im, -ENOTSUP, offsetof(Elf64_Ehdr, field), #field, (ehdr)->field, relation,    \
                    wanted)
#define REFUSE_SEGMENT(im, ph, field, relation, wanted)                                            \
    image_refuse_segment(im, -ENOTSUP, ph, offsetof(Elf64_Phdr, field), #field, (ph)->field,       \
                         relation, wanted)

int image_refuse(const struct image *im, int err, const char *check, uint64_t found,
                 const char *relation, uint64_t wanted)
{
    return image_refuse_at(im, err, NO_OFFSET, check, found, relation, wanted);
}

int image_fail(const struct image *im, int err, const char *check)
{
    return err == 0 ? 0 : image_refuse(im, err, check, 0, NULL, 0);
}

/* ---- segments ---- */

static bool is_loaded(const Elf64_Phdr *ph)
{
    return ph->p_type == PT_LOAD && ph->p_memsz != 0;
}

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
 * Data has to be read into memory of its own to be in huge pages. That is worth it if all of it is going to
 * be written to: for the loader, if it is nearly all RELRO. For libLLVM, with 7.8 MB of it, that is an
 * eighth of the start of clang.
 */
static bool is_rewritten(const struct image *im, const Elf64_Phdr *ph)
{
    return im->is_loading && ph->p_filesz >= HUGE_PAGE && im->relro_len <= ph->p_filesz &&
           im->relro_len >= ph->p_filesz / 16 * 15 && im->relro >= ph->p_vaddr &&
           im->relro - ph->p_vaddr <= ph->p_filesz - im->relro_len;
}

/* MMFD_HUGEPAGE: data and bss that is large, or code. */
static bool is_wanted_huge(const struct image *im, const Elf64_Phdr *ph)
{
    return im->wants_huge && (ph->p_flags & PF_W ? ph->p_memsz : ph->p_filesz) >= HUGE_PAGE &&
           (ph->p_flags & (PF_W | PF_X)) != 0;
}

/*
 * Divides a segment between file and anonymous memory. With 4 KiB pages, p_vaddr 0x3dd8, p_offset
 * 0x2dd8, p_filesz 0x6250, p_memsz 0x7000: pages 0x3000 to 0xb000, file offset 0x2000 at the start.
 * File bytes end at 0xa028, so the pages up to split 0xa000 are the file's; 0x28 bytes from offset
 * 0x9000 are read to 0xa000, and the rest of that page and the page after it are zeros.
 */
static void segment_lay_out(const struct image *im, Elf64_Phdr *ph, struct segment *seg)
{
    uintptr_t data_end = ph->p_vaddr + ph->p_filesz;

    *seg = (struct segment){.phdr = ph, .prot = segment_prot(ph)};
    seg->is_huge = is_wanted_huge(im, ph) || is_rewritten(im, ph);
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
    if ((seg->prot & PROT_WRITE) && (seg->split - seg->start <= SMALL_WRITABLE || seg->is_huge))
        seg->split = seg->start;
    seg->fill = seg->split;
    seg->fill_off = seg->off + (seg->split - seg->start);
    seg->fill_len = data_end > seg->split ? data_end - seg->split : 0;
}

bool image_next(const struct image *im, struct segment *seg)
{
    Elf64_Phdr *ph = seg->phdr ? seg->phdr + 1 : im->phdr;

    for (; ph < im->phdr + im->phnum; ph++) {
        if (is_loaded(ph)) {
            segment_lay_out(im, ph, seg);
            return true;
        }
    }
    return false;
}

mmapfd_result_t *image_store(const struct image *im, uintptr_t bias, mmapfd_result_t *storage)
{
    for (struct segment seg = {0}; image_next(im, &seg); storage++) {
        size_t before = seg.phdr->p_vaddr - seg.start;

        *storage = (mmapfd_result_t){.mr_addr = (char *)(bias + seg.start),
                                     .mr_msize = before + seg.phdr->p_memsz,
                                     .mr_fsize = seg.phdr->p_filesz,
                                     .mr_offset = before,
                                     .mr_prot = seg.prot};
        if (seg.phdr != im->header)
            continue;
        storage->mr_flags = im->header_flag;
        if (!im->is_fixed && before != 0 && is_congruent(seg.phdr)) {
            COUNT(header_widened);
            storage->mr_fsize += before;
            storage->mr_offset = 0;
        }
    }
    return storage;
}

/* ---- the program headers ---- */

static int check_file_range(const struct image *im, const Elf64_Phdr *ph)
{
    if (ph->p_filesz > ph->p_memsz)
        return REFUSE_SEGMENT(im, ph, p_filesz, "at most", ph->p_memsz);
    if (ph->p_offset > INT64_MAX)
        return REFUSE_SEGMENT(im, ph, p_offset, "at most", INT64_MAX);
    /* With no bytes to come from the file, an offset past its end is harmless; linkers write it. */
    if (ph->p_filesz == 0)
        return 0;
    if (ph->p_offset > im->size)
        return REFUSE_SEGMENT(im, ph, p_offset, "at most", im->size);
    if (ph->p_filesz > im->size - ph->p_offset)
        return REFUSE_SEGMENT(im, ph, p_filesz, "at most", im->size - ph->p_offset);
    return 0;
}

static int check_address_range(const struct image *im, const Elf64_Phdr *ph)
{
    uint64_t limit = sys_page_down(UINT64_MAX);

    if (ph->p_vaddr > limit)
        return REFUSE_SEGMENT(im, ph, p_vaddr, "at most", limit);
    if (ph->p_memsz > limit - ph->p_vaddr)
        return REFUSE_SEGMENT(im, ph, p_memsz, "at most", limit - ph->p_vaddr);
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
static int check_order(const struct image *im, const Elf64_Phdr *prev, const Elf64_Phdr *ph)
{
    uintptr_t prev_end = prev->p_vaddr + prev->p_memsz;

    if (ph->p_vaddr < prev_end)
        return REFUSE_SEGMENT(im, ph, p_vaddr, "at least", prev_end);
    if (sys_page_down(ph->p_vaddr) >= sys_page_up(prev_end))
        return 0;
    if (!is_continuation(prev, ph))
        return REFUSE_SEGMENT(im, ph, p_vaddr, "at least", sys_page_up(prev_end));
    COUNT(shared_page);
    return 0;
}

static void note_segment(struct image *im, Elf64_Phdr *ph)
{
    struct segment seg;

    segment_lay_out(im, ph, &seg);
    if (im->count++ == 0)
        im->lo = seg.start;
    im->hi = seg.end;
    if (ph->p_align > im->align)
        im->align = ph->p_align;
    if (im->wants_huge && seg.is_huge && im->align < HUGE_PAGE)
        im->align = HUGE_PAGE;
    if (ph->p_filesz != 0 && ph->p_offset + ph->p_filesz > im->file_end)
        im->file_end = ph->p_offset + ph->p_filesz;
    if (!im->header && holds_header(ph))
        im->header = ph;
    if (seg.prot & PROT_EXEC) {
        im->has_exec = true;
        im->has_exec_anon |= seg.split < seg.end;
    }
}

static void find_relro(struct image *im)
{
    for (const Elf64_Phdr *ph = im->phdr; ph < im->phdr + im->phnum; ph++) {
        if (ph->p_type != PT_GNU_RELRO)
            continue;
        im->relro = ph->p_vaddr;
        im->relro_len = ph->p_memsz;
    }
}

int image_check(struct image *im)
{
    const Elf64_Phdr *prev = NULL;

    find_relro(im);
    for (Elf64_Phdr *ph = im->phdr; ph < im->phdr + im->phnum; ph++) {
        int err;

        if (ph->p_type != PT_LOAD)
            continue;
        err = check_file_range(im, ph);
        if (err == 0)
            err = check_address_range(im, ph);
        if (err == 0 && is_loaded(ph) && prev)
            err = check_order(im, prev, ph);
        if (err != 0)
            return err;
        if (is_loaded(ph)) {
            note_segment(im, ph);
            prev = ph;
        } else {
            COUNT(skipped_segment);
        }
    }
    if (im->count == 0)
        return image_refuse(im, -ENOTSUP, "number of loadable segments", 0, "at least", 1);
    return 0;
}

/* ---- the ELF header ---- */

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
        return image_refuse(im, -ENOTSUP, "file length", im->size, "at least", sizeof *ehdr);
    for (size_t i = 0; i < sizeof ident / sizeof *ident; i++) {
        unsigned char found = ehdr->e_ident[ident[i].at];

        if (found != ident[i].wanted)
            return image_refuse_at(im, -ENOTSUP, ident[i].at, ident[i].check, found, "is",
                                   ident[i].wanted);
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

/* ---- one file ---- */

int image_read(const struct image *im, void *buf, size_t len, uint64_t off)
{
    for (size_t done = 0; done < len;) {
        long got = sys_pread(im->fd, (char *)buf + done, len - done, off + done);

        if (got == -EINTR) {
            COUNT(interrupted_read);
            continue;
        }
        if (got < 0)
            return image_fail(im, (int)got, "reading");
        if (got == 0)
            return image_refuse(im, -EIO, "file length", off + done, "at least", off + len);
        if ((size_t)got < len - done)
            COUNT(short_read);
        done += (size_t)got;
    }
    return 0;
}

/* Why an open descriptor cannot be read or mapped; err if its mode does not tell. */
static int check_open_mode(const struct image *im, int err, const char *check)
{
    int mode = sys_fcntl(im->fd, F_GETFL, 0);

    if (mode < 0)
        return image_fail(im, mode, "descriptor");
    if (mode & O_PATH)
        return image_fail(im, -EBADF, "descriptor opened with O_PATH");
    if ((mode & O_ACCMODE) % 2 != 0) /* 1 for writing only, 3 for neither */
        return image_fail(im, -EACCES, "descriptor not open for reading");
    return image_fail(im, err, check);
}

int image_read_head(struct image *im, union image_head *head)
{
    struct sys_stat st;
    int err = 0;

    if (im->st)
        st = *im->st;
    else
        err = sys_fstat(im->fd, &st);
    if (err != 0)
        return image_fail(im, err, "descriptor");
    if (!S_ISREG(st.mode))
        return check_open_mode(im, -ENODEV, "regular file");
    if (st.size == 0)
        return image_fail(im, -EINVAL, "empty file");
    im->size = st.size;
    err = image_read(im, head, st.size < sizeof *head ? (size_t)st.size : sizeof *head, 0);
    return err == -EBADF ? check_open_mode(im, err, "descriptor") : err;
}

/* For program headers beyond the head: reads them into memory of their own. */
static int read_table_apart(struct image *im)
{
    size_t len = (size_t)im->phnum * sizeof(Elf64_Phdr);
    void *table = sys_mmap_anon(NULL, len, PROT_READ | PROT_WRITE, 0);

    COUNT(table_apart);
    if (sys_is_error(table))
        return image_fail(im, (int)(intptr_t)table, "memory for the program headers");
    im->phdr = im->table = table;
    return image_read(im, table, len, im->phoff);
}

static int interpret_elf(struct image *im, union image_head *head)
{
    const Elf64_Ehdr *ehdr = &head->ehdr;
    int err = check_elf_header(im, ehdr);

    if (err == 0 && (ehdr->e_type == ET_REL || ehdr->e_type == ET_CORE))
        return image_whole(im, MFD_ELF_HDR);
    if (err == 0)
        err = check_table(im, ehdr);
    if (err != 0)
        return err;
    im->is_fixed = ehdr->e_type == ET_EXEC;
    im->header_flag = MFD_ELF_HDR;
    im->phoff = ehdr->e_phoff;
    im->phnum = ehdr->e_phnum;
    if (im->phoff + im->phnum * sizeof(Elf64_Phdr) > sizeof *head)
        err = read_table_apart(im);
    else
        im->phdr = (Elf64_Phdr *)(head->bytes + im->phoff);
    return err == 0 ? image_check(im) : err;
}

int image_interpret(struct image *im, union image_head *head)
{
    if (im->size >= SELFMAG && memcmp(head->bytes, ELFMAG, SELFMAG) == 0)
        return interpret_elf(im, head);
    return aout_interpret(im, &head->aout);
}

int image_whole(struct image *im, uint64_t header_flag)
{
    im->made[0] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = im->size, .p_memsz = im->size};
    im->phdr = im->made;
    im->phnum = 1;
    im->header_flag = header_flag;
    return image_check(im);
}

void image_release(const struct image *im)
{
    if (im->table)
        sys_munmap(im->table, (size_t)im->phnum * sizeof(Elf64_Phdr));
}
