/*
 * options.c - see options.h. Called by main before anything is loaded. The options are those that
 * glibc's and musl's loaders share, and glibc's --verify and --inhibit-cache.
 */
#include "options.h"

#include "arch.h"
#include "print.h"
#include "string.h"
#include "sys.h"

#define MMAPFD_VERSION "0.1"

static const char help[] =
    "Usage: %s [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
    "Loads PROGRAM and the shared libraries it needs, and runs it.\n"
    "\n"
    "  --list                 list the libraries and where they are found; run nothing\n"
    "  --verify               status 0 if PROGRAM is a dynamic program, 2 if it is a\n"
    "                         library, 1 if it is neither\n"
    "  --library-path PATH    search PATH instead of LD_LIBRARY_PATH\n"
    "  --preload LIST         load the libraries in LIST before all others\n"
    "  --argv0 STRING         pass STRING as the program's argv[0]\n"
    "  --inhibit-cache        do not use /etc/ld.so.cache\n"
    "  --help                 show this text\n"
    "  --version              show the version\n"
    "\n"
    "Named by a program's PT_INTERP, the loader takes no options and reads the\n"
    "environment: LD_LIBRARY_PATH, LD_PRELOAD, LD_BIND_NOW.\n";

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

static void parse_valued(struct options *options, const char *self, char **argv, int *i)
{
    const char *arg = argv[*i];

    if (is_option(arg, "--library-path"))
        options->library_path = value_of(self, arg, "--library-path", argv, i);
    else if (is_option(arg, "--preload"))
        options->preload = value_of(self, arg, "--preload", argv, i);
    else if (is_option(arg, "--argv0"))
        options->argv0 = value_of(self, arg, "--argv0", argv, i);
    else
        usage(self, "unrecognized option", arg);
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
        if (string_equal(argv[i], "--list"))
            options->is_list = true;
        else if (string_equal(argv[i], "--verify"))
            options->is_verify = true;
        else if (string_equal(argv[i], "--inhibit-cache"))
            options->inhibit_cache = true;
        else if (string_equal(argv[i], "--help") || string_equal(argv[i], "--version")) {
            print(1, argv[i][2] == 'h' ? help : "mmapfd ld.so %s (" ARCH_NAME ")\n",
                  argv[i][2] == 'h' ? self : MMAPFD_VERSION);
            sys_exit(0);
        } else {
            parse_valued(options, self, argv, &i);
        }
    }
    if (i >= argc)
        usage(self, "missing program name", "");
    return i;
}
