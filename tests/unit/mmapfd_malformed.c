/*
 * mmapfd_malformed.c - what tests/malformed/generate wrote, given to mmapfd file by file.
 *
 *     mmapfd_malformed DIRECTORY
 *
 * Each file must give the errno that DIRECTORY/index says, with a reason, and leave the process as it
 * was. Then each byte of the valid file's headers is changed in several ways: whatever comes of it
 * must be an errno of the contract, or a list that can be unmapped.
 */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <sys/mman.h>

#include "mmapfd.h"

enum { ELEMENTS = 64, ALL_ELEMENTS = 65536 };

static mmapfd_result_t list[ALL_ELEMENTS];
static struct picture before, after;

/* Maps and unmaps again. */
static int try_with(int fd, unsigned int capacity, struct mmapfd_reason *reason)
{
    unsigned int len = capacity;
    int err = mmapfd_raw(fd, MMFD_INTERPRET, list, &len, NULL, reason);

    for (unsigned int i = 0; err == 0 && i < len; i++)
        munmap(list[i].mr_addr, list[i].mr_msize);
    return err;
}

static int error_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } errors[] = {{"0", 0},           {"EINVAL", EINVAL}, {"ENOTSUP", ENOTSUP},
                  {"E2BIG", E2BIG},   {"ENOMEM", ENOMEM}, {"EADDRINUSE", EADDRINUSE},
                  {"EACCES", EACCES}, {"EIO", EIO}};

    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        if (strcmp(errors[i].name, name) == 0)
            return errors[i].number;
    }
    REQUIRE(!"a known errno in the index");
    return -1;
}

static void print_reason(const struct mmapfd_reason *r)
{
    printf("# %s", r->check);
    if (r->index >= 0)
        printf(" of program header %d", r->index);
    if (r->relation)
        printf(" is %#llx, wanted: %s %#llx", (unsigned long long)r->found, r->relation,
               (unsigned long long)r->wanted);
    printf("\n");
}

static void test_file(const char *name, int wanted)
{
    struct mmapfd_reason reason = {0};
    int fd = open(name, 0), err;

    REQUIRE(fd >= 0);
    picture_take(&before);
    err = try_with(fd, ELEMENTS, &reason);
    picture_take(&after);
    close(fd);
    printf("# %s: %d\n", name, err);
    CHECK("the errno is the one wanted", err == -wanted);
    CHECK("the process is as before", picture_equal(&before, &after));
    if (wanted != 0 && CHECK("there is a reason", reason.check != NULL))
        print_reason(&reason);
}

static void test_index(void)
{
    FILE *index = fopen("index", "r");
    char name[100], error[20];
    int files = 0;

    REQUIRE(index);
    while (fscanf(index, "%99s %19s", name, error) == 2) {
        test_file(name, error_number(error));
        files++;
    }
    fclose(index);
    CHECK("the index was not empty", files > 0);
}

/* With room for all of them, 65534 segments are more than a process may have mappings. */
static void test_many_headers(void)
{
    int fd = open("35-many-headers", 0), err;

    REQUIRE(fd >= 0);
    picture_take(&before);
    err = try_with(fd, ALL_ELEMENTS, NULL);
    picture_take(&after);
    CHECK("65534 program headers: mapped or ENOMEM", err == 0 || err == -ENOMEM);
    CHECK("and gone again without a rest", picture_equal(&before, &after));
    close(fd);
}

static bool is_of_contract(int err)
{
    return err == 0 || err == -EINVAL || err == -ENOTSUP || err == -ENOMEM || err == -EADDRINUSE;
}

static void test_each_byte(void)
{
    static const unsigned char changes[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff};
    static char bytes[0x20000];
    int fd = open("00-valid", 0), copy = memfd_create("copy", 0);
    ssize_t len = read(fd, bytes, sizeof bytes);
    bool is_handled = true;
    size_t headers = sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr);

    REQUIRE(len > (ssize_t)headers);
    file_put(copy, bytes, (size_t)len, 0);
    picture_take(&before);
    for (size_t at = 0; at < headers; at++) {
        for (size_t i = 0; i < COUNT_OF(changes); i++) {
            char changed = (char)(bytes[at] ^ changes[i]);
            int err;

            file_put(copy, &changed, 1, at);
            err = try_with(copy, ELEMENTS, NULL);
            if (!is_of_contract(err)) {
                printf("# byte %zu ^ %#x: %d\n", at, changes[i], err);
                is_handled = false;
            }
        }
        file_put(copy, &bytes[at], 1, at);
    }
    picture_take(&after);
    CHECK("whatever byte of the headers is changed, the outcome is one of the contract",
          is_handled);
    CHECK("and nothing of it stays", picture_equal(&before, &after));
    close(copy);
    close(fd);
}

int main(int argc, char **argv)
{
    check_begin();
    REQUIRE(argc == 2 && chdir(argv[1]) == 0);
    /* What class 34 wants to be mapped over. */
    REQUIRE(mmap((void *)0x20000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                 0) == (void *)0x20000000);
    test_index();
    if (getenv("EMULATED"))
        SKIP("whatever byte is changed", "qemu-user runs out of memory over huge reservations");
    else
        test_each_byte();
    test_many_headers();
    return check_failures != 0;
}
