/*
 * seeds.c - writes small files for the fuzz target to begin with: seeds DIRECTORY
 *
 * Each shows one thing that mmapfd.c and image.c tell apart. What compilers make, and the malformed
 * files, come from elsewhere: tests/fuzz/corpus.
 */
#define _GNU_SOURCE
#include "check.h"

enum { PAGE = 4096, AT = 0x10000000, TAKEN = 0x20000000 };

static const char *directory;

static void save(const char *name, int fd)
{
    static char bytes[1 << 16];
    char path[4096];
    ssize_t len = pread(fd, bytes, sizeof bytes, 0);
    FILE *out;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    out = fopen(path, "wb");
    REQUIRE(out && fwrite(bytes, 1, (size_t)len, out) == (size_t)len && fclose(out) == 0);
    close(fd);
}

#define SAVE(name, type, len, phoff, ...)                                                          \
    do {                                                                                           \
        const Elf64_Phdr table[] = {__VA_ARGS__};                                                  \
                                                                                                   \
        save(name, elf_make_at(type, table, COUNT_OF(table), len, phoff));                         \
    } while (0)

static void save_segments(void)
{
    SAVE("usual", ET_DYN, 0x3010, 64, LOAD(R, 0, 0, 0x628, 0x628, PAGE),
         LOAD(R | X, 0x1000, 0x1000, 0x15d, 0x15d, PAGE), LOAD(R, 0x2000, 0x2000, 0xd4, 0xd4, PAGE),
         LOAD(R | W, 0x2de8, 0x3de8, 0x228, 0x230, PAGE));
    SAVE("small", ET_DYN, 0x200, 64, LOAD(R, 0, 0, 0x200, 0x200, PAGE));
    SAVE("one-page-twice", ET_DYN, 0x800, 64, LOAD(R | X, 0, 0, 0x800, 0x800, PAGE),
         LOAD(R | W, 0x700, 0x1700, 0x100, 0x900, PAGE));
    SAVE("hole", ET_DYN, 0x1100, 64, LOAD(R, 0, 0, 0x400, 0x400, PAGE),
         LOAD(R | W, 0x1000, 0x8000, 0x100, 0x2000, PAGE));
    SAVE("only-zeros", ET_DYN, 0x100, 64, LOAD(R | W, 0, 0, 0, 0x3000, PAGE));
    SAVE("read-only-zeros", ET_DYN, 0x200, 64, LOAD(R, 0, 0, 0x200, 0x1800, PAGE));
    SAVE("nothing-wanted", ET_DYN, 0x200, 64, LOAD(R, 0, 0, 0x200, 0x200, PAGE),
         LOAD(R, 0, 0x2000, 0, 0, PAGE));
    SAVE("no-rights", ET_DYN, 0x200, 64, LOAD(0, 0, 0, 0x200, 0x200, PAGE));
    SAVE("write-only", ET_DYN, 0x200, 64, LOAD(W, 0, 0, 0x200, 0x300, PAGE));
    SAVE("incongruent", ET_DYN, 0x600, 64, LOAD(R, 0, 0, 0x400, 0x400, PAGE),
         LOAD(R | X, 0x401, 0x2000, 0x15d, 0x400, PAGE));
    SAVE("widened", ET_DYN, 0x600, 64, LOAD(R, 0x40, 0x40, 0x400, 0x400, PAGE));
    SAVE("shared-page", ET_DYN, 0x600, 64, LOAD(R, 0, 0, 0x300, 0x300, PAGE),
         LOAD(R, 0x300, 0x300, 0x300, 0x300, PAGE));
    SAVE("large-data", ET_DYN, 0x6800, 64, LOAD(R | X, 0, 0, 0x400, 0x400, PAGE),
         LOAD(R | W, 0x1000, 0x1000, 0x5800, 0x7000, PAGE));
    SAVE("ends-with-a-page", ET_DYN, 0x7000, 64, LOAD(R | X, 0, 0, 0x400, 0x400, PAGE),
         LOAD(R | W, 0x1000, 0x1000, 0x6000, 0x6000, PAGE));
    SAVE("align-2m", ET_DYN, 0x400, 64, LOAD(R, 0, 0, 0x400, 0x400, 0x200000));
    SAVE("align-3", ET_DYN, 0x400, 64, LOAD(R, 0, 0, 0x400, 0x400, 3));
    SAVE("align-absurd", ET_DYN, 0x400, 64, LOAD(R, 0, 0x80000, 0x400, 0x400, UINT64_C(1) << 57));
    SAVE("linked-high", ET_DYN, 0x400, 64,
         LOAD(R, 0, UINT64_C(0xffffffff80000000), 0x400, 0x400, PAGE));
    SAVE("vast", ET_DYN, 0x400, 64, LOAD(R, 0, 0, 0x400, 0x400, PAGE),
         LOAD(0, 0, 0x10000, 0, UINT64_C(1) << 45, PAGE));
    SAVE("table-apart", ET_DYN, 0x1100, 0x1008, LOAD(R, 0, 0, 0x1100, 0x1100, PAGE),
         LOAD(R | W, 0, 0x4000, 0, 0x100, PAGE));
    SAVE("other-headers", ET_DYN, 0x400, 64, {PT_PHDR, R, 64, 64, 64, 112, 112, 8},
         LOAD(R, 0, 0, 0x400, 0x400, PAGE), {PT_GNU_STACK, R | W, 0, 0, 0, 0, 0, 16});
}

static void save_other_types(void)
{
    SAVE("fixed", ET_EXEC, 0x600, 64, LOAD(R, 0, AT, 0x400, 0x400, PAGE),
         LOAD(R | X, 0x400, AT + 0x1400, 0x100, 0x100, PAGE),
         LOAD(R | W, 0x500, AT + 0x2500, 0x100, 0x2000, PAGE));
    SAVE("fixed-at-0", ET_EXEC, 0x400, 64, LOAD(R, 0, 0, 0x400, 0x400, PAGE));
    SAVE("fixed-hole", ET_EXEC, 0x600, 64, LOAD(R, 0, AT, 0x400, 0x400, PAGE),
         LOAD(R | W, 0x400, AT + 0x8400, 0x200, 0x200, PAGE));
    SAVE("fixed-over-another", ET_EXEC, 0x600, 64, LOAD(R, 0, TAKEN - PAGE, 0x400, 0x400, PAGE),
         LOAD(R | W, 0x400, TAKEN + 0x400, 0x200, 0x200, PAGE));
    SAVE("relocatable", ET_REL, 0x400, 64, {0});
    SAVE("core", ET_CORE, 0x1100, 64, {PT_NOTE, R, 0x100, 0, 0, 0x80, 0x80, 4},
         LOAD(R | W, 0x1000, 0x5000, 0x100, 0x100, PAGE));
}

/* An a.out header: dynamic bit and version, machine, magic, then sizes. */
static void save_aout(const char *name, uint8_t version, uint8_t machine, uint16_t magic,
                      uint32_t entry)
{
    const struct {
        uint8_t version, machine;
        uint16_t magic;
        uint32_t text, data, bss, syms, entry, trsize, drsize;
    } header = {version, machine, magic, 0x1000, 0x200, 0x300, 0, entry, 0, 0};
    int fd = file_make(0x1000 + 0x200 + sizeof header);

    _Static_assert(sizeof header == 32, "as on disk");
    file_put(fd, &header, sizeof header, 0);
    save(name, fd);
}

static void save_aouts(void)
{
    enum { VERSION = 1, DYNAMIC = 0x80, NETBSD_X86_64 = 157, NETBSD_AARCH64 = 183, SPARC = 3 };
    enum { OMAGIC = 0407, NMAGIC = 0410, ZMAGIC = 0413 };
#ifdef __aarch64__
    const uint8_t host = NETBSD_AARCH64, foreign = NETBSD_X86_64;
#else
    const uint8_t host = NETBSD_X86_64, foreign = NETBSD_AARCH64;
#endif

    save_aout("aout-impure", VERSION, host, OMAGIC, 0x2000);
    save_aout("aout-pure", VERSION, host, NMAGIC, 0x2000);
    save_aout("aout-paged", VERSION, host, ZMAGIC, 0x2020);
    save_aout("aout-shared", DYNAMIC | VERSION, host, ZMAGIC, 0x20);
    save_aout("aout-foreign", VERSION, foreign, ZMAGIC, 0x2020);
    save_aout("aout-sparc", VERSION, SPARC, __builtin_bswap16(ZMAGIC), 0x20200000);
}

static void save_text(const char *name, const char *text)
{
    int fd = file_make(0);

    file_put(fd, text, strlen(text), 0);
    save(name, fd);
}

int main(int argc, char **argv)
{
    REQUIRE(argc == 2);
    directory = argv[1];
    save_segments();
    save_other_types();
    save_aouts();
    save_text("script", "#!/bin/sh\nexit 0\n");
    save_text("empty", "");
    return 0;
}
