#!/usr/bin/env bats
# gdb and a program whose interpreter we are: it must not notice a difference.

load lib/common

# each_session FUNCTION [FIXTURE]: calls FUNCTION PROGRAM WORLD natively and for ours, in each world.
each_session() {
    session_function=$1
    local name=gdb-session
    [[ $# -lt 2 ]] || name=$2
    [[ " $(arches) " == *" $host "* ]] || skip "gdb here is for $host alone"
    command -v gdb >/dev/null || skip "gdb is missing"
    gdb -q -nx -batch -ex run true 2>&1 | grep -q 'exited normally' || skip "gdb may not trace a process here"
    # Explicitly started, the program of the process is the loader: another matter.
    MODES=${MODES-native interp} ARCHES=$host fixture_each "$name" one_session
}

one_session() { # ARCH WORLD MODE
    case $3 in
    native) "$session_function" ./main "$2" ;;
    interp) "$session_function" ./main.ours "$2" ;;
    esac
}

# session PROGRAM COMMAND...: runs gdb; its output becomes $output.
session() {
    local program=$1 command arguments=()
    shift
    for command; do arguments+=(-ex "$command"); done
    run -0 gdb -q -nx -batch -ex 'set debuginfod enabled off' -ex 'set breakpoint pending on' -ex 'set width 0' \
        "${arguments[@]}" "$program"
}

stops_in_library() {
    session "$1" 'break a_step' run backtrace finish continue
    assert_line 'Breakpoint 1 (a_step) pending.'
    assert_line --regexp 'hit Breakpoint 1, a_step \(n=n@entry=1\) at .*/liba\.c:'
    assert_line --regexp '^#1 .* in a_outer \(n=n@entry=1\) at .*/liba\.c:'
    assert_line --regexp '^#2 .* in main \(\) at .*/main\.c:'
    assert_line --partial 'Value returned is'
    assert_line --regexp ' = 2$'
    assert_line --regexp 'exited normally'
}
@test "debugger: a breakpoint in a library that is not loaded yet" { each_session stops_in_library; }

stops_in_late_library() {
    session "$1" 'break late_step' run backtrace continue
    assert_line --regexp 'hit Breakpoint 1, late_step \(n=4\) at .*/liblate\.c:'
    assert_line --regexp '^#1 .* in main \(\) at .*/main\.c:'
    assert_line --regexp 'exited normally'
}
@test "debugger: a breakpoint in a library that dlopen brings" { each_session stops_in_late_library; }

lists_libraries() {
    session "$1" 'break a_step' 'break late_step' 'break closed' run 'info sharedlibrary' 'echo --- opened\n' \
        continue 'info sharedlibrary' 'echo --- closed\n' continue 'info sharedlibrary'
    local at_start=${output%%--- opened*} opened=${output#*--- opened} closed
    closed=${opened#*--- closed}
    opened=${opened%%--- closed*}
    assert_regex "$at_start" $'0x[^\n]* Yes +[^\n]*/liba\.so'
    assert_regex "$at_start" $'0x[^\n]* Yes [^\n]*lib(c|/ld-musl-[a-z0-9_]*)\.so'
    refute_regex "$at_start" $'0x[^\n]*liblate\.so'
    assert_regex "$opened" $'0x[^\n]* Yes +[^\n]*liblate\.so'
    [[ $2 == musl ]] || refute_regex "$closed" $'0x[^\n]*liblate\.so'
    assert_regex "$closed" $'0x[^\n]*/liba\.so'
}
@test "debugger: the list of libraries" { each_session lists_libraries; }

sees_namespace() {
    session "$1" 'break inner_step' 'break closed' run backtrace 'info sharedlibrary' 'echo --- closed\n' \
        continue 'info sharedlibrary' continue
    assert_line --regexp 'Breakpoint 1, inner_step \(n=4\) at .*/libinner\.c:'
    assert_line --regexp '^#1 .* in main \(\) at .*/main\.c:'
    assert_line --regexp 'exited normally'
    assert_regex "${output%%--- closed*}" $'0x[^\n]*libinner\.so'
    refute_regex "${output#*--- closed}" $'0x[^\n]*libinner\.so'
}
@test "debugger: a library in another namespace" { each_session sees_namespace gdb-namespace; }

switches_threads() {
    session "$1" 'break a_step' run 'info threads' 'thread 2' backtrace 'thread 1' frame
    assert_line --regexp '^\* 1 .*a_step'
    assert_line --regexp '^  2 +(Thread|LWP) '
    assert_line --regexp 'Switching to thread 2'
    # musl has no frame tables, so the way from its barrier to our function is not known.
    [[ $2 == musl ]] || assert_line --regexp '^#[0-9]+ .* in waiting_main \(argument=.*\) at .*/main\.c:'
    assert_line --regexp 'Switching to thread 1'
    assert_line --regexp '^#0 +a_step'
}
@test "debugger: threads" { each_session switches_threads; }

stops_in_main() {
    session "$1" 'break main' run 'info sharedlibrary' backtrace continue
    assert_line --regexp 'Breakpoint 1, main \(\) at .*/main\.c:'
    assert_line --regexp '/liba\.so$'
    assert_line --regexp '^#0 +main \(\) at '
    assert_line --regexp 'exited normally'
}
@test "debugger: main" { each_session stops_in_main; }

@test "debugger: aarch64" {
    [[ $host == aarch64 ]] || skip "gdb does not debug emulated programs"
    each_session stops_in_library
}
