/*
 * symbols.c - finds a symbol of a library by name, through the list of its elements alone.
 *
 *     make build/x86_64/examples/symbols && build/x86_64/examples/symbols /lib/x86_64-linux-gnu/libc.so.6 environ
 *
 * The list is all that is known of the file: which addresses hold something, and where the ELF header
 * is. From there the way leads to the program headers, PT_DYNAMIC, the hash table, the symbol table and
 * the names. The file may be malformed anywhere. So nothing is read from an address before an element
 * is found that holds it with its full length, and each loop ends after as many steps as there can be
 * entries.
 */
#include <fcntl.h>
#include <mmapfd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { MANY = 32 };

/* A file that is mapped: its elements, and what its dynamic section says. Addresses are linked ones. */
struct library {
    mmapfd_result_t list[MANY];
    unsigned int count;
    uintptr_t bias;
    uint64_t gnu_hash, hash, symbols, strings; /* 0 if there is none */
};

/* Number of the element that holds all of [addr, addr + len), readable; -1 if none does. */
static int element_of(const struct library *lib, uint64_t addr, size_t len)
{
    for (unsigned int i = 0; i < lib->count; i++) {
        const mmapfd_result_t *r = &lib->list[i];
        uint64_t at = addr + lib->bias - (uintptr_t)r->mr_addr; /* huge if addr is below */

        if ((r->mr_prot & PROT_READ) && at <= r->mr_msize && len <= r->mr_msize - at)
            return (int)i;
    }
    return -1;
}

/* Copies: what a file holds need not be aligned. */
static bool read_at(const struct library *lib, uint64_t addr, void *copy, size_t len)
{
    int i = element_of(lib, addr, len);

    if (i < 0)
        return false;
    memcpy(copy, lib->list[i].mr_addr + (addr + lib->bias - (uintptr_t)lib->list[i].mr_addr), len);
    return true;
}

static uint32_t word_at(const struct library *lib, uint64_t addr, uint32_t otherwise)
{
    uint32_t word;

    return read_at(lib, addr, &word, sizeof word) ? word : otherwise;
}

/* ---- from the list to the tables ---- */

static bool read_dynamic(struct library *lib, const Elf64_Phdr *ph)
{
    for (uint64_t off = 0; off < ph->p_memsz; off += sizeof(Elf64_Dyn)) {
        Elf64_Dyn dyn;

        if (!read_at(lib, ph->p_vaddr + off, &dyn, sizeof dyn))
            return false;
        switch (dyn.d_tag) {
        case DT_NULL:
            return true;
        case DT_GNU_HASH:
            lib->gnu_hash = dyn.d_un.d_ptr;
            break;
        case DT_HASH:
            lib->hash = dyn.d_un.d_ptr;
            break;
        case DT_SYMTAB:
            lib->symbols = dyn.d_un.d_ptr;
            break;
        case DT_STRTAB:
            lib->strings = dyn.d_un.d_ptr;
            break;
        default:
            break;
        }
    }
    return true;
}

/* The header is in the element that says so; the load bias follows from the rule in mmapfd.h. */
static bool read_headers(struct library *lib)
{
    const mmapfd_result_t *header = lib->list;
    Elf64_Ehdr ehdr;
    Elf64_Phdr ph;
    uint64_t first = UINT64_MAX;

    while (header < lib->list + lib->count && !(header->mr_flags & MFD_ELF_HDR))
        header++;
    if (header == lib->list + lib->count)
        return false;
    /* Until the bias is known, it is 0, and addresses are run-time ones. */
    if (!read_at(lib, (uintptr_t)header->mr_addr, &ehdr, sizeof ehdr) ||
        memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 || ehdr.e_phentsize != sizeof ph)
        return false;
    for (int pass = 0; pass < 2; pass++) {
        for (unsigned int i = 0; i < ehdr.e_phnum; i++) {
            uintptr_t table = (uintptr_t)header->mr_addr - lib->bias + ehdr.e_phoff;

            if (!read_at(lib, table + i * sizeof ph, &ph, sizeof ph))
                return false;
            if (pass == 0 && ph.p_type == PT_LOAD && ph.p_memsz != 0 && first == UINT64_MAX)
                first = ph.p_vaddr;
            if (pass == 1 && ph.p_type == PT_DYNAMIC)
                return read_dynamic(lib, &ph) && lib->symbols != 0 && lib->strings != 0;
        }
        lib->bias = (uintptr_t)lib->list[0].mr_addr - (first - first % 4096);
    }
    return false;
}

/* ---- looking up ---- */

static bool is_named(const struct library *lib, const Elf64_Sym *symbol, const char *name)
{
    size_t len = strlen(name) + 1;
    uint64_t addr = lib->strings + symbol->st_name;
    int i = element_of(lib, addr, len);

    return i >= 0 && memcmp((const char *)(addr + lib->bias), name, len) == 0;
}

/* Prints the symbol if it is the one, and defined. */
static unsigned int print_if(const struct library *lib, uint32_t index, const char *name)
{
    Elf64_Sym symbol;
    int element;

    if (!read_at(lib, lib->symbols + (uint64_t)index * sizeof symbol, &symbol, sizeof symbol) ||
        symbol.st_shndx == SHN_UNDEF || !is_named(lib, &symbol, name))
        return 0;
    element = ELF64_ST_TYPE(symbol.st_info) == STT_TLS || symbol.st_shndx == SHN_ABS
                  ? -1
                  : element_of(lib, symbol.st_value, symbol.st_size);
    printf("%s: value %#lx, ", name, (unsigned long)symbol.st_value);
    if (element < 0)
        printf("no element\n");
    else
        printf("element %d\n", element);
    return 1;
}

/* Buckets of chains in ascending order; the last of a chain has bit 0 set. A library that has the
 * name in several versions has it several times in a chain. */
static unsigned int find_gnu(const struct library *lib, const char *name)
{
    uint32_t head[4]; /* buckets, first symbol in a chain, words of the filter, its shift */
    uint32_t hash = 5381, index, entry = 0;
    uint64_t buckets, chains;
    unsigned int found = 0;

    for (const char *c = name; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    if (!read_at(lib, lib->gnu_hash, head, sizeof head) || head[0] == 0)
        return 0;
    buckets = lib->gnu_hash + sizeof head + head[2] * UINT64_C(8);
    chains = buckets + head[0] * UINT64_C(4);
    index = word_at(lib, buckets + hash % head[0] * UINT64_C(4), 0);
    if (index < head[1])
        return 0;
    for (; !(entry & 1) && index != 0; index++) {
        entry = word_at(lib, chains + (index - head[1]) * UINT64_C(4), 1);
        if ((entry | 1) == (hash | 1))
            found += print_if(lib, index, name);
    }
    return found;
}

static unsigned int find_sysv(const struct library *lib, const char *name)
{
    uint32_t head[2]; /* buckets, chains: as many as there are symbols */
    uint32_t hash = 0, index;
    uint64_t buckets, chains;
    unsigned int found = 0;

    for (const char *c = name; *c; c++) {
        hash = (hash << 4) + (unsigned char)*c;
        hash = (hash ^ (hash >> 24 & 0xf0)) & 0xfffffff;
    }
    if (!read_at(lib, lib->hash, head, sizeof head) || head[0] == 0)
        return 0;
    buckets = lib->hash + sizeof head;
    chains = buckets + head[0] * UINT64_C(4);
    index = word_at(lib, buckets + hash % head[0] * UINT64_C(4), 0);
    for (uint32_t steps = 0; index != 0 && steps < head[1]; steps++) {
        found += print_if(lib, index, name);
        index = word_at(lib, chains + index * UINT64_C(4), 0);
    }
    return found;
}

int main(int argc, char **argv)
{
    static struct library lib = {.count = MANY};
    struct mmapfd_reason reason;
    int fd, status = 0;

    if (argc < 3) {
        fprintf(stderr, "usage: %s library symbol...\n", argv[0]);
        return 2;
    }
    fd = open(argv[1], O_RDONLY);
    if (fd < 0) {
        perror(argv[1]);
        return 2;
    }
    if (mmapfd_raw(fd, MMFD_INTERPRET, lib.list, &lib.count, NULL, &reason) != 0) {
        char why[200];

        mmapfd_explain(&reason, why, sizeof why);
        fprintf(stderr, "%s: %s\n", argv[1], why);
        return 2;
    }
    if (!read_headers(&lib)) {
        fprintf(stderr, "%s: no dynamic section to be found in its elements\n", argv[1]);
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        if ((lib.gnu_hash ? find_gnu(&lib, argv[i]) : find_sysv(&lib, argv[i])) == 0) {
            fprintf(stderr, "%s: not defined in %s\n", argv[i], argv[1]);
            status = 1;
        }
    }
    return status;
}
