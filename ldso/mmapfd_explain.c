/*
 * mmapfd_explain.c - the reason record as a sentence.
 *
 * Assumes nothing. Called by object, for the loader's messages, and by users of the library.
 */
#include "mmapfd.h"
#include "print.h"

size_t mmapfd_explain(const struct mmapfd_reason *reason, char *buf, size_t len)
{
    char where[64] = "", offset[32] = "", comparison[96] = "";
    const char *relation = reason->relation;

    if (!reason->check)
        return print_buffer(buf, len, "no reason recorded");
    if (reason->index >= 0)
        print_buffer(where, sizeof where, " of program header %d", reason->index);
    if (reason->offset != UINT64_MAX)
        print_buffer(offset, sizeof offset, " (at file offset 0x%lx)",
                     (unsigned long)reason->offset);
    if (relation && relation[0] == 'i' && relation[1] == 's')
        relation = "";
    if (relation)
        print_buffer(comparison, sizeof comparison, " is 0x%lx, wanted%s%s 0x%lx",
                     (unsigned long)reason->found, *relation ? " " : "", relation,
                     (unsigned long)reason->wanted);
    return print_buffer(buf, len, "%s%s%s%s", reason->check, where, offset, comparison);
}
