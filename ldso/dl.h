/* dl.h - the dlopen family: what each of its files offers the others. */
#ifndef DL_H
#define DL_H

#include "libc/libc.h"
#include "lookup.h"
#include "object.h"

/* <dlfcn.h>, bits/dlfcn.h: glibc's and musl's values agree */
enum {
    RTLD_LAZY = 0x1,
    RTLD_NOW = 0x2,
    RTLD_NOLOAD = 0x4,
    RTLD_DEEPBIND = 0x8,
    RTLD_GLOBAL = 0x100,
    RTLD_NODELETE = 0x1000,
};
enum { LM_ID_BASE = 0, LM_ID_NEWLM = -1, LM_ID_CALLER = -2 };
#define RTLD_DEFAULT ((void *)0)
#define RTLD_NEXT ((void *)-1)

/* --- dl.c: opening and closing. caller is an address in the code that asks: its object's paths and
 * scope count. */
void *dl_open(const char *name, int mode, const void *caller);
void *dl_open_in(long lmid, const char *name, int mode, const void *caller);
void *dl_open_descriptor(int fd, int mode, const void *caller);
int dl_close(void *handle);
/* In the child of a fork: the thread that was unloading objects is not there to go on. */
void dl_forget_collection(void);
/* Into a namespace of its own. NULL: the error record says why. Caller is inside guard.c's lock. */
struct object *dl_open_auditor(const char *name);
/* The object whose code addr is in; the program for code that is no object's. */
struct object *dl_caller(const void *addr);
/* The object a handle stands for, NULL (error set) if it stands for none. Caller is inside
 * guard.c's lock. */
struct object *dl_from_handle(void *handle);
/* Objects loaded and unloaded since the start: dlpi_adds, dlpi_subs. */
extern uint64_t dl_added, dl_removed;
/* All start-up objects are loaded: they count as added, and are never unloaded. */
void dl_adopt_startup(void);
/* Counts a thread_local destructor that o's code waits for; the object stays while there is one. */
void dl_hold(struct object *o);
void dl_release(struct object *o);

/* --- dlerror.c */
/* Makes the error record the calling thread's dlerror text. */
void dl_publish_error(void);
/* Called at the start of each function of the family: forgets an error nobody asked for (not in the
 * musl world). */
void dl_clear_error(void);
/* Around what the libc opens for itself: its failures are not the program's, whose unread text stays. */
char *dl_set_error_aside(void);
void dl_put_error_back(char *text);
char *dl_error(void);

/* --- dlsym.c */
void *dl_sym(void *handle, const char *name, const char *version, const void *caller);
/* The symbol itself, and whose it is; NULL if the handle has none. */
const Elf64_Sym *dl_symbol(void *handle, const char *name, struct object **o);

struct dl_info { /* Dl_info */
    const char *fname;
    void *fbase;
    const char *sname;
    void *saddr;
};
enum { RTLD_DL_SYMENT = 1, RTLD_DL_LINKMAP = 2 };
int dl_addr(const void *addr, struct dl_info *info, void **extra, int flags);

/* --- dlinfo.c */
int dl_information(void *handle, int request, void *arg);
struct dl_phdr_info {
    uintptr_t addr;
    const char *name;
    const Elf64_Phdr *phdr;
    uint16_t phnum;
    unsigned long long adds, subs;
    size_t tls_modid;
    void *tls_data;
};
int dl_iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data,
               const void *caller);
struct dl_find_object; /* <dlfcn.h> of glibc */
int dl_find(const void *pc, struct dl_find_object *result);

/* --- backtrace.c: backtrace_symbols, backtrace_symbols_fd */
char **backtrace_names(void *const *array, int count);
void backtrace_print(void *const *array, int count, int fd);

/* --- dlaudit.c */
/* Loads the auditors in both lists, which may be NULL, and those that the program names. */
void dlaudit_load(struct object *program, const char *option, const char *variable);

/* --- rdebug.c */
/* Sets up _r_debug and the program's DT_DEBUG; base is the loader's own load address. */
void rdebug_init(struct object *program, uintptr_t base);
/* Tells a debugger that the list of ns is about to change, or is consistent again. */
enum rdebug_state { RDEBUG_CONSISTENT, RDEBUG_ADD, RDEBUG_DELETE };
void rdebug_notify(struct namespace *ns, enum rdebug_state state);

/* --- dlapi.c: the functions as programs call them */
/* What lookup binds to when no libc defines the dl functions; see lookup_builtins. */
extern const struct lookup_builtin dl_builtins[];
/* Puts our functions in front of those that o, part of a C library, defines. 0 or -ENOMEM. */
int dl_override_libc(struct object *o);
/* The C library's own symbol in whose place a function of ours stands: for dladdr(dlopen). */
const Elf64_Sym *dl_overridden(const void *addr, struct object **o);
extern void *dl_hook_table[];
enum { DL_HOOK_DLERROR = 4 };
extern void *const dl_rtld_functions[];
void dl_lock_for_fork(void);
void dl_unlock_after_fork(void);
void dl_unlock_in_child(void);

#endif
