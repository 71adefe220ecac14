/*
 * mmapfd_rare.c - every rare branch of the library: counted, failed, and cut short.
 *
 * Compiles the sources themselves, with a COUNT that counts and with system calls led through hooks.
 * A hook does the real call, unless it is this call's turn to fail, to see the file truncated just
 * before, or to behave like a kernel that this machine does not run. So each failure and each
 * truncation is tried at each call that a mapping makes.
 */
#define _GNU_SOURCE
#include "check.h"
#include "sys.h"

int mincore(void *addr, size_t len, unsigned char *vector); /* <sys/mman.h> */

#define COUNTERS(X)                                                                                \
    X(anonymous_only)                                                                              \
    X(incongruent)                                                                                 \
    X(header_widened)                                                                              \
    X(shared_page)                                                                                 \
    X(skipped_segment)                                                                             \
    X(align_rounded)                                                                               \
    X(page_zero)                                                                                   \
    X(moved_away)                                                                                  \
    X(range_taken)                                                                                 \
    X(pad_below_zero)                                                                              \
    X(trimmed)                                                                                     \
    X(placed_again)                                                                                \
    X(interrupted_read)                                                                            \
    X(short_read)                                                                                  \
    X(relro_populated)                                                                             \
    X(data_in_huge_pages)                                                                          \
    X(text_in_huge_pages)                                                                          \
    X(read_then_protected)                                                                         \
    X(hole_unmapped)                                                                               \
    X(length_checked)                                                                              \
    X(undone_in_pieces)                                                                            \
    X(noexec)                                                                                      \
    X(table_apart)                                                                                 \
    X(reservation_replaced)                                                                        \
    X(reservation_put_back)                                                                        \
    X(maps_read_as_text)                                                                           \
    X(aout_mapped)                                                                                 \
    X(aout_shared)                                                                                 \
    X(aout_impure)                                                                                 \
    X(aout_foreign)                                                                                \
    X(aout_network_order)                                                                          \
    X(aout_linux)

#define COUNTER_FIELD(name) unsigned int name;
static struct {
    COUNTERS(COUNTER_FIELD)
} counters;
#define COUNT(name) (counters.name++)

/* ---- hooks ---- */

enum call_kind { MMAP, MMAP_ANON, MUNMAP, MPROTECT, PREAD, FSTAT, OPEN, CALL_KINDS };

static struct {
    unsigned int made; /* since hooks_reset */
    unsigned int of_kind[CALL_KINDS];
    unsigned int last_look; /* number of the last pread or fstat */
    unsigned int last_file_map;
    enum call_kind kind_at_fault;
    unsigned int strays;   /* unmappings of what was not mapped, maybe another thread's by then */
    char *anon, *anon_end; /* the last anonymous mapping */

    unsigned int fault_at; /* the number of the call that the fault hits, 0 none */
    int error;             /* it fails with -error; 0: the file is truncated before it */
    int fd;
    off_t cut;

    /* kernels and file systems unlike this one */
    bool ignores_noreplace, ignores_hints, interrupts, reads_little, is_noexec, answers_no_query;
    int cover_error;
} hooks;

static void hooks_reset(void)
{
    memset(&hooks, 0, sizeof hooks);
}

/* 0, or the error that this call is to give. */
static int hook(enum call_kind kind)
{
    hooks.made++;
    hooks.of_kind[kind]++;
    if (kind == PREAD || kind == FSTAT)
        hooks.last_look = hooks.made;
    if (hooks.made != hooks.fault_at)
        return 0;
    hooks.kind_at_fault = kind;
    if (hooks.error == 0)
        REQUIRE(ftruncate(hooks.fd, hooks.cut) == 0);
    return hooks.error;
}

static void *hook_mmap(void *addr, size_t len, int prot, int flags, int fd, uint64_t off)
{
    int error = hook(MMAP);

    hooks.last_file_map = hooks.made;
    if (error == 0 && hooks.cover_error != 0 && !(flags & MAP_FIXED))
        error = hooks.cover_error;
    if (error == 0 && hooks.is_noexec && (prot & PROT_EXEC))
        error = EPERM;
    if (error != 0)
        return (void *)(intptr_t)-error;
    if (hooks.ignores_hints && addr && !(flags & MAP_FIXED))
        addr = (char *)addr - sys_page_size;
    return sys_mmap(addr, len, prot, flags, fd, off);
}

static void *hook_mmap_anon(void *addr, size_t len, int prot, int flags)
{
    int error = hook(MMAP_ANON);

    if (error != 0)
        return (void *)(intptr_t)-error;
    if (hooks.ignores_noreplace)
        flags &= ~MAP_FIXED_NOREPLACE;
    hooks.anon = sys_mmap_anon(addr, len, prot, flags);
    if (!sys_is_error(hooks.anon))
        hooks.anon_end = hooks.anon + len;
    return hooks.anon;
}

static int hook_munmap(void *addr, size_t len)
{
    static unsigned char vector[1 << 16];
    int error = hook(MUNMAP);

    REQUIRE(len / sys_page_size < sizeof vector);
    if (!getenv("EMULATED")) /* qemu-user says so of inaccessible pages too */
        hooks.strays += mincore(addr, len, vector) != 0;
    return error != 0 ? -error : sys_munmap(addr, len);
}

static int hook_mprotect(void *addr, size_t len, int prot)
{
    int error = hook(MPROTECT);

    /* The kernel asks the file system of the file that is mapped, so not for anonymous memory. */
    if (error == 0 && hooks.is_noexec && (prot & PROT_EXEC) &&
        ((char *)addr < hooks.anon || (char *)addr >= hooks.anon_end))
        error = EACCES;
    return error != 0 ? -error : sys_mprotect(addr, len, prot);
}

static long hook_pread(int fd, void *buf, size_t len, uint64_t off)
{
    int error = hook(PREAD);

    if (hooks.interrupts && hooks.of_kind[PREAD] % 2 == 1)
        error = EINTR;
    if (hooks.reads_little && len > 100)
        len = 100;
    return error != 0 ? -error : sys_pread(fd, buf, len, off);
}

static int hook_fstat(int fd, struct sys_stat *st)
{
    int error = hook(FSTAT);

    return error != 0 ? -error : sys_fstat(fd, st);
}

static long hook_fstatfs_flags(int fd)
{
    return hooks.is_noexec ? ST_NOEXEC : sys_fstatfs_flags(fd);
}

static int hook_open(const char *path)
{
    int error = hook(OPEN);

    return error != 0 ? -error : sys_open(path);
}

static int hook_ioctl(int fd, unsigned int request, void *arg)
{
    return hooks.answers_no_query ? -ENOTTY : sys_ioctl(fd, request, arg);
}

static long hook_read(int fd, void *buf, size_t len)
{
    return sys_read(fd, buf, hooks.reads_little && len > 7 ? 7 : len);
}

#define sys_open hook_open
#define sys_ioctl hook_ioctl
#define sys_read hook_read
#define sys_mmap hook_mmap
#define sys_mmap_anon hook_mmap_anon
#define sys_munmap hook_munmap
#define sys_mprotect hook_mprotect
#define sys_pread hook_pread
#define sys_fstat hook_fstat
#define sys_fstatfs_flags hook_fstatfs_flags

/* With these here, nothing draws the shipped objects from their archive. */
#include "../../ldso/aout.c"
#include "../../ldso/image.c"
#include "../../ldso/mmapfd.c"
#include "../../ldso/reservation.c"

#undef sys_munmap
#undef sys_mmap
#undef sys_mmap_anon

/* ---- the files ---- */

enum { PAGE = 4096, MANY = 64 };
#define FIXED 0x10000000

static mmapfd_result_t list[MANY];
static unsigned int list_len;
static struct mmapfd_reason reason;

struct scenario {
    const char *name;
    uint16_t type;
    const Elf64_Phdr *phdr;
    size_t phnum, len, phoff; /* phoff 0: behind the ELF header */
    unsigned int flags;
    size_t padding;
    size_t file_end;         /* shorter than this the file is not what its headers say */
    bool is_placed_anew;     /* as the first object of large alignment */
    bool ignores_hints;      /* the kernel does */
    bool is_loading;         /* mapped as the loader does */
    const struct aout *aout; /* in place of an ELF header */
};

static const Elf64_Phdr usual[] = {
    LOAD(R, 0, 0, 0x628, 0x628, PAGE), LOAD(R | X, 0x1000, 0x1000, 0x15d, 0x15d, PAGE),
    LOAD(R, 0x2000, 0x2000, 0xd4, 0xd4, PAGE), LOAD(R | W, 0x2de8, 0x3de8, 0x228, 0x230, PAGE)};
static const Elf64_Phdr holes[] = {LOAD(R | X, 0, 0, 0x15d, 0x15d, PAGE),
                                   LOAD(R, 0, 0x3000, 0, 0x2000, PAGE),
                                   LOAD(R | W, 0x1000, 0x8000, 0x10000, 0x18000, PAGE),
                                   LOAD(R, 0x11000, 0x30000, 0x100, 0x100, 3)};
static const Elf64_Phdr odd[] = {
    LOAD(R, 0x40, 0x40, 0x600, 0x600, PAGE),          LOAD(0, 0, 0, 0, 0, PAGE),
    LOAD(R | X, 0x1001, 0x2000, 0x15d, 0x2000, PAGE), LOAD(R, 0x2000, 0x5000, 0x100, 0x200, PAGE),
    LOAD(R, 0x3000, 0x6000, 0x100, 0x100, PAGE),      LOAD(R, 0x3200, 0x6200, 0x100, 0x100, PAGE)};
static const Elf64_Phdr fixed[] = {LOAD(R, 0, FIXED, 0x628, 0x628, PAGE),
                                   LOAD(R | X, 0x1000, FIXED + 0x1000, 0x15d, 0x15d, PAGE),
                                   LOAD(R | W, 0x2de8, FIXED + 0x4de8, 0x228, 0x2230, PAGE)};
static const Elf64_Phdr small[] = {LOAD(R, 0, 0, 0x900, 0x900, PAGE)};
static const Elf64_Phdr wide[] = {LOAD(R, 0, 0, 0x628, 0x628, 0x1fffff),
                                  LOAD(R | W, 0x1000, 0x3000, 0x10, 0x2000, PAGE)};
/* Only the linked address is aligned. */
static const Elf64_Phdr absurd[] = {LOAD(R, 0, 0x80000, 0x628, 0x628, UINT64_C(1) << 57)};
/* Its last file part is mapped whole, so that nothing is read behind it. */
static const Elf64_Phdr paged[] = {LOAD(R | X, 0, 0, 0x15d, 0x15d, PAGE),
                                   LOAD(R | W, 0x1000, 0x1000, 0x5000, 0x7000, PAGE)};

static const struct aout demand = {.machine = AOUT_MACHINE,
                                   .magic = ZMAGIC,
                                   .text = 0x1000,
                                   .data = 0x5100,
                                   .bss = 0x3000,
                                   .entry = 0x10020};
static const struct aout pure = {
    .machine = AOUT_MACHINE, .magic = NMAGIC, .text = 0x1234, .data = 0x100, .entry = 0x10000};
static const struct aout impure = {.machine = AOUT_MACHINE,
                                   .magic = OMAGIC,
                                   .text = 0x1234,
                                   .data = 0x100,
                                   .bss = 0x2000,
                                   .entry = 0x10000};
static const struct aout shared = {
    .machine = AOUT_MACHINE, .magic = ZMAGIC, .text = 0x1000, .data = 0x100, .bss = 0x10};

/* Nearly all of its data is RELRO, or half of it. */
enum { RELRO = 0x210000 };
static const Elf64_Phdr populated[] = {
    LOAD(R, 0, 0, 0x628, 0x628, PAGE),
    LOAD(R | W, 0x1010, 0x2010, 0x40000, 0x43000, PAGE),
    {PT_GNU_RELRO, R, 0x1010, 0x2010, 0x2010, 0x20ff0, 0x20ff0, 1}};
static const Elf64_Phdr rewritten[] = {
    LOAD(R, 0, 0, 0x628, 0x628, PAGE),
    LOAD(R | W, 0x1010, 0x2010, RELRO + 0x100, RELRO + 0x3000, PAGE),
    {PT_GNU_RELRO, R, 0x1010, 0x2010, 0x2010, RELRO, RELRO, 1}};

/* Large code and large data, for MMFD_HUGEPAGE. */
static const Elf64_Phdr huge[] = {
    LOAD(R, 0, 0, 0x628, 0x628, PAGE), LOAD(R | X, 0x1000, 0x1000, RELRO, RELRO, PAGE),
    LOAD(R | W, 0x1010 + RELRO, 0x2010 + RELRO, RELRO + 0x100, RELRO + 0x3000, PAGE)};

#define ELF(table) .type = ET_DYN, .phdr = table, .phnum = COUNT_OF(table)
static const struct scenario scenarios[] = {
    {.name = "usual", ELF(usual), .len = 0x3010, .flags = MMFD_INTERPRET, .file_end = 0x3010},
    {.name = "holes", ELF(holes), .len = 0x11100, .flags = MMFD_INTERPRET, .file_end = 0x11100},
    {.name = "odd", ELF(odd), .len = 0x3300, .flags = MMFD_INTERPRET, .file_end = 0x3300},
    {.name = "fixed",
     .type = ET_EXEC,
     .phdr = fixed,
     .phnum = COUNT_OF(fixed),
     .len = 0x3010,
     .flags = MMFD_INTERPRET,
     .file_end = 0x3010},
    {.name = "fixed, padded",
     .type = ET_EXEC,
     .phdr = fixed,
     .phnum = COUNT_OF(fixed),
     .len = 0x3010,
     .flags = MMFD_INTERPRET,
     .padding = PAGE,
     .file_end = 0x3010},
    {.name = "padded",
     ELF(holes),
     .len = 0x11100,
     .flags = MMFD_INTERPRET,
     .padding = PAGE,
     .file_end = 0x11100},
    {.name = "first of large alignment",
     ELF(wide),
     .len = 0x2000,
     .flags = MMFD_INTERPRET,
     .file_end = 0x1010,
     .is_placed_anew = true},
    {.name = "next of large alignment",
     ELF(wide),
     .len = 0x2000,
     .flags = MMFD_INTERPRET,
     .file_end = 0x1010},
    {.name = "hint not heeded",
     ELF(wide),
     .len = 0x2000,
     .flags = MMFD_INTERPRET,
     .file_end = 0x1010,
     .ignores_hints = true},
    {.name = "large alignment, padded",
     ELF(wide),
     .len = 0x2000,
     .flags = MMFD_INTERPRET,
     .padding = PAGE,
     .file_end = 0x1010,
     .is_placed_anew = true},
    {.name = "ends with a page",
     ELF(paged),
     .len = 0x6000,
     .flags = MMFD_INTERPRET,
     .file_end = 0x6000},
    {.name = "small", ELF(small), .len = 0x900, .flags = MMFD_INTERPRET, .file_end = 0x900},
    {.name = "table apart",
     ELF(usual),
     .len = 0x4100,
     .phoff = 0x4000,
     .flags = MMFD_INTERPRET,
     .file_end = 0x3010},
    {.name = "relocatable",
     .type = ET_REL,
     .len = 0x1100,
     .flags = MMFD_INTERPRET,
     .file_end = 0x1100},
    {.name = "whole", ELF(usual), .len = 0x3010, .file_end = 0x3010},
    {.name = "whole, padded", ELF(usual), .len = 0x3010, .padding = PAGE, .file_end = 0x3010},
    {.name = "a.out", .aout = &demand, .len = 0x6100, .flags = MMFD_INTERPRET, .file_end = 0x6100},
    {.name = "a.out, pure",
     .aout = &pure,
     .len = 0x1354,
     .flags = MMFD_INTERPRET,
     .file_end = 0x1354},
    {.name = "a.out, impure",
     .aout = &impure,
     .len = 0x1354,
     .flags = MMFD_INTERPRET,
     .file_end = 0x1354},
    {.name = "a.out, shared",
     .aout = &shared,
     .len = 0x1100,
     .flags = MMFD_INTERPRET,
     .file_end = 0x1100},
    {.name = "RELRO", ELF(populated), .len = 0x41010, .is_loading = true, .file_end = 0x41010},
    {.name = "large RELRO",
     ELF(rewritten),
     .len = 0x1010 + RELRO + 0x100,
     .is_loading = true,
     .file_end = 0x1010 + RELRO + 0x100},
    {.name = "huge pages",
     ELF(huge),
     .len = 0x1110 + 2 * RELRO,
     .flags = MMFD_INTERPRET | MMFD_HUGEPAGE,
     .file_end = 0x1110 + 2 * RELRO,
     .is_placed_anew = true},
};

static int scenario_file(const struct scenario *s)
{
    if (s->aout)
        return aout_make(s->aout, s->len);
    return elf_make_at(s->type, s->phdr, s->phnum, s->len,
                       s->phoff ? s->phoff : sizeof(Elf64_Ehdr));
}

static int scenario_map(const struct scenario *s, int fd)
{
    size_t padding = s->padding;

    hooks.ignores_hints = s->ignores_hints;
    if (s->is_placed_anew)
        placed_last = 0;
    list_len = MANY;
    memset(list, 0x55, sizeof list);
    memset(&reason, 0, sizeof reason);
    if (s->is_loading) {
        struct sys_stat st;
        int err = hook_fstat(fd, &st);

        return err != 0 ? (reason.check = "fstat", err)
                        : mmapfd_file(fd, &st, list, &list_len, &reason);
    }
    return mmapfd_raw(fd, s->flags | (padding ? MMFD_PADDING : 0), list, &list_len,
                      padding ? &padding : NULL, &reason);
}

static void unmap_list(void)
{
    for (unsigned int i = 0; i < list_len; i++)
        sys_munmap(list[i].mr_addr, list[i].mr_msize);
}

static bool is_untouched(void)
{
    for (size_t i = 0; i < sizeof list; i++) {
        if (((unsigned char *)list)[i] != 0x55)
            return false;
    }
    return list_len == MANY;
}

/* ---- a failure at each call ---- */

static struct picture before, after;

/* Whether failing at call number at leaves everything as it was. */
static bool fails_cleanly(const struct scenario *s, int fd, unsigned int at, int error)
{
    int err;

    hooks_reset();
    hooks.fault_at = at;
    hooks.error = error;
    picture_take(&before);
    err = scenario_map(s, fd);
    picture_take(&after);
    if (err == 0) {
        unmap_list();
        picture_take(&after);
    }
    /* Alignment by luck can save a call or two: then the fault was not reached. */
    if ((hooks.made < at ? err == 0 : err == -error && reason.check && is_untouched()) &&
        picture_equal(&before, &after) && hooks.strays == 0)
        return true;
    printf("# %s, call %u, kind %d: %d\n", s->name, at, (int)hooks.kind_at_fault, err);
    return false;
}

static void test_failures(const struct scenario *s)
{
    int fd = scenario_file(s), maps;
    bool is_clean = true;
    unsigned int calls, frees_table = s->phoff > IMAGE_HEAD_LEN;

    hooks_reset();
    REQUIRE(scenario_map(s, fd) == 0);
    unmap_list();
    /* The last call of "table apart" gives the table back: nothing could be done if that failed. */
    calls = hooks.made - frees_table;
    maps = 0;
    for (unsigned int at = 1; at <= calls; at++) {
        is_clean &= fails_cleanly(s, fd, at, ENOMEM);
        maps += hooks.kind_at_fault != PREAD && hooks.kind_at_fault != FSTAT;
    }
    printf("# %s: %u calls\n", s->name, calls);
    CHECK(
        "whichever call fails, its error is returned, storage untouched, all unmapped, and no more",
        is_clean && maps > 0);
    close(fd);
}

/* ---- a truncation before each call ---- */

static bool cut_is_seen(const struct scenario *s, unsigned int at, off_t cut)
{
    int fd = scenario_file(s), err;
    bool is_right;

    hooks_reset();
    hooks.fault_at = at;
    hooks.fd = fd;
    hooks.cut = cut;
    picture_take(&before);
    err = scenario_map(s, fd);
    if (err == 0)
        unmap_list();
    picture_take(&after);
    /* Before the first fstat it is simply a shorter file, after the last look it is too late. */
    if (at == 1)
        is_right = err < 0 || (!(s->flags & MMFD_INTERPRET) && !s->is_loading) || s->type == ET_REL;
    else
        is_right = hooks.last_look < at ? err == 0 : err == -EIO;
    is_right &= picture_equal(&before, &after) && hooks.strays == 0 &&
                (err == 0 || (is_untouched() && reason.check));
    if (!is_right)
        printf("# %s, call %u, kind %d, cut to %ld: %d\n", s->name, at, (int)hooks.kind_at_fault,
               (long)cut, err);
    close(fd);
    return is_right;
}

static void test_truncations(const struct scenario *s)
{
    const off_t cuts[] = {0, 1, 63, 64, PAGE, 0x1001, 0x1004, (off_t)s->file_end - 1};
    int fd = scenario_file(s);
    unsigned int calls;
    bool is_seen = true;

    hooks_reset();
    REQUIRE(scenario_map(s, fd) == 0);
    unmap_list();
    close(fd);
    calls = hooks.made;
    CHECK("after the last mapping the file is looked at", hooks.last_look > hooks.last_file_map);
    for (unsigned int at = 1; at <= calls; at++) {
        for (size_t i = 0; i < COUNT_OF(cuts); i++)
            is_seen &= (size_t)cuts[i] >= s->file_end || cut_is_seen(s, at, cuts[i]);
    }
    CHECK("truncated before whichever call, it is EIO and no SIGBUS, and all is unmapped", is_seen);
}

/* ---- other kernels and file systems ---- */

static const struct scenario *scenario_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    }
    REQUIRE(!"such a scenario");
    return NULL;
}

static bool shows_file(int fd, size_t element, uint64_t off, size_t len)
{
    static char bytes[PAGE];

    return pread(fd, bytes, len, (off_t)off) == (ssize_t)len &&
           memcmp(bytes, list[element].mr_addr + list[element].mr_offset, len) == 0;
}

static void test_old_kernel(void)
{
    const struct scenario *s = scenario_named("fixed");
    int fd = scenario_file(s);
    void *live;

    hooks_reset();
    hooks.ignores_noreplace = true;
    CHECK("without MAP_FIXED_NOREPLACE in the kernel, ET_EXEC is mapped where nothing is",
          scenario_map(s, fd) == 0 && list[0].mr_addr == (char *)FIXED);
    unmap_list();
    hooks_reset();
    hooks.fault_at = 3;
    hooks.error = EPERM;
    CHECK("addresses that a process may not use count as used", scenario_map(s, fd) == -EADDRINUSE);
    hooks_reset();
    hooks.ignores_noreplace = true;
    live = sys_mmap((void *)(FIXED + 0x5000), PAGE, PROT_READ,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    picture_take(&before);
    CHECK("and refused where something is", scenario_map(s, fd) == -EADDRINUSE);
    picture_take(&after);
    CHECK("which stays alone", picture_equal(&before, &after));
    sys_munmap(live, PAGE);
    close(fd);
}

static bool is_mapped_wide(const struct scenario *s, int fd)
{
    bool is_right = scenario_map(s, fd) == 0 && (uintptr_t)list[0].mr_addr % 0x200000 == 0 &&
                    shows_file(fd, 1, 0x1000, 0x10);

    unmap_list();
    return is_right;
}

static void test_hints(void)
{
    const struct scenario *next = scenario_named("next of large alignment");
    const size_t room = 0x2000000;
    int fd = scenario_file(next);
    /* Room that is known to be free. */
    char *free_room = sys_mmap_anon(NULL, room, PROT_NONE, MAP_NORESERVE);

    REQUIRE(!sys_is_error(free_room));
    sys_munmap(free_room, room);
    placed_last = (uintptr_t)free_room + room;
    CHECK("where the kernel ignores hints, the base is aligned all the same",
          is_mapped_wide(scenario_named("hint not heeded"), fd));
    placed_last = (uintptr_t)free_room + room;
    hooks_reset();
    CHECK("where it heeds them too", is_mapped_wide(next, fd));
    if (getenv("EMULATED"))
        SKIP("and one call places it", "qemu-user has its own mind");
    else
        CHECK("and one call places it", hooks.of_kind[MMAP] == 1 && hooks.of_kind[MUNMAP] == 1);
    placed_last = PAGE;
    CHECK("a stale hint below which there is no room does no harm", is_mapped_wide(next, fd));
    close(fd);
    fd = elf_make(ET_DYN, absurd, COUNT_OF(absurd), 0x1000);
    list_len = MANY;
    CHECK("an alignment that only the linked address has is refused after others, too",
          mmapfd_raw(fd, MMFD_INTERPRET, list, &list_len, NULL, NULL) == -ENOMEM);
    close(fd);
}

static void test_reading(void)
{
    const struct scenario *s = scenario_named("holes");
    int fd = scenario_file(s);

    hooks_reset();
    hooks.reads_little = true;
    CHECK("short reads are continued", scenario_map(s, fd) == 0 && shows_file(fd, 2, 0x1000, PAGE));
    unmap_list();
    hooks_reset();
    hooks.interrupts = true;
    CHECK("interrupted reads are repeated",
          scenario_map(s, fd) == 0 && shows_file(fd, 2, 0x1000, PAGE));
    unmap_list();
    hooks_reset();
    hooks.cover_error = EOVERFLOW;
    CHECK("longer than the file system lets a file be: ENOMEM", scenario_map(s, fd) == -ENOMEM);
    close(fd);
}

static void test_noexec(void)
{
    static const char *const names[] = {"usual", "odd", "fixed"};
    unsigned int none = 0;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct scenario *s = scenario_named(names[i]);
        int fd = scenario_file(s);

        hooks_reset();
        hooks.is_noexec = true;
        picture_take(&before);
        CHECK("executable segments on a noexec file system: EACCES",
              scenario_map(s, fd) == -EACCES);
        picture_take(&after);
        CHECK("and nothing stays mapped", picture_equal(&before, &after) && is_untouched());
        CHECK("before E2BIG",
              mmapfd_raw(fd, s->flags, NULL, &none, NULL, NULL) == -EACCES && none == 0);
        close(fd);
    }
}

static void test_refusals(void)
{
    const Elf64_Phdr zero[] = {LOAD(R, 0, 0, 0x628, 0x628, PAGE)};
    const struct scenario low = {.name = "low",
                                 .type = ET_EXEC,
                                 .phdr = zero,
                                 .phnum = 1,
                                 .len = 0x1000,
                                 .flags = MMFD_INTERPRET};
    struct scenario padded = low;
    int fd = scenario_file(&low);

    hooks_reset();
    padded.padding = PAGE;
    CHECK("address 0: EADDRINUSE", scenario_map(&low, fd) == -EADDRINUSE);
    CHECK("padding below it: ENOMEM", scenario_map(&padded, fd) == -ENOMEM);
    close(fd);
}

/* ---- reservations ---- */

enum { RESERVED = 0x10000 }; /* bytes from FIXED on */

/* How many bytes from from on are reserved, as the list of mappings has it. */
static size_t reserved_len(uintptr_t from)
{
    static struct picture now;
    uintptr_t at = from;

    picture_take(&now);
    for (char *line = now.maps; *line; line = strchr(line, '\n') + 1) {
        unsigned long lo, hi;
        char rights[5], name[20] = "";

        if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %19[^\n]", &lo, &hi, rights, name) >= 3 &&
            lo == at && strcmp(rights, "---p") == 0 && strcmp(name, "/dev/zero") == 0)
            at = hi;
    }
    return at - from;
}

/* A picture in which the reservation does not show: put back, it can be in several lines. */
static void picture_without_reserved(struct picture *p)
{
    char *to;

    picture_take(p);
    to = p->maps;
    for (char *line = p->maps, *next; *line; line = next) {
        size_t len;

        next = strchr(line, '\n') + 1;
        len = (size_t)(next - line);
        if (memmem(line, len, " /dev/zero\n", 11))
            continue;
        memmove(to, line, len);
        to += len;
    }
    *to = 0;
    p->len = (size_t)(to - p->maps);
}

static bool fails_and_puts_back(const struct scenario *s, int fd, unsigned int at,
                                bool answers_no_query)
{
    bool is_clean;
    int err;

    reserve_range((char *)FIXED - PAGE, RESERVED + PAGE);
    picture_without_reserved(&before);
    hooks_reset();
    hooks.answers_no_query = hooks.reads_little = answers_no_query;
    hooks.fault_at = at;
    hooks.error = ENOMEM;
    err = scenario_map(s, fd);
    picture_without_reserved(&after);
    is_clean = hooks.made >= at && reason.check && is_untouched() && err == -ENOMEM &&
               picture_equal(&before, &after) && reserved_len(FIXED - PAGE) == RESERVED + PAGE;
    if (!is_clean)
        printf("# call %u, kind %d: %d, reserved %#zx\n", at, (int)hooks.kind_at_fault, err,
               reserved_len(FIXED - PAGE));
    sys_munmap((char *)FIXED - PAGE, RESERVED + PAGE);
    return is_clean;
}

/* Each failure in turn, of a mapping into a reservation. */
static void test_reserved(const struct scenario *s, bool answers_no_query)
{
    int fd = scenario_file(s);
    unsigned int calls;
    bool is_clean = true;

    reserve_range((char *)FIXED - PAGE, RESERVED + PAGE);
    hooks_reset();
    hooks.answers_no_query = hooks.reads_little = answers_no_query;
    CHECK("a reservation is replaced by what is mapped there",
          scenario_map(s, fd) == 0 && list[s->padding != 0].mr_addr == (char *)FIXED);
    calls = hooks.made;
    unmap_list();
    for (unsigned int at = 1; at <= calls; at++)
        is_clean &= fails_and_puts_back(s, fd, at, answers_no_query);
    CHECK("whichever call fails, the reservation is put back and nothing else stays", is_clean);
    sys_munmap((char *)FIXED - PAGE, RESERVED + PAGE);
    close(fd);
}

static void test_reservations(void)
{
    static const char *const names[] = {"fixed", "fixed, padded"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        for (int is_old = 0; is_old < 2; is_old++)
            test_reserved(scenario_named(names[i]), is_old);
    }
}

/* ---- foreign a.out files ---- */

static void test_foreign(void)
{
    static const unsigned char headers[][4] = {
        {0, 3, 0x0b, 0x01},            /* the host's byte order, another machine */
        {0x81, 3, 0x01, 0x0b},         /* SunOS on SPARC */
        {0, AOUT_MACHINE, 0x01, 0x08}, /* network order, our machine */
        {0xcc, 0x00, 100, 0},          /* Linux on i386 */
    };

    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        struct scenario s = *scenario_named("a.out");
        int fd = scenario_file(&s);

        file_put(fd, headers[i], 4, 0);
        hooks_reset();
        CHECK("an a.out file for elsewhere: ENOTSUP", scenario_map(&s, fd) == -ENOTSUP);
        close(fd);
    }
}

/* ---- how many calls ---- */

static void test_call_counts(void)
{
    Elf64_Phdr large[COUNT_OF(usual)];
    Elf64_Phdr high[COUNT_OF(usual)];
    static const Elf64_Phdr two[] = {LOAD(R | X, 0, 0, 0x15d, 0x15d, PAGE),
                                     LOAD(R | W, 0xde8, 0x1de8, 0x228, 0x1230, PAGE)};
    struct scenario s = *scenario_named("usual");
    int fd = scenario_file(&s);

    hooks_reset();
    CHECK("R, RX, R, RW + bss: fstat pread mmap mprotect mmap pread",
          scenario_map(&s, fd) == 0 && hooks.made == 6 && hooks.of_kind[MPROTECT] == 1 &&
              hooks.of_kind[PREAD] == 2 && hooks.of_kind[MMAP] == 1 &&
              hooks.of_kind[MMAP_ANON] == 1);
    unmap_list();
    close(fd);
    for (size_t i = 0; i < COUNT_OF(usual); i++) {
        high[i] = usual[i];
        high[i].p_vaddr += UINT64_C(0xffffffff80000000);
    }
    s.phdr = high;
    fd = scenario_file(&s);
    hooks_reset();
    CHECK("wherever it is linked", scenario_map(&s, fd) == 0 && hooks.made == 6);
    unmap_list();
    close(fd);
    memcpy(large, usual, sizeof large);
    large[3].p_filesz = 0x5228;
    large[3].p_memsz = 0x6000;
    s.phdr = large;
    s.len = 0x9000;
    fd = scenario_file(&s);
    hooks_reset();
    CHECK("one more mmap for large data", scenario_map(&s, fd) == 0 && hooks.made == 7);
    unmap_list();
    close(fd);
    s.phdr = two;
    s.phnum = 2;
    fd = scenario_file(&s);
    hooks_reset();
    CHECK("RX, RW + bss: fstat pread mmap mmap pread",
          scenario_map(&s, fd) == 0 && hooks.made == 5 && hooks.of_kind[MPROTECT] == 0);
    unmap_list();
    close(fd);
}

static void check_counter(const char *name, unsigned int moved)
{
    printf("# %s: %u\n", name, moved);
    CHECK("this rare branch was taken", moved > 0);
}

int main(void)
{
    check_begin();
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        test_failures(&scenarios[i]);
        test_truncations(&scenarios[i]);
    }
    test_old_kernel();
    test_hints();
    test_reading();
    test_noexec();
    test_refusals();
    test_reservations();
    test_foreign();
    test_call_counts();
#define COUNTER_CHECK(name) check_counter(#name, counters.name);
    COUNTERS(COUNTER_CHECK)
    return check_failures != 0;
}
