/*
 * hosted.c - a program with a libc that maps its own file, and one that is refused.
 *
 *     hosted FILE REFUSED
 */
#include <errno.h>
#include <fcntl.h>
#include <mmapfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void try(const char *path)
{
    mmapfd_result_t list[16];
    unsigned int len = 16;
    int fd = open(path, O_RDONLY);

    errno = 0;
    if (mmapfd(fd, MMFD_INTERPRET, list, &len, NULL) == 0) {
        printf("%s, errno %d\n", memcmp(list[0].mr_addr, "\177ELF", 4) ? "no ELF header" : "mapped",
               errno);
        for (unsigned int i = 0; i < len; i++)
            munmap(list[i].mr_addr, list[i].mr_msize);
    } else {
        struct mmapfd_reason reason;
        char sentence[200];
        int err = mmapfd_raw(fd, MMFD_INTERPRET, list, &len, NULL, &reason);

        printf("refused: %d, %s\n", err == -errno, errno == ENOTSUP ? "ENOTSUP" : "another errno");
        mmapfd_explain(&reason, sentence, sizeof sentence);
        printf("%s\n", sentence);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        try(argv[i]);
    return 0;
}
