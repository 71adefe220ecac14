/* near.h - near misses of a search that failed: files that are almost what was wanted. */
#ifndef NEAR_H
#define NEAR_H

/* Adds to the error record's explanation the files in path's directory that are other versions of the library
 * that path names: libfoo.so.3 where libfoo.so.2 was wanted. */
void near_explain_files(const char *path);

#endif
