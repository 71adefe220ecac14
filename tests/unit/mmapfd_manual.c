/*
 * mmapfd_manual.c - the manual page mmapfd(3), with a proof below each of its sentences.
 *
 * The sentences of DESCRIPTION, RETURN VALUE, ERRORS and ATTRIBUTES, word for word and in their
 * order. tests/11-mmapfd-manual.bats compares them with the page: a sentence there that is missing
 * here fails, and so does one here that the page has no longer.
 */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "mmapfd.h"

/* The proof is a check in another file of tests/, by the words that it has there. */
#define SEE(sentence, file, check) printf("see - %s | %s | %s\n", sentence, file, check)
/* Nothing that could be observed: a definition, a reason, or what others do. */
#define SAID(sentence) printf("said - %s\n", sentence)

enum { PAGE = 4096, MANY = 8, FIXED = 0x10000000 };

static mmapfd_result_t list[MANY];
static unsigned int len;
static struct mmapfd_reason reason;

static int map_with(int fd, unsigned int flags, void *arg)
{
    len = MANY;
    memset(list, 0x55, sizeof list);
    return mmapfd_raw(fd, flags, list, &len, arg, &reason);
}

static int map(int fd)
{
    return map_with(fd, MMFD_INTERPRET, NULL);
}

static int map_padded(int fd, size_t padding)
{
    return map_with(fd, MMFD_INTERPRET | MMFD_PADDING, &padding);
}

static bool unmap(void)
{
    bool done = true;

    for (unsigned int i = 0; i < len; i++)
        done &= munmap(list[i].mr_addr, list[i].mr_msize) == 0;
    return done;
}

static bool is(unsigned int i, size_t msize, size_t fsize, size_t offset, unsigned int prot)
{
    const mmapfd_result_t *r = &list[i];

    return r->mr_msize == msize && r->mr_fsize == fsize && r->mr_offset == offset &&
           r->mr_prot == prot;
}

/* The element's bytes are the file's from off, as far as nothing else than file_make has put them. */
static bool shows(unsigned int i, uint64_t off)
{
    const char *data = list[i].mr_addr + list[i].mr_offset;

    for (size_t k = 0; k < list[i].mr_fsize; k++) {
        if (off + k >= 0x200 && (unsigned char)data[k] != file_byte(off + k))
            return false;
    }
    return true;
}

static bool is_zero(const char *from, const char *to)
{
    while (from < to && *from == 0)
        from++;
    return from >= to;
}

static bool is_free(const void *addr)
{
    return *picture_rights(addr) == 0;
}

static bool has_rights(const void *addr, const char *wanted)
{
    const char *found = picture_rights(addr);

    /* qemu-user may show x where it is not, or not where it is */
    return strncmp(found, wanted, 2) == 0 && (getenv("EMULATED") || found[2] == wanted[2]);
}

static const void *map_anonymous(uintptr_t addr, int prot)
{
    void *got = mmap((void *)addr, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    REQUIRE(got == (void *)addr);
    return got;
}

/* ---- the files ---- */

static const Elf64_Phdr dyn[] = {
    LOAD(R, 0, 0, 0x628, 0x628, PAGE),
    LOAD(R | X, 0x1000, 0x1000, 0x15d, 0x15d, PAGE),
    {PT_SUNWBSS, R | W, 0, 0x2000, 0x2000, 0, 0x100, 4},
    LOAD(R | W, 0x2de8, 0x4de8, 0x228, 0x2230, PAGE),
    LOAD(R | W, 0x2000, 0x9000, 0, 0, PAGE),
};
static const Elf64_Phdr exec[] = {
    LOAD(R, 0, FIXED, 0x628, 0x628, PAGE),
    LOAD(R | W, 0x1de8, FIXED + 0x4de8, 0x218, 0x2218, PAGE),
};
enum { ELF_LEN = 0x3100 };

static int dyn_make(void)
{
    return elf_make(ET_DYN, dyn, COUNT_OF(dyn), ELF_LEN);
}

static int exec_make(void)
{
    return elf_make(ET_EXEC, exec, COUNT_OF(exec), ELF_LEN);
}

static int one_make(uint16_t type, Elf64_Phdr ph)
{
    return elf_make(type, &ph, 1, ELF_LEN);
}

static int map_one(uint16_t type, Elf64_Phdr ph)
{
    int fd = one_make(type, ph);
    int err = map(fd);

    close(fd);
    return err;
}

/* What becomes of an ET_DYN with other bytes at off. */
static int map_patched(const void *bytes, size_t size, uint64_t off)
{
    int fd = dyn_make(), err;

    file_put(fd, bytes, size, off);
    err = map(fd);
    if (err == 0)
        unmap();
    close(fd);
    return err;
}

static int map_half(uint16_t value, uint64_t off)
{
    return map_patched(&value, sizeof value, off);
}

static int map_two(Elf64_Phdr first, Elf64_Phdr second)
{
    Elf64_Phdr ph[] = {first, second};
    int fd = elf_make(ET_DYN, ph, 2, ELF_LEN);
    int err = map(fd);

    close(fd);
    return err;
}

static int map_aout(struct aout header, size_t size)
{
    int fd, err;

    if (!header.machine)
        header.machine = AOUT_MACHINE;
    fd = aout_make(&header, size);
    err = map(fd);
    close(fd);
    return err;
}

/* ---- DESCRIPTION ---- */

static void description(void)
{
    int fd = dyn_make();
    static struct picture before, after;
    char in_file;

    picture_take(&before);
    lseek(fd, 5, SEEK_SET);
    CHECK("mmapfd() maps the file that fd refers to, and stores a list of the mappings in the "
          "array storage.",
          (len = MANY, mmapfd(fd, MMFD_INTERPRET, list, &len, NULL) == 0) && len == 3 &&
              shows(0, 0) && shows(1, 0x1000) && shows(2, 0x2de8));
    SEE("fd must be open for reading and refer to a regular file.", "unit/mmapfd.c",
        "not open for reading: EACCES");
    SEE("fd must be open for reading and refer to a regular file.", "unit/mmapfd.c",
        "a pipe: ENODEV");
    CHECK("It stays open, and its file offset stays as it was.", lseek(fd, 0, SEEK_CUR) == 5);
    list[2].mr_addr[0xde8] ^= 1;
    CHECK("All mappings are private: what is written to them does not reach the file.",
          pread(fd, &in_file, 1, 0x2de8) == 1 && in_file == (char)file_byte(0x2de8));
    list[2].mr_addr[0xde8] ^= 1;
    unmap();
    map(fd);
    close(fd);
    CHECK("It may be closed as soon as the call has returned.",
          shows(0, 0) && shows(1, 0x1000) && shows(2, 0x2de8));
    unmap();

    fd = dyn_make();
    len = 2;
    CHECK("On entry *elements is the number of elements that storage has room for.",
          mmapfd_raw(fd, MMFD_INTERPRET, list, &len, NULL, NULL) == -E2BIG);
    CHECK("On success it becomes the number of elements stored.", map(fd) == 0 && len == 3);
    CHECK("The list ascends by address.",
          list[0].mr_addr + list[0].mr_msize <= list[1].mr_addr &&
              list[1].mr_addr + list[1].mr_msize <= list[2].mr_addr);
    unmap();
    close(fd);
    picture_take(&after);
    CHECK("munmap(2) of mr_addr and mr_msize of each element frees everything that the call has "
          "mapped.",
          before.len == after.len && memcmp(before.maps, after.maps, after.len) == 0);
    fd = dyn_make();
    len = 0;
    CHECK("A call with *elements 0 asks for the number: it fails with E2BIG and sets *elements.",
          mmapfd_raw(fd, MMFD_INTERPRET, list, &len, NULL, NULL) == -E2BIG && len == 3);
    len = 0;
    CHECK("storage may be NULL then.",
          mmapfd_raw(fd, MMFD_INTERPRET, NULL, &len, NULL, NULL) == -E2BIG && len == 3);
    close(fd);
}

static bool is_padding(unsigned int i, size_t size)
{
    return is(i, size, 0, 0, PROT_NONE) && list[i].mr_flags == MFD_PADDING &&
           has_rights(list[i].mr_addr, "---") && has_rights(list[i].mr_addr + size - 1, "---");
}

static void flags(void)
{
    int fd = dyn_make();
    size_t padding = 2 * PAGE, none = 0;

    CHECK("flags is 0 or more of these:", map_with(fd, 0, NULL) == 0 && unmap() && map(fd) == 0 &&
                                              unmap() &&
                                              map_with(fd, MMFD_PADDING, &padding) == 0 &&
                                              unmap() && map_padded(fd, padding) == 0 && unmap());
    CHECK("The file is mapped as its format says.", map(fd) == 0 && len == 3);
    unmap();
    CHECK("Without this flag the whole file is mapped read-only, as one element, whatever its "
          "format.",
          map_with(fd, 0, NULL) == 0 && len == 1 && is(0, ELF_LEN, ELF_LEN, 0, PROT_READ) &&
              list[0].mr_flags == 0 && shows(0, 0) && has_rights(list[0].mr_addr, "r--"));
    unmap();
    CHECK("arg points to a size_t: how many inaccessible bytes are wanted below the lowest "
          "mapping, and as many above the highest.",
          map_padded(fd, padding) == 0 && is_padding(0, padding) && is_padding(4, padding) &&
              list[0].mr_addr + padding == list[1].mr_addr &&
              list[3].mr_addr + 0x4000 == list[4].mr_addr);
    CHECK("These are elements, too: the first and the last of the list.",
          len == 5 && list[0].mr_flags == MFD_PADDING && list[4].mr_flags == MFD_PADDING);
    unmap();
    CHECK("The number is rounded up to whole pages.",
          map_padded(fd, 1) == 0 && is_padding(0, PAGE) && is_padding(4, PAGE));
    unmap();
    CHECK("Padding of 0 bytes is none, and adds no elements.",
          map_with(fd, MMFD_INTERPRET | MMFD_PADDING, &none) == 0 && len == 3);
    unmap();
    CHECK("Without this flag arg must be NULL.", map_with(fd, MMFD_INTERPRET, &padding) == -EINVAL);
    close(fd);
    fd = aout_make(
        &(struct aout){.machine = AOUT_MACHINE, .magic = ZMAGIC, .text = 0x1000, .data = 0x1000},
        0x2000);
    CHECK("Padding is ignored for a.out files.",
          map_padded(fd, padding) == 0 && len == 2 && list[0].mr_flags == MFD_AOUT_HDR);
    unmap();
    close(fd);
}

/* A line of /proc/self/smaps about the mapping at addr that begins with key. */
static const char *smaps_line(const void *addr, const char *key)
{
    static char line[512];
    FILE *file = fopen("/proc/self/smaps", "r");
    bool is_there = false, is_found = false;
    uintptr_t first, end;

    REQUIRE(file);
    while (!is_found && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%lx-%lx", &first, &end) == 2)
            is_there = (uintptr_t)addr >= first && (uintptr_t)addr < end;
        is_found = is_there && strncmp(line, key, strlen(key)) == 0;
    }
    fclose(file);
    return is_found ? line : "";
}

static bool is_advised(const void *addr)
{
    return strstr(smaps_line(addr, "VmFlags:"), " hg") != NULL;
}

/* Kernels can be without them, and an emulator passes nothing on. */
static bool has_huge_pages(void)
{
    return access("/sys/kernel/mm/transparent_hugepage", F_OK) == 0 && !getenv("EMULATED");
}

enum { HUGE = 2 << 20, HUGE_TEXT = 0x1000, HUGE_DATA = 2 * HUGE + 0x10 };
static const Elf64_Phdr large[] = {
    LOAD(R, 0, 0, 0x628, 0x628, PAGE),
    LOAD(R | X, HUGE_TEXT, HUGE_TEXT, 2 * HUGE - HUGE_TEXT, 2 * HUGE - HUGE_TEXT, PAGE),
    LOAD(R | W, HUGE_DATA, HUGE_DATA + PAGE, HUGE + 0x100, HUGE + 0x3000, PAGE),
};

static int map_huge(int fd)
{
    return map_with(fd, MMFD_INTERPRET | MMFD_HUGEPAGE, NULL);
}

/* Could the kernel do it for this file, if it was asked without us? */
static bool can_collapse(int fd)
{
    char *area = mmap(NULL, 2 * HUGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *at = area + (HUGE - (uintptr_t)area % HUGE) % HUGE;

    REQUIRE(mmap(at, HUGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, HUGE) == at);
    bool can = madvise(at, HUGE, 25 /* MADV_COLLAPSE */) == 0;
    munmap(area, 2 * HUGE);
    return can && has_huge_pages();
}

static void huge_pages(void)
{
    int fd = elf_make(ET_DYN, large, COUNT_OF(large), HUGE_DATA + HUGE + 0x100);
    bool holds = true;

    REQUIRE(map_huge(fd) == 0 && len == 3);
    CHECK("The kernel is asked for pages of 2 MiB where a segment of that size or more can be "
          "written to or executed.",
          (is_advised(list[1].mr_addr) && is_advised(list[2].mr_addr + HUGE) &&
           !is_advised(list[0].mr_addr)) ||
              !has_huge_pages());
    CHECK("A load bias is a multiple of 2 MiB then.", (uintptr_t)list[0].mr_addr % HUGE == 0);
    file_put(fd, "changed", 8, 2 * HUGE - PAGE);
    file_put(fd, "changed", 8, 2 * HUGE + 2 * PAGE);
    CHECK("Such a segment that can be written to is read into memory, not mapped.",
          strcmp(list[2].mr_addr + 2 * PAGE, "changed") != 0);
    CHECK("One that can be executed and not written to stays the file's.",
          strcmp(list[1].mr_addr + 2 * HUGE - HUGE_TEXT - PAGE, "changed") == 0);
    CHECK("Its pages can be large if p_vaddr and p_offset are the same modulo 2 MiB, and if the "
          "file system and the kernel allow it.",
          !can_collapse(fd) || strstr(smaps_line(list[1].mr_addr, "ShmemPmdMapped:"), "2048 kB"));
    SAID("Whether the kernel has done so is not told, and is no error.");
    unmap();
    for (unsigned int i = 0; i < 3; i++) {
        mmapfd_result_t with = {0};

        holds = holds && map_huge(fd) == 0 && len == 3;
        with = list[i];
        unmap();
        holds = holds && map(fd) == 0 && len == 3 && list[i].mr_flags == with.mr_flags &&
                is(i, with.mr_msize, with.mr_fsize, with.mr_offset, with.mr_prot);
        unmap();
    }
    CHECK("What the list says is the same as without the flag, but for addresses.", holds);
    CHECK("The flag means nothing without MMFD_INTERPRET.",
          map_with(fd, MMFD_HUGEPAGE, NULL) == 0 && len == 1 &&
              is(0, HUGE_DATA + HUGE + 0x100, HUGE_DATA + HUGE + 0x100, 0, PROT_READ) &&
              !is_advised(list[0].mr_addr));
    unmap();
    close(fd);
}

static void formats(void)
{
    int fd = exec_make();
    char *hole = (char *)map_anonymous(FIXED + 0x2000, PROT_READ | PROT_WRITE);
    static const uint16_t whole[] = {ET_REL, ET_CORE};
    bool holds = true;

    strcpy(hole, "mine");
    CHECK("Each segment is mapped at the address that its program header says, or the call fails.",
          map(fd) == 0 && list[0].mr_addr == (char *)FIXED &&
              list[1].mr_addr == (char *)FIXED + 0x4000 && map(fd) == -EADDRINUSE);
    CHECK("What is mapped between two segments is no obstacle and stays as it is.",
          strcmp(hole, "mine") == 0);
    len = 2;
    munmap((char *)FIXED, PAGE);
    munmap((char *)FIXED + 0x4000, 0x3000);
    munmap(hole, PAGE);
    close(fd);
    fd = dyn_make();
    CHECK("The segments are mapped where there is room, at the distances from one another that "
          "the program headers say.",
          map(fd) == 0 && list[1].mr_addr - list[0].mr_addr == 0x1000 &&
              list[2].mr_addr - list[0].mr_addr == 0x4000);
    unmap();
    close(fd);
    CHECK("The load bias is a multiple of the page size and of the largest p_align, rounded up to "
          "a power of two.",
          map_one(ET_DYN, (Elf64_Phdr)LOAD(R, 0, 0x7000, 0x628, 0x628, 1)) == 0 && unmap() &&
              ((uintptr_t)list[0].mr_addr - 0x7000) % PAGE == 0 &&
              map_one(ET_DYN, (Elf64_Phdr)LOAD(R, 0, 0x7000, 0x628, 0x628, 0x18001)) == 0 &&
              unmap() && ((uintptr_t)list[0].mr_addr - 0x7000) % 0x20000 == 0);
    for (size_t i = 0; i < COUNT_OF(whole); i++) {
        fd = elf_make(whole[i], dyn, COUNT_OF(dyn), ELF_LEN);
        holds &= map(fd) == 0 && len == 1 && is(0, ELF_LEN, ELF_LEN, 0, PROT_READ) &&
                 list[0].mr_flags == MFD_ELF_HDR && shows(0, 0) &&
                 has_rights(list[0].mr_addr, "r--") && unmap();
        close(fd);
    }
    CHECK("The whole file is mapped read-only, as one element, with MFD_ELF_HDR.", holds);
    CHECK("One element or two are mapped, see A.out files below.",
          map_aout((struct aout){.magic = ZMAGIC, .text = 0x1000}, 0x1000) == 0 && len == 1 &&
              unmap() &&
              map_aout((struct aout){.magic = ZMAGIC, .text = 0x1000, .data = 1}, 0x1001) == 0 &&
              len == 2 && unmap());
    SAID("Segments are the program headers of type PT_LOAD whose p_memsz is not 0.");
}

static void segments(void)
{
    static const char *const rights[] = {"---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx"};
    bool exact = true;
    int fd = dyn_make();

    REQUIRE(map(fd) == 0);
    CHECK("Other program headers are not looked at.", len == 3);
    CHECK("Each segment is one element.", len == 3);
    CHECK("What lies between two segments is not mapped.",
          is_free(list[0].mr_addr + 0x2000) && is_free(list[0].mr_addr + 0x3000));
    unmap();
    close(fd);
    for (unsigned int p_flags = 0; p_flags < 8; p_flags++) {
        Elf64_Phdr ph = LOAD(p_flags, 0x1000, 0x1000, 0x1628, 0x1628, PAGE);
        static const unsigned int prots[] = {0, PROT_EXEC, PROT_WRITE, PROT_WRITE | PROT_EXEC};

        exact &= map_one(ET_DYN, ph) == 0 &&
                 list[0].mr_prot == (prots[p_flags % 4] | (p_flags & R ? PROT_READ : 0U)) &&
                 has_rights(list[0].mr_addr, rights[p_flags]) && unmap();
    }
    CHECK("The rights of a segment's mapping are exactly those of p_flags.", exact);
    fd = one_make(ET_DYN, (Elf64_Phdr)LOAD(R, 0x1001, 0x2010, 0x100, 0x100, PAGE));
    REQUIRE(map(fd) == 0);
    file_put(fd, "?", 1, 0x1001);
    CHECK("Where p_vaddr and p_offset differ modulo the page size, the file's bytes are read into "
          "memory, not mapped.",
          is(0, 0x110, 0x100, 0x10, PROT_READ) && shows(0, 0x1001));
    unmap();
    close(fd);
    CHECK("Behind p_filesz bytes a segment that is longer in memory is zeros, to the end of its "
          "last page, even where it is read-only.",
          map_one(ET_DYN, (Elf64_Phdr)LOAD(R, 0x1000, 0x1000, 0x1100, 0x1800, PAGE)) == 0 &&
              shows(0, 0x1000) && is_zero(list[0].mr_addr + 0x1100, list[0].mr_addr + 0x2000) &&
              has_rights(list[0].mr_addr + 0x1000, "r--"));
    unmap();
    CHECK("In an ET_DYN file, the element with the ELF header is widened to file offset 0 if its "
          "first page holds that.",
          map_one(ET_DYN, (Elf64_Phdr)LOAD(R, 0x200, 0x200, 0x400, 0x400, PAGE)) == 0 &&
              is(0, 0x600, 0x600, 0, PROT_READ) && list[0].mr_flags == MFD_ELF_HDR && shows(0, 0) &&
              memcmp(list[0].mr_addr, ELFMAG, SELFMAG) == 0);
    unmap();
    CHECK("In an ET_EXEC file it is not.",
          map_one(ET_EXEC, (Elf64_Phdr)LOAD(R, 0x200, FIXED + 0x200, 0x400, 0x400, PAGE)) == 0 &&
              is(0, 0x600, 0x400, 0x200, PROT_READ) && list[0].mr_flags == MFD_ELF_HDR);
    unmap();
    CHECK("Segments may share a page only where the second continues the first: in the file, in "
          "memory, and with the same rights.",
          map_two((Elf64_Phdr)LOAD(R, 0, 0, 0x1100, 0x1100, 1),
                  (Elf64_Phdr)LOAD(R, 0x1200, 0x1200, 0x100, 0x100, 1)) == 0 &&
              unmap() &&
              map_two((Elf64_Phdr)LOAD(R, 0, 0, 0x1100, 0x1100, 1),
                      (Elf64_Phdr)LOAD(R, 0x2200, 0x1200, 0x100, 0x100, 1)) == -ENOTSUP &&
              map_two((Elf64_Phdr)LOAD(R, 0, 0, 0x1080, 0x1100, 1),
                      (Elf64_Phdr)LOAD(R, 0x1200, 0x1200, 0x100, 0x100, 1)) == -ENOTSUP &&
              map_two((Elf64_Phdr)LOAD(R, 0, 0, 0x1100, 0x1100, 1),
                      (Elf64_Phdr)LOAD(R | W, 0x1200, 0x1200, 0x100, 0x100, 1)) == -ENOTSUP);
    fd = exec_make();
    map_anonymous(FIXED + 0x4000, PROT_NONE);
    CHECK("A mapping that exists is never replaced, unless it is a reservation.",
          map(fd) == -EADDRINUSE && munmap((char *)FIXED + 0x4000, PAGE) == 0 &&
              reserve_range((char *)FIXED + 0x4000, 0x3000) && map(fd) == 0 && unmap());
    close(fd);
    CHECK("Address 0 is never mapped.",
          map_one(ET_EXEC, (Elf64_Phdr)LOAD(R, 0, 0, 0x628, 0x628, PAGE)) == -EADDRINUSE);
}

static void reservations(void)
{
    int fd = exec_make(), zero = open("/dev/zero", O_RDWR);
    char *first = (char *)FIXED, *second = (char *)FIXED + 0x4000;
    static const int with_rights[] = {PROT_READ, PROT_WRITE, PROT_EXEC};
    bool refused = true;

    REQUIRE(zero >= 0);
    reserve_range(first, PAGE);
    reserve_range(second, 0x3000);
    CHECK("A program keeps addresses free for an ET_EXEC file or an a.out executable by a private "
          "mapping of /dev/zero with PROT_NONE.",
          map(fd) == 0 && unmap() && reserve_range((char *)0x10000, PAGE) &&
              map_aout((struct aout){.magic = NMAGIC, .text = 0x100}, 0x200) == 0 && unmap());
    reserve_range(second, 0x3000);
    CHECK("An element all of whose pages are reserved takes the place of these pages.",
          map(fd) == 0 && list[1].mr_addr == second && shows(1, 0x1de8) &&
              has_rights(second, "rw-") && has_rights(second + 0x2fff, "rw-"));
    unmap();
    reserve_range(second, PAGE);
    reserve_range(second + PAGE, 0x2000);
    CHECK("Reservations that adjoin are as good as one.", map(fd) == 0);
    unmap();
    reserve_range(second, 0x2000);
    CHECK("An element of which only some pages are reserved is refused with EADDRINUSE.",
          map(fd) == -EADDRINUSE);
    munmap(second, 0x2000);
    reserve_range(first - PAGE, PAGE);
    refused = map_padded(fd, PAGE) == 0 && unmap();
    reserve_range(first - PAGE, 2 * PAGE);
    refused &= map_padded(fd, 2 * PAGE) == -EADDRINUSE;
    CHECK("Padding elements follow the same rule, each for itself.", refused);
    munmap(first - PAGE, 2 * PAGE);
    refused = true;
    for (size_t i = 0; i < COUNT_OF(with_rights); i++) {
        REQUIRE(mmap(first, PAGE, with_rights[i], MAP_PRIVATE | MAP_FIXED, zero, 0) == first);
        refused &= map(fd) == -EADDRINUSE;
    }
    REQUIRE(mmap(first, PAGE, PROT_NONE, MAP_SHARED | MAP_FIXED, zero, 0) == first);
    refused &= map(fd) == -EADDRINUSE;
    map_anonymous(FIXED, PROT_NONE);
    refused &= map(fd) == -EADDRINUSE;
    CHECK("A mapping with any rights, a shared mapping, and an anonymous mapping are no "
          "reservations.",
          refused);
    reserve_range(first, PAGE);
    map_anonymous(FIXED + 0x4000, PROT_NONE);
    refused = map(fd) == -EADDRINUSE && has_rights(first, "---");
    munmap(second, PAGE);
    CHECK("When a call fails, the addresses it had taken are reserved again.",
          refused && map(fd) == 0);
    unmap();
    close(zero);
    close(fd);
}

static void result_list(void)
{
    static const Elf64_Phdr none[] = {LOAD(R, 0x1000, 0, 0x400, 0x400, PAGE)};
    int fd = dyn_make();
    uint64_t together;

    REQUIRE(map_padded(fd, PAGE) == 0);
    CHECK("The address of the mapping is a multiple of the page size.",
          (((uintptr_t)list[0].mr_addr | (uintptr_t)list[1].mr_addr | (uintptr_t)list[2].mr_addr |
            (uintptr_t)list[3].mr_addr | (uintptr_t)list[4].mr_addr) %
           PAGE) == 0);
    CHECK("The size of the mapping is in bytes from mr_addr, and is not rounded up to pages.",
          list[2].mr_msize == 0x15d && has_rights(list[2].mr_addr + 0x15c, "r-x"));
    CHECK("For a segment it is p_memsz and the distance from mr_addr to the address of the "
          "segment.",
          list[3].mr_msize == 0xde8 + 0x2230);
    CHECK("This many bytes, from mr_addr + mr_offset, are the file's.",
          shows(1, 0) && shows(2, 0x1000) && shows(3, 0x2de8) &&
              list[3].mr_addr[list[3].mr_offset + list[3].mr_fsize] == 0);
    CHECK("For a segment that is not widened it is the distance in bytes from mr_addr to the "
          "address of the segment.",
          list[2].mr_offset == 0 && list[3].mr_offset == 0xde8);
    CHECK("The rights of the mapping are PROT_NONE, or a combination of PROT_READ, PROT_WRITE and "
          "PROT_EXEC.",
          list[0].mr_prot == PROT_NONE && list[1].mr_prot == PROT_READ &&
              list[2].mr_prot == (PROT_READ | PROT_EXEC) &&
              list[3].mr_prot == (PROT_READ | PROT_WRITE) && list[4].mr_prot == PROT_NONE);
    together = list[2].mr_flags | list[3].mr_flags;
    CHECK("At most one of these flags is set:",
          list[0].mr_flags == MFD_PADDING && list[1].mr_flags == MFD_ELF_HDR && together == 0 &&
              list[4].mr_flags == MFD_PADDING);
    CHECK("The element is padding; mr_fsize, mr_offset and mr_prot are 0.",
          is_padding(0, PAGE) && is_padding(4, PAGE));
    CHECK("The load bias of an ELF file is mr_addr of the first element without MFD_PADDING, less "
          "the p_vaddr of the first segment, rounded down to a page.",
          list[3].mr_addr + list[3].mr_offset == list[1].mr_addr + 0x4de8);
    unmap();
    close(fd);
    REQUIRE(map_one(ET_DYN, (Elf64_Phdr)LOAD(R, 0x200, 0x200, 0x400, 0x500, PAGE)) == 0);
    CHECK("For a segment it is p_filesz, and in a widened element also the bytes by which it is "
          "widened.",
          list[0].mr_fsize == 0x600 && list[0].mr_msize == 0x700);
    CHECK("In a widened element it is 0.", list[0].mr_offset == 0);
    unmap();
    CHECK("The element holds the whole ELF header.",
          map_one(ET_DYN, (Elf64_Phdr)LOAD(R, 0, 0, 0x40, 0x40, PAGE)) == 0 && unmap() &&
              list[0].mr_flags == MFD_ELF_HDR &&
              map_one(ET_DYN, (Elf64_Phdr)LOAD(R, 0, 0, 0x3f, 0x40, PAGE)) == 0 && unmap() &&
              list[0].mr_flags == 0);
    CHECK("The header is at mr_addr, or at mr_addr + mr_offset if p_vaddr and p_offset differ "
          "modulo the page size.",
          map_one(ET_EXEC, (Elf64_Phdr)LOAD(R, 0x200, FIXED + 0x200, 0x400, 0x400, PAGE)) == 0 &&
              memcmp(list[0].mr_addr, ELFMAG, SELFMAG) == 0 && unmap() &&
              map_one(ET_DYN, (Elf64_Phdr)LOAD(R, 0, 0x10, 0x400, 0x400, PAGE)) == 0 &&
              list[0].mr_flags == MFD_ELF_HDR &&
              memcmp(list[0].mr_addr + list[0].mr_offset, ELFMAG, SELFMAG) == 0 && unmap());
    CHECK("No element has this flag if no segment holds the header.",
          map_one(ET_DYN, none[0]) == 0 && list[0].mr_flags == 0 && unmap());
    CHECK("The element is the first one of an a.out file.",
          map_aout((struct aout){.magic = NMAGIC, .text = 0x100, .data = 1}, 0x200) == 0 &&
              list[0].mr_flags == MFD_AOUT_HDR && list[1].mr_flags == 0 && unmap());
    CHECK("With ZMAGIC, the file's header is at mr_addr.",
          map_aout((struct aout){.magic = ZMAGIC, .text = 0x100}, 0x200) == 0 &&
              list[0].mr_addr[1] == (char)AOUT_MACHINE && unmap());
    fd = exec_make();
    CHECK("In an ET_EXEC file it is 0.", map(fd) == 0 && list[0].mr_addr == (char *)FIXED);
    unmap();
    close(fd);
}

static bool is_foreign(const void *header)
{
    char bytes[32] = {0};
    int fd = file_make(0x2000), err;

    memcpy(bytes, header, 8);
    file_put(fd, bytes, sizeof bytes, 0);
    err = map(fd);
    close(fd);
    return err == -ENOTSUP;
}

static void aout_files(void)
{
    const struct aout pure = {
        .magic = ZMAGIC, .text = 0x2000, .data = 0x300, .bss = 0x500, .entry = 0x10020};
    struct aout other = pure;
    unsigned char swapped[8] = {0, AOUT_MACHINE, ZMAGIC >> 8, ZMAGIC & 0xff, 0, 0, 0x10, 0};

    REQUIRE(map_aout(pure, 0x2400) == 0);
    CHECK("The layout is that of SunOS 4.x: a header of 32 bytes, text, data.",
          sizeof pure == 32 && shows(0, 0) && shows(1, 0x2000));
    CHECK("The text of an executable is mapped at 0x10000.", list[0].mr_addr == (char *)0x10000);
    CHECK("With ZMAGIC the header is part of the text.",
          is(0, 0x2000, 0x2000, 0, PROT_READ | PROT_EXEC));
    CHECK("Text can be read and executed, data can be read and written.",
          has_rights(list[0].mr_addr, "r-x") && has_rights(list[1].mr_addr, "rw-") &&
              list[0].mr_prot == (PROT_READ | PROT_EXEC) &&
              list[1].mr_prot == (PROT_READ | PROT_WRITE));
    CHECK("The bss follows the data, in the data's element.",
          is(1, 0x800, 0x300, 0, PROT_READ | PROT_WRITE) &&
              is_zero(list[1].mr_addr + 0x300, list[1].mr_addr + PAGE));
    unmap();
    CHECK("Numbers are in the byte order of the machine.", is_foreign(swapped));
    CHECK("The machine number is 157 on x86-64 and 183 on AArch64.", AOUT_MACHINE ==
#ifdef __aarch64__
                                                                         183
#else
                                                                         157
#endif
    );
    other.magic = OMAGIC;
    CHECK("OMAGIC (0407), NMAGIC (0410) and ZMAGIC (0413) are mapped.",
          map_aout(other, 0x2400) == 0 && unmap() && (other.magic = NMAGIC) &&
              map_aout(other, 0x2400) == 0 && unmap());
    CHECK("Files for other machines, and those with the headers of Linux or BSD, are refused with "
          "ENOTSUP.",
          is_foreign(&(struct aout){.machine = 3, .magic = ZMAGIC}) && is_foreign("\314\0\144\0") &&
              is_foreign("\0\206\1\13"));
    CHECK("With NMAGIC and ZMAGIC, the data is mapped at the next multiple of 0x10000 behind the "
          "text.",
          map_aout(pure, 0x2400) == 0 && list[1].mr_addr == (char *)0x20000 && unmap() &&
              map_aout(other, 0x2400) == 0 && list[1].mr_addr == (char *)0x20000 && unmap() &&
              (other.text = 0x10001) && map_aout(other, 0x10400) == 0 &&
              list[1].mr_addr == (char *)0x30000 && unmap());
    SAID("SunOS had text at 0x2000, which Linux lets only privileged processes map "
         "(vm.mmap_min_addr).");
    SAID("No page of Linux on these machines is larger than 0x10000 bytes, so text and data never "
         "share one.");
    other.text = 0x100;
    CHECK("With OMAGIC and NMAGIC the text begins behind the header, at file offset 32.",
          map_aout(other, 0x2400) == 0 && is(0, 0x100, 0x100, 0, PROT_READ | PROT_EXEC) &&
              memcmp(list[0].mr_addr, &(char){(char)file_byte(32)}, 1) == 0 && unmap() &&
              (other.magic = OMAGIC) && map_aout(other, 0x2400) == 0 &&
              list[0].mr_addr[0] == (char)file_byte(32) && unmap());
    CHECK("With OMAGIC, text and data are one element that can be read, written and executed.",
          map_aout(other, 0x2400) == 0 && len == 1 &&
              is(0, 0x100 + 0x300 + 0x500, 0x400, 0, PROT_READ | PROT_WRITE | PROT_EXEC) &&
              has_rights(list[0].mr_addr, "rwx") && unmap());
    other = pure;
    other.entry = 0xffff;
    CHECK("A ZMAGIC file with an entry point below 0x10000 is a shared object: its text is mapped "
          "where there is room, at a multiple of 0x10000.",
          map_aout(other, 0x2400) == 0 && list[0].mr_addr != (char *)0x10000 &&
              (uintptr_t)list[0].mr_addr % 0x10000 == 0 &&
              list[1].mr_addr == list[0].mr_addr + 0x10000 && unmap());
    other.data = other.bss = 0;
    CHECK("A part with no bytes is no element.", map_aout(other, 0x2400) == 0 && len == 1);
    unmap();
    other.syms = other.trsize = other.drsize = 12;
    CHECK("Symbols and relocations are not mapped.",
          map_aout(other, 0x2400) == 0 && len == 1 && list[0].mr_msize == 0x2000);
    unmap();
}

static void explained(void)
{
    struct mmapfd_reason blank = {.check = "blank"};
    const Elf64_Phdr ph[] = {LOAD(R, 0, 0, 0x628, 0x628, PAGE),
                             LOAD(R, 0x1000, 0x1000, 0x629, 0x628, 1)};
    int good = dyn_make(), bad = elf_make(ET_DYN, ph, 2, ELF_LEN);
    char words[200], cut[8];
    size_t needed;

    CHECK("mmapfd_raw() does what mmapfd() does, without a C library.",
          map(good) == 0 && len == 3 && unmap());
    SEE("mmapfd_raw() does what mmapfd() does, without a C library.", "13-library.bats",
        "library: without a libc, from the archive and shared");
    errno = 0;
    CHECK("It returns an error number, negated, in place of setting errno.",
          map(bad) == -ENOTSUP && errno == 0);
    CHECK("On failure it fills *reason, unless reason is NULL.",
          strcmp(reason.check, "p_filesz") == 0 && (len = MANY) &&
              mmapfd_raw(bad, MMFD_INTERPRET, list, &len, NULL, NULL) == -ENOTSUP);
    CHECK("check is what was checked: the name of a header's field, or words.",
          strcmp(reason.check, "p_filesz") == 0);
    CHECK("index is the number of the program header it is about, or -1.", reason.index == 1);
    CHECK("offset is the file offset of the field, or UINT64_MAX.",
          reason.offset == 64 + 56 + offsetof(Elf64_Phdr, p_filesz));
    CHECK("relation is how wanted is meant: \"is\", \"at least\", \"at most\", \"less than\" or "
          "\"multiple of\".",
          strcmp(reason.relation, "at most") == 0 && reason.found == 0x629 &&
              reason.wanted == 0x628);
    needed = mmapfd_explain(&reason, words, sizeof words);
    CHECK("mmapfd_explain() writes a reason to buf as words without a full stop.",
          strcmp(words, "p_filesz of program header 1 (at file offset 0x98) is 0x629, wanted at "
                        "most 0x628") == 0);
    memset(cut, '#', sizeof cut);
    CHECK("At most len bytes are written, a NUL among them, as by snprintf(3).",
          mmapfd_explain(&reason, cut, 5) == needed && memcmp(cut, "p_fi\0##", 7) == 0);
    CHECK("With len 0 nothing is written, and buf may be NULL.",
          mmapfd_explain(&reason, NULL, 0) == needed &&
              mmapfd_explain(&reason, cut + 6, 0) == needed && cut[6] == '#');
    CHECK("mmapfd_explain() returns how many bytes a large enough buf would have taken, without "
          "the NUL.",
          needed == strlen(words));
    map_one(ET_EXEC, (Elf64_Phdr)LOAD(R, 0, 0, 1, 1, 1));
    CHECK("If it is \"a free address\", wanted is 0 and means nothing.",
          strcmp(reason.relation, "a free address") == 0 && reason.wanted == 0);
    map_with(good, 1, NULL);
    CHECK("found and wanted are 0 if relation is NULL.",
          !reason.relation && reason.found == 0 && reason.wanted == 0 && reason.index == -1 &&
              reason.offset == UINT64_MAX);
    reason = blank;
    CHECK("On success *reason is untouched.",
          map(good) == 0 && memcmp(&reason, &blank, sizeof blank) == 0 && unmap());
    SAID("The strings are constant and not to be freed.");
    close(good);
    close(bad);
}

static void mapped_already(void)
{
    mmapfd_result_t same[MANY];
    unsigned int same_len = MANY;
    static struct picture before, after;
    int fd = dyn_make();
    const Elf64_Phdr inside[] = {LOAD(R, 0x200, 0x200, 0x400, 0x400, PAGE)};

    REQUIRE(map(fd) == 0);
    picture_take(&before);
    CHECK("mmapfd_segments() stores the list that mmapfd_raw() would have stored for the phnum "
          "program headers at phdr, mapped with the load bias bias.",
          mmapfd_segments(dyn, COUNT_OF(dyn), (uintptr_t)list[0].mr_addr, same, &same_len) == 0 &&
              same_len == len && memcmp(same, list, len * sizeof *list) == 0);
    unmap();
    close(fd);
    picture_take(&before);
    same_len = MANY;
    CHECK("It maps nothing and reads nothing but the program headers.",
          mmapfd_segments(dyn, COUNT_OF(dyn), (uintptr_t)list[0].mr_addr, same, &same_len) == 0 &&
              (picture_take(&after), picture_equal(&before, &after)));
    same_len = MANY;
    CHECK("A load bias of 0 is taken for that of an ET_EXEC file.",
          mmapfd_segments(inside, 1, 0, same, &same_len) == 0 && same[0].mr_offset == 0x200 &&
              mmapfd_segments(inside, 1, PAGE, same, &same_len) == 0 && same[0].mr_offset == 0);
    CHECK("The program that the kernel has started has its program headers at "
          "getauxval(AT_PHDR).",
          ((const Elf64_Phdr *)getauxval(AT_PHDR))->p_type == PT_PHDR ||
              ((const Elf64_Phdr *)getauxval(AT_PHDR))->p_type == PT_LOAD);
}

/* ---- RETURN VALUE ---- */

static void return_value(void)
{
    int bad = file_make(100), good = dyn_make();
    static mmapfd_result_t untouched[MANY];
    static struct picture before, after;
    bool holds;

    len = MANY;
    errno = 0;
    CHECK("mmapfd() returns 0, or -1 with errno set.",
          mmapfd(bad, MMFD_INTERPRET, list, &len, NULL) == -1 && errno == EINVAL &&
              mmapfd(good, MMFD_INTERPRET, list, &len, NULL) == 0 && unmap());
    len = 1;
    CHECK("mmapfd_raw() and mmapfd_segments() return 0, or a negated error number.",
          map(bad) == -EINVAL && map(good) == 0 && unmap() &&
              mmapfd_segments(dyn, 0, 0, list, &len) == -ENOTSUP &&
              mmapfd_segments(dyn, 1, 0, list, &len) == 0);
    memset(list, 0x55, sizeof list);
    memcpy(untouched, list, sizeof list);
    picture_take(&before);
    holds = map(bad) == -EINVAL && map_with(good, 1, NULL) == -EINVAL;
    picture_take(&after);
    CHECK("When a call fails, nothing of it stays mapped, no descriptor stays open, and storage "
          "is untouched.",
          holds && picture_equal(&before, &after) && memcmp(list, untouched, sizeof list) == 0);
    SEE("When a call fails, nothing of it stays mapped, no descriptor stays open, and storage is "
        "untouched.",
        "unit/mmapfd_rare.c",
        "whichever call fails, its error is returned, storage untouched, all unmapped, and no "
        "more");
    CHECK("When it fails with anything but E2BIG, *elements is untouched.",
          map(bad) == -EINVAL && len == MANY && map_padded(good, SIZE_MAX) == -ENOMEM &&
              len == MANY);
    close(bad);
    close(good);
}

/* ---- ERRORS ---- */

static void errors(void)
{
    static const char earlier[] =
        "A fault that stands earlier in this list is reported before one that stands later.";
    char name[] = "/tmp/mmapfd-manual-XXXXXX";
    int fd = mkstemp(name), path, writing, pipes[2];
    size_t padding = 0;

    REQUIRE(fd >= 0 && write(fd, "text", 4) == 4 && pipe(pipes) == 0);
    REQUIRE((path = open(name, O_PATH)) >= 0 && (writing = open(name, O_WRONLY)) >= 0);
    SEE(earlier, "unit/mmapfd.c", "EINVAL of a flag before EBADF");
    SEE(earlier, "unit/mmapfd.c", "EBADF before EFAULT");
    SEE(earlier, "unit/mmapfd.c", "EFAULT before EINVAL of a format");
    SEE(earlier, "unit/mmapfd.c", "EINVAL of a format before E2BIG");
    SEE(earlier, "unit/mmapfd.c", "ENOTSUP before E2BIG");
    SEE(earlier, "unit/mmapfd_rare.c", "before E2BIG");
    SEE(earlier, "unit/mmapfd.c", "E2BIG before ENOMEM");
    SEE(earlier, "unit/mmapfd.c", "ENOMEM of an alignment before EADDRINUSE");
    CHECK(earlier, map_with(path, 0x80000, NULL) == -EINVAL &&
                       map_with(-1, 0, &padding) == -EINVAL &&
                       map_with(-1, MMFD_PADDING, NULL) == -EINVAL);
    CHECK("flags has an unknown bit.", map_with(fd, 0x80000, NULL) == -EINVAL);
    CHECK("arg is not NULL, and MMFD_PADDING is not set.", map_with(fd, 0, &padding) == -EINVAL);
    CHECK("arg is NULL, and MMFD_PADDING is set.", map_with(fd, MMFD_PADDING, NULL) == -EINVAL);
    CHECK("fd is not an open descriptor.", map(-1) == -EBADF && map(200) == -EBADF);
    CHECK("fd was opened with O_PATH.", map(path) == -EBADF);
    CHECK("fd is not open for reading.", map(writing) == -EACCES && map(pipes[1]) == -EACCES);
    CHECK("fd is not a regular file.", map(pipes[0]) == -ENODEV);
    CHECK("elements is NULL, or storage is NULL and *elements is not 0.",
          mmapfd_raw(fd, 0, list, NULL, NULL, NULL) == -EFAULT && (len = 1) &&
              mmapfd_raw(fd, 0, NULL, &len, NULL, NULL) == -EFAULT);
    CHECK("MMFD_INTERPRET is set, and the file is neither ELF nor a.out, or too short to tell.",
          map(fd) == -EINVAL && ftruncate(fd, 1) == 0 && map(fd) == -EINVAL);
    REQUIRE(ftruncate(fd, 0) == 0);
    CHECK("The file is empty.", map(fd) == -EINVAL && map_with(fd, 0, NULL) == -EINVAL);
    CHECK("This is found before EBADF for O_PATH, and before EACCES.",
          map(path) == -EINVAL && map(writing) == -EINVAL);
    unlink(name);
    close(fd);
    close(path);
    close(writing);
    close(pipes[0]);
    close(pipes[1]);
}

static void not_supported(void)
{
    const uint64_t phdr = sizeof(Elf64_Ehdr);
    Elf64_Phdr wraps = LOAD(R, 0, 0, 0x628, UINT64_MAX - 0x800, PAGE);
    struct aout aout = {.magic = NMAGIC, .text = 0x100, .data = 0x100};
    int fd = dyn_make();

    file_put(fd, &(uint16_t){9}, 2, offsetof(Elf64_Ehdr, e_machine));
    CHECK("MMFD_INTERPRET is set, and one of these holds:",
          map(fd) == -ENOTSUP && map_with(fd, 0, NULL) == 0 && unmap());
    REQUIRE(ftruncate(fd, sizeof(Elf64_Ehdr) - 1) == 0);
    CHECK("The ELF file is shorter than its header.", map(fd) == -ENOTSUP);
    close(fd);
    CHECK("e_ident names another class than 64-bit, another byte order, or another version.",
          map_patched("\1", 1, EI_CLASS) == -ENOTSUP && map_patched("\2", 1, EI_DATA) == -ENOTSUP &&
              map_patched("\2", 1, EI_VERSION) == -ENOTSUP);
    CHECK("e_machine is another machine.",
          map_half(EM_SPARC, offsetof(Elf64_Ehdr, e_machine)) == -ENOTSUP);
    CHECK("e_version is not 1, or e_type is none of the four above.",
          map_half(2, offsetof(Elf64_Ehdr, e_version)) == -ENOTSUP &&
              map_half(0, offsetof(Elf64_Ehdr, e_type)) == -ENOTSUP &&
              map_half(5, offsetof(Elf64_Ehdr, e_type)) == -ENOTSUP);
    CHECK("e_phentsize is not 56, or e_phnum is 0 or PN_XNUM.",
          map_half(64, offsetof(Elf64_Ehdr, e_phentsize)) == -ENOTSUP &&
              map_half(0, offsetof(Elf64_Ehdr, e_phnum)) == -ENOTSUP &&
              map_half(PN_XNUM, offsetof(Elf64_Ehdr, e_phnum)) == -ENOTSUP);
    CHECK("e_phoff is not a multiple of 8.",
          map_half(68, offsetof(Elf64_Ehdr, e_phoff)) == -ENOTSUP);
    CHECK("Program headers are not in the file.",
          map_half(ELF_LEN & ~7, offsetof(Elf64_Ehdr, e_phoff)) == -ENOTSUP &&
              map_half(0x1000, offsetof(Elf64_Ehdr, e_phnum)) == -ENOTSUP);
    CHECK("A PT_LOAD has a p_filesz above its p_memsz.",
          map_patched(&(uint64_t){0x629}, 8, phdr + offsetof(Elf64_Phdr, p_filesz)) == -ENOTSUP);
    CHECK("A PT_LOAD has bytes that are not in the file.",
          map_patched(&(uint64_t){ELF_LEN}, 8, phdr + offsetof(Elf64_Phdr, p_offset)) == -ENOTSUP);
    CHECK("A PT_LOAD has addresses that wrap.", map_one(ET_DYN, wraps) == -ENOTSUP);
    CHECK("Segments do not ascend by address, overlap, or share a page that they may not share.",
          map_two(exec[1], exec[0]) == -ENOTSUP && map_two(exec[0], exec[0]) == -ENOTSUP &&
              map_two(exec[0], (Elf64_Phdr)LOAD(R | W, 0x800, FIXED + 0x800, 1, 1, 1)) == -ENOTSUP);
    CHECK("There is no segment.", map_one(ET_DYN, (Elf64_Phdr)LOAD(R, 0, 0, 0, 0, 1)) == -ENOTSUP);
    aout.machine = AOUT_MACHINE;
    fd = aout_make(&aout, 32);
    REQUIRE(ftruncate(fd, 31) == 0);
    CHECK("The a.out file is shorter than its header.", map(fd) == -ENOTSUP);
    close(fd);
    CHECK("The a.out file ends before its text or its data does.",
          map_aout(aout, 0x220) == 0 && unmap() && map_aout(aout, 0x21f) == -ENOTSUP &&
              map_aout(aout, 0x11f) == -ENOTSUP);
    aout.magic = ZMAGIC;
    aout.text = 31;
    CHECK("The text of a ZMAGIC file is shorter than the header.",
          map_aout(aout, 0x220) == -ENOTSUP);
}

static void late_errors(void)
{
    static const char no_execution[] =
        "A segment is executable, and the file is on a file system mounted noexec.";
    static const char in_use[] = "An address that an ET_EXEC file or an a.out executable needs is "
                                 "0, is mapped already, or is too low for this process.";
    int fd = dyn_make(), fixed = exec_make();

    SEE(no_execution, "unit/mmapfd.c", "executable segments from a noexec mount: EACCES");
    SEE(no_execution, "unit/mmapfd_rare.c", "executable segments on a noexec file system: EACCES");
    len = 2;
    CHECK("*elements is less than the number of elements needed.",
          mmapfd_raw(fd, MMFD_INTERPRET, list, &len, NULL, NULL) == -E2BIG && len == 3);
    CHECK("The largest p_align, the size in memory or the padding is above SIZE_MAX / 4.",
          map_padded(fd, SIZE_MAX / 4 + 1) == -ENOMEM && strcmp(reason.check, "padding") == 0 &&
              map_one(ET_EXEC, (Elf64_Phdr)LOAD(R, 0, FIXED, 1, 1, SIZE_MAX / 4 + 1)) == -ENOMEM &&
              strcmp(reason.check, "p_align") == 0 &&
              map_one(ET_EXEC, (Elf64_Phdr)LOAD(R, 0, FIXED, 1, SIZE_MAX / 4 + 1, 1)) == -ENOMEM &&
              strcmp(reason.check, "size in memory") == 0);
    CHECK("The padding of an ET_EXEC file would begin below address 0.",
          map_padded(fixed, FIXED + PAGE) == -ENOMEM);
    CHECK("There is no room in the address space.",
          map_one(ET_DYN, (Elf64_Phdr)LOAD(R, 0, 0, 1, UINT64_C(1) << 47, 1)) == -ENOMEM);
    map_anonymous(FIXED, PROT_NONE);
    map_anonymous(0x10000, PROT_NONE);
    CHECK(in_use,
          map(fixed) == -EADDRINUSE &&
              map_aout((struct aout){.magic = NMAGIC, .text = 0x100}, 0x200) == -EADDRINUSE &&
              map_one(ET_EXEC, (Elf64_Phdr)LOAD(R, 0, 0, 1, 1, 1)) == -EADDRINUSE);
    SEE(in_use, "unit/mmapfd_rare.c", "addresses that a process may not use count as used");
    munmap((char *)FIXED, PAGE);
    munmap((char *)0x10000, PAGE);
    SEE("The file has become shorter during the call.", "unit/mmapfd_rare.c",
        "truncated before whichever call, it is EIO and no SIGBUS, and all is unmapped");
    SEE("What a system call fails with is reported at once, ENOMEM and EIO too: before a fault "
        "that "
        "would only have been found later.",
        "unit/mmapfd_rare.c",
        "whichever call fails, its error is returned, storage untouched, all unmapped, and no "
        "more");
    SEE("Other errors of the system calls that are made are passed on.", "unit/mmapfd_rare.c",
        "whichever call fails, its error is returned, storage untouched, all unmapped, and no "
        "more");
    len = 1;
    CHECK("mmapfd_segments() fails with EFAULT, ENOTSUP for program headers, and E2BIG, as above.",
          mmapfd_segments(dyn, COUNT_OF(dyn), PAGE, list, NULL) == -EFAULT &&
              mmapfd_segments(dyn, COUNT_OF(dyn), PAGE, NULL, &len) == -EFAULT &&
              mmapfd_segments(dyn, 0, PAGE, list, &len) == -ENOTSUP && len == 1 &&
              mmapfd_segments(dyn, COUNT_OF(dyn), PAGE, list, &len) == -E2BIG && len == 3);
    close(fd);
    close(fixed);
}

/* ---- ATTRIBUTES ---- */

static int shared_fd;
static volatile int handled, failed;
static size_t depth;

static int map_and_unmap(void)
{
    mmapfd_result_t mine[MANY];
    unsigned int mine_len = MANY;
    struct mmapfd_reason why;
    int err = mmapfd_raw(shared_fd, MMFD_INTERPRET, mine, &mine_len, NULL, &why);

    for (unsigned int i = 0; err == 0 && i < mine_len; i++)
        munmap(mine[i].mr_addr, mine[i].mr_msize);
    return err;
}

static void map_in_handler(int signal)
{
    int saved = errno;

    (void)signal;
    if (map_and_unmap() != 0)
        failed = 1;
    handled++;
    errno = saved;
}

static void *send_signals(void *to)
{
    for (int i = 0; i < 100; i++) {
        int seen = handled;

        pthread_kill(*(pthread_t *)to, SIGUSR1);
        while (handled == seen)
            ;
    }
    return NULL;
}

/* An alternate stack full of marks, and how many are gone after a call. */
static char stack[1 << 16];

static void map_on_marked_stack(int signal)
{
    char *here = __builtin_frame_address(0), *low = stack;
    unsigned int count = 0;

    (void)signal;
    memset(stack, '#', (size_t)(here - 512 - stack));
    handled = mmapfd_raw(shared_fd, MMFD_INTERPRET, NULL, &count, NULL, NULL) == -E2BIG &&
              (count = MANY, mmapfd_raw(shared_fd, MMFD_INTERPRET, list, &count, NULL, NULL)) == 0;
    len = count;
    while (*low == '#')
        low++;
    depth = (size_t)(here - low);
}

static void attributes(void)
{
    struct sigaction action = {.sa_handler = map_in_handler};
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    pthread_t self = pthread_self(), sender;

    shared_fd = dyn_make();
    SEE("All functions are thread-safe.", "unit/mmapfd.c",
        "threads map at the same time without disturbing each other");
    REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
    REQUIRE(pthread_create(&sender, NULL, send_signals, &self) == 0);
    while (handled < 100) {
        if (map_and_unmap() != 0)
            failed = 1;
    }
    pthread_join(sender, NULL);
    CHECK("All functions are async-signal-safe.", !failed);
    SEE("They take no lock and call no allocator.", "13-library.bats",
        "library: the archive leaves a program's memcpy to its libc");
    action = (struct sigaction){.sa_handler = map_on_marked_stack, .sa_flags = SA_ONSTACK};
    REQUIRE(sigaltstack(&alternate, NULL) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    close(shared_fd);
    shared_fd = exec_make(); /* with a reservation, which takes most */
    reserve_range((char *)FIXED + 0x4000, 0x3000);
    handled = 0;
    raise(SIGUSR1);
    printf("# %zu bytes of stack\n", depth);
    CHECK("A call uses less than 3 KiB of stack.", handled && depth < 3 * 1024);
    unmap();
    close(shared_fd);
}

int main(void)
{
    check_begin();
    description();
    flags();
    huge_pages();
    formats();
    segments();
    reservations();
    result_list();
    aout_files();
    explained();
    mapped_already();
    return_value();
    errors();
    not_supported();
    late_errors();
    attributes();
    return check_failures != 0;
}
