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
