/*
 * mmapfd_like_others.c - every program and library of a machine: mmapfd maps it as others do.
 *
 *     mmapfd_like_others ATLEAST kernel DIRECTORY...
 *     mmapfd_like_others ATLEAST glibc|musl LOADER DIRECTORY...
 *
 * Takes each ELF file of this machine below the directories once, has the kernel (by execve) or a
 * native loader (by `LOADER --list FILE`) map it, and compares; traced.h says how and by which
 * rules. Fails if fewer than ATLEAST files could be compared. Files are divided among as many
 * processes as there are processors.
 */
#define _GNU_SOURCE
#include "traced.h"

#include <ftw.h>
#include <sys/sendfile.h>

enum { WORKERS_MAX = 16 };

/* ---- which files ---- */

struct candidate {
    char *path;
    dev_t dev;
    ino_t ino;
};

static struct candidate *candidates;
static size_t candidate_count;

static int note_file(const char *path, const struct stat *st, int type, struct FTW *unused)
{
    (void)unused;
    if (type != FTW_F || !S_ISREG(st->st_mode) || st->st_size < (off_t)sizeof(Elf64_Ehdr))
        return 0;
    if (candidate_count % 1024 == 0)
        candidates = realloc(candidates, (candidate_count + 1024) * sizeof *candidates);
    REQUIRE(candidates);
    candidates[candidate_count++] = (struct candidate){strdup(path), st->st_dev, st->st_ino};
    return 0;
}

static int by_inode(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->dev != y->dev)
        return x->dev < y->dev ? -1 : 1;
    return x->ino != y->ino ? (x->ino < y->ino ? -1 : 1) : strcmp(x->path, y->path);
}

static void drop_other_names(void)
{
    size_t kept = 0;

    qsort(candidates, candidate_count, sizeof *candidates, by_inode);
    for (size_t i = 0; i < candidate_count; i++) {
        if (kept == 0 || candidates[i].dev != candidates[kept - 1].dev ||
            candidates[i].ino != candidates[kept - 1].ino)
            candidates[kept++] = candidates[i];
    }
    candidate_count = kept;
}

/* ---- one file ---- */

/* The kernel executes only what has the x bit: a copy has. */
static void replace_by_executable_copy(struct mapped_file *f)
{
    int copy = memfd_create("copy", MFD_CLOEXEC);
    struct stat st;
    off_t at = 0;

    REQUIRE(copy >= 0 && fstat(f->fd, &st) == 0 && fchmod(copy, 0777) == 0);
    while (at < st.st_size)
        REQUIRE(sendfile(copy, f->fd, &at, (size_t)(st.st_size - at)) > 0);
    close(f->fd);
    f->fd = copy;
}

static bool mapped_by_kernel(struct other *o, struct mapped_file *f)
{
    char *const argv[] = {"compared", NULL};
    struct stat st;

    REQUIRE(fstat(f->fd, &st) == 0);
    if (!(st.st_mode & 0111))
        replace_by_executable_copy(f);
    if (!traced_exec(o, f->fd, argv))
        return false;
    if (traced_kernel_bias(o, f))
        return true;
    traced_kill(o);
    return false;
}

/* A loader lists its own file without mapping it. */
static bool mapped_by_loader(struct other *o, const struct mapped_file *f, int loader)
{
    char *const argv[] = {"ld.so", "--list", (char *)(uintptr_t)f->name, NULL};
    struct stat st, own;

    REQUIRE(fstat(loader, &own) == 0 && fstat(f->fd, &st) == 0);
    if (st.st_ino == own.st_ino || !traced_exec(o, loader, argv))
        return false;
    if (traced_run_to_exit(o)) {
        char pid[16];

        snprintf(pid, sizeof pid, "%d", (int)o->pid);
        ranges_read(&o->ranges, pid);
        if (traced_loader_bias(o, f))
            return true;
    }
    traced_kill(o);
    return false;
}

static void compare_file(struct mapped_file *f, enum party party, int loader, struct tally *t)
{
    static struct other other;
    int err;

    other.party = party;
    if (!(party == KERNEL ? mapped_by_kernel(&other, f) : mapped_by_loader(&other, f, loader))) {
        t->not_mapped++;
        return;
    }
    traced_look(&other);
    err = mapped_file_map(f);
    if (err == 0) {
        compare(f, &other, t);
        mapped_file_unmap(f);
    } else {
        printf("# %s: mapped by the other party, refused here: %d\n", f->name, err);
        t->failed++;
    }
    traced_kill(&other);
}

/* ---- all of them ---- */

static void work(unsigned int worker, unsigned int workers, enum party party, int loader,
                 struct tally *t)
{
    static struct mapped_file file;

    own_mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    for (size_t i = worker; i < candidate_count; i += workers) {
        file.name = candidates[i].path;
        file.fd = open(file.name, O_RDONLY | O_CLOEXEC);
        if (file.fd < 0)
            continue;
        if (mapped_file_read(&file))
            compare_file(&file, party, loader, t);
        close(file.fd);
    }
}

static void add(struct tally *sum, const struct tally *t)
{
    for (size_t i = 0; i < sizeof *sum / sizeof(unsigned long); i++)
        ((unsigned long *)sum)[i] += ((const unsigned long *)t)[i];
}

static void share_work(enum party party, int loader, struct tally *sum)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned int workers = processors < 1             ? 1
                           : processors > WORKERS_MAX ? WORKERS_MAX
                                                      : (unsigned int)processors;
    struct tally *tallies = mmap(NULL, sizeof *tallies * workers, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[WORKERS_MAX];
    bool ended = true;

    REQUIRE(tallies != MAP_FAILED);
    for (unsigned int i = 0; i < workers; i++) {
        pids[i] = fork();
        REQUIRE(pids[i] >= 0);
        if (pids[i] == 0) {
            work(i, workers, party, loader, &tallies[i]);
            exit(0);
        }
    }
    for (unsigned int i = 0; i < workers; i++) {
        int status;

        ended &= waitpid(pids[i], &status, 0) == pids[i] && status == 0;
        add(sum, &tallies[i]);
    }
    CHECK("each process came to its end", ended);
}

int main(int argc, char **argv)
{
    static struct tally sum;
    enum party party = KERNEL;
    int loader = -1, directories = 3;
    const char *unable;

    check_begin();
    REQUIRE(argc > 3);
    unable = traced_unable();
    if (unable) {
        SKIP("files are mapped as others map them", unable);
        return 0;
    }
    if (strcmp(argv[2], "kernel") != 0) {
        party = strcmp(argv[2], "glibc") == 0 ? GLIBC : MUSL;
        loader = open(argv[directories++], O_RDONLY | O_CLOEXEC);
        REQUIRE(loader >= 0);
    }
    for (int i = directories; i < argc; i++)
        nftw(argv[i], note_file, 32, FTW_PHYS);
    drop_other_names();
    share_work(party, loader, &sum);
    tally_print(&sum);
    CHECK("every file that both map is mapped alike", sum.failed == 0);
    CHECK("enough files were compared", sum.files >= strtoul(argv[1], NULL, 0));
    return check_failures != 0;
}
