/*
 * loader.c - fuzz target: whatever bytes a file holds, the loader maps and links it or says why not.
 *
 * One entry for libFuzzer and for AFL++. The input is the file. It is mapped twice, as a program and as a
 * library that the program is linked with, decoded, and, if both are accepted, relocated against each other,
 * as a start would do it; then all that can be asked of linked objects is asked. No code of the file runs: an IFUNC
 * resolver's answer is made up (see resolve). In the end nothing may stay mapped or allocated. The
 * sanitizers and the processor notice everything else: the loader's memory is malloc's here, so that what it
 * allocates has borders.
 *
 * Of the loader all is here from mmapfd.c up to reloc.c and init.c; the search for files is left out, as one
 * file is all there is.
 */
#include "alloc.h"
#include "dynamic.h"
#include "error.h"
#include "init.h"
#include "load.h"
#include "lookup.h"
#include "needs.h"
#include "object.h"
#include "process.h"
#include "reloc.h"
#include "search.h"
#include "string.h"
#include "sys.h"
#include "tls.h"
#include "version.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

int memfd_create(const char *name, unsigned flags);
int ftruncate(int fd, long len);
long pwrite(int fd, const void *buf, size_t len, long off);
long pread(int fd, void *buf, size_t len, long off);
int open(const char *path, int flags, ...);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { WAYS = 3 };

static int file_fd = -1, statm_fd = -1;

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "the loader broke its contract: %s (%s)\n", what,
            error_is_set() ? error_text() : "no message");
    abort();
}

/* Pages that the process has mapped. */
static unsigned long pages_mapped(void)
{
    char text[64] = "";

    require(pread(statm_fd, text, sizeof text - 1, 0) > 0, "statm");
    return strtoul(text, NULL, 10);
}

/* Stands for arch_call_resolver: what a resolver would return is an address like any other. */
uintptr_t fuzz_resolve(uintptr_t resolver);
uintptr_t fuzz_resolve(uintptr_t resolver)
{
    return resolver + 16;
}

/* What arch/ has in assembler, and nobody calls. */
void arch_tlsdesc_static(void)
{
}
void arch_tlsdesc_dynamic(void)
{
}
void arch_tlsdesc_undefined_weak(void)
{
}
void arch_plt_fallback(void)
{
}

/* With -DPLANTED_object_at or -DPLANTED_object_string the check of that name checks nothing (the build script
 * leads calls here): so a test can see that the target notices. */
#ifdef PLANTED_object_at
void *__wrap_object_at(const struct object *o, uint64_t vaddr, uint64_t len, unsigned prot);
void *__wrap_object_at(const struct object *o, uint64_t vaddr, uint64_t len, unsigned prot)
{
    (void)len, (void)prot;
    return (void *)(o->bias + vaddr);
}
#endif
#ifdef PLANTED_object_string
const char *__wrap_object_string(const struct object *o, uint64_t off);
const char *__wrap_object_string(const struct object *o, uint64_t off)
{
    return (const char *)((uintptr_t)o->strtab + off);
}
#endif

/* ---- linking ---- */

static struct object *map(const char *name, bool is_program)
{
    struct sys_stat st;
    struct object *o = object_new(name, &object_base);

    require(o != NULL && sys_fstat(file_fd, &st) == 0, "a descriptor");
    o->is_program = is_program;
    error_clear();
    int err = object_map(o, file_fd, &st);
    if (err == 0) {
        o->dev = st.dev;
        o->ino = st.ino + !is_program;
        o->is_new = true;
        object_link(o);
        return o;
    }
    require(err < 0 && error_is_set(), "a file that is refused has a message");
    object_free(o);
    return NULL;
}

/* What is found must be a definition of that name. */
static void look_up(struct object *o, uint32_t index, enum lookup_mode mode)
{
    const char *text = object_string(o, o->symtab[index].st_name);
    struct lookup_def def = {0};
    struct lookup_name name;

    if (text == NULL)
        return;
    lookup_init(&name, text, lookup_wanted_version(o, index));
    if (!lookup_in_scope(o, &name, mode, &def) || def.is_override)
        return;
    require(def.object != NULL && def.sym != NULL, "a definition has an object");
    require(def.sym >= def.object->symtab && def.sym < def.object->symtab + def.object->sym_count,
            "a definition is in the symbol table");
}

static void look_everything_up(struct object *o)
{
    static const enum lookup_mode modes[] = {LOOKUP_DATA, LOOKUP_PLT, LOOKUP_COPY, LOOKUP_DLSYM};

    for (uint32_t i = 0; o->symtab != NULL && i < o->sym_count && i < 64; i++) {
        for (size_t m = 0; m < sizeof modes / sizeof *modes; m++)
            look_up(o, i, modes[m]);
    }
}

static void expand_names(struct object *o)
{
    char *expanded = NULL;

    if (o->rpath != NULL)
        search_expand(o->rpath, strnlen(o->rpath, 20), o, &expanded);
    alloc_free(expanded);
    for (size_t i = 0; i < o->dynamic_count; i++) {
        if (o->dynamic[i].d_tag == DT_NEEDED)
            require(object_string(o, o->dynamic[i].d_un.d_val) != NULL, "a needed name");
    }
}

static int link_objects(struct object *program, struct object *library, bool is_lazy)
{
    program->needed = calloc(1, sizeof *program->needed);
    require(program->needed != NULL, "memory");
    program->needed[0] = library;
    program->needed_count = 1;
    int err = version_check(program);
    if (err == 0)
        err = needs_closure(program);
    if (err == 0)
        err = needs_closure(library);
    for (unsigned i = 0; err == 0 && i < program->closure.count; i++)
        err = lookup_make_global(program->closure.items[i]);
    if (err == 0)
        err = tls_layout(0);
    if (err == 0)
        err = reloc_objects(program, is_lazy);
    if (err == 0)
        err = init_sort(program);
    if (err == 0)
        err = reloc_protect(program);
    return err;
}

static void discard(struct object *o)
{
    object_unlink(o);
    o->visit = object_new_mark();
    lookup_forget(o->ns, o->visit);
    tls_remove_module(o);
    object_free(o);
}

static void run(enum world rules, bool is_lazy)
{
    unsigned long pages = pages_mapped();

    world = rules;
    struct object *program = map("program", true);
    struct object *library = program != NULL ? map("library", false) : NULL;
    if (library != NULL) {
        expand_names(library);
        int err = link_objects(program, library, is_lazy);
        require(err == 0 || error_is_set(), "a refusal has a message");
        if (err == 0) {
            look_everything_up(program);
            look_everything_up(library);
        }
    }
    if (library != NULL)
        discard(library);
    if (program != NULL)
        discard(program);
    error_clear();
    require(object_base.head == NULL && object_base.tail == NULL, "no object is left");
    /* The allocator may grow; what was mapped for the file is far away from it, and larger than a page. */
    require(pages_mapped() <= pages + 4096, "nothing stays mapped");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    file_fd = memfd_create("input", 0);
    statm_fd = open("/proc/self/statm", 0);
    require(file_fd >= 0 && statm_fd >= 0, "descriptors");
    sys_find_page_size();
    search_options.platform = "x86_64";
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum world rules[WAYS] = {WORLD_GLIBC, WORLD_MUSL, WORLD_UNDECIDED};
    uint32_t hash = 0;

    if (size == 0)
        return 0;
    for (size_t i = 0; i < size && i < 4096; i++)
        hash = hash * 33 + data[i];
    require(pwrite(file_fd, data, size, 0) == (long)size && ftruncate(file_fd, (long)size) == 0,
            "a file");
    run(rules[hash % WAYS], (hash & 1) != 0);
    return 0;
}
