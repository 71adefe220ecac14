#!/usr/bin/env bats
# Relocation: what must be in memory before the first instruction of the program.

load lib/common
load lib/relocs

@test "reloc: RELATIVE, 64, GLOB_DAT, JUMP_SLOT" {
    contains reloc-types liba.so RELATIVE 64 GLOB_DAT JUMP_SLOT
    fixture reloc-types
}

@test "reloc: the same by clang and lld" {
    contains reloc-lld liba.so RELATIVE 64 GLOB_DAT JUMP_SLOT
    fixture reloc-lld
}

@test "reloc: the same by clang and mold" {
    contains reloc-mold liba.so RELATIVE 64 GLOB_DAT JUMP_SLOT
    fixture reloc-mold
}

@test "reloc: COPY" {
    contains reloc-copy main COPY
    fixture reloc-copy
}

@test "reloc: the PLT entry of a program is a function's address, not its definition" { fixture reloc-plt-address; }

@test "reloc: PC32 and SIZE64" {
    contains reloc-pc-size liba.so PC32 SIZE64
    fixture reloc-pc-size
}

@test "reloc: IFUNC in program and libraries, resolvers that use relocated data and other libraries" {
    contains reloc-ifunc libb.so IRELATIVE 64
    contains reloc-ifunc main IRELATIVE
    fixture reloc-ifunc
}

@test "reloc: IFUNC and COPY in the right order" {
    contains reloc-ifunc-copy main IRELATIVE COPY
    fixture reloc-ifunc-copy
}

@test "reloc: IFUNC resolvers of aarch64 are given what the machine can do" {
    contains reloc-ifunc-arguments main JUMP_SLOT
    fixture reloc-ifunc-arguments
}
