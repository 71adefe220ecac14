/*
 * reservation.h - address ranges that a program has set aside for mmapfd.
 *
 * A reservation is a private mapping of /dev/zero without access rights. To the program it is like
 * anonymous memory, but the kernel's list of mappings still says of which file it is, so that it can
 * be told from every other mapping. Used by mmapfd.c alone.
 */
#ifndef RESERVATION_H
#define RESERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of the kernel's list. */
struct reservation_mapping {
    uintptr_t start, end;
    bool is_inaccessible, is_shared;
    unsigned int major, minor; /* of the file system that the file is on */
    uint64_t inode;            /* 0 without a file */
};

/* What one call of mmapfd has asked. Begins as all zeros. */
struct reservation {
    bool is_open;
    int device; /* descriptor of /dev/zero */
    unsigned int major, minor;
    uint64_t inode;

    int maps;     /* descriptor of /proc/self/maps */
    bool is_text; /* read, since the kernel does not answer for one address */
    struct reservation_mapping last;
    size_t at, len; /* of buf: what is to be read next, and what there is */
    char buf[512];
};

/* Gets to know /dev/zero, once. 0, or -errno; -EEXIST: nothing is a reservation. */
int reservation_open(struct reservation *r);
/* Does [from, to) lie in one reservation, or in several that adjoin? from ascends from call to call:
 * the list is read at most once. */
bool reservation_covers(struct reservation *r, uintptr_t from, uintptr_t to);
void reservation_close(const struct reservation *r);

#endif
