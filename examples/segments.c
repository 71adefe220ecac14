/*
 * segments.c - prints what mmapfd would map of a file, one line an element.
 *
 *     make build/x86_64/examples/segments && build/x86_64/examples/segments /bin/true
 *
 * Uses the library as a program that knows nothing of the file does: asks for the number of elements,
 * makes room, maps, and on refusal lets mmapfd_explain say why.
 */
#include <fcntl.h>
#include <mmapfd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static bool refused(const char *file, const struct mmapfd_reason *reason)
{
    char why[200];

    mmapfd_explain(reason, why, sizeof why);
    fprintf(stderr, "%s: %s\n", file, why);
    return false;
}

static bool map(const char *file, mmapfd_result_t **list, unsigned int *count)
{
    int fd = open(file, O_RDONLY);
    struct mmapfd_reason reason;
    int err;

    if (fd < 0) {
        perror(file);
        return false;
    }
    *count = 0;
    err = mmapfd_raw(fd, MMFD_INTERPRET, NULL, count, NULL, &reason);
    /* No file has 0 elements: the first call fails, and with E2BIG alone it has set the number. */
    if (*count == 0)
        return refused(file, &reason);
    *list = calloc(*count, sizeof **list);
    if (!*list) {
        perror(file);
        return false;
    }
    err = mmapfd_raw(fd, MMFD_INTERPRET, *list, count, NULL, &reason);
    return err == 0 || refused(file, &reason);
}

static void print(const mmapfd_result_t *r)
{
    printf("%#14lx %#9zx %#9zx %#7zx %c%c%c", (unsigned long)r->mr_addr, r->mr_msize, r->mr_fsize,
           r->mr_offset, r->mr_prot & PROT_READ ? 'r' : '-', r->mr_prot & PROT_WRITE ? 'w' : '-',
           r->mr_prot & PROT_EXEC ? 'x' : '-');
    if (r->mr_flags & MFD_ELF_HDR)
        printf(" ELF header");
    if (r->mr_flags & MFD_AOUT_HDR)
        printf(" a.out header");
    printf("\n");
}

int main(int argc, char **argv)
{
    mmapfd_result_t *list = NULL;
    unsigned int count;

    if (argc != 2 || strcmp(argv[1], "--help") == 0) {
        fprintf(argc == 2 ? stdout : stderr, "usage: %s file\n", argv[0]);
        return argc == 2 ? 0 : 2;
    }
    if (!map(argv[1], &list, &count))
        return 1;
    printf("%14s %9s %9s %7s %s\n", "address", "size", "file", "offset", "rights, flags");
    for (unsigned int i = 0; i < count; i++)
        print(&list[i]);
    return 0;
}
