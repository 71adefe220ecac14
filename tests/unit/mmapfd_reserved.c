/*
 * mmapfd_reserved.c - fixed addresses that are reserved: by /dev/zero, and by what only looks like it.
 *
 * How the kernel is asked is tested both ways in mmapfd_rare.c; here it is asked as it is.
 */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "list.h"

enum { PAGE = 4096 };
#define FIXED 0x10000000

static struct picture before, after;

static const Elf64_Phdr fixed[] = {
    LOAD(R, 0, FIXED, 0x628, 0x628, PAGE),
    LOAD(R | X, 0x1000, FIXED + 0x1000, 0x15d, 0x15d, PAGE),
    LOAD(R | W, 0x2de8, FIXED + 0x4de8, 0x228, 0x2230, PAGE),
};
enum { FIXED_LEN = 0x3100, SPAN = 0x9000 };

static bool is_reserved(const void *addr)
{
    static struct picture now;

    picture_take(&now);
    for (char *line = now.maps; *line; line = strchr(line, '\n') + 1) {
        unsigned long lo, hi;
        char rights[5], name[20] = "";

        if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %19[^\n]", &lo, &hi, rights, name) == 4 &&
            (uintptr_t)addr >= lo && (uintptr_t)addr < hi)
            return strcmp(rights, "---p") == 0 && strcmp(name, "/dev/zero") == 0;
    }
    return false;
}

static void test_within(void)
{
    int fd = elf_make(ET_EXEC, fixed, COUNT_OF(fixed), FIXED_LEN);
    char *hole = (char *)FIXED + 0x2000;

    reserve_range((char *)FIXED, SPAN);
    CHECK("ET_EXEC is mapped into a reservation",
          map(fd) == 0 && list_len == 3 && memcmp(list[0].mr_addr, ELFMAG, SELFMAG) == 0 &&
              list[0].mr_addr == (char *)FIXED);
    CHECK("what is not wanted of the reservation stays reserved",
          is_reserved(hole) && is_reserved((char *)FIXED + SPAN - PAGE));
    CHECK("what is wanted is not", !is_reserved((char *)FIXED) && !is_reserved(list[2].mr_addr));
    unmap_list();
    CHECK("unmapped, its place is free and no longer reserved",
          *picture_rights((char *)FIXED) == 0 && map(fd) == 0);
    CHECK("twice is once too often: EADDRINUSE", map(fd) == -EADDRINUSE);
    munmap((char *)FIXED, SPAN);
    close(fd);
}

/* One reservation a segment, or one for two. */
static void test_pieces(void)
{
    int fd = elf_make(ET_EXEC, fixed, COUNT_OF(fixed), FIXED_LEN);

    reserve_range((char *)FIXED, PAGE);
    CHECK("an element inside a reservation and another where nothing is",
          map(fd) == 0 && list_len == 3);
    unmap_list();
    reserve_range((char *)FIXED + 0x4000, 0x2000);
    reserve_range((char *)FIXED + 0x6000, 0x2000);
    CHECK("reservations that adjoin are as good as one", map(fd) == 0 && list_len == 3);
    unmap_list();
    reserve_range((char *)FIXED + 0x4000, 0x3000);
    picture_take(&before);
    CHECK("an element partly inside: EADDRINUSE", map(fd) == -EADDRINUSE);
    picture_take(&after);
    CHECK("and all is as before", picture_equal(&before, &after));
    mmap((char *)FIXED + 0x6000, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    reserve_range((char *)FIXED + 0x7000, PAGE);
    CHECK("something else in the middle: EADDRINUSE", map(fd) == -EADDRINUSE);
    munmap((char *)FIXED, SPAN);
    close(fd);
}

static void test_padding(void)
{
    int fd = elf_make(ET_EXEC, fixed, COUNT_OF(fixed), FIXED_LEN);

    reserve_range((char *)FIXED - PAGE, SPAN + 2 * PAGE);
    CHECK("padding takes part", map_padded(fd, PAGE) == 0 && list_len == 5 &&
                                    list[0].mr_flags == MFD_PADDING &&
                                    !is_reserved(list[0].mr_addr));
    unmap_list();
    munmap((char *)FIXED - PAGE, SPAN + 2 * PAGE);
    reserve_range((char *)FIXED, SPAN);
    CHECK("padding outside the reservation is an element of its own",
          map_padded(fd, PAGE) == 0 && list_len == 5);
    unmap_list();
    munmap((char *)FIXED, SPAN);
    close(fd);
}

static void test_aout(void)
{
    const struct aout header = {
        .machine = AOUT_MACHINE, .magic = ZMAGIC, .text = 0x1000, .data = 1, .entry = 0x10000};
    int fd = aout_make(&header, 0x1001);

    reserve_range((char *)0x10000, 0x20000);
    CHECK("an a.out executable is mapped into a reservation", map(fd) == 0 && list_len == 2);
    unmap_list();
    munmap((char *)0x10000, 0x20000);
    close(fd);
}

/* Maps what is given over the place of the first segment; it must stay, and be no reservation. */
static void check_live(const char *sentence, int prot, int flags, int device)
{
    int fd = elf_make(ET_EXEC, fixed, COUNT_OF(fixed), FIXED_LEN), err;

    REQUIRE(mmap((char *)FIXED, SPAN, prot, flags | MAP_FIXED, device, 0) == (char *)FIXED);
    picture_take(&before);
    err = map(fd);
    picture_take(&after);
    CHECK(sentence, err == -EADDRINUSE && picture_equal(&before, &after));
    munmap((char *)FIXED, SPAN);
    close(fd);
}

static void test_look_alikes(void)
{
    char name[] = "/tmp/mmapfd-zero-XXXXXX";
    int zero = open("/dev/zero", O_RDWR), file = mkstemp(name), memory = file_make(SPAN);

    REQUIRE(zero >= 0 && file >= 0 && ftruncate(file, SPAN) == 0);
    check_live("anonymous memory without rights is no reservation", PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS, -1);
    check_live("nor is /dev/zero with rights", PROT_READ, MAP_PRIVATE, zero);
    check_live("nor a shared mapping of it", PROT_NONE, MAP_SHARED, zero);
    check_live("nor any other file without rights", PROT_NONE, MAP_PRIVATE, file);
    check_live("nor a memory file", PROT_NONE, MAP_PRIVATE, memory);
    unlink(name);
    close(zero);
    close(file);
    close(memory);
}

/* A file that turns out to be too short is refused before anything is claimed. */
static void test_refused(void)
{
    int fd = elf_make(ET_EXEC, fixed, COUNT_OF(fixed), FIXED_LEN);

    REQUIRE(ftruncate(fd, 0x3000) == 0);
    reserve_range((char *)FIXED, SPAN);
    picture_take(&before);
    CHECK("a malformed file: ENOTSUP", map(fd) == -ENOTSUP);
    picture_take(&after);
    CHECK("leaves the reservation as it was", picture_equal(&before, &after));
    munmap((char *)FIXED, SPAN);
    close(fd);
}

int main(void)
{
    check_begin();
    test_within();
    test_pieces();
    test_padding();
    test_aout();
    test_look_alikes();
    test_refused();
    return check_failures != 0;
}
