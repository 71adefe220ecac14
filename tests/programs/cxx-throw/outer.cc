#include "throw.h"

namespace
{
thread_local tracer outer_local("outer's thread_local");
thread_local int calls = 20;
} // namespace

int outer(const std::string &what)
{
    tracer frame("frame of outer, after " + outer_local.name);
    ++calls;
    try {
        return middle(what) * 100 + calls;
    } catch (failure &f) {
        f.depth += 1;
        if (what == "nested")
            std::throw_with_nested(std::logic_error("outer could not"));
        throw;
    }
}

void outer_call(const std::function<void()> &function)
{
    tracer frame("frame of outer_call");
    middle_call(function);
}
