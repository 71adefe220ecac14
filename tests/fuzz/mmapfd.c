/*
 * mmapfd.c - fuzz target: whatever bytes a file holds, mmapfd keeps its contract.
 *
 * One entry for libFuzzer and for AFL++. The input is the file. It is mapped in several ways, and the
 * outcome is compared with a model that reads the program headers naively, in 128-bit arithmetic, and
 * shares no code with image.c: which files are to be refused, what a refusal says, what each element
 * holds, and that everything is gone afterwards. A violation aborts.
 *
 * The core's calls of sys_* are led through hooks by the linker (--wrap), to shorten reads, to fail one
 * call, to cut the file during the call, or to plant a fault that the oracle has to notice.
 *
 * Uses no header of ldso: the constants here are the C library's, as a caller's would be.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mmapfd.h"

__extension__ typedef unsigned __int128 u128; /* sums of two 64-bit numbers do not wrap */

enum { PAGE = 4096, MANY = 256, FILL = 0x55 };

#ifdef __aarch64__
enum { MACHINE = EM_AARCH64 };
#else
enum { MACHINE = EM_X86_64 };
#endif

#define HOLDS(condition) ((condition) ? (void)0 : violation(#condition, __LINE__))

static const char *way = "preparing"; /* how the file is being mapped, for the message */
static int result;

_Noreturn static void violation(const char *condition, int line)
{
    fprintf(stderr, "mmapfd broke its contract (%s, returned %d, line %d): %s\n", way, result, line,
            condition);
    abort();
}

static uint64_t page_down(uint64_t addr)
{
    return addr & ~(uint64_t)(PAGE - 1);
}

static uint64_t page_up(uint64_t addr)
{
    return page_down(addr + PAGE - 1);
}

/* ---- the file ---- */

static struct {
    const uint8_t *bytes;
    size_t size;
    int fd;
    uint64_t hash; /* of the bytes: chooses among what there is no time to try each time */
} file = {.fd = -1};

static void file_write(void)
{
    HOLDS(pwrite(file.fd, file.bytes, file.size, 0) == (ssize_t)file.size);
    HOLDS(ftruncate(file.fd, (off_t)file.size) == 0);
}

static void file_open(const uint8_t *bytes, size_t size)
{
    file.bytes = bytes;
    file.size = size;
    file.hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        file.hash = (file.hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    file_write();
}

/* A number below limit, another one for each step. */
static uint64_t choose(uint64_t limit)
{
    file.hash = (file.hash ^ file.hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return (file.hash >> 32) % limit;
}

/* ---- hooks ---- */

static struct hooks {
    bool is_slow;      /* reads are short, and every other one is interrupted */
    bool has_looked;   /* the file's length is known: from here on calls are counted */
    unsigned int made; /* calls */
    unsigned int fail_at, cut_at;
    bool has_failed, has_cut;
    off_t cut;
    unsigned int last_look, last_file_map; /* numbers of calls */
} hooks;

/* PLANTED_FAULT makes one of the hooks wrong, so that a test can see that the oracle notices. */
enum {
    PLANTED_none,
    PLANTED_mmap_anon, /* over what is there */
    PLANTED_mprotect,  /* not at all */
    PLANTED_munmap,    /* not at all */
    PLANTED_fstat,     /* as long as it was */
    PLANTED_pread      /* one bit is wrong */
};
#ifndef PLANTED_FAULT
#define PLANTED_FAULT none
#endif
#define PLANTED_NAME(name) PLANTED_##name
#define PLANTED_CODE(name) PLANTED_NAME(name)
#define PLANTED(name) (PLANTED_CODE(PLANTED_FAULT) == PLANTED_##name)

/* 0, or the error that this call is to give. */
static int hook(void)
{
    if (!hooks.has_looked)
        return 0;
    hooks.made++;
    if (hooks.made == hooks.cut_at) {
        hooks.has_cut = true;
        HOLDS(ftruncate(file.fd, hooks.cut) == 0);
    }
    if (hooks.made != hooks.fail_at)
        return 0;
    hooks.has_failed = true;
    return -ENOMEM;
}

/* As ldso/sys.h has them; the contents of struct sys_stat are no concern of ours. */
struct sys_stat;
void *__real_sys_mmap(void *addr, size_t len, int prot, int flags, int fd, uint64_t off);
void *__real_sys_mmap_anon(void *addr, size_t len, int prot, int flags);
int __real_sys_mprotect(void *addr, size_t len, int prot);
int __real_sys_munmap(void *addr, size_t len);
int __real_sys_fstat(int fd, struct sys_stat *st);
long __real_sys_pread(int fd, void *buf, size_t len, uint64_t off);
void *__wrap_sys_mmap(void *addr, size_t len, int prot, int flags, int fd, uint64_t off);
void *__wrap_sys_mmap_anon(void *addr, size_t len, int prot, int flags);
int __wrap_sys_mprotect(void *addr, size_t len, int prot);
int __wrap_sys_munmap(void *addr, size_t len);
int __wrap_sys_fstat(int fd, struct sys_stat *st);
long __wrap_sys_pread(int fd, void *buf, size_t len, uint64_t off);

void *__wrap_sys_mmap(void *addr, size_t len, int prot, int flags, int fd, uint64_t off)
{
    intptr_t err = hook();

    hooks.last_file_map = hooks.made;
    return err != 0 ? (void *)err : __real_sys_mmap(addr, len, prot, flags, fd, off);
}

void *__wrap_sys_mmap_anon(void *addr, size_t len, int prot, int flags)
{
    intptr_t err = hook();

    if (PLANTED(mmap_anon) && flags & MAP_FIXED_NOREPLACE)
        flags ^= MAP_FIXED_NOREPLACE | MAP_FIXED;
    return err != 0 ? (void *)err : __real_sys_mmap_anon(addr, len, prot, flags);
}

int __wrap_sys_mprotect(void *addr, size_t len, int prot)
{
    int err = hook();

    return err != 0 || PLANTED(mprotect) ? err : __real_sys_mprotect(addr, len, prot);
}

/* Never fails: a call could not clean up. */
int __wrap_sys_munmap(void *addr, size_t len)
{
    return PLANTED(munmap) ? 0 : __real_sys_munmap(addr, len);
}

int __wrap_sys_fstat(int fd, struct sys_stat *st)
{
    int err = hook();

    hooks.last_look = hooks.made;
    if (err == 0 && PLANTED(fstat) && hooks.has_cut) /* has not noticed */
        file_write();
    if (err == 0)
        err = __real_sys_fstat(fd, st);
    hooks.has_looked = true;
    return err;
}

long __wrap_sys_pread(int fd, void *buf, size_t len, uint64_t off)
{
    long err = hook();

    hooks.last_look = hooks.made;
    if (hooks.is_slow && hooks.made % 2 == 0)
        err = -EINTR;
    if (hooks.is_slow && len > 1000)
        len = 1000;
    if (err == 0)
        err = __real_sys_pread(fd, buf, len, off);
    if (err > 0 && off != 0 && PLANTED(pread))
        ((char *)buf)[err - 1] ^= 1;
    return err;
}

/* ---- the model: what the headers say ---- */

enum verdict {
    OTHER,    /* no ELF: no opinion */
    WHOLE,    /* an ELF that is mapped as it is */
    SEGMENTS, /* loaded[] */
    MALFORMED
};

static struct {
    enum verdict verdict;
    Elf64_Ehdr ehdr;
    uint64_t table_count; /* program headers, 0 if they are not all in the file */
    Elf64_Phdr *table;
    size_t count; /* segments that occupy memory; loaded has the first MANY */
    Elf64_Phdr loaded[MANY];
    uint64_t align;    /* rounded up to a power of two, a page at least; 0 if there is none */
    uint64_t file_end; /* of the last byte that a segment takes from the file */
    bool is_modest;    /* small enough that there must be room */
} model;

static unsigned int prot_of(const Elf64_Phdr *ph)
{
    unsigned int prot = PROT_NONE;

    if (ph->p_flags & PF_R)
        prot |= PROT_READ;
    if (ph->p_flags & PF_W)
        prot |= PROT_WRITE;
    if (ph->p_flags & PF_X)
        prot |= PROT_EXEC;
    return prot;
}

static bool is_malformed_load(const Elf64_Phdr *ph)
{
    if (ph->p_filesz > ph->p_memsz || ph->p_offset >> 63)
        return true;
    if (ph->p_filesz > 0 && (u128)ph->p_offset + ph->p_filesz > file.size)
        return true;
    return (u128)ph->p_vaddr + ph->p_memsz > page_down(UINT64_MAX);
}

/* Two segments on one page: as the page cannot be both, each byte of it and its rights must agree. */
static bool can_follow(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
    uint64_t end = a->p_vaddr + a->p_memsz;

    if (b->p_vaddr < end)
        return false;
    if (page_down(b->p_vaddr) >= page_up(end))
        return true;
    return a->p_filesz == a->p_memsz && b->p_filesz != 0 && prot_of(a) == prot_of(b) &&
           a->p_vaddr - a->p_offset == b->p_vaddr - b->p_offset &&
           b->p_vaddr % PAGE == b->p_offset % PAGE;
}

static enum verdict judge_loads(void)
{
    Elf64_Phdr last = {0}, first = {0};

    for (size_t i = 0; i < model.table_count; i++) {
        const Elf64_Phdr *ph = &model.table[i];

        if (ph->p_type != PT_LOAD)
            continue;
        if (is_malformed_load(ph))
            return MALFORMED;
        if (ph->p_memsz == 0)
            continue;
        if (model.count > 0 && !can_follow(&last, ph))
            return MALFORMED;
        while (model.align < ph->p_align && model.align != 0)
            model.align *= 2;
        first = model.count == 0 ? *ph : first;
        last = *ph;
        if (ph->p_filesz > 0 && ph->p_offset + ph->p_filesz > model.file_end)
            model.file_end = ph->p_offset + ph->p_filesz;
        if (model.count < MANY)
            model.loaded[model.count] = last;
        model.count++;
    }
    model.is_modest = model.align != 0 && model.align <= 1 << 30 &&
                      last.p_vaddr + last.p_memsz - first.p_vaddr <= 1 << 30;
    return model.count == 0 ? MALFORMED : SEGMENTS;
}

static enum verdict judge_elf(void)
{
    const Elf64_Ehdr *e = &model.ehdr;
    u128 table_end;

    if (file.size < sizeof *e)
        return MALFORMED;
    memcpy(&model.ehdr, file.bytes, sizeof model.ehdr);
    if (e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_ident[EI_DATA] != ELFDATA2LSB ||
        e->e_ident[EI_VERSION] != EV_CURRENT || e->e_version != EV_CURRENT ||
        e->e_machine != MACHINE)
        return MALFORMED;
    if (e->e_type == ET_REL || e->e_type == ET_CORE)
        return WHOLE;
    if (e->e_type != ET_DYN && e->e_type != ET_EXEC)
        return MALFORMED;
    table_end = (u128)e->e_phoff + (u128)e->e_phnum * sizeof(Elf64_Phdr);
    if (e->e_phentsize != sizeof(Elf64_Phdr) || e->e_phnum == 0 || e->e_phnum == PN_XNUM ||
        e->e_phoff % 8 != 0 || table_end > file.size)
        return MALFORMED;
    model.table_count = e->e_phnum;
    model.table = malloc(model.table_count * sizeof *model.table);
    HOLDS(model.table);
    memcpy(model.table, file.bytes + e->e_phoff, model.table_count * sizeof *model.table);
    return judge_loads();
}

static void judge(void)
{
    memset(&model, 0, sizeof model);
    model.align = PAGE;
    if (file.size < SELFMAG || memcmp(file.bytes, ELFMAG, SELFMAG) != 0)
        model.verdict = OTHER;
    else
        model.verdict = judge_elf();
}

/* ---- a page that is in use ---- */

/* Where one of the malformed files wants to be, and what the dictionary knows. */
#define TAKEN UINT64_C(0x20000000)
static const char taken_text[] = "nothing may be mapped over this";

static void take_page(void)
{
    void *page = mmap((void *)TAKEN, PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    HOLDS(page == (void *)TAKEN);
    memcpy(page, taken_text, sizeof taken_text);
}

/* Whether a segment at its linked address would cover the page. */
static bool wants_taken(void)
{
    for (size_t i = 0; i < model.count && i < MANY; i++) {
        const Elf64_Phdr *ph = &model.loaded[i];

        if (page_down(ph->p_vaddr) <= TAKEN && page_up(ph->p_vaddr + ph->p_memsz) > TAKEN)
            return true;
    }
    return false;
}

/* ---- one call, and what holds for every one ---- */

static struct call {
    unsigned int flags;
    size_t padding; /* with MMFD_PADDING */
    unsigned int capacity, elements;
    mmapfd_result_t list[MANY];
    struct mmapfd_reason reason;
} call;

static mmapfd_result_t untouched[MANY];

static int statm_fd = -1, maps_fd = -1; /* in /proc/self */

/* Pages that the process has mapped. One number, but exact, and cheap enough for every call. */
static unsigned long pages_mapped(void)
{
    char text[128] = "";

    HOLDS(pread(statm_fd, text, sizeof text - 1, 0) > 0);
    return strtoul(text, NULL, 10);
}

static int lowest_free_descriptor(void)
{
    int fd = fcntl(file.fd, F_DUPFD, 0);

    HOLDS(fd >= 0);
    close(fd);
    return fd;
}

static bool is_contract_error(int err)
{
    switch (-err) {
    case EINVAL:
    case ENOTSUP:
    case EACCES:
    case E2BIG:
    case ENOMEM:
    case EADDRINUSE:
    case EIO:
        return true;
    default:
        return false;
    }
}

/* Not strcmp: libFuzzer takes what that compares for words to put into files. */
static bool is_text(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

/* Bytes of a field of an ELF header, 0 if the name is not one. */
static size_t field_width(const char *name)
{
    static const struct {
        const char *name;
        size_t width;
    } fields[] = {{"EI_CLASS", 1},    {"EI_DATA", 1},   {"EI_VERSION", 1}, {"e_type", 2},
                  {"e_machine", 2},   {"e_version", 4}, {"e_phoff", 8},    {"e_phnum", 2},
                  {"e_phentsize", 2}, {"p_offset", 8},  {"p_vaddr", 8},    {"p_filesz", 8},
                  {"p_memsz", 8},     {"p_align", 8}};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (is_text(fields[i].name, name))
            return fields[i].width;
    }
    return 0;
}

/* Whether found is wrong, as the relation says. */
static bool is_complaint(const struct mmapfd_reason *r)
{
    if (is_text(r->relation, "is"))
        return r->found != r->wanted;
    if (is_text(r->relation, "at least"))
        return r->found < r->wanted;
    if (is_text(r->relation, "at most"))
        return r->found > r->wanted;
    if (is_text(r->relation, "less than"))
        return r->found >= r->wanted;
    if (is_text(r->relation, "multiple of"))
        return r->wanted != 0 && r->found % r->wanted != 0;
    return is_text(r->relation, "a free address"); /* whether it is: wants_taken */
}

/* A reason is true: that number stands there in the file, and it is not what is wanted. */
static void check_reason(const struct mmapfd_reason *r)
{
    uint64_t in_file = 0, table = model.ehdr.e_phoff + (uint64_t)r->index * sizeof(Elf64_Phdr);
    size_t width;

    HOLDS(r->check && r->check[0]);
    if (!r->relation)
        return;
    HOLDS(is_complaint(r));
    if (r->offset == UINT64_MAX)
        return;
    width = field_width(r->check);
    HOLDS(r->offset < file.size && width <= file.size - r->offset);
    memcpy(&in_file, file.bytes + r->offset, width);
    HOLDS(width == 0 || in_file == r->found);
    HOLDS(r->index == -1 || (r->offset >= table && r->offset - table < sizeof(Elf64_Phdr)));
}

static void check_failure(int err)
{
    HOLDS(is_contract_error(err));
    HOLDS(memcmp(call.list, untouched, sizeof untouched) == 0);
    if (err == -E2BIG)
        HOLDS(call.elements > call.capacity);
    else
        HOLDS(call.elements == call.capacity);
    if (!hooks.has_cut)
        check_reason(&call.reason);
    else
        HOLDS(call.reason.check);
}

static int map(void)
{
    size_t padding = call.padding;

    call.elements = call.capacity;
    memset(call.list, FILL, sizeof call.list);
    memset(&call.reason, 0, sizeof call.reason);
    call.reason.offset = UINT64_MAX;
    result = mmapfd_raw(file.fd, call.flags, call.capacity ? call.list : NULL, &call.elements,
                        call.flags & MMFD_PADDING ? &padding : NULL, &call.reason);
    HOLDS(result <= 0);
    if (hooks.has_cut)
        file_write();
    if (result < 0)
        check_failure(result);
    else
        HOLDS(!call.reason.check && call.elements <= call.capacity && call.elements > 0);
    return result;
}

/* ---- what elements hold ---- */

/* Byte by byte, since the address sanitizer knows nothing about mappings that it has not made. */
__attribute__((no_sanitize("address"))) static bool is_zero(const char *from, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++) {
        if (from[i] != 0)
            return false;
    }
    return true;
}

__attribute__((no_sanitize("address"))) static bool is_equal(const char *from, const uint8_t *bytes,
                                                             uint64_t len)
{
    for (uint64_t i = 0; i < len; i++) {
        if ((uint8_t)from[i] != bytes[i])
            return false;
    }
    return true;
}

/* Of terabytes the two ends, and pages here and there. */
static void check_zeros(const char *from, uint64_t len)
{
    const uint64_t enough = 16 * PAGE;

    if (len <= 2 * enough) {
        HOLDS(is_zero(from, len));
        return;
    }
    HOLDS(is_zero(from, enough));
    HOLDS(is_zero(from + len - enough, enough));
    for (uint64_t i = 1; i < 8; i++)
        HOLDS(is_zero(from + len / 8 * i, PAGE / 8));
}

__attribute__((no_sanitize("address"))) static void check_writable(char *at)
{
    char old = *at;

    *(volatile char *)at = (char)~old;
    HOLDS(*(volatile char *)at == (char)~old);
    *(volatile char *)at = old;
}

/* What can be said of an element whose format the model does not know. */
static void check_touchable(const mmapfd_result_t *m)
{
    uint64_t step = m->mr_msize / 1024 < PAGE ? PAGE : m->mr_msize / 1024;

    HOLDS(m->mr_fsize <= m->mr_msize - m->mr_offset && m->mr_fsize <= file.size);
    HOLDS(!(m->mr_flags & MFD_ELF_HDR));
    for (uint64_t at = 0; m->mr_prot & PROT_READ && at < m->mr_msize; at += step)
        is_zero(m->mr_addr + at, 1);
    if (m->mr_prot & PROT_WRITE)
        check_writable(m->mr_addr + m->mr_msize - 1);
}

/* fsize bytes of the file from off, zeros behind them. */
static void check_contents(const mmapfd_result_t *m, uint64_t off)
{
    char *data = m->mr_addr + m->mr_offset;
    uint64_t len = m->mr_msize - m->mr_offset;

    HOLDS(m->mr_fsize <= len && (m->mr_fsize == 0 || off + m->mr_fsize <= file.size));
    if (m->mr_prot & PROT_READ) {
        HOLDS(is_equal(data, file.bytes + off, m->mr_fsize));
        check_zeros(data + m->mr_fsize, len - m->mr_fsize);
    }
    if (m->mr_prot & PROT_WRITE) {
        check_writable(data);
        check_writable(data + len - 1);
    }
}

/* What holds for the elements of any list, whatever is in the file. */
static void check_list(void)
{
    const mmapfd_result_t *last = NULL;

    for (unsigned int i = 0; i < call.elements; i++) {
        const mmapfd_result_t *m = &call.list[i];

        HOLDS((uintptr_t)m->mr_addr % PAGE == 0 && m->mr_addr);
        HOLDS(m->mr_msize > 0 && m->mr_offset < m->mr_msize);
        HOLDS((uintptr_t)m->mr_addr + m->mr_msize > (uintptr_t)m->mr_addr);
        HOLDS(!(m->mr_prot & ~(unsigned int)(PROT_READ | PROT_WRITE | PROT_EXEC)));
        HOLDS(!(m->mr_flags & ~(uint64_t)(MFD_PADDING | MFD_ELF_HDR | MFD_AOUT_HDR)));
        /* Two that go on in each other can share a page, which the second begins with again; so
         * does a header, widened down. */
        HOLDS(!last || m->mr_addr >= last->mr_addr);
        HOLDS(!last || m->mr_addr + m->mr_offset >= last->mr_addr + last->mr_msize ||
              (m->mr_flags & MFD_ELF_HDR));
        HOLDS(!last || m->mr_addr >= (char *)page_up((uintptr_t)last->mr_addr + last->mr_msize) ||
              m->mr_prot == last->mr_prot);
        last = m;
    }
    HOLDS(memcmp(call.list + call.elements, untouched + call.elements,
                 (MANY - call.elements) * sizeof *untouched) == 0);
}

/* Each page of each element has the rights that the list says; the kernel's own list is compared. */
static void check_rights(void)
{
    static char maps[1 << 18];
    char *line = maps;
    ssize_t got;
    size_t len = 0;

    while ((got = pread(maps_fd, maps + len, sizeof maps - 1 - len, (off_t)len)) > 0)
        len += (size_t)got;
    maps[len] = 0;
    for (unsigned int i = 0; i < call.elements; i++) {
        const mmapfd_result_t *m = &call.list[i];
        uintptr_t at = (uintptr_t)m->mr_addr, end = page_up(at + m->mr_msize);
        const char rights[] = {m->mr_prot & PROT_READ ? 'r' : '-',
                               m->mr_prot & PROT_WRITE ? 'w' : '-',
                               m->mr_prot & PROT_EXEC ? 'x' : '-', 'p'};

        while (at < end) {
            char *rest;
            uintptr_t lo = strtoul(line, &rest, 16), hi = strtoul(rest + 1, &rest, 16);

            if (hi > at) {
                HOLDS(lo <= at && memcmp(rest + 1, rights, sizeof rights) == 0);
                at = hi;
            }
            if (at < end)
                line = strchr(line, '\n') + 1;
            HOLDS(*line);
        }
    }
}

/* Takes the paddings off: the elements between them. */
static const mmapfd_result_t *without_padding(unsigned int *count)
{
    const mmapfd_result_t *lo = call.list, *hi = call.list + call.elements - 1;
    uint64_t len = page_up(call.padding);

    *count = call.elements;
    if (!(call.flags & MMFD_PADDING) || call.padding == 0)
        return lo;
    if (model.verdict == OTHER && call.flags & MMFD_INTERPRET && lo->mr_flags != MFD_PADDING)
        return lo; /* a.out ignores it */
    HOLDS(call.elements >= 3);
    HOLDS(lo->mr_flags == MFD_PADDING && hi->mr_flags == MFD_PADDING);
    HOLDS(lo->mr_prot == 0 && lo->mr_fsize == 0 && lo->mr_offset == 0 && lo->mr_msize == len);
    HOLDS(hi->mr_prot == 0 && hi->mr_fsize == 0 && hi->mr_offset == 0 && hi->mr_msize == len);
    HOLDS(lo->mr_addr + len == lo[1].mr_addr);
    HOLDS((char *)page_up((uintptr_t)hi[-1].mr_addr + hi[-1].mr_msize) == hi->mr_addr);
    *count -= 2;
    return lo + 1;
}

/* The header is readable through the element that says so, if only one can be. */
static bool check_segment(const mmapfd_result_t *m, const Elf64_Phdr *ph, uint64_t bias)
{
    uint64_t before = ph->p_vaddr % PAGE, offset = ph->p_offset;

    HOLDS((uintptr_t)m->mr_addr == page_down(ph->p_vaddr) + bias);
    HOLDS(m->mr_msize == before + ph->p_memsz && m->mr_prot == prot_of(ph));
    if (m->mr_offset == 0 && before != 0) { /* widened down to the start of the file */
        HOLDS(model.ehdr.e_type == ET_DYN && m->mr_flags == MFD_ELF_HDR && offset == before);
        HOLDS(m->mr_fsize == before + ph->p_filesz);
        offset = 0;
    } else {
        HOLDS(m->mr_offset == before && m->mr_fsize == ph->p_filesz);
    }
    check_contents(m, offset);
    HOLDS(m->mr_flags == 0 || m->mr_flags == MFD_ELF_HDR);
    if (m->mr_flags == MFD_ELF_HDR && m->mr_prot & PROT_READ && offset % PAGE == before)
        HOLDS(is_equal(m->mr_addr, file.bytes, sizeof(Elf64_Ehdr)));
    return m->mr_flags == MFD_ELF_HDR;
}

static void check_segments(const mmapfd_result_t *m, unsigned int count)
{
    uint64_t bias = (uintptr_t)m->mr_addr - page_down(model.loaded[0].p_vaddr);
    unsigned int headers = 0;

    HOLDS(count == model.count);
    HOLDS(model.ehdr.e_type == ET_DYN ? bias % model.align == 0 : bias == 0);
    for (unsigned int i = 0; i < count; i++)
        headers += check_segment(&m[i], &model.loaded[i], bias);
    HOLDS(headers <= 1);
    HOLDS(headers == 1 || model.loaded[0].p_offset != 0 || model.loaded[0].p_filesz < 64);
}

static void check_success(void)
{
    bool is_whole = !(call.flags & MMFD_INTERPRET) || model.verdict == WHOLE;
    unsigned int count;
    const mmapfd_result_t *m = without_padding(&count);

    check_list();
    check_rights();
    if (is_whole) {
        HOLDS(count == 1 && m->mr_msize == file.size && m->mr_fsize == file.size);
        HOLDS(m->mr_prot == PROT_READ && m->mr_offset == 0);
        HOLDS(m->mr_flags == (call.flags & MMFD_INTERPRET ? MFD_ELF_HDR : 0));
        check_contents(m, 0);
    } else if (model.verdict == SEGMENTS) {
        check_segments(m, count);
    } else {
        for (unsigned int i = 0; i < count; i++) /* an a.out: what it holds is another test's */
            check_touchable(&m[i]);
    }
}

/* ---- whether a call may succeed ---- */

static unsigned int elements_wanted(void)
{
    size_t count = call.flags & MMFD_INTERPRET && model.verdict == SEGMENTS ? model.count : 1;

    return (unsigned int)count + (call.flags & MMFD_PADDING && call.padding ? 2 : 0);
}

static void check_result(int err)
{
    enum verdict verdict = call.flags & MMFD_INTERPRET ? model.verdict : WHOLE;

    if (file.size == 0) {
        HOLDS(err == -EINVAL);
    } else if (verdict == OTHER) {
        HOLDS(err != -EIO);
    } else if (verdict == MALFORMED) {
        HOLDS(err == -ENOTSUP);
    } else if (elements_wanted() > call.capacity) {
        HOLDS(err == -E2BIG && call.elements == elements_wanted());
    } else if (err != 0) {
        bool has_fixed_place = verdict == SEGMENTS && model.ehdr.e_type == ET_EXEC;
        bool is_modest = (verdict == WHOLE || model.is_modest) &&
                         (!(call.flags & MMFD_PADDING) || call.padding <= 1 << 30);

        HOLDS(err == -ENOMEM || (err == -EADDRINUSE && has_fixed_place));
        HOLDS(err != -ENOMEM || !is_modest || has_fixed_place);
    } else {
        HOLDS(call.elements == elements_wanted());
        HOLDS(verdict == WHOLE || model.ehdr.e_type == ET_DYN || !wants_taken());
    }
}

static void unmap_list(void)
{
    for (unsigned int i = 0; i < call.elements; i++)
        HOLDS(munmap(call.list[i].mr_addr, call.list[i].mr_msize) == 0);
}

/* A call that fails, or a file that shrinks, during a call that otherwise gives expected. */
static void check_disturbed(int err, int expected)
{
    uint64_t end = model.verdict == SEGMENTS ? model.file_end : file.size;
    bool is_short = hooks.has_cut && (uint64_t)hooks.cut < end;

    /* What is read to look at the headers may be cut too, and no segment with it. */
    HOLDS(err == expected || (err == -EIO && hooks.has_cut) ||
          (err == -ENOMEM && hooks.has_failed));
    if (model.verdict == OTHER)
        return;
    /* Whether a taken address is reserved could not be asked: then it is not. */
    HOLDS(!hooks.has_failed || err == -ENOMEM || (err == expected && err == -EADDRINUSE));
    HOLDS(err != 0 || !is_short || hooks.last_look < hooks.cut_at);
}

enum { UNDISTURBED = 1 }; /* no result */

static unsigned int calls_made; /* by the last try */

/* Whether as much is mapped and open as before. */
static bool try_once(int expected)
{
    int descriptor = lowest_free_descriptor();
    unsigned long pages = pages_mapped();
    int err = map();

    if (expected == UNDISTURBED)
        check_result(err);
    else
        check_disturbed(err, expected);
    if (err == 0) {
        HOLDS(hooks.last_look > hooks.last_file_map || model.file_end == 0);
        check_success();
        unmap_list();
    }
    HOLDS(lowest_free_descriptor() == descriptor);
    HOLDS(memcmp((void *)TAKEN, taken_text, sizeof taken_text) == 0);
    return pages_mapped() == pages;
}

/* expected: what the same call gave when nothing disturbed it, UNDISTURBED if nothing does now. */
static int try(const char *name, int expected)
{
    const struct hooks wanted = hooks;
    bool is_clean = false;

    way = name;
    /* What grows once is not the core's: a fuzzer's own thread starts while the first input runs. */
    for (int i = 0; i < 5 && !is_clean; i++) {
        hooks = wanted;
        is_clean = try_once(expected);
    }
    HOLDS(is_clean || !"nothing stays mapped");
    calls_made = hooks.made;
    memset(&hooks, 0, sizeof hooks);
    return result;
}

/* ---- an image that is mapped already ---- */

static bool is_same(const mmapfd_result_t *a, const mmapfd_result_t *b)
{
    return a->mr_addr == b->mr_addr && a->mr_msize == b->mr_msize && a->mr_fsize == b->mr_fsize &&
           a->mr_offset == b->mr_offset && a->mr_prot == b->mr_prot && a->mr_flags == b->mr_flags;
}

/* The list of the program headers alone is the one that mapping gave. */
static void try_segments(int mapped, uint64_t bias)
{
    static mmapfd_result_t list[MANY];
    unsigned int elements = MANY;

    if (!model.table)
        return;
    way = "mmapfd_segments";
    result = mmapfd_segments(model.table, (unsigned int)model.table_count, bias, list, &elements);
    HOLDS(result == 0 || result == -ENOTSUP || result == -E2BIG);
    HOLDS(result != -E2BIG || elements > MANY);
    if (mapped == 0) {
        HOLDS(result == 0 && elements == call.elements);
        for (unsigned int i = 0; i < elements; i++)
            HOLDS(is_same(&list[i], &call.list[i]));
    }
}

/* ---- one input ---- */

static void set_call(unsigned int flags, size_t padding, unsigned int capacity)
{
    call.flags = flags;
    call.padding = padding;
    call.capacity = capacity;
}

/* Fails one call, and cuts the file before one: which, and how short, the bytes choose. */
static void try_faults(int undisturbed, unsigned int calls)
{
    if (calls == 0)
        return;
    hooks.fail_at = 1 + (unsigned int)choose(calls);
    try("interpreted, a system call fails", undisturbed);
    hooks.cut_at = 1 + (unsigned int)choose(calls);
    hooks.cut = (off_t)choose(file.size);
    try("interpreted, the file is cut", undisturbed);
}

static void try_all(void)
{
    static const size_t paddings[] = {
        0,       1, PAGE, 0x12345, (size_t)1 << 24, (size_t)1 << 45, SIZE_MAX / 4, SIZE_MAX - 1,
        SIZE_MAX};
    size_t padding = paddings[choose(sizeof paddings / sizeof *paddings)];
    unsigned int calls;
    int err;

    set_call(0, 0, MANY);
    try("as it is", UNDISTURBED);
    set_call(MMFD_INTERPRET, 0, MANY);
    err = try("interpreted", UNDISTURBED);
    calls = calls_made;
    try_segments(err, model.count == 0 || err != 0
                          ? choose(UINT64_MAX)
                          : (uintptr_t)call.list->mr_addr - page_down(model.loaded->p_vaddr));
    if (err == -EINVAL)
        return;
    set_call(MMFD_INTERPRET, 0, 0);
    try("counted", UNDISTURBED);
    set_call(MMFD_INTERPRET | MMFD_PADDING, padding, MANY);
    hooks.is_slow = true;
    try("padded, read slowly", UNDISTURBED);
    if (err == -ENOTSUP)
        return;
    set_call(MMFD_INTERPRET | MMFD_HUGEPAGE, 0, MANY);
    try("in huge pages", UNDISTURBED);
    set_call(MMFD_INTERPRET, 0, MANY);
    try_faults(err, calls);
}

/* Aligned to 2 MiB. The core puts the next such file below it, so what it makes of an input would
 * depend on the inputs before; this one is mapped before each, and an input that fails, fails alone. */
static int aligned_fd = -1;

static void make_aligned(void)
{
    static const struct {
        Elf64_Ehdr ehdr;
        Elf64_Phdr phdr;
    } aligned = {.ehdr = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                                      EV_CURRENT},
                          .e_type = ET_DYN,
                          .e_machine = MACHINE,
                          .e_version = EV_CURRENT,
                          .e_phoff = sizeof aligned.ehdr,
                          .e_phentsize = sizeof aligned.phdr,
                          .e_phnum = 1},
                 .phdr = {.p_type = PT_LOAD, .p_flags = PF_R, .p_memsz = 1, .p_align = 2 << 20}};

    aligned_fd = memfd_create("aligned", MFD_CLOEXEC);
    HOLDS(write(aligned_fd, &aligned, sizeof aligned) == sizeof aligned);
}

static void map_aligned(void)
{
    mmapfd_result_t m;
    unsigned int elements = 1;

    way = "aligned";
    result = mmapfd_raw(aligned_fd, MMFD_INTERPRET, &m, &elements, NULL, NULL);
    HOLDS(result == 0 && (uintptr_t)m.mr_addr % (2 << 20) == 0);
    HOLDS(munmap(m.mr_addr, m.mr_msize) == 0);
    memset(&hooks, 0, sizeof hooks);
}

static void prepare(void)
{
    memset(untouched, FILL, sizeof untouched);
    take_page();
    make_aligned();
    file.fd = memfd_create("fuzz", MFD_CLOEXEC);
    statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    maps_fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    HOLDS(file.fd >= 0 && statm_fd >= 0 && maps_fd >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (file.fd < 0)
        prepare();
    file_open(data, size);
    judge();
    map_aligned();
    try_all();
    free(model.table);
    return 0;
}
