#!/usr/bin/env bats
# The dl functions: what a program can open, find, ask and close while it runs, in the words of its own libc.

load lib/common

@test "dl: one file is one object, counted" { fixture dl-handles; }

@test "dl: LOCAL, GLOBAL, LAZY, NOW, NOLOAD" { fixture dl-flags; }

@test "dl: NODELETE" { fixture dl-nodelete; }

@test "dl: DEEPBIND" { fixture dl-deepbind; }

@test "dl: the caller's run path" { fixture dl-runpath; }
