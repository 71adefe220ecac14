// Opened and closed while the program runs: throws a type that others catch, and has a thread_local of its own.
#include "throw.h"

namespace
{
thread_local tracer plugin_local("plugin's thread_local");
}

extern "C" int plugin(const char *what)
{
    tracer frame("frame of plugin, after " + plugin_local.name);
    try {
        return inner(what);
    } catch (int number) {
        throw failure("plugin had " + std::to_string(number));
    }
}
