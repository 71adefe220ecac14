#!/usr/bin/env bats
# Tools that look into a process or stand in front of its functions, and unusual circumstances: each the same as under
# the native loader. Under a loader that is a command, /proc/self/exe is the loader, and tools that take that for the
# program find no names in it: where they do the test leaves `explicit` out.
# shellcheck disable=SC2317 # scenario and its helpers are called by `same`

load lib/common
load programs/ways

setup() {
    arch=$host world=glibc
    wanted "$arch" "$world"
    need make gcc patchelf
    build tools
    export -f subject neutral
}

# settings NAME...: the values of these variables, for a scenario, which sees nothing of its caller's but functions.
settings() {
    local text
    text=$(declare -p "$@")
    eval "settings_of_test() { ${text//declare /declare -g }; }"
    export -f settings_of_test
}

# subject PROGRAM: what a tool is to start in the scenario's way.
subject() { if [[ $way == native ]]; then echo "$1"; else copy_of "$1"; fi; }

# Takes out what differs from run to run: addresses, process numbers, the copy's name.
neutral() {
    sed -E -e 's/0x[0-9a-f]+/ADDRESS/g; s/==[0-9]+==/==PID==/g; s/\(?(pid|tid)=[0-9]+/\1=PID/g; s/\.ours\>//g' \
        -e 's/\+ADDRESS\)/+OFFSET)/g; s/BuildId: [0-9a-f]+/BuildId/g; s/thread T[0-9]/thread T/g' \
        -e 's/loss record .*/loss record/'
}

# Sanitizers.

# reports COMPILER SANITIZER MISTAKE PATTERN: the report of a planted mistake is the native one.
reports() {
    local program=$built/$1-$2 mistake=$3 pattern=$4
    [[ -x $program ]] || skip "$1 has no run-time library for -fsanitize=$2"
    settings program mistake pattern
    local ways=interp
    scenario() {
        settings_of_test
        prog "$program" "$mistake" "$built/late.so" >report 2>&1 || echo "status $?"
        neutral <report | grep -E "$pattern"
    }
    same
}

@test "tools: gcc's AddressSanitizer finds an overflow" { reports gcc address overflow '^=|^ +#.* in |^SUMMARY|located'; }
@test "tools: clang's AddressSanitizer finds an overflow" { reports clang address overflow '^=|^ +#.* in |^SUMMARY|located'; }
@test "tools: gcc's AddressSanitizer finds a leak" { reports gcc address leak '^=|^ +#.* in |^SUMMARY|leak'; }
@test "tools: gcc's ThreadSanitizer finds a race" { reports gcc thread race '^WARNING|^SUMMARY|rac(y|e) '; }
@test "tools: clang's ThreadSanitizer finds a race" { reports clang thread race '^WARNING|^SUMMARY|rac(y|e) '; }
@test "tools: gcc's UndefinedBehaviorSanitizer finds an overflow" { reports gcc undefined undefined 'runtime error'; }
@test "tools: clang's UndefinedBehaviorSanitizer finds an overflow" { reports clang undefined undefined 'runtime error'; }
@test "tools: gcc's LeakSanitizer finds a leak" { reports gcc leak leak '^=|^ +#.* in |^SUMMARY|leak'; }
@test "tools: clang's LeakSanitizer finds a leak" { reports clang leak leak '^=|^ +#.* in |^SUMMARY|leak'; }

# The loader's memory is no leak, what thread-local variables of a late library hold is none, no access of ours a race.
@test "tools: a program without mistakes stays clean under all sanitizers" {
    scenario() {
        for program in "$built"/{gcc,clang}-{address,thread,undefined,leak}; do
            [[ ! -x $program ]] || prog "$program" none "$built/late.so"
        done
    }
    same
    assert_regex "$(<"$BATS_TEST_TMPDIR/native.out")" '(library 2.*){4}'
}

@test "tools: sanitizers notice mistakes under the loader as a command, too" {
    local ways=explicit
    scenario() {
        prog "$built/gcc-address" overflow "$built/late.so" 2>&1 | grep -o 'heap-buffer-overflow on address' || true
        prog "$built/gcc-leak" leak "$built/late.so" 2>&1 | grep '^SUMMARY' || true
        prog "$built/gcc-thread" race "$built/late.so" 2>&1 | grep '^WARNING' | neutral || true
    }
    same
}

# Allocators and tracers by LD_PRELOAD.

# preloads PATTERN: an allocator serves python with threads and child processes.
preloads() {
    need python3
    local found
    found=$(find /usr/lib/"$host"-linux-gnu -name "$1" | sort | head -n 1)
    [[ -n $found ]] || skip "$1 is not installed"
    settings found
    scenario() {
        settings_of_test
        export LD_PRELOAD=$found
        prog /usr/bin/python3 -c '
import json, os, re, subprocess, threading
def work(n):
    return len(json.dumps([str(i) * 3 for i in range(n)]))
threads = [threading.Thread(target=work, args=(20000,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
child = os.fork()
if child == 0:
    os._exit(work(3000) % 100)
print(os.waitpid(child, 0)[1] >> 8, work(1000), subprocess.run(["true"]).returncode)
print(sorted(set(re.findall("lib[a-z_]*malloc[a-z_]*", open("/proc/self/maps").read()))))'
    }
    same
}

@test "tools: jemalloc" { preloads 'libjemalloc.so.*'; }
@test "tools: tcmalloc" { preloads 'libtcmalloc_minimal.so.*'; }

@test "tools: an interposer that asks dlsym for the next malloc" {
    local ways=interp
    scenario() { env "LD_PRELOAD=$built/counter.so" "$(subject "$built/counted")"; }
    same
}

@test "tools: heaptrack" {
    need heaptrack
    local ways=interp
    scenario() {
        # It is a script that preloads its library; the command for the program is the rest of its line.
        heaptrack --raw -o trace "$(subject "$built/counted")" 2>&1 | neutral | grep -vE 'trace|seconds|PID'
        printf '%s\n' trace* | sed 's/.*raw/raw/'
    }
    same
}

# Tracers and debuggers.

@test "tools: ltrace" {
    need ltrace
    local ways=interp
    scenario() {
        ltrace -o trace "$(subject "$built/counted")"
        neutral <trace
    }
    same
}

@test "tools: perf knows functions of program and libraries" {
    need perf
    local way=interp
    cd "$BATS_TEST_TMPDIR"
    perf record -q -o native /bin/true 2>/dev/null || skip "perf may not record here"
    run -0 perf record -q -F 2000 -o data "$(subject /usr/bin/python3)" -c 'print(sum(i * i for i in range(2000000)))'
    run perf report -q -i data --stdio --sort dso,symbol
    assert_line --regexp 'python.* \[\.\] _?Py[A-Za-z_]+'
}

# valgrind's own malloc and its knowledge of the libraries depend on how they are mapped: see announce in mmapfd.c.
memcheck() { # MISTAKE
    need valgrind
    local mistake=$1 ways=interp
    settings mistake
    scenario() {
        settings_of_test
        valgrind -q --leak-check=full --log-file=log "$(subject "$built/plain")" "$mistake" "$built/late.so"
        neutral <log
    }
    same
}

@test "tools: valgrind's memcheck finds an overflow" { memcheck overflow; }
@test "tools: valgrind's memcheck finds a leak" { memcheck leak; }

@test "tools: valgrind's massif and callgrind" {
    need valgrind ms_print
    local ways=interp
    scenario() {
        valgrind -q --tool=massif --massif-out-file=out "$(subject "$built/counted")"
        grep -o '^mem_heap_B=10[0-9]*' out | sort -u
        valgrind -q --tool=callgrind --callgrind-out-file=out "$(subject "$built/counted")"
        callgrind_annotate out | grep -o 'counted.c:[a-z_]*' | sort -u
    }
    same
}

# Circumstances.

# circumstance COMMAND...: the system program is started by COMMAND.
circumstance() {
    local by=("$@") ways=interp
    settings by
    scenario() {
        settings_of_test
        "${by[@]}" "$(subject "$built/system")" || echo "status $?"
    }
    same
}

@test "tools: vfork, posix_spawn, fork in a thread, PR_SET_NO_NEW_PRIVS" {
    scenario() { prog "$built/system"; }
    same
}

@test "tools: chroot and another user" {
    [[ $EUID == 0 ]] || skip "only root can change the user"
    scenario() { prog "$built/system" drop; }
    same
}

@test "tools: no address randomisation" { circumstance setarch -R; }
@test "tools: a stack without a limit" { circumstance bash -c 'ulimit -s unlimited && exec "$@"' -; }
@test "tools: little address space" { circumstance bash -c 'ulimit -v 20000 && exec "$@"' -; }

@test "tools: no argument, not even a name" {
    circumstance python3 -c '
import ctypes, sys
libc, none = ctypes.CDLL(None), (ctypes.c_char_p * 1)(None)
libc.execve(sys.argv[1].encode(), none, none)'
}

@test "tools: a hundred thousand arguments" {
    circumstance bash -c 'exec "$1" $(seq 100000 199999)' -
}

@test "tools: a set-user-ID program" {
    [[ $EUID == 0 ]] || skip "only root can make one"
    local ways=interp
    scenario() {
        cp "$(subject "$built/system")" ./setuid
        chmod 4755 setuid
        chmod 755 .
        setpriv --reuid=65534 --regid=65534 --clear-groups env "LD_PRELOAD=$built/counter.so" ./setuid
    }
    chmod -R go+rX "$BATS_TEST_TMPDIR" 2>/dev/null
    same
    # It did run as another user, and without the preloaded library.
    assert_regex "$(<"$BATS_TEST_TMPDIR/interp.out")" 'same user 0'
    refute_regex "$(<"$BATS_TEST_TMPDIR/interp.err")" malloc
}

@test "tools: dlopen inside a seccomp filter made for glibc's loader" {
    scenario() { prog "$built/seccomp" "$built/late.so"; }
    same
}
