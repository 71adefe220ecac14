/* process.h - what the kernel put on the initial stack: arguments, environment, auxiliary vector.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

extern struct process {
    uintptr_t *sp; /* points to argc, as at process entry */
    int argc;
    char **argv, **envp;
    Elf64_auxv_t *auxv;
} process;

/* Finds the parts above sp. */
void process_init(uintptr_t *sp);

/* Takes count arguments away from the front: moves everything down, so that sp stays where (and as
 * aligned as) it was. */
void process_drop_arguments(int count);

/* The value of an environment variable, NULL if it is not set. */
const char *process_getenv(const char *name);

/* Removes the variables that may not survive a change of privilege (AT_SECURE), every occurrence of
 * each. */
void process_scrub_environment(void);

/* An entry of the auxiliary vector: its value, 0 if absent. */
uint64_t process_auxv(uint64_t type);
/* Changes an entry; nothing happens if it is absent. */
void process_set_auxv(uint64_t type, uint64_t value);

/* Hides all LD_* variables from a libc that is about to boot, and shows them again. They change in
 * place. */
void process_hide_ld_variables(void);
void process_show_ld_variables(void);

#endif
