#!/usr/bin/env bats
# What cannot be changed any more once the program runs: the loader's own state, and with LD_MMAPFD_SEAL the mappings of
# what is never unloaded.

load lib/common

@test "seal: the loader's state is read-only before the first constructor runs" { fixture seal-loader; }

# What is marked so in the sources lies there, and the tables of functions that libcs call.
state_is_there() { # LOADER
    local first end
    read -r first end < <(readelf -lW "$1" | awk '$1 == "GNU_RELRO" { print $3, $6 }')
    nm "$1" | awk '{ print $3 }' | sort >"$BATS_TEST_TMPDIR/all"
    nm "$1" | while read -r value _ name; do
        ((0x$value < first || 0x$value >= first + end)) || echo "$name"
    done | sort >"$BATS_TEST_TMPDIR/there"
    grep -hoP '\w+(?=(\[\w*\])? READ_ONLY_AFTER_START( =|;))|(?<=^} )\w+(?= READ_ONLY_AFTER_START;)|\w+(?=\)\([^;]*\) READ_ONLY_AFTER_START;)' \
        "$root"/ldso/*.c "$root"/ldso/libc/*.c | sort -u >"$BATS_TEST_TMPDIR/marked"
    [[ $(wc -l <"$BATS_TEST_TMPDIR/marked") -gt 25 ]]
    # A compiler may have done without one of few uses.
    comm -12 "$BATS_TEST_TMPDIR/marked" "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/kept"
    run -0 comm -23 "$BATS_TEST_TMPDIR/kept" "$BATS_TEST_TMPDIR/there"
    refute_output
    run -0 comm -12 "$BATS_TEST_TMPDIR/kept" "$BATS_TEST_TMPDIR/there"
    local name
    for name in process options search_options allow world services dl_hook_table lookup_builtins libc_object; do
        assert_line "$name"
    done
}
@test "seal: what is marked as read-only lies where it becomes so" {
    local arch
    for arch in $(arches); do state_is_there "$(loader "$arch")"; done
}

has_mseal() { perl -e 'exit(syscall(462, 0, 0, 0) != 0)'; }

sealed() { # ARCH WORLD MODE
    local name
    run -0 under "$@" LD_MMAPFD_SEAL=1 ./main
    assert_line "the loader: sealed"
    for name in main liba.so libc.so.6 ld-linux libkept.so libmarked.so; do assert_line "$name: sealed"; done
    assert_line "liblate.so: open"
    assert_line "closed 0"
    assert_line "gone 1"
}
@test "seal: LD_MMAPFD_SEAL=1 seals what is never unloaded" {
    has_mseal || skip "this kernel has no mseal(2)"
    WORLDS=glibc ARCHES=$host fixture_each seal-objects sealed
}

open() { # ARCH WORLD MODE
    run -0 under "$@" "${seal[@]}" ./main
    refute_line --partial "sealed"
    refute_line --partial "in part"
    assert_line "libc.so.6: open"
    assert_line "gone 1"
}
@test "seal: nothing is sealed that nobody wants sealed" {
    local seal=()
    fixture_each seal-objects open
    seal=(LD_MMAPFD_SEAL=)
    fixture_each seal-objects open
}

# An emulator does not know the call, and older kernels do not.
unable() { # ARCH WORLD MODE
    run -0 --separate-stderr under "$@" LD_MMAPFD_SEAL=1 LD_DEBUG=files ./main
    assert_equal "$(grep -c 'LD_MMAPFD_SEAL: mseal: Function not implemented; nothing is sealed' <<<"$stderr")" 1
    assert_line "libc.so.6: open"
    run -0 --separate-stderr under "$@" LD_MMAPFD_SEAL=1 ./main
    assert_equal "$stderr" ""
}
@test "seal: a kernel without mseal is told of once, to who listens" {
    [[ " $(arches) " == *" aarch64 "* && $host != aarch64 ]] || skip "ARCHES leaves no machine whose kernel is emulated"
    WORLDS=glibc ARCHES=aarch64 fixture_each seal-objects unable
}
