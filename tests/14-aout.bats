#!/usr/bin/env bats
# The loader and the a.out format: the example runs, and what cannot run is refused before it does.

load lib/common
load lib/unit

# aout ARCH: builds the example; $program is a copy that may be changed.
aout() {
    mkdir -p "$BATS_TEST_TMPDIR/$1"
    build "$1" "build/$1/examples/hello.aout"
    program=$BATS_TEST_TMPDIR/$1/hello.aout
    cp "$root/build/$1/examples/hello.aout" "$program"
}

# poke OFFSET BYTES: changes the copy; BYTES as for printf.
poke() { printf '%b' "$2" | dd of="$program" bs=1 seek="$1" conv=notrunc status=none; }

hello() {
    aout "$1"
    run launch "$1" glibc "$(loader "$1")" "$program" one two
    assert_output 'Hello from an a.out program'
    assert_failure 2 # it exits with the number of its arguments
    run -0 launch "$1" glibc "$(loader "$1")" "$program"
}
@test "a.out: the example runs" { each_arch hello; }

pure() {
    aout "$1"
    # As NMAGIC the text is 32 bytes longer in memory than with ZMAGIC, where the header is part of it: drop it there.
    poke 2 '\x08\x01'
    poke 4 '\xe0\x0f\x00\x00'
    poke 20 '\x00\x00\x01\x00'
    run launch "$1" glibc "$(loader "$1")" "$program"
    assert_output 'Hello from an a.out program'
    assert_success
}
@test "a.out: with NMAGIC too" { each_arch pure; }

lists() {
    aout "$1"
    run -0 launch "$1" glibc "$(loader "$1")" --list "$program"
    assert_output $'\tstatically linked'
}
@test "a.out: --list says that it needs nothing" { each_arch lists; }

refused() { # ARCH WORDS
    local option
    for option in '' --list; do
        run -127 --separate-stderr launch "$1" glibc "$(loader "$1")" $option "$program"
        echo "$stderr"
        refute_output
        assert_equal "${stderr_lines[0]}" \
            "$program: error while loading shared libraries: $program: invalid ELF header"
        [[ ${stderr_lines[1]} == *"$2"* ]] || fail "it does not say why"
        assert_equal "${#stderr_lines[@]}" 2
    done
}

impure() { aout "$1"; poke 4 '\xe0\x0f\x00\x00'; poke 2 '\x07\x01'; refused "$1" 'is an a.out file of the impure kind (OMAGIC)'; }
@test "a.out: writable text is refused" { each_arch impure; }

shared() { aout "$1"; poke 20 '\x20\x00\x00\x00'; refused "$1" 'a shared object, not a program'; }
@test "a.out: a shared object is no program" { each_arch shared; }

astray() { aout "$1"; poke 20 '\x00\x00\x02\x00'; refused "$1" 'entry point is not in its text'; }
@test "a.out: an entry point outside the text is refused" { each_arch astray; }

cut() {
    aout "$1"
    truncate -s 4100 "$program"
    refused "$1" 'a_data (at file offset 0x8) is 0x1c, wanted at most 0x4'
}
@test "a.out: a file shorter than its header says is refused" { each_arch cut; }

foreign() {
    aout "$1"
    poke 0 '\x80\x03\x01\x0b'
    refused "$1" 'machine number of an a.out file for Sun SPARC (at file offset 0x1) is 0x3, wanted 0x'
}
@test "a.out: another machine's file is refused by name" { each_arch foreign; }

needed() {
    aout "$1"
    cp "$program" "$BATS_TEST_TMPDIR/$1/libhello.so"
    echo 'int main(void) { return 0; }' >"$BATS_TEST_TMPDIR/$1/main.c"
    "$(tool "$1" gcc)" -o "$BATS_TEST_TMPDIR/$1/main" "$BATS_TEST_TMPDIR/$1/main.c"
    run --separate-stderr launch "$1" glibc LD_PRELOAD="$BATS_TEST_TMPDIR/$1/libhello.so" "$2" "$BATS_TEST_TMPDIR/$1/main"
    assert_success
    # The native loader has a line break more in some releases; the sentence is the same.
    [[ $stderr == *"libhello.so' from LD_PRELOAD cannot be preloaded (invalid ELF header): ignored."* ]] || fail "$stderr"
}
as_library() {
    needed "$1" "$(loader "$1")"
    needed "$1" "$(native_glibc "$1")"
}
native_glibc() { # ARCH
    if [[ $1 == x86_64 ]]; then echo /lib64/ld-linux-x86-64.so.2; else echo "/usr/$1-linux-gnu/lib/ld-linux-aarch64.so.1"; fi
}
@test "a.out: as a library it is passed over in the native loader's words" { each_arch as_library; }
