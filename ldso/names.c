/*
 * names.c - a hash table from names and files to objects.
 *
 * Every DT_NEEDED asks whether its library is there already, by name and then, when a file is open, by
 * device and inode. Going through all objects each time would cost the square of their number. What a
 * name means is load.c's affair; here is only who may be meant.
 *
 * Assumes nothing initialised. Called by object.c (object_link, object_unlink) and load.c, under the
 * loader's lock. The entries are in the objects; without memory to grow, chains get longer.
 */
#include "names.h"

#include "alloc.h"

enum { FEW = 64 };

struct bucket {
    struct object_name *first, *last;
};

static struct bucket few[FEW];
static struct bucket *buckets = few;
static uint32_t bucket_count = FEW, count; /* a power of two; entries */

/* Byte by byte, unlike lookup_gnu_hash: the program's own strings come here, and what lies behind them is not ours. */
static uint32_t hash_name(const char *name)
{
    uint32_t hash = 5381;

    for (; *name != '\0'; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

static uint32_t hash_file(uint64_t dev, uint64_t ino)
{
    return (uint32_t)((ino ^ dev << 32) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static void append(struct object_name *known)
{
    struct bucket *b = &buckets[known->hash & (bucket_count - 1)];

    known->next = NULL;
    if (b->first == NULL)
        b->first = known;
    else
        b->last->next = known;
    b->last = known;
}

/* An entry goes to the end of its new chain, and chains are gone through from their beginning: so those
 * of the same hash keep their order. */
static void grow(void)
{
    struct bucket *old = buckets;
    uint32_t old_count = bucket_count;
    struct bucket *grown = alloc_array((size_t)old_count * 4, sizeof *grown);

    if (grown == NULL)
        return;
    buckets = grown;
    bucket_count = old_count * 4;
    for (uint32_t i = 0; i < old_count; i++) {
        for (struct object_name *known = old[i].first, *next; known != NULL; known = next) {
            next = known->next;
            append(known);
        }
    }
    if (old != few)
        alloc_free(old);
}

static void add(struct object *o, uint32_t hash)
{
    if (o->known_count == OBJECT_NAMES)
        return;
    if (count >= bucket_count)
        grow();
    struct object_name *known = &o->known[o->known_count++];
    *known = (struct object_name){.object = o, .hash = hash};
    append(known);
    count++;
}

void names_add(struct object *o, const char *name)
{
    add(o, hash_name(name));
}

void names_add_file(struct object *o)
{
    add(o, hash_file(o->dev, o->ino));
}

static void remove(struct object_name *known)
{
    struct bucket *b = &buckets[known->hash & (bucket_count - 1)];
    struct object_name **link = &b->first, *before = NULL;

    for (; *link != known; link = &before->next)
        before = *link;
    *link = known->next;
    if (b->last == known)
        b->last = before;
    count--;
}

void names_forget(struct object *o)
{
    while (o->known_count > 0)
        remove(&o->known[--o->known_count]);
}

static struct object_name *with_hash(struct object_name *known, uint32_t hash)
{
    while (known != NULL && known->hash != hash)
        known = known->next;
    return known;
}

static struct object_name *first(uint32_t hash)
{
    return with_hash(buckets[hash & (bucket_count - 1)].first, hash);
}

struct object_name *names_first(const char *name)
{
    return first(hash_name(name));
}

struct object_name *names_first_file(uint64_t dev, uint64_t ino)
{
    return first(hash_file(dev, ino));
}

struct object_name *names_next(struct object_name *known)
{
    return with_hash(known->next, known->hash);
}
