/* debug.h - LD_DEBUG: events as lines, in the form of glibc's loader. */
#ifndef DEBUG_H
#define DEBUG_H

#include <stdbool.h>

/* topics is the value of LD_DEBUG, path that of LD_DEBUG_OUTPUT (NULL: standard error). Does not return if
 * help is asked for. */
void debug_start(const char *topics, const char *path);

/* Whether LD_DEBUG names the topic unused, which changes what a listing says. */
bool debug_wants_unused(void);

/* A line of LD_DEBUG's, whatever the topic: for the table of statistics. */
void debug_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether LD_DEBUG names the topic statistics. */
bool debug_wants_statistics(void);

#endif
