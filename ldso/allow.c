/*
 * allow.c - see allow.h. Called by main: with what the loader was built with, then with the option or the
 * variable. Those who refuse ask the structure.
 */
#include "allow.h"

#include "readonly.h"
#include "string.h"

struct allow allow READ_ONLY_AFTER_START;

static bool *find(const char *word, size_t len)
{
    const struct {
        char name[12];
        bool *is_allowed;
    } all[] = {
        {"execstack", &allow.execstack},
        {"wx", &allow.wx},
        {"textrel", &allow.textrel},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strlen(all[i].name) == len && memcmp(all[i].name, word, len) == 0)
            return all[i].is_allowed;
    }
    return NULL;
}

const char *allow_words(const char *list, size_t *len)
{
    const char *unknown = NULL;

    while (*list != '\0') {
        size_t here = 0;
        while (list[here] != '\0' && list[here] != ',')
            here++;
        bool *is_allowed = find(list, here);
        if (is_allowed != NULL) {
            *is_allowed = true;
        } else if (here > 0 && unknown == NULL) {
            unknown = list;
            *len = here;
        }
        list += here + (list[here] == ',' ? 1 : 0);
    }
    return unknown;
}
