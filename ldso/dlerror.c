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

char *dl_set_error_aside(void)
{
    struct tls_error *e = tls_existing_error();
    char *text = e != NULL ? e->pending : NULL;

    if (e != NULL)
        e->pending = NULL;
    return text;
}

void dl_put_error_back(char *text)
{
    struct tls_error *e = tls_existing_error();

    if (e == NULL) /* then there was nothing to set aside */
        return;
    alloc_free(e->pending);
    e->pending = text;
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
