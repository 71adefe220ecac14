/*
 * check.h - what unit tests share: named checks, pictures of the process, files to map.
 *
 * A test program prints one line a check, "ok - sentence" or "not ok - sentence", and exits 1 if one
 * failed. Can be included beside ldso/sys.h: it uses no header whose constants sys.h has its own of.
 */
#ifndef CHECK_H
#define CHECK_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int open(const char *path, int flags, ...);         /* <fcntl.h> */
int fcntl(int fd, int command, ...);                /* <fcntl.h> */
int memfd_create(const char *name, unsigned flags); /* <sys/mman.h> */

static int check_failures;

/* First in main: output that allocates nothing later, when pictures are compared. */
__attribute__((unused)) static void check_begin(void)
{
    static char buffer[BUFSIZ];

    setvbuf(stdout, buffer, _IOLBF, sizeof buffer);
}

__attribute__((unused)) static bool check_that(bool holds, const char *sentence, const char *file,
                                               int line)
{
    printf("%sok - %s", holds ? "" : "not ", sentence);
    if (!holds)
        printf(" (%s:%d)", file, line);
    printf("\n");
    fflush(stdout);
    check_failures += !holds;
    return holds;
}

#define CHECK(sentence, condition) check_that(condition, sentence, __FILE__, __LINE__)
#define SKIP(sentence, why) printf("skip - %s: %s\n", sentence, why)

/* For preparations: a test that cannot be set up has failed. */
#define REQUIRE(condition)                                                                         \
    ((condition)                                                                                   \
         ? (void)0                                                                                 \
         : (printf("not ok - %s:%d: cannot prepare: %s\n", __FILE__, __LINE__, #condition),        \
            exit(1)))

/* ---- what a process has mapped and open ---- */

struct picture {
    char maps[1 << 17];
    size_t len;
    uint64_t fds[4]; /* one bit a descriptor below 256 */
};

__attribute__((unused)) static void picture_take(struct picture *p)
{
    int fd = open("/proc/self/maps", 0);
    long got;

    REQUIRE(fd >= 0);
    p->len = 0;
    while ((got = read(fd, p->maps + p->len, sizeof p->maps - 1 - p->len)) > 0)
        p->len += (size_t)got;
    p->maps[p->len] = 0;
    close(fd);
    memset(p->fds, 0, sizeof p->fds);
    for (fd = 0; fd < 256; fd++) {
        if (fcntl(fd, 1 /* F_GETFD */) != -1)
            p->fds[fd / 64] |= UINT64_C(1) << (fd % 64);
    }
}

__attribute__((unused)) static bool picture_equal(const struct picture *a, const struct picture *b)
{
    return a->len == b->len && memcmp(a->maps, b->maps, a->len) == 0 &&
           memcmp(a->fds, b->fds, sizeof a->fds) == 0;
}

/* The rights of the page at addr as /proc/self/maps has them, "" if nothing is mapped there. */
__attribute__((unused)) static const char *picture_rights(const void *addr)
{
    static struct picture now;
    static char rights[5];

    picture_take(&now);
    for (char *line = now.maps; *line; line = strchr(line, '\n') + 1) {
        unsigned long lo, hi;

        if (sscanf(line, "%lx-%lx %4s", &lo, &hi, rights) == 3 && (uintptr_t)addr >= lo &&
            (uintptr_t)addr < hi)
            return rights;
    }
    return "";
}

/* ---- files ---- */

/* Byte off of every file made here, its headers apart; never 0. */
__attribute__((unused)) static unsigned char file_byte(uint64_t off)
{
    return (unsigned char)(1 + (off * 7 + off / 251) % 255);
}

/* A file of len bytes without a name. */
__attribute__((unused)) static int file_make(size_t len)
{
    static unsigned char block[4096];
    int fd = memfd_create("unit", 0);

    REQUIRE(fd >= 0);
    for (size_t off = 0; off < len; off += sizeof block) {
        size_t part = len - off < sizeof block ? len - off : sizeof block;

        for (size_t i = 0; i < part; i++)
            block[i] = file_byte(off + i);
        REQUIRE(pwrite(fd, block, part, (off_t)off) == (ssize_t)part);
    }
    return fd;
}

__attribute__((unused)) static void file_put(int fd, const void *bytes, size_t len, uint64_t off)
{
    REQUIRE(pwrite(fd, bytes, len, (off_t)off) == (ssize_t)len);
}

/* An ELF file with this table at phoff. */
__attribute__((unused)) static int elf_make_at(uint16_t type, const Elf64_Phdr *phdr, size_t count,
                                               size_t len, uint64_t phoff)
{
    int fd = file_make(len);
    Elf64_Ehdr ehdr = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = type,
#ifdef __aarch64__
        .e_machine = EM_AARCH64,
#else
        .e_machine = EM_X86_64,
#endif
        .e_version = EV_CURRENT,
        .e_phoff = phoff,
        .e_ehsize = sizeof ehdr,
        .e_phentsize = sizeof *phdr,
        .e_phnum = (uint16_t)count};

    file_put(fd, &ehdr, sizeof ehdr, 0);
    if (count != 0)
        file_put(fd, phdr, count * sizeof *phdr, phoff);
    return fd;
}

__attribute__((unused)) static int elf_make(uint16_t type, const Elf64_Phdr *phdr, size_t count,
                                            size_t len)
{
    return elf_make_at(type, phdr, count, len, sizeof(Elf64_Ehdr));
}

enum {
#ifdef __aarch64__
    AOUT_MACHINE = 183,
#else
    AOUT_MACHINE = 157,
#endif
    OMAGIC = 0407,
    NMAGIC = 0410,
    ZMAGIC = 0413,
};

/* An a.out header as SunOS 4.x had it: eight words, in this machine's byte order. */
struct aout {
    uint8_t tool, machine;
    uint16_t magic;
    uint32_t text, data, bss, syms, entry, trsize, drsize;
};

__attribute__((unused)) static int aout_make(const struct aout *header, size_t len)
{
    int fd = file_make(len);

    file_put(fd, header, sizeof *header, 0);
    return fd;
}

/* A reservation for mmapfd. */
void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off); /* <sys/mman.h> */
__attribute__((unused)) static void *reserve_range(void *addr, size_t len)
{
    int zero = open("/dev/zero", 0);
    void *got;

    REQUIRE(zero >= 0);
    got = mmap(addr, len, 0 /* PROT_NONE */, 0x12 /* MAP_PRIVATE | MAP_FIXED */, zero, 0);
    REQUIRE(got == addr);
    close(zero);
    return got;
}

/* One PT_LOAD: rights, where in the file, where in memory, sizes, alignment. */
#define LOAD(flags, off, vaddr, filesz, memsz, align)                                              \
    {                                                                                              \
        PT_LOAD, flags, off, vaddr, vaddr, filesz, memsz, align                                    \
    }
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

enum { R = PF_R, W = PF_W, X = PF_X };

#endif
