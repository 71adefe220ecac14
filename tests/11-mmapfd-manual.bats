#!/usr/bin/env bats
# mmapfd(3): each sentence of the page has its proof, its programs run, and the examples it names do what it says.

load lib/common
load lib/loaders
load lib/unit

page=$root/man/mmapfd.3.scd

# example ARCH NAME ARGUMENTS: builds and runs an example.
example() {
    local arch=$1 name=$2
    shift 2
    build "$arch" "build/$arch/examples/$name"
    argv0=$name launch "$arch" glibc "$root/build/$arch/examples/$name" "$@"
}

# libc_file ARCH WORLD: the file with the libc itself.
libc_file() {
    local musl=/lib/ld-musl-$1.so.1 glibc=/usr/$1-linux-gnu/lib/libc.so.6
    [[ $1 != "$host" ]] || glibc=/lib/$1-linux-gnu/libc.so.6
    [[ $1 == "$host" ]] || musl=$(sysroot "$1" musl)/lib/$1-linux-musl/libc.so
    if [[ $2 == musl ]]; then echo "$musl"; else echo "$glibc"; fi
}

# ---- the page ----

proves() { # ARCH WORLD
    local sentence file check environment=()
    build "$1" "build/$1/unit-$2/mmapfd_manual"
    [[ $1 == "$host" ]] || environment=(EMULATED=1)
    run -0 launch "$1" "$2" "${environment[@]}" "$root/build/$1/unit-$2/mmapfd_manual"
    refute_line --regexp '^not ok - '
    echo "$output" >"$BATS_TEST_TMPDIR/proofs"
    awk -v from=DESCRIPTION -v to=ATTRIBUTES -f "$root/tests/lib/sentences.awk" "$page" >"$BATS_TEST_TMPDIR/page"
    # < is a sentence of the page without a proof, > a proof whose sentence the page has no longer.
    diff <(sort -u "$BATS_TEST_TMPDIR/page") \
        <(sed -nE 's/^(ok|see|said) - //; T; s/ \| .*//; p' "$BATS_TEST_TMPDIR/proofs" | sort -u)
    while IFS='|' read -r sentence file check; do
        # The words are a test's name, or a string that may go on in the next line of a C file.
        tr -d '\n' <"$root/tests/${file// /}" | sed -E 's/" +"//g' | grep -qF "\"${check# }\"" ||
            fail "no such check in $file: $check"
    done < <(sed -n 's/^see - //p' "$BATS_TEST_TMPDIR/proofs")
}
proven() {
    proves "$1" glibc
    proves "$1" musl
}
@test "mmapfd(3): each sentence about what the library does has a proof" { each_arch proven; }

@test "mmapfd(3): in order and in full" {
    local page_headings='NAME LIBRARY SYNOPSIS DESCRIPTION RETURN VALUE ERRORS ATTRIBUTES STANDARDS HISTORY NOTES CAVEATS EXAMPLES SEE ALSO'
    assert_equal "$(sed -n 's/^# //p' "$page" | paste -sd ' ')" "$page_headings"
    # Each function, flag and field of the header is there.
    while read -r name; do
        grep -qw "$name" "$page" || fail "the page does not mention $name"
    done < <(grep -oE '\bmmapfd(_[a-z]+)?\(|\bM[MF]*FD_[A-Z_]+\b|\bmr_[a-z]+\b' "$root/include/mmapfd.h" | tr -d '(' | sort -u)
}

renders() {
    make -s -C "$root" man
    run -0 mandoc -T lint -W error "$root/build/man/$1"
    # Without the backspaces of bold and underlined letters.
    run -0 eval "mandoc -T ascii '$root/build/man/$1' | sed 's/.\x08//g'"
    refute_line --regexp '.{81}'
}
@test "mmapfd(3): the pages render" {
    command -v scdoc mandoc || skip "scdoc and mandoc are not installed"
    renders mmapfd.3
    renders ld.so-mmapfd.8
}

# code NUMBER: the block of code of that number in EXAMPLES, as the reader sees it.
code() { sed '1,/^# EXAMPLES/d' "$page" | awk -v n="$1" '/^```/ { i++; next } i == 2 * n - 1' | sed 's/\\\\/\\/g'; }

program_runs() {
    local out=$BATS_TEST_TMPDIR/example-$1
    code 1 >"$out.c"
    "$(tool "$1" gcc)" -std=c11 -Wall -Wextra -Werror -I"$root/include" -o "$out" "$out.c" "$root/build/$1/libmmapfd.a"
    run -0 launch "$1" glibc "$out" "$(libc_file "$1" glibc)"
    assert_line --regexp '^element 0: [0-9]+ bytes, [0-9]+ of them the file'\''s$'
    assert_equal "${#lines[@]}" "$(readelf -lW "$(libc_file "$1" glibc)" | grep -c '^ *LOAD')"
    run -1 launch "$1" glibc "$out" "$page"
    assert_output "$page: Invalid argument: file format"
    run -2 launch "$1" glibc "$out"
}
@test "mmapfd(3): the program in EXAMPLES compiles and does what it says" { each_arch program_runs; }

@test "README: the lines about the library compile" {
    {
        printf '#include <%s>\n' err.h stdio.h mmapfd.h
        echo 'void show(int fd, const char *path); void show(int fd, const char *path) {'
        sed -n '/^## The library/,/^## What works/s/^    //p' "$root/README.md" | grep -v '^cc '
        echo '}'
    } >"$BATS_TEST_TMPDIR/readme.c"
    grep -q 'mmapfd(fd' "$BATS_TEST_TMPDIR/readme.c"
    gcc -std=c11 -Wall -Wextra -Werror -I"$root/include" -fsyntax-only "$BATS_TEST_TMPDIR/readme.c"
}

# Each check that the comparison with mmapobj names is there.
@test "docs: the differences from mmapobj are pinned by tests that exist" {
    local file check count=0
    while IFS='|' read -r file check; do
        tr -d '\n' <"$root/tests/$file" | sed -E 's/" +"//g' | grep -qF "$check" || fail "no such check in $file: $check"
        count=$((count + 1))
    done < <(grep -oE '`(unit/)?[a-z0-9_-]+\.(c|bats)` "[^"]+"' "$root/docs/mmapfd-vs-mmapobj.md" | sed 's/`//g; s/ "/|/; s/"$//')
    ((count > 30))
}

@test "mmapfd(3): the output shown is that of the examples" {
    on_host_only "shows a file of this machine"
    [[ $host == x86_64 && $(dpkg-query -W -f '${Version}' musl 2>/dev/null) == 1.2.3-* ]] ||
        skip "shows another machine's musl"
    code 2 >"$BATS_TEST_TMPDIR/shown"
    assert_equal "$(head -n 1 "$BATS_TEST_TMPDIR/shown")" "$ segments /lib/ld-musl-x86_64.so.1"
    # The addresses differ in each run.
    assert_equal "$(sed '1d; s/^ *0x[0-9a-f]* //' "$BATS_TEST_TMPDIR/shown")" \
        "$(example "$host" segments /lib/ld-musl-x86_64.so.1 | sed 's/^ *0x[0-9a-f]* //')"
    code 3 >"$BATS_TEST_TMPDIR/shown"
    read -ra command < <(sed -n '1s/^. //p' "$BATS_TEST_TMPDIR/shown")
    assert_equal "$(sed 1d "$BATS_TEST_TMPDIR/shown")" "$(example "$host" "${command[@]}")"
}

@test "mmapfd(3): installed with the names of all functions, and the examples" {
    command -v scdoc || skip "scdoc is not installed"
    run -0 env -u MAKEFLAGS make -s -C "$root" install DESTDIR="$BATS_TEST_TMPDIR" PREFIX=/usr
    for function in mmapfd_raw mmapfd_segments mmapfd_explain; do
        assert_equal "$(<"$BATS_TEST_TMPDIR/usr/share/man/man3/$function.3")" '.so man3/mmapfd.3'
    done
    cmp "$root/build/man/mmapfd.3" "$BATS_TEST_TMPDIR/usr/share/man/man3/mmapfd.3"
    for file in examples/segments.c examples/symbols.c mmapfd-vs-mmapobj.md; do
        assert_exists "$BATS_TEST_TMPDIR/usr/share/doc/mmapfd/$file"
    done
}

# ---- the examples ----

# What readelf says of the segments, in the form of `segments` without addresses: size, file bytes, offset, rights.
by_readelf() { # FILE
    local type off vaddr paddr filesz memsz rest rights align before
    while read -r type off vaddr paddr filesz memsz rest; do
        # The rights are three characters, of which any may be a blank.
        align=${rest##* }
        rights=${rest%"$align"}
        before=$((vaddr % 4096))
        printf '%#x %#x %#x %s%s%s\n' $((memsz + before)) $((filesz)) $before \
            "$([[ $rights == *R* ]] && echo r || echo -)" "$([[ $rights == *W* ]] && echo w || echo -)" \
            "$([[ $rights == *E* ]] && echo x || echo -)"
    done < <(readelf -lW "$1" | grep '^ *LOAD') | sed 's/ 0 / 0x0 /g'
}

as_readelf() { # ARCH FILE
    run -0 example "$1" segments "$2"
    assert_line --index 0 --regexp '^ *address +size +file +offset rights, flags$'
    assert_line --index 1 --partial 'ELF header'
    assert_equal "$(sed -E '1d; s/ ELF header$//; s/^ *[^ ]+ +//; s/ +/ /g; s/ 0 / 0x0 /g' <<<"$output")" "$(by_readelf "$2")"
}
segments_of_libcs() {
    as_readelf "$1" "$(libc_file "$1" glibc)"
    as_readelf "$1" "$(libc_file "$1" musl)"
    as_readelf "$1" "$(loader "$1")"
}
@test "examples: segments prints what readelf does" { each_arch segments_of_libcs; }

refusals() {
    run -1 example "$1" segments "$page"
    assert_output "$page: file format"
    run -1 example "$1" segments /nonexistent
    assert_output '/nonexistent: No such file or directory'
    run -2 example "$1" segments
    assert_output 'usage: segments file'
    cp "$(libc_file "$1" musl)" "$BATS_TEST_TMPDIR/$1"
    printf '\x02\x00' | dd of="$BATS_TEST_TMPDIR/$1" bs=1 seek=18 conv=notrunc status=none
    run -1 example "$1" segments "$BATS_TEST_TMPDIR/$1"
    assert_output --regexp ": e_machine \(at file offset 0x12\) is 0x2, wanted 0x(3e|b7)$"
    run -2 example "$1" symbols "$BATS_TEST_TMPDIR/$1" environ
    assert_output --partial 'e_machine'
    run -2 example "$1" symbols
    assert_output 'usage: symbols library symbol...'
}
@test "examples: refuse with the reason" { each_arch refusals; }

segments_of_aout() {
    build "$1" "build/$1/examples/hello.aout"
    run -0 example "$1" segments "$root/build/$1/examples/hello.aout"
    assert_line --index 1 --regexp '^ *0x10000 .* r-x a.out header$'
    assert_line --index 2 --regexp '^ *0x20000 .* rw-$'
}
@test "examples: segments of an a.out file" { each_arch segments_of_aout; }

# as_nm ARCH FILE NAME...: every definition of these, and in the element that is the segment of its address.
as_nm() {
    local arch=$1 file=$2
    shift 2
    run -0 example "$arch" symbols "$file" "$@"
    assert_equal "$(sed -E 's/^([^:]*): value 0x([0-9a-f]+), .*/\1 \2/' <<<"$output" | sort)" \
        "$("$(tool "$arch" nm)" -D --defined-only "$file" | while read -r value _ name; do
            [[ " $* " != *" ${name%%@*} "* ]] || printf '%s %x\n' "${name%%@*}" "$((16#$value))"
        done | sort)"
    while read -r name _ value _ element; do
        assert_equal "$name $element" "$name $(segment_of "$file" "${value%,}")"
    done <<<"$output"
}

segment_of() { # FILE ADDRESS
    local vaddr memsz i=0
    while read -r _ _ vaddr _ _ memsz _; do
        if (($2 >= vaddr && $2 <= vaddr + memsz)); then
            echo $i
            return
        fi
        i=$((i + 1))
    done < <(readelf -lW "$1" | grep '^ *LOAD')
}

symbols_of_libcs() {
    as_nm "$1" "$(libc_file "$1" glibc)" environ printf memcpy malloc dlsym pthread_create qsort
    as_nm "$1" "$(libc_file "$1" musl)" environ printf memcpy malloc dlsym pthread_create qsort
    run -1 example "$1" symbols "$(libc_file "$1" musl)" no_such_symbol
    assert_output "no_such_symbol: not defined in $(libc_file "$1" musl)"
}
@test "examples: symbols finds what nm does, in both libcs" { each_arch symbols_of_libcs; }

symbols_of_built() {
    local style out=$BATS_TEST_TMPDIR/$1
    echo 'int answer = 42; int question(void) { return answer; } int main(void) { return question(); }' >"$out.c"
    for style in gnu sysv both; do
        "$(tool "$1" gcc)" -no-pie -rdynamic -Wl,--hash-style=$style -o "$out-$style" "$out.c"
        run readelf -hW "$out-$style"
        assert_output --regexp 'Type: +EXEC'
        as_nm "$1" "$out-$style" answer question main
        run -1 example "$1" symbols "$out-$style" puts
    done
}
@test "examples: symbols in a program at fixed addresses, by either hash table" { each_arch symbols_of_built; }

# No table of a file is believed: whatever byte of its dynamic section or its hash table is wrong, the answer is a
# wrong or a missing symbol, and never a signal.
symbols_of_broken() {
    local file=$BATS_TEST_TMPDIR/broken-$1 off size status
    echo 'int answer = 42;' >"$file.c"
    "$(tool "$1" gcc)" -shared -nostdlib -o "$file.so" "$file.c"
    while read -r off size; do
        for ((i = 16#$off; i < 16#$off + 16#$size; i += 7)); do
            cp "$file.so" "$file"
            printf '\xff\xff\xff\xff' | dd of="$file" bs=1 seek=$i conv=notrunc status=none
            status=0
            example "$1" symbols "$file" answer >/dev/null 2>&1 || status=$?
            ((status <= 2)) || fail "status $status with 4 bytes 0xff at $i"
        done
    done < <(readelf -SW "$file.so" | sed -nE 's/^ *\[ *[0-9]+\] (\.gnu\.hash|\.dynsym|\.dynamic) +[^ ]+ +[^ ]+ +([^ ]+) ([^ ]+).*/\2 \3/p')
}
@test "examples: symbols follows no pointer out of a file's elements" {
    on_host_only "once is enough"
    each_arch symbols_of_broken
}
