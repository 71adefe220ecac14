/*
 * count.c - what can be counted instead of timed: count JOBS [--no-instructions] >RESULTS
 *
 * One line of JSON for each run of each case. A run is traced once with ptrace, without address
 * randomisation, and looked at twice: where the loader hands over to the program (its entry point,
 * found in the auxiliary vector and marked with a breakpoint) and where the program exits. Then
 * valgrind counts its instructions. Only the first thread is followed, and no child. x86-64 alone:
 * the breakpoint is the machine's.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job.h"

#ifndef __x86_64__
#error "count.c knows the breakpoint of x86-64 only"
#endif

static const struct kind {
    const char *name;
    long numbers[4];
} kinds[] = {
    {"open", {SYS_open, SYS_openat, SYS_openat2, -1}},
    {"read", {SYS_read, SYS_pread64, SYS_readv, -1}},
    {"map", {SYS_mmap, SYS_mremap, -1, -1}},
    {"protect", {SYS_mprotect, -1, -1, -1}},
    {"unmap", {SYS_munmap, -1, -1, -1}},
    {"close", {SYS_close, -1, -1, -1}},
    {"stat", {SYS_fstat, SYS_newfstatat, SYS_stat, SYS_statx}},
    {"advise", {SYS_madvise, -1, -1, -1}},
    {"other", {-1, -1, -1, -1}},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct look {
    bool taken;
    long calls, by_kind[KINDS], misses, dirty_kib, peak_kib, regions;
};

struct traced {
    pid_t pid;
    uint64_t entry;   /* of the program; 0 once it has been passed */
    long under_break; /* the word there */
    long number;      /* of the call it is in */
    struct look now;  /* counters so far */
    struct look entered, left;
};

static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        die("%s: %s", path, strerror(errno));
    return f;
}

/* The number in the line "name:  number kB". */
static long proc_kib(pid_t pid, const char *file, const char *name)
{
    char line[512];
    long kib = 0;
    FILE *f = open_proc(pid, file);
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name), NULL, 10);
    }
    fclose(f);
    return kib;
}

static void look(struct traced *t, struct look *into)
{
    FILE *f = open_proc(t->pid, "maps");

    *into = t->now;
    into->taken = true;
    for (int c; (c = fgetc(f)) != EOF;)
        into->regions += c == '\n';
    fclose(f);
    /*
     * Pages that the process made its own. Not Private_Dirty: that counts what the kernel has yet
     * to write of a file just built. The page with our breakpoint does not count.
     */
    into->dirty_kib = proc_kib(t->pid, "smaps_rollup", "Anonymous:") - 4;
    into->peak_kib = proc_kib(t->pid, "status", "VmHWM:");
}

static size_t kind_of(long number)
{
    for (size_t k = 0; k < KINDS - 1; k++) {
        for (size_t i = 0; i < 4; i++) {
            if (kinds[k].numbers[i] == number)
                return k;
        }
    }
    return KINDS - 1;
}

/* A call that names a file; one that fails because there is none was a guess in vain. */
static bool asks_for_file(long number)
{
    return kind_of(number) == kind_of(SYS_open) || kind_of(number) == kind_of(SYS_stat) ||
           number == SYS_access || number == SYS_faccessat || number == SYS_faccessat2 ||
           number == SYS_readlink || number == SYS_readlinkat;
}

static void at_call(struct traced *t)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof info, &info) <= 0)
        die("PTRACE_GET_SYSCALL_INFO: %s", strerror(errno));
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        t->number = (long)info.entry.nr;
        t->now.calls++;
        t->now.by_kind[kind_of(t->number)]++;
        if (t->number == SYS_exit_group)
            look(t, &t->left);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && info.exit.is_error) {
        t->now.misses += asks_for_file(t->number) && info.exit.rval == -ENOENT;
    }
}

/* Marks the program's entry point. That makes its page the process's own, whatever the loader. */
static void at_exec(struct traced *t)
{
    Elf64_auxv_t aux;
    FILE *f = open_proc(t->pid, "auxv");

    while (fread(&aux, sizeof aux, 1, f) == 1) {
        if (aux.a_type == AT_ENTRY)
            t->entry = aux.a_un.a_val;
    }
    fclose(f);
    errno = 0;
    t->under_break = ptrace(PTRACE_PEEKTEXT, t->pid, t->entry, NULL);
    if (errno != 0 ||
        ptrace(PTRACE_POKETEXT, t->pid, t->entry, (t->under_break & ~0xff) | 0xcc) != 0)
        die("breakpoint: %s", strerror(errno));
}

/* A trap: true if it was our breakpoint, which is taken out again. */
static bool at_entry(struct traced *t)
{
    struct user_regs_struct regs;

    if (t->entry == 0 || ptrace(PTRACE_GETREGS, t->pid, NULL, &regs) != 0 ||
        regs.rip != t->entry + 1)
        return false;
    regs.rip = t->entry;
    ptrace(PTRACE_POKETEXT, t->pid, t->entry, t->under_break);
    ptrace(PTRACE_SETREGS, t->pid, NULL, &regs);
    t->entry = 0;
    look(t, &t->entered);
    return true;
}

static pid_t start(const struct run *r, bool traced, int null)
{
    pid_t pid = fork();
    if (pid == 0) {
        personality(ADDR_NO_RANDOMIZE);
        if (traced) {
            ptrace(PTRACE_TRACEME, 0, NULL, NULL);
            raise(SIGSTOP);
        }
        job_exec(r, null, null, null);
    }
    if (pid < 0)
        die("fork: %s", strerror(errno));
    return pid;
}

static void trace(const struct run *r, int null, struct traced *t)
{
    int status, pass = 0;
    bool in_exec = false;

    t->pid = start(r, true, null);
    if (waitpid(t->pid, &status, 0) != t->pid || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, t->pid, NULL,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) != 0)
        die("cannot trace: %s", strerror(errno));
    ptrace(PTRACE_CONT, t->pid, NULL, 0);
    while (waitpid(t->pid, &status, 0) == t->pid && WIFSTOPPED(status)) {
        pass = 0;
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
            if (!in_exec)
                at_exec(t);
            in_exec = true;
        } else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            at_call(t);
        } else if (WSTOPSIG(status) != SIGTRAP || !at_entry(t)) {
            pass = WSTOPSIG(status);
        }
        ptrace(PTRACE_SYSCALL, t->pid, NULL, pass);
    }
}

static void print_look(const char *name, const struct look *l)
{
    if (!l->taken)
        return;
    printf(", \"%s\": {\"calls\": %ld, \"misses\": %ld, \"dirty_kib\": %ld, \"peak_kib\": %ld, "
           "\"regions\": %ld, \"by_kind\": {",
           name, l->calls, l->misses, l->dirty_kib, l->peak_kib, l->regions);
    for (size_t k = 0; k < KINDS; k++)
        printf("%s\"%s\": %ld", k > 0 ? ", " : "", kinds[k].name, l->by_kind[k]);
    fputs("}}", stdout);
}

/*
 * Instructions of the whole run; -1 if valgrind cannot say. It preloads one small object of its
 * own, in all alike.
 */
static long long instructions(const struct run *r, int null)
{
    char log[] = "/tmp/bench-callgrind-XXXXXX", option[64], line[256];
    struct run under = {.path = "/usr/bin/valgrind"};
    long long count = -1;
    int fd = mkstemp(log), status;
    size_t n = 0;

    snprintf(option, sizeof option, "--log-file=%s", log);
    memcpy(under.env, r->env, sizeof under.env);
    char *words[] = {"valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", option,
                     r->path};
    for (; n < sizeof words / sizeof words[0]; n++)
        under.argv[n] = words[n];
    for (size_t i = 1; r->argv[i] != NULL && n < JOB_WORDS - 1; i++)
        under.argv[n++] = r->argv[i];
    waitpid(start(&under, false, null), &status, 0);
    FILE *f = fdopen(fd, "r");
    while (f != NULL && status == 0 && fgets(line, sizeof line, f) != NULL) {
        char *at = strstr(line, "Collected : ");
        if (at != NULL)
            count = strtoll(at + strlen("Collected : "), NULL, 10);
    }
    if (f != NULL)
        fclose(f);
    unlink(log);
    return count;
}

int main(int argc, char **argv)
{
    size_t count;
    bool with_instructions = argc == 2;

    if (argc < 2 || (argc == 3 && strcmp(argv[2], "--no-instructions") != 0) || argc > 3)
        die("usage: count JOBS [--no-instructions]");
    struct job *jobs = job_read(argv[1], &count);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "  COUNT %s\n", jobs[i].name);
        /* Without the last: `again` is `ours`. */
        for (size_t k = 0; k + 1 < jobs[i].run_count; k++) {
            const struct run *r = &jobs[i].runs[k];
            struct traced t = {0};
            trace(r, null, &t);
            printf("{\"case\": \"%s\", \"variant\": \"%s\"", jobs[i].name, r->variant);
            print_look("entry", &t.entered);
            print_look("exit", &t.left);
            if (with_instructions)
                printf(", \"instructions\": %lld", instructions(r, null));
            puts("}");
            fflush(stdout);
        }
    }
    return 0;
}
