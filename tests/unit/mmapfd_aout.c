/*
 * mmapfd_aout.c - the a.out formats, sentence by sentence.
 *
 * No tool writes these files, so their headers are packed here. The text of what is mapped is run: a
 * function that returns 42.
 */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <sys/mman.h>

#include "list.h"

enum { PAGE = 4096, SEGMENT = 0x10000, HEADER = sizeof(struct aout) };

static struct picture before, after;

static bool is_element(const mmapfd_result_t *r, size_t msize, size_t fsize, unsigned int prot,
                       uint64_t flags)
{
    return r->mr_msize == msize && r->mr_fsize == fsize && r->mr_offset == 0 &&
           r->mr_prot == prot && r->mr_flags == flags && (uintptr_t)r->mr_addr % PAGE == 0;
}

/* len bytes at memory are the file's from off on, and zeros follow up to end. */
static bool shows(const char *memory, int fd, uint64_t off, size_t len, size_t end)
{
    static char bytes[0x10000];

    if (pread(fd, bytes, len, (off_t)off) != (ssize_t)len || memcmp(bytes, memory, len) != 0)
        return false;
    while (len < end && memory[len] == 0)
        len++;
    return len >= end;
}

/* Writes the function to the file, so that it is where the entry point says. */
static void put_code(int fd, uint64_t off)
{
#ifdef __aarch64__
    static const uint32_t code[] = {0x52800540, 0xd65f03c0}; /* mov w0, #42; ret */
#else
    static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov $42, %eax; ret */
#endif
    file_put(fd, code, sizeof code, off);
}

static bool runs(const char *entry)
{
    return ((int (*)(void))(uintptr_t)entry)() == 42;
}

static void test_demand(void)
{
    const struct aout header = {.tool = 0x81,
                                .machine = AOUT_MACHINE,
                                .magic = ZMAGIC,
                                .text = 0x2000,
                                .data = 0x300,
                                .bss = 0x1500,
                                .entry = SEGMENT + 0x20};
    int fd = aout_make(&header, 0x2300 + 100);

    put_code(fd, 0x20);
    picture_take(&before);
    CHECK("an a.out executable is mapped", map(fd) == 0 && list_len == 2);
    CHECK("its text at the address of the format, readable and executable",
          list[0].mr_addr == (char *)SEGMENT &&
              is_element(&list[0], 0x2000, 0x2000, PROT_READ | PROT_EXEC, MFD_AOUT_HDR));
    CHECK("with ZMAGIC the header is the beginning of the text",
          shows(list[0].mr_addr, fd, 0, 0x2000, 0x2000) &&
              memcmp(list[0].mr_addr, &header, sizeof header) == 0);
    CHECK("its data at the next multiple of the segment size, readable and writable, bss with it",
          list[1].mr_addr == (char *)(2 * SEGMENT) &&
              is_element(&list[1], 0x1800, 0x300, PROT_READ | PROT_WRITE, 0));
    CHECK("bss is zeros", shows(list[1].mr_addr, fd, 0x2000, 0x300, 0x2000));
    CHECK("its text runs", runs(list[0].mr_addr + 0x20));
    unmap_list();
    picture_take(&after);
    CHECK("munmap on each element frees everything the call made", picture_equal(&before, &after));
    close(fd);
}

static void test_pure(void)
{
    const struct aout header = {.machine = AOUT_MACHINE,
                                .magic = NMAGIC,
                                .text = 0x1234,
                                .data = 0x2345,
                                .bss = 1,
                                .entry = SEGMENT};
    int fd = aout_make(&header, HEADER + 0x1234 + 0x2345);

    put_code(fd, HEADER);
    CHECK("with NMAGIC the text begins behind the header",
          map(fd) == 0 && list_len == 2 && list[0].mr_addr == (char *)SEGMENT &&
              is_element(&list[0], 0x1234, 0x1234, PROT_READ | PROT_EXEC, MFD_AOUT_HDR) &&
              shows(list[0].mr_addr, fd, HEADER, 0x1234, 0x2000));
    CHECK("the data follows it in the file, and is on pages of its own",
          list[1].mr_addr == (char *)(2 * SEGMENT) &&
              is_element(&list[1], 0x2346, 0x2345, PROT_READ | PROT_WRITE, 0) &&
              shows(list[1].mr_addr, fd, HEADER + 0x1234, 0x2345, 0x3000));
    CHECK("NMAGIC text runs", runs(list[0].mr_addr));
    unmap_list();
    close(fd);
}

static void test_impure(void)
{
    const struct aout header = {.machine = AOUT_MACHINE,
                                .magic = OMAGIC,
                                .text = 0x1234,
                                .data = 0x345,
                                .bss = 0x2000,
                                .entry = 0};
    int fd = aout_make(&header, HEADER + 0x1234 + 0x345);

    put_code(fd, HEADER);
    CHECK("with OMAGIC text, data and bss are one element, writable and executable",
          map(fd) == 0 && list_len == 1 && list[0].mr_addr == (char *)SEGMENT &&
              is_element(&list[0], 0x3579, 0x1579, PROT_READ | PROT_WRITE | PROT_EXEC,
                         MFD_AOUT_HDR) &&
              shows(list[0].mr_addr, fd, HEADER, 0x1579, 0x4000));
    CHECK("OMAGIC text runs", runs(list[0].mr_addr));
    unmap_list();
    close(fd);
}

static void test_shared(void)
{
    const struct aout header = {.machine = AOUT_MACHINE,
                                .magic = ZMAGIC,
                                .text = 0x1000,
                                .data = 0x300,
                                .bss = 0x10,
                                .entry = 0x20};
    int fd = aout_make(&header, 0x1300);
    mmapfd_result_t again[MANY];
    unsigned int again_len = MANY;

    put_code(fd, 0x20);
    CHECK("an a.out shared object, whose entry is below the first text address, is placed freely",
          map(fd) == 0 && list_len == 2 &&
              mmapfd_raw(fd, MMFD_INTERPRET, again, &again_len, NULL, NULL) == 0 &&
              again[0].mr_addr != list[0].mr_addr && (uintptr_t)list[0].mr_addr % SEGMENT == 0);
    CHECK("its data at the same distance as in the file's own addresses",
          list[1].mr_addr == list[0].mr_addr + SEGMENT &&
              shows(list[1].mr_addr, fd, 0x1000, 0x300, PAGE));
    CHECK("a shared object's text runs", runs(list[0].mr_addr + 0x20));
    unmap_list();
    for (unsigned int i = 0; i < again_len; i++)
        munmap(again[i].mr_addr, again[i].mr_msize);
    close(fd);
}

static void test_parts(void)
{
    struct aout header = {
        .machine = AOUT_MACHINE, .magic = NMAGIC, .text = 0, .bss = 0x1001, .entry = SEGMENT};
    size_t padding = PAGE;
    int fd = aout_make(&header, 100);

    CHECK("an a.out file without text and data has its bss",
          map(fd) == 0 && list_len == 1 && list[0].mr_addr == (char *)SEGMENT &&
              is_element(&list[0], 0x1001, 0, PROT_READ | PROT_WRITE, MFD_AOUT_HDR));
    unmap_list();
    CHECK("padding is ignored for a.out",
          map_with(fd, MMFD_INTERPRET | MMFD_PADDING, &padding) == 0 && list_len == 1);
    unmap_list();
    list_len = 0;
    CHECK("an a.out file tells how many elements it needs",
          mmapfd_raw(fd, MMFD_INTERPRET, NULL, &list_len, NULL, NULL) == -E2BIG && list_len == 1);
    CHECK("without INTERPRET it is mapped as it is",
          map_with(fd, 0, NULL) == 0 && list_len == 1 && is_element(list, 100, 100, PROT_READ, 0));
    unmap_list();
    header.bss = 0;
    file_put(fd, &header, sizeof header, 0);
    CHECK("an a.out file that wants no memory: ENOTSUP", map(fd) == -ENOTSUP);
    close(fd);
}

static void test_taken(void)
{
    const struct aout header = {
        .machine = AOUT_MACHINE, .magic = ZMAGIC, .text = 0x1000, .data = 1, .entry = SEGMENT};
    int fd = aout_make(&header, 0x1001);
    char *live = mmap((char *)(2 * SEGMENT), PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    strcpy(live, "mine");
    picture_take(&before);
    CHECK("an a.out executable whose range is in use: EADDRINUSE", map(fd) == -EADDRINUSE);
    picture_take(&after);
    CHECK("what was there stays, and nothing else is mapped",
          picture_equal(&before, &after) && strcmp(live, "mine") == 0);
    munmap(live, PAGE);
    close(fd);
}

/* What is refused, with the field that says why. */
static void test_refused(void)
{
    static const struct {
        const char *sentence;
        struct aout header;
        size_t len;
        const char *check;
        uint64_t offset;
    } files[] = {
        {"text past the end: ENOTSUP",
         {0, AOUT_MACHINE, ZMAGIC, .text = 0x1001},
         0x1000,
         "a_text",
         4},
        {"text of NMAGIC past the end: ENOTSUP",
         {0, AOUT_MACHINE, NMAGIC, .text = 0xff0},
         0x1000,
         "a_text",
         4},
        {"data past the end: ENOTSUP",
         {0, AOUT_MACHINE, NMAGIC, .text = 0xf00, .data = 0xe1},
         0x1000,
         "a_data",
         8},
        {"sizes that would wrap 32 bits: ENOTSUP",
         {0, AOUT_MACHINE, NMAGIC, .text = 0x80, .data = 0xffffff80},
         0x1000,
         "a_data",
         8},
        {"a text that does not hold its header: ENOTSUP",
         {0, AOUT_MACHINE, ZMAGIC, .text = 31},
         0x1000,
         "a_text",
         4},
        {"a file shorter than the header: ENOTSUP",
         {0, AOUT_MACHINE, ZMAGIC, .text = 32},
         31,
         "file length",
         UINT64_MAX},
    };

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        int fd = aout_make(&files[i].header, files[i].len), err;

        REQUIRE(ftruncate(fd, (off_t)files[i].len) == 0);
        picture_take(&before);
        err = map(fd);
        picture_take(&after);
        CHECK(files[i].sentence, err == -ENOTSUP && strcmp(reason.check, files[i].check) == 0 &&
                                     reason.offset == files[i].offset &&
                                     picture_equal(&before, &after));
        close(fd);
    }
}

static void test_foreign(void)
{
    static const struct {
        unsigned char bytes[4];
        const char *name;
    } files[] = {
        {{0x80, 3, 1, 0x0b}, "Sun SPARC"},
        {{0, 2, 1, 0x07}, "Sun 68020"},
        {{0, 1, 1, 0x08}, "Sun 68010"},
        {{0, 0, 1, 0x07}, "Sun-2"},
        {{0x0b, 1, 100, 0}, "i386"},
        {{0xcc, 0, 100, 0}, "i386"},
        {{0, 134, 1, 0x0b}, "BSD i386"},
        {{0, 134, 0, 0xcc}, "BSD i386"},
        {{0, 150, 1, 0x07}, "VAX"},
        {{0, 141, 1, 0x0b}, "Alpha"},
        {{0, 3, 0x0b, 1}, "Sun SPARC"},
#ifdef __aarch64__
        {{0, 157, 0x0b, 1}, "x86-64"},
#else
        {{0, 183, 0x0b, 1}, "AArch64"},
#endif
        {{0, AOUT_MACHINE, 1, 0x0b}, "byte order"},
    };

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        int fd = file_make(0x1000), err;

        file_put(fd, files[i].bytes, 4, 0);
        err = map(fd);
        printf("# %s\n", reason.check);
        CHECK("an a.out file for elsewhere is refused by name: ENOTSUP",
              err == -ENOTSUP && strstr(reason.check, files[i].name));
        close(fd);
    }
}

static void test_other(void)
{
    static const unsigned char files[][4] = {{0, AOUT_MACHINE, 0x07, 0x02},
                                             {0, 99, 0x07, 0x01},
                                             {0, 3, 1, 0x09},
                                             {0x0b, 1, 99, 0},
                                             {0x07, 0x01, 0, 0},
                                             {'#', '!', '/', 'b'}};
    bool is_invalid = true;

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        int fd = file_make(0x1000);

        file_put(fd, files[i], 4, 0);
        is_invalid &= map(fd) == -EINVAL;
        REQUIRE(ftruncate(fd, 3) == 0);
        is_invalid &= map(fd) == -EINVAL;
        close(fd);
    }
    CHECK("what is neither ELF nor a.out: EINVAL", is_invalid);
}

int main(void)
{
    check_begin();
    test_demand();
    test_pure();
    test_impure();
    test_shared();
    test_parts();
    test_taken();
    test_refused();
    test_foreign();
    test_other();
    return check_failures != 0;
}
