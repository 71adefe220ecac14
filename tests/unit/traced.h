/*
 * traced.h - a file as another party maps it, compared with the file as mmapfd maps it.
 *
 * The other party works in a child that is traced: Linux's execve is looked at before the program's
 * first instruction, a native loader that only lists dependencies just before it exits. So nothing
 * of the file itself ever runs, and the child's memory is read while it stands still. Then mmapfd
 * maps the same file here, and every segment's pages, rights and bytes are compared, and the holes
 * between. Bytes are compared from the start of the segment's first page.
 *
 * Differences that the contract decides otherwise, or nobody does, are rules here; each is counted,
 * so that one that spreads is seen. There is no rule about single files.
 *
 *   zero_rights   kernel: whatever p_flags say, it gives pages of zeros read and write, and
 *                 execution if PF_X asks for it. mmapfd: exactly p_flags.
 *   not_zeroed    kernel: in a segment that cannot be written the bytes behind p_filesz on the
 *                 last page of the file stay the file's. mmapfd: zeros.
 *   tails         bytes of the last page behind the segment's end are no part of it. Where zeros
 *                 begin, at a p_filesz less than p_memsz, the kernel and mmapfd zero the whole
 *                 page; loaders end with the segment.
 *   holes_kept    loaders keep holes between segments, inaccessible (glibc) or as they come
 *                 (musl). mmapfd: unmapped.
 *   holes_reused  kernel: unmaps the holes of a program without PT_INTERP, and then has its own
 *                 vdso there at times.
 *   relocated     a native loader writes into the file's dynamic section while it only lists. musl
 *                 relocates and protects as well: of its, only what cannot be written is compared.
 */
#ifndef TRACED_H
#define TRACED_H

#include "check.h"
#include "ranges.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "mmapfd.h"

enum party { KERNEL, GLIBC, MUSL };
enum { TRACED_HEADERS = 64, TRACED_BLOCK = 1 << 18, TRACED_ALL = 1 << 27 };

struct tally {
    unsigned long files, fixed, not_mapped;
    unsigned long segments, bytes, failed;
    unsigned long zero_rights, not_zeroed, tails, holes_kept, holes_reused,
        relocated; /* the rules above */
};

/* The file in the other's address space. */
struct other {
    enum party party;
    pid_t pid;
    int mem; /* /proc/PID/mem */
    struct ranges ranges;
    uintptr_t bias;
};

/* The file's own words, and mmapfd's work. */
struct mapped_file {
    const char *name;
    int fd;
    Elf64_Ehdr ehdr;
    Elf64_Phdr load[TRACED_HEADERS]; /* those that occupy memory */
    unsigned int count;
    Elf64_Phdr dynamic; /* PT_DYNAMIC, or all zeros */
    mmapfd_result_t list[TRACED_HEADERS];
    uintptr_t bias;
};

static int own_mem = -1; /* /proc/self/mem, of the process that compares */

/* ---- the child ---- */

static inline int open_proc(pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* One that stands at its exit is past signals, and goes on only when it is let. */
static inline void traced_kill(struct other *o)
{
    kill(o->pid, SIGKILL);
    ptrace(PTRACE_CONT, o->pid, NULL, NULL);
    while (waitpid(o->pid, NULL, __WALL) > 0)
        ;
    if (o->mem >= 0)
        close(o->mem);
}

/* fd, executed by a child that stops before its first instruction; false if it cannot be. */
static inline bool traced_exec(struct other *o, int fd, char *const *argv)
{
    static char *const no_environment[] = {NULL};
    int status;

    o->mem = -1;
    o->pid = fork();
    REQUIRE(o->pid >= 0);
    if (o->pid == 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
            syscall(SYS_execveat, fd, "", argv, no_environment, AT_EMPTY_PATH);
        _exit(127);
    }
    REQUIRE(waitpid(o->pid, &status, __WALL) == o->pid);
    if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP)
        return true;
    if (WIFSTOPPED(status))
        traced_kill(o);
    return false;
}

/* Until it exits, for whatever reason: signals are passed on, and its memory is still there. */
static inline bool traced_run_to_exit(struct other *o)
{
    long signal = 0;
    int status;

    REQUIRE(ptrace(PTRACE_SETOPTIONS, o->pid, NULL,
                   (void *)(PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)) == 0);
    for (;;) {
        if (ptrace(PTRACE_CONT, o->pid, NULL, (void *)signal) != 0 ||
            waitpid(o->pid, &status, __WALL) != o->pid || !WIFSTOPPED(status))
            return false;
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
            return true;
        signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    }
}

static inline void traced_look(struct other *o)
{
    char pid[16];

    snprintf(pid, sizeof pid, "%d", (int)o->pid);
    ranges_read(&o->ranges, pid);
    o->mem = open_proc(o->pid, "mem");
    REQUIRE(o->mem >= 0);
}

/* The kernel tells where it put the entry point. */
static inline bool traced_kernel_bias(struct other *o, const struct mapped_file *f)
{
    int fd = open_proc(o->pid, "auxv");
    Elf64_auxv_t entry;

    while (read(fd, &entry, sizeof entry) == sizeof entry && entry.a_type != AT_NULL) {
        if (entry.a_type != AT_ENTRY)
            continue;
        o->bias = entry.a_un.a_val - f->ehdr.e_entry;
        close(fd);
        return true;
    }
    close(fd);
    return false;
}

/* A loader put the first segment where the lowest mapping of the file is. */
static inline bool traced_loader_bias(struct other *o, const struct mapped_file *f)
{
    struct stat st;

    REQUIRE(fstat(f->fd, &st) == 0);
    for (size_t i = 0; i < o->ranges.count; i++) {
        if (o->ranges.at[i].inode == st.st_ino) {
            o->bias = o->ranges.at[i].lo - range_down(f->load[0].p_vaddr);
            return true;
        }
    }
    return false;
}

/* ---- mmapfd ---- */

/* False if it is no program or library of this machine, or has more segments than we look at. */
static inline bool mapped_file_read(struct mapped_file *f)
{
    Elf64_Phdr table[TRACED_HEADERS];
    const Elf64_Ehdr *e = &f->ehdr;

    f->count = 0;
    f->dynamic = (Elf64_Phdr){0};
    if (pread(f->fd, &f->ehdr, sizeof f->ehdr, 0) != sizeof f->ehdr ||
        memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 || e->e_ident[EI_CLASS] != ELFCLASS64 ||
#ifdef __aarch64__
        e->e_machine != EM_AARCH64 ||
#else
        e->e_machine != EM_X86_64 ||
#endif
        (e->e_type != ET_EXEC && e->e_type != ET_DYN) || e->e_phnum > TRACED_HEADERS ||
        pread(f->fd, table, e->e_phnum * sizeof *table, (off_t)e->e_phoff) !=
            (ssize_t)(e->e_phnum * sizeof *table))
        return false;
    for (unsigned int i = 0; i < e->e_phnum; i++) {
        if (table[i].p_type == PT_LOAD && table[i].p_memsz != 0)
            f->load[f->count++] = table[i];
        if (table[i].p_type == PT_DYNAMIC)
            f->dynamic = table[i];
    }
    return true;
}

static inline int mapped_file_map(struct mapped_file *f)
{
    unsigned int len = TRACED_HEADERS;
    struct mmapfd_reason reason;
    int err = mmapfd_raw(f->fd, MMFD_INTERPRET, f->list, &len, NULL, &reason);

    if (err != 0)
        return err;
    f->count = len;
    f->bias = (uintptr_t)f->list[0].mr_addr - range_down(f->load[0].p_vaddr);
    return 0;
}

static inline void mapped_file_unmap(const struct mapped_file *f)
{
    for (unsigned int i = 0; i < f->count; i++)
        munmap(f->list[i].mr_addr, f->list[i].mr_msize);
}

/* ---- comparing ---- */

/* One comparison: both sides, and the books. */
struct comparison {
    const struct mapped_file *file;
    const struct other *other;
    struct ranges ranges; /* ours */
    struct tally *tally;
    unsigned int failed;
};

static inline void differs(struct comparison *c, const char *what, uintptr_t vaddr)
{
    if (c->failed++ == 0)
        printf("# %s: %s, at linked address %#lx\n", c->file->name, what, (unsigned long)vaddr);
}

static inline bool peek(int mem, uintptr_t addr, void *buf, size_t len)
{
    return pread(mem, buf, len, (off_t)addr) == (ssize_t)len;
}

static inline void mask(const Elf64_Phdr *hide, unsigned char *buf, uintptr_t lo, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lo + i >= hide->p_vaddr && lo + i < hide->p_vaddr + hide->p_memsz)
            buf[i] = 0;
    }
}

static unsigned char traced_ours[TRACED_BLOCK], traced_theirs[TRACED_BLOCK];

/* The same bytes from linked address lo; at most a block. Counts what a native loader wrote. */
static inline bool block_is_equal(struct comparison *c, uintptr_t lo, size_t len)
{
    const Elf64_Phdr *dynamic = &c->file->dynamic;

    if (!peek(own_mem, c->file->bias + lo, traced_ours, len) ||
        !peek(c->other->mem, c->other->bias + lo, traced_theirs, len))
        return false;
    if (memcmp(traced_ours, traced_theirs, len) == 0)
        return true;
    if (c->other->party == KERNEL || lo >= dynamic->p_vaddr + dynamic->p_memsz ||
        dynamic->p_vaddr >= lo + len)
        return false;
    mask(dynamic, traced_ours, lo, len);
    mask(dynamic, traced_theirs, lo, len);
    c->tally->relocated++;
    return memcmp(traced_ours, traced_theirs, len) == 0;
}

/* All of it, or of very much the first and the last block. */
static inline void compare_bytes(struct comparison *c, uintptr_t lo, uintptr_t hi, const char *what)
{
    size_t step;

    for (uintptr_t at = lo; at < hi; at += step) {
        if (hi - lo > TRACED_ALL && at == lo + TRACED_BLOCK)
            at = range_down(hi - TRACED_BLOCK);
        step = hi - at < TRACED_BLOCK ? hi - at : TRACED_BLOCK;
        if (!block_is_equal(c, at, step)) {
            differs(c, what, at);
            return;
        }
        c->tally->bytes += step;
    }
}

/* In the last page of the file: true if it is like ours. */
static inline bool rest_is_equal(struct comparison *c, uintptr_t lo, uintptr_t hi)
{
    return lo >= hi || block_is_equal(c, lo, hi - lo);
}

static inline bool is_zero_here(uintptr_t lo, uintptr_t hi)
{
    REQUIRE(hi - lo <= TRACED_BLOCK && peek(own_mem, lo, traced_ours, hi - lo));
    for (size_t i = 0; i < hi - lo; i++) {
        if (traced_ours[i] != 0)
            return false;
    }
    return true;
}

static inline void compare_rights(struct comparison *c, const Elf64_Phdr *ph, uintptr_t file_pages,
                                  uintptr_t end)
{
    const uintptr_t lo = range_down(ph->p_vaddr), ours = c->file->bias, theirs = c->other->bias;
    const unsigned int flags = ph->p_flags;
    const char *rights = rights_text(flags & PF_R, flags & PF_W, flags & PF_X);
    const char *zeros = c->other->party == KERNEL ? rights_text(1, 1, flags & PF_X) : rights;

    if (!ranges_have(&c->ranges, ours + lo, ours + end, rights))
        differs(c, "our rights are not p_flags", lo);
    if (c->other->party == MUSL && flags & PF_W) /* may be protected in part after relocation */
        return;
    if (!ranges_have(&c->other->ranges, theirs + lo, theirs + file_pages, rights))
        differs(c, "rights of pages from the file", lo);
    if (!ranges_have(&c->other->ranges, theirs + file_pages, theirs + end, zeros))
        differs(c, "rights of pages of zeros", file_pages);
    c->tally->zero_rights += end > file_pages && strcmp(zeros, rights) != 0;
}

static inline void compare_contents(struct comparison *c, const Elf64_Phdr *ph,
                                    uintptr_t file_pages, uintptr_t end)
{
    const uintptr_t data_end = ph->p_vaddr + ph->p_filesz, ours = c->file->bias;
    const uintptr_t memory_end = ph->p_vaddr + ph->p_memsz;
    uintptr_t zeros_end = file_pages; /* that both must have */

    if (c->other->party == MUSL && ph->p_flags & PF_W)
        return;
    compare_bytes(c, range_down(ph->p_vaddr), ph->p_filesz ? data_end : range_down(ph->p_vaddr),
                  "bytes of the file");
    if (memory_end < file_pages && (c->other->party != KERNEL || memory_end == data_end))
        zeros_end = memory_end;
    c->tally->tails += !rest_is_equal(c, zeros_end, file_pages);
    if (memory_end > data_end && data_end < file_pages &&
        !is_zero_here(ours + data_end, ours + file_pages))
        differs(c, "our bytes behind p_filesz are not zeros", data_end);
    if (!rest_is_equal(c, data_end, zeros_end)) {
        if (c->other->party == KERNEL && !(ph->p_flags & PF_W))
            c->tally->not_zeroed++;
        else
            differs(c, "zeros on the last page of the file", data_end);
    }
    compare_bytes(c, file_pages, end, "pages of zeros");
}

static inline bool has_kernels_only(const struct ranges *r, uintptr_t lo, uintptr_t hi)
{
    for (const struct range *at = ranges_from(r, lo); at && at < r->at + r->count && at->lo < hi;
         at++) {
        if (!at->is_kernels)
            return false;
    }
    return true;
}

static inline void compare_hole(struct comparison *c, uintptr_t lo, uintptr_t hi)
{
    const uintptr_t theirs = c->other->bias;

    if (c->file->ehdr.e_type == ET_DYN &&
        !ranges_are_free(&c->ranges, c->file->bias + lo, c->file->bias + hi))
        differs(c, "our hole is mapped", lo);
    if (ranges_are_free(&c->other->ranges, theirs + lo, theirs + hi))
        return;
    if (c->other->party == MUSL ||
        (c->other->party == GLIBC &&
         ranges_have(&c->other->ranges, theirs + lo, theirs + hi, "---")))
        c->tally->holes_kept++;
    else if (c->other->party == KERNEL &&
             has_kernels_only(&c->other->ranges, theirs + lo, theirs + hi))
        c->tally->holes_reused++;
    else
        differs(c, "a hole of ours is mapped there", lo);
}

/* Both have the file mapped. */
static inline void compare(const struct mapped_file *f, const struct other *o, struct tally *tally)
{
    static struct comparison c;

    c = (struct comparison){.file = f, .other = o, .tally = tally};
    ranges_read(&c.ranges, "self");
    if (f->ehdr.e_type == ET_EXEC && (f->bias != 0 || o->bias != 0))
        differs(&c, "not at its linked addresses", 0);
    for (unsigned int i = 0; i < f->count; i++) {
        const Elf64_Phdr *ph = &f->load[i];
        uintptr_t lo = range_down(ph->p_vaddr), end = range_up(ph->p_vaddr + ph->p_memsz);
        uintptr_t file_pages = ph->p_filesz ? range_up(ph->p_vaddr + ph->p_filesz) : lo;

        compare_rights(&c, ph, file_pages, end);
        compare_contents(&c, ph, file_pages, end);
        if (i + 1 < f->count && range_down(ph[1].p_vaddr) > end)
            compare_hole(&c, end, range_down(ph[1].p_vaddr));
        tally->segments++;
    }
    tally->files++;
    tally->fixed += f->ehdr.e_type == ET_EXEC;
    tally->failed += c.failed != 0;
}

static inline void tally_print(const struct tally *t)
{
    printf("# %lu files compared (%lu at fixed addresses), %lu segments, %lu bytes; %lu failed\n",
           t->files, t->fixed, t->segments, t->bytes, t->failed);
    printf("# not mapped by the other party: %lu\n", t->not_mapped);
    printf(
        "# by rule: zero_rights %lu, not_zeroed %lu, tails %lu, holes_kept %lu, holes_reused %lu, "
        "relocated %lu\n",
        t->zero_rights, t->not_zeroed, t->tails, t->holes_kept, t->holes_reused, t->relocated);
}

/* Null if this process may trace; else why not. */
static inline const char *traced_unable(void)
{
    static char *const argv[] = {"self", NULL};
    int fd = open("/proc/self/exe", O_RDONLY);
    struct other o;

    if (getenv("EMULATED"))
        return "qemu-user has no ptrace";
    if (!traced_exec(&o, fd, argv))
        return "no child can be traced";
    traced_kill(&o);
    close(fd);
    own_mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    return own_mem < 0 ? "no /proc/self/mem" : NULL;
}

#endif
