/* options.h - what the user says to the loader: its command line, when it is run as `ld.so [options]
 * program [arguments]`, and its environment variables. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#define MMAPFD_VERSION "0.1"

/* Strings are NULL if not given. */
struct options {
    bool is_list, is_verify, is_diagnostics, inhibit_cache;
    bool is_json, is_stats;
    const char *explain; /* --explain: "" without a value */
    const char *trace_file;
    const char *allow; /* --allow */
    const char *preload, *audit, *argv0, *inhibit_rpath, *hwcaps_prepend, *hwcaps_mask;

    const char *library_path; /* --library-path, else LD_LIBRARY_PATH */

    /* variables */
    const char *env_preload, *env_audit, *bind_now, *bind_not, *trace_loaded, *verbose, *warn;
    const char *show_auxv, *debug, *debug_output, *env_explain, *env_allow, *seal;
};

/*
 * Parses argv[1] ...; returns the index of the program's name, which may be missing only with
 * --list-diagnostics. Does not return for --help, --version, --list-tunables and mistakes (status 0, 0, 0 and
 * 1, as glibc and musl have them).
 */
int options_parse(struct options *options, int argc, char **argv);

/* Takes what is in the environment; an option that says the same goes before a variable. */
void options_read_environment(struct options *options, char **envp);

/* A variable that is set, and not to nothing. */
bool options_is_set(const char *value);

#endif
