#!/usr/bin/env bats
# What the loader tells of itself: listings for ldd, LD_DEBUG, --explain.

load lib/common
load lib/loaders
load lib/both

# Listings.

@test "explain: LD_TRACE_LOADED_OBJECTS" { both boot-list without_addresses LD_TRACE_LOADED_OBJECTS=1; }
@test "explain: LD_TRACE_LOADED_OBJECTS set to nothing" { both boot-list without_addresses LD_TRACE_LOADED_OBJECTS=; }
@test "explain: a listing goes on behind a missing library" {
    both search-missing without_addresses LD_TRACE_LOADED_OBJECTS=1
    grep -q $'liba.so => not found' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_VERBOSE: versions" { both lookup-versions without_addresses LD_TRACE_LOADED_OBJECTS=1 LD_VERBOSE=1; }
@test "explain: LD_VERBOSE: a version that nobody defines" {
    both lookup-versions-missing without_addresses LD_TRACE_LOADED_OBJECTS=1 LD_VERBOSE=1
    grep -q $'liba.so (V2) => not found' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_WARN: undefined data" {
    both lookup-missing-data without_addresses LD_TRACE_LOADED_OBJECTS=1 LD_WARN=yes
    grep -q '^undefined symbol: ' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_WARN with LD_BIND_NOW: undefined functions" {
    both lookup-missing-function without_addresses LD_TRACE_LOADED_OBJECTS=1 LD_WARN=yes
    run ! grep -q '^undefined symbol: ' "$BATS_TEST_TMPDIR/interp"
    both lookup-missing-function without_addresses LD_TRACE_LOADED_OBJECTS=1 LD_WARN=yes LD_BIND_NOW=1
    grep -q '^undefined symbol: ' "$BATS_TEST_TMPDIR/interp"
}

# ldd itself, with a loader in the place of its own.
ldd_says() {
    local ldd=$BATS_TEST_TMPDIR/ldd
    [[ $3 == glibc && $2 == "$host" ]] || return 0
    sed "s|^RTLDLIST=.*|RTLDLIST=$ld|" "$(type -P ldd)" >"$ldd"
    for arguments in ./main "-v ./main" "-r ./main" ./liba.so "./main $root/Makefile" "./main ./nowhere"; do
        # shellcheck disable=SC2086 # words
        run bash "$ldd" $arguments
        { echo "$arguments: $status"; without_addresses <<<"$output"; } | sed -e "s|$PWD/|./|g" -e 's|\./\./|./|'
    done >"$BATS_TEST_TMPDIR/$1"
}
@test "explain: ldd" {
    by_loader boot-list ldd_says
    [[ $(grep -c 'liba.so => [.]' "$BATS_TEST_TMPDIR/native") -ge 5 ]]
    diff -u "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/explicit"
}

# musl's loader, called ldd: it tells what is wrong on standard error and goes on, to status 127.
musl_lists_missing() {
    [[ $3 == musl ]] || return 0
    run -127 --separate-stderr launch "$2" "$3" "$ld" --list ./main
    assert_line --partial $'\tlibc.so => '
    refute_line --partial liba
    # shellcheck disable=SC2154 # bats sets it
    assert_equal "${stderr//$PWD\//./}" $'Error loading shared library liba.so: No such file or directory (needed by ./main)
Error relocating ./main: a: symbol not found'
}
@test "explain: a listing of musl's" { by_loader search-missing musl_lists_missing; }

# The auxiliary vector is the kernel's: addresses differ from run to run.
auxv_alone() { sed -nE '/^AT_/{s/(0x[0-9a-f]{6,}|[^ ]*main[^ ]*)$/-/;p}'; }
@test "explain: LD_SHOW_AUXV" {
    both boot-hello auxv_alone LD_SHOW_AUXV=1
    grep -q '^AT_PAGESZ: *4096' "$BATS_TEST_TMPDIR/interp"
}

# Scripts read it: NAME=VALUE in each line.
diagnoses() {
    [[ $3 == glibc ]] || return 0
    run -0 launch "$2" "$3" A_SECRET=x LD_LIBRARY_PATH=$'/a"b' "$ld" --list-diagnostics
    [[ $(grep -vc = <<<"$output") == 0 ]] || fail "a line without ="
    refute_output --partial A_SECRET=
    assert_line --regexp '^env_filtered\[0x[0-9a-f]+\]="A_SECRET"$'
    assert_line --regexp '^env\[0x[0-9a-f]+\]="LD_LIBRARY_PATH=/a(\\042|\\")b"$'
    assert_line --regexp '^dl_dst_lib="lib'
    assert_line --regexp '^dl_pagesize=0x1000$'
    assert_line --regexp '^path.system_dirs\[0x0\]="/'
    assert_line --regexp '^path.rtld="/'
    assert_line --regexp '^auxv\[0x0\].a_type=0x'
}
@test "explain: --list-diagnostics" { by_loader boot-hello diagnoses; }

# Options of glibc's.

inhibits_rpath() {
    [[ $3 == glibc ]] || return 0
    run -127 launch "$2" "$3" "$ld" --inhibit-rpath :./other ./main
    assert_line --index 0 --partial "liba.so: cannot open shared object file"
    run -0 launch "$2" "$3" "$ld" --inhibit-rpath ./other:./main --list ./main
}
@test "explain: --inhibit-rpath" { by_loader boot-list inhibits_rpath; }

hwcaps() {
    [[ $3 == glibc ]] || return 0
    mkdir -p "$BATS_TEST_TMPDIR/glibc-hwcaps/ours"
    cp liba.so "$BATS_TEST_TMPDIR/glibc-hwcaps/ours"
    run -0 launch "$2" "$3" "$ld" --glibc-hwcaps-prepend other:ours --inhibit-rpath "" \
        --library-path "$BATS_TEST_TMPDIR" --list ./main
    assert_line --partial "liba.so => $BATS_TEST_TMPDIR/glibc-hwcaps/ours/liba.so"
    run -127 launch "$2" "$3" "$ld" --glibc-hwcaps-mask ours --inhibit-rpath "" \
        --library-path "$BATS_TEST_TMPDIR" --list ./main
}
@test "explain: --glibc-hwcaps-prepend, --glibc-hwcaps-mask" { by_loader boot-list hwcaps; }

# LD_DEBUG. Lines as a set: which object comes first, and that the native loader relocates itself and asks for malloc, is
# no concern of a reader; nor that we do not look into directories that are not there. Whether destructors of an
# object without any are told, and the program's under its name, is up to the release of glibc.
debug_lines() {
    sed -nE 's/^ *[0-9]+:\t *//p' | sed -E -e "s|$PWD/|./|g; s|\./main\.ours|./main|g; s|(\./)+|./|g" \
        -e 's|[^ ]*ld-linux[-_.a-z0-9]*|LD|g' -e 's/0x[0-9a-f]+/X/g' -e 's/^(calling fini:)  /\1 .\/main /' |
        grep -vE "^(LD|find LD|relocation processing: LD|calling (init|fini): LD|binding file LD|symbol=.* LD)|\
^symbol=(_dl_catch|_dl_signal|__rseq_)|^calling fini: .*libc.so.6|^$|vdso|^trying|^search path|^no scope|^dynamic: |^entry: |^binding file ./main \[0\] to [^ ]*libc.so.6 \[0\]: normal symbol .(calloc|free|malloc|realloc)'" |
        LC_ALL=C sort -u
}
scopes_joined() { debug_lines | grep ^add; }
debug_alike() { # FIXTURE LEAST
    both "$1" debug_lines LD_BIND_NOW=1 LD_DEBUG=files:libs:bindings:versions:scopes:reloc
    [[ $(wc -l <"$BATS_TEST_TMPDIR/interp") -ge $2 ]]
}
@test "explain: LD_DEBUG of a start" { debug_alike boot-list 100; }
@test "explain: LD_DEBUG: preloaded libraries" {
    both search-preload debug_lines LD_BIND_NOW=1 LD_DEBUG=all LD_PRELOAD=./libp.so
    grep -q 'file=./libp.so \[0\];  needed by ./main \[0\]' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_DEBUG: versions and protected symbols" {
    debug_alike lookup-versions 100
    debug_alike lookup-protected 100
    grep -q 'protected symbol' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_DEBUG: dlopen, dlsym, dlclose" {
    debug_alike dl-close 100
    grep -q 'destroying link map' "$BATS_TEST_TMPDIR/interp"
    debug_alike dl-deepbind 100
    debug_alike init-opened 100
    both dl-flags scopes_joined LD_DEBUG=scopes
    grep -q '^add .* to global scope' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_DEBUG: a library that is missing" {
    debug_alike search-missing 4
}
@test "explain: LD_DEBUG=symbols" {
    # The native loader asks lazily in between; with LD_BIND_NOW it asks as we say.
    both boot-list debug_lines LD_BIND_NOW=1 LD_DEBUG=symbols
    grep -q 'symbol=a;  lookup in file=./main \[0\]' "$BATS_TEST_TMPDIR/interp"
}

debug_output() {
    [[ $3 == interp ]] || return 0
    run -0 --separate-stderr under "$@" LD_DEBUG=files:nonsense "LD_DEBUG_OUTPUT=$BATS_TEST_TMPDIR/debug" ./main
    # shellcheck disable=SC2154 # bats sets it
    assert_equal "$stderr" "warning: debug option \`nonsense' unknown; try LD_DEBUG=help"
    local file=("$BATS_TEST_TMPDIR"/debug.*)
    assert_regex "${file[*]}" "^$BATS_TEST_TMPDIR/debug\\.[0-9]+\$"
    run -0 cat "${file[0]}"
    refute_line --regexp "^ *${file[0]##*.}:\\$"
    assert_line --regexp "^ *${file[0]##*.}:"$'\t''file=lib.*generating link map'
    rm "${file[0]}"
}
assert_regex() { [[ $1 =~ $2 ]] || fail "$1 does not match $2"; }
@test "explain: LD_DEBUG_OUTPUT, and a topic that does not exist" { fixture_each search-preload debug_output; }

@test "explain: LD_DEBUG=help" {
    all() { cat; }
    both boot-hello all LD_DEBUG=libs:help
    grep -q '^  statistics  ' "$BATS_TEST_TMPDIR/interp"
}

not_privileged() {
    [[ $3 == interp ]] || return 0
    local program=$BATS_TEST_TMPDIR/program
    cp main.ours "$program"
    chgrp 65534 "$program"
    chmod 2755 "$program"
    run -0 env LD_DEBUG=all LD_DEBUG_OUTPUT="$BATS_TEST_TMPDIR/none" LD_SHOW_AUXV=1 LD_TRACE_LOADED_OBJECTS=1 "$program"
    assert_line "secure 1"
    refute_output --partial "$BATS_TEST_TMPDIR/none"
    refute_output --partial AT_PAGESZ
    run ! compgen -G "$BATS_TEST_TMPDIR/none*"
}
@test "explain: a privileged start explains nothing" {
    [[ $(id -u) == 0 ]] || skip "only root can make a program of another group"
    [[ $(findmnt -n -o OPTIONS -T "$BATS_TEST_TMPDIR") != *nosuid* ]] || skip "temporary files have no privileges here"
    on_host_only "an emulator gives no privileges"
    fixture_each boot-secure not_privileged
}
