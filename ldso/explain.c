/*
 * explain.c - what --explain is asked for, and the order of the answers.
 *
 * Called by main: explain_start before anything is loaded, explain_print when everything is.
 */
#include "explain.h"

#include "error.h"
#include "json.h"
#include "load.h"
#include "needs.h"
#include "print.h"
#include "string.h"
#include "world.h"

enum { TO_OUTPUT = 1, TO_ERROR = 2 };

struct explain_options explain;

static bool is_word(const char *topic, size_t len, const char *word)
{
    return strlen(word) == len && strncmp(topic, word, len) == 0;
}

static bool take_topic(const char *topic, size_t len)
{
    if (len == 0 || is_word(topic, len, "1") || is_word(topic, len, "search"))
        explain.has_search = true;
    else if (is_word(topic, len, "reloc"))
        explain.has_reloc = true;
    else if (is_word(topic, len, "tls"))
        explain.has_tls = true;
    else if (is_word(topic, len, "init"))
        explain.has_init = true;
    else if (is_word(topic, len, "json"))
        explain.is_json = true;
    else
        return false;
    return true;
}

bool explain_start(const char *topics)
{
    for (const char *at = topics; at != NULL;) {
        const char *end = strchr(at, ',');
        size_t len = end != NULL ? (size_t)(end - at) : strlen(at);
        if (string_starts(at, "symbol:") && at[strlen("symbol:")] != '\0') {
            explain.symbol = at + strlen("symbol:"); /* a comma in a name is part of it */
            end = NULL;
        } else if (!take_topic(at, len)) {
            return false;
        }
        at = end != NULL ? end + 1 : NULL;
    }
    explain.has_search = explain.has_search || !(explain.has_reloc || explain.has_tls ||
                                                 explain.has_init || explain.symbol != NULL);
    explain_take_search();
    return true;
}

static const char *name_of_world(void)
{
    return world == WORLD_GLIBC ? "glibc" : world == WORLD_MUSL ? "musl" : "none";
}

int explain_print(struct object *program, int err)
{
    if (err != 0) {
        needs_have_failed = true;
        print(TO_ERROR, "%s\n", error_text());
    }
    if (explain.is_json) {
        json_object(NULL);
        json_string("program", program->name);
        json_string("world", name_of_world());
    }
    if (explain.has_search && explain.is_json)
        explain_search_json();
    else if (explain.has_search)
        explain_search(program);
    if (explain.symbol != NULL)
        explain_symbol(explain.symbol);
    if (explain.has_reloc)
        explain_reloc();
    if (explain.has_tls)
        explain_tls();
    if (explain.has_init)
        explain_init(program);
    if (explain.is_json) {
        json_bool("complete", !needs_have_failed);
        json_end();
    }
    return needs_have_failed ? 127 : 0;
}
