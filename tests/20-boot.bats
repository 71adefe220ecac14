#!/usr/bin/env bats
# From the loader's first instruction to the program's: what a program sees of its start, what is refused, and the
# command line.

load lib/common
load lib/loaders

@test "boot: arguments, a library, a status" { fixture boot-hello; }
@test "boot: a program at fixed addresses" { fixture boot-nopie; }
@test "boot: a static program" { fixture boot-static; }
@test "boot: a static position-independent program" { fixture boot-static-pie; }
@test "boot: a static program without a libc" { fixture boot-static-none; }
@test "boot: no libc, thread-local variables" { fixture boot-none-tls; }
@test "boot: the auxiliary vector" { fixture boot-auxv; }
@test "boot: the stack at entry, and its alignment ever after" { fixture boot-entry; }
@test "boot: LD_ variables stay in the environment" { fixture boot-ld-environment; }
@test "boot: the program's name" { fixture boot-name; }
@test "boot: signals, descriptors, heap, stack, writable code" { fixture boot-process-state; }
@test "boot: one stdout, flushed at exit" { fixture boot-stdio; }
@test "boot: LD_BIND_NOW" { fixture boot-bind-now; }
# glibc's loader looks up each call then, and says nothing; musl's does not know the variable.
ignores_bind_not() { # ARCH WORLD MODE
    run -41 under "$1" "$2" "$3" LD_BIND_NOT= ./main
    refute_output --partial LD_BIND_NOT
    run -41 under "$1" "$2" "$3" LD_BIND_NOT=1 ./main
    case $2,$3 in
    glibc,explicit | glibc,interp)
        assert_line 'WARNING: ld.so: LD_BIND_NOT is ignored: functions are bound once, before the program starts'
        ;;
    *) refute_output --partial LD_BIND_NOT ;;
    esac
}
@test "boot: LD_BIND_NOT is ignored, and that is said" { fixture_each boot-bind-now ignores_bind_not; }
@test "boot: death by a signal" { fixture boot-abort; }

# strange_start HOW FILE [WORDS...]: the launcher natively starts FILE; what it prints is in $output.
strange_start() {
    local launcher
    launcher=$(fixture_dir boot-environment "$host" glibc)/main
    run "$launcher" "$@"
}

strange_variables() { # ARCH WORLD MODE
    case $3 in
    native) strange_start run ./main "two words" "" ;;
    explicit) strange_start run "$(loader "$1")" ./main "two words" "" ;;
    interp) strange_start run ./main.ours "two words" "" ;;
    esac
    assert_success
    assert_output - <<'END'
argc 3, variables 11, environ 1
[two words]
[]
<TWICE=1>
<NO_EQUALS_SIGN>
<TWICE=2>
<>
<=EMPTY_NAME>
<LD_>
<LD=x>
<EMPTY=>
<NAME=a=b>
<LD_LIBRARY_PATH>
<LAST=z>
TWICE 1
V2999 (null)
FRESH fresh
END
}

@test "boot: an environment that no shell makes" {
    on_host_only "an emulator makes an environment of its own"
    WORLDS=glibc fixture_build boot-environment # the launcher
    fixture_each boot-environment strange_variables
}

no_arguments() { # ARCH WORLD MODE
    case $3 in
    native) strange_start bare ./main ;;
    interp) strange_start bare ./main.ours ;;
    explicit)
        strange_start bare "$(loader "$1")"
        assert_failure 1
        return
        ;;
    esac
    assert_success
    # Linux 5.18 and later make it one, empty, argument.
    assert_output --regexp '^argc [01], variables 0, environ 1
TWICE \(null\)
V2999 \(null\)
FRESH fresh$'
}

@test "boot: no arguments and no environment at all" {
    on_host_only "an emulator makes an environment of its own"
    WORLDS=glibc fixture_build boot-environment # the launcher
    fixture_each boot-environment no_arguments
}

# What runs in a shell without any variable but the ones of the test.
# shellcheck disable=SC2016 # for that shell
under_clean='root=$1 host=$2
    loader() { echo "$root/build/$1/ld.so"; }
    source "$root/tests/lib/fixture.bash"
    under "${@:3}"'

many_variables() { # ARCH WORLD MODE
    local long variables=() arguments=() i
    long=$(printf '%0100000d' 0)
    for ((i = 0; i < 3000; i++)); do
        variables+=("V$i=value $i")
        arguments+=("argument $i")
    done
    run env -i PATH="$PATH" "${variables[@]}" LONG="$long" \
        bash -c "$under_clean" - "$root" "$host" \
        "$@" ./main "$long" "${arguments[@]}"
    assert_success
    assert_line --index 0 --regexp '^argc 3002, variables 30[0-9]*, environ 1$'
    assert_line '[argument 2999]'
    assert_line 'V2999 value 2999'
    assert_line 'FRESH fresh'
}

@test "boot: thousands of variables and arguments" { fixture_each boot-environment many_variables; }

starts() { # ARCH WORLD MODE
    # An emulated start takes fifty times as long, and its addresses do not vary.
    local count=300 i
    [[ $1 == "$host" ]] || count=20
    for ((i = 0; i < count; i++)); do
        under "$@" ./main || fail "start $i ends with status $?"
    done
}

@test "boot: 300 starts in a row" { fixture_each boot-starts starts; }

@test "boot: addresses are random" {
    [[ $(cat /proc/sys/kernel/randomize_va_space) != 0 ]] || skip "this kernel has no address randomisation"
    on_host_only "emulated addresses do not vary"
    random() {
        local places
        places=$(for i in 1 2 3 4 5; do under "$@" ./main show; done | sort -u | wc -l)
        [[ $places -gt 1 ]] || fail "$places place in five starts"
    }
    fixture_each boot-starts random
}

# What cannot be started. The first line is glibc's, the reason differs: ours names what the file is.

refused() { # FILE PATTERN
    run -127 launch "$arch" glibc "$ld" "$1"
    assert_line --index 0 --partial "$1: error while loading shared libraries: $1: "
    [[ $who == native ]] || assert_output --regexp "$2"
}

refuses_files() {
    local who=$1 arch=$2 other=x86_64 file=$BATS_TEST_TMPDIR/file
    [[ $arch == aarch64 ]] || other=aarch64
    # shellcheck source=tests/fixtures/include/patch.bash
    source "$root/tests/fixtures/include/patch.bash"
    printf '#!/bin/sh\necho this is a script, long enough to hold a whole header of an executable file\n' >"$file"
    chmod +x "$file"
    refused "$file" '[Ss]cript|#!'
    printf '%0300d\n' 0 >"$file"
    refused "$file" 'ELF'
    : >"$file"
    refused "$file" 'short|empty'
    printf '\177ELF' >"$file"
    refused "$file" 'short|truncated|header'
    refused "$PWD/main.o" 'ET_REL|[Rr]elocatable'
    cp main "$file"
    set_bytes "$file" 16 4 0
    refused "$file" 'ET_CORE|[Cc]ore'
    cp main "$file"
    set_bytes "$file" 4 1
    refused "$file" 'ELFCLASS32|32'
    cp main "$file"
    set_bytes "$file" 5 2
    refused "$file" '[Ee]ndian|byte order|encoding'
    cp main "$file"
    if [[ $other == aarch64 ]]; then set_bytes "$file" 18 183 0; else set_bytes "$file" 18 62 0; fi
    [[ $who == native ]] || refused "$file" 'AArch64|aarch64|AARCH64|x86-64|x86_64|X86_64|[Mm]achine'
    refused "$BATS_TEST_TMPDIR" '[Dd]irectory'
    refute_output --partial 'No such file'
    refused "$BATS_TEST_TMPDIR/nowhere" 'cannot open shared object file: No such file or directory'
    refused /dev/null .
}

@test "boot: files that are no programs are named for what they are" {
    WORLDS=glibc by_loader boot-hello refuses_files
}

takes_file_without_permission() {
    cp main "$BATS_TEST_TMPDIR/file"
    cp liba.so "$BATS_TEST_TMPDIR"
    chmod -x "$BATS_TEST_TMPDIR/file"
    run launch "$2" "$3" "$ld" "$BATS_TEST_TMPDIR/file"
    assert_failure 41
    assert_line a
}

@test "boot: a program without the permission to execute starts, as in both native loaders" {
    by_loader boot-hello takes_file_without_permission
}

starts_other_loader() {
    run launch "$2" "$3" "$ld" "$(native_loader "$2" "$3")" ./main one
    assert_failure 42
    assert_output $'./main\none\nend\na'
}

@test "boot: another loader is a static program like any other" {
    by_ours boot-hello starts_other_loader
}

# The command line.

passes_arguments() {
    run launch "$2" "$3" "$ld" ./main --list --argv0 x -- y
    assert_failure 46
    assert_output $'./main\n--list\n--argv0\nx\n--\ny\nend\na'
}

@test "boot: options after the program are the program's" { by_loader boot-hello passes_arguments; }

ends_options() {
    [[ $1 != native || $3 == musl ]] || return 0 # which does not know it
    run launch "$2" "$3" "$ld" -- ./main one
    assert_failure 42
    assert_output $'./main\none\nend\na'
}

@test "boot: -- ends the options" { by_loader boot-hello ends_options; }

sets_argv0() {
    run launch "$2" "$3" "$ld" --argv0 another ./main one
    assert_failure 42
    assert_output $'another\none\nend\na'
}

@test "boot: --argv0" { by_loader boot-hello sets_argv0; }

argv0_in_message() {
    is_native_musl "$@" && return 0 # names the file
    run -127 launch "$2" "$3" "$ld" --argv0 another ./main
    if [[ $3 == musl ]]; then
        assert_line --index 0 --partial "Error loading shared library liba.so: "
    else
        assert_line --index 0 --partial "another: error while loading shared libraries: liba.so: "
    fi
}

@test "boot: --argv0 is the name in a message" { by_loader search-missing argv0_in_message; }

inhibits_cache() {
    is_native_musl "$@" && return 0
    run launch "$2" "$3" "$ld" --inhibit-cache --argv0 another ./main
    assert_failure 41
    assert_output $'another\nend\na'
}

@test "boot: --inhibit-cache together with another option" { by_loader boot-hello inhibits_cache; }

# "NAME => PATH", one a line, without addresses, loaders and the vdso.
listed() {
    sed -n -e '/ld-linux\|vdso/d' -e "s|$PWD/|./|" -e 's|/\./|/|; s|\./\./|./|' \
        -e 's/^\t\([^/].* => .*\) (0x[0-9a-f]*)$/\1/p'
}

lists() {
    run launch "$2" "$3" "$ld" --list ./main
    assert_success
    refute_output --partial "ran"
    local seen
    seen=$(listed <<<"$output")
    case $3,$2 in
    musl,*) assert_regex "$seen" $'^liba.so => ./liba.so\nlibc.so => .*' ;;
    *,"$host") assert_regex "$seen" $'^liba.so => ./liba.so\nlibc.so.6 => /.*/libc.so.6$' ;;
    *) assert_regex "$seen" $'^liba.so => ./liba.so\nlibc.so.6 => /.*libc.so.6$' ;;
    esac
}

assert_regex() { [[ $1 =~ $2 ]] || fail "$1 does not match $2"; }

@test "boot: --list names libraries and runs no code of theirs" { by_loader boot-list lists; }

lists_missing() {
    run -127 launch "$2" "$3" "$ld" --list ./main
    assert_output --partial "liba.so"
    refute_output --partial "main ran"
}

@test "boot: --list of a program that lacks a library" { by_loader search-missing lists_missing; }

verifies() {
    is_native_musl "$@" && return 0
    local static
    static=$(fixture_dir boot-static "$2" "$3")/main
    run launch "$2" "$3" "$ld" --verify ./main
    assert_success
    assert_output ""
    run launch "$2" "$3" "$ld" --verify ./liba.so
    assert_failure 2
    run launch "$2" "$3" "$ld" --verify "$static"
    assert_failure 1
    run launch "$2" "$3" "$ld" --verify "$root/tests/fixtures/boot-list/main.c"
    assert_failure 1
    run launch "$2" "$3" "$ld" --verify ./nowhere
    assert_failure 1
}

@test "boot: --verify: 0 a program, 2 a library, 1 anything else" {
    fixture_build boot-static
    by_loader boot-list verifies
}

tells_about_itself() {
    run --separate-stderr launch "$2" "$3" "$ld" --help
    assert_success
    for option in --list --verify --library-path --preload --argv0 --inhibit-cache --help --version; do
        assert_output --partial -- "$option"
    done
    run --separate-stderr launch "$2" "$3" "$ld" --version
    assert_success
    assert_output --partial mmapfd
}

@test "boot: --help and --version" { WORLDS=glibc by_ours boot-hello tells_about_itself; }

explains_usage() {
    is_native_musl "$@" && return 0
    run launch "$2" "$3" "$ld"
    assert_failure 1
    refute_output ""
    run launch "$2" "$3" "$ld" --unheard-of ./main
    assert_failure 1
    assert_output --partial "--unheard-of"
    for option in --argv0 --library-path --preload; do
        run launch "$2" "$3" "$ld" "$option"
        assert_failure 1
        assert_output --partial -- "$option"
    done
    run launch "$2" "$3" "$ld" --list
    assert_failure 1
    refute_output ""
}

@test "boot: a command line that cannot be understood" { by_loader boot-hello explains_usage; }
