/*
 * near.c - see near.h.
 *
 * Called by load.c when a start has failed, so it may take its time: directories are read.
 */
#include "near.h"

#include "alloc.h"
#include "error.h"
#include "string.h"
#include "sys.h"

/* How much of a library's name is the same in all its versions: up to and with ".so"; 0 if that is not in it. */
static size_t stem_len(const char *name)
{
    for (const char *at = name; (at = strstr(at, ".so")) != NULL; at++) {
        if (at[3] == '\0' || at[3] == '.')
            return (size_t)(at + 3 - name);
    }
    return 0;
}

static void consider(const char *path, const char *entry)
{
    const char *wanted = string_basename(path);
    size_t len = stem_len(wanted);

    if (len == 0 || strncmp(entry, wanted, len) != 0 || string_equal(entry, wanted))
        return;
    bool is_version = entry[len] == '\0' ||
                      (entry[len] == '.' && entry[len + 1] >= '0' && entry[len + 1] <= '9');
    if (!is_version)
        return;
    /* /lib and /usr/lib may be one directory. */
    char *said = alloc_format("/%s, another version", entry);
    if (said != NULL && strstr(error_explanation(), said) == NULL)
        error_explain("  there is %.*s%s, another version of it\n", (int)(wanted - path), path,
                      entry);
    alloc_free(said);
}

void near_explain_files(const char *path)
{
    _Alignas(uint64_t) char buf[4096];
    size_t dir_len = (size_t)(string_basename(path) - path);
    char *dir = dir_len > 0 ? alloc_string(path, dir_len) : alloc_string(".", 1);
    int fd = dir != NULL ? sys_open(dir) : -ENOMEM;
    long len;

    alloc_free(dir);
    while (fd >= 0 && (len = sys_getdents(fd, buf, sizeof buf)) > 0) {
        for (long at = 0; at < len;) {
            const struct sys_dirent *entry = (const struct sys_dirent *)(buf + at);
            consider(path, entry->name);
            at += entry->len;
        }
    }
    if (fd >= 0)
        sys_close(fd);
}
