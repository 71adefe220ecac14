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
