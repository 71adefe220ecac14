/*
 * ranges.h - the map list of a process as ranges, for tests that compare address spaces.
 */
#ifndef RANGES_H
#define RANGES_H

#include "check.h"

enum { RANGES_MAX = 1024, RANGES_PAGE = 4096 };

struct range {
    uintptr_t lo, hi;
    char rights[5]; /* "r-xp" */
    unsigned long inode;
    bool is_kernels; /* [vdso], [vvar], [stack]: what a process has of the kernel's own */
};

struct ranges {
    struct range at[RANGES_MAX];
    size_t count;
};

static char ranges_text[1 << 18];

static inline void ranges_parse(struct ranges *r, const char *text)
{
    r->count = 0;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        struct range *at = &r->at[r->count++];
        char *end;

        REQUIRE(r->count <= RANGES_MAX);
        at->lo = strtoul(line, &end, 16);
        at->hi = strtoul(end + 1, &end, 16);
        memcpy(at->rights, end + 1, 4);
        at->rights[4] = 0;
        strtoul(end + 6, &end, 16); /* the offset */
        strtoul(end + 1, &end, 16); /* the device */
        strtoul(end + 1, &end, 16);
        at->inode = strtoul(end + 1, &end, 10);
        end += strspn(end, " ");
        at->is_kernels = *end == '[' && strncmp(end, "[heap]", 6) != 0;
    }
}

/* pid is a number or "self". */
__attribute__((unused)) static void ranges_read(struct ranges *r, const char *pid)
{
    char path[64];
    size_t len = 0;
    ssize_t got;
    int fd;

    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    fd = open(path, 0);
    REQUIRE(fd >= 0);
    while ((got = read(fd, ranges_text + len, sizeof ranges_text - 1 - len)) > 0)
        len += (size_t)got;
    close(fd);
    ranges_text[len] = 0;
    ranges_parse(r, ranges_text);
}

static inline uintptr_t range_down(uintptr_t addr)
{
    return addr & ~(uintptr_t)(RANGES_PAGE - 1);
}

static inline uintptr_t range_up(uintptr_t addr)
{
    return range_down(addr + RANGES_PAGE - 1);
}

/* The first range that ends behind addr. */
static inline const struct range *ranges_from(const struct ranges *r, uintptr_t addr)
{
    const struct range *at = r->at;

    while (at < r->at + r->count && at->hi <= addr)
        at++;
    return at < r->at + r->count ? at : NULL;
}

__attribute__((unused)) static bool ranges_are_free(const struct ranges *r, uintptr_t lo,
                                                    uintptr_t hi)
{
    const struct range *at = ranges_from(r, lo);

    return lo >= hi || !at || at->lo >= hi;
}

/* qemu-user leaves memory out of its list that the kernel has joined with the emulator's own beside it. The buffers of
 * system calls it checks by the rights that the program has given: so a byte of the page goes through a pipe and back.
 * What cannot be read, it does not tell from what is not mapped. */
static inline bool range_has_page(uintptr_t page, const char *rights)
{
    int ends[2];

    REQUIRE(pipe(ends) == 0);
    bool can_read = write(ends[1], (const void *)page, 1) == 1;
    bool can_write = can_read && read(ends[0], (void *)page, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return can_read && rights[0] == 'r' && can_write == (rights[1] == 'w');
}

/* All of [lo, hi) is mapped, and privately with these rights: "r-x". */
__attribute__((unused)) static bool ranges_have(const struct ranges *r, uintptr_t lo, uintptr_t hi,
                                                const char *rights)
{
    const bool is_emulated = getenv("EMULATED") != NULL;

    while (lo < hi) {
        const struct range *at = ranges_from(r, lo);

        if (at && at->lo <= lo) {
            /* qemu-user keeps neighbours that differ in nothing but x as one line of the map list. */
            if (at->rights[3] != 'p' || memcmp(at->rights, rights, is_emulated ? 2 : 3) != 0)
                return false;
            lo = at->hi;
        } else if (is_emulated && range_has_page(lo, rights)) {
            lo += RANGES_PAGE;
        } else {
            return false;
        }
    }
    return true;
}

/* As in the map list. */
__attribute__((unused)) static const char *rights_text(unsigned int read, unsigned int write,
                                                       unsigned int execute)
{
    static char texts[8][4];
    char *text = texts[(read ? 4 : 0) + (write ? 2 : 0) + (execute ? 1 : 0)];

    text[0] = read ? 'r' : '-';
    text[1] = write ? 'w' : '-';
    text[2] = execute ? 'x' : '-';
    return text;
}

#endif
