/*
 * tls.c - layout of the static block, dynamic blocks, __tls_get_addr.
 *
 * tls_layout runs before the libc is booted, tls_address on any thread afterwards, without the
 * loader's lock.
 *
 * The combined block, worked through. The libc is told of one module, the stub's, so all start-up
 * modules share one block. Take a program with 0x14 bytes of TLS aligned to 8, a library with 0x30
 * aligned to 16.
 *
 *   Variant II, block below the thread pointer; align 64:
 *      offset 0x000  loader slot, 16 bytes
 *      offset 0x010  library, 0x30 bytes (0x10 is congruent to its p_vaddr modulo 16)
 *      offset 0x040  surplus for libraries opened later
 *      offset 0x6e8  program: the linker wrote its offsets as -0x18 .. from the thread pointer
 *                    (0x14 rounded up to 8), so it lies at size - 0x18; size is a multiple of
 *                    64: 0x700
 *   Variant I, block 16 bytes above the thread pointer: the program comes first, at the thread
 *   pointer plus 16 rounded up to its alignment, which is what the linker assumed; then slot,
 *   libraries, surplus.
 *
 * A module's address must be congruent to p_vaddr modulo p_align. The block starts at a multiple of
 * the largest alignment (plus the gap), so it is enough that the offset is.
 */
#include "tls.h"

#include "alloc.h"
#include "error.h"
#include "lock.h"
#include "print.h"
#include "readonly.h"
#include "string.h"
#include "sys.h"

enum {
    SURPLUS = 1664,   /* bytes for static TLS of later libraries, as in glibc */
    LEAST_ALIGN = 64, /* of the block */
    ALONE_TCB = 256,  /* control block of a process without a libc: self pointer, canary */
    FIRST_MODULES = 64,
    EXIT_ROUNDS = 4, /* PTHREAD_DESTRUCTOR_ITERATIONS */
};

/* A module id. generation tells a thread's block of the id's former owner from a present one. */
struct module {
    struct object *object; /* NULL: id is free */
    size_t generation;     /* 0: never used */
};

struct thread_block {
    char *addr;        /* the module's first byte */
    void *memory;      /* owned; NULL for a block in the static area */
    size_t generation; /* 0: none */
};

/* What a thread has of dynamic modules; hangs in the loader slot of its static block. */
struct thread {
    size_t count;
    struct thread_block *blocks; /* by module id; owned */
    unsigned exit_rounds;
    struct tls_error error;
};

struct tls_block tls_block READ_ONLY_AFTER_START;
void (*tls_watch_thread)(void *thread) READ_ONLY_AFTER_START;
void (*tls_each_thread)(void (*f)(uintptr_t tp, void *arg), void *arg) READ_ONLY_AFTER_START;
bool tls_threads_are_hidden READ_ONLY_AFTER_START;

static size_t slot_offset;
static size_t surplus_first, surplus_next, surplus_end;
static struct module first_modules[FIRST_MODULES];
/* grown copies replace it; readers hold no lock, so old ones stay */
static struct module *modules = first_modules;
static size_t module_capacity = FIRST_MODULES, module_count = 1;
static size_t first_free = 1; /* no id below it is free */
static struct lock modules_lock;

static char *block_of(uintptr_t tp)
{
    return (char *)(ARCH_TLS_ABOVE_TP ? tp + ARCH_TLS_GAP : tp - tls_block.size);
}

static struct thread **thread_slot(uintptr_t tp)
{
    return (struct thread **)(block_of(tp) + slot_offset);
}

intptr_t tls_static_offset(const struct object *o)
{
    return ARCH_TLS_ABOVE_TP ? (intptr_t)(o->tls_offset + ARCH_TLS_GAP)
                             : (intptr_t)(o->tls_offset - tls_block.size);
}

static int new_module(struct object *o, enum tls_kind kind)
{
    size_t id = first_free;

    while (id < module_count && modules[id].object != NULL)
        id++;
    if (id == module_capacity) {
        struct module *grown = alloc_array(module_capacity * 2, sizeof *grown);
        if (grown == NULL)
            return error_set(ERROR_LIBRARY, ENOMEM, "%s: cannot allocate memory", o->name);
        memcpy(grown, modules, module_capacity * sizeof *grown);
        module_capacity *= 2;
        __atomic_store_n(&modules, grown, __ATOMIC_RELEASE);
    }
    modules[id].object = o;
    modules[id].generation++;
    if (id == module_count)
        module_count++;
    first_free = id + 1;
    o->tls_module = id;
    o->tls_kind = kind;
    return 0;
}

void tls_lock(void)
{
    lock_acquire(&modules_lock);
}

void tls_unlock(void)
{
    lock_release(&modules_lock);
}

int tls_add_module(struct object *o)
{
    if (o->tls_memsz == 0 || o->is_boot) /* the booted loader keeps its own */
        return 0;
    lock_acquire(&modules_lock);
    int err = new_module(o, TLS_DYNAMIC);
    lock_release(&modules_lock);
    return err;
}

void tls_remove_module(struct object *o)
{
    if (o->tls_module == 0)
        return;
    lock_acquire(&modules_lock);
    modules[o->tls_module].object = NULL;
    modules[o->tls_module].generation++;
    first_free = o->tls_module < first_free ? o->tls_module : first_free;
    /* an opened module's place is given back when it is the last of the surplus */
    if (o->tls_kind == TLS_STATIC) {
        surplus_next = surplus_first;
        for (size_t id = 1; id < module_count; id++) {
            const struct object *m = modules[id].object;
            if (m != NULL && m->tls_kind == TLS_STATIC && m->tls_offset < surplus_end &&
                m->tls_offset + m->tls_memsz > surplus_next)
                surplus_next = m->tls_offset + m->tls_memsz;
        }
    }
    lock_release(&modules_lock);
    o->tls_module = 0;
}

/* The first offset from used on that puts o where its alignment wants it. */
static size_t place(const struct object *o, size_t used)
{
    size_t wanted = (o->tls_vaddr - ARCH_TLS_GAP) & (o->tls_align - 1);
    size_t have = used & (o->tls_align - 1);

    return used + ((wanted - have) & (o->tls_align - 1));
}

static bool has_start_up_tls(const struct object *o)
{
    return o->tls_memsz != 0 && !o->is_boot; /* the booted loader keeps its own */
}

static int add_static(struct object *o, size_t offset)
{
    o->tls_offset = offset;
    return new_module(o, TLS_STATIC);
}

/* Slot, libraries, surplus: everything but the program. Returns the end, or -errno. */
static long lay_out_rest(size_t used, size_t reserve)
{
    slot_offset = (used + 15) & ~(size_t)15;
    used = slot_offset + 16;
    for (struct object *o = object_base.head; o != NULL; o = o->next) {
        if (o->is_program || !has_start_up_tls(o))
            continue;
        size_t offset = place(o, used);
        int err = add_static(o, offset);
        if (err != 0)
            return err;
        used = offset + o->tls_memsz;
        if (used > OBJECT_TLS_MAX)
            return error_set(ERROR_LIBRARY, ENOMEM,
                             "%s: with its thread-local storage there are 0x%lx bytes of it in "
                             "all, wanted at most 0x%lx",
                             o->name, used, (size_t)OBJECT_TLS_MAX);
    }
    surplus_first = surplus_next = (used + LEAST_ALIGN - 1) & ~(size_t)(LEAST_ALIGN - 1);
    surplus_end = surplus_first + SURPLUS + reserve;
    return (long)surplus_end;
}

/* The program is module 1, where linkers count on finding it. */
static int lay_out_program(struct object *program, size_t *used)
{
    if (ARCH_TLS_ABOVE_TP) {
        size_t offset = place(program, 0);
        *used = offset + program->tls_memsz;
        return add_static(program, offset);
    }
    size_t end = program->tls_vaddr + program->tls_memsz;
    return add_static(program, program->tls_memsz + (-end & (program->tls_align - 1)));
}

int tls_layout(size_t reserve)
{
    struct object *program = object_base.head;
    bool has_program = has_start_up_tls(program);
    size_t used = 0;

    tls_block.align = LEAST_ALIGN;
    for (struct object *o = object_base.head; o != NULL; o = o->next) {
        if (has_start_up_tls(o) && o->tls_align > tls_block.align)
            tls_block.align = o->tls_align;
    }
    int err = has_program ? lay_out_program(program, &used) : 0;
    if (err != 0)
        return err;
    long end = lay_out_rest(used, reserve);
    if (end < 0)
        return (int)end;
    if (!ARCH_TLS_ABOVE_TP && has_program)
        end += (long)program->tls_offset; /* its distance from the end, so far */
    tls_block.size = ((size_t)end + tls_block.align - 1) & ~(tls_block.align - 1);
    if (!ARCH_TLS_ABOVE_TP && has_program)
        program->tls_offset = tls_block.size - program->tls_offset;
    return 0;
}

int tls_place_image(uintptr_t residue)
{
    char *memory = alloc(tls_block.size + tls_block.align);

    if (memory == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "cannot allocate memory for thread-local storage");
    tls_block.image = memory + ((residue - (uintptr_t)memory) & (tls_block.align - 1));
    return 0;
}

void tls_copy_images(void)
{
    char *block = block_of(arch_thread_pointer());

    for (struct object *o = object_base.head; o != NULL; o = o->next) {
        if (o->tls_kind != TLS_STATIC)
            continue;
        memcpy(tls_block.image + o->tls_offset, o->tls_image, o->tls_filesz);
        memcpy(block + o->tls_offset, o->tls_image, o->tls_filesz);
    }
}

int tls_setup_alone(void)
{
    size_t align = tls_block.align;
    char *memory = alloc(tls_block.size + 2 * align + ALONE_TCB);

    if (memory == NULL)
        return error_set(ERROR_LIBRARY, ENOMEM, "cannot allocate memory for thread-local storage");
    char *tp = (char *)(((uintptr_t)memory + align - 1) & ~(align - 1));
    if (!ARCH_TLS_ABOVE_TP)
        tp += tls_block.size; /* a multiple of align */
    int err = arch_set_thread_pointer(tp);
    return err != 0 ? error_set(ERROR_LIBRARY, -err, "cannot set the thread pointer: %s",
                                error_name(-err))
                    : 0;
}

size_t tls_surplus(void)
{
    return surplus_end - surplus_next;
}

static void init_static(uintptr_t tp, void *arg)
{
    const struct object *o = arg;
    char *to = block_of(tp) + o->tls_offset;

    memcpy(to, o->tls_image, o->tls_filesz);
    memset(to + o->tls_filesz, 0, o->tls_memsz - o->tls_filesz);
}

/* Zeros are in every thread's block already; anything else must be copied there. */
static bool is_out_of_reach(const struct object *o)
{
    return tls_threads_are_hidden && o->tls_filesz > 0 && sys_thread_count() != 1;
}

int tls_make_static(struct object *o)
{
    size_t offset = place(o, surplus_next);
    bool fits = o->tls_align <= tls_block.align && offset <= surplus_end &&
                o->tls_memsz <= surplus_end - offset;

    if (o->tls_touched || !fits || tls_block.image == NULL || is_out_of_reach(o))
        return -ENOMEM;
    surplus_next = offset + o->tls_memsz;
    o->tls_offset = offset;
    o->tls_kind = TLS_STATIC;
    o->tls_is_unfilled = true;
    return 0;
}

int tls_add_late(struct object *o)
{
    int err = o->tls_module == 0 ? tls_add_module(o) : 0;

    if (err == 0 && o->tls_kind == TLS_DYNAMIC)
        tls_make_static(o); /* else it stays dynamic */
    return err;
}

void tls_init_static(struct object *o)
{
    o->tls_is_unfilled = false;
    memcpy(tls_block.image + o->tls_offset, o->tls_image, o->tls_filesz);
    memset(tls_block.image + o->tls_offset + o->tls_filesz, 0, o->tls_memsz - o->tls_filesz);
    init_static(arch_thread_pointer(), o);
    if (tls_each_thread != NULL)
        tls_each_thread(init_static, o);
}

static struct thread *thread_here(void)
{
    struct thread **slot = thread_slot(arch_thread_pointer());

    if (*slot == NULL) {
        *slot = alloc(sizeof **slot);
        if (*slot != NULL && tls_watch_thread != NULL)
            tls_watch_thread(*slot); /* may come back here: the slot is filled already */
    }
    return *slot;
}

static bool grow_blocks(struct thread *t, size_t module)
{
    size_t count = module + 16;
    struct thread_block *blocks = alloc_array(count, sizeof *blocks);

    if (blocks == NULL)
        return false;
    if (t->count > 0)
        memcpy(blocks, t->blocks, t->count * sizeof *blocks);
    alloc_free(t->blocks);
    t->blocks = blocks;
    t->count = count;
    return true;
}

/* A thread's own copy of a dynamic module, congruent to p_vaddr modulo p_align. */
static bool new_block(struct thread_block *b, struct object *o)
{
    char *memory = alloc(o->tls_memsz + o->tls_align);

    if (memory == NULL)
        return false;
    o->tls_touched = true;
    b->memory = memory;
    b->addr = memory + ((o->tls_vaddr - (uintptr_t)memory) & (o->tls_align - 1));
    memcpy(b->addr, o->tls_image, o->tls_filesz);
    return true;
}

/* No return without a block: an access to a variable cannot fail. */
static _Noreturn void no_memory(void)
{
    print(2, "cannot allocate memory for thread-local data: ABORT\n");
    sys_exit(127);
}

static char *block_for(size_t module)
{
    const struct module *m = &__atomic_load_n(&modules, __ATOMIC_ACQUIRE)[module];
    struct thread *t = thread_here();

    if (t == NULL || (module >= t->count && !grow_blocks(t, module)))
        no_memory();
    struct thread_block *b = &t->blocks[module];
    if (b->generation == m->generation)
        return b->addr;
    alloc_free(b->memory); /* of the id's former owner */
    b->memory = NULL;
    if (m->object->tls_kind == TLS_STATIC)
        b->addr = block_of(arch_thread_pointer()) + m->object->tls_offset;
    else if (!new_block(b, m->object))
        no_memory();
    b->generation = m->generation;
    return b->addr;
}

static struct thread_block *find_block(size_t module)
{
    struct thread *t = *thread_slot(arch_thread_pointer());
    const struct module *m = &__atomic_load_n(&modules, __ATOMIC_ACQUIRE)[module];

    if (t == NULL || module >= t->count || t->blocks[module].generation != m->generation)
        return NULL;
    return &t->blocks[module];
}

void *tls_address(const struct tls_index *index)
{
    const struct thread_block *b = find_block(index->module);

    return (b != NULL ? b->addr : block_for(index->module)) + index->offset;
}

void *tls_descriptor_address(const struct arch_tlsdesc *desc)
{
    return tls_address(&(struct tls_index){desc->module, desc->offset});
}

void *tls_existing_block(const struct object *o)
{
    if (o->tls_kind == TLS_NONE)
        return NULL;
    if (o->tls_kind == TLS_STATIC)
        return block_of(arch_thread_pointer()) + o->tls_offset;
    const struct thread_block *b = find_block(o->tls_module);
    return b != NULL ? b->addr : NULL;
}

struct tls_error *tls_existing_error(void)
{
    struct thread *t = *thread_slot(arch_thread_pointer());

    return t != NULL ? &t->error : NULL;
}

struct tls_error *tls_error(void)
{
    struct thread *t = thread_here();

    return t != NULL ? &t->error : NULL;
}

/* Other keys' destructors may still use thread-local variables; ours runs in every round and acts
 * in the last. */
void tls_thread_exit(void *thread)
{
    struct thread *t = thread;

    if (++t->exit_rounds < EXIT_ROUNDS && tls_watch_thread != NULL) {
        tls_watch_thread(t);
        return;
    }
    *thread_slot(arch_thread_pointer()) = NULL;
    for (size_t i = 0; i < t->count; i++)
        alloc_free(t->blocks[i].memory);
    alloc_free(t->blocks);
    alloc_free(t->error.pending);
    alloc_free(t->error.given);
    alloc_free(t);
}
