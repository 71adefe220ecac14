/*
 * mmapfd_explain.c - the reason record as a sentence.
 *
 * Assumes nothing. Called by object, for the loader's messages, and by users of the library.
 */
#include "mmapfd.h"
#include "print.h"
#include "string.h"

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
    if (relation && string_starts(relation, "a "))
        print_buffer(comparison, sizeof comparison, " is 0x%lx, wanted %s",
                     (unsigned long)reason->found, relation);
    else if (relation && string_equal(relation, "is"))
        print_buffer(comparison, sizeof comparison, " is 0x%lx, wanted 0x%lx",
                     (unsigned long)reason->found, (unsigned long)reason->wanted);
    else if (relation)
        print_buffer(comparison, sizeof comparison, " is 0x%lx, wanted %s 0x%lx",
                     (unsigned long)reason->found, relation, (unsigned long)reason->wanted);
    return print_buffer(buf, len, "%s%s%s%s", reason->check, where, offset, comparison);
}
