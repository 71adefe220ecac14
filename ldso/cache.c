/*
 * cache.c - reads /etc/ld.so.cache through mmapfd, both formats.
 *
 * Called by search.c under the loader's lock. The file is root's, but a torn or foreign one must
 * not crash the loader: every offset is checked against the mapping's length before it is followed.
 *
 * Old format ("ld.so-1.7.0"): nlibs entries of three words, strings behind them. New format
 * ("glibc-ld.so.cache1.1"): 24-byte entries, offsets relative to the new header; it stands alone
 * or, aligned, behind an old one. Entries are sorted downwards by a comparison that takes digits as
 * numbers.
 */
#include "cache.h"

#include "alloc.h"
#include "arch.h"
#include "mmapfd.h"
#include "readonly.h"
#include "string.h"
#include "sys.h"

#define CACHE_FILE "/etc/ld.so.cache"
#define OLD_MAGIC "ld.so-1.7.0"
#define NEW_MAGIC "glibc-ld.so.cache1.1"

struct old_entry {
    int32_t flags;
    uint32_t key, value;
};

struct old_header {
    char magic[sizeof OLD_MAGIC - 1];
    uint32_t nlibs;
};

struct new_entry {
    int32_t flags;
    uint32_t key, value; /* offsets of strings from the header */
    uint32_t os_version;
    uint64_t hwcap;
};

struct new_header {
    char magic[sizeof NEW_MAGIC - 1];
    uint32_t nlibs, len_strings;
    uint8_t endian; /* 0 not said, 2 little, 3 big */
    uint8_t pad[3];
    uint32_t extension_offset;
    uint32_t unused[3];
};

struct extension {
    uint32_t tag, flags, offset, size;
};

enum {
    EXTENSION_MAGIC = (int)0xeaa42174,
    EXTENSION_HWCAPS = 1,
    OLD_FLAG_ELF = 1,
};
#define HWCAP_EXTENSION ((uint64_t)1 << 62) /* low half: index into the extension's names */

const char *cache_hwcaps_prepend READ_ONLY_AFTER_START;
const char *cache_hwcaps_mask READ_ONLY_AFTER_START;
int cache_err;

static mmapfd_result_t file;
static const char *base; /* of the new header, or of the old strings; NULL: no usable cache */
static size_t base_len;
static const struct new_entry *new_entries;
static const struct old_entry *old_entries;
static uint32_t entry_count;
static const uint32_t *hwcap_names;
static uint32_t hwcap_name_count;
static bool is_open;

/* A processor level that glibc-hwcaps directories are named by, and what /proc/cpuinfo must list
 * for it. */
struct level {
    const char *name, *flags;
};

static const struct level levels[] = {ARCH_HWCAPS{NULL, NULL}};

static bool has_word(const char *list, const char *word, size_t len)
{
    for (const char *at = list; (at = strstr(at, " ")) != NULL; at++) {
        if (strncmp(at + 1, word, len) == 0 && (at[1 + len] == ' ' || at[1 + len] == '\0'))
            return true;
    }
    return false;
}

static bool has_words(const char *list, const char *words)
{
    while (*words != '\0') {
        size_t len = 0;
        while (words[len] != ' ' && words[len] != '\0')
            len++;
        if (!has_word(list, words, len))
            return false;
        words += len + (words[len] == ' ');
    }
    return true;
}

/* The first "flags" line of /proc/cpuinfo, since the loader never executes CPUID (a trap in a
 * virtual machine). */
static const char *processor_flags(void)
{
    static char text[8192] __attribute__((section(".bss.large"))); /* see alloc.c */

    if (text[0] != '\0')
        return text;
    int fd = sys_open("/proc/cpuinfo");
    long len = fd >= 0 ? sys_read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        sys_close(fd);
    text[len > 0 ? len : 0] = '\0';
    char *line = strstr(text, "\nflags");
    char *end = line != NULL ? strchr(line + 1, '\n') : NULL;
    if (end != NULL)
        *end = '\0';
    if (line != NULL)
        memmove(text, line, strlen(line) + 1);
    else
        memcpy(text, " ", 2);
    return text;
}

/* The length of the first name in a list. */
static size_t name_len(const char *list)
{
    size_t len = 0;

    while (list[len] != '\0' && list[len] != ':')
        len++;
    return len;
}

/* The next name in a list, NULL behind the last. */
static const char *next_name(const char *list)
{
    const char *end = list + name_len(list);

    return *end != '\0' ? end + 1 : NULL;
}

static bool is_masked(const char *name)
{
    size_t len = strlen(name);

    for (const char *at = cache_hwcaps_mask; at != NULL; at = next_name(at)) {
        if (name_len(at) == len && strncmp(at, name, len) == 0)
            return false;
    }
    return cache_hwcaps_mask != NULL;
}

/* Each level is asked about for each library that is sought. */
static bool is_usable(const struct level *l)
{
    static enum { UNKNOWN, YES, NO } usable[sizeof levels / sizeof *levels];
    unsigned i = (unsigned)(l - levels);

    if (usable[i] == UNKNOWN)
        usable[i] = has_words(processor_flags(), l->flags) ? YES : NO;
    return usable[i] == YES && !is_masked(l->name);
}

bool cache_has_hwcaps(void)
{
    return levels[0].name != NULL || cache_hwcaps_prepend != NULL;
}

const char *cache_hwcap(unsigned priority)
{
    static char *prepended;
    unsigned usable = 0;

    for (const char *at = cache_hwcaps_prepend; at != NULL; at = next_name(at)) {
        if (name_len(at) == 0 || usable++ != priority)
            continue;
        alloc_free(prepended);
        prepended = alloc_string(at, name_len(at));
        return prepended;
    }
    for (const struct level *l = levels; l->name != NULL; l++) {
        if (is_usable(l) && usable++ == priority)
            return l->name;
    }
    return NULL;
}

/* The string at an offset from base, if it is terminated inside the file. */
static const char *string_at(uint32_t off)
{
    if (off >= base_len || strnlen(base + off, base_len - off) == base_len - off)
        return NULL;
    return base + off;
}

static void find_hwcap_names(const struct new_header *header)
{
    uint32_t off = header->extension_offset;

    if (off == 0 || off % 4 != 0 || off > base_len || base_len - off < 8)
        return;
    const uint32_t *magic_count = (const uint32_t *)(base + off);
    const struct extension *e = (const struct extension *)(magic_count + 2);
    if (magic_count[0] != (uint32_t)EXTENSION_MAGIC ||
        magic_count[1] > (base_len - off - 8) / sizeof *e)
        return;
    for (uint32_t i = 0; i < magic_count[1]; i++) {
        if (e[i].tag == EXTENSION_HWCAPS && e[i].offset % 4 == 0 && e[i].offset <= base_len &&
            e[i].size <= base_len - e[i].offset) {
            hwcap_names = (const uint32_t *)(base + e[i].offset);
            hwcap_name_count = e[i].size / 4;
        }
    }
}

static bool parse_new(const char *at, size_t len)
{
    const struct new_header *header = (const struct new_header *)at;

    if (len < sizeof *header || memcmp(header->magic, NEW_MAGIC, sizeof header->magic) != 0 ||
        (header->endian & 3) == 3 ||
        header->nlibs > (len - sizeof *header) / sizeof(struct new_entry))
        return false;
    base = at;
    base_len = len;
    new_entries = (const struct new_entry *)(header + 1);
    entry_count = header->nlibs;
    find_hwcap_names(header);
    return true;
}

static void parse(void)
{
    const struct old_header *header = (const struct old_header *)file.mr_addr;
    size_t len = file.mr_fsize;

    if (parse_new(file.mr_addr, len))
        return;
    if (len < sizeof *header || memcmp(header->magic, OLD_MAGIC, sizeof header->magic) != 0 ||
        header->nlibs > (len - sizeof *header) / sizeof(struct old_entry))
        return;
    size_t strings = sizeof *header + header->nlibs * sizeof(struct old_entry);
    size_t aligned = (strings + 7) & ~(size_t)7;
    if (aligned < len && parse_new(file.mr_addr + aligned, len - aligned))
        return;
    base = file.mr_addr + strings;
    base_len = len - strings;
    old_entries = (const struct old_entry *)(header + 1);
    entry_count = header->nlibs;
}

static void open_cache(void)
{
    unsigned count = 1;
    int fd = sys_open(CACHE_FILE);

    is_open = true;
    cache_err = fd < 0 ? fd : mmapfd_raw(fd, 0, &file, &count, NULL, NULL);
    if (cache_err == 0)
        parse();
    else if (cache_err == -EINVAL || cache_err == -ENODEV) /* an empty file, or none */
        cache_err = 0;
    if (fd >= 0)
        sys_close(fd);
}

void cache_forget(void)
{
    if (file.mr_addr != NULL)
        sys_munmap(file.mr_addr, file.mr_msize);
    file.mr_addr = NULL;
    base = NULL;
    new_entries = NULL;
    old_entries = NULL;
    hwcap_names = NULL;
    entry_count = hwcap_name_count = 0;
    is_open = false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static unsigned long take_number(const char **s)
{
    unsigned long value = 0;

    while (is_digit(**s))
        value = value * 10 + (unsigned long)(*(*s)++ - '0');
    return value;
}

/* ldconfig's order of names: digits are numbers, and come behind everything else. */
static int compare(const char *a, const char *b)
{
    while (*a != '\0') {
        if (is_digit(*a) && is_digit(*b)) {
            unsigned long x = take_number(&a);
            unsigned long y = take_number(&b);
            if (x != y)
                return x < y ? -1 : 1;
        } else if (is_digit(*a) || is_digit(*b)) {
            return is_digit(*a) ? 1 : -1;
        } else if (*a != *b) {
            return (unsigned char)*a - (unsigned char)*b;
        } else {
            a++;
            b++;
        }
    }
    return -(int)(unsigned char)*b;
}

static const char *key_of(uint32_t i)
{
    const char *key = string_at(new_entries != NULL ? new_entries[i].key : old_entries[i].key);

    return key != NULL ? key : "";
}

/* How good an entry is for this processor: 0 best, larger worse, -1 not usable. */
static int rank(uint32_t i)
{
    if (new_entries == NULL) {
        int32_t flags = old_entries[i].flags;
        return flags == OLD_FLAG_ELF || flags == ARCH_CACHE_FLAGS ? 0 : -1;
    }
    const struct new_entry *e = &new_entries[i];
    if (e->flags != ARCH_CACHE_FLAGS)
        return -1;
    if (e->hwcap == 0)
        return INT32_MAX;
    uint32_t index = (uint32_t)e->hwcap;
    if ((e->hwcap & HWCAP_EXTENSION) == 0 || index >= hwcap_name_count)
        return -1; /* a legacy subdirectory: those ended with glibc 2.37 */
    const char *name = string_at(hwcap_names[index]);
    const char *usable;
    for (unsigned p = 0; name != NULL && (usable = cache_hwcap(p)) != NULL; p++) {
        if (string_equal(usable, name))
            return (int)p;
    }
    return -1;
}

const char *cache_lookup(const char *name)
{
    uint32_t first = 0;

    if (!is_open)
        open_cache();
    if (base == NULL)
        return NULL;
    for (uint32_t count = entry_count; count > 0;) { /* the first entry not above name */
        uint32_t half = count / 2;
        if (compare(key_of(first + half), name) > 0) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    const char *best = NULL;
    int best_rank = 0;
    for (uint32_t i = first; i < entry_count && compare(key_of(i), name) == 0; i++) {
        int r = string_equal(key_of(i), name) ? rank(i) : -1;
        if (r >= 0 && (best == NULL || r < best_rank)) {
            best = string_at(new_entries != NULL ? new_entries[i].value : old_entries[i].value);
            best_rank = r;
        }
    }
    return best;
}
