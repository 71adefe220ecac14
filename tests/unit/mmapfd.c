/*
 * mmapfd.c - the contract of mmapfd, sentence by sentence, against the object that is shipped.
 *
 * Arguments: names of groups, default all but noexec; `noexec DIR` wants a directory that is mounted
 * noexec.
 */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "list.h"

enum { PAGE = 4096 };

static bool is_element(const mmapfd_result_t *r, size_t msize, size_t fsize, size_t offset,
                       unsigned int prot, uint64_t flags)
{
    return r->mr_msize == msize && r->mr_fsize == fsize && r->mr_offset == offset &&
           r->mr_prot == prot && r->mr_flags == flags && (uintptr_t)r->mr_addr % PAGE == 0;
}

static bool equals_file(const char *memory, int fd, uint64_t off, size_t len)
{
    char block[PAGE];

    for (size_t done = 0; done < len;) {
        size_t part = len - done < PAGE ? len - done : PAGE;

        if (pread(fd, block, part, (off_t)(off + done)) != (ssize_t)part ||
            memcmp(block, memory + done, part) != 0)
            return false;
        done += part;
    }
    return true;
}

static bool is_zero(const char *from, const char *to)
{
    while (from < to && *from == 0)
        from++;
    return from >= to;
}

static char *page_end(const char *addr)
{
    return (char *)(((uintptr_t)addr + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
}

/* The element shows the segment: file bytes, then zeros to the end of its last page. */
static bool shows(const mmapfd_result_t *r, int fd, const Elf64_Phdr *ph)
{
    const char *data = r->mr_addr + ph->p_vaddr % PAGE;

    return equals_file(data, fd, ph->p_offset, ph->p_filesz) &&
           (ph->p_memsz == ph->p_filesz ||
            is_zero(data + ph->p_filesz, page_end(data + ph->p_memsz)));
}

static const char *rights_of(unsigned int prot)
{
    static char rights[5];

    snprintf(rights, sizeof rights, "%c%c%cp", prot & PROT_READ ? 'r' : '-',
             prot & PROT_WRITE ? 'w' : '-', prot & PROT_EXEC ? 'x' : '-');
    return rights;
}

static bool page_has_rights(const char *addr, unsigned int prot)
{
    const char *found = picture_rights(addr), *wanted = rights_of(prot);

    /* qemu-user keeps neighbours that differ in nothing but x as one line of the map list. */
    if (getenv("EMULATED"))
        return *found && found[0] == wanted[0] && found[1] == wanted[1] && found[3] == wanted[3];
    return strcmp(found, wanted) == 0;
}

static bool has_rights(const mmapfd_result_t *r)
{
    return page_has_rights(r->mr_addr, r->mr_prot) &&
           page_has_rights(r->mr_addr + r->mr_msize - 1, r->mr_prot);
}

static bool is_free(const char *addr)
{
    return *picture_rights(addr) == 0;
}

/* As GNU ld lays out a shared object, with a hole before the data. */
static const Elf64_Phdr usual[] = {
    LOAD(R, 0, 0, 0x628, 0x628, PAGE),
    LOAD(R | X, 0x1000, 0x1000, 0x15d, 0x15d, PAGE),
    LOAD(R, 0x2000, 0x2000, 0xd4, 0xd4, PAGE),
    LOAD(R | W, 0x2de8, 0x4de8, 0x228, 0x2230, PAGE),
};
enum { USUAL_LEN = 0x3100 };

/* The same at fixed addresses. */
#define FIXED 0x10000000
static const Elf64_Phdr fixed[] = {
    LOAD(R, 0, FIXED, 0x628, 0x628, PAGE),
    LOAD(R | X, 0x1000, FIXED + 0x1000, 0x15d, 0x15d, PAGE),
    LOAD(R | W, 0x2de8, FIXED + 0x4de8, 0x228, 0x2230, PAGE),
};

/* ---- the table "what is mapped" ---- */

static void test_whole_file(void)
{
    int fd = file_make(PAGE + 10);
    int elf = elf_make(ET_DYN, usual, COUNT_OF(usual), USUAL_LEN);

    CHECK("without INTERPRET any file is mapped", map_with(fd, 0, NULL) == 0);
    CHECK("as one element, as long as the file, read-only, no flags",
          list_len == 1 && is_element(list, PAGE + 10, PAGE + 10, 0, PROT_READ, 0));
    CHECK("that shows the file", equals_file(list[0].mr_addr, fd, 0, PAGE + 10));
    CHECK("private and read-only", has_rights(list));
    unmap_list();
    CHECK("an ELF file too is then mapped as it is",
          map_with(elf, 0, NULL) == 0 && list_len == 1 &&
              is_element(list, USUAL_LEN, USUAL_LEN, 0, PROT_READ, 0) &&
              equals_file(list[0].mr_addr, elf, 0, USUAL_LEN));
    unmap_list();
    close(fd);
    fd = file_make(1);
    CHECK("a file of one byte too",
          map_with(fd, 0, NULL) == 0 && list_len == 1 && is_element(list, 1, 1, 0, PROT_READ, 0));
    unmap_list();
    close(fd);
    close(elf);
}

static void test_exec(void)
{
    int fd = elf_make(ET_EXEC, fixed, COUNT_OF(fixed), USUAL_LEN);
    void *in_hole;

    CHECK("ET_EXEC is mapped", map(fd) == 0 && list_len == COUNT_OF(fixed));
    CHECK("at the addresses of its program headers",
          list[0].mr_addr == (char *)FIXED && list[1].mr_addr == (char *)FIXED + 0x1000 &&
              list[2].mr_addr == (char *)FIXED + 0x4000);
    CHECK("with the sizes and rights of each",
          is_element(&list[0], 0x628, 0x628, 0, PROT_READ, MFD_ELF_HDR) &&
              is_element(&list[1], 0x15d, 0x15d, 0, PROT_READ | PROT_EXEC, 0) &&
              is_element(&list[2], 0xde8 + 0x2230, 0x228, 0xde8, PROT_READ | PROT_WRITE, 0));
    CHECK("with its contents", shows(&list[0], fd, &fixed[0]) && shows(&list[1], fd, &fixed[1]) &&
                                   shows(&list[2], fd, &fixed[2]));
    CHECK("its hole is left unmapped", is_free((char *)FIXED + 0x2000));
    unmap_list();
    in_hole = mmap((char *)FIXED + 0x2000, PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    strcpy(in_hole, "mine");
    CHECK("what is mapped in its hole is no obstacle and stays as it is",
          map(fd) == 0 && strcmp(in_hole, "mine") == 0);
    unmap_list();
    munmap(in_hole, PAGE);
    close(fd);
}

static void test_exec_over_live(void)
{
    int fd = elf_make(ET_EXEC, fixed, COUNT_OF(fixed), USUAL_LEN);
    static struct picture before, after;
    static const size_t at[] = {0, 0x1000, 0x4000, 0x7000};
    bool refused = true, intact = true, same = true;
    char *live;

    for (size_t i = 0; i < COUNT_OF(at); i++) {
        live = mmap((char *)FIXED + at[i], PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        strcpy(live, "mine");
        picture_take(&before);
        refused &= map(fd) == -EADDRINUSE;
        picture_take(&after);
        intact &= strcmp(live, "mine") == 0;
        same &= picture_equal(&before, &after);
        munmap(live, PAGE);
    }
    CHECK("ET_EXEC over a live mapping, whichever segment, is EADDRINUSE", refused);
    CHECK("the live mapping keeps its contents", intact);
    CHECK("nothing else stays mapped", same);
    live = mmap((char *)FIXED + 0x9000, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                -1, 0);
    CHECK("padding over a live mapping is EADDRINUSE",
          map_padded(fd, PAGE) == 0 && (unmap_list(), map_padded(fd, 0x2000) == -EADDRINUSE));
    munmap(live, PAGE);
    close(fd);
}

static void test_dyn(void)
{
    int fd = elf_make(ET_DYN, usual, COUNT_OF(usual), USUAL_LEN);
    char *base;
    static mmapfd_result_t again[MANY];
    unsigned int again_len = MANY;

    CHECK("ET_DYN is mapped", map(fd) == 0 && list_len == COUNT_OF(usual));
    base = list[0].mr_addr;
    CHECK("at a base of mmapfd's choice, distances kept", list[1].mr_addr == base + 0x1000 &&
                                                              list[2].mr_addr == base + 0x2000 &&
                                                              list[3].mr_addr == base + 0x4000);
    CHECK("with the sizes and rights of each segment",
          is_element(&list[0], 0x628, 0x628, 0, PROT_READ, MFD_ELF_HDR) &&
              is_element(&list[1], 0x15d, 0x15d, 0, PROT_READ | PROT_EXEC, 0) &&
              is_element(&list[2], 0xd4, 0xd4, 0, PROT_READ, 0) &&
              is_element(&list[3], 0xde8 + 0x2230, 0x228, 0xde8, PROT_READ | PROT_WRITE, 0));
    for (size_t i = 0; i < COUNT_OF(usual); i++) {
        CHECK("a segment shows file, then zeros", shows(&list[i], fd, &usual[i]));
        CHECK("with exactly its rights", has_rights(&list[i]));
    }
    CHECK("holes between segments are left unmapped", is_free(base + 0x3000));
    CHECK("mapped twice, it is in two places",
          mmapfd_raw(fd, MMFD_INTERPRET, again, &again_len, NULL, NULL) == 0 &&
              (again[0].mr_addr >= base + 0x8000 || again[0].mr_addr + 0x8000 <= base));
    for (unsigned int i = 0; i < again_len; i++)
        munmap(again[i].mr_addr, again[i].mr_msize);
    base[0x4de8] = 'x';
    base[0x7017] = 'x';
    CHECK("what is written stays out of the file", !equals_file(base + 0x4de8, fd, 0x2de8, 1));
    unmap_list();
    close(fd);
}

static void test_large_writable(void)
{
    static const Elf64_Phdr ph[] = {
        LOAD(R, 0, 0, 0x628, 0x628, PAGE),
        LOAD(R | W, 0x1010, 0x2010, 0x12345, 0x12345, PAGE),
        LOAD(R | W, 0x14010, 0x24010, 0x8765, 0xa000, PAGE),
        LOAD(R | W, 0x20000, 0x30000, 0x9000, 0x9000, PAGE),
    };
    int fd = elf_make(ET_DYN, ph, COUNT_OF(ph), 0x29000);

    CHECK("writable segments of many pages are mapped", map(fd) == 0 && list_len == COUNT_OF(ph));
    for (size_t i = 0; i < COUNT_OF(ph); i++)
        CHECK("each shows file, then zeros", shows(&list[i], fd, &ph[i]) && has_rights(&list[i]));
    list[1].mr_addr[0x10] ^= 1;
    CHECK("written to, the file stays as it was",
          equals_file((char *)&(char){file_byte(0x1010)}, fd, 0x1010, 1));
    unmap_list();
    close(fd);
}

static void test_alignment(void)
{
    static const uint64_t aligns[] = {0, 1, 8, PAGE, 0x10000, 0x200000, 3, 0x10001};
    static const uint64_t wanted[] = {PAGE, PAGE, PAGE, PAGE, 0x10000, 0x200000, PAGE, 0x20000};

    for (size_t i = 0; i < COUNT_OF(aligns); i++) {
        Elf64_Phdr ph[2] = {LOAD(R, 0, 0, 0x628, 0x628, PAGE),
                            LOAD(R | W, 0x1000, 0x2000, 0x10, 0x20, PAGE)};
        bool aligned = true, shown = true;
        static struct picture before, after;
        int fd;

        ph[1].p_align = aligns[i];
        fd = elf_make(ET_DYN, ph, 2, 0x2000);
        picture_take(&before);
        for (int times = 0; times < 10; times++) {
            mmapfd_result_t keep[2];
            unsigned int keep_len = 2;

            shown &= mmapfd_raw(fd, MMFD_INTERPRET, keep, &keep_len, NULL, NULL) == 0 &&
                     map(fd) == 0 && shows(&list[0], fd, &ph[0]) && shows(&list[1], fd, &ph[1]) &&
                     list[1].mr_addr == list[0].mr_addr + 0x2000;
            aligned &= ((uintptr_t)list[0].mr_addr | (uintptr_t)keep[0].mr_addr) % wanted[i] == 0;
            unmap_list();
            munmap(keep[0].mr_addr, keep[0].mr_msize);
            munmap(keep[1].mr_addr, keep[1].mr_msize);
        }
        picture_take(&after);
        printf("# p_align %#lx\n", (unsigned long)aligns[i]);
        CHECK("the base is aligned to the largest p_align, rounded up to a power of two", aligned);
        CHECK("the file is shown there", shown);
        CHECK("and nothing but the elements is left mapped", picture_equal(&before, &after));
        close(fd);
    }
}

static void test_high_linked_address(void)
{
    static const Elf64_Phdr ph[] = {
        LOAD(R, 0, 0xffffffff80011000, 0x628, 0x628, 0x10000),
        LOAD(R | W, 0x1000, 0xffffffff80013000, 0x10, 0x20, PAGE),
    };
    int fd = elf_make(ET_DYN, ph, 2, 0x2000);

    CHECK("an ET_DYN linked at any address is placed freely",
          map(fd) == 0 && list[1].mr_addr == list[0].mr_addr + 0x2000 &&
              shows(&list[0], fd, &ph[0]) && shows(&list[1], fd, &ph[1]));
    CHECK("its load bias, first element less lowest p_vaddr, is aligned",
          ((uintptr_t)list[0].mr_addr - ph[0].p_vaddr) % 0x10000 == 0);
    unmap_list();
    close(fd);
}

static void test_rel_and_core(void)
{
    static const uint16_t types[] = {ET_REL, ET_CORE};

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        int fd = elf_make(types[i], NULL, 0, PAGE + 100);

        CHECK("ET_REL and ET_CORE are mapped whole, one read-only element with the header flag",
              map(fd) == 0 && list_len == 1 &&
                  is_element(list, PAGE + 100, PAGE + 100, 0, PROT_READ, MFD_ELF_HDR) &&
                  equals_file(list[0].mr_addr, fd, 0, PAGE + 100) && has_rights(list));
        unmap_list();
        close(fd);
    }
}

static bool is_padded(size_t padding)
{
    const mmapfd_result_t *first = &list[0], *last = &list[list_len - 1];

    return is_element(first, padding, 0, 0, PROT_NONE, MFD_PADDING) &&
           is_element(last, padding, 0, 0, PROT_NONE, MFD_PADDING) &&
           first->mr_addr + padding == list[1].mr_addr && has_rights(first) && has_rights(last) &&
           last->mr_addr == page_end(last[-1].mr_addr + last[-1].mr_msize);
}

static void test_padding(void)
{
    static const Elf64_Phdr wide[] = {LOAD(R, 0, 0, 0x628, 0x628, 0x200000)};
    int dyn = elf_make(ET_DYN, usual, COUNT_OF(usual), USUAL_LEN);
    int exec = elf_make(ET_EXEC, fixed, COUNT_OF(fixed), USUAL_LEN);
    int aligned = elf_make(ET_DYN, wide, 1, 0x1000);
    int rel = elf_make(ET_REL, NULL, 0, 100);
    static struct picture before, after;
    size_t padding = 3 * PAGE, none = 0;

    picture_take(&before);
    CHECK("padding surrounds an ET_DYN as first and last element",
          map_padded(dyn, padding) == 0 && list_len == 6 && is_padded(padding) &&
              shows(&list[1], dyn, &usual[0]) && shows(&list[4], dyn, &usual[3]));
    CHECK("its holes are left unmapped all the same", is_free(list[1].mr_addr + 0x3000));
    unmap_list();
    picture_take(&after);
    CHECK("unmapping each element frees everything", picture_equal(&before, &after));
    CHECK("padding surrounds an ET_EXEC, whose addresses stay",
          map_padded(exec, padding) == 0 && list_len == 5 && is_padded(padding) &&
              list[1].mr_addr == (char *)FIXED && shows(&list[3], exec, &fixed[2]));
    unmap_list();
    CHECK("padding surrounds an ET_REL, and any file that is not interpreted",
          map_padded(rel, padding) == 0 && list_len == 3 && is_padded(padding) &&
              is_element(&list[1], 100, 100, 0, PROT_READ, MFD_ELF_HDR) &&
              (unmap_list(), map_with(rel, MMFD_PADDING, &padding) == 0) && list_len == 3 &&
              is_padded(padding) && is_element(&list[1], 100, 100, 0, PROT_READ, 0));
    unmap_list();
    CHECK("padding is rounded up to pages",
          map_padded(dyn, 1) == 0 && list_len == 6 && is_padded(PAGE));
    unmap_list();
    CHECK("with padding the base is aligned as without",
          map_padded(aligned, PAGE) == 0 && is_padded(PAGE) &&
              (uintptr_t)list[1].mr_addr % 0x200000 == 0);
    unmap_list();
    CHECK("padding 0 means no padding", map_with(dyn, MMFD_INTERPRET | MMFD_PADDING, &none) == 0 &&
                                            list_len == 4 && list[0].mr_flags == MFD_ELF_HDR);
    unmap_list();
    picture_take(&after);
    CHECK("and all of it is freed by unmapping the elements", picture_equal(&before, &after));
    close(dyn);
    close(exec);
    close(aligned);
    close(rel);
}

static void test_skipped(void)
{
    static const Elf64_Phdr ph[] = {
        LOAD(R, 0, 0x9000, 0, 0, PAGE),
        LOAD(R, 0, 0, 0x628, 0x628, PAGE),
        {PT_NOTE, R, 0xffffffffffff, 1, 1, 9, 1, 4},
        LOAD(R | W, 0x1000, 0x1000, 0, 0, PAGE),
        LOAD(R | W, 0x1000, 0x1000, 0x20, 0x20, PAGE),
        LOAD(R | X, 0, 0, 0, 0, PAGE),
    };
    int fd = elf_make(ET_DYN, ph, COUNT_OF(ph), 0x2000);

    CHECK("segments with p_memsz 0 are skipped, wherever they claim to be; so is all but PT_LOAD",
          map(fd) == 0 && list_len == 2 && shows(&list[0], fd, &ph[1]) &&
              shows(&list[1], fd, &ph[4]));
    unmap_list();
    close(fd);
}

static void test_rights(void)
{
    for (unsigned int flags = 0; flags < 8; flags++) {
        const Elf64_Phdr ph[] = {
            LOAD(flags, 0, 0, 0x2628, 0x2628, PAGE),
            LOAD(flags, 0x3000, 0x4000, 0x10628, 0x13000, PAGE),
            LOAD(flags, 0, 0x20000, 0, 0x3000, PAGE),
            LOAD(flags, 0x3010, 0x30000, 0x628, 0x1700, PAGE),
        };
        int fd = elf_make(ET_DYN, ph, COUNT_OF(ph), 0x18000);
        unsigned int prot = (flags & R ? PROT_READ : 0U) | (flags & W ? PROT_WRITE : 0U) |
                            (flags & X ? PROT_EXEC : 0U);
        bool exact = map(fd) == 0 && list_len == COUNT_OF(ph);

        for (unsigned int i = 0; exact && i < list_len; i++)
            exact = list[i].mr_prot == prot && has_rights(&list[i]);
        printf("# p_flags %u\n", flags);
        CHECK("protections are exactly p_flags, however the segment is mapped", exact);
        unmap_list();
        close(fd);
    }
}

static void test_incongruent(void)
{
    static const Elf64_Phdr ph[] = {
        LOAD(R | X, 0, 0, 0x628, 0x628, PAGE),
        LOAD(R, 0x1001, 0x1010, 0x1800, 0x1800, PAGE),
        LOAD(R | W, 0x1234, 0x4000, 0x800, 0x3800, PAGE),
        LOAD(R | X, 0x4, 0x8000, 0x50, 0x50, PAGE),
    };
    static const Elf64_Phdr odd_header[] = {LOAD(R, 0, 0x10, 0x628, 0x700, PAGE)};
    int fd = elf_make(ET_DYN, ph, COUNT_OF(ph), 0x4000);
    static struct picture before, after;

    picture_take(&before);
    CHECK("segments that differ from their file offset within a page are mapped",
          map(fd) == 0 && list_len == COUNT_OF(ph));
    for (size_t i = 0; i < COUNT_OF(ph); i++)
        CHECK("show their bytes with exactly their rights",
              shows(&list[i], fd, &ph[i]) && has_rights(&list[i]));
    CHECK("and mr_offset tells where they begin",
          is_element(&list[1], 0x1810, 0x1800, 0x10, PROT_READ, 0));
    unmap_list();
    picture_take(&after);
    CHECK("unmapping each element frees everything", picture_equal(&before, &after));
    close(fd);
    fd = elf_make(ET_DYN, odd_header, 1, 0x1000);
    CHECK("read to an odd place, the ELF header is flagged too",
          map(fd) == 0 && is_element(list, 0x710, 0x628, 0x10, PROT_READ, MFD_ELF_HDR) &&
              memcmp(list[0].mr_addr + 0x10, ELFMAG, SELFMAG) == 0);
    unmap_list();
    close(fd);
}

static void test_zeroed(void)
{
    static const Elf64_Phdr ph[] = {
        LOAD(R, 0, 0, 0x1100, 0x1200, PAGE),
        LOAD(R | X, 0x2000, 0x3000, 0x1010, 0x3020, PAGE),
        LOAD(R | W, 0x3ff0, 0x8ff0, 0x30, 0x40, PAGE),
        LOAD(R | W, 0, 0xa008, 0, 0x2000, PAGE),
        LOAD(R | W, 0x5000, 0xe000, 0x2000, 0x2001, PAGE),
        LOAD(R, 0x100000, 0x20000, 0, 0x10, PAGE),
    };
    int fd = elf_make(ET_DYN, ph, COUNT_OF(ph), 0x8000);

    CHECK("segments longer in memory than in the file are mapped",
          map(fd) == 0 && list_len == COUNT_OF(ph));
    for (size_t i = 0; i < COUNT_OF(ph); i++)
        CHECK("the rest of the last page and the pages after it are zeros, with exactly its rights",
              shows(&list[i], fd, &ph[i]) && has_rights(&list[i]));
    CHECK("msize is memsz + mr_offset, not rounded",
          is_element(&list[2], 0xff0 + 0x40, 0x30, 0xff0, PROT_READ | PROT_WRITE, 0) &&
              is_element(&list[3], 0x2008, 0, 8, PROT_READ | PROT_WRITE, 0) &&
              is_element(&list[4], 0x2001, 0x2000, 0, PROT_READ | PROT_WRITE, 0));
    unmap_list();
    close(fd);
}

static void test_header(void)
{
    static const Elf64_Phdr inside[] = {LOAD(R, 0x200, 0x200, 0x400, 0x400, PAGE),
                                        LOAD(R | W, 0x300, 0x1300, 0x100, 0x100, PAGE)};
    static const Elf64_Phdr beyond[] = {LOAD(R, 0x1000, 0, 0x400, 0x400, PAGE)};
    static const Elf64_Phdr after_bss[] = {LOAD(R | W, 0, 0, 0, 0x400, PAGE),
                                           LOAD(R, 0x78, 0x1078, 0x400, 0x400, PAGE)};
    static const Elf64_Phdr fixed_inside[] = {LOAD(R, 0x200, FIXED + 0x200, 0x400, 0x400, PAGE)};
    static const Elf64_Phdr cut[] = {LOAD(R, 0, 0, 0x20, 0x1000, PAGE)};
    int fd = elf_make(ET_DYN, inside, 2, 0x1000);

    CHECK("an ET_DYN's first file-backed segment is widened to file offset 0 if its page holds it",
          map(fd) == 0 && is_element(&list[0], 0x600, 0x600, 0, PROT_READ, MFD_ELF_HDR));
    CHECK("so that the headers are readable there", equals_file(list[0].mr_addr, fd, 0, 0x600));
    CHECK("other segments of that page are neither widened nor flagged",
          is_element(&list[1], 0x400, 0x100, 0x300, PROT_READ | PROT_WRITE, 0));
    unmap_list();
    close(fd);
    fd = elf_make(ET_DYN, beyond, 1, 0x2000);
    CHECK("no element is flagged if none holds the header", map(fd) == 0 && !list[0].mr_flags);
    unmap_list();
    close(fd);
    fd = elf_make(ET_DYN, cut, 1, 0x1000);
    CHECK("nor if it holds only part of the header", map(fd) == 0 && !list[0].mr_flags);
    unmap_list();
    close(fd);
    fd = elf_make(ET_DYN, after_bss, 2, 0x1000);
    CHECK("the flag is on the element that holds the header, not simply on the first",
          map(fd) == 0 && !list[0].mr_flags && list[1].mr_flags == MFD_ELF_HDR &&
              equals_file(list[1].mr_addr, fd, 0, 0x400));
    unmap_list();
    close(fd);
    fd = elf_make(ET_EXEC, fixed_inside, 1, 0x1000);
    CHECK("an ET_EXEC is flagged, not widened",
          map(fd) == 0 && is_element(&list[0], 0x600, 0x400, 0x200, PROT_READ, MFD_ELF_HDR));
    unmap_list();
    close(fd);
}

static void test_shared_page(void)
{
    static const Elf64_Phdr ph[] = {LOAD(R, 0, 0, 0x1100, 0x1100, 1),
                                    LOAD(R, 0x1200, 0x1200, 0x100, 0x100, 1),
                                    LOAD(R, 0x1400, 0x1400, 0x1000, 0x1c00, 1)};
    static const Elf64_Phdr small_then_large[] = {LOAD(R, 0, 0, 0x1000, 0x1000, 1),
                                                  LOAD(R | W, 0x2000, 0x2000, 0x1100, 0x1100, 1),
                                                  LOAD(R | W, 0x3100, 0x3100, 0x12345, 0x12345, 1)};
    static const Elf64_Phdr at[] = {LOAD(R | W, 0x1000, FIXED, 0x1100, 0x1100, 1),
                                    LOAD(R | W, 0x2200, FIXED + 0x1200, 0x100, 0x200, 1)};
    static const Elf64_Phdr rights[] = {LOAD(R | X, 0, 0, 0x1100, 0x1100, 1),
                                        LOAD(R | W, 0x1200, 0x1200, 0x100, 0x100, 1)};
    static const Elf64_Phdr zeros[] = {LOAD(R, 0, 0, 0x1080, 0x1100, 1),
                                       LOAD(R, 0x1200, 0x1200, 0x100, 0x100, 1)};
    static const Elf64_Phdr bss[] = {LOAD(R, 0, 0, 0x1100, 0x1100, 1),
                                     LOAD(R, 0x1200, 0x1200, 0, 0x100, 1)};
    static const Elf64_Phdr odd[] = {LOAD(R, 0x10, 0, 0x1100, 0x1100, 1),
                                     LOAD(R, 0x1210, 0x1200, 0x100, 0x100, 1)};
    static const Elf64_Phdr elsewhere[] = {LOAD(R, 0, 0, 0x1100, 0x1100, 1),
                                           LOAD(R, 0x2200, 0x1200, 0x100, 0x100, 1)};
    int fd = elf_make(ET_DYN, ph, 3, 0x3000);

    CHECK("segments that continue each other may share a page",
          map(fd) == 0 && list_len == 3 && shows(&list[0], fd, &ph[0]) &&
              shows(&list[1], fd, &ph[1]) && shows(&list[2], fd, &ph[2]));
    unmap_list();
    close(fd);
    fd = elf_make(ET_DYN, small_then_large, 3, 0x16000);
    CHECK("also when one of them is read into memory and the other is mapped",
          map(fd) == 0 && shows(&list[1], fd, &small_then_large[1]) &&
              shows(&list[2], fd, &small_then_large[2]));
    unmap_list();
    close(fd);
    fd = elf_make(ET_EXEC, at, 2, 0x3000);
    CHECK("at fixed addresses too",
          map(fd) == 0 && shows(&list[0], fd, &at[0]) && shows(&list[1], fd, &at[1]));
    unmap_list();
    close(fd);
    fd = elf_make(ET_DYN, rights, 2, 0x3000);
    CHECK("but not with unlike rights, which no page could have", map(fd) == -ENOTSUP);
    close(fd);
    fd = elf_make(ET_DYN, zeros, 2, 0x3000);
    CHECK("nor with zeros where the file has bytes", map(fd) == -ENOTSUP);
    close(fd);
    fd = elf_make(ET_DYN, bss, 2, 0x3000);
    CHECK("nor with a segment of zeros alone", map(fd) == -ENOTSUP);
    close(fd);
    fd = elf_make(ET_DYN, odd, 2, 0x3000);
    CHECK("nor where pages of the file cannot be mapped", map(fd) == -ENOTSUP);
    close(fd);
    fd = elf_make(ET_DYN, elsewhere, 2, 0x3000);
    CHECK("nor with another page of the file", map(fd) == -ENOTSUP);
    close(fd);
}

static void test_table_apart(void)
{
    static const uint64_t phoffs[] = {0xff8, 0x1000, 0x30f8 - sizeof usual};
    bool mapped = true;
    static struct picture before, after;

    picture_take(&before);
    for (size_t i = 0; i < COUNT_OF(phoffs); i++) {
        int fd = elf_make_at(ET_DYN, usual, COUNT_OF(usual), USUAL_LEN, phoffs[i]);

        mapped &= map(fd) == 0 && list_len == COUNT_OF(usual) && shows(&list[3], fd, &usual[3]);
        unmap_list();
        close(fd);
    }
    picture_take(&after);
    CHECK("program headers may lie anywhere in the file", mapped);
    CHECK("and reading them leaves nothing behind", picture_equal(&before, &after));
}

static void test_freeing(void)
{
    static struct picture before, after;
    int fd = elf_make(ET_DYN, usual, COUNT_OF(usual), USUAL_LEN);
    bool ascending = true;

    picture_take(&before);
    CHECK("map", map(fd) == 0);
    for (unsigned int i = 1; i < list_len; i++)
        ascending &= list[i - 1].mr_addr + list[i - 1].mr_msize <= list[i].mr_addr;
    CHECK("results ascend by address", ascending);
    unmap_list();
    picture_take(&after);
    CHECK("munmap on each element frees everything the call made", picture_equal(&before, &after));
    close(fd);
}

static void *map_often(void *fd)
{
    for (int i = 0; i < 200; i++) {
        mmapfd_result_t mine[MANY];
        unsigned int len = MANY;

        if (mmapfd_raw(*(int *)fd, MMFD_INTERPRET, mine, &len, NULL, NULL) != 0 ||
            !equals_file(mine[0].mr_addr, *(int *)fd, 0, 0x628))
            return fd;
        for (unsigned int k = 0; k < len; k++)
            munmap(mine[k].mr_addr, mine[k].mr_msize);
    }
    return NULL;
}

static void test_threads(void)
{
    Elf64_Phdr ph[2] = {LOAD(R, 0, 0, 0x628, 0x628, 0x10000),
                        LOAD(R | W, 0x1000, 0x3000, 0x10, 0x20, PAGE)};
    int fd = elf_make(ET_DYN, ph, 2, 0x2000);
    pthread_t threads[3];
    void *failed, *any = NULL;

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        REQUIRE(pthread_create(&threads[i], NULL, map_often, &fd) == 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        pthread_join(threads[i], &failed);
        any = failed ? failed : any;
    }
    CHECK("threads map at the same time without disturbing each other", !any);
    close(fd);
}

static void group_mapped(void)
{
    test_whole_file();
    test_exec();
    test_exec_over_live();
    test_dyn();
    test_large_writable();
    test_alignment();
    test_high_linked_address();
    test_rel_and_core();
    test_padding();
    test_skipped();
    test_rights();
    test_incongruent();
    test_zeroed();
    test_header();
    test_shared_page();
    test_table_apart();
    test_freeing();
}

/* ---- elements ---- */

static void group_elements(void)
{
    static const char untouched[sizeof list] = {0};
    static struct picture before, after;
    int fd = elf_make(ET_DYN, usual, COUNT_OF(usual), USUAL_LEN);
    size_t padding = 1;
    bool too_few = true;

    picture_take(&before);
    list_len = 0;
    CHECK("storage may be NULL when *elements is 0: that asks for the count",
          mmapfd_raw(fd, MMFD_INTERPRET, NULL, &list_len, NULL, NULL) == -E2BIG && list_len == 4);
    list_len = 0;
    CHECK("padding counts", mmapfd_raw(fd, MMFD_INTERPRET | MMFD_PADDING, NULL, &list_len, &padding,
                                       NULL) == -E2BIG &&
                                list_len == 6);
    list_len = 0;
    CHECK("a whole file is one",
          mmapfd_raw(fd, 0, NULL, &list_len, NULL, NULL) == -E2BIG && list_len == 1);
    memset(list, 0, sizeof list);
    for (unsigned int capacity = 0; capacity < 4; capacity++) {
        list_len = capacity;
        too_few &= mmapfd_raw(fd, MMFD_INTERPRET, list, &list_len, NULL, NULL) == -E2BIG &&
                   list_len == 4;
    }
    picture_take(&after);
    CHECK("too few elements: E2BIG and the number needed", too_few);
    CHECK("storage is untouched then", memcmp(list, untouched, sizeof list) == 0);
    CHECK("and nothing was mapped", picture_equal(&before, &after));
    list_len = 4;
    CHECK("just enough elements are enough",
          mmapfd_raw(fd, MMFD_INTERPRET, list, &list_len, NULL, NULL) == 0 && list_len == 4);
    CHECK("and no more are written",
          memcmp(list + 4, untouched, sizeof list - 4 * sizeof *list) == 0);
    unmap_list();
    close(fd);
}

/* ---- errors ---- */

static void test_arguments(void)
{
    int fd = file_make(100), empty = file_make(0);
    size_t padding = 0;

    CHECK("unknown flag: EINVAL", map_with(fd, 0x1, NULL) == -EINVAL);
    CHECK("each of the bits without meaning", map_with(fd, 0x80000000, NULL) == -EINVAL &&
                                                  map_with(fd, 0x80000, NULL) == -EINVAL &&
                                                  map_with(fd, 0x8000, NULL) == -EINVAL);
    CHECK("arg without MMFD_PADDING: EINVAL", map_with(fd, 0, &padding) == -EINVAL);
    CHECK("MMFD_PADDING with arg NULL: EINVAL", map_with(fd, MMFD_PADDING, NULL) == -EINVAL);
    CHECK("empty file: EINVAL, interpreted or not",
          map_with(empty, 0, NULL) == -EINVAL && map(empty) == -EINVAL);
    close(fd);
    close(empty);
}

static void test_descriptors(void)
{
    char name[] = "/tmp/mmapfd-unit-XXXXXX";
    int fd = mkstemp(name), path, writing, empty_writing, directory, pipes[2], null, path_directory;

    REQUIRE(fd >= 0 && write(fd, "text", 4) == 4 && pipe(pipes) == 0);
    path = open(name, O_PATH);
    writing = open(name, O_WRONLY);
    directory = open("/tmp", O_RDONLY);
    path_directory = open("/tmp", O_PATH);
    null = open("/dev/null", O_RDONLY);
    REQUIRE(path >= 0 && writing >= 0 && directory >= 0 && path_directory >= 0 && null >= 0);
    CHECK("not a descriptor: EBADF", map_with(-1, 0, NULL) == -EBADF && map(1000) == -EBADF);
    CHECK("O_PATH: EBADF", map_with(path, 0, NULL) == -EBADF && map(path) == -EBADF);
    CHECK("even of a directory", map(path_directory) == -EBADF);
    CHECK("not open for reading: EACCES",
          map_with(writing, 0, NULL) == -EACCES && map(writing) == -EACCES);
    CHECK("a directory: ENODEV", map_with(directory, 0, NULL) == -ENODEV);
    CHECK("a pipe: ENODEV", map(pipes[0]) == -ENODEV);
    CHECK("the end of a pipe that is for writing: EACCES", map(pipes[1]) == -EACCES);
    CHECK("a device: ENODEV", map(null) == -ENODEV);
    REQUIRE(ftruncate(fd, 0) == 0 && (empty_writing = open(name, O_WRONLY)) >= 0);
    CHECK("EINVAL of an empty file comes before EACCES", map(empty_writing) == -EINVAL);
    unlink(name);
    close(fd);
    close(path);
    close(writing);
    close(empty_writing);
    close(directory);
    close(path_directory);
    close(null);
    close(pipes[0]);
    close(pipes[1]);
}

/* Each line of the table before the next: two faults at once, and the first is reported. */
static void test_order(void)
{
    Elf64_Phdr ph[] = {LOAD(R, 0, FIXED, 0x628, UINT64_C(1) << 47, PAGE)};
    int text = file_make(100), malformed, huge, live_exec;
    void *live = mmap((char *)FIXED, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                      0);
    unsigned int none = 0;

    huge = elf_make(ET_DYN, ph, 1, 0x1000);
    ph[0].p_filesz = 0x2000;
    malformed = elf_make(ET_DYN, ph, 1, 0x1000);
    ph[0] = (Elf64_Phdr)LOAD(R, 0, FIXED, 0x628, 0x628, UINT64_C(1) << 63);
    live_exec = elf_make(ET_EXEC, ph, 1, 0x1000);
    CHECK("EINVAL of a flag before EBADF", map_with(-1, 1, NULL) == -EINVAL);
    CHECK("EBADF before EFAULT", mmapfd_raw(-1, MMFD_INTERPRET, NULL, NULL, NULL, NULL) == -EBADF);
    CHECK("elements NULL: EFAULT", mmapfd_raw(text, 0, list, NULL, NULL, NULL) == -EFAULT);
    list_len = 1;
    CHECK("storage NULL with elements to write: EFAULT",
          mmapfd_raw(text, 0, NULL, &list_len, NULL, NULL) == -EFAULT && list_len == 1);
    CHECK("EFAULT before EINVAL of a format",
          mmapfd_raw(text, MMFD_INTERPRET, list, NULL, NULL, NULL) == -EFAULT);
    CHECK("EINVAL of a format before E2BIG",
          mmapfd_raw(text, MMFD_INTERPRET, NULL, &none, NULL, NULL) == -EINVAL && none == 0);
    CHECK("ENOTSUP before E2BIG",
          mmapfd_raw(malformed, MMFD_INTERPRET, NULL, &none, NULL, NULL) == -ENOTSUP && none == 0);
    CHECK("E2BIG before ENOMEM",
          mmapfd_raw(huge, MMFD_INTERPRET, NULL, &none, NULL, NULL) == -E2BIG && none == 1);
    CHECK("ENOMEM of a size", map(huge) == -ENOMEM);
    CHECK("ENOMEM of an alignment before EADDRINUSE", map(live_exec) == -ENOMEM);
    munmap(live, PAGE);
    close(text);
    close(malformed);
    close(huge);
    close(live_exec);
}

static void test_absurd(void)
{
    static const uint64_t aligns[] = {UINT64_C(1) << 63, UINT64_MAX, (UINT64_C(1) << 62) + 1,
                                      UINT64_C(1) << 47};
    Elf64_Phdr ph[] = {LOAD(R, 0, 0, 0x628, 0x628, PAGE),
                       LOAD(R | W, 0, UINT64_C(1) << 46, 0, PAGE, PAGE)};
    int fd = elf_make(ET_DYN, usual, COUNT_OF(usual), USUAL_LEN), low, wide;
    static struct picture before, after;
    bool refused = true;

    CHECK("padding beyond any address space: ENOMEM", map_padded(fd, SIZE_MAX) == -ENOMEM &&
                                                          map_padded(fd, SIZE_MAX / 2) == -ENOMEM &&
                                                          map_padded(fd, 1UL << 50) == -ENOMEM);
    close(fd);
    for (size_t i = 0; i < COUNT_OF(aligns); i++) {
        ph[0].p_align = aligns[i];
        fd = elf_make(ET_DYN, ph, 1, 0x1000);
        refused &= map(fd) == -ENOMEM;
        close(fd);
    }
    CHECK("alignments beyond any address space: ENOMEM", refused);
    ph[0].p_align = PAGE;
    ph[0].p_vaddr = PAGE;
    low = elf_make(ET_EXEC, ph, 1, 0x1000);
    CHECK("padding that begins below address 0: ENOMEM", map_padded(low, 2 * PAGE) == -ENOMEM);
    CHECK("padding that includes page 0: EADDRINUSE", map_padded(low, PAGE) == -EADDRINUSE);
    ph[0].p_vaddr = 0;
    close(low);
    low = elf_make(ET_EXEC, ph, 1, 0x1000);
    CHECK("page 0 is never mapped: EADDRINUSE", map(low) == -EADDRINUSE);
    close(low);
    ph[1].p_vaddr = 0 - UINT64_C(0x3000);
    ph[1].p_memsz = 0x1000;
    wide = elf_make(ET_DYN, ph, 2, 0x1000);
    CHECK("sizes that would wrap with their padding: ENOMEM", map_padded(wide, 0x2000) == -ENOMEM);
    close(wide);
    ph[1].p_vaddr = UINT64_C(1) << 46;
    ph[1].p_memsz = UINT64_C(1) << 62;
    wide = elf_make(ET_DYN, ph, 2, 0x1000);
    picture_take(&before);
    CHECK("sizes beyond any address space: ENOMEM", map(wide) == -ENOMEM);
    picture_take(&after);
    CHECK("and nothing stays mapped", picture_equal(&before, &after));
    close(wide);
}

static void test_reason(void)
{
    Elf64_Phdr ph[] = {LOAD(R, 0, 0, 0x628, 0x628, PAGE), LOAD(R, 0x1000, 0x1000, 0x629, 0x628, 1)};
    int fd = elf_make(ET_DYN, ph, 2, 0x2000);
    const struct mmapfd_reason blank = {.check = "blank"};

    CHECK("the reason names the field",
          map(fd) == -ENOTSUP && strcmp(reason.check, "p_filesz") == 0);
    CHECK("the program header and the file offset",
          reason.index == 1 && reason.offset == 64 + 56 + offsetof(Elf64_Phdr, p_filesz));
    CHECK("what was found and what was wanted", reason.found == 0x629 && reason.wanted == 0x628 &&
                                                    strcmp(reason.relation, "at most") == 0);
    file_put(fd, &(uint16_t){EM_SPARC}, 2, offsetof(Elf64_Ehdr, e_machine));
    CHECK("for the ELF header likewise",
          map(fd) == -ENOTSUP && strcmp(reason.check, "e_machine") == 0 && reason.index == -1 &&
              reason.offset == 18 && reason.found == EM_SPARC && reason.wanted != EM_SPARC);
    CHECK("it may be NULL",
          mmapfd_raw(fd, MMFD_INTERPRET, NULL, &(unsigned int){0}, NULL, NULL) == -ENOTSUP);
    close(fd);
    fd = elf_make(ET_DYN, ph, 1, 0x2000);
    reason = blank;
    CHECK("success leaves it alone", map(fd) == 0 && memcmp(&reason, &blank, sizeof blank) == 0);
    unmap_list();
    close(fd);
}

static void group_errors(void)
{
    test_arguments();
    test_descriptors();
    test_order();
    test_absurd();
    test_reason();
}

/* ---- an image that is mapped already ---- */

static void test_segments_like_raw(void)
{
    static const Elf64_Phdr inside[] = {LOAD(R, 0x200, 0x200, 0x400, 0x400, PAGE),
                                        LOAD(R | W, 0x300, 0x1300, 0x100, 0x100, PAGE)};
    static const struct {
        uint16_t type;
        const Elf64_Phdr *phdr;
        unsigned int phnum;
        uint64_t vaddr;
    } images[] = {{ET_DYN, usual, COUNT_OF(usual), 0},
                  {ET_EXEC, fixed, COUNT_OF(fixed), FIXED},
                  {ET_DYN, inside, COUNT_OF(inside), 0}};

    for (size_t i = 0; i < COUNT_OF(images); i++) {
        int fd = elf_make(images[i].type, images[i].phdr, images[i].phnum, USUAL_LEN);
        mmapfd_result_t same[MANY];
        unsigned int len = MANY;
        uintptr_t bias;

        REQUIRE(map(fd) == 0);
        bias = (uintptr_t)list[0].mr_addr - images[i].vaddr;
        memset(same, 0x55, sizeof same);
        CHECK("mmapfd_segments gives the list that mmapfd_raw gave",
              mmapfd_segments(images[i].phdr, images[i].phnum, bias, same, &len) == 0 &&
                  len == list_len && memcmp(same, list, sizeof list) == 0);
        unmap_list();
        close(fd);
    }
}

static int own_program(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    if (info->dlpi_phdr != (const void *)getauxval(AT_PHDR))
        return 0;
    list_len = MANY;
    CHECK("it describes this program, mapped by the kernel",
          mmapfd_segments(info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr, list, &list_len) ==
                  0 &&
              list_len >= 2 && memcmp(list[0].mr_addr, ELFMAG, SELFMAG) == 0 &&
              list[0].mr_flags == MFD_ELF_HDR);
    return 1;
}

static void group_segments(void)
{
    static const Elf64_Phdr overlap[] = {LOAD(R, 0, 0, 0x2000, 0x2000, PAGE),
                                         LOAD(R, 0x1000, 0x1000, 0x2000, 0x2000, PAGE)};
    static const Elf64_Phdr unsorted[] = {LOAD(R, 0, 0x4000, 0x1000, 0x1000, PAGE),
                                          LOAD(R, 0x1000, 0, 0x1000, 0x1000, PAGE)};

    test_segments_like_raw();
    CHECK("this program is found", dl_iterate_phdr(own_program, NULL) == 1);
    list_len = 0;
    CHECK("it tells the number of elements",
          mmapfd_segments(usual, COUNT_OF(usual), PAGE, NULL, &list_len) == -E2BIG &&
              list_len == 4);
    CHECK("elements NULL, or storage NULL with elements: EFAULT",
          mmapfd_segments(usual, COUNT_OF(usual), PAGE, list, NULL) == -EFAULT &&
              mmapfd_segments(usual, COUNT_OF(usual), PAGE, NULL, &list_len) == -EFAULT);
    list_len = MANY;
    CHECK("overlapping segments: ENOTSUP",
          mmapfd_segments(overlap, 2, PAGE, list, &list_len) == -ENOTSUP);
    CHECK("unsorted segments: ENOTSUP",
          mmapfd_segments(unsorted, 2, PAGE, list, &list_len) == -ENOTSUP);
    CHECK("no segments: ENOTSUP", mmapfd_segments(usual, 0, PAGE, list, &list_len) == -ENOTSUP);
}

/* ---- a file system mounted noexec ---- */

static void group_noexec(const char *directory)
{
    static const Elf64_Phdr incongruent[] = {LOAD(R, 0, 0, 0x628, 0x628, PAGE),
                                             LOAD(R | X, 0x1001, 0x1000, 0x15d, 0x15d, PAGE)};
    const struct {
        uint16_t type;
        const Elf64_Phdr *phdr;
        size_t phnum;
        int error;
    } files[] = {{ET_DYN, usual, COUNT_OF(usual), EACCES},
                 {ET_EXEC, fixed, COUNT_OF(fixed), EACCES},
                 {ET_DYN, incongruent, COUNT_OF(incongruent), EACCES},
                 {ET_DYN, usual, 1, 0}};
    static struct picture before, after;

    REQUIRE(chdir(directory) == 0);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        int memory = elf_make(files[i].type, files[i].phdr, files[i].phnum, USUAL_LEN);
        int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0700);
        static char bytes[USUAL_LEN];
        unsigned int none = 0;
        int err;

        REQUIRE(fd >= 0 && pread(memory, bytes, sizeof bytes, 0) == sizeof bytes);
        file_put(fd, bytes, sizeof bytes, 0);
        picture_take(&before);
        err = map(fd);
        if (err == 0)
            unmap_list();
        picture_take(&after);
        if (files[i].error) {
            CHECK("executable segments from a noexec mount: EACCES", err == -EACCES);
            CHECK("before E2BIG",
                  mmapfd_raw(fd, MMFD_INTERPRET, NULL, &none, NULL, NULL) == -EACCES && none == 0);
        } else {
            CHECK("a file without executable segments is mapped from there", err == 0);
        }
        CHECK("nothing is left mapped", picture_equal(&before, &after));
        close(fd);
        close(memory);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } groups[] = {{"mapped", group_mapped},
                  {"elements", group_elements},
                  {"errors", group_errors},
                  {"segments", group_segments},
                  {"threads", test_threads}};
    int run = 0;

    check_begin();
    if (argc == 3 && strcmp(argv[1], "noexec") == 0) {
        group_noexec(argv[2]);
        return check_failures != 0;
    }
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (argc < 2 || strcmp(argv[1], groups[i].name) == 0) {
            groups[i].run();
            run++;
        }
    }
    REQUIRE(run > 0);
    return check_failures != 0;
}
