/*
 * inject.c - lets each system call of the loader fail in turn: inject [-vno] LOADER COMMAND [ARGUMENTS]
 *
 * COMMAND runs once undisturbed, then once for each call that the file LOADER makes in it and each error below, with that
 * one call not made and failing. A run has to end as the undisturbed one did, or to be refused: with status 127, no
 * output, and a message that says what was wrong. All that differ are named; the last lines count what was tested.
 * -v shows the messages; -n is for output whose numbers differ from run to run, -o for messages that belong to the output.
 *
 * A call is the loader's if its instruction lies in the loader's file: what the libc calls is the libc's affair. strace
 * could do the same, but counts calls whoever makes them, and takes ten times as long. x86-64 alone: where the number
 * and the result of a call are is the machine's. Status 77: the kernel does not let us trace.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const int errors[] = {ENOMEM, EIO, EINTR, EMFILE, ENFILE, EACCES};
enum {
    ERRORS = sizeof errors / sizeof errors[0],
    MOST_CALLS = 4096,
    TEXT = 65536,
    SECONDS = 20,
    CANNOT_TRACE = 77
};

/* The calls that the loader makes; any other is shown by its number. exit_group, which cannot fail, is not among the tested. */
static const struct {
    long number;
    const char *name;
} names[] = {
    {SYS_openat, "openat"},
    {SYS_close, "close"},
    {SYS_fstat, "fstat"},
    {SYS_newfstatat, "newfstatat"},
    {SYS_fstatfs, "fstatfs"},
    {SYS_pread64, "pread64"},
    {SYS_read, "read"},
    {SYS_write, "write"},
    {SYS_mmap, "mmap"},
    {SYS_munmap, "munmap"},
    {SYS_mprotect, "mprotect"},
    {SYS_madvise, "madvise"},
    {SYS_readlinkat, "readlinkat"},
    {SYS_getcwd, "getcwd"},
    {SYS_getdents64, "getdents64"},
    {SYS_getpid, "getpid"},
    {SYS_clock_gettime, "clock_gettime"},
    {SYS_futex, "futex"},
    {SYS_arch_prctl, "arch_prctl"},
    {SYS_prctl, "prctl"},
    {SYS_fcntl, "fcntl"},
    {SYS_ioctl, "ioctl"},
};
enum { NAMES = sizeof names / sizeof names[0] };

struct range {
    uint64_t from, to;
};

struct result {
    int status; /* waitpid's */
    char out[TEXT], err[TEXT];
    long calls[MOST_CALLS]; /* the loader's, by number */
    size_t count;
};

static char **command;
static const char *loader;
static int out_fd, err_fd;
static bool numbers_vary, has_messages_in_output;

__attribute__((format(printf, 1, 2))) static _Noreturn void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("inject: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    exit(2);
}

static const char *name_of(long number)
{
    static char text[24];

    for (size_t i = 0; i < NAMES; i++) {
        if (names[i].number == number)
            return names[i].name;
    }
    snprintf(text, sizeof text, "call %ld", number);
    return text;
}

/* Where the loader's file is mapped, from its first byte to its last. */
static struct range find_loader(pid_t pid)
{
    struct range r = {0, 0};
    char line[4400], path[64];
    uint64_t from, to;

    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *f = fopen(path, "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *file = strchr(line, '/');
        if (file == NULL || strcmp(file, loader) != 0 || sscanf(line, "%lx-%lx", &from, &to) != 2)
            continue;
        r.from = r.from == 0 ? from : r.from;
        r.to = to;
    }
    if (f != NULL)
        fclose(f);
    return r;
}

static pid_t start(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
        dup2(out_fd, 1);
        dup2(err_fd, 2);
        alarm(SECONDS); /* it may not hang */
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(CANNOT_TRACE);
        raise(SIGSTOP);
        execv(command[0], command);
        _exit(126);
    }
    if (pid < 0)
        die("fork: %s", strerror(errno));
    return pid;
}

/* Makes each number 0, and the padding before it a blank. */
static void forget_numbers(char *text)
{
    char *to = text;

    for (const char *c = text; *c != '\0';) {
        if (*c == ' ' && to > text && to[-1] == ' ') {
            c++;
            continue;
        }
        *to++ = isdigit((unsigned char)*c) ? '0' : *c;
        if (isdigit((unsigned char)*c++))
            c += strspn(c, "0123456789abcdefx.");
    }
    *to = '\0';
}

static void read_text(int fd, char *into)
{
    ssize_t len = pread(fd, into, TEXT - 1, 0);
    into[len > 0 ? len : 0] = '\0';
    if (numbers_vary)
        forget_numbers(into);
    if (ftruncate(fd, 0) != 0)
        die("ftruncate: %s", strerror(errno));
    lseek(fd, 0, SEEK_SET);
}

/* Runs the command; the loader's call with the index `which` is not made and fails with `error`. */
static void run(struct result *r, size_t which, int error)
{
    struct __ptrace_syscall_info info;
    struct range range = {0, 0};
    bool is_hit = false;
    pid_t pid = start();

    r->count = 0;
    if (waitpid(pid, &r->status, 0) == pid && WIFEXITED(r->status))
        exit(CANNOT_TRACE);
    if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) != 0)
        exit(CANNOT_TRACE);
    int pass = 0;
    do {
        bool is_over = r->count > which && !is_hit;
        ptrace(range.to == 0 || is_over ? PTRACE_CONT : PTRACE_SYSCALL, pid, NULL, pass);
        if (waitpid(pid, &r->status, 0) != pid)
            die("waitpid: %s", strerror(errno));
        pass = 0;
        if (!WIFSTOPPED(r->status))
            break;
        if (r->status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
            range = find_loader(pid);
            if (range.to == 0)
                die("%s does not start %s", command[0], loader);
        } else if (WSTOPSIG(r->status) != (SIGTRAP | 0x80)) {
            pass = WSTOPSIG(r->status) == SIGTRAP ? 0 : WSTOPSIG(r->status);
        } else if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) {
            die("PTRACE_GET_SYSCALL_INFO: %s", strerror(errno));
        } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && is_hit) {
            ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), (long)-error);
            is_hit = false;
        } else if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.instruction_pointer >= range.from &&
                   info.instruction_pointer < range.to && info.entry.nr != SYS_exit_group) {
            if (r->count == MOST_CALLS)
                die("more than %d calls", MOST_CALLS);
            is_hit = r->count == which;
            if (is_hit)
                ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L);
            r->calls[r->count++] = (long)info.entry.nr;
        }
    } while (true);
    read_text(out_fd, r->out);
    read_text(err_fd, r->err);
}

/* A message says what the kernel said, in either libc's words, or that there is no memory for something. As natively
 * it is shorter when a preloaded library or an auditor is ignored, and a search passes over what may not be read. */
static bool is_message(const char *text, int error)
{
    const char *musl = error == ENOMEM ? "Out of memory" : "No file descriptors available";

    return strcasestr(text, strerror(error)) != NULL ||
           ((error == ENOMEM || error == EMFILE) && strstr(text, musl) != NULL) ||
           strcasestr(text, "cannot allocate memory") != NULL ||
           strstr(text, "ignored.\n") != NULL ||
           (error == EACCES && strstr(text, "No such file or directory") != NULL);
}

/* Cuts off the line in which a program says what has not been given back. */
static void forget_what_is_left(char *out)
{
    char *line = strstr(out, "\nleft: ");
    if (line != NULL)
        line[1] = '\0';
}

enum verdict { SAME, REFUSED, WRONG };

/*
 * What was not given back because the call for it was not made is not the loader's fault; what was not written because
 * the write was not made, neither. A message beside the output of an undisturbed run is a warning, or of a dlopen that was
 * refused, which the program has judged.
 */
static enum verdict judge(const struct result *calm, const struct result *r, long call, int error)
{
    char out[TEXT], calm_out[TEXT];

    strcpy(out, r->out);
    strcpy(calm_out, calm->out);
    if (call == SYS_munmap || call == SYS_close) {
        forget_what_is_left(out);
        forget_what_is_left(calm_out);
    }
    bool is_same = r->status == calm->status && strcmp(out, calm_out) == 0;
    if (is_same && (strcmp(r->err, calm->err) == 0 || call == SYS_write))
        return SAME;
    bool is_refused = WIFEXITED(r->status) && WEXITSTATUS(r->status) == 127 &&
                      (r->out[0] == '\0' || call == SYS_write || has_messages_in_output);
    bool is_said = is_message(r->err, error) ||
                   (has_messages_in_output && is_message(r->out, error));
    bool was_refused = calm->status == r->status && r->err[0] != '\0';
    return (is_refused && was_refused) ||
                   ((is_refused || is_same ||
                     (has_messages_in_output && r->status == calm->status)) &&
                    is_said)
               ? REFUSED
               : WRONG;
}

static void print_status(const struct result *r)
{
    if (WIFSIGNALED(r->status))
        printf("%s\n", WTERMSIG(r->status) == SIGALRM ? "hung" : strsignal(WTERMSIG(r->status)));
    else
        printf("status %d\n", WEXITSTATUS(r->status));
}

static void print_result(size_t which, long call, int error, const struct result *r)
{
    printf("call %zu, %s, %s: ", which + 1, name_of(call), strerrorname_np(error));
    print_status(r);
    printf("%s%s", r->out, r->err);
}

static void print_calls(const struct result *calm)
{
    printf("%zu calls:", calm->count);
    for (size_t i = 0; i < calm->count; i++) {
        size_t times = 0, first = i;
        for (size_t k = 0; k < calm->count; k++) {
            if (calm->calls[k] == calm->calls[i]) {
                first = k < first ? k : first;
                times++;
            }
        }
        if (first == i)
            printf(" %s %zu", name_of(calm->calls[i]), times);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    static struct result calm, r;
    size_t seen[3] = {0};
    bool is_verbose = false;

    for (int c; (c = getopt(argc, argv, "+vno")) != -1;) {
        is_verbose = is_verbose || c == 'v';
        numbers_vary = numbers_vary || c == 'n';
        has_messages_in_output = has_messages_in_output || c == 'o';
    }
    if (argc - optind < 2)
        die("usage: inject [-vno] LOADER COMMAND [ARGUMENTS]");
    loader = realpath(argv[optind], NULL);
    if (loader == NULL)
        die("%s: %s", argv[optind], strerror(errno));
    command = argv + optind + 1;
    out_fd = memfd_create("out", MFD_CLOEXEC);
    err_fd = memfd_create("err", MFD_CLOEXEC);
    run(&calm, MOST_CALLS, 0);
    printf("undisturbed: ");
    print_status(&calm);
    printf("%s%s", calm.out, calm.err);
    print_calls(&calm);
    for (size_t i = 0; i < calm.count; i++) {
        for (size_t e = 0; e < ERRORS; e++) {
            run(&r, i, errors[e]);
            enum verdict verdict = r.count > i && r.calls[i] == calm.calls[i]
                                       ? judge(&calm, &r, calm.calls[i], errors[e])
                                       : WRONG;
            seen[verdict]++;
            if (verdict == WRONG || (is_verbose && verdict == REFUSED))
                print_result(i, calm.calls[i], errors[e], &r);
        }
    }
    printf("%zu runs: %zu as undisturbed, %zu refused, %zu wrong\n", calm.count * ERRORS,
           seen[SAME], seen[REFUSED], seen[WRONG]);
    return seen[WRONG] != 0 || calm.count == 0;
}
