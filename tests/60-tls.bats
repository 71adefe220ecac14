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
