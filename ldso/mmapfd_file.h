/*
 * mmapfd_file.h - mmapfd_raw for the loader, which has asked fstat already, and will relocate what is
 * mapped: so RELRO gets its own pages early. Not part of the library, whose users may only look.
 */
#ifndef MMAPFD_FILE_H
#define MMAPFD_FILE_H

#include "mmapfd.h"
#include "sys.h"

/* As mmapfd_raw with MMFD_INTERPRET; *st is what fstat says of fd. */
int mmapfd_file(int fd, const struct sys_stat *st, mmapfd_result_t *storage, unsigned int *elements,
                struct mmapfd_reason *reason);

#endif
