/*
 * job.h - what is to be measured: a plain text file, read by run.c (times) and count.c (counts).
 *
 *     # a comment
 *     case NAME
 *     inner                  the time is what the program itself writes to descriptor 3, in ns
 *     run VARIANT [VAR=VALUE...] PATH ARGV0 [ARGUMENT...]
 *
 * Words are separated by spaces; PATH is the first word after VARIANT that begins with a slash. The
 * runs of a case must end with status 0 and print the same. Whatever is called `ours` is run a
 * second time under the name `again`: that is the A/A control, whose ratio says how far a ratio of
 * this case can be believed.
 */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include <stdbool.h>
#include <stddef.h>

enum { JOB_RUNS = 12, JOB_WORDS = 32 };

struct run {
    char *variant;
    char *env[JOB_WORDS]; /* complete: the fixed part, then the VAR=VALUE words */
    char *path;
    char *argv[JOB_WORDS];
};

struct job {
    char *name;
    bool inner;
    size_t run_count;
    struct run runs[JOB_RUNS];
};

/* Reads the file; ends the process with a message if something is wrong with it. */
struct job *job_read(const char *file, size_t *count);

/*
 * In a child: becomes the program, with standard input from /dev/null and the given descriptors for
 * output, errors and 3. Async-signal-safe, and changes no memory but its stack: works behind vfork.
 */
void job_exec(const struct run *r, int out, int err, int three);

/* The index of the run called `name`, or run_count. */
size_t job_find(const struct job *j, const char *name);

/*
 * Runs each variant once: they must succeed and say the same. Returns 0, or prints why not into the
 * text and returns -1. A variant that says something else is not measured: it would be the time of
 * another program.
 */
int job_check(const struct job *j, char *why, size_t len);

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

#endif
