/*
 * stub.c - makes an ELF program in memory: program headers, dynamic section, symbols, versions,
 * hash tables.
 *
 * Called by musl.c and glibc.c when TLS is laid out. The libc reads it as it would read a program
 * that the kernel mapped, so everything is a proper, if minimal, gABI structure:
 *
 *      PT_PHDR      tells the libc the load bias: address of the headers - p_vaddr, made to be
 *                   the real program's
 *      PT_INTERP    the booted loader's own path
 *      PT_DYNAMIC   see build_dynamic
 *      PT_TLS       the combined block of all our modules as if it were the program's own TLS
 *      PT_GNU_STACK as the plan says
 *      PT_LOAD      the memory of the stub
 */
#include "stub.h"

#include "alloc.h"
#include "dynamic.h"
#include "lookup.h"
#include "string.h"
#include "sys.h"
#include "tls.h"

enum { PHDR_COUNT = 6, DYNAMIC_MAX = 40, VERSION_MAX = 4 };

struct version_def {
    Elf64_Verdef def;
    Elf64_Verdaux aux;
};

struct stub {
    Elf64_Phdr phdr[PHDR_COUNT];
    Elf64_Dyn dynamic[DYNAMIC_MAX];
    struct version_def verdef[VERSION_MAX];
    unsigned dynamic_count;
    Elf64_Sym *symtab; /* these follow the struct in the same block */
    uint32_t *sysv_hash, *gnu_hash;
    uint16_t *versym;
    char *strtab;
    size_t strsz, len;
};

static uint32_t add_string(struct stub *s, const char *string)
{
    size_t at = s->strsz;

    memcpy(s->strtab + at, string, strlen(string) + 1);
    s->strsz += strlen(string) + 1;
    return (uint32_t)at;
}

static void add_dynamic(struct stub *s, int64_t tag, uint64_t value)
{
    s->dynamic[s->dynamic_count++] = (Elf64_Dyn){.d_tag = tag, .d_un.d_val = value};
}

static size_t string_room(const struct stub_plan *plan)
{
    size_t len = 1 + strlen(plan->interp) + 1 + strlen(plan->needed) + 1;

    len += plan->soname != NULL ? strlen(plan->soname) + 1 : 0;
    for (unsigned i = 0; i < plan->symbol_count; i++)
        len += strlen(plan->symbols[i].name) + 1;
    for (unsigned i = 0; i < plan->version_count; i++)
        len += strlen(plan->versions[i]) + 1;
    return len;
}

/* One block: the struct, then its tables by falling alignment. */
static struct stub *new_stub(const struct stub_plan *plan)
{
    size_t count = plan->symbol_count + 1; /* symbol 0 */
    size_t words = (2 + 1 + count) + (4 + 2 + 1 + count);
    size_t len = sizeof(struct stub) + count * sizeof(Elf64_Sym) + words * sizeof(uint32_t) +
                 count * sizeof(uint16_t) + string_room(plan);
    struct stub *s = alloc(len);

    if (s == NULL)
        return NULL;
    s->len = len;
    s->symtab = (Elf64_Sym *)(s + 1);
    s->gnu_hash = (uint32_t *)(s->symtab + count); /* 8-aligned: its bloom words are 64-bit */
    s->sysv_hash = s->gnu_hash + 4 + 2 + 1 + count;
    s->versym = (uint16_t *)(s->sysv_hash + 2 + 1 + count);
    s->strtab = (char *)(s->versym + count);
    s->strsz = 1;
    return s;
}

/* One bucket each: the order inside is free, and a handful of symbols needs no more. The filter
 * lets all through. */
static void build_symbols(struct stub *s, const struct stub_plan *plan)
{
    uint32_t count = plan->symbol_count + 1;
    uint32_t *chain = s->gnu_hash + 7;

    s->sysv_hash[0] = 1;
    s->sysv_hash[1] = count;
    s->sysv_hash[2] = count > 1 ? 1 : 0;
    s->gnu_hash[0] = 1; /* nbuckets */
    s->gnu_hash[1] = 1; /* symoffset */
    s->gnu_hash[2] = 1; /* bloom words */
    s->gnu_hash[3] = 6; /* shift */
    s->gnu_hash[4] = s->gnu_hash[5] = UINT32_MAX;
    s->gnu_hash[6] = count > 1 ? 1 : 0;
    for (uint32_t i = 1; i < count; i++) {
        const struct stub_symbol *from = &plan->symbols[i - 1];
        bool is_last = i + 1 == count;
        s->symtab[i] = (Elf64_Sym){.st_name = add_string(s, from->name),
                                   .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                                   .st_shndx = 1,
                                   .st_value = from->addr - plan->bias};
        s->versym[i] = (uint16_t)from->version;
        s->sysv_hash[3 + i] = is_last ? 0 : i + 1;
        chain[i - 1] = (lookup_gnu_hash(from->name) & ~UINT32_C(1)) | (is_last ? 1 : 0);
    }
}

static void build_versions(struct stub *s, const struct stub_plan *plan)
{
    for (unsigned i = 0; i < plan->version_count; i++) {
        struct version_def *v = &s->verdef[i];
        bool is_last = i + 1 == plan->version_count;
        v->def = (Elf64_Verdef){.vd_version = VER_DEF_CURRENT,
                                .vd_flags = i == 0 ? VER_FLG_BASE : 0,
                                .vd_ndx = (uint16_t)(i + 1),
                                .vd_cnt = 1,
                                .vd_hash = dynamic_sysv_hash(plan->versions[i]),
                                .vd_aux = sizeof v->def,
                                .vd_next = is_last ? 0 : sizeof *v};
        v->aux.vda_name = add_string(s, plan->versions[i]);
    }
}

static uint64_t vaddr(const struct stub_plan *plan, const void *addr)
{
    return (uintptr_t)addr - plan->bias;
}

static void build_dynamic(struct stub *s, const struct stub_plan *plan)
{
    add_dynamic(s, DT_NEEDED, add_string(s, plan->needed));
    if (plan->soname != NULL)
        add_dynamic(s, DT_SONAME, add_string(s, plan->soname));
    for (unsigned i = 0; i < plan->extra_count; i++)
        add_dynamic(s, plan->extra[i].d_tag, plan->extra[i].d_un.d_val);
    if (plan->version_count > 0) {
        add_dynamic(s, DT_VERSYM, vaddr(plan, s->versym));
        add_dynamic(s, DT_VERDEF, vaddr(plan, s->verdef));
        add_dynamic(s, DT_VERDEFNUM, plan->version_count);
    }
    add_dynamic(s, DT_SYMTAB, vaddr(plan, s->symtab));
    add_dynamic(s, DT_SYMENT, sizeof(Elf64_Sym));
    add_dynamic(s, DT_HASH, vaddr(plan, s->sysv_hash));
    add_dynamic(s, DT_GNU_HASH, vaddr(plan, s->gnu_hash));
    add_dynamic(s, DT_STRTAB, vaddr(plan, s->strtab));
    add_dynamic(s, DT_STRSZ, s->strsz);
    add_dynamic(s, DT_DEBUG, 0);
    add_dynamic(s, DT_NULL, 0);
}

static Elf64_Phdr header(const struct stub_plan *plan, uint32_t type, const void *addr, size_t len,
                         uint32_t flags, size_t align)
{
    return (Elf64_Phdr){.p_type = type,
                        .p_flags = flags,
                        .p_vaddr = vaddr(plan, addr),
                        .p_paddr = vaddr(plan, addr),
                        .p_filesz = len,
                        .p_memsz = len,
                        .p_align = align};
}

const Elf64_Phdr *stub_build(const struct stub_plan *plan, unsigned *count)
{
    struct stub *s = new_stub(plan);

    if (s == NULL)
        return NULL;
    build_symbols(s, plan);
    build_versions(s, plan);
    const char *interp = s->strtab + add_string(s, plan->interp);
    build_dynamic(s, plan);
    s->phdr[0] = header(plan, PT_PHDR, s->phdr, sizeof s->phdr, PF_R, 8);
    s->phdr[1] = header(plan, PT_INTERP, interp, strlen(interp) + 1, PF_R, 1);
    /* Not writable, or musl would give what is left of its last page, our arena, to its malloc. */
    s->phdr[2] = header(plan, PT_LOAD, s, s->len, PF_R, sys_page_size);
    s->phdr[3] = header(plan, PT_DYNAMIC, s->dynamic, sizeof s->dynamic, PF_R | PF_W, 8);
    s->phdr[4] = header(plan, PT_TLS, tls_block.image, tls_block.size, PF_R, tls_block.align);
    s->phdr[5] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = plan->stack_flags, .p_align = 16};
    *count = PHDR_COUNT;
    return s->phdr;
}
