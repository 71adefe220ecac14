/* list.h - one list of mmapfd's results, and the calls that fill and free it, for unit tests. After
 * <sys/mman.h>. */
#ifndef LIST_H
#define LIST_H

#include "check.h"
#include "mmapfd.h"

enum { MANY = 64 };

static mmapfd_result_t list[MANY];
static unsigned int list_len;
static struct mmapfd_reason reason;

static int map_with(int fd, unsigned int flags, void *arg)
{
    list_len = MANY;
    memset(list, 0x55, sizeof list);
    return mmapfd_raw(fd, flags, list, &list_len, arg, &reason);
}

static int map(int fd)
{
    return map_with(fd, MMFD_INTERPRET, NULL);
}

__attribute__((unused)) static int map_padded(int fd, size_t padding)
{
    return map_with(fd, MMFD_INTERPRET | MMFD_PADDING, &padding);
}

static void unmap_list(void)
{
    for (unsigned int i = 0; i < list_len; i++)
        munmap(list[i].mr_addr, list[i].mr_msize);
}

#endif
