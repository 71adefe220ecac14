/*
 * load.c - finds, maps and links one library.
 *
 * Called by needs.c for what objects need, by main and by dl.c for dlopen, under the loader's lock. An object is loaded
 * once per device and inode, and per name it is known by (its file's, its SONAME), in each namespace.
 * The program is matched by neither: it is not a library.
 */
#include "load.h"

#include "alloc.h"
#include "arch.h"
#include "audit.h"
#include "cache.h"
#include "error.h"
#include "names.h"
#include "near.h"
#include "search.h"
#include "stack.h"
#include "string.h"
#include "sys.h"
#include "trace.h"
#include "world.h"

bool load_for_dlopen;

/* What glibc says in the end if a 32-bit file is all that there is. */
#define WRONG_CLASS "wrong ELF class: ELFCLASS32"
/* glibc's loader when it had to be there before everybody: it is linked where it is first needed. */
static struct object *early_boot;

/* One search: the object found is left in found. */
struct request {
    const char *name;
    struct object *by, *found;
    struct namespace *ns;
    bool is_root;        /* asked for by dlopen, not needed by an object */
    bool is_other_class; /* a file passed over was 32-bit */
    char *foreign;       /* what is said of files passed over, of another class or machine; owned */
    bool is_opened;      /* the file tried last was; what is wrong is in it */
    int open_err;        /* why the last candidate could not be opened */
    int unusual; /* why one of them could not, best if it was not for its path; 0 if none was there */
};

static struct request new_request(const char *name, struct object *by, struct namespace *ns)
{
    return (struct request){
        .name = name, .by = by != NULL ? by : object_base.head, .ns = ns, .is_root = by == NULL};
}

static bool is_known_as(const struct object *o, const char *name)
{
    if (o->is_vdso)
        return false;
    if (o->short_name != NULL && string_equal(o->short_name, name))
        return true;
    /* musl knows a library by the name of the file it found, and by no SONAME */
    if (world == WORLD_MUSL)
        return false;
    return (o->soname != NULL && string_equal(o->soname, name)) ||
           (!o->is_program && string_equal(o->name, name));
}

struct object *load_find_by_name(const struct namespace *ns, const char *name)
{
    for (struct object_name *n = names_first(name); n != NULL; n = names_next(n)) {
        if (n->object->ns == ns && is_known_as(n->object, name))
            return n->object;
    }
    return NULL;
}

static bool is_file(const struct object *o, const struct sys_stat *st)
{
    return o->ino == st->ino && o->dev == st->dev && o->ino != 0;
}

static struct object *find_by_identity(const struct namespace *ns, const struct sys_stat *st)
{
    for (struct object_name *n = names_first_file(st->dev, st->ino); n != NULL; n = names_next(n)) {
        if (n->object->ns == ns && !n->object->is_program && is_file(n->object, st))
            return n->object;
    }
    return NULL;
}

/* The next need of the same name finds it without a search. Without memory it does not. */
static void set_short_name(struct object *o, const char *name)
{
    if (o->short_name != NULL)
        return;
    o->short_name = alloc_string(name, strlen(name));
    if (o->short_name != NULL)
        names_add(o, o->short_name);
}

static struct object *find_boot(void)
{
    struct object *o = early_boot != NULL ? early_boot : object_base.head;

    while (o != NULL && !o->is_boot)
        o = o->next;
    return o;
}

/* What may not be loaded as a library although it is a sound file, with glibc's texts; name is as
 * it was asked for. */
static int check_kind(const struct object *o, const char *name)
{
    const char *what = NULL;

    if (o->type == ET_EXEC)
        what = "cannot dynamically load executable";
    else if ((o->flags_1 & DF_1_PIE) != 0)
        what = "cannot dynamically load position-independent executable";
    else if (load_for_dlopen && (o->flags_1 & DF_1_NOOPEN) != 0)
        what = "shared object cannot be dlopen()ed";
    else if (o->dynamic == NULL)
        what = "object file has no dynamic section";
    return what != NULL ? error_set(ERROR_LIBRARY, ENOEXEC, "%s: %s", name, what) : 0;
}

static void note_libc(struct object *o)
{
    static const char *const family[] = {"libc.so.6", "libdl.so.2", "libpthread.so.0"};

    if (o->soname == NULL)
        return;
    for (size_t i = 0; i < sizeof family / sizeof family[0]; i++)
        o->is_libc_family = o->is_libc_family || string_equal(o->soname, family[i]);
    if (string_starts(o->soname, "ld-linux"))
        o->is_libc_family = true;
    if (o->ns->libc == NULL && string_equal(o->soname, family[0]))
        o->ns->libc = o;
}

/* Maps o, or finds out that it is glibc's loader for another namespace. There is one in a process: it
 * keeps the threads. */
static int map_or_share(struct object *o, int fd, const struct sys_stat *st, const char *name)
{
    const struct object *boot = o->ns != &object_base ? find_boot() : NULL;

    if (boot != NULL && (is_file(boot, st) || is_known_as(boot, name))) {
        object_share(o, boot);
        return 0;
    }
    int err = object_map(o, fd, st);
    return err == 0 ? check_kind(o, name) : err;
}

/* The loader that waits to be linked, if that is what is asked for: by name, or by file. */
static struct object *take_boot(const struct namespace *ns, const char *name,
                                const struct sys_stat *st)
{
    struct object *o = early_boot;

    if (o == NULL || ns != &object_base || !(st != NULL ? is_file(o, st) : is_known_as(o, name)))
        return NULL;
    early_boot = NULL;
    object_link(o);
    return o;
}

int load_descriptor(int fd, const char *path, const char *name, struct object *by,
                    struct namespace *ns, struct object **out)
{
    struct sys_stat st;
    int err = sys_fstat(fd, &st);

    if (err != 0)
        return error_set(ERROR_LIBRARY, -err, "%s: cannot stat shared object: %s", path,
                         error_name(-err));
    if (search_options.only_set_user_id && strchr(name, '/') == NULL && (st.mode & S_ISUID) == 0)
        return -ENOENT;
    if (S_ISDIR(st.mode))
        return error_set(ERROR_LIBRARY, EISDIR, "%s: cannot read file data: Is a directory", path);
    *out = find_by_identity(ns, &st);
    if (*out == NULL)
        *out = take_boot(ns, name, &st);
    if (*out != NULL)
        return 0;
    struct object *o = object_new(path, ns);
    if (o == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", path);
    TRACE(.kind = TRACE_MAP, .name = path);
    err = map_or_share(o, fd, &st, name);
    TRACE(.kind = TRACE_END);
    if (err != 0) {
        object_free(o);
        return err;
    }
    o->dev = st.dev;
    o->ino = st.ino;
    o->loader = by;
    o->is_new = true;
    note_libc(o);
    if (!load_for_dlopen) /* what is opened follows the rules there are */
        world_decide(o);
    err = stack_admit(o);
    if (err != 0) {
        object_free(o);
        return err;
    }
    object_link(o);
    TRACE(.kind = TRACE_MAPPED, .object = o, .name = name);
    audit_object_added(o);
    *out = o;
    return 0;
}

/* Why a file is not taken: what was found in it rather than the native loader's words, which may be that
 * there is no such file. */
static const char *pass_text(void)
{
    return error_explanation()[0] != '\0' ? error_explanation() : error_text();
}

static int open_library(struct request *r, const char *path, const char *rule)
{
    TRACE(.kind = TRACE_TRY, .name = path, .rule = rule);
    int fd = sys_open(path);
    int err = fd < 0 ? fd : load_descriptor(fd, path, r->name, r->by, r->ns, &r->found);

    r->is_opened = fd >= 0;
    if (err != 0)
        TRACE(.kind = TRACE_PASS, .text = fd < 0 ? error_name(-fd) : pass_text());
    if (fd >= 0)
        sys_close(fd);
    return err;
}

/* An absolute directory that does not exist; glibc looks at no others. */
static bool is_in_missing_directory(const char *path)
{
    char *dir = alloc_string(path, (size_t)(string_basename(path) - path));
    bool is_missing = path[0] == '/' && dir != NULL && sys_exists(dir) != 0;

    alloc_free(dir);
    return is_missing;
}

/* path could not be opened: what of the search goes on? */
static int pass_over(struct request *r, const char *path, int err)
{
    bool is_usual = err == -ENOENT || err == -EACCES;

    r->open_err = err;
    if (err != -ENOENT &&
        (r->unusual == 0 || (search_is_trouble(err) && !search_is_trouble(r->unusual))))
        r->unusual = err;
    if (world == WORLD_MUSL)
        return is_usual || err == -ENOTDIR || err == -ENAMETOOLONG ? -ENOENT : err;
    return is_usual || is_in_missing_directory(path) ? -ENOENT : SEARCH_NEXT_LIST;
}

/* LA_SER_* for search.c's rules. */
static unsigned audit_flag(const char *rule)
{
    return string_equal(rule, "LD_LIBRARY_PATH")    ? LA_SER_LIBPATH
           : string_equal(rule, "/etc/ld.so.cache") ? LA_SER_CONFIG
           : string_equal(rule, "system directory") ? LA_SER_DEFAULT
                                                    : LA_SER_RUNPATH;
}

/* A candidate of a search. What is not there, or is another machine's, is passed over. */
static int try_candidate(const char *path, const char *rule, void *arg)
{
    struct request *r = arg;
    if (audit_count > 0)
        path = audit_search(path, r->by, audit_flag(rule));
    if (path == NULL)
        return -ENOENT;
    int err = open_library(r, path, rule);

    if (!r->is_opened)
        return pass_over(r, path, err);
    if (err != -ENOTSUP)
        return err;
    char *foreign = alloc_format("%s%s", r->foreign != NULL ? r->foreign : "", error_explanation());
    alloc_free(r->foreign);
    r->foreign = foreign;
    if (strstr(error_text(), WRONG_CLASS) != NULL)
        r->is_other_class = true;
    return -ENOENT;
}

/* After a failure at start-up: the same search once more, each place with its outcome in the
 * explanation. */
static int explain_candidate(const char *path, const char *rule, void *arg)
{
    const struct request *r = arg;
    bool is_foreign = r->foreign != NULL && strstr(r->foreign, path) != NULL;
    int fd = is_foreign ? -1 : sys_open(path);
    const char *why = is_foreign ? "not for this machine" : error_name(fd < 0 ? -fd : -r->unusual);

    if (fd >= 0)
        sys_close(fd);
    error_explain("  tried %s (%s): %s\n", path, rule, why);
    return -ENOENT;
}

static int explain_near(const char *path, const char *rule, void *arg)
{
    (void)rule;
    (void)arg;
    near_explain_files(path);
    return -ENOENT;
}

/* The trail of a search that failed, and what it nearly found. */
static void explain_search(const struct request *r)
{
    bool was_on = trace_is_on;

    trace_is_on = false; /* it is the same search once more */
    search_library(r->name, r->by, explain_candidate, (void *)(uintptr_t)r);
    if (r->foreign != NULL)
        error_explain("%s", r->foreign);
    search_library(r->name, r->by, explain_near, NULL);
    trace_is_on = was_on;
}

/* musl has one sentence for all that can be wrong with a file; what we know besides becomes the
 * explanation. */
static int fail_as_musl(const struct request *r, int err, const char *detail)
{
    error_set(ERROR_LIBRARY, -err, "Error loading shared library %s: %s%s%s%s", r->name,
              world_error_name(-err), r->is_root ? "" : " (needed by ",
              r->is_root ? "" : r->by->name, r->is_root ? "" : ")");
    if (detail != NULL)
        error_explain("  %s\n", detail);
    return err;
}

/* The native loader's sentence for a file that is not there or cannot be opened. */
static int fail_to_open(const struct request *r, int err)
{
    if (world == WORLD_MUSL)
        fail_as_musl(r, err, NULL);
    else if (r->is_other_class)
        error_set(ERROR_LIBRARY, -err, "%s: %s", r->name, WRONG_CLASS);
    else
        error_set(ERROR_LIBRARY, -err, "%s: cannot open shared object file: %s", r->name,
                  error_name(-err));
    if (!load_for_dlopen) {
        error_explain("  wanted by %s\n", r->by->name);
        if (strchr(r->name, '/') == NULL)
            explain_search(r);
    }
    return err;
}

/* Is by waiting for its needs? Otherwise it is a dlopen that asks. */
static bool is_being_linked(const struct object *by)
{
    return by->needed == NULL && by->needed_count != 0;
}

static int load_by_path(struct request *r)
{
    char *path = world == WORLD_MUSL ? alloc_string(r->name, strlen(r->name)) : NULL;
    int err = path == NULL ? search_expand(r->name, strlen(r->name), r->by, &path) : 0;

    if (err != 0)
        return error_is_set() ? err : fail_to_open(r, err);
    if (path[0] != '/' && search_options.is_secure && is_being_linked(r->by)) {
        alloc_free(path);
        return error_set(ERROR_LIBRARY, EACCES,
                         "%s: a relative path is not followed in a privileged start", r->name);
    }
    r->found = load_find_by_name(r->ns, path);
    err = r->found != NULL ? 0 : open_library(r, path, "a path");
    if (err < 0 && err != -ENOTSUP && r->found == NULL && sys_exists(path) != 0)
        /* glibc quotes a name given to dlopen as it was, a needed one with its tokens replaced */
        err = fail_to_open(&(struct request){.name = is_being_linked(r->by) ? path : r->name,
                                             .by = r->by,
                                             .is_root = r->is_root},
                           err);
    alloc_free(path);
    return err;
}

/* glibc's loader is the file that programs name by path; no directory of the search need have it.
 */
static int load_by_interp(struct request *r)
{
    const struct object *program = object_base.head;
    const char *path = ARCH_GLIBC_INTERP;

    if (program->interp != NULL && string_equal(string_basename(program->interp), r->name))
        path = program->interp;
    if (!string_equal(string_basename(path), r->name))
        return -ENOENT;
    return open_library(r, path, "PT_INTERP");
}

int load_boot(struct object **out)
{
    const char *interp = object_base.head->interp;
    bool is_glibc = interp != NULL && string_starts(string_basename(interp), "ld-linux");
    struct request r = new_request(is_glibc ? interp : ARCH_GLIBC_INTERP, NULL, &object_base);
    int err = open_library(&r, r.name, "PT_INTERP");

    if (err != 0)
        return error_is_set() ? err : fail_to_open(&r, err);
    early_boot = *out = r.found;
    early_boot->is_boot = true;
    object_unlink(early_boot);
    return 0;
}

static int load_by_search(struct request *r)
{
    int err = search_library(r->name, r->by, try_candidate, r);

    if (err == -ENOENT && world != WORLD_MUSL)
        err = load_by_interp(r);

    if (err == -ENOENT)
        return fail_to_open(r, search_is_trouble(r->unusual)  ? r->unusual
                               : search_is_trouble(cache_err) ? cache_err
                               : r->open_err != 0             ? r->open_err
                                                              : err);
    if (err != 0)
        return err;
    set_short_name(r->found, r->name);
    return 0;
}

/* musl's own names all mean its libc, which is also its loader. */
static int load_musl_libc(struct request *r)
{
    const char *path = world_musl_path();

    r->found = find_boot();
    if (r->found != NULL)
        return 0;
    TRACE(.kind = TRACE_NEED, .object = r->by, .name = r->name);
    int err = open_library(r, path, "musl's libc");
    if (r->found == NULL)
        return err == -ENOENT ? fail_to_open(r, err) : err;
    r->found->is_boot = true;
    r->found->is_libc_family = true;
    set_short_name(r->found, r->name);
    return 0;
}

static int load_anew(struct request *r)
{
    bool is_path = strchr(r->name, '/') != NULL;

    TRACE(.kind = TRACE_NEED, .object = r->by, .name = r->name);
    if (!is_path)
        TRACE(.kind = TRACE_SEARCH, .object = r->by, .name = r->name);
    return is_path ? load_by_path(r) : load_by_search(r);
}

/* What is not loaded yet. Auditors may give it another name; of a path that is opened into another
 * namespace glibc does not ask them. */
static int load_new(struct request *r)
{
    if (audit_count > 0 && (r->by->ns == r->ns || strchr(r->name, '/') == NULL))
        r->name = audit_search(r->name, r->by, LA_SER_ORIG);
    if (r->name == NULL)
        return error_set(ERROR_LIBRARY, EINVAL, "cannot open shared object file");
    return load_anew(r);
}

int load_library(const char *name, struct object *by, struct namespace *ns, struct object **out)
{
    struct request r = new_request(name, by, ns);
    int err = 0;

    error_clear();
    if (world == WORLD_MUSL && world_is_musl_libc(name))
        err = load_musl_libc(&r);
    else if ((r.found = load_find_by_name(ns, name)) == NULL &&
             (r.found = take_boot(ns, name, NULL)) == NULL)
        err = load_new(&r);
    if (err != 0 && !error_is_set()) /* it is there, and cannot be opened */
        fail_to_open(&r, err);
    if (err != 0 && world == WORLD_MUSL && !string_starts(error_text(), "Error ")) {
        char *detail = alloc_string(error_text(), strlen(error_text()));
        fail_as_musl(&r, err == -ENOTSUP ? -ENOEXEC : err, detail);
        alloc_free(detail);
    }
    TRACE(.kind = TRACE_GOT, .object = r.by, .name = name, .other = r.found,
          .text = err != 0 ? error_text() : NULL);
    alloc_free(r.foreign);
    *out = r.found;
    return err;
}

/* A candidate of a search for what is loaded already. */
static int find_candidate(const char *path, const char *rule, void *arg)
{
    struct request *r = arg;
    struct sys_stat st;
    (void)rule;
    int fd = sys_open(path);

    if (fd < 0)
        return search_is_trouble(fd) ? fd : -ENOENT;
    int err = sys_fstat(fd, &st);
    sys_close(fd);
    r->found = err == 0 ? find_by_identity(r->ns, &st) : NULL;
    return err == 0 && S_ISREG(st.mode) ? 0 : -ENOENT;
}

int load_find(const char *name, struct object *by, struct namespace *ns, struct object **out)
{
    struct request r = new_request(name, by, ns);
    int err = 0;

    if (world == WORLD_MUSL && world_is_musl_libc(name)) {
        err = load_musl_libc(&r);
    } else if ((r.found = load_find_by_name(ns, name)) == NULL && strchr(name, '/') == NULL) {
        err = search_library(name, r.by, find_candidate, &r);
    } else if (r.found == NULL) {
        char *path;
        err = search_expand(name, strlen(name), r.by, &path);
        err = err == 0 ? find_candidate(path, "", &r) : err;
        alloc_free(path);
    }
    *out = r.found;
    if (r.found == NULL && world == WORLD_MUSL)
        return error_set(ERROR_LIBRARY, ENOENT, "Library %s is not already loaded", name);
    return err == 0 || error_is_set() ? err : fail_to_open(&r, err);
}
