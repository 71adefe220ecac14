/* diagnostics.h - what the loader was given and would do with it: LD_SHOW_AUXV, --list-diagnostics. */
#ifndef DIAGNOSTICS_H
#define DIAGNOSTICS_H

/* The auxiliary vector as the kernel made it, in glibc's form. */
void diagnostics_show_auxv(void);

/* What bears on a start, one NAME=VALUE a line, in glibc's form; path is the loader's own. */
void diagnostics_list(const char *path);

#endif
