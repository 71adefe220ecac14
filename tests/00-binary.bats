#!/usr/bin/env bats
# What can be said of the loader without running it: the shape of the shipped files, and the order among the sources.

load lib/common

# each_loader FUNCTION: calls FUNCTION ARCH FILE for each machine.
each_loader() {
    local arch
    for arch in $(arches); do
        echo "--- $arch"
        "$1" "$arch" "$(loader "$arch")"
    done
}

segments() { readelf -lW "$1" | grep -E "^ +$2 "; }

is_static_pie() {
    run readelf -hW "$2"
    assert_line --regexp 'Type: +DYN'
    run readelf -lW "$2"
    assert_line --regexp '^ +DYNAMIC '
    refute_line --partial INTERP
    run readelf -dW "$2"
    refute_line --partial '(NEEDED)'
    assert_line --partial "[ld-mmapfd-$1.so.1]"
    run "$(tool "$1" nm)" -D --undefined-only "$2"
    refute_output
}
@test "binary: static-pie, needs no interpreter and no library" { each_loader is_static_pie; }

has_only_relative() {
    readelf -rW "$2" | sed -nE 's/^[0-9a-f]+ +[0-9a-f]+ +(R_[A-Z0-9_]+).*/\1/p' >"$BATS_TEST_TMPDIR/types"
    run sort -u "$BATS_TEST_TMPDIR/types"
    assert_output --regexp '^R_[A-Z0-9_]+_RELATIVE$'
    assert_equal "${#lines[@]}" 1
    run readelf -dW "$2"
    refute_line --partial RELR
}
@test "binary: relative relocations only" { each_loader has_only_relative; }

is_protected() {
    run -0 segments "$2" LOAD
    assert_line --regexp ' R E 0x'
    refute_line --partial 'RWE'
    run segments "$2" GNU_RELRO
    assert_success
    run -0 segments "$2" GNU_STACK
    assert_line --regexp ' RW +0x'
    run readelf -dW "$2"
    refute_line --partial TEXTREL
}
@test "binary: RELRO, no segment writable and executable, no executable stack, no text relocation" {
    each_loader is_protected
}

# A virtual machine traps both, at the price of a whole small loader.
asks_no_processor() {
    "$(tool "$1" objdump)" -d --no-show-raw-insn "$2" >"$BATS_TEST_TMPDIR/code"
    run grep -cE '\bret\b' "$BATS_TEST_TMPDIR/code"
    assert_success
    run grep -E '\bcpuid\b|\bmrs\b.*\b(id_|midr|mpidr|revidr|ctr_)' "$BATS_TEST_TMPDIR/code"
    refute_output
}
@test "binary: never asks the processor what it is" { each_loader asks_no_processor; }

is_small() {
    run stat -L -c %s "$2"
    ((output > 0 && output < 256 * 1024)) || fail "$output bytes"
}
@test "binary: under 256 KiB" { each_loader is_small; }

helps_debuggers() {
    run "$(tool "$1" nm)" "$2"
    assert_line --regexp ' [BDR] _r_debug$'
    assert_line --regexp ' T _dl_debug_state$'
    run readelf -SW "$2"
    assert_line --partial .gnu_debuglink
    refute_line --partial .debug_info
    run readelf -SW "$2.debug"
    assert_line --partial .debug_info
    assert_equal "$(readelf -nW "$2" | grep Build)" "$(readelf -nW "$2.debug" | grep Build)"
}
@test "binary: has gdb's symbols, with debug information beside it" { each_loader helps_debuggers; }

runs_when_built_by_clang() {
    local build=$BATS_TEST_TMPDIR/$1
    # Not with the flags of a make that runs the tests.
    run -0 env -u MAKEFLAGS make -s -C "$root" ARCH="$1" CC=clang B="$build" "$build/ld.so"
    fixture_build hello
    run -7 launch "$1" glibc "$build/ld.so" "$(fixture_dir hello "$1" glibc)/main"
    assert_output hello
}
@test "binary: works when clang builds it" { each_loader runs_when_built_by_clang; }

# Prints `nm -A` of the loader's objects, with the names of their sources.
symbols() { # ARCH
    local object stem
    cd "$root/build/$1/obj"
    find ldso arch -name '*.o' | while read -r object; do
        stem=${object%.o}
        # An object whose source is gone is of an older build.
        for source in "$root/$stem".[cS]; do
            [[ ! -f $source ]] || "$(tool "$1" nm)" "$object" | sed "s|^|${source#"$root/"}: |"
        done
    done
}

calls_go_down() {
    symbols "$1" >"$BATS_TEST_TMPDIR/symbols"
    grep -q 'ldso/main.c: .* T ' "$BATS_TEST_TMPDIR/symbols" || fail "no symbols of main.c"
    run awk -f "$root/tests/lib/layers.awk" "$root/tests/layers" "$BATS_TEST_TMPDIR/symbols"
    assert_success
    refute_output
}
@test "layers: files use only what is below them" { each_loader calls_go_down; }

maps_in_one_place() {
    symbols "$1" >"$BATS_TEST_TMPDIR/symbols"
    run awk '$NF == "sys_mmap" { print $(NF - 1), $1 }' "$BATS_TEST_TMPDIR/symbols"
    assert_equal "$(sort <<<"$output")" $'T ldso/sys.c:\nU ldso/mmapfd.c:'
}
@test "layers: mmapfd alone maps a descriptor" {
    each_loader maps_in_one_place
    run grep -rlw SYS_MMAP "$root/ldso"
    assert_output "$root/ldso/sys.c"
}

@test "layers: no machine is named in ldso" {
    run grep -rniE 'x86|amd64|aarch64|arm64|EM_386|riscv' "$root/ldso"
    assert_failure 1
}

@test "layers: every fixture is tested" {
    for fixture in "$root"/tests/fixtures/*/main.*; do
        name=$(basename "$(dirname "$fixture")")
        grep -qE "(^|[^-a-z0-9])$name([^-a-z0-9]|\$)" "$root"/tests/*.bats || fail "no test uses $name"
    done
}

@test "parity: every behaviour in docs/parity.md has a test" {
    run awk -v least=50 -f "$root/tests/lib/parity.awk" "$root"/tests/*.bats "$root/docs/parity.md"
    assert_success
    refute_output
    # It notices one that has none.
    sed '0,/breadth first |$/s//depth first |/' "$root/docs/parity.md" >"$BATS_TEST_TMPDIR/parity.md"
    run awk -v least=50 -f "$root/tests/lib/parity.awk" "$root"/tests/*.bats "$BATS_TEST_TMPDIR/parity.md"
    assert_output "no such test: 40-lookup: lookup: depth first"
}

@test "security: every promise in SECURITY.md has a test" {
    run awk -v least=20 -f "$root/tests/lib/parity.awk" "$root"/tests/*.bats "$root/SECURITY.md"
    assert_success
    refute_output
}
