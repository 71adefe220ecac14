/*
 * mmapfd.h - map a whole file the way its format says.
 *
 * A call takes a descriptor and returns a list of mappings. The list is all that relocation, symbol
 * lookup and unmapping need. The interface is the one proposed in PSARC 2008/226, which Solaris
 * shipped as mmapobj(2); the errors and their order are in mmapfd(3).
 *
 * For C11 and C++, hosted or freestanding.
 */
#ifndef MMAPFD_H
#define MMAPFD_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* flags */
#define MMFD_PADDING 0x10000   /* arg points to a size_t: inaccessible bytes on either side */
#define MMFD_INTERPRET 0x20000 /* map as the format says; without it, the file as it is */
#define MMFD_HUGEPAGE 0x40000  /* large code and large data in huge pages, where there are any */

/* mr_flags */
#define MFD_PADDING 0x1 /* inaccessible space that MMFD_PADDING asked for */
#define MFD_ELF_HDR 0x2 /* this mapping holds the ELF header */
#define MFD_AOUT_HDR                                                                               \
    0x4 /* the first mapping of an a.out file; with ZMAGIC it begins with its header */

/*
 * One mapping. A list ascends by address. munmap(mr_addr, mr_msize) on each element frees
 * everything a call made; what lies between two elements is not theirs.
 *
 * Load bias of an ELF file: mr_addr of the first element without MFD_PADDING, less the lowest
 * p_vaddr of a PT_LOAD whose p_memsz is not 0, rounded down to a page. Always.
 */
typedef struct {
    char *mr_addr;        /* mapping address, page aligned */
    size_t mr_msize;      /* mapping size in bytes, from mr_addr; not rounded */
    size_t mr_fsize;      /* bytes that come from the file, from mr_addr + mr_offset */
    size_t mr_offset;     /* where valid data begins, inside the mapping */
    unsigned int mr_prot; /* PROT_* provided */
    uint64_t mr_flags;    /* MFD_* */
} mmapfd_result_t;

/*
 * Why a call failed, in more words than errno has. All text is static, nothing is to be freed;
 * mmapfd_explain makes a sentence of it.
 */
struct mmapfd_reason {
    const char *check; /* what was checked: a field's name ("e_machine", "p_filesz") or words */
    int index;         /* program header number, -1 when it is not about one */
    uint64_t offset;   /* file offset of the field, UINT64_MAX if none */
    uint64_t found;    /* both mean something only if relation is not NULL */
    uint64_t wanted;
    const char *relation; /* how wanted is meant: "is", "at least", "at most", "multiple of",
                              "less than"; "a free address" without it; NULL: check says it all */
};

/*
 * The call as proposed: mmapfd_raw with errno. Returns 0, or -1 with errno set; needs a C library
 * (glibc or musl).
 */
int mmapfd(int fd, unsigned int flags, mmapfd_result_t *storage, unsigned int *elements, void *arg);

/*
 * The same without errno, and with the reason: for programs that have no C library, and for those
 * that want to know more.
 *
 * Maps fd. *elements is the capacity of storage; on success it becomes the number of elements
 * used, with -E2BIG the number needed. storage may be NULL when *elements is 0. On any failure
 * nothing stays mapped and storage is untouched; *reason, unless reason is NULL, is filled on every
 * failure and untouched on success.
 *
 * Padding is rounded up to whole pages.
 *
 * Returns 0 or -errno. Async-signal-safe, thread-safe; uses less than 3 KiB of stack.
 */
int mmapfd_raw(int fd, unsigned int flags, mmapfd_result_t *storage, unsigned int *elements,
               void *arg, struct mmapfd_reason *reason);

/*
 * The reason that a call has filled, as a sentence without a full stop: "p_filesz of program header 3
 * (at file offset 0x108) is 0x9, wanted at most 0x8". As snprintf(3): at most len bytes are written,
 * a NUL among them; returns the length without the NUL that a large enough buf would have taken.
 * Keeps nothing; async-signal-safe, thread-safe, needs no C library.
 */
size_t mmapfd_explain(const struct mmapfd_reason *reason, char *buf, size_t len);

/*
 * The list that mmapfd_raw would have returned for an ELF image that is mapped already, by the
 * kernel: phdr is its program header table, bias its load bias. Bias 0 is taken for ET_EXEC.
 * Maps nothing. -ENOTSUP: the segments are not sorted, overlap, or are malformed otherwise.
 * -EFAULT and -E2BIG as for mmapfd_raw.
 */
int mmapfd_segments(const Elf64_Phdr *phdr, unsigned int phnum, uintptr_t bias,
                    mmapfd_result_t *storage, unsigned int *elements);

#ifdef __cplusplus
}
#endif

#endif
