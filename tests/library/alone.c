/* alone.c - a program without a libc that maps its standard input, and says why it cannot. */
#include <mmapfd.h>

#include "nolibc.h"

int main(int argc, char **argv)
{
    mmapfd_result_t list[16];
    unsigned int len = 16;
    struct mmapfd_reason reason;
    char sentence[200];
    int err = mmapfd_raw(0, MMFD_INTERPRET, list, &len, NULL, &reason);

    (void)argc, (void)argv;
    if (err == 0) {
        print(same((char[]){list[0].mr_addr[1], list[0].mr_addr[2], list[0].mr_addr[3], 0}, "ELF")
                  ? "mapped\n"
                  : "no ELF header\n");
        return 0;
    }
    mmapfd_explain(&reason, sentence, sizeof sentence);
    print(sentence);
    print("\n");
    return 1;
}
