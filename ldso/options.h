/* options.h - the loader's own command line, when it is run as `ld.so [options] program
 * [arguments]`. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

struct options {
    bool is_list, is_verify, inhibit_cache;
    const char *library_path, *preload, *argv0; /* NULL if not given */
};

/*
 * Parses argv[1] ...; returns the index of the program's name. Does not return for --help,
 * --version and mistakes (status 0, 0 and 1, as glibc and musl have them).
 */
int options_parse(struct options *options, int argc, char **argv);

#endif
