#include "throw.h"

namespace
{
thread_local tracer middle_local("middle's thread_local");
thread_local int calls = 30;
} // namespace

int middle(const std::string &what)
{
    tracer frame("frame of middle, after " + middle_local.name);
    ++calls;
    // Not caught here: unwinding runs the frame's destructor and nothing else.
    return inner(what) * 100 + calls;
}

void middle_call(const std::function<void()> &function)
{
    tracer frame("frame of middle_call");
    function();
}
