/*
 * object.c - struct object: mapping, decoding of program headers, the list of objects.
 *
 * Assumes sys_page_size is set. Called by load (files) and main (what the kernel mapped). The
 * dynamic section is decoded next door in dynamic.c; both follow no pointer of a file before it is
 * proved to lie in a segment.
 */
#include "object.h"

#include "alloc.h"
#include "allow.h"
#include "aout.h"
#include "arch.h"
#include "dynamic.h"
#include "error.h"
#include "machines.h"
#include "mmapfd_file.h"
#include "names.h"
#include "string.h"
#include "sys.h"

struct namespace object_base;
struct lock object_lock;
uint64_t object_unlinked;

int object_list_add(struct object_list *list, struct object *o)
{
    if (list->count == list->capacity) {
        unsigned capacity = list->capacity != 0 ? list->capacity * 2 : 6;
        struct object **items = alloc_resize(list->items, capacity * sizeof *items);
        if (items == NULL)
            return error_set(ERROR_LIBRARY, ENOMEM, "cannot allocate memory");
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = o;
    return 0;
}

bool object_list_has(const struct object_list *list, const struct object *o)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (list->items[i] == o)
            return true;
    }
    return false;
}

/* From the end, where what is removed usually stands: many go in the reverse of the order in which they
 * came. */
void object_list_remove(struct object_list *list, const struct object *o)
{
    for (unsigned i = list->count; i-- > 0;) {
        if (list->items[i] != o)
            continue;
        for (list->count--; i < list->count; i++)
            list->items[i] = list->items[i + 1];
        return;
    }
}

void object_list_purge(struct object_list *list, unsigned mark)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < list->count; i++) {
        if (list->items[i]->visit != mark)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

int object_list_insert(struct object_list *list, unsigned index, struct object *o)
{
    int err = object_list_add(list, o);

    for (unsigned i = list->count - 1; err == 0 && i > index; i--) {
        list->items[i] = list->items[i - 1];
        list->items[i - 1] = o;
    }
    return err;
}

void object_list_free(struct object_list *list)
{
    alloc_free(list->items);
    *list = (struct object_list){0};
}

struct namespace *object_namespace(long id)
{
    struct namespace *ns = &object_base;

    while (ns != NULL && ns->id != id)
        ns = ns->next;
    return ns;
}

struct namespace *object_new_namespace(void)
{
    struct namespace *last = &object_base;

    while (last->next != NULL) {
        last = last->next;
        if (last->head == NULL)
            return last;
    }
    struct namespace *ns = last->id + 1 < NAMESPACES ? alloc(sizeof *ns) : NULL;
    if (ns == NULL)
        return NULL;
    ns->id = last->id + 1;
    lock_acquire(&object_lock);
    last->next = ns;
    lock_release(&object_lock);
    return ns;
}

struct object *object_new(const char *name, struct namespace *ns)
{
    struct object *o = alloc(sizeof *o);

    if (o == NULL)
        return NULL;
    o->name = alloc_string(name, strlen(name));
    if (o->name == NULL) {
        alloc_free(o);
        return NULL;
    }
    o->link_name = o->name;
    o->ns = ns;
    return o;
}

/* Takes o out of the list; caller holds object_lock. */
static void detach(struct object *o)
{
    *(o->prev != NULL ? &o->prev->next : &o->ns->head) = o->next;
    *(o->next != NULL ? &o->next->prev : &o->ns->tail) = o->prev;
    o->next = o->prev = NULL;
}

/* Puts o, which is in no list, before next, which is NULL for the end; caller holds object_lock. */
static void attach(struct object *o, struct object *next)
{
    o->next = next;
    o->prev = next != NULL ? next->prev : o->ns->tail;
    *(o->prev != NULL ? &o->prev->next : &o->ns->head) = o;
    *(o->next != NULL ? &o->next->prev : &o->ns->tail) = o;
}

void object_link(struct object *o)
{
    static uint64_t serial;

    lock_acquire(&object_lock);
    o->serial = ++serial;
    attach(o, NULL);
    lock_release(&object_lock);
    if (o->is_vdso) /* nobody finds it by name */
        return;
    if (!o->is_program) {
        names_add(o, o->name);
        names_add_file(o);
    }
    if (o->soname != NULL)
        names_add(o, o->soname);
}

void object_move_before(struct object *o, struct object *other)
{
    lock_acquire(&object_lock);
    detach(o);
    attach(o, other);
    lock_release(&object_lock);
}

void object_unlink(struct object *o)
{
    names_forget(o);
    lock_acquire(&object_lock);
    detach(o);
    object_unlinked++;
    if (o->ns->libc == o)
        o->ns->libc = NULL;
    lock_release(&object_lock);
}

unsigned object_new_mark(void)
{
    static unsigned mark;

    return ++mark;
}

void object_share(struct object *o, const struct object *real)
{
    /* What came out of the file is the same; what other files of the loader made of it is not. */
    const size_t first = offsetof(struct object, segments), end = offsetof(struct object, known);

    o->bias = real->bias;
    o->dynamic = real->dynamic;
    memcpy((char *)o + first, (const char *)real + first, end - first);
    o->is_shared = o->is_boot = true;
}

static void unmap(struct object *o)
{
    if (o->is_shared)
        return;
    for (unsigned i = 0; i < o->segment_count && o->is_mapped_by_us; i++)
        sys_munmap(o->segments[i].mr_addr, o->segments[i].mr_msize);
    alloc_free(o->segments);
    alloc_free(o->phdr_copy);
    alloc_free(o->versions);
    o->segments = NULL;
    o->phdr_copy = NULL;
    o->versions = NULL;
    o->segment_count = 0;
}

void object_free(struct object *o)
{
    unmap(o);
    object_list_free(&o->filtees);
    object_list_free(&o->closure);
    object_list_free(&o->roots);
    object_list_free(&o->bound);
    object_list_free(&o->init_order);
    alloc_free(o->overrides);
    alloc_free(o->needed);
    alloc_free(o->origin);
    alloc_free(o->short_name);
    while (o->owned != NULL) {
        void **first = o->owned;
        o->owned = *first;
        alloc_free(first);
    }
    alloc_free(o->name);
    alloc_free(o);
}

void *object_alloc(struct object *o, size_t len)
{
    enum { LINK = 16 }; /* a pointer, and the alignment of what follows it */
    char *memory = alloc(len + LINK);

    if (memory == NULL)
        return NULL;
    *(void **)memory = o->owned;
    o->owned = memory;
    return memory + LINK;
}

/*
 * The first segment that ends behind addr: none before it can hold addr, since they are sorted. For the
 * few that linkers make, a search costs more than it saves; but a file may have 65534.
 */
unsigned object_first_segment(const struct object *o, uintptr_t addr)
{
    unsigned low = 0, high = o->segment_count;

    if (high <= 16)
        return 0;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const mmapfd_result_t *s = &o->segments[middle];

        if ((uintptr_t)s->mr_addr + s->mr_msize <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Does [addr, addr + len) lie in the segment's valid bytes? */
static bool segment_holds(const mmapfd_result_t *s, uintptr_t addr, uint64_t len)
{
    uintptr_t first = (uintptr_t)s->mr_addr + s->mr_offset;
    uintptr_t end = (uintptr_t)s->mr_addr + s->mr_msize;

    return addr >= first && addr <= end && len <= end - addr;
}

void *object_at(const struct object *o, uint64_t vaddr, uint64_t len, unsigned prot)
{
    uintptr_t addr = o->bias + vaddr;

    for (unsigned i = object_first_segment(o, addr); i < o->segment_count; i++) {
        if ((uintptr_t)o->segments[i].mr_addr > addr)
            break;
        if ((o->segments[i].mr_prot & prot) == prot && segment_holds(&o->segments[i], addr, len))
            return (void *)addr;
    }
    return NULL;
}

size_t object_room(const struct object *o, uintptr_t addr)
{
    for (unsigned i = object_first_segment(o, addr); i < o->segment_count; i++) {
        if ((uintptr_t)o->segments[i].mr_addr > addr)
            break;
        if (segment_holds(&o->segments[i], addr, 1))
            return (size_t)((uintptr_t)o->segments[i].mr_addr + o->segments[i].mr_msize - addr);
    }
    return 0;
}

bool object_can_execute(const struct object *o, uintptr_t addr)
{
    return object_at(o, addr - o->bias, 1, PROT_EXEC) != NULL;
}

struct object *object_by_addr(uintptr_t addr)
{
    for (struct namespace *ns = &object_base; ns != NULL; ns = ns->next) {
        for (struct object *o = ns->head; o != NULL; o = o->next) {
            if (addr >= o->start && addr < o->end && object_room(o, addr) > 0)
                return o;
        }
    }
    return NULL;
}

const char *object_string(const struct object *o, uint64_t off)
{
    return off < o->strsz ? o->strtab + off : NULL;
}

/* Is it the kernel that has refused something, rather than a check? Then there is no comparison, and err says why. */
static bool is_from_kernel(int err, const struct mmapfd_reason *why)
{
    return why->relation == NULL && err != -ENOTSUP && err != -EINVAL;
}

/* What the native loader says of a file that mmapfd has refused with err, NULL if it has no words. */
static const char *familiar_words(int err, const struct mmapfd_reason *why, uint64_t size)
{
    static const struct {
        const char *check, *words;
    } familiar[] = {
        {"EI_DATA", "ELF file data encoding not little-endian"},
        {"e_machine", "cannot open shared object file: No such file or directory"},
        {"e_phentsize", "ELF file's phentsize not the expected size"},
        {"file length", "file too short"},
        {"empty file", "file too short"},
        {"reading", "cannot read file data"},
    };

    for (size_t i = 0; i < sizeof familiar / sizeof familiar[0]; i++) {
        if (string_equal(why->check, familiar[i].check))
            return familiar[i].words;
    }
    if (err == -EINVAL && size < sizeof(Elf64_Ehdr)) /* before it has looked for a magic number */
        return "file too short";
    if (string_equal(why->check, "EI_CLASS") && why->found == ELFCLASS32)
        return "wrong ELF class: ELFCLASS32";
    if (strstr(why->check, "a segment") != NULL && is_from_kernel(err, why))
        return "failed to map segment from shared object";
    if (err == -EINVAL || string_starts(why->check, "a_") || strstr(why->check, "a.out") != NULL)
        return "invalid ELF header";
    return NULL;
}

/* A machine's name; "unknown" if it is not one of the usual ones. */
static const char *name_machine(uint64_t number)
{
#define CASE(machine, name)                                                                        \
    case machine:                                                                                  \
        return name;
    switch (number) {
        ELF_MACHINES(CASE)
    default:
        return "unknown";
    }
#undef CASE
}

/* The sentence for a refused file: the familiar one where there is one, with what mmapfd checked and
 * found below it. */
static int explain_refusal(const struct object *o, int err, const struct mmapfd_reason *why,
                           uint64_t size)
{
    char sentence[192];
    const char *words = familiar_words(err, why, size);
    bool is_kernel = is_from_kernel(err, why);

    mmapfd_explain(why, sentence, sizeof sentence);
    error_set(ERROR_LIBRARY, -err, "%s: %s%s%s", o->name, words != NULL ? words : sentence,
              is_kernel ? ": " : "", is_kernel ? error_name(-err) : "");
    if (string_equal(why->check, "e_machine"))
        error_explain("  %s is for another machine: e_machine is %lu (%s), wanted %lu (%s)\n",
                      o->name, why->found, name_machine(why->found), why->wanted,
                      name_machine(why->wanted));
    else if (string_equal(why->check, "EI_CLASS") && why->found == ELFCLASS32)
        error_explain("  %s is for another machine: EI_CLASS is 1 (32-bit), wanted 2 (64-bit)\n",
                      o->name);
    else if (words != NULL && why->relation != NULL)
        error_explain("  %s: %s\n", o->name, sentence);
    if (string_equal(why->check, "EI_CLASS") || string_equal(why->check, "e_machine"))
        return -ENOTSUP; /* for another machine: a search goes on */
    return err == -ENOTSUP || err == -EINVAL ? -ENOEXEC : err;
}

static int map_segments(struct object *o, int fd, const struct sys_stat *st)
{
    mmapfd_result_t few[16];
    unsigned count = sizeof few / sizeof few[0];
    mmapfd_result_t *results = few;
    struct mmapfd_reason why;
    int err = mmapfd_file(fd, st, results, &count, &why);

    if (err == -E2BIG) {
        results = alloc_array(count, sizeof *results);
        if (results == NULL)
            return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", o->name);
        err = mmapfd_file(fd, st, results, &count, &why);
    }
    if (err == 0 && results == few) {
        o->segments = alloc_array(count, sizeof *results);
        if (o->segments != NULL)
            memcpy(o->segments, few, count * sizeof few[0]);
    } else {
        o->segments = results == few ? NULL : results;
    }
    if (err != 0) {
        alloc_free(o->segments);
        o->segments = NULL;
        return explain_refusal(o, err, &why, (uint64_t)st->size);
    }
    if (o->segments == NULL) {
        for (unsigned i = 0; i < count; i++)
            sys_munmap(few[i].mr_addr, few[i].mr_msize);
        return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", o->name);
    }
    o->segment_count = count;
    o->is_mapped_by_us = true;
    return 0;
}

/* The element that holds the ELF header, or NULL: then no readable segment covers the file's start.
 */
static const mmapfd_result_t *header_segment(const struct object *o)
{
    for (unsigned i = 0; i < o->segment_count; i++) {
        if ((o->segments[i].mr_flags & MFD_ELF_HDR) != 0 &&
            (o->segments[i].mr_prot & PROT_READ) != 0)
            return &o->segments[i];
    }
    return NULL;
}

/* The headers are in no segment: read them through a mapping of the whole file, and keep a copy. */
static int copy_headers(struct object *o, int fd, Elf64_Ehdr *header)
{
    mmapfd_result_t file;
    unsigned count = 1;
    int err = mmapfd_raw(fd, 0, &file, &count, NULL, NULL);

    if (err != 0)
        return error_set(ERROR_LIBRARY, -err, "%s: cannot read file data: %s", o->name,
                         error_name(-err));
    memcpy(header, file.mr_addr, sizeof *header);
    size_t len = (size_t)header->e_phnum * sizeof *o->phdr_copy;
    o->phdr_copy = alloc(len);
    if (o->phdr_copy != NULL)
        memcpy(o->phdr_copy, file.mr_addr + header->e_phoff, len); /* bounds: mmapfd checked them */
    sys_munmap(file.mr_addr, file.mr_msize);
    if (o->phdr_copy == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", o->name);
    o->phdr = o->phdr_copy;
    return 0;
}

static int find_headers(struct object *o, int fd, Elf64_Ehdr *header)
{
    const mmapfd_result_t *s = header_segment(o);

    if (s != NULL)
        memcpy(header, s->mr_addr, sizeof *header);
    /* Of any other file mmapfd maps all bytes, and does not ask where its program headers are. */
    if (s != NULL && header->e_type != ET_DYN && header->e_type != ET_EXEC)
        return 0;
    size_t len = s != NULL ? s->mr_offset + s->mr_fsize : 0; /* of the file, from its start */
    if (s != NULL && header->e_phoff <= len &&
        header->e_phnum * sizeof(Elf64_Phdr) <= len - header->e_phoff) {
        o->phdr = (const Elf64_Phdr *)(s->mr_addr + header->e_phoff);
        return 0;
    }
    return copy_headers(o, fd, header);
}

static void measure(struct object *o)
{
    const mmapfd_result_t *last = &o->segments[o->segment_count - 1];

    o->start = (uintptr_t)o->segments[0].mr_addr;
    o->end = sys_page_up((uintptr_t)last->mr_addr + last->mr_msize);
}

/* PT_INTERP: a string inside a segment, with its NUL. The first one counts, as for the kernel, and it is
 * no longer than a path can be. */
static int decode_interp(struct object *o, const Elf64_Phdr *p)
{
    const char *path = object_at(o, p->p_vaddr, p->p_filesz, PROT_READ);

    if (o->interp != NULL)
        return 0;
    if (path == NULL || strnlen(path, p->p_filesz) == p->p_filesz || p->p_filesz > PATH_MAX)
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: PT_INTERP at 0x%lx, 0x%lx bytes, is not a terminated path inside a "
                         "segment",
                         o->name, p->p_vaddr, p->p_filesz);
    o->interp = path;
    return 0;
}

static int decode_tls(struct object *o, const Elf64_Phdr *p)
{
    if (p->p_memsz == 0)
        return 0;
    if (p->p_filesz > p->p_memsz || (p->p_align & (p->p_align - 1)) != 0 ||
        p->p_memsz > OBJECT_TLS_MAX || p->p_align > OBJECT_TLS_MAX)
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: PT_TLS has file size 0x%lx, memory size 0x%lx, alignment 0x%lx: "
                         "wanted no more in the file than in memory, a power of two, and at most "
                         "0x%lx of each",
                         o->name, p->p_filesz, p->p_memsz, p->p_align, (uint64_t)OBJECT_TLS_MAX);
    o->tls_image = object_at(o, p->p_vaddr, p->p_filesz, p->p_filesz > 0 ? PROT_READ : 0);
    if (o->tls_image == NULL && p->p_filesz > 0)
        return error_set(ERROR_LIBRARY, ENOEXEC, "%s: PT_TLS at 0x%lx is in no segment", o->name,
                         p->p_vaddr);
    o->tls_vaddr = p->p_vaddr;
    o->tls_filesz = p->p_filesz;
    o->tls_memsz = p->p_memsz;
    o->tls_align = p->p_align != 0 ? p->p_align : 1;
    return 0;
}

/*
 * PT_GNU_RELRO begins in a segment and ends where a linker padded it to, at most at the end of the
 * last page. It may cover several segments and the hole between them (large alignments make one):
 * see reloc_protect.
 */
static int decode_relro(struct object *o, const Elf64_Phdr *p)
{
    uintptr_t start = o->bias + p->p_vaddr;

    if (p->p_memsz == 0)
        return 0;
    if (object_room(o, start) == 0 || p->p_memsz > o->end - start)
        return error_set(ERROR_LIBRARY, ENOEXEC,
                         "%s: PT_GNU_RELRO at 0x%lx, 0x%lx bytes, is not inside a segment", o->name,
                         p->p_vaddr, p->p_memsz);
    o->relro_start = sys_page_down(start);
    o->relro_end = sys_page_down(start + p->p_memsz);
    return 0;
}

static int decode_header(struct object *o, const Elf64_Phdr *p)
{
    switch (p->p_type) {
    case PT_LOAD:
        if ((p->p_flags & (PF_W | PF_X)) == (PF_W | PF_X) && p->p_memsz > 0 && !allow.wx)
            return error_set(ERROR_LIBRARY, ENOEXEC,
                             "%s: segment at 0x%lx is both writable and executable "
                             "(LD_MMAPFD_ALLOW=wx allows it)",
                             o->name, p->p_vaddr);
        return 0;
    case PT_INTERP:
        return decode_interp(o, p);
    case PT_TLS:
        return decode_tls(o, p);
    case PT_GNU_RELRO:
        return decode_relro(o, p);
    case PT_GNU_EH_FRAME:
        o->eh_frame_hdr = object_at(o, p->p_vaddr, p->p_memsz, PROT_READ);
        return 0;
    case PT_GNU_STACK:
        o->stack = (p->p_flags & PF_X) != 0 ? OBJECT_STACK_EXECUTABLE : OBJECT_STACK_PLAIN;
        return 0;
    default:
        return 0;
    }
}

static int decode_headers(struct object *o)
{
    const Elf64_Phdr *dynamic = NULL;

    for (unsigned i = 0; i < o->phdr_count; i++) {
        int err = decode_header(o, &o->phdr[i]);
        if (err != 0)
            return err;
        if (o->phdr[i].p_type != PT_DYNAMIC)
            continue;
        if (dynamic != NULL)
            return error_set(ERROR_LIBRARY, ENOEXEC, "%s: there are two PT_DYNAMIC headers",
                             o->name);
        dynamic = &o->phdr[i];
    }
    return dynamic != NULL ? dynamic_decode(o, dynamic) : 0;
}

static uint64_t lowest_page(const struct object *o)
{
    for (unsigned i = 0; i < o->phdr_count; i++) {
        if (o->phdr[i].p_type == PT_LOAD && o->phdr[i].p_memsz > 0)
            return sys_page_down(o->phdr[i].p_vaddr); /* mmapfd refuses unsorted headers */
    }
    return 0;
}

static int refuse_aout(const struct object *o, const char *why)
{
    int err = error_set(ERROR_LIBRARY, ENOEXEC, "%s: invalid ELF header", o->name);

    error_explain("  %s is an a.out file %s\n", o->name, why);
    return err;
}

/* An a.out program: it has no program headers, so its rights are checked on its segments, and it needs
 * no libraries. */
static int decode_aout(struct object *o, int fd)
{
    struct aout_header header;

    if (!o->is_program)
        return refuse_aout(o, "and cannot be a library");
    for (unsigned i = 0; i < o->segment_count; i++) {
        if ((o->segments[i].mr_prot & (PROT_WRITE | PROT_EXEC)) == (PROT_WRITE | PROT_EXEC) &&
            !allow.wx)
            return refuse_aout(o, "of the impure kind (OMAGIC): its text is writable "
                                  "(LD_MMAPFD_ALLOW=wx allows it)");
    }
    if (sys_pread(fd, &header, sizeof header, 0) != sizeof header)
        return error_set(ERROR_LIBRARY, EIO, "%s: cannot read file data: %s", o->name,
                         error_name(EIO));
    if (header.a_entry < AOUT_SEGMENT)
        return refuse_aout(o, "with a shared object, not a program");
    if (!object_can_execute(o, header.a_entry))
        return refuse_aout(o, "whose entry point is not in its text");
    o->entry = header.a_entry;
    o->stack = OBJECT_STACK_PLAIN;
    return 0;
}

static int decode_elf(struct object *o, int fd)
{
    Elf64_Ehdr header;
    int err = find_headers(o, fd, &header);

    if (err == 0 && header.e_type != ET_DYN && header.e_type != ET_EXEC) {
        err = error_set(ERROR_LIBRARY, ENOEXEC, "%s: only ET_DYN and ET_EXEC can be loaded",
                        o->name);
        error_explain("  %s is %s\n", o->name,
                      header.e_type == ET_CORE ? "a core file"
                                               : "an object file (ET_REL): link it first");
    }
    if (err == 0) {
        o->type = header.e_type;
        o->phdr_count = header.e_phnum;
        o->bias = (uintptr_t)o->segments[0].mr_addr - lowest_page(o);
        o->entry = header.e_entry != 0 ? o->bias + header.e_entry : 0;
        err = decode_headers(o);
    }
    /* Of a library e_entry means nothing. */
    if (err == 0 && o->is_program && o->entry != 0 && !object_can_execute(o, o->entry))
        err = error_set(ERROR_LIBRARY, ENOEXEC,
                        "%s: e_entry is 0x%lx, wanted an address in an executable segment", o->name,
                        header.e_entry);
    return err;
}

int object_map(struct object *o, int fd, const struct sys_stat *st)
{
    int err = map_segments(o, fd, st);

    if (err != 0)
        return err;
    measure(o);
    err = o->segments[0].mr_flags == MFD_AOUT_HDR ? decode_aout(o, fd) : decode_elf(o, fd);
    if (err != 0)
        unmap(o);
    return err;
}

int object_adopt(struct object *o, const Elf64_Phdr *phdr, unsigned count, uintptr_t bias)
{
    unsigned capacity = count;

    o->segments = alloc_array(count, sizeof *o->segments);
    if (o->segments == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", o->name);
    int err = mmapfd_segments(phdr, count, bias, o->segments, &capacity);
    if (err != 0)
        return error_set(ERROR_LIBRARY, -err, "%s: program headers are malformed", o->name);
    o->segment_count = capacity;
    o->phdr = phdr;
    o->phdr_count = count;
    o->bias = bias;
    measure(o);
    return decode_headers(o);
}
