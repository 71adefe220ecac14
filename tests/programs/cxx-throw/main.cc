// Exceptions thrown through three shared libraries and a fourth that is opened at run time, and thread_local objects
// with destructors in all of them. Threads run one after the other, so that the output is always the same.
#include "throw.h"
#include <condition_variable>
#include <dlfcn.h>
#include <future>
#include <mutex>
#include <regex>
#include <sstream>
#include <thread>
#include <vector>

namespace
{
thread_local tracer main_local("main's thread_local");
tracer main_static("main's static");

void say(const std::string &line)
{
    std::cout << line << std::endl;
}

void attempt(const std::string &what)
{
    say("attempt '" + what + "'");
    try {
        say("  returned " + std::to_string(outer(what)));
    } catch (const failure &f) {
        say(std::string("  failure ") + f.what() + ", depth " + std::to_string(f.depth));
    } catch (const std::exception &e) {
        say(std::string("  ") + e.what());
        try {
            std::rethrow_if_nested(e);
        } catch (const failure &f) {
            say(std::string("  because of failure ") + f.what());
        }
    } catch (int number) {
        say("  int " + std::to_string(number));
    }
}

void through_the_libraries_and_back()
{
    say("callback");
    try {
        outer_call([] { throw failure("thrown by main"); });
    } catch (const failure &f) {
        say(std::string("  ") + f.what());
    }
}

void in_a_thread(int number)
{
    say("thread " + std::to_string(number) + " " + main_local.name);
    attempt("");
    attempt("first");
    attempt("");
}

void across_threads()
{
    say("exception of another thread");
    auto result = std::async(std::launch::async, [] { return outer("carried over"); });
    try {
        result.get();
    } catch (const failure &f) {
        say(std::string("  ") + f.what());
    }
}

void many_at_once()
{
    std::mutex lock;
    int caught = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([&] {
            for (int j = 0; j < 200; j++) {
                try {
                    std::function<void()> f = [] { throw failure("again"); };
                    f();
                } catch (const std::runtime_error &) {
                    std::lock_guard<std::mutex> guard(lock);
                    caught++;
                }
            }
        });
    for (auto &thread : threads)
        thread.join();
    say("caught " + std::to_string(caught));
}

void with_a_plugin(const char *path)
{
    say("plugin");
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        say(dlerror());
        return;
    }
    auto plugin = reinterpret_cast<int (*)(const char *)>(dlsym(handle, "plugin"));
    for (const char *what : {"", "int", "by inner"}) {
        try {
            say("  returned " + std::to_string(plugin(what)));
        } catch (const failure &f) {
            say(std::string("  ") + f.what());
        }
    }
    std::thread([&] { say("  in a thread: " + std::to_string(plugin(""))); }).join();
    say("dlclose " + std::to_string(dlclose(handle)));
}

// Streams, locales and regular expressions throw and catch inside libstdc++.
void the_library()
{
    std::istringstream stream("not a number");
    stream.exceptions(std::ios::failbit);
    int number = 7;
    try {
        stream >> number;
    } catch (const std::ios_base::failure &) {
        say("ios failure, number " + std::to_string(number));
    }
    try {
        std::regex broken("(");
    } catch (const std::regex_error &e) {
        say(e.code() == std::regex_constants::error_paren ? "regex: unmatched parenthesis"
                                                          : "regex: ?");
    }
    std::smatch match;
    std::string text = "one 12 two";
    say(std::regex_search(text, match, std::regex("[0-9]+")) ? match.str() : "no match");
    try {
        std::vector<int>().at(3);
    } catch (const std::out_of_range &) {
        say("out of range");
    }
}
} // namespace

int main(int, char **argv)
{
    say(main_local.name);
    attempt("");
    attempt("message");
    attempt("nested");
    attempt("int");
    through_the_libraries_and_back();
    for (int i = 0; i < 3; i++)
        std::thread(in_a_thread, i).join();
    across_threads();
    many_at_once();
    with_a_plugin(argv[1]);
    the_library();
    say("alive " + std::to_string(objects_alive));
    return 3;
}
