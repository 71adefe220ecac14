/* machine.h - x86-64: System V psABI AMD64; Linux system call convention. See arch.h. */
#ifndef MACHINE_H
#define MACHINE_H

#define ARCH_NAME "x86_64"
#define ARCH_ELF_MACHINE EM_X86_64
#define ARCH_AOUT_MACHINE 157 /* NetBSD <sys/aout_mids.h> */
#define ARCH_LIB "lib/x86_64-linux-gnu"
#define ARCH_GLIBC_INTERP "/lib64/ld-linux-x86-64.so.2"
#define ARCH_GLIBC_BASE "GLIBC_2.2.5"
#define ARCH_CACHE_FLAGS 0x0303 /* FLAG_X8664_LIB64 | FLAG_ELF_LIBC6 */
/* glibc-hwcaps subdirectories, best first, with the /proc/cpuinfo flags each needs (psABI 3.1.1).
 */
#define ARCH_HWCAPS                                                                                \
    {"x86-64-v4", "avx512f avx512bw avx512cd avx512dq avx512vl"},                                  \
        {"x86-64-v3", "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"},                              \
        {"x86-64-v2", "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"},

#define ARCH_TLS_ABOVE_TP 0
#define ARCH_TLS_GAP 0
#define ARCH_GOT_ADDEND 0
#define ARCH_STACK_UNTOLD_EXECUTABLE 1
/* gcc before 4.9 called __tls_get_addr with a misaligned stack; such binaries are still around. */
#define ARCH_STACK_REALIGN __attribute__((force_align_arg_pointer))

#define ARCH_MUSL_LEGACY_INIT 1

#define REL_NONE R_X86_64_NONE
#define REL_RELATIVE R_X86_64_RELATIVE
#define REL_RELATIVE64 R_X86_64_RELATIVE64
#define REL_ABS64 R_X86_64_64
#define REL_ABS32 R_X86_64_32
#define REL_PC32 R_X86_64_PC32
#define REL_PC64 R_X86_64_PC64
#define REL_GLOB_DAT R_X86_64_GLOB_DAT
#define REL_JUMP_SLOT R_X86_64_JUMP_SLOT
#define REL_COPY R_X86_64_COPY
#define REL_IRELATIVE R_X86_64_IRELATIVE
#define REL_DTPMOD R_X86_64_DTPMOD64
#define REL_DTPOFF R_X86_64_DTPOFF64
#define REL_TPOFF R_X86_64_TPOFF64
#define REL_TLSDESC R_X86_64_TLSDESC
#define REL_SIZE32 R_X86_64_SIZE32
#define REL_SIZE64 R_X86_64_SIZE64

#define SYS_READ 0
#define SYS_WRITE 1
#define SYS_CLOSE 3
#define SYS_FSTAT 5
#define SYS_MMAP 9
#define SYS_MPROTECT 10
#define SYS_MSEAL 462
#define SYS_MUNMAP 11
#define SYS_IOCTL 16
#define SYS_PREAD64 17
#define SYS_MADVISE 28
#define SYS_FCNTL 72
#define SYS_GETCWD 79
#define SYS_READLINKAT 267
#define SYS_ARCH_PRCTL 158
#define SYS_FSTATFS 138
#define SYS_FUTEX 202
#define SYS_EXIT_GROUP 231
#define SYS_GETPID 39
#define SYS_GETDENTS64 217
#define SYS_CLOCK_GETTIME 228
#define SYS_OPENAT 257
#define SYS_NEWFSTATAT 262

struct arch_stat {
    uint64_t st_dev, st_ino, st_nlink;
    uint32_t st_mode, st_uid, st_gid, pad;
    uint64_t st_rdev;
    int64_t st_size, st_blksize, st_blocks;
    int64_t st_atime_sec, st_atime_nsec, st_mtime_sec, st_mtime_nsec, st_ctime_sec, st_ctime_nsec;
    int64_t unused[3];
};

static inline long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
    long ret;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}

/* psABI 3.4.6 (TLS): the first word of the control block at %fs is its own address. */
static inline uintptr_t arch_thread_pointer(void)
{
    uintptr_t tp;

    __asm__("mov %%fs:0, %0" : "=r"(tp));
    return tp;
}

static inline int arch_set_thread_pointer(void *tp)
{
    const long set_fs = 0x1002; /* ARCH_SET_FS, <asm/prctl.h> */

    *(void **)tp = tp;
    return (int)arch_syscall(SYS_ARCH_PRCTL, set_fs, (long)tp, 0, 0, 0, 0);
}

/* A client request of valgrind (its manual, "The Client Request mechanism"): RUNNING_ON_VALGRIND. */
static inline bool arch_is_under_valgrind(void)
{
    const uint64_t request[6] = {0x1001};
    uint64_t result = 0;

    __asm__ volatile(
        "rol $3, %%rdi; rol $13, %%rdi; rol $61, %%rdi; rol $51, %%rdi; xchg %%rbx, %%rbx"
        : "+d"(result)
        : "a"(request)
        : "cc", "memory");
    return result != 0;
}

static inline uintptr_t arch_call_resolver(uintptr_t resolver, uint64_t hwcap, uint64_t hwcap2)
{
    (void)hwcap;
    (void)hwcap2;
    return ((uintptr_t(*)(void))resolver)();
}

#endif
