/*
 * debug.c - LD_DEBUG: events as lines, in the form of glibc's loader.
 *
 * Set up by main before anything is loaded; after that a consumer of events (trace.h). Each line begins
 * with the process id. What is bound is told as it happens; which objects were asked for a symbol
 * (symbols) is told afterwards from the scope, since the join asks objects and not for symbols.
 */
#include "debug.h"

#include "alloc.h"
#include "error.h"
#include "lookup.h"
#include "object.h"
#include "print.h"
#include "process.h"
#include "string.h"
#include "sys.h"
#include "trace.h"

enum topic {
    LIBS = 1 << 0,
    RELOC = 1 << 1,
    FILES = 1 << 2,
    SYMBOLS = 1 << 3,
    BINDINGS = 1 << 4,
    VERSIONS = 1 << 5,
    SCOPES = 1 << 6,
    STATISTICS = 1 << 7,
    UNUSED = 1 << 8,
    CALLS =
        1 << 9, /* of constructors and destructors: with each of the others that tell of a start */
    ALL = LIBS | RELOC | FILES | SYMBOLS | BINDINGS | VERSIONS | SCOPES,
};

static const struct {
    char name[12];
    unsigned topics;
    char text[44];
} names[] = {
    {"libs", LIBS | CALLS, "display library search paths"},
    {"reloc", RELOC | CALLS, "display relocation processing"},
    {"files", FILES | CALLS, "display progress for input file"},
    {"symbols", SYMBOLS | CALLS, "display symbol table processing"},
    {"bindings", BINDINGS | CALLS, "display information about symbol binding"},
    {"versions", VERSIONS | CALLS, "display version dependencies"},
    {"scopes", SCOPES, "display scope information"},
    {"all", ALL | CALLS, "all previous options combined"},
    {"statistics", STATISTICS, "display relocation statistics"},
    {"unused", UNUSED, "determined unused DSOs"},
    {"help", 0, "display this help message and exit"},
};
enum { NAME_COUNT = sizeof names / sizeof names[0] };

static unsigned wanted;
static int output = 2;
static int pid;

static void debug_line(const char *text)
{
    char number[12];
    size_t len = print_buffer(number, sizeof number, "%d", pid);
    const char spaces[] = "          ";

    print(output, "%s%s:\t%s\n", spaces + (len < 10 ? len : 10), number, text);
}

void debug_print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = alloc_format_args(NULL, format, &args);
    va_end(args);
    for (char *line = text; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        debug_line(line);
        line = end != NULL ? end + 1 : NULL;
    }
    alloc_free(text);
}

static _Noreturn void help(void)
{
    print(1, "Valid options for the LD_DEBUG environment variable are:\n\n");
    for (unsigned i = 0; i < NAME_COUNT; i++)
        print(1, "  %s%s%s\n", names[i].name, &"            "[strlen(names[i].name)],
              names[i].text);
    print(1, "\nTo direct the debugging output into a file instead of standard output\n"
             "a filename can be specified using the LD_DEBUG_OUTPUT environment variable.\n");
    error_exit(0);
}

static void take_topic(const char *name, size_t len)
{
    for (unsigned i = 0; i < NAME_COUNT; i++) {
        if (strlen(names[i].name) != len || strncmp(names[i].name, name, len) != 0)
            continue;
        if (names[i].topics == 0)
            help();
        wanted |= names[i].topics;
        return;
    }
    print(2, "warning: debug option `%.*s' unknown; try LD_DEBUG=help\n", (int)len, name);
}

static const char *name_of(const struct object *o)
{
    return o->name[0] != '\0' ? o->name : "<main program>";
}

/* Objects as glibc names them: with their namespace. */
#define OBJECT "%s [%u]"
static unsigned namespace_of(const struct object *o)
{
    (void)o;
    return 0;
}

static const char *opening; /* what dlopen was asked for, until the need that follows */

static void tell_need(const struct trace_event *e)
{
    bool is_opened = opening != NULL;

    opening = NULL;
    if ((wanted & FILES) != 0)
        debug_print("\nfile=%s [%u];  %s " OBJECT, e->name, namespace_of(e->object),
                    is_opened ? "dynamically loaded by" : "needed by", name_of(e->object),
                    namespace_of(e->object));
}

static void tell_search(const struct trace_event *e)
{
    switch (e->kind) {
    case TRACE_SEARCH:
        debug_print("find library=%s [%u]; searching", e->name, namespace_of(e->object));
        break;
    case TRACE_RULE:
        if (e->name == NULL)
            debug_print(" search cache=%s", e->rule);
        else if (e->object != NULL)
            debug_print(" search path=%s\t\t(%s from file %s)", e->name, e->rule,
                        name_of(e->object));
        else
            debug_print(" search path=%s\t\t(%s)", e->name, e->rule);
        break;
    default: /* TRACE_TRY */
        debug_print("  trying file=%s", e->name);
    }
}

/* All digits of an address, and a number as wide. */
struct padded {
    char text[19];
};

static struct padded padded(uint64_t value, bool is_address)
{
    struct padded result = {"                  "};
    char digits[21];
    size_t len = print_buffer(digits, sizeof digits, is_address ? "%lx" : "%lu", value);

    if (is_address)
        memcpy(result.text, "0x0000000000000000", 18);
    memcpy(result.text + 18 - len, digits, len);
    return result;
}

static void print_link_map(const struct object *o, const char *name)
{
    debug_print("file=%s [%u];  generating link map\n"
                "  dynamic: %s  base: %s   size: %s\n"
                "    entry: %s  phdr: %s  phnum: %s\n\n",
                name, namespace_of(o), padded((uintptr_t)o->dynamic, true).text,
                padded(o->bias, true).text, padded(o->end - o->start, true).text,
                padded(o->entry != 0 ? o->entry : o->bias, true).text,
                padded((uintptr_t)o->phdr, true).text, padded(o->phdr_count, false).text);
}

static void tell_map(const struct object *o, const char *name)
{
    if ((wanted & LIBS) != 0)
        debug_line("");
    if ((wanted & FILES) != 0)
        print_link_map(o, name);
}

/* Which objects are asked for a symbol, up to the one that has it. */
struct asking {
    const char *name;
    const struct object *last;
};

static bool tell_asked(struct object *o, void *arg)
{
    const struct asking *a = arg;

    debug_print("symbol=%s;  lookup in file=" OBJECT, a->name, name_of(o), namespace_of(o));
    return o == a->last;
}

static void tell_binding(const struct trace_event *e)
{
    const struct object *from = e->object;
    const Elf64_Sym *sym = e->symbol != 0 ? &from->symtab[e->symbol] : NULL;
    const struct object_version *wants = sym != NULL ? lookup_wanted_version(from, e->symbol)
                                                     : NULL;
    const char *name = sym != NULL ? object_string(from, sym->st_name) : e->name;
    const char *version = wants != NULL ? wants->name : e->version;
    unsigned visibility = sym != NULL ? ELF64_ST_VISIBILITY(sym->st_other) : STV_DEFAULT;

    /* Local symbols and hidden ones are not looked up. */
    if (sym != NULL && (ELF64_ST_BIND(sym->st_info) == STB_LOCAL || visibility == STV_HIDDEN ||
                        visibility == STV_INTERNAL))
        return;
    if ((wanted & SYMBOLS) != 0)
        lookup_each((struct object *)(uintptr_t)from, tell_asked,
                    &(struct asking){name, e->def->object});
    if ((wanted & BINDINGS) != 0 && e->def->object != NULL)
        debug_print("binding file " OBJECT " to " OBJECT ": %s symbol `%s'%s%s%s", name_of(from),
                    namespace_of(from), name_of(e->def->object), namespace_of(e->def->object),
                    visibility == STV_PROTECTED ? "protected" : "normal", name,
                    version != NULL ? " [" : "", version != NULL ? version : "",
                    version != NULL ? "]" : "");
}

static char *add_names(const char *text, const struct object_list *list)
{
    char *line = alloc_string(text, strlen(text));

    for (unsigned i = 0; i < list->count && line != NULL; i++) {
        char *longer = alloc_format("%s %s", line, name_of(list->items[i]));
        alloc_free(line);
        line = longer;
    }
    return line;
}

static void print_scope(unsigned *number, const struct object_list *list)
{
    char head[24];

    print_buffer(head, sizeof head, " scope %u:", (*number)++);
    char *line = add_names(head, list);
    if (line != NULL)
        debug_print("%s", line);
    alloc_free(line);
}

static void print_roots(unsigned *number, const struct object *o)
{
    for (unsigned i = 0; i < o->roots.count; i++)
        print_scope(number, &o->roots.items[i]->closure);
}

static void tell_scope(const struct object *o)
{
    unsigned number = 0;

    if (o->is_program)
        debug_print("\nInitial object scopes");
    debug_print("object=" OBJECT, name_of(o), namespace_of(o));
    if (o->is_symbolic && !o->is_vdso)
        debug_print(" scope %u: %s", number++, name_of(o));
    if (o->is_deepbind)
        print_roots(&number, o);
    if (o->is_boot)
        debug_print(" no scope");
    else
        print_scope(&number, &object_base.global);
    if (o->is_vdso)
        debug_print(" scope %u: %s", number++, name_of(o));
    if (!o->is_deepbind)
        print_roots(&number, o);
    debug_line("");
}

static void tell_call(const struct trace_event *e)
{
    const struct object *o = e->object;

    if (e->kind == TRACE_ENTER)
        debug_print("\ninitialize program: %s\n\n\ntransferring control: %s\n", name_of(o),
                    name_of(o));
    else if (e->kind == TRACE_PREINIT)
        debug_print("\ncalling preinit: %s\n", name_of(o));
    else if (e->kind == TRACE_INITIALISE && !o->is_program)
        debug_print("\ncalling init: %s\n", name_of(o));
    else if (e->kind == TRACE_FINALISE)
        debug_print("\ncalling fini: " OBJECT "\n", o->link_name, namespace_of(o));
}

/* Which topic an event is of. */
static unsigned topic_of(enum trace_kind kind)
{
    switch (kind) {
    case TRACE_SEARCH:
    case TRACE_RULE:
    case TRACE_TRY:
        return LIBS;
    case TRACE_MAPPED:
        return FILES | LIBS;
    case TRACE_UNMAP:
    case TRACE_UNSEALED:
    case TRACE_OPENED:
    case TRACE_CLOSED:
        return FILES;
    case TRACE_VERSION:
        return VERSIONS;
    case TRACE_SCOPE:
    case TRACE_GLOBAL:
        return SCOPES;
    case TRACE_RELOCATE:
        return RELOC;
    case TRACE_BIND:
        return BINDINGS | SYMBOLS;
    case TRACE_PREINIT:
    case TRACE_INITIALISE:
    case TRACE_FINALISE:
    case TRACE_ENTER:
        return CALLS;
    default:
        return 0;
    }
}

static void tell(const struct trace_event *e)
{
    switch (e->kind) {
    case TRACE_SEARCH:
    case TRACE_RULE:
    case TRACE_TRY:
        tell_search(e);
        break;
    case TRACE_MAPPED:
        tell_map(e->object, e->name);
        break;
    case TRACE_VERSION:
        debug_print("checking for version `%s' in file " OBJECT " required by file " OBJECT,
                    e->name, name_of(e->other), namespace_of(e->other), name_of(e->object),
                    namespace_of(e->object));
        break;
    case TRACE_SCOPE:
        tell_scope(e->object);
        break;
    case TRACE_RELOCATE:
        debug_print("\nrelocation processing: %s", name_of(e->object));
        break;
    case TRACE_BIND:
        tell_binding(e);
        break;
    case TRACE_GLOBAL:
        debug_print("\nadd " OBJECT " to global scope", name_of(e->object),
                    namespace_of(e->object));
        break;
    case TRACE_OPENED:
        debug_print("opening file=" OBJECT "; direct_opencount=%u", name_of(e->object),
                    namespace_of(e->object), e->object->open_count);
        break;
    case TRACE_CLOSED:
        debug_print("\nclosing file=%s; direct_opencount=%u", name_of(e->object),
                    e->object->open_count);
        break;
    case TRACE_UNMAP:
        debug_print("\nfile=" OBJECT ";  destroying link map", name_of(e->object),
                    namespace_of(e->object));
        break;
    case TRACE_UNSEALED:
        debug_print("\nLD_MMAPFD_SEAL: mseal: %s; nothing is sealed", e->text);
        break;
    default:
        tell_call(e);
    }
}

static void consume(const struct trace_event *e)
{
    if (e->kind == TRACE_OPEN)
        opening = e->name;
    else if (e->kind == TRACE_NEED)
        tell_need(e);
    else if ((topic_of(e->kind) & wanted) != 0)
        tell(e);
}

static void open_output(const char *path)
{
    char *name = alloc_format("%s.%d", path, pid);
    int fd = name != NULL ? sys_open_write(name, O_APPEND) : -ENOMEM;

    if (fd >= 0)
        output = fd;
    else
        print(2, "ld.so: LD_DEBUG_OUTPUT: cannot write %s.%d: %s\n", path, pid, error_name(-fd));
    alloc_free(name);
}

void debug_start(const char *topics, const char *path)
{
    while (*topics != '\0') {
        size_t len = 0;
        while (topics[len] != '\0' && strchr(" ,:", topics[len]) == NULL)
            len++;
        if (len > 0)
            take_topic(topics, len);
        topics += len + (topics[len] != '\0');
    }
    if (wanted == 0)
        return;
    pid = sys_getpid();
    if (path != NULL && path[0] != '\0')
        open_output(path);
    trace_add(consume);
}

bool debug_wants_unused(void)
{
    return (wanted & UNUSED) != 0;
}

bool debug_wants_statistics(void)
{
    return (wanted & STATISTICS) != 0;
}
