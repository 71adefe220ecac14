/* machine.h - AArch64: ELF for the Arm 64-bit Architecture (AAELF64), Linux call convention. See
 * arch.h. */
#ifndef MACHINE_H
#define MACHINE_H

#define ARCH_NAME "aarch64"
#define ARCH_ELF_MACHINE EM_AARCH64
#define ARCH_AOUT_MACHINE 183 /* NetBSD <sys/aout_mids.h> */
#define ARCH_LIB "lib/aarch64-linux-gnu"
#define ARCH_GLIBC_INTERP "/lib/ld-linux-aarch64.so.1"
#define ARCH_GLIBC_BASE "GLIBC_2.17"
#define ARCH_CACHE_FLAGS 0x0a03 /* FLAG_AARCH64_LIB64 | FLAG_ELF_LIBC6 */
#define ARCH_HWCAPS             /* glibc names no hwcaps subdirectory for this machine */

#define ARCH_TLS_ABOVE_TP 1
#define ARCH_TLS_GAP 16 /* AAELF64: the TCB is two words */
#define ARCH_GOT_ADDEND 1
#define ARCH_STACK_UNTOLD_EXECUTABLE 0
#define ARCH_STACK_REALIGN

#define ARCH_MUSL_LEGACY_INIT                                                                      \
    0 /* musl calls no DT_INIT, DT_FINI on machines younger than INIT_ARRAY */

#define REL_NONE R_AARCH64_NONE
#define REL_RELATIVE R_AARCH64_RELATIVE
#define REL_ABS64 R_AARCH64_ABS64
#define REL_ABS32 R_AARCH64_ABS32
#define REL_PC32 R_AARCH64_PREL32
#define REL_PC64 R_AARCH64_PREL64
#define REL_GLOB_DAT R_AARCH64_GLOB_DAT
#define REL_JUMP_SLOT R_AARCH64_JUMP_SLOT
#define REL_COPY R_AARCH64_COPY
#define REL_IRELATIVE R_AARCH64_IRELATIVE
#define REL_DTPMOD R_AARCH64_TLS_DTPMOD
#define REL_DTPOFF R_AARCH64_TLS_DTPREL
#define REL_TPOFF R_AARCH64_TLS_TPREL
#define REL_TLSDESC R_AARCH64_TLSDESC

#define SYS_GETCWD 17
#define SYS_FCNTL 25
#define SYS_IOCTL 29
#define SYS_FSTATFS 44
#define SYS_OPENAT 56
#define SYS_CLOSE 57
#define SYS_READ 63
#define SYS_WRITE 64
#define SYS_PREAD64 67
#define SYS_READLINKAT 78
#define SYS_NEWFSTATAT 79
#define SYS_FSTAT 80
#define SYS_EXIT_GROUP 94
#define SYS_GETPID 172
#define SYS_GETDENTS64 61
#define SYS_CLOCK_GETTIME 113
#define SYS_FUTEX 98
#define SYS_MUNMAP 215
#define SYS_MMAP 222
#define SYS_MPROTECT 226
#define SYS_MSEAL 462
#define SYS_MADVISE 233

struct arch_stat {
    uint64_t st_dev, st_ino;
    uint32_t st_mode, st_nlink, st_uid, st_gid;
    uint64_t st_rdev, pad1;
    int64_t st_size;
    int32_t st_blksize, pad2;
    int64_t st_blocks;
    int64_t st_atime_sec, st_atime_nsec, st_mtime_sec, st_mtime_nsec, st_ctime_sec, st_ctime_nsec;
    uint32_t unused[2];
};

static inline long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

static inline uintptr_t arch_thread_pointer(void)
{
    uintptr_t tp;

    __asm__("mrs %0, tpidr_el0" : "=r"(tp));
    return tp;
}

static inline int arch_set_thread_pointer(void *tp)
{
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(tp) : "memory");
    return 0;
}

/* A client request of valgrind (its manual, "The Client Request mechanism"): RUNNING_ON_VALGRIND. */
static inline bool arch_is_under_valgrind(void)
{
    const uint64_t request[6] = {0x1001};
    register uint64_t result __asm__("x3") = 0;
    register const uint64_t *argument __asm__("x4") = request;

    __asm__ volatile("ror x12, x12, #3; ror x12, x12, #13; ror x12, x12, #51; ror x12, x12, #61; "
                     "orr x10, x10, x10"
                     : "+r"(result)
                     : "r"(argument)
                     : "cc", "memory");
    return result != 0;
}

/* GNU indirect functions on AArch64 (Arm's sysvabi64): HWCAP with bit 62 set, and a struct that
 * begins with its own size. */
static inline uintptr_t arch_call_resolver(uintptr_t resolver, uint64_t hwcap, uint64_t hwcap2)
{
    struct {
        uint64_t size, hwcap, hwcap2;
    } arg = {sizeof arg, hwcap, hwcap2};

    return ((uintptr_t(*)(uint64_t, const void *))resolver)(hwcap | (uint64_t)1 << 62, &arg);
}

#endif
