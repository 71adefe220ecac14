#include "throw.h"

namespace
{
thread_local tracer inner_local("inner's thread_local");
thread_local int calls = 40;
tracer inner_static("inner's static");
} // namespace

int inner(const std::string &what)
{
    tracer frame("frame of inner");
    calls += static_cast<int>(inner_local.name.size() > 0);
    if (what == "int")
        throw 42;
    if (!what.empty())
        throw failure(what);
    return calls;
}
