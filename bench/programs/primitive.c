/*
 * primitive.c - mapping one object, without any relocation: primitive mmapfd | musl | glibc  N FILE
 *
 * mmapfd_raw against the system calls that the loaders of musl 1.2.3 and glibc 2.36 make for the
 * same file, in their order; opening and closing belong to all three. Maps N times, unmaps each
 * time, and writes the nanoseconds of all N to descriptor 3. Prints where the segments lie and a
 * byte of each: the three ways must agree.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mmapfd.h"

enum { PAGE = 4096, SEGMENTS = 16 };

struct mapped {
    unsigned int count;
    mmapfd_result_t segment[SEGMENTS];
};

/* The PT_LOAD headers of the file. */
struct file {
    int fd;
    Elf64_Phdr load[SEGMENTS];
    int count;
    uintptr_t end;
};

static uintptr_t page_down(uintptr_t at)
{
    return at & -(uintptr_t)PAGE;
}

static uintptr_t page_up(uintptr_t at)
{
    return page_down(at + PAGE - 1);
}

static void require(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(1);
}

static int prot_of(const Elf64_Phdr *p)
{
    return (p->p_flags & PF_R ? PROT_READ : 0) | (p->p_flags & PF_W ? PROT_WRITE : 0) |
           (p->p_flags & PF_X ? PROT_EXEC : 0);
}

static void by_mmapfd(const char *name, struct mapped *m)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    m->count = SEGMENTS;
    require(mmapfd_raw(fd, MMFD_INTERPRET, m->segment, &m->count, NULL, NULL) == 0, "mmapfd");
    close(fd);
}

static void read_headers(struct file *f, const char *name, size_t len)
{
    char buffer[1024];
    const Elf64_Ehdr *e = (const Elf64_Ehdr *)buffer;
    struct stat st;

    f->count = 0;
    f->fd = open(name, O_RDONLY | O_CLOEXEC);
    require(f->fd >= 0, name);
    /* musl asks the length before it reads, glibc after. */
    require(fstat(f->fd, &st) == 0 && read(f->fd, buffer, len) == (ssize_t)len, name);
    const Elf64_Phdr *p = (const Elf64_Phdr *)(buffer + e->e_phoff);
    for (int i = 0; i < e->e_phnum; i++) {
        if (p[i].p_type == PT_LOAD && f->count < SEGMENTS)
            f->load[f->count++] = p[i];
    }
    f->end = page_up(f->load[f->count - 1].p_vaddr + f->load[f->count - 1].p_memsz);
}

/* Both loaders: the first segment as long as all, then each over it where it belongs. */
static char *map_first(const struct file *f)
{
    const Elf64_Phdr *p = &f->load[0];
    char *base = mmap(NULL, f->end, prot_of(p), MAP_PRIVATE, f->fd, (off_t)page_down(p->p_offset));
    require(base != MAP_FAILED, "mmap");
    return base;
}

/* The rest of the last page of the file is zeroed by hand, what is behind it is anonymous. */
static void map_bss(char *base, const Elf64_Phdr *p)
{
    uintptr_t from = p->p_vaddr + p->p_filesz, to = p->p_vaddr + p->p_memsz;
    if (from == to)
        return;
    memset(base + from, 0, page_up(from) - from);
    if (page_up(to) > page_up(from))
        require(mmap(base + page_up(from), page_up(to) - page_up(from), prot_of(p),
                     MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED,
                "mmap");
}

static void map_over(const struct file *f, char *base, const Elf64_Phdr *p)
{
    uintptr_t from = page_down(p->p_vaddr);
    require(mmap(base + from, page_up(p->p_vaddr + p->p_filesz) - from, prot_of(p),
                 MAP_PRIVATE | MAP_FIXED, f->fd, (off_t)page_down(p->p_offset)) != MAP_FAILED,
            "mmap");
    map_bss(base, p);
}

static void note(struct mapped *m, const struct file *f, char *base)
{
    m->count = (unsigned int)f->count;
    for (int i = 0; i < f->count; i++) {
        uintptr_t from = page_down(f->load[i].p_vaddr);
        m->segment[i].mr_addr = base + from;
        m->segment[i].mr_msize = f->load[i].p_vaddr + f->load[i].p_memsz - from;
    }
}

static void by_musl(const char *name, struct mapped *m)
{
    struct file f;
    read_headers(&f, name, 960);
    char *base = map_first(&f);
    for (int i = 1; i < f.count; i++)
        map_over(&f, base, &f.load[i]);
    close(f.fd);
    note(m, &f, base);
}

/* As musl's, but what lies between two segments is made inaccessible. */
static void by_glibc(const char *name, struct mapped *m)
{
    struct file f;
    read_headers(&f, name, 832);
    char *base = map_first(&f);
    for (int i = 1; i < f.count; i++) {
        const Elf64_Phdr *before = &f.load[i - 1];
        uintptr_t hole = page_up(before->p_vaddr + before->p_memsz);
        uintptr_t next = page_down(f.load[i].p_vaddr);
        if (next > hole)
            require(mprotect(base + hole, next - hole, PROT_NONE) == 0, "mprotect");
        map_over(&f, base, &f.load[i]);
    }
    close(f.fd);
    note(m, &f, base);
}

static void unmap(const struct mapped *m)
{
    for (unsigned int i = 0; i < m->count; i++)
        munmap(m->segment[i].mr_addr, m->segment[i].mr_msize);
}

/* Where each segment lies from the first, how long it is, and its first and last byte. */
static void print(const struct mapped *m)
{
    for (unsigned int i = 0; i < m->count; i++) {
        const mmapfd_result_t *s = &m->segment[i];
        printf("%zx %zx %d %d\n", (size_t)(s->mr_addr - m->segment[0].mr_addr), s->mr_msize,
               s->mr_addr[0], s->mr_addr[s->mr_msize - 1]);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*map)(const char *name, struct mapped *m);
    } ways[] = {{"mmapfd", by_mmapfd}, {"musl", by_musl}, {"glibc", by_glibc}};
    struct timespec start, end;
    struct mapped m;
    int way = 0;

    if (argc != 4)
        return 2;
    while (strcmp(ways[way].name, argv[1]) != 0)
        way++;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int n = atoi(argv[2]); n > 0; n--) {
        ways[way].map(argv[3], &m);
        unmap(&m);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    ways[way].map(argv[3], &m);
    print(&m);
    dprintf(3, "%.0f",
            (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec));
    return 0;
}
