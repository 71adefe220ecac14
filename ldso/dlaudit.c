/*
 * dlaudit.c - loads the auditors: LD_AUDIT, --audit, the program's DT_AUDIT and DT_DEPAUDIT.
 *
 * Called by main once the libc's loader is booted and before any library of the program is loaded, for
 * auditors may say where those are. Each gets a namespace with a libc of its own. What they are called for
 * is in audit.c.
 */
#include "audit.h"
#include "alloc.h"
#include "dl.h"
#include "error.h"
#include "guard.h"
#include "load.h"
#include "print.h"
#include "reloc.h"
#include "string.h"
#include "sys.h"

enum { LAV_CURRENT = 2 };

static void *find(struct object *auditor, const char *name)
{
    struct lookup_name n;
    struct lookup_def def;

    lookup_init(&n, name, NULL);
    return lookup_in_list(&auditor->closure, 0, &n, LOOKUP_DLSYM, &def)
               ? (void *)reloc_address(&def)
               : NULL;
}

static void complain(const char *name, const char *why)
{
    print(2, "ERROR: ld.so: object '%s' cannot be loaded as audit interface: %s; ignored.\n", name,
          why);
}

/* The reason alone: between the file's name and the system's words. */
static void complain_of_error(const char *name)
{
    const char *text = error_text(), *colon = strstr(text, ": ");
    const char *start = colon != NULL ? colon + 2 : text, *end = strstr(start, ": ");
    char *why = alloc_string(start, end != NULL ? (size_t)(end - start) : strlen(start));

    complain(name, why != NULL ? why : text);
    alloc_free(why);
    error_clear();
}

/* Whether it takes part, which it may decline; if not, it is gone. */
static bool ask_version(struct object *auditor, const char *name)
{
    unsigned (*version)(unsigned) = find(auditor, "la_version");
    unsigned wanted = version != NULL ? version(LAV_CURRENT) : 0;
    bool is_accepted = wanted > 0 && wanted <= LAV_CURRENT;

    if (!is_accepted)
        dl_close(auditor);
    if (version == NULL)
        complain(name, "undefined symbol: la_version");
    if (wanted > LAV_CURRENT)
        print(2,
              "ERROR: audit interface '%s' requires version %d (maximum supported version %d); "
              "ignored.\n",
              name, (int)wanted, LAV_CURRENT);
    return is_accepted;
}

static void load(const char *name)
{
    struct object *auditor = dl_open_auditor(name);

    if (auditor == NULL)
        complain_of_error(name);
    if (auditor == NULL || !ask_version(auditor, name))
        return;
    const struct audit_functions functions = {
        .activity = find(auditor, "la_activity"),
        .objsearch = find(auditor, "la_objsearch"),
        .objopen = find(auditor, "la_objopen"),
        .preinit = find(auditor, "la_preinit"),
        .symbind = find(auditor, "la_symbind64"),
        .objclose = find(auditor, "la_objclose"),
    };
    auditor->ns->is_auditing = audit_add(&functions);
}

static void load_list(const char *list)
{
    while (list != NULL && *list != '\0') {
        const char *colon = strchr(list, ':');
        size_t len = colon != NULL ? (size_t)(colon - list) : strlen(list);
        char *name = len > 0 ? alloc_string(list, len) : NULL;
        if (name != NULL)
            load(name);
        alloc_free(name);
        list += len + (colon != NULL);
    }
}

static void load_tags(const struct object *program, int64_t tag)
{
    for (size_t i = 0; i < program->dynamic_count; i++) {
        if (program->dynamic[i].d_tag == tag)
            load_list(object_string(program, program->dynamic[i].d_un.d_val));
    }
}

void dlaudit_load(struct object *program, const char *option, const char *variable)
{
    guard_enter();
    load_list(option);
    load_list(variable);
    load_tags(program, DT_AUDIT);
    load_tags(program, DT_DEPAUDIT);
    audit_object_opened(program);
    audit_object_opened(libc_boot_object);
    audit_activity(program->ns, LA_ACT_ADD);
    guard_leave();
}
