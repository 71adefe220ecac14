/*
 * dlinfo.c - what the objects of the process are: dlinfo, dl_iterate_phdr, _dl_find_object.
 *
 * Called through dlapi.c on any thread. The two that unwinders use take only object_lock, which is
 * never held while code of an object runs (but dl_iterate_phdr's own callback): a thread may throw
 * while another one's constructor waits for it.
 */
#include "dl.h"
#include "error.h"
#include "guard.h"
#include "load.h"
#include "search.h"
#include "string.h"
#include "sys.h"
#include "tls.h"
#include "world.h"

/* <dlfcn.h> */
enum {
    RTLD_DI_LMID = 1,
    RTLD_DI_LINKMAP = 2,
    RTLD_DI_SERINFO = 4,
    RTLD_DI_SERINFOSIZE = 5,
    RTLD_DI_ORIGIN = 6,
    RTLD_DI_TLS_MODID = 9,
    RTLD_DI_TLS_DATA = 10,
    RTLD_DI_PHDR = 11,
};

struct serpath { /* Dl_serpath */
    char *name;
    unsigned flags; /* glibc leaves them 0 */
};

struct serinfo { /* Dl_serinfo */
    size_t size;
    unsigned count;
    struct serpath path[];
};

/* One pass over the directories: what they need, and where the next one goes if info is not NULL.
 */
struct serinfo_pass {
    struct serinfo *info;
    char *strings;
    size_t size;
    unsigned count;
};

static int count_directory(const char *dir, void *arg)
{
    struct serinfo_pass *pass = arg;
    size_t len = strlen(dir[0] != '\0' ? dir : "/") + 1;

    if (pass->info != NULL && pass->count < pass->info->count &&
        pass->strings + len <= (char *)pass->info + pass->info->size) {
        memcpy(pass->strings, dir[0] != '\0' ? dir : "/", len);
        pass->info->path[pass->count] = (struct serpath){pass->strings, 0};
        pass->strings += len;
    }
    pass->count++;
    pass->size += sizeof(struct serpath) + len;
    return -ENOENT; /* go on */
}

static int measure(struct object *o, struct serinfo *info)
{
    struct serinfo_pass pass = {.size = sizeof *info};
    int err = search_directories(o, count_directory, &pass);

    info->count = pass.count;
    info->size = pass.size;
    return err == -ENOENT ? 0 : err;
}

static int fill(struct object *o, struct serinfo *info)
{
    struct serinfo_pass pass = {.info = info, .strings = (char *)&info->path[info->count]};
    int err = search_directories(o, count_directory, &pass);

    return err == -ENOENT ? 0 : err;
}

static int copy_origin(struct object *o, char *to)
{
    const char *origin;
    int err = search_origin(o, &origin);

    if (search_is_trouble(err))
        return error_set(ERROR_LIBRARY, -err, "%s: cannot tell its directory: %s", o->name,
                         error_name(-err));
    if (err != 0)
        origin = "";
    memcpy(to, origin, strlen(origin) + 1);
    return 0;
}

static int unsupported(int request)
{
    if (world == WORLD_MUSL)
        return error_set(ERROR_LIBRARY, EINVAL, "Unsupported request %d", request);
    return error_set(ERROR_LIBRARY, EINVAL, "unsupported dlinfo request");
}

static int answer(struct object *o, int request, void *arg)
{
    if (world == WORLD_MUSL && request != RTLD_DI_LINKMAP)
        return unsupported(request);
    switch (request) {
    case RTLD_DI_LMID:
        *(long *)arg = o->ns->id;
        return 0;
    case RTLD_DI_LINKMAP:
        *(void **)arg = o;
        return 0;
    case RTLD_DI_SERINFO:
        return fill(o, arg);
    case RTLD_DI_SERINFOSIZE:
        return measure(o, arg);
    case RTLD_DI_ORIGIN:
        return copy_origin(o, arg);
    case RTLD_DI_TLS_MODID:
        *(size_t *)arg = o->tls_module;
        return 0;
    case RTLD_DI_TLS_DATA:
        *(void **)arg = tls_existing_block(o);
        return 0;
    case RTLD_DI_PHDR:
        *(const Elf64_Phdr **)arg = o->phdr;
        return (int)o->phdr_count;
    default:
        return unsupported(request);
    }
}

int dl_information(void *handle, int request, void *arg)
{
    int result = -1;

    dl_clear_error();
    guard_enter();
    struct object *o = dl_from_handle(handle);
    if (o != NULL)
        result = answer(o, request, arg);
    if (result < 0)
        dl_publish_error();
    search_forget();
    guard_leave();
    return result < 0 ? -1 : result;
}

/* The object behind o, which the callback may have unloaded: then the first one that is younger. */
static struct object *next_object(const struct namespace *ns, const struct object *o,
                                  uint64_t serial, uint64_t unlinked)
{
    if (unlinked == object_unlinked)
        return o->next;
    struct object *next = ns->head;
    while (next != NULL && next->serial <= serial)
        next = next->next;
    return next;
}

int dl_iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data,
               const void *caller)
{
    struct namespace *ns = dl_caller(caller)->ns;
    int result = 0;

    lock_acquire(&object_lock);
    for (struct object *o = ns->head; o != NULL && result == 0;) {
        uint64_t serial = o->serial, unlinked = object_unlinked;
        struct dl_phdr_info info = {.addr = o->bias,
                                    .name = o->link_name,
                                    .phdr = o->phdr,
                                    .phnum = (uint16_t)o->phdr_count,
                                    .adds = dl_added,
                                    .subs = dl_removed,
                                    .tls_modid = o->tls_module,
                                    .tls_data = tls_existing_block(o)};
        result = callback(&info, sizeof info, data);
        o = next_object(ns, o, serial, unlinked);
    }
    lock_release(&object_lock);
    return result;
}

/* struct dl_find_object, glibc 2.35; without the unwinder's DBASE, which 64-bit machines do not
 * have. */
struct dl_find_object {
    unsigned long long flags;
    void *map_start, *map_end;
    struct object *link_map;
    void *eh_frame;
    unsigned long long reserved[7];
};

int dl_find(const void *pc, struct dl_find_object *result)
{
    lock_acquire(&object_lock);
    struct object *o = object_by_addr((uintptr_t)pc);
    if (o != NULL)
        *result = (struct dl_find_object){.map_start = (void *)o->start,
                                          .map_end = (void *)o->end,
                                          .link_map = o,
                                          .eh_frame = (void *)(uintptr_t)o->eh_frame_hdr};
    lock_release(&object_lock);
    return o != NULL ? 0 : -1;
}
