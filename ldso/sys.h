/*
 * sys.h - system calls with types, and the kernel's constants that go with them.
 *
 * Every function returns what the kernel does: a result or -errno. No errno variable exists here.
 */
#ifndef SYS_H
#define SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* <asm-generic/errno-base.h>, <asm-generic/errno.h> */
#define EPERM 1
#define ENOENT 2
#define EINTR 4
#define EIO 5
#define ENOEXEC 8
#define EBADF 9
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EEXIST 17
#define ENODEV 19
#define ENOTDIR 20
#define EISDIR 21
#define EINVAL 22
#define ENFILE 23
#define EMFILE 24
#define ENOTTY 25
#define E2BIG 7
#define ENAMETOOLONG 36
#define ENOSYS 38
#define ELOOP 40
#define EOVERFLOW 75
#define EOPNOTSUPP 95
#define ENOTSUP EOPNOTSUPP
#define EADDRINUSE 98

/* <asm-generic/mman-common.h> */
#define PROT_NONE 0x0
#define PROT_READ 0x1
#define PROT_WRITE 0x2
#define PROT_EXEC 0x4
#define PROT_GROWSDOWN 0x01000000 /* from where the stack begins */
#define MAP_SHARED 0x01
#define MAP_PRIVATE 0x02
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_NORESERVE 0x4000
#define MAP_POPULATE 0x8000
#define MAP_FIXED_NOREPLACE 0x100000
#define MADV_HUGEPAGE 14
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#define MADV_COLLAPSE 25       /* Linux 6.1 */

/* <asm-generic/fcntl.h>, <linux/fcntl.h> */
#define AT_FDCWD (-100)
#define O_RDONLY 0
#define O_WRONLY 1
#define O_ACCMODE 3
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_CLOEXEC 02000000
#define O_PATH 010000000
#define F_GETFL 3

/* <linux/stat.h> */
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_ISUID 04000
#define S_ISREG(mode) (((mode)&S_IFMT) == S_IFREG)
#define S_ISDIR(mode) (((mode)&S_IFMT) == S_IFDIR)
#define S_ISCHR(mode) (((mode)&S_IFMT) == S_IFCHR)

#define ST_NOEXEC 0x0008 /* statfs f_flags: mounted noexec */

#define X_OK 1
#define F_OK 0
#define PATH_MAX 4096

struct sys_stat {
    uint64_t dev, rdev, ino, size, nlink;
    int64_t mtime;
    uint32_t mode;
};

/* Bytes in a page. The loader's main sets it from AT_PAGESZ; where nobody has, as in a program that
 * uses mmapfd as a library, the first call of sys_find_page_size does. */
extern size_t sys_page_size;
void sys_find_page_size(void);

static inline uintptr_t sys_page_down(uintptr_t addr)
{
    return addr & ~(sys_page_size - 1);
}

/* Wraps to 0 for addresses in the last page; callers check sums before they round. */
static inline uintptr_t sys_page_up(uintptr_t addr)
{
    return (addr + sys_page_size - 1) & ~(sys_page_size - 1);
}

/* The kernel returns -errno, -4095 to -1, in place of an address. */
static inline bool sys_is_error(const void *addr)
{
    return (uintptr_t)addr > (uintptr_t)-4096;
}

/* Maps a descriptor. mmapfd.c alone may call this one (the layering test proves it). */
void *sys_mmap(void *addr, size_t len, int prot, int flags, int fd, uint64_t off);
/* Private anonymous memory; flags are added to MAP_PRIVATE | MAP_ANONYMOUS. */
void *sys_mmap_anon(void *addr, size_t len, int prot, int flags);
int sys_munmap(void *addr, size_t len);
int sys_mprotect(void *addr, size_t len, int prot);
/* Linux 6.10: until the process ends, these mappings stay as they are. */
int sys_mseal(void *addr, size_t len);
int sys_madvise(void *addr, size_t len, int advice);

/* Opens for reading, close-on-exec; a descriptor or -errno. */
int sys_open(const char *path);
/* Opens for writing, and creates the file if need be; how is O_APPEND or O_TRUNC. */
int sys_open_write(const char *path, int how);
int sys_close(int fd);
int sys_fstat(int fd, struct sys_stat *st);
/* Threads of this process, or -errno without /proc. */
long sys_thread_count(void);
/* f_flags of the file system that fd is on, or -errno. */
long sys_fstatfs_flags(int fd);
int sys_fcntl(int fd, int cmd, long arg);
int sys_ioctl(int fd, unsigned int request, void *arg);
/* 0 if it does. By the call that glibc's loader makes, too: a seccomp filter may allow no other. */
int sys_exists(const char *path);
long sys_pread(int fd, void *buf, size_t len, uint64_t off);
long sys_read(int fd, void *buf, size_t len);
/* Entries of a directory, as struct sys_dirent one behind the other; bytes placed in buf, 0 at the end. */
struct sys_dirent {
    uint64_t ino;
    int64_t off;
    uint16_t len; /* of this entry */
    uint8_t type;
    char name[];
};
long sys_getdents(int fd, void *buf, size_t len);
long sys_write(int fd, const void *buf, size_t len);
/* Bytes placed in buf, not terminated. */
long sys_readlink(const char *path, char *buf, size_t len);
/* Bytes placed in buf, the terminating NUL counted. */
long sys_getcwd(char *buf, size_t len);
int sys_getpid(void);
/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t sys_nanoseconds(void);
/* Waits while *word is value; wakes at most one waiter. */
void sys_futex_wait(int *word, int value);
void sys_futex_wake(int *word);
_Noreturn void sys_exit(int status);

#endif
