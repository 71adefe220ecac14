/*
 * search.c - where a library named without a slash may be.
 *
 * Called by load.c under the loader's lock, and by dlinfo.c. glibc's order: DT_RPATH of the
 * needing object and its loaders (if it has no DT_RUNPATH), LD_LIBRARY_PATH, DT_RUNPATH of the
 * needing object alone, ld.so.cache, the trusted directories. musl's: LD_LIBRARY_PATH, the RPATH or
 * RUNPATH of the needing object and all its loaders, then /etc/ld-musl-ARCH.path or the directories
 * that stand for it.
 */
#include "search.h"

#include "alloc.h"
#include "arch.h"
#include "audit.h"
#include "cache.h"
#include "error.h"
#include "readonly.h"
#include "string.h"
#include "sys.h"
#include "trace.h"
#include "world.h"

#define GLIBC_TRUSTED "/" ARCH_LIB ":/usr/" ARCH_LIB ":/lib:/usr/lib"
#define MUSL_TRUSTED "/lib:/usr/local/lib:/usr/lib"

struct search_options search_options READ_ONLY_AFTER_START;

/* One search: what is sought and whom to offer it. */
struct query {
    const char *name; /* NULL: directories are offered, not files */
    search_try *try;
    int (*visit)(const char *dir, void *arg);
    void *arg;
    const char *rule;
    bool is_literal; /* directories are taken as they stand, no token is replaced */
};

/* Directories that were asked for a glibc-hwcaps subdirectory, so that each is asked once. */
static struct known_directory {
    struct known_directory *next;
    bool has_hwcaps;
    char path[];
} * known;
static unsigned known_count;

enum { KNOWN_MAX = 1024 }; /* a file may name any number of directories: more are asked each time */

bool search_is_trouble(int err)
{
    switch (-err) {
    case 0:
    case ENOENT:
    case EACCES:
    case EPERM:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return false;
    default:
        return true;
    }
}

static int program_origin(char **origin)
{
    char path[PATH_MAX];
    long len = sys_readlink("/proc/self/exe", path, sizeof path);

    if (len <= 0 || path[0] != '/')
        return len < 0 ? (int)len : -ENOENT;
    while (len > 1 && path[len - 1] != '/')
        len--;
    *origin = alloc_string(path, (size_t)(len > 1 ? len - 1 : 1));
    return *origin != NULL ? 0 : -ENOMEM;
}

/* musl takes a path as it stands, glibc makes it absolute; neither makes it shorter. */
static int directory_of(const char *path, char **origin)
{
    char cwd[PATH_MAX] = "";
    size_t len = (size_t)(string_basename(path) - path);

    if (len > 1)
        len--; /* the slash itself, unless it is the root */
    if (path[0] == '/' || (world == WORLD_MUSL && len > 0)) {
        *origin = alloc_string(path, len);
    } else if (world == WORLD_MUSL) {
        *origin = alloc_string(".", 1);
    } else {
        long err = sys_getcwd(cwd, sizeof cwd);
        if (err < 0)
            return (int)err;
        *origin = len == 0
                      ? alloc_string(cwd, strlen(cwd))
                      : alloc_format("%s%s%.*s", cwd, cwd[1] == '\0' ? "" : "/", (int)len, path);
    }
    return *origin != NULL ? 0 : -ENOMEM;
}

int search_origin(struct object *o, const char **origin)
{
    int err = 0;

    if (o->origin == NULL) /* mapped by the kernel: its name is whatever execve was given */
        err = o->is_program && !o->is_mapped_by_us ? program_origin(&o->origin)
                                                   : directory_of(o->name, &o->origin);
    *origin = o->origin;
    return err;
}

/* Length of "$NAME" or "${NAME}" at s, 0 if something else stands there. */
static size_t token_len(const char *s, size_t room, const char *name)
{
    size_t len = strlen(name);

    if (room >= len + 3 && s[1] == '{' && strncmp(s + 2, name, len) == 0 && s[len + 2] == '}')
        return len + 3;
    if (room < len + 1 || strncmp(s + 1, name, len) != 0)
        return 0;
    char next = '/';
    if (room > len + 1)
        next = s[len + 1];
    bool is_longer_name = (next >= 'A' && next <= 'Z') || (next >= 'a' && next <= 'z') ||
                          (next >= '0' && next <= '9') || next == '_';
    return is_longer_name ? 0 : len + 1;
}

/* What a token at s stands for: *value, NULL if it is none; *len becomes what it takes up. 0 or -errno. */
static int token_value(const char *s, size_t room, struct object *o, const char **value,
                       size_t *len)
{
    *value = NULL;
    if (*s != '$')
        return 0;
    if ((*len = token_len(s, room, "ORIGIN")) != 0)
        return search_origin(o, value);
    if ((*len = token_len(s, room, "LIB")) != 0)
        *value = world == WORLD_MUSL ? NULL : ARCH_LIB;
    else if ((*len = token_len(s, room, "PLATFORM")) != 0)
        *value = world == WORLD_MUSL ? NULL : search_options.platform;
    return 0;
}

/* Drops "." and "..", as far as the text tells, and empty components. path is absolute. */
static void normalise(char *path)
{
    char *to = path;

    for (const char *at = path; *at != '\0';) {
        size_t len = 0;
        while (*at == '/')
            at++;
        while (at[len] != '\0' && at[len] != '/')
            len++;
        if (len == 2 && at[0] == '.' && at[1] == '.') {
            while (to > path && *--to != '/')
                ;
        } else if (len > 0 && !(len == 1 && at[0] == '.')) {
            *to++ = '/';
            memmove(to, at, len);
            to += len;
        }
        at += len;
    }
    *to = '\0';
}

/* Is a directory one of the system's, or below one? */
static bool is_trusted(const char *dir)
{
    static const char *const trusted[] = {"/lib", "/usr/lib"};
    char *path = dir[0] == '/' ? alloc_string(dir, strlen(dir)) : NULL;
    bool is_below = false;

    if (path != NULL)
        normalise(path);
    for (size_t i = 0; i < sizeof trusted / sizeof trusted[0] && path != NULL; i++) {
        size_t len = strlen(trusted[i]);
        is_below = is_below ||
                   (string_starts(path, trusted[i]) && (path[len] == '/' || path[len] == '\0'));
    }
    alloc_free(path);
    return is_below;
}

/*
 * A privileged start: the caller chooses by which link a program is started, so its $ORIGIN counts only if the whole is a
 * directory that only root can fill (glibc), or not at all (musl). A library has its place from a trusted source. In
 * glibc's world the token must stand first, and alone.
 */
static bool is_origin_allowed(const char *s, size_t len, size_t at, const struct object *o)
{
    size_t end = at + token_len(s + at, len - at, "ORIGIN");

    if (end == at || !search_options.is_secure)
        return true;
    if (o->origin == NULL || o->origin[0] != '/' || (world == WORLD_MUSL && o->is_program))
        return false;
    return world == WORLD_MUSL || (at == 0 && (end == len || s[end] == '/'));
}

/* A string whose tokens were replaced. */
static bool is_result_allowed(const char *result, bool has_token, const struct object *o)
{
    return !search_options.is_secure || !has_token || !o->is_program || is_trusted(result);
}

/* The same into path, which has room for PATH_MAX bytes: more cannot be there. */
static int expand(const char *s, size_t len, struct object *o, char *path)
{
    size_t used = 0;
    bool has_token = false;

    for (size_t i = 0; i < len;) {
        size_t taken = 1;
        const char *value;
        int err = token_value(s + i, len - i, o, &value, &taken);
        if (err != 0)
            return err;
        has_token = has_token || value != NULL;
        if (value != NULL && !is_origin_allowed(s, len, i, o))
            return -ENOENT;
        size_t add = value != NULL ? strlen(value) : 1;
        if (used + add >= PATH_MAX)
            return -ENOENT;
        memcpy(path + used, value != NULL ? value : s + i, add);
        used += add;
        i += value != NULL ? taken : 1;
    }
    path[used] = '\0';
    return is_result_allowed(path, has_token, o) ? 0 : -ENOENT;
}

int search_expand(const char *s, size_t len, struct object *o, char **out)
{
    char path[PATH_MAX];
    int err = expand(s, len, o, path);

    *out = err == 0 ? alloc_string(path, strlen(path)) : NULL;
    if (err == 0 && *out == NULL)
        err = -ENOMEM;
    if (!search_is_trouble(err))
        return err == 0 ? 0 : -ENOENT;
    return error_set(ERROR_LIBRARY, -err, "%s: cannot tell what \"%.*s\" stands for: %s", o->name,
                     (int)len, s, error_name(-err));
}

static bool has_hwcaps(const char *dir)
{
    for (struct known_directory *d = known; d != NULL; d = d->next) {
        if (string_equal(d->path, dir))
            return d->has_hwcaps;
    }
    char *path = alloc_format("%s/glibc-hwcaps", dir);
    struct known_directory *d = known_count < KNOWN_MAX ? alloc(sizeof *d + strlen(dir) + 1) : NULL;
    /* nearly no directory has one, and to ask for the processor's levels costs thirty times as much */
    bool has = cache_has_hwcaps() && path != NULL && sys_exists(path) == 0 &&
               cache_hwcap(0) != NULL;
    alloc_free(path);
    if (d != NULL) {
        memcpy(d->path, dir, strlen(dir) + 1);
        d->has_hwcaps = has;
        d->next = known;
        known = d;
        known_count++;
    }
    return has;
}

static int offer(const struct query *q, const char *dir, const char *between, const char *level)
{
    char *path = alloc_format("%s%s%s/%s", dir, between, level, q->name);

    if (path == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", q->name);
    int err = q->try(path, q->rule, q->arg);
    alloc_free(path);
    return err;
}

static int try_directory(const struct query *q, const char *dir)
{
    int err = -ENOENT;
    const char *level;

    if (search_options.is_secure && dir[0] != '/')
        return -ENOENT;
    if (q->name == NULL)
        return q->visit(dir, q->arg);
    if (world != WORLD_MUSL && has_hwcaps(dir)) {
        for (unsigned p = 0; err == -ENOENT && (level = cache_hwcap(p)) != NULL; p++)
            err = offer(q, dir, "/glibc-hwcaps/", level);
    }
    return err == -ENOENT ? offer(q, dir, "", "") : err;
}

/* One element of a list; an empty one is the working directory in the glibc world, nothing in
 * musl's. */
static int try_element(const struct query *q, const char *element, size_t len, struct object *o)
{
    if (len == 0 && world == WORLD_MUSL)
        return -ENOENT;
    if (len == 0) {
        element = ".";
        len = 1;
    }
    char *dir = q->is_literal ? alloc_string(element, len) : NULL;
    int err = dir == NULL ? search_expand(element, len, o, &dir) : 0;
    if (dir == NULL)
        return err;
    size_t end = strlen(dir);
    while (end > 1 && dir[end - 1] == '/')
        dir[--end] = '\0';
    err = try_directory(q, string_equal(dir, "/") ? "" : dir);
    alloc_free(dir);
    return err;
}

static int try_list(const struct query *q, const char *list, const char *separators,
                    struct object *o)
{
    while (list != NULL) {
        size_t len = 0;
        while (list[len] != '\0' && strchr(separators, list[len]) == NULL)
            len++;
        int err = try_element(q, list, len, o);
        if (err != -ENOENT)
            return err;
        list = list[len] != '\0' ? list + len + 1 : NULL;
    }
    return -ENOENT;
}

/* A search comes to a list of directories, which is of; tokens in it stand for things of o. */
static void trace_rule(const struct query *q, const char *rule, const struct object *of,
                       const char *list, struct object *o)
{
    if (!trace_is_on || q->name == NULL)
        return;
    char *expanded = NULL;
    if (!q->is_literal && search_expand(list, strlen(list), o, &expanded) != 0)
        error_clear();
    TRACE(.kind = TRACE_RULE, .rule = rule, .object = of,
          .name = expanded != NULL ? expanded : list);
    alloc_free(expanded);
}

/* --inhibit-rpath: names of objects, separated by colons. The program's is empty, as glibc has it. */
static bool is_inhibited(const struct object *o)
{
    const char *name = o->is_program ? "" : o->name, *at = search_options.inhibit_rpath;
    size_t len = strlen(name);

    while (at != NULL) {
        const char *end = strchr(at, ':');
        size_t here = end != NULL ? (size_t)(end - at) : strlen(at);
        if (here == len && memcmp(at, name, len) == 0)
            return true;
        at = end != NULL && end[1] != '\0' ? end + 1 : NULL;
    }
    return false;
}

static int try_object_list(struct query *q, const char *what, const char *list, struct object *o)
{
    char *rule = list != NULL ? alloc_format("%s of %s", what, o->name) : NULL;

    if (list == NULL || (list[0] == '\0' && world != WORLD_MUSL) || is_inhibited(o)) {
        alloc_free(rule);
        return -ENOENT;
    }
    q->rule = rule != NULL ? rule : what;
    trace_rule(q, what, o, list, o);
    int err = try_list(q, list, world == WORLD_MUSL ? ":\n" : ":", o);
    alloc_free(rule);
    return err;
}

/* Its $ORIGIN is the program's, whoever needs the library. */
static int try_library_path(struct query *q)
{
    const char *list = search_options.library_path;

    if (list == NULL || list[0] == '\0')
        return -ENOENT;
    q->rule = "LD_LIBRARY_PATH";
    q->is_literal = world == WORLD_MUSL;
    trace_rule(q, q->rule, NULL, list, object_base.head);
    int err = try_list(q, list, world == WORLD_MUSL ? ":\n" : ":;", object_base.head);
    q->is_literal = false;
    return err;
}

/* Is there another list to be tried after one that ended so? */
static bool goes_on(int err)
{
    return err == -ENOENT || err == SEARCH_NEXT_LIST;
}

/* DT_RPATH of by, of who loaded it, and so on, the program last (listing directories, glibc has it once
 * more); an object with DT_RUNPATH contributes none. */
static int try_rpaths(struct query *q, struct object *by)
{
    bool had_program = false;
    int err = -ENOENT;

    if (by->runpath != NULL)
        return -ENOENT;
    for (struct object *o = by; o != NULL && goes_on(err); o = o->loader) {
        had_program = had_program || o->is_program;
        if (o->runpath == NULL)
            err = try_object_list(q, "RPATH", o->rpath, o);
    }
    struct object *program = object_base.head;
    if (goes_on(err) && audit_is_loading)
        err = try_object_list(q, "RUNPATH", program->runpath, program);
    bool is_due = q->name != NULL ? !had_program : by != program && by->ns == &object_base;
    if (goes_on(err) && is_due && program->runpath == NULL)
        err = try_object_list(q, "RPATH", program->rpath, program);
    return err;
}

static int try_cache(struct query *q)
{
    static const char rule[] = "/etc/ld.so.cache";

    if (q->name == NULL || search_options.inhibit_cache || search_options.only_set_user_id)
        return -ENOENT;
    TRACE(.kind = TRACE_RULE, .rule = rule);
    const char *path = cache_lookup(q->name);
    if (path == NULL) {
        TRACE(.kind = TRACE_TRY, .rule = rule);
        TRACE(.kind = TRACE_PASS,
              .text = cache_err != 0 ? error_name(-cache_err) : "no entry for this name");
    }
    return path != NULL ? q->try(path, rule, q->arg) : -ENOENT;
}

/*
 * The path file lies two directories above the interpreter's name: for /lib/ld-musl-ARCH.so.1 in
 * /etc. The list is kept for the process. 0, or -errno: then there are no directories.
 */
static int musl_directories(const char **directories)
{
    static char *list;
    const char *interp = world_musl_path();
    long len = string_basename(interp) - interp;
    struct sys_stat st;

    *directories = list;
    if (list != NULL)
        return 0;
    while (len > 0 && interp[len - 1] == '/')
        len--;
    while (len > 0 && interp[len - 1] != '/')
        len--;
    char *path = alloc_format("%.*s/etc/ld-musl-" ARCH_NAME ".path", (int)(len > 0 ? len - 1 : 0),
                              interp);
    int fd = path != NULL ? sys_open(path) : -ENOMEM;
    alloc_free(path);
    mmapfd_result_t file;
    unsigned count = 1;
    if (fd >= 0 && sys_fstat(fd, &st) == 0 && mmapfd_raw(fd, 0, &file, &count, NULL, NULL) == 0) {
        list = alloc_string(file.mr_addr, file.mr_fsize);
        sys_munmap(file.mr_addr, file.mr_msize);
    }
    if (fd >= 0)
        sys_close(fd);
    *directories = list != NULL ? list : fd == -ENOENT ? MUSL_TRUSTED : "";
    return fd < 0 && fd != -ENOENT ? fd : 0;
}

static int try_system_directories(struct query *q)
{
    const char *list = GLIBC_TRUSTED;
    int err = world == WORLD_MUSL ? musl_directories(&list) : 0;

    if (err != 0)
        return err;
    q->rule = "system directory";
    trace_rule(q, "system search path", NULL, list, object_base.head);
    return try_list(q, list, world == WORLD_MUSL ? ":\n" : ":", object_base.head);
}

static int search_glibc(struct query *q, struct object *by)
{
    int err = try_rpaths(q, by);

    if (goes_on(err))
        err = try_library_path(q);
    if (goes_on(err))
        err = try_object_list(q, "RUNPATH", by->runpath, by);
    bool has_default = (by->flags_1 & DF_1_NODEFLIB) == 0;
    if (goes_on(err) && has_default)
        err = try_cache(q);
    if (goes_on(err) && has_default)
        err = try_system_directories(q);
    return goes_on(err) ? -ENOENT : err;
}

static int search_musl(struct query *q, struct object *by)
{
    int err = try_library_path(q);

    for (struct object *o = by; o != NULL && err == -ENOENT; o = o->loader)
        err = try_object_list(q, o->runpath != NULL ? "RUNPATH" : "RPATH",
                              o->runpath != NULL ? o->runpath : o->rpath, o);
    return err == -ENOENT ? try_system_directories(q) : err;
}

int search_library(const char *name, struct object *by, search_try *try, void *arg)
{
    struct query q = {.name = name, .try = try, .arg = arg};

    return world == WORLD_MUSL ? search_musl(&q, by) : search_glibc(&q, by);
}

int search_directories(struct object *by, int (*visit)(const char *dir, void *arg), void *arg)
{
    struct query q = {.visit = visit, .arg = arg};

    return world == WORLD_MUSL ? search_musl(&q, by) : search_glibc(&q, by);
}

int search_system_directories(int (*visit)(const char *dir, void *arg), void *arg)
{
    struct query q = {.visit = visit, .arg = arg};

    return try_system_directories(&q);
}

void search_forget(void)
{
    cache_forget();
    while (known != NULL) {
        struct known_directory *next = known->next;
        alloc_free(known);
        known = next;
    }
    known_count = 0;
}
