/*
 * world.c - see world.h. Called by load, as objects are mapped; read by search, lookup and the
 * messages.
 */
#include "world.h"

#include "arch.h"
#include "error.h"
#include "readonly.h"
#include "string.h"
#include "sys.h"

enum world world READ_ONLY_AFTER_START;
static const char *musl_path READ_ONLY_AFTER_START = "/lib/ld-musl-" ARCH_NAME ".so.1";

bool world_is_musl_libc(const char *name)
{
    /* The names musl reserves, whatever follows the dot: each is part of its libc.so. */
    static const char *const reserved[] = {"libc.",  "libpthread.", "librt.",  "libm.",
                                           "libdl.", "libutil.",    "libxnet."};

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (string_starts(name, reserved[i]))
            return true;
    }
    return string_equal(name, musl_path);
}

static void decide_from_name(const char *name)
{
    if (string_equal(name, "libc.so.6") || string_starts(name, "ld-linux"))
        world = WORLD_GLIBC;
    else if (string_equal(name, "libc.so") || string_starts(name, "libc.musl-"))
        world = WORLD_MUSL;
}

void world_decide(const struct object *o)
{
    bool has_musl_interp = o->interp != NULL &&
                           string_starts(string_basename(o->interp), "ld-musl-");

    for (size_t i = 0; i < o->dynamic_count && world == WORLD_UNDECIDED; i++) {
        if (o->dynamic[i].d_tag == DT_NEEDED)
            decide_from_name(object_string(o, o->dynamic[i].d_un.d_val));
    }
    if (world == WORLD_UNDECIDED && has_musl_interp)
        world = WORLD_MUSL;
    else if (world == WORLD_UNDECIDED && o->interp != NULL)
        decide_from_name(string_basename(o->interp));
    if (has_musl_interp && o->is_program)
        musl_path = o->interp;
}

const char *world_error_name(int err)
{
    static const struct {
        int err;
        const char *name;
    } names[] = {
        {ELOOP, "Symbolic link loop"},
        {EMFILE, "No file descriptors available"},
        {ENAMETOOLONG, "Filename too long"},
        {ENOMEM, "Out of memory"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0] && world == WORLD_MUSL; i++) {
        if (names[i].err == err)
            return names[i].name;
    }
    return error_name(err);
}

const char *world_musl_path(void)
{
    return musl_path;
}
