#!/usr/bin/env bats
# Constructors and destructors: which, when, in what order, and what they may do.

load lib/common

@test "init: dependencies first, destroyed in reverse" { fixture init-order; }
@test "init: a graph of ten libraries" { fixture init-graph; }
@test "init: a circle" { fixture init-cycle; }
@test "init: circles that share a library" { fixture init-cycle-two; }
@test "init: preloaded libraries" { fixture init-preload; }
@test "init: DF_1_INITFIRST" { fixture init-initfirst; }
@test "init: a library opened by a constructor" { fixture init-opened; }

@test "init: DT_PREINIT_ARRAY, DT_INIT, DT_INIT_ARRAY and their ends" { fixture init-kinds; }
@test "init: the same in musl" { fixture init-kinds-musl; }
@test "init: the same in musl on aarch64, without DT_INIT" { fixture init-kinds-musl-aarch64; }
@test "init: argc, argv and envp" { fixture init-arguments; }
@test "init: a constructor may use the whole libc" { fixture init-libc-calls; }
@test "init: a constructor that exits" { fixture init-exit-in-constructor; }

@test "init: return, exit, _exit, exit of a thread, quick_exit" { fixture init-exit-ways; }
@test "init: atexit in libraries" { fixture init-atexit; }
@test "init: a symbol found at run time orders destructors" { fixture init-fini-bindings; }
@test "init: C++ static and thread_local objects" { fixture init-cxx-static; }
