/*
 * trace.c - hands events to their consumers, see trace.h.
 *
 * Called by every room from search.c up; senders hold the loader's lock, where threads exist.
 */
#include "trace.h"

#include "readonly.h"

enum { MOST_CONSUMERS = 4 };

bool trace_is_on;

static trace_consumer *consumers[MOST_CONSUMERS] READ_ONLY_AFTER_START;
static unsigned consumer_count READ_ONLY_AFTER_START;

void trace_add(trace_consumer *consume)
{
    if (consumer_count < MOST_CONSUMERS)
        consumers[consumer_count++] = consume;
    trace_is_on = true;
}

void trace_send(const struct trace_event *event)
{
    for (unsigned i = 0; i < consumer_count; i++)
        consumers[i](event);
}
