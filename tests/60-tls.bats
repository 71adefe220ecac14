#!/usr/bin/env bats
# Thread-local storage: start-up modules in one static block, later ones in blocks of their own.

load lib/common
load lib/relocs

@test "tls: every model, in eight threads" {
    built tls-models main has_relocs TPOFF64
    built tls-models libgd.so has_relocs DTPMOD64 DTPOFF64
    built tls-models libld.so has_relocs DTPMOD64
    built tls-models libie.so has_relocs TPOFF64
    built tls-models libdesc.so has_relocs TLSDESC
    fixture tls-models
}

@test "tls: the same by lld" {
    built tls-lld libdesc.so has_relocs TLSDESC
    built tls-lld libie.so has_relocs TPOFF64
    fixture tls-lld
}

@test "tls: the same by mold" {
    built tls-mold libdesc.so has_relocs TLSDESC
    built tls-mold libie.so has_relocs TPOFF64
    fixture tls-mold
}

@test "tls: alignments from 1 to 4096 in one static block" { fixture tls-align; }

@test "tls: alignment 8192" { fixture tls-align-8192; }

@test "tls: alignment 8192 in the musl world" { fixture tls-align-8192-musl; }

@test "tls: a segment that does not begin at a multiple of its alignment" { fixture tls-align-odd; }

# The TLS segment of PATH has no bytes.
has_empty_segment() {
    run -0 readelf -lW "$1"
    assert_line --regexp '^  TLS +0x\S+ 0x\S+ 0x\S+ 0x0+ 0x0+ '
}
@test "tls: image only, zeros only, nothing, much" {
    built tls-shapes libempty.so has_empty_segment
    fixture tls-shapes
}

@test "tls: initialised with addresses" { fixture tls-pointers; }

# A block in the wrong place may be right by luck: addresses are random, so many starts tell. The native loader's are none
# of our business (under an emulator one of them crashed once).
starts_300() { # ARCH WORLD MODE
    local expected n
    [[ $3 != native ]] || return 0
    expected=$(sed '$d' "$root/tests/fixtures/tls-align/expect$([[ $2 != none ]] || echo .none)")
    for ((n = 1; n <= 300; n++)); do
        run -0 under "$@" ./main
        [[ $output == "$expected" ]] || fail "start $n: $output"
    done
}
@test "tls: 300 starts in a row with alignment 8192" {
    [[ $(cat /proc/sys/kernel/randomize_va_space) == 2 ]] || skip "addresses are not random here"
    WORLDS=glibc fixture_each tls-align-8192 starts_300
}

@test "tls: 300 starts in a row with alignment 8192 in the musl world" {
    [[ $(cat /proc/sys/kernel/randomize_va_space) == 2 ]] || skip "addresses are not random here"
    fixture_each tls-align-8192-musl starts_300
}

@test "tls: modules opened while threads exist" { fixture tls-dlopen; }

@test "tls: the dynamic blocks of a thread go with it" { fixture tls-exit-frees; }

@test "tls: a late module with static TLS" {
    built tls-late-static libie.so has_relocs TPOFF64
    fixture tls-late-static
}

@test "tls: a late module with static TLS and no image while threads exist" { fixture tls-late-static-zero; }

@test "tls: a late module with static TLS and an image while threads exist" { fixture tls-late-static-image; }

@test "tls: a late module with static TLS waits for the list of threads" { fixture tls-late-static-waits; }

@test "tls: the reserve of static TLS" { fixture tls-late-static-large; }

@test "tls: one variable, many users" { fixture tls-extern; }

@test "tls: the call of a descriptor keeps all registers" {
    built tls-desc-registers libstart.so has_relocs TLSDESC
    fixture tls-desc-registers
}

@test "tls: weak variables" {
    built tls-weak liba.so has_relocs TLSDESC
    fixture tls-weak
}

@test "tls: thread_local objects of C++" { fixture tls-cxx; }

@test "tls: errno" { fixture tls-errno; }

@test "tls: without a libc" {
    built tls-none libdesc.so has_relocs TLSDESC
    built tls-none libie.so has_relocs TPOFF64
    fixture tls-none
}

@test "tls: __tls_get_addr without a libc" {
    built tls-none-dynamic libgd.so has_relocs DTPMOD64 DTPOFF64
    fixture tls-none-dynamic
}

@test "tls: forty modules opened, some of them twice" { fixture tls-many; }

@test "tls: alignments of late modules" { fixture tls-dlopen-align; }

@test "tls: initialised with what a resolver chooses" { fixture tls-ifunc-pointer; }
