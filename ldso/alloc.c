/*
 * alloc.c - size classes over an arena.
 *
 * Assumes nothing initialised: the first arena is .bss, so a small program is loaded without one
 * mmap of ours. Called from load on; from any thread once the libc is booted.
 *
 * Classes are powers of two and the steps half way between them (32, 48, 64, 96, 128 ...), at most
 * a third of a block is lost. A block carries a 16-byte header with its class; a freed block heads
 * its class's list. Blocks above LARGE, and tables above TABLE, are mappings of their own, so that they go back to the
 * kernel.
 */
#include "alloc.h"

#include "lock.h"
#include "string.h"
#include "sys.h"

#include <stdint.h>

enum {
    HEADER = 16,
    SMALLEST = 32,
    CLASS_COUNT = 26, /* 32 .. 192 KiB */
    LARGE = 128 * 1024,
    ARENA = 256 * 1024,
    TABLE = 16 * 1024,
    HUGE = 2 * 1024 * 1024, /* a page of the next larger size, on both machines */
};

struct block {
    size_t size; /* whole block, header included */
    int class;   /* index into free_blocks; -1: a mapping of its own */
    int pad;
    struct block *next_free; /* in the payload of a free block */
};

static struct lock lock;
static struct block *free_blocks[CLASS_COUNT];
/* The linker puts .bss.large behind the small variables (the Makefile's --sort-section), which then
 * share a page. */
static char first_arena[ARENA] __attribute__((aligned(16), section(".bss.large")));
static char *arena_next = first_arena;
static char *arena_end = first_arena + ARENA;

static size_t class_size(int class)
{
    size_t power = (size_t)SMALLEST << (class / 2);

    return class % 2 == 0 ? power : power + power / 2;
}

static int class_of(size_t size)
{
    int class = 0;

    while (class_size(class) < size)
        class ++;
    return class;
}

static struct block *carve(size_t size)
{
    if ((size_t)(arena_end - arena_next) < size) {
        char *arena = sys_mmap_anon(NULL, ARENA, PROT_READ | PROT_WRITE, 0);
        if (sys_is_error(arena))
            return NULL;
        arena_next = arena;
        arena_end = arena + ARENA;
    }
    struct block *block = (struct block *)arena_next;
    arena_next += size;
    return block;
}

/* Memory that is going to be used all over, so that a fault for each page is one too many: in pages
 * of the next larger size where that is worth it, else all of it at once. */
static void *map_table(size_t size)
{
    bool is_huge = size >= HUGE;
    void *table = sys_mmap_anon(NULL, size, PROT_READ | PROT_WRITE, is_huge ? 0 : MAP_POPULATE);

    if (is_huge && !sys_is_error(table))
        sys_madvise(table, size, MADV_HUGEPAGE);
    return table;
}

static void *alloc_large(size_t size, bool is_table)
{
    size = sys_page_up(size);
    struct block *block = is_table ? map_table(size)
                                   : sys_mmap_anon(NULL, size, PROT_READ | PROT_WRITE, 0);
    if (sys_is_error(block))
        return NULL;
    block->size = size;
    block->class = -1;
    return (char *)block + HEADER;
}

void *alloc(size_t len)
{
    if (len > PTRDIFF_MAX)
        return NULL;
    size_t size = len + HEADER;
    if (size > LARGE)
        return alloc_large(size, false);
    int class = class_of(size);

    lock_acquire(&lock);
    struct block *block = free_blocks[class];
    bool recycled = block != NULL;
    if (recycled)
        free_blocks[class] = block->next_free;
    else
        block = carve(class_size(class));
    lock_release(&lock);
    if (block == NULL)
        return NULL;
    block->size = class_size(class);
    block->class = class;
    if (recycled) /* an arena is zero already; touching it here would dirty its pages early */
        memset((char *)block + HEADER, 0, block->size - HEADER);
    return (char *)block + HEADER;
}

void *alloc_array(size_t count, size_t size)
{
    size_t len;

    return __builtin_mul_overflow(count, size, &len) ? NULL : alloc(len);
}

void *alloc_table(size_t count, size_t size)
{
    size_t len;

    if (__builtin_mul_overflow(count, size, &len) || len > PTRDIFF_MAX)
        return NULL;
    return len < TABLE ? alloc(len) : alloc_large(len + HEADER, true);
}

void *alloc_resize(void *p, size_t len)
{
    if (p == NULL)
        return alloc(len);
    struct block *block = (struct block *)((char *)p - HEADER);
    size_t old = block->size - HEADER;
    if (len <= old && len > old / 4)
        return p;
    void *grown = alloc(len);
    if (grown != NULL) {
        memcpy(grown, p, old < len ? old : len);
        alloc_free(p);
    }
    return grown;
}

void alloc_free(void *p)
{
    if (p == NULL)
        return;
    struct block *block = (struct block *)((char *)p - HEADER);
    if (block->class < 0) {
        sys_munmap(block, block->size);
        return;
    }
    lock_acquire(&lock);
    block->next_free = free_blocks[block->class];
    free_blocks[block->class] = block;
    lock_release(&lock);
}

void alloc_lock(void)
{
    lock_acquire(&lock);
}

void alloc_unlock(void)
{
    lock_release(&lock);
}
