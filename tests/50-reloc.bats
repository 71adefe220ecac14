#!/usr/bin/env bats
# Relocation: what must be in memory before the first instruction of the program.

load lib/common
load lib/loaders
load lib/relocs

@test "reloc: RELATIVE, 64, GLOB_DAT, JUMP_SLOT" {
    built reloc-types liba.so has_relocs RELATIVE 64 GLOB_DAT JUMP_SLOT
    fixture reloc-types
}

@test "reloc: the same by clang and lld" {
    built reloc-lld liba.so has_relocs RELATIVE 64 GLOB_DAT JUMP_SLOT
    fixture reloc-lld
}

@test "reloc: the same by clang and mold" {
    built reloc-mold liba.so has_relocs RELATIVE 64 GLOB_DAT JUMP_SLOT
    fixture reloc-mold
}

@test "reloc: the addresses in a dynamic section" { fixture reloc-dynamic; }

@test "reloc: COPY" {
    built reloc-copy main has_relocs COPY
    fixture reloc-copy
}

@test "reloc: the PLT entry of a program is a function's address, not its definition" { fixture reloc-plt-address; }

@test "reloc: PC32 and SIZE64" {
    built reloc-pc-size liba.so has_relocs PC32 SIZE64
    fixture reloc-pc-size
}

@test "reloc: IFUNC in program and libraries, resolvers that use relocated data and other libraries" {
    built reloc-ifunc libb.so has_relocs IRELATIVE 64
    built reloc-ifunc main has_relocs IRELATIVE
    fixture reloc-ifunc
}

@test "reloc: IFUNC and COPY in the right order" {
    built reloc-ifunc-copy main has_relocs IRELATIVE COPY
    fixture reloc-ifunc-copy
}

@test "reloc: IFUNC resolvers of aarch64 are given what the machine can do" {
    built reloc-ifunc-arguments main has_relocs JUMP_SLOT
    fixture reloc-ifunc-arguments
}

# FILE has packed relocations.
has_relr() {
    run -0 readelf -dW "$1"
    assert_line --partial '(RELRSZ)'
}

@test "reloc: RELR" {
    built reloc-relr main has_relr
    built reloc-relr liba.so has_relr
    built reloc-relr liba.so has_relocs RELATIVE
    fixture reloc-relr
}

@test "reloc: RELR by lld" {
    built reloc-relr-lld liba.so has_relr
    fixture reloc-relr-lld
}

@test "reloc: RELR by mold" {
    built reloc-relr-mold liba.so has_relr
    fixture reloc-relr-mold
}

@test "reloc: RELR in the musl world" {
    built reloc-relr-musl liba.so has_relr
    fixture reloc-relr-musl
}

@test "reloc: RELRO, full, partial and none, cannot be written" { fixture reloc-relro; }

# What weakens a process is refused unless it is allowed (LD_MMAPFD_ALLOW in the fixture's run_env, --allow): then it is
# as under the native loader.

# refuses OBJECT TEXT ARCH WORLD MODE: nobody allows it.
refuses() {
    [[ $5 != native ]] || return 0
    run -127 under "${@:3}" ./main
    assert_line --regexp "$1: $2"
    refute_line --partial value
}
refuses_execstack() { refuses "${object-liba\.so}" 'asks for an executable stack .*LD_MMAPFD_ALLOW=execstack' "$@"; }
refuses_textrel() { refuses 'liba\.so' 'relocation at 0x[0-9a-f]+ is in a read-only segment .*LD_MMAPFD_ALLOW=textrel' "$@"; }
refuses_wx() { refuses 'liba\.so' 'segment at 0x[0-9a-f]+ is both writable and executable .*LD_MMAPFD_ALLOW=wx' "$@"; }

has_executable_stack() { readelf -lW "$1" | grep -qE 'GNU_STACK.* RWE '; }
has_no_stack_header() { ! readelf -lW "$1" | grep -q GNU_STACK; }
has_textrel() { readelf -dW "$1" | grep -q TEXTREL; }
has_wx() { readelf -lW "$1" | grep -qE 'LOAD.* RWE '; }

@test "reloc: a library that asks for executable stacks" {
    built reloc-execstack liba.so has_executable_stack
    WORLDS="glibc none" fixture_each reloc-execstack refuses_execstack
    fixture reloc-execstack
}
@test "reloc: a program that asks for executable stacks" {
    built reloc-execstack-main main has_executable_stack
    object='\./main' fixture_each reloc-execstack-main refuses_execstack
    fixture reloc-execstack-main
}
@test "reloc: a library without PT_GNU_STACK" {
    built reloc-execstack-untold liba.so has_no_stack_header
    fixture reloc-execstack-untold
}
@test "reloc: text relocations" {
    built reloc-textrel liba.so has_textrel
    fixture_each reloc-textrel refuses_textrel
    by_ours reloc-textrel allowed_by_option
    fixture reloc-textrel
}
@test "reloc: segments that are writable and executable" {
    built reloc-wx liba.so has_wx
    fixture_each reloc-wx refuses_wx
    by_ours reloc-wx allowed_by_option
    fixture reloc-wx
}

allowed_by_option() { # WHO ARCH WORLD
    run -0 launch "$2" "$3" "$ld" --allow=wx,execstack,,textrel ./main
    assert_line --regexp '^(value|count)'
}
allow_mistakes() { # WHO ARCH WORLD
    run -1 launch "$2" "$3" "$ld" --allow=wx,exec ./main
    assert_output "$ld: --allow knows execstack, wx and textrel, not 'exec'"
    run -7 launch "$2" "$3" LD_MMAPFD_ALLOW=exec:wx "$ld" ./main
    assert_line "WARNING: ld.so: LD_MMAPFD_ALLOW knows execstack, wx and textrel, not 'exec:wx'"
    assert_line hello
}
@test "reloc: words that --allow and LD_MMAPFD_ALLOW do not know" { by_ours hello allow_mistakes; }

@test "reloc: the addend of a JUMP_SLOT" { fixture reloc-plt-addend; }

@test "reloc: a static-pie program relocates itself" { fixture reloc-static-pie; }

@test "reloc: large .bss, rest of a page" { fixture reloc-bss; }

# FILE has a segment that is only readable and longer in memory.
has_readonly_bss() {
    local file memory flags found=
    while read -r file memory flags; do
        if [[ $flags == R && $((file)) -lt $((memory)) ]]; then found=1; fi
    done < <(readelf -lW "$1" |
        sed -nE 's/^ +LOAD +\S+ \S+ \S+ (\S+) (\S+) ([RWE ]+) 0x.*/\1 \2 \3/p')
    [[ $found ]]
}
@test "reloc: .bss that is only readable" {
    built reloc-bss-readonly liba.so has_readonly_bss
    fixture reloc-bss-readonly
}

# patch_dynamic FILE TAG=VALUE...: VALUE may name another tag and add to it: DT_JMPREL=DT_RELA+8.
patch_dynamic() {
    python3 - "$@" <<'EOF'
import struct, sys
tags = {"DT_RELA": 7, "DT_JMPREL": 23, "DT_PLTRELSZ": 2}
data = bytearray(open(sys.argv[1], "rb").read())
phoff, phnum = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
for i in range(phnum):
    kind, _, offset = struct.unpack_from("<IIQ", data, phoff + 56 * i)
    if kind == 2:
        break
entries = {}
while struct.unpack_from("<Q", data, offset)[0] != 0:
    tag, value = struct.unpack_from("<QQ", data, offset)
    entries[tag] = (offset + 8, value)
    offset += 16
for word in sys.argv[2:]:
    tag, value = word.split("=")
    base, _, more = value.partition("+")
    number = entries[tags[base]][1] + int(more) if base in tags else int(base)
    struct.pack_into("<Q", data, entries[tags[tag]][0], number)
open(sys.argv[1], "wb").write(data)
EOF
}

askew() {
    local dir=$BATS_TEST_TMPDIR/$1
    mkdir -p "$dir"
    # No RELATIVE ones: the table begins with references to symbols, which need not be there.
    echo '#pragma weak a
#pragma weak b
#pragma weak c
extern char a, b, c; int f(void); char *data[] = {&a, &b, &c}; int g(void) { return f(); }' >"$dir/askew.c"
    echo 'int main(void) { return 42; }' >"$dir/main.c"
    "$(tool "$1" gcc)" -shared -fPIC -nostdlib -Wl,-z,lazy -o "$dir/libaskew.so" "$dir/askew.c"
    "$(tool "$1" gcc)" -o "$dir/main" "$dir/main.c"
    patch_dynamic "$dir/libaskew.so" DT_JMPREL=DT_RELA+8 DT_PLTRELSZ=48
    # What stands there happens to be relocations of type 0, and of symbols that are not there.
    run -42 launch "$1" glibc LD_PRELOAD="$dir/libaskew.so" "$(loader "$1")" "$dir/main"
}
@test "reloc: a DT_JMPREL that lies askew in DT_RELA does no harm" {
    for arch in $(arches); do askew "$arch"; done
}
