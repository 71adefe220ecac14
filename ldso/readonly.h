/*
 * readonly.h - for variables that never change once the program runs: what the user wants, what the kernel said, which
 * functions are called in whose place. They lie beside the tables that the loader's relocation fills, in its RELRO
 * part, which seal.c makes read-only before the first constructor runs. That costs a start nothing: the page is
 * changed anyway, and is protected by one call.
 */
#ifndef READONLY_H
#define READONLY_H

#ifndef READ_ONLY_AFTER_START /* a program that is no loader may define it as nothing */
#define READ_ONLY_AFTER_START __attribute__((section(".data.rel.ro.start")))
#endif

#endif
