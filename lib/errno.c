/*
 * errno.c - mmapfd as proposed, with errno.
 *
 * The one part of libmmapfd that needs a C library. In the archive it is a member of its own, so
 * that programs without one can do without it. glibc and musl have errno behind the same function
 * (__errno_location): the shared library serves both, and needs neither by name.
 */
#include <errno.h>

#include "mmapfd.h"

int mmapfd(int fd, unsigned int flags, mmapfd_result_t *storage, unsigned int *elements, void *arg)
{
    int err = mmapfd_raw(fd, flags, storage, elements, arg, NULL);

    if (err == 0)
        return 0;
    errno = -err;
    return -1;
}
