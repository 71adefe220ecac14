/*
 * process.c - the initial stack, changed in place.
 *
 * Assumes nothing initialised. Called by main, and by the libc room around a boot. A stack of our
 * own would be simpler, but the program, its libc, debuggers and /proc all know where the kernel
 * put the real one.
 */
#include "process.h"

#include "readonly.h"
#include "string.h"

struct process process READ_ONLY_AFTER_START;

void process_init(uintptr_t *sp)
{
    process.sp = sp;
    process.argc = (int)sp[0];
    process.argv = (char **)(sp + 1);
    process.envp = process.argv + process.argc + 1;
    char **end = process.envp;
    while (*end != NULL)
        end++;
    process.auxv = (Elf64_auxv_t *)(end + 1);
}

/* Closes the gap between to and from: all from there to the end of the auxiliary vector moves. */
static void move_down(void *to, const void *from)
{
    const Elf64_auxv_t *end = process.auxv;

    while (end->a_type != AT_NULL)
        end++;
    memmove(to, from, (size_t)((const char *)(end + 1) - (const char *)from));
}

void process_drop_arguments(int count)
{
    uintptr_t *sp = process.sp;

    move_down(sp + 1, sp + 1 + count);
    sp[0] -= (uintptr_t)count;
    process_init(sp);
}

static bool is_named(const char *variable, const char *name)
{
    size_t len = strlen(name);

    return strncmp(variable, name, len) == 0 && variable[len] == '=';
}

const char *process_getenv(const char *name)
{
    for (char **e = process.envp; *e != NULL; e++) {
        if (is_named(*e, name))
            return *e + strlen(name) + 1;
    }
    return NULL;
}

/*
 * What may not survive: the lists of several releases of glibc (2.36 keeps some of MALLOC_*, 2.41 keeps TZDIR), and
 * every LD_ variable. Whether it is one of ours or of a loader that a child is started by, today's or a later
 * one, nobody but loaders reads them.
 */
static bool is_unsafe(const char *variable)
{
    static const char *const names[] = {
        "GCONV_PATH",
        "GETCONF_DIR",
        "GLIBC_TUNABLES",
        "HOSTALIASES",
        "LOCALDOMAIN",
        "LOCPATH",
        "MALLOC_TRACE",
        "NIS_PATH",
        "NLSPATH",
        "RESOLV_HOST_CONF",
        "RES_OPTIONS",
        "TMPDIR",
        "TZDIR",
        "MALLOC_ARENA_MAX",
        "MALLOC_ARENA_TEST",
        "MALLOC_CHECK_",
        "MALLOC_TOP_PAD_",
        "MALLOC_PERTURB_",
        "MALLOC_MMAP_MAX_",
        "MALLOC_MMAP_THRESHOLD_",
        "MALLOC_TRIM_THRESHOLD_",
    };

    if (string_starts(variable, "LD_"))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_named(variable, names[i]))
            return true;
    }
    return false;
}

void process_scrub_environment(void)
{
    char **kept = process.envp;
    char **end = process.envp;

    for (; *end != NULL; end++) {
        if (!is_unsafe(*end))
            *kept++ = *end;
    }
    move_down(kept, end); /* the NULL, and the auxiliary vector, which is looked for behind it */
    process_init(process.sp);
}

uint64_t process_auxv(uint64_t type)
{
    for (const Elf64_auxv_t *a = process.auxv; a->a_type != AT_NULL; a++) {
        if (a->a_type == type)
            return a->a_un.a_val;
    }
    return 0;
}

void process_set_auxv(uint64_t type, uint64_t value)
{
    for (Elf64_auxv_t *a = process.auxv; a->a_type != AT_NULL; a++) {
        if (a->a_type == type)
            a->a_un.a_val = value;
    }
}

static void rename_ld_variables(const char *from, char first)
{
    for (char **e = process.envp; *e != NULL; e++) {
        if (string_starts(*e, from))
            (*e)[0] = first;
    }
}

/* A name that no one sets: \1D_... is not a name a shell can set. */
void process_hide_ld_variables(void)
{
    rename_ld_variables("LD_", '\1');
}

void process_show_ld_variables(void)
{
    rename_ld_variables("\1D_", 'L');
}
