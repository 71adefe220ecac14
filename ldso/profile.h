/* profile.h - what a start takes: --stats, LD_DEBUG=statistics, --trace=FILE. */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdbool.h>

/*
 * Takes the time of everything from now to the jump into the program. Then prints a table: with
 * print_line, a line at a time (LD_DEBUG=statistics), or on standard error if that is NULL; and writes
 * Chrome's trace-event JSON, which Perfetto opens, into trace_file. No table without is_table, no file if
 * that is NULL.
 */
void profile_start(bool is_table, void (*print_line)(const char *format, ...),
                   const char *trace_file);

#endif
