/*
 * object.h - a mapped ELF object: its segments as mmapfd returned them, and its dynamic section
 * decoded and checked.
 *
 * Whoever holds a struct object may follow every pointer in it without a further check: object.c
 * proved that each table lies in a segment with the length it says. Indices and offsets that are
 * found later (symbol indices in relocations, chain links) are checked where they are found,
 * against sym_count and the like.
 */
#ifndef OBJECT_H
#define OBJECT_H

#include "lock.h"
#include "mmapfd.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object;
struct sys_stat;

/* A growing array of objects; items is owned by the list. */
struct object_list {
    struct object **items;
    unsigned count, capacity;
};

/* 0 or -ENOMEM, which leaves the list as it was. */
int object_list_add(struct object_list *list, struct object *o);
bool object_list_has(const struct object_list *list, const struct object *o);
/* Order is kept; nothing happens if o is not in it. */
void object_list_remove(struct object_list *list, const struct object *o);
/* Puts o at index, which is at most count. 0 or -ENOMEM. */
int object_list_insert(struct object_list *list, unsigned index, struct object *o);
/* Removes those whose visit is mark. */
void object_list_purge(struct object_list *list, unsigned mark);
void object_list_free(struct object_list *list);

/* A version name by its index in DT_VERSYM; name is NULL for an index that no table defines. */
struct object_version {
    const char *name;
    const char *file; /* vn_file for a needed version, NULL for one the object defines */
    uint32_t hash;    /* vd_hash, vna_hash: System V hash of the name */
    bool is_hidden;   /* vna_other has bit 15 set: only an exact match will do */
};

/* A definition inside the C library that one of ours stands in front of (dl.c: dlopen and its
 * family). */
struct object_override {
    uint32_t sym; /* index in the C library's symbol table */
    void *addr;   /* what references to it are bound to instead */
};

/* A symbol, and the hash of its name with bit 0 set. */
struct object_hash {
    uint32_t hash, sym;
};

/* A name or a file that an object is known by: see names.h. */
struct object_name {
    struct object_name *next;
    struct object *object;
    uint32_t hash;
};
enum { OBJECT_NAMES = 4 }; /* as opened, SONAME, short_name; the file */

/* Of thread-local storage, in one object and in all of a start: 32-bit relocations reach as far. */
#define OBJECT_TLS_MAX (UINT64_C(1) << 31)

/* PT_GNU_STACK */
enum object_stack {
    OBJECT_STACK_UNTOLD, /* there is none */
    OBJECT_STACK_PLAIN,
    OBJECT_STACK_EXECUTABLE,
};

enum tls_kind {
    TLS_NONE,
    TLS_STATIC, /* in the block that every thread has at a fixed distance from its thread pointer */
    TLS_DYNAMIC, /* allocated when a thread first touches it */
};

/* struct r_debug_extended of <link.h>. */
struct object_debug {
    int version;
    struct object *map; /* the first of the list */
    uintptr_t brk;      /* 0: no debugger can know of it yet */
    int state;
    uintptr_t ldbase;
    struct object_debug *next; /* version 2 */
};

/*
 * Objects that see each other and no others (dlmopen). Each belongs to one namespace; names, files and
 * scopes are known in one. Only glibc's loader is in all of them, see object_share. A namespace stays
 * when its last object is gone, and serves the next dlmopen that wants a new one.
 */
struct namespace
{
    struct namespace *next;
    long id;                       /* Lmid_t */
    struct object *head, *tail;    /* in load order. Where threads exist, readers hold object_lock
                                  * or are inside guard.c's lock; who changes it has both */
    struct object *libc;           /* load.c: its C library, NULL if none or of the musl world */
    void *thread_atexit;           /* dlapi.c: that one's __cxa_thread_atexit_impl */
    struct object_list global;     /* lookup.c: the global scope */
    struct object_unique *uniques; /* lookup.c: the one definition of each STB_GNU_UNIQUE symbol */
    unsigned unique_count, unique_capacity;
    struct object_debug debug; /* rdebug.c */
    bool is_dirty;             /* dl.c: something was closed, and nothing collected since */
    bool is_auditing;          /* dlaudit.c: an auditor's */
    bool is_adding;            /* audit.c: auditors know that the list changes */
};

struct object {
    /* struct link_map of <link.h>: debuggers and dlinfo read it. */
    uintptr_t bias;        /* addr - vaddr */
    const char *link_name; /* name, but "" for the program in the glibc world */
    Elf64_Dyn *dynamic;
    struct object *next, *prev;

    struct namespace *ns;
    char *name; /* the path it was opened by, as given; argv[0] for the program; owned */

    uint64_t serial; /* object_link: higher than those of all older objects */

    /* object_map, object_adopt. segments: mmapfd's result array as it came; owned. */
    mmapfd_result_t *segments;
    unsigned segment_count;
    bool is_mapped_by_us; /* object_free unmaps */
    const Elf64_Phdr *phdr;
    Elf64_Phdr *phdr_copy; /* owned; when the table is in no segment */
    unsigned phdr_count;
    uint16_t type;        /* ET_* */
    uintptr_t entry;      /* run-time address of e_entry, 0 if e_entry is 0 */
    uintptr_t start, end; /* page-aligned extent of all segments */
    uint64_t dev, ino;    /* 0, 0: unknown (mapped by the kernel) */

    /* decode_headers */
    size_t dynamic_count;             /* entries before DT_NULL */
    const char *interp;               /* PT_INTERP, NULL if none */
    uintptr_t relro_start, relro_end; /* whole pages; equal if none */
    const void *eh_frame_hdr;
    enum object_stack stack;
    const void *tls_image; /* PT_TLS at run time */
    size_t tls_filesz, tls_memsz, tls_align, tls_vaddr;

    /* dynamic_decode */
    const char *strtab;
    size_t strsz;
    const char *soname, *rpath, *runpath; /* NULL if absent */
    const Elf64_Sym *symtab;
    uint32_t sym_count; /* an index below it is inside symtab and inside versym */
    const uint16_t *versym;
    struct object_version *versions; /* owned */
    unsigned version_count;
    const uint32_t *sysv_hash, *sysv_chain; /* buckets and chains of DT_HASH */
    uint32_t sysv_nbucket, sysv_nchain;
    const uint64_t *gnu_bloom;
    const uint32_t *gnu_bucket, *gnu_chain; /* chain is indexed by symbol index - gnu_symoffset */
    uint32_t gnu_nbucket, gnu_symoffset, gnu_bloom_mask, gnu_shift;
    uint32_t
        /* symbols gnu_symoffset up to this have a word inside gnu_chain; at most sym_count */
        gnu_end;
    const Elf64_Rela *rela, *jmprel;
    size_t rela_count, jmprel_count;
    size_t relative_count; /* DT_RELACOUNT: so many of rela, its first, are said to be RELATIVE */
    const uint64_t *relr;
    size_t relr_count;
    uintptr_t *pltgot;
    const Elf64_Verneed *verneed;
    const Elf64_Verdef *verdef;
    size_t verneed_count, verdef_count;
    uintptr_t init, fini;
    const uintptr_t *preinit_array, *init_array, *fini_array;
    size_t preinit_count, init_count, fini_count;
    Elf64_Dyn *debug; /* DT_DEBUG entry, NULL if none */
    uint64_t flags_1; /* DT_FLAGS_1 */
    bool is_symbolic, is_bind_now;
    bool has_auditors;   /* DT_AUDIT or DT_DEPAUDIT */
    bool has_textrel;    /* relocations in segments that are not writable */
    size_t needed_count; /* of DT_NEEDED, DT_FILTER and DT_AUXILIARY; later, of needed */

    /* names.c */
    struct object_name known[OBJECT_NAMES];
    unsigned known_count;

    /* load.c */
    char *origin;               /* directory of name, absolute; owned; NULL until asked for */
    char *short_name;           /* musl world: the name it was found by; owned, or NULL */
    struct object *loader;      /* who caused it to be loaded first, NULL for the program */
    struct object **needed;     /* in the order of the dynamic section; owned array */
    struct object_list filtees; /* of them, those that are searched before it */
    uint16_t *version_slots;    /* its versions by hash, if there are many; object_alloc's */
    unsigned version_shift;     /* 32 less the table's size as a power of two */
    bool is_program, is_startup, is_vdso, is_preloaded;
    bool is_missing;     /* stands in a listing for a library that is not there; see needs_skips */
    bool is_libc_family; /* libc.so.6, ld-linux, libdl.so.2; musl's libc.so */
    bool is_boot;        /* booted: relocates itself, runs its own constructors */
    bool is_shared;      /* stands for the booted object in another namespace: owns no image */

    /* lookup.c */
    struct object_list closure; /* itself and its needs, breadth first; empty until computed */
    struct object_list roots;   /* whose closures are searched after the global scope */
    struct object_list bound;   /* objects outside the closure that relocation bound this one to */
    bool is_global, is_deepbind;
    /* Its symbols sorted by hash, once one of its chains was found to be long; object_alloc's. */
    struct object_hash *by_hash;
    uint32_t by_hash_count;
    uint64_t alike_work;               /* spent on comparing names that have the same hash */
    struct object_override *overrides; /* owned */
    unsigned override_count;
    uint64_t override_mask; /* bit (index of a symbol that one is for) % 64 */

    struct object_audit *audit; /* audit.c: one for each auditor; NULL while there is none */

    uint32_t *needs; /* join.c, while it is relocated; see join_numbers */

    /* tls.c */
    enum tls_kind tls_kind;
    size_t tls_module;    /* module id, from 1; 0 if it has no TLS */
    size_t tls_offset;    /* TLS_STATIC: from the block's start */
    bool tls_touched;     /* some thread has a dynamic block of it */
    bool tls_is_unfilled; /* moved into the static block, image not copied there yet */

    /* reloc.c */
    bool is_relocated;
    void *plt;   /* struct arch_plt for unbound functions, object_alloc's */
    void *owned; /* what object_alloc returned, as a list */

    /* init.c */
    struct object_list init_order;     /* of a root */
    bool is_initialised, is_finalised; /* constructors, destructors have been started */
    bool is_constructed;               /* constructors have returned */
    unsigned visit;                    /* object_new_mark of the last walk that came by */
    struct object *walk_parent;        /* init.c's depth-first walk: where it came from, */
    unsigned walk_next;                /* and which neighbour is next */

    /* dl.c */
    unsigned open_count;
    unsigned pending_dtors; /* thread_local destructors still to run */
    bool is_nodelete, is_live, is_new;
};

/* The namespace of the start; its first object is the program. All others follow it. */
extern struct namespace object_base;
enum { NAMESPACES = 16 }; /* as in glibc */
/* The namespace with this id, NULL if there never was one. */
struct namespace *object_namespace(long id);
/* An empty namespace; NULL if there are NAMESPACES, or no memory. */
struct namespace *object_new_namespace(void);
extern struct lock object_lock;
extern uint64_t object_unlinked; /* counts removals */

/* A new unlinked object with a copy of name; NULL when there is no memory. */
struct object *object_new(const char *name, struct namespace *ns);
/* Appends o to the list of its namespace; moves it there, in front of another of the same namespace. */
void object_link(struct object *o);
void object_move_before(struct object *o, struct object *other);
void object_unlink(struct object *o);
/* A number no object's visit has yet: walks mark what they have seen with one of their own. */
unsigned object_new_mark(void);
/* Unmaps (if we mapped it) and frees; o must not be linked. */
void object_free(struct object *o);

/* len bytes, zeroed, that live as long as o; NULL when there is no memory. */
void *object_alloc(struct object *o, size_t len);

/*
 * Maps fd, of which fstat says *st, with mmapfd and decodes it. 0, or -errno with the error record set and nothing mapped:
 * -ENOTSUP for a file of another class or machine (a search goes on behind it), others are final.
 */
int object_map(struct object *o, int fd, const struct sys_stat *st);
/* The same for an image that the kernel mapped: the program under PT_INTERP, the vDSO. */
int object_adopt(struct object *o, const Elf64_Phdr *phdr, unsigned count, uintptr_t bias);

/* Segments before this one end before addr or at it. */
unsigned object_first_segment(const struct object *o, uintptr_t addr);
/* Makes o, new, stand for real in another namespace: the same image, decoded once, never unmapped. */
void object_share(struct object *o, const struct object *real);

/* The address of vaddr if [vaddr, vaddr + len) lies in one segment that has all of prot, else NULL.
 */
void *object_at(const struct object *o, uint64_t vaddr, uint64_t len, unsigned prot);
/* Bytes from addr to the end of its segment; 0 if addr is in none. */
size_t object_room(const struct object *o, uintptr_t addr);
/* The object one of whose segments holds addr, NULL if none. Caller holds object_lock. */
struct object *object_by_addr(uintptr_t addr);
/* True if addr is in a segment of o that can be executed. */
bool object_can_execute(const struct object *o, uintptr_t addr);
/* The string at an offset of DT_STRTAB; NULL if the offset is outside. */
const char *object_string(const struct object *o, uint64_t off);

#endif
