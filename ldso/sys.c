/*
 * sys.c - typed system calls.
 *
 * Assumes nothing initialised. Called by every layer above.
 */
#include "sys.h"

#include "arch.h"

size_t sys_page_size;

static long call3(long nr, long a, long b, long c)
{
    return arch_syscall(nr, a, b, c, 0, 0, 0);
}

void *sys_mmap(void *addr, size_t len, int prot, int flags, int fd, uint64_t off)
{
    return (void *)arch_syscall(SYS_MMAP, (long)addr, (long)len, prot, flags, fd, (long)off);
}

void *sys_mmap_anon(void *addr, size_t len, int prot, int flags)
{
    return (void *)arch_syscall(SYS_MMAP, (long)addr, (long)len, prot,
                                flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int sys_munmap(void *addr, size_t len)
{
    return (int)call3(SYS_MUNMAP, (long)addr, (long)len, 0);
}

int sys_mseal(void *addr, size_t len)
{
    return (int)call3(SYS_MSEAL, (long)addr, (long)len, 0);
}

int sys_mprotect(void *addr, size_t len, int prot)
{
    return (int)call3(SYS_MPROTECT, (long)addr, (long)len, prot);
}

int sys_madvise(void *addr, size_t len, int advice)
{
    return (int)call3(SYS_MADVISE, (long)addr, (long)len, advice);
}

/*
 * Without the auxiliary vector: mprotect refuses an address that is not a page's with EINVAL, before
 * it looks at anything else, and a length of 0 changes nothing. Threads that come here at the same
 * time find the same.
 */
void sys_find_page_size(void)
{
    const size_t smallest = 4096, largest = 1 << 20;
    size_t size = __atomic_load_n(&sys_page_size, __ATOMIC_RELAXED);

    if (size != 0)
        return;
    for (size = smallest; size < largest; size *= 2) {
        if (sys_mprotect((void *)size, 0, PROT_NONE) == 0)
            break;
    }
    /* An emulator or a filter of system calls may not answer: then it is the usual size. */
    __atomic_store_n(&sys_page_size, size < largest ? size : smallest, __ATOMIC_RELAXED);
}

/* A signal that comes while a file server is waited for is no reason to take another file than the first. */
int sys_open(const char *path)
{
    int fd;

    do {
        fd = (int)arch_syscall(SYS_OPENAT, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
    } while (fd == -EINTR);
    return fd;
}

int sys_open_write(const char *path, int how)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | how;

    return (int)arch_syscall(SYS_OPENAT, AT_FDCWD, (long)path, flags, 0666, 0, 0);
}

int sys_close(int fd)
{
    return (int)call3(SYS_CLOSE, fd, 0, 0);
}

int sys_fstat(int fd, struct sys_stat *st)
{
    struct arch_stat raw;
    int err = (int)call3(SYS_FSTAT, fd, (long)&raw, 0);

    if (err == 0) {
        st->dev = raw.st_dev;
        st->rdev = raw.st_rdev;
        st->ino = raw.st_ino;
        st->size = (uint64_t)raw.st_size;
        st->mtime = raw.st_mtime_sec;
        st->mode = raw.st_mode;
        st->nlink = raw.st_nlink;
    }
    return err;
}

long sys_thread_count(void)
{
    struct sys_stat st;
    int fd = sys_open("/proc/self/task"); /* a directory for each, besides . and .. */

    if (fd < 0)
        return fd;
    int err = sys_fstat(fd, &st);
    sys_close(fd);
    return err != 0 ? err : (long)st.nlink - 2;
}

long sys_fstatfs_flags(int fd)
{
    /* struct statfs of <asm-generic/statfs.h> on 64-bit machines: eleven words, f_flags at 10,
     * and four spare ones. */
    long raw[15];
    long err = call3(SYS_FSTATFS, fd, (long)raw, 0);

    return err != 0 ? err : raw[10];
}

int sys_fcntl(int fd, int cmd, long arg)
{
    return (int)call3(SYS_FCNTL, fd, cmd, arg);
}

int sys_ioctl(int fd, unsigned int request, void *arg)
{
    return (int)call3(SYS_IOCTL, fd, request, (long)arg);
}

int sys_exists(const char *path)
{
    struct arch_stat raw;

    return (int)arch_syscall(SYS_NEWFSTATAT, AT_FDCWD, (long)path, (long)&raw, 0, 0, 0);
}

long sys_pread(int fd, void *buf, size_t len, uint64_t off)
{
    return arch_syscall(SYS_PREAD64, fd, (long)buf, (long)len, (long)off, 0, 0);
}

long sys_read(int fd, void *buf, size_t len)
{
    return call3(SYS_READ, fd, (long)buf, (long)len);
}

long sys_write(int fd, const void *buf, size_t len)
{
    return call3(SYS_WRITE, fd, (long)buf, (long)len);
}

long sys_getdents(int fd, void *buf, size_t len)
{
    return call3(SYS_GETDENTS64, fd, (long)buf, (long)len);
}

long sys_readlink(const char *path, char *buf, size_t len)
{
    return arch_syscall(SYS_READLINKAT, AT_FDCWD, (long)path, (long)buf, (long)len, 0, 0);
}

long sys_getcwd(char *buf, size_t len)
{
    return call3(SYS_GETCWD, (long)buf, (long)len, 0);
}

int sys_getpid(void)
{
    return (int)call3(SYS_GETPID, 0, 0, 0);
}

uint64_t sys_nanoseconds(void)
{
    const long monotonic = 1; /* CLOCK_MONOTONIC, <linux/time.h> */
    struct {
        int64_t seconds, nanoseconds;
    } now = {0, 0};

    call3(SYS_CLOCK_GETTIME, monotonic, (long)&now, 0);
    return (uint64_t)now.seconds * 1000000000 + (uint64_t)now.nanoseconds;
}

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

void sys_futex_wait(int *word, int value)
{
    arch_syscall(SYS_FUTEX, (long)word, FUTEX_WAIT_PRIVATE, value, 0, 0, 0);
}

void sys_futex_wake(int *word)
{
    arch_syscall(SYS_FUTEX, (long)word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

_Noreturn void sys_exit(int status)
{
    for (;;)
        call3(SYS_EXIT_GROUP, status, 0, 0);
}
