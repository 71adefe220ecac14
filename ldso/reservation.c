/*
 * reservation.c - asks the kernel what is mapped at an address.
 *
 * Assumes nothing, maps nothing. Called by mmapfd.c, in the rare case that a fixed address is taken.
 *
 * Linux 6.11 and later answer for one address, by an ioctl on /proc/self/maps (PROCMAP_QUERY, see
 * <linux/fs.h>). Elsewhere the text of that file is read, as far as the address. Its lines ascend
 * (proc(5)):
 *   7f1c2a400000-7f1c2a600000 ---p 00000000 00:06 7                          /dev/zero
 */
#include "reservation.h"

#include "image.h"
#include "sys.h"

/* ---- by query ---- */

/* <linux/fs.h> */
struct procmap_query {
    uint64_t size, query_flags, query_addr;
    uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
    uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
    uint64_t vma_name_addr, build_id_addr;
};
enum {
    VMA_READABLE = 0x1,
    VMA_WRITABLE = 0x2,
    VMA_EXECUTABLE = 0x4,
    VMA_SHARED = 0x8,
    COVERING_OR_NEXT_VMA = 0x10,
};
/* _IOWR('f', 17, struct procmap_query), <asm-generic/ioctl.h> */
#define PROCMAP_QUERY (3u << 30 | (unsigned int)sizeof(struct procmap_query) << 16 | 'f' << 8 | 17)

static int query(const struct reservation *r, uintptr_t addr, struct reservation_mapping *m)
{
    struct procmap_query q = {
        .size = sizeof q, .query_flags = COVERING_OR_NEXT_VMA, .query_addr = addr};
    int err = sys_ioctl(r->maps, PROCMAP_QUERY, &q);

    if (err == 0)
        *m = (struct reservation_mapping){
            .start = q.vma_start,
            .end = q.vma_end,
            .is_inaccessible = !(q.vma_flags & (VMA_READABLE | VMA_WRITABLE | VMA_EXECUTABLE)),
            .is_shared = q.vma_flags & VMA_SHARED,
            .major = q.dev_major,
            .minor = q.dev_minor,
            .inode = q.inode};
    return err;
}

/* ---- by text ---- */

/* The next character, 0 at the end of the list or when it cannot be read. */
static char next_char(struct reservation *r)
{
    if (r->at == r->len) {
        long got = sys_read(r->maps, r->buf, sizeof r->buf);

        r->at = 0;
        r->len = got > 0 ? (size_t)got : 0;
        if (r->len == 0)
            return 0;
    }
    return r->buf[r->at++];
}

/* A number, and the one character behind it. */
static uint64_t next_number(struct reservation *r, unsigned int base)
{
    uint64_t number = 0;

    for (;;) {
        char c = next_char(r);

        if (c >= '0' && c <= '9')
            number = number * base + (uint64_t)(c - '0');
        else if (base == 16 && c >= 'a' && c <= 'f')
            number = number * base + (uint64_t)(c - 'a' + 10);
        else
            return number;
    }
}

static void read_line(struct reservation *r, struct reservation_mapping *m)
{
    char rights[5], c;

    m->start = next_number(r, 16);
    m->end = next_number(r, 16);
    for (size_t i = 0; i < sizeof rights; i++)
        rights[i] = next_char(r);
    next_number(r, 16); /* offset in the file */
    m->major = (unsigned int)next_number(r, 16);
    m->minor = (unsigned int)next_number(r, 16);
    m->inode = next_number(r, 10);
    m->is_inaccessible = rights[0] == '-' && rights[1] == '-' && rights[2] == '-';
    m->is_shared = rights[3] == 's';
    do
        c = next_char(r);
    while (c != '\n' && c != 0);
}

/* ---- either way ---- */

/* The mapping that covers addr, or the next one above it. -ENOENT: there is none. */
static int next_mapping(struct reservation *r, uintptr_t addr, struct reservation_mapping *m)
{
    int err;

    if (!r->is_text) {
        err = query(r, addr, m);
        if (err == 0 || err == -ENOENT)
            return err;
        COUNT(maps_read_as_text);
        r->is_text = true;
    }
    while (r->last.end <= addr) {
        read_line(r, &r->last);
        if (r->last.end == 0)
            return -ENOENT;
    }
    *m = r->last;
    return 0;
}

static bool is_reservation(const struct reservation *r, const struct reservation_mapping *m)
{
    return m->is_inaccessible && !m->is_shared && m->inode == r->inode && m->major == r->major &&
           m->minor == r->minor;
}

bool reservation_covers(struct reservation *r, uintptr_t from, uintptr_t to)
{
    while (from < to) {
        struct reservation_mapping m;

        if (next_mapping(r, from, &m) != 0 || m.start > from || !is_reservation(r, &m))
            return false;
        from = m.end;
    }
    return true;
}

static int identify_device(struct reservation *r)
{
    const uint64_t zero = 1 << 8 | 5; /* major 1, minor 5: null(4) */
    struct sys_stat st;
    int err = sys_fstat(r->device, &st);

    if (err == 0 && (!S_ISCHR(st.mode) || st.rdev != zero))
        err = -ENODEV;
    if (err != 0)
        return err;
    /* The encoding of stat(2): twelve bits of the major number in the middle of twenty. */
    r->major = (unsigned int)(st.dev >> 8 & 0xfff);
    r->minor = (unsigned int)((st.dev & 0xff) | (st.dev >> 12 & 0xfff00));
    r->inode = st.ino;
    return 0;
}

/* Where there is no such file, or it is none of ours, there are no reservations: the address is taken.
 * What keeps us from looking is an error of its own. */
static int absence(int err)
{
    return err == -ENOENT || err == -ENOTDIR || err == -EACCES || err == -ENODEV ? -EEXIST : err;
}

int reservation_open(struct reservation *r)
{
    int err;

    if (r->is_open)
        return 0;
    r->device = sys_open("/dev/zero");
    if (r->device < 0)
        return absence(r->device);
    err = identify_device(r);
    r->maps = err == 0 ? sys_open("/proc/self/maps") : err;
    if (r->maps < 0) {
        sys_close(r->device);
        return absence(r->maps);
    }
    r->is_open = true;
    return 0;
}

void reservation_close(const struct reservation *r)
{
    if (!r->is_open)
        return;
    sys_close(r->maps);
    sys_close(r->device);
}
