/*
 * dlsym.c - dlsym, dlvsym, dladdr, dladdr1.
 *
 * Called through dlapi.c on any thread after the boot; inside guard.c's lock for look-ups.
 */
#include "alloc.h"
#include "audit.h"
#include "dl.h"
#include "dynamic.h"
#include "error.h"
#include "guard.h"
#include "load.h"
#include "lookup.h"
#include "needs.h"
#include "reloc.h"
#include "string.h"
#include "sys.h"
#include "tls.h"
#include "trace.h"
#include "world.h"

/* musl: the object loaded after the caller, and if that one is global the global ones behind it. */
static bool find_next_musl(const struct object *caller, struct lookup_name *n,
                           struct lookup_def *def)
{
    if (caller->next == NULL)
        return false;
    if (!caller->next->is_global)
        return lookup_in_object(caller->next, n, LOOKUP_DLSYM, def);
    for (unsigned i = 0; i < object_base.global.count; i++) {
        if (object_base.global.items[i] == caller->next)
            return lookup_in_list(&object_base.global, i, n, LOOKUP_DLSYM, def);
    }
    return false;
}

/* RTLD_NEXT: behind the caller in the scope that it was loaded into: the closure of its first
 * loader. */
static bool find_next(struct object *caller, struct lookup_name *n, struct lookup_def *def)
{
    struct object *root = caller;

    if (world == WORLD_MUSL)
        return find_next_musl(caller, n, def);

    while (root->loader != NULL)
        root = root->loader;
    const struct object_list *list = root->is_program ? &object_base.global : &root->closure;
    for (unsigned i = 0; i < list->count; i++) {
        if (list->items[i] == caller)
            return lookup_in_list(list, i + 1, n, LOOKUP_DLSYM, def);
    }
    return false;
}

static int not_found(const struct object *o, const char *name, const char *version)
{
    if (world == WORLD_MUSL)
        return error_set(ERROR_SYMBOL, ENOENT, "Symbol not found: %s", name);
    return error_set(ERROR_SYMBOL, ENOENT, "%s: undefined symbol: %s%s%s", o->name, name,
                     version != NULL ? ", version " : "", version != NULL ? version : "");
}

/* The definition that handle has of n. The error record is set if there is none. */
static int find(void *handle, struct lookup_name *n, const void *caller_addr,
                struct lookup_def *def)
{
    bool is_pseudo = handle == RTLD_DEFAULT || handle == RTLD_NEXT;
    struct object *caller = is_pseudo ? dl_caller(caller_addr) : NULL, *o = caller;
    bool found;

    if (handle == RTLD_DEFAULT) {
        /* musl: the global scope, whoever asks */
        found = lookup_in_scope(world == WORLD_MUSL ? object_base.head : caller, n, LOOKUP_DLSYM,
                                def);
    } else if (handle == RTLD_NEXT) {
        found = find_next(caller, n, def);
    } else {
        o = dl_from_handle(handle);
        if (o == NULL)
            return -EINVAL;
        int err = o->closure.count == 0 ? needs_closure(o) : 0; /* never opened by itself */
        if (err != 0)
            return err;
        found = o->is_program ? lookup_in_list(&object_base.global, 0, n, LOOKUP_DLSYM, def)
                              : lookup_in_list(&o->closure, 0, n, LOOKUP_DLSYM, def);
    }
    if (!found)
        return not_found(o, n->name, n->version != NULL ? n->version->name : NULL);
    if (def->is_unique)
        lookup_unify(def);
    TRACE(.kind = TRACE_BIND, .object = o, .name = n->name, .def = def,
          .version = n->version != NULL ? n->version->name : NULL);
    if (handle == RTLD_DEFAULT)
        lookup_note_binding(caller, def->object);
    return 0;
}

static void *address(const struct lookup_def *def)
{
    if (def->sym != NULL && ELF64_ST_TYPE(def->sym->st_info) == STT_TLS &&
        def->object->tls_module != 0)
        return tls_address(&(struct tls_index){def->object->tls_module, def->sym->st_value});
    return (void *)reloc_address(def);
}

/* What lies behind the program's string is not ours to read, but string_equal_words does: a copy with
 * room behind it, in buf if it fits, else in alloc's memory. */
static char *copy_string(const char *s, char *buf, size_t size)
{
    size_t len = strlen(s), room = len + sizeof(uint64_t);
    char *copy = room <= size ? buf : alloc(room);

    if (copy == NULL)
        return NULL;
    memcpy(copy, s, len);
    memset(copy + len, 0, sizeof(uint64_t));
    return copy;
}

static void *find_address(void *handle, const char *name, const struct object_version *version,
                          const void *caller_addr)
{
    struct lookup_name n;
    struct lookup_def def;
    void *addr = NULL;

    lookup_init(&n, name, version);
    guard_enter();
    if (find(handle, &n, caller_addr, &def) == 0) {
        addr = address(&def);
        if (audit_count > 0)
            addr = (void *)audit_bind(dl_caller(caller_addr), &def, (uintptr_t)addr, LA_SYMB_DLSYM);
    } else
        dl_publish_error();
    guard_leave();
    return addr;
}

static void fail_without_memory(void)
{
    guard_enter();
    error_set(ERROR_LIBRARY, ENOMEM, "cannot allocate memory");
    dl_publish_error();
    guard_leave();
}

void *dl_sym(void *handle, const char *name, const char *version, const void *caller_addr)
{
    char name_buf[128], version_buf[64];
    char *name_copy = copy_string(name, name_buf, sizeof name_buf);
    char *version_copy = version != NULL ? copy_string(version, version_buf, sizeof version_buf)
                                         : NULL;
    struct object_version v = {.name = version_copy, .is_hidden = true};
    void *addr = NULL;

    dl_clear_error();
    if (version_copy != NULL)
        v.hash = dynamic_sysv_hash(version_copy);
    if (name_copy != NULL && (version == NULL || version_copy != NULL))
        addr = find_address(handle, name_copy, version != NULL ? &v : NULL, caller_addr);
    else
        fail_without_memory();
    if (name_copy != name_buf)
        alloc_free(name_copy);
    if (version_copy != version_buf)
        alloc_free(version_copy);
    return addr;
}

const Elf64_Sym *dl_symbol(void *handle, const char *name, struct object **o)
{
    char buf[128];
    char *copy = copy_string(name, buf, sizeof buf);
    struct lookup_name n;
    struct lookup_def def = {.sym = NULL};

    if (copy == NULL)
        return NULL;
    lookup_init(&n, copy, NULL);
    guard_enter();
    if (find(handle, &n, NULL, &def) != 0)
        error_clear();
    guard_leave();
    if (copy != buf)
        alloc_free(copy);
    *o = def.object;
    return def.sym;
}

/* Can sym be what addr is in? glibc's rule: inside it, or right at it if it has no size. */
static bool covers(const struct object *o, const Elf64_Sym *sym, uintptr_t addr)
{
    uintptr_t start = o->bias + sym->st_value;

    if ((sym->st_shndx == SHN_UNDEF && sym->st_value == 0) || sym->st_shndx == SHN_ABS ||
        ELF64_ST_TYPE(sym->st_info) == STT_TLS || addr < start)
        return false;
    return addr < start + sym->st_size ||
           (addr == start && (sym->st_shndx == SHN_UNDEF || sym->st_size == 0));
}

static const Elf64_Sym *nearest_symbol(const struct object *o, uintptr_t addr)
{
    const Elf64_Sym *best = NULL;

    for (uint32_t i = 1; i < o->sym_count; i++) {
        const Elf64_Sym *sym = &o->symtab[i];
        unsigned bind = ELF64_ST_BIND(sym->st_info);
        if ((bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
            covers(o, sym, addr) && (best == NULL || best->st_value < sym->st_value) &&
            object_string(o, sym->st_name) != NULL)
            best = sym;
    }
    return best;
}

int dl_addr(const void *addr, struct dl_info *info, void **extra, int flags)
{
    struct object *o;

    lock_acquire(&object_lock);
    /* dladdr(dlopen) names the libc's dlopen, in whose place ours stands. */
    const Elf64_Sym *sym = dl_overridden(addr, &o);
    bool is_override = sym != NULL;
    if (!is_override) {
        o = object_by_addr((uintptr_t)addr);
        sym = o != NULL ? nearest_symbol(o, (uintptr_t)addr) : NULL;
    }
    if (o != NULL) {
        info->fname = o->name;
        info->fbase = (void *)o->start;
        info->sname = sym != NULL ? object_string(o, sym->st_name) : NULL;
        info->saddr = sym == NULL   ? NULL
                      : is_override ? (void *)(uintptr_t)addr
                                    : (void *)(o->bias + sym->st_value);
        if (flags == RTLD_DL_SYMENT)
            *extra = (void *)(uintptr_t)sym;
        else if (flags == RTLD_DL_LINKMAP)
            *extra = o;
    }
    lock_release(&object_lock);
    return o != NULL;
}
