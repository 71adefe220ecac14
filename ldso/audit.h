/* audit.h - what auditors (LD_AUDIT, rtld-audit(7)) are told and asked. Each call is nothing when there are none. */
#ifndef AUDIT_H
#define AUDIT_H

#include "lookup.h"
#include "object.h"

/* <link.h> */
enum { LA_ACT_CONSISTENT, LA_ACT_ADD, LA_ACT_DELETE };
enum {
    LA_SER_ORIG = 0x01,
    LA_SER_LIBPATH = 0x02,
    LA_SER_RUNPATH = 0x04,
    LA_SER_CONFIG = 0x08,
    LA_SER_DEFAULT = 0x40,
};
enum { LA_FLG_BINDTO = 0x01, LA_FLG_BINDFROM = 0x02 };
enum {
    LA_SYMB_NOPLTENTER = 0x01,
    LA_SYMB_NOPLTEXIT = 0x02,
    LA_SYMB_DLSYM = 0x08,
    LA_SYMB_ALTVALUE = 0x10
};

/* What an auditor defines; NULL where it does not. */
struct audit_functions {
    void (*activity)(uintptr_t *cookie, unsigned flag);
    char *(*objsearch)(const char *name, uintptr_t *cookie, unsigned flag);
    unsigned (*objopen)(struct object *o, long lmid, uintptr_t *cookie);
    void (*preinit)(uintptr_t *cookie);
    uintptr_t (*symbind)(Elf64_Sym *sym, unsigned index, uintptr_t *from, uintptr_t *to,
                         unsigned *flags, const char *name);
    unsigned (*objclose)(uintptr_t *cookie);
};

enum { AUDITORS = 16 };
extern unsigned audit_count;
/* An auditor is being loaded: by rules of its own. */
extern bool audit_is_loading;

/* Adds one; false if there are too many. */
bool audit_add(const struct audit_functions *functions);

/* o is new in its namespace. Before the first such one they hear that the list is about to change. */
void audit_object_added(struct object *o);
void audit_object_opened(struct object *o);
void audit_object_closed(struct object *o);
void audit_activity(struct namespace *ns, unsigned flag);
void audit_preinit(struct object *program);

/* The name to go on with, NULL if there shall be none. flag is LA_SER_*. */
const char *audit_search(const char *name, struct object *by, unsigned flag);

/* The address to go on with where from is bound to def, which stands for value. flags: LA_SYMB_*. */
uintptr_t audit_bind(struct object *from, const struct lookup_def *def, uintptr_t value,
                     unsigned flags);

#endif
