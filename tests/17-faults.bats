#!/usr/bin/env bats
# Every system call of the loader fails in turn, at a start and in dlopen, with each of six errors: the program then does what
# it does undisturbed, or there is a message and status 127. Never a crash, a hang, another result, and what a dlopen
# that fails leaves behind is nothing.
#
# tests/faults/inject.c is the ptrace driver, and says what counts as a message.

load lib/common
load lib/loaders

setup_file() {
    export inject=$BATS_FILE_TMPDIR/inject
    [[ $host != x86_64 ]] || gcc -std=gnu11 -O1 -Wall -Wextra -Werror -o "$inject" "$root/tests/faults/inject.c"
}

setup() {
    [[ $host == x86_64 ]] || skip "inject.c knows x86-64 only"
    on_host_only "ptrace sees the emulator's calls, not the loader's"
}

# faults [-n | -no] COMMAND...: lets each call fail, and shows how many there were.
faults() {
    local status=0 options=()
    [[ $1 != -n* ]] || { options=("$1"); shift; }
    "$inject" "${options[@]}" "$(loader "$host")" "$@" >"$BATS_TEST_TMPDIR/faults" || status=$?
    [[ $status != 77 ]] || skip "the kernel does not let us trace"
    echo "--- $*"
    head -n 100 "$BATS_TEST_TMPDIR/faults"
    [[ $status == 0 ]] || return 1
    grep -E '^[0-9]+ (calls|runs):' "$BATS_TEST_TMPDIR/faults" | sed "s/^/# ${1##*/} ${2##*/}: /" >&3
}

in_fixture() { # ARCH WORLD MODE
    case $3 in
    explicit) faults "$(loader "$1")" ./main ;;
    interp) faults "$PWD/main.ours" ;;
    esac
}
@test "faults: a start with libraries, TLS, constructors" { fixture_each faults-start in_fixture; }

@test "faults: dlopen of a library with needs, by the cache, in a namespace" { fixture_each faults-dlopen in_fixture; }

@test "faults: programs without a libc, and static ones" {
    fixture_each boot-none-tls in_fixture
    fixture_build boot-static
    faults "$(loader "$host")" "$(fixture_dir boot-static "$host" glibc)/main"
}

@test "faults: a program of the system, which opens libraries by itself" {
    faults "$(loader "$host")" /usr/bin/python3 -S -E -c '
import sys
try:
    import _ctypes
except ImportError as error:
    print(error, file=sys.stderr)
    import _ctypes
print("imported")'
}

# Where there is a message anyway, it stays one.
refused() { # ARCH WORLD MODE
    [[ $3 == explicit ]] || return 0
    faults "$(loader "$1")" ./main reckless # calls a function that is nowhere
    cp main liba.so "$BATS_TEST_TMPDIR" # libb.so is not there
    faults "$(loader "$1")" "$BATS_TEST_TMPDIR/main"
    grep -q 'libb.so: cannot open shared object file' "$BATS_TEST_TMPDIR/faults"
}
@test "faults: starts that fail" { WORLDS=glibc fixture_each faults-start refused; }

with_options() { # ARCH WORLD MODE
    local options
    [[ $3 == explicit ]] || return 0
    for options in --list --explain --explain=json; do
        faults -no "$(loader "$1")" "$options" "$PWD/main"
    done
    for options in --stats "--preload ./libb.so" "--library-path ." "--trace $BATS_TEST_TMPDIR/trace"; do
        # shellcheck disable=SC2086 # words
        faults -n "$(loader "$1")" $options "$PWD/main"
    done
    LD_DEBUG=libs LD_DEBUG_OUTPUT=$BATS_TEST_TMPDIR/debug faults -n "$PWD/main.ours"
}
@test "faults: listings, explanations, statistics, preloading" { fixture_each faults-start with_options; }

with_auditor() { # ARCH WORLD MODE
    [[ $3 == explicit ]] || return 0
    echo 'unsigned la_version(unsigned version) { return version; }' |
        gcc -shared -fPIC -o "$BATS_TEST_TMPDIR/libaudit.so" -x c -
    faults -n "$(loader "$1")" --audit "$BATS_TEST_TMPDIR/libaudit.so" ./main
}
@test "faults: an auditor" { WORLDS=glibc fixture_each faults-start with_auditor; }

@test "faults: a fault that is not survived, or makes another result, is noticed" {
    cat >"$BATS_TEST_TMPDIR/bad.c" <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    char c = 'x';
    int fd = open("/etc/passwd", O_RDONLY);
    if (fd < 0)
        *(volatile int *)0 = 0; /* a crash */
    if (read(fd, &c, 1) != 1)
        puts("another result");
    if (close(fd) != 0)
        return 127; /* without a message */
    puts("fine");
    return 0;
}
END
    gcc -O1 -static -o "$BATS_TEST_TMPDIR/bad" "$BATS_TEST_TMPDIR/bad.c"
    run -1 "$inject" "$BATS_TEST_TMPDIR/bad" "$BATS_TEST_TMPDIR/bad" # its own loader
    assert_output --regexp 'openat, EIO: Segmentation fault'
    assert_output --regexp 'read, EIO: status 0'
    assert_output --regexp 'close, EIO: status 127'
}
