/*
 * main.c - the start of a process, as chapter titles.
 *
 * main_start runs on the initial stack right after the loader has relocated itself, main_continue
 * on the same stack when the booted libc jumps to what it takes for the program. Nothing but
 * globals survives from the one to the other.
 */
#include "main.h"

#include "alloc.h"
#include "allow.h"
#include "arch.h"
#include "audit.h"
#include "cache.h"
#include "debug.h"
#include "diagnostics.h"
#include "dl.h"
#include "error.h"
#include "explain.h"
#include "init.h"
#include "libc/libc.h"
#include "list.h"
#include "load.h"
#include "lookup.h"
#include "needs.h"
#include "object.h"
#include "options.h"
#include "print.h"
#include "process.h"
#include "profile.h"
#include "readonly.h"
#include "reloc.h"
#include "seal.h"
#include "search.h"
#include "stack.h"
#include "string.h"
#include "sys.h"
#include "tls.h"
#include "trace.h"
#include "version.h"
#include "world.h"

extern const char _start[] __attribute__((visibility("hidden")));
extern const char start_return[] __attribute__((visibility("hidden")));

#ifndef MMAPFD_ALLOW
#define MMAPFD_ALLOW "" /* words for allow_words: see the Makefile */
#endif

enum { AUDIT_TLS = 16384 }; /* static TLS for libraries that are loaded after the boot */

static struct object *program READ_ONLY_AFTER_START;
static struct options options READ_ONLY_AFTER_START;
static bool has_preload_file READ_ONLY_AFTER_START;
static bool is_auditing READ_ONLY_AFTER_START; /* some auditor is asked for */
static bool is_explicit READ_ONLY_AFTER_START; /* run as `ld.so program`, not through PT_INTERP */

/* The native loader's first line, then ours; and its status. */
static _Noreturn void fail(void)
{
    static const char *const phrases[] = {
        [ERROR_LIBRARY] = ": error while loading shared libraries: ",
        [ERROR_VERSION] = ": ",
        [ERROR_SYMBOL] = ": symbol lookup error: ",
    };
    bool is_native_musl = world == WORLD_MUSL && string_starts(error_text(), "Error ");
    const char *name = program != NULL ? program->name : "ld.so";

    if (is_native_musl)
        print(2, "%s\n%s", error_text(), error_explanation());
    else
        print(2, "%s%s%s\n%s", name, phrases[error_kind()], error_text(), error_explanation());
    sys_exit(error_kind() == ERROR_VERSION && world == WORLD_GLIBC ? 1 : 127);
}

static void check(int err)
{
    if (err != 0)
        fail();
}

void main_start_process(uintptr_t *sp)
{
    process_init(sp);
    sys_page_size = process_auxv(AT_PAGESZ);
    sys_find_page_size(); /* where the vector has none */
}

/* --explain, LD_EXPLAIN. */
static void read_topics(const char *self)
{
    if (options.explain == NULL && options_is_set(options.env_explain))
        options.explain = options.env_explain;
    if (options.explain == NULL)
        return;
    if (!explain_start(options.explain)) {
        print(2, "%s: --explain knows search, symbol:NAME, reloc, tls, init and json, not '%s'\n",
              self, options.explain);
        sys_exit(1);
    }
    explain.is_json = explain.is_json || options.is_json;
    options.is_list = true;
}

/* --allow, LD_MMAPFD_ALLOW, and what whoever built the loader allows. A word that is not known may be of
 * another version's: in the environment it concerns all programs that are started. */
static void read_allowed(const char *self)
{
    static const char known[] = "execstack, wx and textrel";
    const char *env = options.env_allow != NULL ? options.env_allow : "", *word;
    size_t len;

    allow_words(MMAPFD_ALLOW, &len);
    if (options.allow != NULL && (word = allow_words(options.allow, &len)) != NULL) {
        print(2, "%s: --allow knows %s, not '%.*s'\n", self, known, (int)len, word);
        sys_exit(1);
    }
    if ((word = allow_words(env, &len)) != NULL)
        print(2, "WARNING: ld.so: LD_MMAPFD_ALLOW knows %s, not '%.*s'\n", known, (int)len, word);
}

/*
 * A privileged start. Of what the environment says only the names of libraries to preload are heard: see
 * needs_preload. As a command the loader runs whatever the caller likes, so it has to have no privileges.
 */
static void become_secure(const char *self)
{
    if (is_explicit) {
        print(2, "%s: runs no program: its own file or its caller gave it privileges (AT_SECURE)\n",
              self);
        sys_exit(127);
    }
    search_options.is_secure = true;
    options.env_preload = process_getenv("LD_PRELOAD");
    process_scrub_environment();
}

/* What the user wants, from the command line and the environment; answers that need no program. */
static void read_options(void)
{
    char *self = process.argc > 0 ? process.argv[0] : NULL;

    if (process_auxv(AT_SECURE) != 0)
        become_secure(self);
    int first = is_explicit ? options_parse(&options, process.argc, process.argv) : 0;
    options_read_environment(&options, process.envp);
    if (options.debug != NULL)
        debug_start(options.debug, options.debug_output);
    read_allowed(self);
    read_topics(self);
    if (options.is_stats || options.trace_file != NULL || debug_wants_statistics())
        profile_start(options.is_stats || debug_wants_statistics(),
                      debug_wants_statistics() ? debug_print : NULL, options.trace_file);
    cache_hwcaps_prepend = options.hwcaps_prepend;
    cache_hwcaps_mask = options.hwcaps_mask;
    if (options.show_auxv != NULL)
        diagnostics_show_auxv();
    if (options.is_diagnostics) {
        diagnostics_list(self);
        error_exit(0);
    }
    if (is_explicit)
        process_drop_arguments(first);
    search_options.library_path = options.library_path;
    search_options.inhibit_rpath = options.inhibit_rpath;
    search_options.inhibit_cache = options.inhibit_cache;
    search_options.platform = (const char *)process_auxv(AT_PLATFORM);
    reloc_hwcap = process_auxv(AT_HWCAP);
    reloc_hwcap2 = process_auxv(AT_HWCAP2);
    init_args = (struct init_args){process.argc, process.argv, process.envp};
}

/* The path that execve would have resolved to: $ORIGIN is the directory of the file, not of a link
 * to it. */
static int find_origin(int fd)
{
    char link[40], path[PATH_MAX];

    print_buffer(link, sizeof link, "/proc/self/fd/%d", fd);
    long len = sys_readlink(link, path, sizeof path - 1);
    if (len < 0 && search_is_trouble((int)len))
        return error_set(ERROR_LIBRARY, (int)-len, "%s: cannot tell its directory: %s",
                         program->name, error_name((int)-len));
    if (len <= 0)
        return 0; /* without /proc: what its name says */
    path[len] = '\0';
    size_t dir_len = (size_t)(string_basename(path) - path);
    program->origin = alloc_string(path, dir_len > 1 ? dir_len - 1 : dir_len);
    return 0;
}

/* What a file that is no ELF program is, in words; NULL if its first bytes do not tell. */
static const char *describe_file(int fd, const struct sys_stat *st)
{
    char start[2];

    if (S_ISDIR(st->mode))
        return "cannot read file data: Is a directory";
    if (!S_ISREG(st->mode))
        return "not a regular file";
    if (sys_pread(fd, start, sizeof start, 0) == 2 && memcmp(start, "#!", 2) == 0)
        return "a script (its first line begins with #!), not an ELF program";
    return NULL;
}

static int map_program(const char *path)
{
    struct sys_stat st;
    int fd = sys_open(path);

    if (fd < 0)
        return error_set(ERROR_LIBRARY, -fd, "%s: cannot open shared object file: %s", path,
                         error_name(-fd));
    int err = sys_fstat(fd, &st);
    const char *what = err == 0 ? describe_file(fd, &st) : error_name(-err);
    err = what != NULL ? error_set(ERROR_LIBRARY, ENOEXEC, "%s: %s", path, what)
                       : object_map(program, fd, &st);
    if (err == 0)
        err = find_origin(fd);
    sys_close(fd);
    return err;
}

/* `ld.so [options] program arguments`: the command line is the program's by now, the file is mapped
 * by us. */
static void load_explicit(uintptr_t base)
{
    const char *path = process.argv[0];

    program = object_new(path, &object_base);
    if (program == NULL)
        fail();
    program->is_program = true;
    int err = map_program(path);
    if (err != 0 && options.is_verify)
        sys_exit(1);
    if (options.argv0 != NULL) {
        process.argv[0] = (char *)(uintptr_t)options.argv0;
        program->name = alloc_string(options.argv0, strlen(options.argv0));
    }
    check(program->name == NULL ? -ENOMEM : err);
    process_set_auxv(AT_PHDR, (uintptr_t)program->phdr);
    process_set_auxv(AT_PHNUM, program->phdr_count);
    process_set_auxv(AT_ENTRY, program->entry);
    process_set_auxv(AT_BASE, base);
    process_set_auxv(AT_EXECFN, (uintptr_t)path);
}

/* PT_PHDR says where the headers were linked to be; the kernel says where they are. */
static uintptr_t bias_from_kernel(const Elf64_Phdr *phdr, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (phdr[i].p_type == PT_PHDR)
            return (uintptr_t)phdr - phdr[i].p_vaddr;
    }
    /* Without it: the headers follow the ELF header, in the same page. */
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)sys_page_down((uintptr_t)phdr);
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 ? process_auxv(AT_ENTRY) - header->e_entry
                                                         : 0;
}

/* Through PT_INTERP: the kernel has mapped the program already. */
static void adopt_from_kernel(void)
{
    const Elf64_Phdr *phdr = (const Elf64_Phdr *)process_auxv(AT_PHDR);
    unsigned count = (unsigned)process_auxv(AT_PHNUM);
    const char *path = (const char *)process_auxv(AT_EXECFN);

    program = object_new(process.argc > 0 ? process.argv[0] : path, &object_base);
    if (program == NULL)
        fail();
    program->is_program = true;
    program->entry = process_auxv(AT_ENTRY);
    check(object_adopt(program, phdr, count, bias_from_kernel(phdr, count)));
}

/* The kernel's own shared object. It is listed like the others, and searched for nothing. */
static void adopt_vdso(void)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)process_auxv(AT_SYSINFO_EHDR);
    struct object *o = header != NULL ? object_new("linux-vdso.so.1", &object_base) : NULL;

    if (o == NULL)
        return;
    o->is_vdso = true;
    const Elf64_Phdr *phdr = (const Elf64_Phdr *)((const char *)header + header->e_phoff);
    if (object_adopt(o, phdr, header->e_phnum, (uintptr_t)header) == 0)
        object_link(o);
    else
        object_free(o);
    error_clear();
}

/* A program that needs no loader: static, or one that relocates itself (static-pie, another
 * loader). */
static bool is_static(const struct object *o)
{
    return o->interp == NULL && o->needed_count == 0 && o->entry != 0;
}

static int read_preload_file(void)
{
    mmapfd_result_t file;
    unsigned count = 1;
    int fd = sys_open("/etc/ld.so.preload");

    /* Whoever has no descriptors left may still have no such file. */
    has_preload_file = fd != -ENOENT && (fd >= 0 || sys_exists("/etc/ld.so.preload") == 0);
    if (!has_preload_file)
        return 0;
    int err = fd < 0 ? fd : mmapfd_raw(fd, 0, &file, &count, NULL, NULL);
    if (fd >= 0)
        sys_close(fd);
    if (err == -EINVAL || err == -ENODEV || (err != 0 && !search_is_trouble(err)))
        return 0; /* as natively if it is empty, no file, not for us to read */
    char *list = err == 0 ? alloc_string(file.mr_addr, file.mr_fsize) : NULL;
    if (err == 0)
        sys_munmap(file.mr_addr, file.mr_msize);
    if (list == NULL) /* who made the file wants no program without its libraries */
        return error_set(ERROR_LIBRARY, ENOMEM, "/etc/ld.so.preload: cannot be read: %s",
                         error_name(err != 0 ? -err : ENOMEM));
    for (char *c = list; (c = strchr(c, '#')) != NULL;) { /* a comment, to the end of the line */
        while (*c != '\0' && *c != '\n')
            *c++ = ' ';
    }
    err = needs_preload(list, " :\t\n", "/etc/ld.so.preload", false);
    alloc_free(list);
    return err;
}

static void load_preloaded(void)
{
    const char *list = options.env_preload;

    if (world == WORLD_MUSL && (search_options.is_secure || options.preload != NULL))
        list = NULL; /* musl's option replaces the variable */
    if (options_is_set(list))
        check(needs_preload(list, world == WORLD_MUSL ? " :\t\n" : " :", "LD_PRELOAD", true));
    if (options.preload != NULL)
        check(needs_preload(options.preload, " :", "--preload", true));
    if (world != WORLD_MUSL)
        check(read_preload_file());
}

/* The program and the vDSO. */
static void load_program(void)
{
    program->link_name = world == WORLD_MUSL ? program->name : "";
    TRACE(.kind = TRACE_PHASE, .name = "libraries");
    if (options.explain != NULL)
        needs_skips = NEEDS_SKIP_ALL;
    else if (options.is_list)
        needs_skips = options.trace_loaded != NULL || world == WORLD_MUSL ? NEEDS_SKIP_ABSENT
                                                                          : NEEDS_SKIP_VERSIONS;
    object_link(program);
    if (world != WORLD_MUSL)
        adopt_vdso();
}

/* Preloaded objects, and all that anybody needs. */
static void load_libraries(void)
{
    load_preloaded();
    for (struct object *o = program->next; audit_count > 0 && o != NULL; o = o->next) {
        if (o->is_vdso)
            audit_object_opened(o);
    }
    check(needs_load(program));
    check(libc_find());
    if (world == WORLD_MUSL)
        adopt_vdso();
    TRACE(.kind = TRACE_PHASE, .name = "versions, scope");
    check(version_check(program));
    check(needs_closure(program));
    for (unsigned i = 0; i < program->closure.count; i++)
        check(lookup_make_global(program->closure.items[i]));
    for (const struct object *o = object_base.head; trace_is_on && o != NULL; o = o->next)
        TRACE(.kind = TRACE_SCOPE, .object = o);
    search_forget();
}

/* What a start would refuse is refused in a listing, too; only symbols may be missing. */
static int try_start(void)
{
    int err = tls_layout(0);

    if (err == 0)
        err = reloc_try(program);
    return err;
}

/* --list, LD_TRACE_LOADED_OBJECTS: what ldd wants to know besides is in other variables. */
static _Noreturn void list_and_exit(void)
{
    if (options.explain != NULL)
        error_exit(explain_print(program, try_start()));
    struct list_options what = {
        .has_versions = options_is_set(options.verbose),
        .has_undefined = options_is_set(options.warn),
        .has_functions = options_is_set(options.bind_now),
        .is_unused_only = debug_wants_unused(),
    };

    check(try_start());
    error_exit(list_print(program, &what));
}

static _Noreturn void verify_and_exit(void)
{
    sys_exit(program->dynamic == NULL ? 1 : program->interp != NULL ? 0 : 2);
}

static _Noreturn void enter_static(void)
{
    check(stack_apply(program->name));
    process_set_auxv(AT_BASE, 0);
    check(seal_loader());
    arch_enter(process.sp, program->entry, 0);
}

static void finalise(void)
{
    init_finish_all();
}

/* The libc's own start-up code does the rest: in the glibc world it is the program's constructors. */
static void initialise(void)
{
    init_run(program);
    TRACE(.kind = TRACE_ENTER, .object = program);
}

/* Called by the libc for the program's constructors. */
static void construct_program(void)
{
    init_run_own(program);
    audit_preinit(program);
}

static struct libc_services services(void)
{
    return (struct libc_services){
        .dlfcn = dl_hook_table,
        .dlfcn_error = (char *(**)(void)) & dl_hook_table[DL_HOOK_DLERROR],
        .rtld_functions = dl_rtld_functions,
        .fork_prepare = dl_lock_for_fork,
        .fork_parent = dl_unlock_after_fork,
        .fork_child = dl_unlock_in_child,
        .initialise = initialise,
        .construct_program = is_auditing ? construct_program : NULL,
        .finalise = finalise,
        .has_preload_file = has_preload_file,
    };
}

static void override_libc(void)
{
    lookup_builtins = dl_builtins;
    for (struct object *o = object_base.head; o != NULL; o = o->next) {
        if (o->is_libc_family)
            check(dl_override_libc(o));
    }
}

static bool wants_auditors(void)
{
    return world != WORLD_MUSL && !search_options.is_secure &&
           (options.audit != NULL || program->has_auditors || options_is_set(options.env_audit));
}

/*
 * Auditors are asked about each library before it is loaded, and their code needs a booted libc. So glibc's
 * loader is booted for the program alone, with room in the static TLS block for what its libraries will
 * want; they are loaded after the boot.
 */
static void prepare_auditors(void)
{
    world = WORLD_GLIBC;
    has_preload_file = sys_exists("/etc/ld.so.preload") == 0;
    check(load_boot(&libc_boot_object));
}

static void load_after_auditors(void)
{
    dlaudit_load(program, options.audit, options.env_audit);
    load_libraries();
    check(stack_apply(program->name));
    for (struct object *o = program->next; o != NULL; o = o->next)
        check(tls_add_late(o));
    override_libc();
    dl_adopt_startup();
}

_Noreturn void main_start(uintptr_t base)
{
    is_explicit = process_auxv(AT_ENTRY) == (uintptr_t)_start;
    read_options();
    TRACE(.kind = TRACE_PHASE, .name = "program");
    if (is_explicit)
        load_explicit(base);
    else
        adopt_from_kernel();
    if (options.is_verify)
        verify_and_exit();
    world_decide(program); /* as far as the program tells it */
    check(stack_admit_program(program));
    options.is_list = options.is_list || options.trace_loaded != NULL;
    if (is_static(program) && !options.is_list)
        enter_static();
    load_program();
    is_auditing = !options.is_list && wants_auditors();
    if (is_auditing)
        prepare_auditors();
    else
        load_libraries();
    if (options.is_list)
        list_and_exit();
    if (program->entry == 0)
        check(error_set(ERROR_LIBRARY, ENOEXEC,
                        "%s: has no entry point: it is a library, not a program", program->name));
    TRACE(.kind = TRACE_PHASE, .name = "layout of TLS");
    check(tls_layout(is_auditing ? AUDIT_TLS : 0));
    rdebug_init(program, base);
    if (!is_auditing) {
        override_libc();
        dl_adopt_startup();
    }
    check(stack_apply(program->name));
    if (libc_boot_object == NULL) {
        init_skips_program = true; /* its own start-up code has to, as under glibc's loader */
        check(tls_place_image(ARCH_TLS_GAP));
        check(tls_setup_alone());
        main_continue(process.sp);
    }
    struct libc_services provided = services();
    check(tls_place_image(libc_tls_residue()));
    check(libc_prepare_boot((uintptr_t)start_return, &provided));
    TRACE(.kind = TRACE_PHASE, .name = "boot of the libc");
    arch_enter(process.sp, libc_boot_object->entry, 0);
}

_Noreturn void main_continue(uintptr_t *sp)
{
    if (libc_boot_object != NULL)
        libc_restore();
    lock_enable();
    if (is_auditing)
        load_after_auditors();
    reloc_always_now = world != WORLD_MUSL && options_is_set(options.bind_now);
    if (world != WORLD_MUSL && options_is_set(options.bind_not))
        print(2, "WARNING: ld.so: LD_BIND_NOT is ignored: functions are bound once, before the "
                 "program starts\n");
    TRACE(.kind = TRACE_PHASE, .name = "relocation");
    check(reloc_objects(program, world != WORLD_MUSL && !reloc_always_now));
    TRACE(.kind = TRACE_PHASE, .name = "protection, order");
    check(init_sort(program));
    check(reloc_protect(program));
    tls_copy_images();
    if (libc_object != NULL)
        libc_finish_boot();
    audit_activity(&object_base, LA_ACT_CONSISTENT);
    rdebug_notify(&object_base, RDEBUG_CONSISTENT);
    TRACE(.kind = TRACE_PHASE, .name = "constructors");
    if (options_is_set(options.seal))
        seal_start();
    check(seal_loader());
    if (world != WORLD_MUSL) { /* musl calls initialise and finalise through the stub's arrays */
        init_run_preinit(program);
        initialise();
    }
    arch_enter(sp, program->entry, world != WORLD_MUSL ? (uintptr_t)finalise : 0);
}
