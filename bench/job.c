/* job.c - reads the job file, starts its programs, and compares what they print: see job.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job.h"

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

static void *allocate(size_t len)
{
    void *memory = calloc(1, len);
    if (memory == NULL)
        die("out of memory");
    return memory;
}

static void add_word(char **words, char *word)
{
    size_t n = 0;
    while (words[n] != NULL)
        n++;
    if (n == JOB_WORDS - 1)
        die("more than %d words", JOB_WORDS - 1);
    words[n] = word;
}

/* Of the caller's environment only HOME is left: where a program may write. */
static void parse_run(struct job *j, char *rest)
{
    struct run *r = &j->runs[j->run_count++];
    char *home = NULL;

    add_word(r->env, "PATH=/usr/bin:/bin");
    add_word(r->env, "LC_ALL=C");
    if (getenv("HOME") != NULL && asprintf(&home, "HOME=%s", getenv("HOME")) > 0)
        add_word(r->env, home);
    r->variant = strtok(rest, " ");
    for (char *word = strtok(NULL, " "); word != NULL; word = strtok(NULL, " ")) {
        if (r->path != NULL)
            add_word(r->argv, word);
        else if (word[0] == '/')
            r->path = word;
        else
            add_word(r->env, word);
    }
    if (r->path == NULL || r->argv[0] == NULL)
        die("%s: a run needs VARIANT PATH ARGV0", j->name);
}

static void finish(struct job *j)
{
    size_t ours = job_find(j, "ours");
    if (ours == j->run_count)
        die("%s: no run is called ours", j->name);
    if (j->run_count == JOB_RUNS)
        die("%s: more than %d runs", j->name, JOB_RUNS - 1);
    j->runs[j->run_count] = j->runs[ours];
    j->runs[j->run_count++].variant = "again";
}

static void parse_line(struct job **jobs, size_t *count, char *line)
{
    struct job *j = *count > 0 ? &(*jobs)[*count - 1] : NULL;

    if (strncmp(line, "case ", 5) == 0) {
        if (j != NULL)
            finish(j);
        *jobs = realloc(*jobs, (*count + 1) * sizeof **jobs);
        if (*jobs == NULL)
            die("out of memory");
        j = memset(&(*jobs)[(*count)++], 0, sizeof *j);
        j->name = line + 5;
    } else if (j != NULL && strcmp(line, "inner") == 0) {
        j->inner = true;
    } else if (j != NULL && strncmp(line, "run ", 4) == 0 && j->run_count < JOB_RUNS) {
        parse_run(j, line + 4);
    } else {
        die("cannot understand: %s", line);
    }
}

struct job *job_read(const char *file, size_t *count)
{
    struct stat st;
    struct job *jobs = NULL;
    char *next;
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0)
        die("%s: %s", file, strerror(errno));
    next = allocate((size_t)st.st_size + 1);
    if (read(fd, next, (size_t)st.st_size) != st.st_size)
        die("%s: cannot be read", file);
    close(fd);

    *count = 0;
    for (char *line; (line = strsep(&next, "\n")) != NULL;) {
        if (line[0] != '\0' && line[0] != '#')
            parse_line(&jobs, count, line);
    }
    if (*count == 0)
        die("%s: no case", file);
    finish(&jobs[*count - 1]);
    return jobs;
}

size_t job_find(const struct job *j, const char *name)
{
    size_t i = 0;
    while (i < j->run_count && strcmp(j->runs[i].variant, name) != 0)
        i++;
    return i;
}

void job_exec(const struct run *r, int out, int err, int three)
{
    /* A program that hangs ends by SIGALRM: execve keeps the clock. */
    alarm(600);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    /* If it were 3 already, dup2 would leave it to be closed by execve. */
    three = fcntl(three, F_DUPFD_CLOEXEC, 4);
    if (in >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2 &&
        dup2(three, 3) == 3)
        execve(r->path, r->argv, r->env);
    _exit(127);
}

/* Runs it with output into a file of its own; returns the wait status. */
static int run_into(const struct run *r, int file)
{
    int status = -1;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    pid_t pid = fork();

    if (pid == 0)
        job_exec(r, file, file, null);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        die("fork: %s", strerror(errno));
    close(null);
    return status;
}

static bool same_content(int a, int b)
{
    char x[4096], y[4096];
    for (off_t at = 0;; at += (off_t)sizeof x) {
        ssize_t n = pread(a, x, sizeof x, at);
        if (n < 0 || pread(b, y, sizeof y, at) != n || memcmp(x, y, (size_t)n) != 0)
            return false;
        if (n < (ssize_t)sizeof x)
            return true;
    }
}

int job_check(const struct job *j, char *why, size_t len)
{
    int first = -1, failed = 0;

    for (size_t i = 0; i < j->run_count && !failed; i++) {
        const struct run *r = &j->runs[i];
        int file = memfd_create("output", MFD_CLOEXEC);
        int status = run_into(r, file);

        if (status != 0)
            failed = snprintf(why, len, "%s ends with wait status 0x%x", r->variant, status);
        else if (lseek(file, 0, SEEK_END) == 0)
            failed = snprintf(why, len, "%s prints nothing", r->variant);
        else if (first >= 0 && !same_content(first, file))
            failed = snprintf(why, len, "%s prints something else than %s", r->variant,
                              j->runs[0].variant);
        if (first >= 0)
            close(file);
        else
            first = file;
    }
    close(first);
    return failed ? -1 : 0;
}
