/*
 * options.c - see options.h. Called by main before anything is loaded. The options and variables are
 * those of glibc's and musl's loaders, and our own.
 */
#include "options.h"

#include "arch.h"
#include "error.h"
#include "print.h"
#include "string.h"
#include "sys.h"

static const char help[] =
    "Usage: %s [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
    "Loads PROGRAM and the shared libraries it needs, and runs it.\n"
    "\n"
    "  --list                 list the libraries and where they are found; run nothing\n"
    "  --explain[=TOPICS]     say why: search (who needs what, and where it was sought),\n"
    "                         symbol:NAME, reloc, tls, init; run nothing\n"
    "  --json                 explain as JSON\n"
    "  --stats                print time and counts of the start, phase by phase\n"
    "  --trace FILE           write the start as a trace that Perfetto opens\n"
    "  --verify               status 0 if PROGRAM is a dynamic program, 2 if it is a\n"
    "                         library, 1 if it is neither\n"
    "  --library-path PATH    search PATH instead of LD_LIBRARY_PATH\n"
    "  --preload LIST         load the libraries in LIST before all others\n"
    "  --audit LIST           load the auditors in LIST (rtld-audit(7)) before LD_AUDIT's\n"
    "  --allow LIST           do not refuse what LIST names: execstack, wx, textrel\n"
    "  --argv0 STRING         pass STRING as the program's argv[0]\n"
    "  --inhibit-cache        do not use /etc/ld.so.cache\n"
    "  --inhibit-rpath LIST   pass over the RPATH and RUNPATH of objects in LIST\n"
    "  --glibc-hwcaps-prepend LIST, --glibc-hwcaps-mask LIST\n"
    "                         search those glibc-hwcaps subdirectories first; only those\n"
    "  --list-diagnostics     print what bears on a start, one NAME=VALUE a line\n"
    "  --list-tunables        say that there are none\n"
    "  --help                 show this text\n"
    "  --version              show the version\n"
    "\n"
    "Named by a program's PT_INTERP, the loader takes no options and reads the\n"
    "environment: LD_LIBRARY_PATH, LD_PRELOAD, LD_BIND_NOW,\n"
    "LD_AUDIT, LD_MMAPFD_ALLOW, LD_MMAPFD_SEAL.\n";

static _Noreturn void usage(const char *self, const char *what, const char *option)
{
    print(2, "%s: %s%s%s%s\nTry '%s --help' for more information.\n", self, what,
          *option != '\0' ? " '" : "", option, *option != '\0' ? "'" : "", self);
    sys_exit(1);
}

/* The value of an option that takes one: "--name=value", or the next argument. */
static const char *value_of(const char *self, const char *option, const char *name, char **argv,
                            int *i)
{
    size_t len = strlen(name);

    if (option[len] == '=')
        return option + len + 1;
    if (argv[*i + 1] == NULL)
        usage(self, "missing argument for", name);
    return argv[++*i];
}

static bool is_option(const char *arg, const char *name)
{
    size_t len = strlen(name);

    return strncmp(arg, name, len) == 0 && (arg[len] == '\0' || arg[len] == '=');
}

/* An option with a value, and where it goes. */
struct valued {
    char name[24];
    const char **value;
};

static void parse_valued(struct options *options, const char *self, char **argv, int *i)
{
    const struct valued all[] = {
        {"--library-path", &options->library_path},
        {"--preload", &options->preload},
        {"--audit", &options->audit},
        {"--trace", &options->trace_file},
        {"--allow", &options->allow},
        {"--argv0", &options->argv0},
        {"--inhibit-rpath", &options->inhibit_rpath},
        {"--glibc-hwcaps-prepend", &options->hwcaps_prepend},
        {"--glibc-hwcaps-mask", &options->hwcaps_mask},
    };
    const char *arg = argv[*i];

    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
        if (is_option(arg, all[k].name)) {
            *all[k].value = value_of(self, arg, all[k].name, argv, i);
            return;
        }
    }
    usage(self, "unrecognized option", arg);
}

/* Options that only print something about the loader; false for others. */
static bool tell(const char *self, const char *arg)
{
    if (string_equal(arg, "--help"))
        print(1, help, self);
    else if (string_equal(arg, "--version"))
        print(1, "mmapfd ld.so %s (" ARCH_NAME ")\n", MMAPFD_VERSION);
    else if (string_equal(arg, "--list-tunables"))
        print(1, "%s has no tunables; GLIBC_TUNABLES is read by the program's glibc, as ever\n",
              self);
    else
        return false;
    return true;
}

/* An option without a value; false if it is none. */
static bool take_flag(struct options *options, const char *arg)
{
    if (string_equal(arg, "--list"))
        options->is_list = true;
    else if (string_equal(arg, "--json"))
        options->is_json = true;
    else if (string_equal(arg, "--stats"))
        options->is_stats = true;
    else if (string_equal(arg, "--verify"))
        options->is_verify = true;
    else if (string_equal(arg, "--inhibit-cache"))
        options->inhibit_cache = true;
    else if (string_equal(arg, "--list-diagnostics"))
        options->is_diagnostics = true;
    else
        return false;
    return true;
}

int options_parse(struct options *options, int argc, char **argv)
{
    const char *self = argc > 0 ? argv[0] : "ld.so";
    int i = 1;

    for (; i < argc && argv[i][0] == '-' && argv[i][1] == '-'; i++) {
        if (argv[i][2] == '\0') {
            i++;
            break;
        }
        if (take_flag(options, argv[i]))
            continue;
        if (string_equal(argv[i], "--explain"))
            options->explain = "";
        else if (string_starts(argv[i], "--explain="))
            options->explain = argv[i] + strlen("--explain=");
        else if (tell(self, argv[i]))
            error_exit(0);
        else
            parse_valued(options, self, argv, &i);
    }
    if (i >= argc && !options->is_diagnostics)
        usage(self, "missing program name", "");
    return i;
}

/* name is what follows LD_ in an environment string, up to its end. */
static void read_variable(struct options *options, const char *name)
{
    const struct valued all[] = {
        {"LIBRARY_PATH=", &options->library_path},
        {"PRELOAD=", &options->env_preload},
        {"AUDIT=", &options->env_audit},
        {"BIND_NOW=", &options->bind_now},
        {"BIND_NOT=", &options->bind_not},
        {"TRACE_LOADED_OBJECTS=", &options->trace_loaded},
        {"VERBOSE=", &options->verbose},
        {"WARN=", &options->warn},
        {"SHOW_AUXV=", &options->show_auxv},
        {"DEBUG=", &options->debug},
        {"EXPLAIN=", &options->env_explain},
        {"DEBUG_OUTPUT=", &options->debug_output},
        {"MMAPFD_ALLOW=", &options->env_allow},
        {"MMAPFD_SEAL=", &options->seal},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (*all[i].value == NULL && string_starts(name, all[i].name))
            *all[i].value = name + strlen(all[i].name);
    }
}

void options_read_environment(struct options *options, char **envp)
{
    for (; *envp != NULL; envp++) {
        if ((*envp)[0] == 'L' && string_starts(*envp, "LD_"))
            read_variable(options, *envp + strlen("LD_"));
    }
}

bool options_is_set(const char *value)
{
    return value != NULL && value[0] != '\0';
}
