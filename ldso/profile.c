/*
 * profile.c - see profile.h.
 *
 * A consumer of events (trace.h). Whatever begins and ends becomes a span; the rest is counted. Reading the
 * clock is a system call here, so a start that is watched takes longer than one that is not: shares are more
 * to be trusted than times.
 */
#include "profile.h"

#include "alloc.h"
#include "error.h"
#include "json.h"
#include "object.h"
#include "print.h"
#include "string.h"
#include "sys.h"
#include "trace.h"

/* Something that took time: a phase, or the work on one object within it. */
struct span {
    enum trace_kind kind;
    char *name; /* owned; NULL without memory */
    uint64_t start, end;
};

enum { MOST_DEPTH = 32 };

static struct {
    struct span *spans;
    unsigned count, capacity;
    unsigned open[MOST_DEPTH]; /* indices of spans that have not ended, the innermost last */
    unsigned depth;
    uint64_t counts[TRACE_END + 1]; /* of events, by kind */
    uint64_t relocations, relatives;
    bool is_table, is_over;
    void (*print_line)(const char *format, ...);
    const char *trace_file;
} profile;

static void begin(enum trace_kind kind, const char *name)
{
    if (profile.count == profile.capacity) {
        unsigned capacity = profile.capacity != 0 ? profile.capacity * 2 : 64;
        struct span *grown = alloc_resize(profile.spans, capacity * sizeof *grown);
        if (grown == NULL)
            return;
        profile.spans = grown;
        profile.capacity = capacity;
    }
    if (profile.depth < MOST_DEPTH)
        profile.open[profile.depth] = profile.count;
    profile.depth++;
    profile.spans[profile.count++] = (struct span){
        .kind = kind, .name = alloc_string(name, strlen(name)), .start = sys_nanoseconds()};
}

static void end(void)
{
    if (profile.depth == 0)
        return;
    profile.depth--;
    if (profile.depth < MOST_DEPTH)
        profile.spans[profile.open[profile.depth]].end = sys_nanoseconds();
}

/* ---- the table ---- */

static void put_line(const char *left, uint64_t number, const char *right)
{
    const char spaces[] = "                          ";
    char digits[24];
    size_t left_len = strlen(left), len = print_buffer(digits, sizeof digits, "%lu", number);
    size_t indent = left_len + len < sizeof spaces - 1 ? sizeof spaces - 1 - left_len - len : 1;

    if (profile.print_line != NULL)
        profile.print_line("  %s%.*s%s%s", left, (int)indent, spaces, digits, right);
    else
        print(2, "  %s%.*s%s%s\n", left, (int)indent, spaces, digits, right);
}

static void put_title(const char *title)
{
    if (profile.print_line != NULL)
        profile.print_line("%s", title);
    else
        print(2, "%s\n", title);
}

static void put_time(const char *name, uint64_t nanoseconds, uint64_t total)
{
    char share[24];
    uint64_t permille = total > 0 ? nanoseconds * 1000 / total : 0;

    print_buffer(share, sizeof share, " us  %s%lu.%lu %%",
                 permille < 100    ? "  "
                 : permille < 1000 ? " "
                                   : "",
                 permille / 10, permille % 10);
    put_line(name, nanoseconds / 1000, share);
}

static void print_table(void)
{
    const struct span *first = profile.spans, *last = NULL;

    for (unsigned i = 0; i < profile.count; i++) {
        if (profile.spans[i].kind == TRACE_PHASE)
            last = &profile.spans[i];
    }
    if (last == NULL)
        return;
    uint64_t total = last->end - first->start;
    put_title("phases of the start");
    for (unsigned i = 0; i < profile.count; i++) {
        const struct span *s = &profile.spans[i];
        if (s->kind == TRACE_PHASE)
            put_time(s->name, s->end - s->start, total);
    }
    put_time("total", total, total);
    put_title("counts");
    put_line("needs", profile.counts[TRACE_GOT], "");
    put_line("searches", profile.counts[TRACE_SEARCH], "");
    put_line("places tried", profile.counts[TRACE_TRY], "");
    put_line("files mapped", profile.counts[TRACE_MAPPED], "");
    put_line("versions checked", profile.counts[TRACE_VERSION], "");
    put_line("objects relocated", profile.counts[TRACE_RELOCATE], "");
    put_line("relative relocations", profile.relatives, "");
    put_line("other relocations", profile.relocations, "");
    put_line("symbols bound", profile.counts[TRACE_BIND], "");
    put_line("objects initialised", profile.counts[TRACE_INITIALISE], "");
}

/* ---- the trace file ---- */

static const char *category_of(enum trace_kind kind)
{
    return kind == TRACE_PHASE      ? "phase"
           : kind == TRACE_MAP      ? "map"
           : kind == TRACE_RELOCATE ? "relocate"
                                    : "initialise";
}

static void write_events(int fd, int pid)
{
    json_to(fd);
    json_object(NULL);
    json_array("traceEvents");
    for (unsigned i = 0; i < profile.count; i++) {
        const struct span *s = &profile.spans[i];
        json_object(NULL);
        json_string("name", s->name != NULL ? s->name : "");
        json_string("cat", category_of(s->kind));
        json_string("ph", "X");
        json_microseconds("ts", s->start - profile.spans[0].start);
        json_microseconds("dur", s->end - s->start);
        json_number("pid", (uint64_t)pid);
        json_number("tid", (uint64_t)pid);
        json_end();
    }
    json_end();
    json_string("displayTimeUnit", "ns");
    json_end();
}

static void write_trace(void)
{
    int fd = sys_open_write(profile.trace_file, O_TRUNC), pid = sys_getpid();

    print_err = 0;
    if (fd >= 0) {
        write_events(fd, pid);
        sys_close(fd);
    }
    int err = fd < 0 ? fd : print_err;
    if (err != 0)
        print(2, "ld.so: --trace: cannot write %s: %s\n", profile.trace_file, error_name(-err));
}

static void finish(void)
{
    while (profile.depth > 0)
        end();
    profile.is_over = true;
    if (profile.is_table)
        print_table();
    if (profile.trace_file != NULL)
        write_trace();
}

static void count_relocations(const struct object *o)
{
    profile.relatives += o->relative_count;
    profile.relocations += o->rela_count - o->relative_count + o->jmprel_count;
}

static void consume(const struct trace_event *e)
{
    if (profile.is_over)
        return;
    profile.counts[e->kind]++;
    switch (e->kind) {
    case TRACE_PHASE:
        end(); /* the one before: phases are the outermost spans */
        begin(e->kind, e->name);
        break;
    case TRACE_MAP:
        begin(e->kind, e->name);
        break;
    case TRACE_RELOCATE:
        count_relocations(e->object);
        begin(e->kind, e->object->name);
        break;
    case TRACE_INITIALISE:
        begin(e->kind, e->object->name);
        break;
    case TRACE_END:
        end();
        break;
    case TRACE_ENTER:
        finish();
        break;
    default:
        break;
    }
}

void profile_start(bool is_table, void (*print_line)(const char *format, ...),
                   const char *trace_file)
{
    profile.is_table = is_table;
    profile.print_line = print_line;
    profile.trace_file = trace_file;
    trace_add(consume);
}
