/*
 * json.h - writes JSON (RFC 8259) on standard output.
 *
 * One value at a time; commas and line ends come by themselves. key is the member's name inside an
 * object, NULL inside an array and for the outermost value.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>

void json_object(const char *key);
void json_array(const char *key);
/* Ends the innermost object or array; the outermost one's end also writes out all that is left. */
void json_end(void);

/* A name out of a file may have any bytes: see json.c. NULL becomes null. */
void json_string(const char *key, const char *value);
void json_number(const char *key, uint64_t value);
void json_signed(const char *key, int64_t value);
/* With three decimals, from nanoseconds. */
void json_microseconds(const char *key, uint64_t nanoseconds);
/* As a string "0x...": JSON's readers may take no more than 53 bits of a number. */
void json_address(const char *key, uint64_t value);
void json_bool(const char *key, bool value);

/* Where to: a descriptor. 1 before the first call. */
void json_to(int fd);

#endif
