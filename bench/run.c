/*
 * run.c - times the jobs of a file: run JOBS ROUNDS CPU >RESULTS
 *
 * One line of JSON for each case. What makes a figure honest here:
 *   - before anything is timed, every variant has been seen to work (job_check);
 *   - the variants take turns: a round runs each once, in an order that is shuffled and then reversed
 *     (ABBA), so that what drifts, and what a neighbour leaves in the caches, hits all alike. The
 *     ratio of a pair is taken within each round, and the median of these is reported;
 *   - driver and programs stay on one CPU;
 *   - `again` is the variant `ours` under another name (job.h): how far its ratio is from 1 is the
 *     error.
 * bench/bench calls this three times; bench/report shows how far they agree.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "job.h"

struct sample {
    double us[JOB_RUNS];
    long faults[JOB_RUNS];
};

static int null_fd, pipe_fd[2];

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The number that the program has written to its descriptor 3. */
static double inner_us(const struct job *j, const struct run *r)
{
    char text[32];
    ssize_t n = read(pipe_fd[0], text, sizeof text - 1);
    if (n <= 0)
        die("%s, %s: wrote no time to descriptor 3", j->name, r->variant);
    text[n] = '\0';
    return strtod(text, NULL) / 1e3;
}

/* vfork: the price of a spawn does not depend on how large this process is. */
static double time_once(const struct job *j, const struct run *r, long *faults)
{
    struct rusage usage;
    int status;
    double start = now_us();
    pid_t pid = vfork();

    if (pid == 0)
        job_exec(r, null_fd, null_fd, j->inner ? pipe_fd[1] : null_fd);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        die("vfork: %s", strerror(errno));
    double us = now_us() - start;
    if (status != 0)
        die("%s, %s: wait status 0x%x", j->name, r->variant, status);
    *faults = usage.ru_minflt;
    return j->inner ? inner_us(j, r) : us;
}

/* random() without a seed: the same orders in each invocation. */
static void shuffle(size_t *order, size_t count)
{
    for (size_t k = count - 1; k > 0; k--) {
        size_t other = (size_t)random() % (k + 1), was = order[k];
        order[k] = order[other];
        order[other] = was;
    }
}

/* job_check has warmed the caches. */
static void measure(const struct job *j, struct sample *samples, size_t rounds)
{
    size_t order[JOB_RUNS], count = j->run_count;

    for (size_t k = 0; k < count; k++)
        order[k] = k;
    for (size_t round = 0; round < rounds; round++) {
        struct sample *s = &samples[round];
        if (round % 2 == 0)
            shuffle(order, count);
        for (size_t k = 0; k < count; k++) {
            size_t i = order[round % 2 == 0 ? k : count - 1 - k];
            s->us[i] = time_once(j, &j->runs[i], &s->faults[i]);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static void report_run(const struct job *j, size_t i, const struct sample *samples, size_t rounds)
{
    double *us = calloc(rounds, sizeof *us), *ratio = calloc(rounds, sizeof *ratio);
    size_t ours = job_find(j, "ours");
    long faults = samples[0].faults[i];

    if (us == NULL || ratio == NULL)
        die("out of memory");
    for (size_t n = 0; n < rounds; n++) {
        us[n] = samples[n].us[i];
        ratio[n] = samples[n].us[ours] / us[n];
        if (samples[n].faults[i] < faults)
            faults = samples[n].faults[i];
    }
    double middle = median(us, rounds);
    printf("%s{\"variant\": \"%s\", \"min_us\": %.3f, \"median_us\": %.3f, \"ours_to_this\": %.4f, "
           "\"faults\": %ld}",
           i > 0 ? ", " : "", j->runs[i].variant, us[0], middle, median(ratio, rounds), faults);
    free(us);
    free(ratio);
}

static int run_job(const struct job *j, struct sample *samples, size_t rounds)
{
    char why[256];

    fprintf(stderr, "  TIME  %s\n", j->name);
    if (job_check(j, why, sizeof why) != 0) {
        fprintf(stderr, "bench: %s: not timed: %s\n", j->name, why);
        printf("{\"case\": \"%s\", \"failed\": \"%s\"}\n", j->name, why);
        return 1;
    }
    measure(j, samples, rounds);
    printf("{\"case\": \"%s\", \"inner\": %s, \"rounds\": %zu, \"runs\": [", j->name,
           j->inner ? "true" : "false", rounds);
    for (size_t i = 0; i < j->run_count; i++)
        report_run(j, i, samples, rounds);
    puts("]}");
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    size_t count, rounds = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    int failed = 0;
    cpu_set_t cpus;

    if (rounds < 2 || rounds % 2 != 0)
        die("usage: run JOBS ROUNDS CPU; ROUNDS is even");
    struct job *jobs = job_read(argv[1], &count);
    struct sample *samples = calloc(rounds, sizeof *samples);
    null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (samples == NULL || null_fd < 0 || pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) != 0)
        die("cannot begin: %s", strerror(errno));
    CPU_ZERO(&cpus);
    CPU_SET(strtoul(argv[3], NULL, 10), &cpus);
    if (sched_setaffinity(0, sizeof cpus, &cpus) != 0)
        die("CPU %s: %s", argv[3], strerror(errno));

    for (size_t i = 0; i < count; i++)
        failed |= run_job(&jobs[i], samples, rounds);
    return failed;
}
