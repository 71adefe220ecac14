/*
 * dlerror.c - dlerror's text, one for each thread.
 *
 * Called by the rest of the dl family. The loader's error record is the process's; here it becomes
 * the thread's.
 */
#include "alloc.h"
#include "dl.h"
#include "error.h"
#include "string.h"
#include "tls.h"
#include "world.h"

void dl_publish_error(void)
{
    struct tls_error *e = tls_error();
    const char *text = error_text();

    if (e != NULL) {
        alloc_free(e->pending);
        e->pending = alloc_string(text, strlen(text));
    }
    error_clear();
}

void dl_clear_error(void)
{
    struct tls_error *e = world != WORLD_MUSL ? tls_existing_error() : NULL;

    if (e != NULL) {
        alloc_free(e->pending);
        e->pending = NULL;
    }
}

char *dl_error(void)
{
    struct tls_error *e = tls_existing_error();

    if (e == NULL)
        return NULL;
    alloc_free(e->given);
    e->given = e->pending;
    e->pending = NULL;
    return e->given;
}
