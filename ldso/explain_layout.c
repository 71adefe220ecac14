/*
 * explain_layout.c - where thread-local storage lies, and in which order constructors would run.
 *
 * Called by explain.c after tls_layout.
 */
#include "error.h"
#include "explain.h"
#include "init.h"
#include "json.h"
#include "print.h"
#include "tls.h"

enum { TO_OUTPUT = 1 };

static void tell_module(const struct object *o)
{
    if (!explain.is_json) {
        print(TO_OUTPUT,
              "  module %lu: %s\n    %lu bytes (%lu initialised), aligned to %lu; at %ld from the "
              "thread pointer\n",
              o->tls_module, o->name, o->tls_memsz, o->tls_filesz, o->tls_align,
              (long)tls_static_offset(o));
        return;
    }
    json_object(NULL);
    json_number("module", o->tls_module);
    json_string("object", o->name);
    json_number("size", o->tls_memsz);
    json_number("initialised", o->tls_filesz);
    json_number("alignment", o->tls_align);
    json_signed("offset", tls_static_offset(o));
    json_end();
}

void explain_tls(void)
{
    if (explain.is_json) {
        json_object("tls");
        json_number("size", tls_block.size);
        json_number("alignment", tls_block.align);
        json_number("surplus", tls_surplus());
        json_array("modules");
    } else {
        print(TO_OUTPUT,
              "static TLS block: %lu bytes, aligned to %lu; %lu left for libraries opened later\n",
              tls_block.size, tls_block.align, tls_surplus());
    }
    for (const struct object *o = object_base.head; o != NULL; o = o->next) {
        if (o->tls_module != 0)
            tell_module(o);
    }
    if (explain.is_json) {
        json_end();
        json_end();
    }
}

static void tell_constructors(const struct object *o, unsigned number)
{
    bool is_first = (o->flags_1 & DF_1_INITFIRST) != 0;

    if (!explain.is_json) {
        print(TO_OUTPUT, "  %u %s: %s%lu in DT_INIT_ARRAY%s%s\n", number, o->name,
              o->init != 0 ? "DT_INIT, " : "", o->init_count, is_first ? "; DF_1_INITFIRST" : "",
              o->is_boot ? "; run by the C library itself" : "");
        return;
    }
    json_object(NULL);
    json_string("object", o->name);
    json_bool("init", o->init != 0);
    json_number("init_array", o->init_count);
    json_number("fini_array", o->fini_count);
    json_bool("first", is_first);
    json_bool("by_itself", o->is_boot);
    json_end();
}

void explain_init(struct object *program)
{
    struct object_list order = {0};
    unsigned number = 0;

    if (init_list(program, &order) != 0)
        print(2, "%s\n", error_text());
    if (explain.is_json)
        json_array("constructors");
    else
        print(TO_OUTPUT, "constructors, in order (destructors the other way round)\n");
    if (program->preinit_count > 0 && !explain.is_json)
        print(TO_OUTPUT, "  %u %s: %lu in DT_PREINIT_ARRAY\n", ++number, program->name,
              program->preinit_count);
    for (unsigned i = 0; i < order.count; i++) {
        if (!order.items[i]->is_missing)
            tell_constructors(order.items[i], ++number);
    }
    if (explain.is_json)
        json_end();
    object_list_free(&order);
}
