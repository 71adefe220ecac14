// What the libraries of this program share: main -> outer -> middle -> inner call each other, and inner throws.
#pragma once
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>

// Defined by no library alone: its typeinfo is emitted in all four files and must count as one type.
struct failure : std::runtime_error {
    using std::runtime_error::runtime_error;
    int depth = 0;
};

// An inline variable is one object in the whole process (STB_GNU_UNIQUE).
inline int objects_alive = 0;

// Tells when it is made and when it goes.
struct tracer {
    std::string name;
    explicit tracer(std::string n) : name(std::move(n))
    {
        ++objects_alive;
        std::cout << "  + " << name << std::endl;
    }
    ~tracer()
    {
        --objects_alive;
        std::cout << "  - " << name << std::endl;
    }
    tracer(const tracer &) = delete;
    tracer &operator=(const tracer &) = delete;
};

// Each counts its calls in this thread; the counters are thread_local objects with destructors.
int inner(const std::string &what);
int middle(const std::string &what);
int outer(const std::string &what);

// Calls back through all three libraries.
void outer_call(const std::function<void()> &function);
void middle_call(const std::function<void()> &function);
