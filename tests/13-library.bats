#!/usr/bin/env bats
# libmmapfd: the archive and the shared library as programs use them, under either libc and without one.

load lib/common
load lib/unit

setup_file() {
    make -s --no-print-directory -C "$BATS_TEST_DIRNAME/.." ARCH=x86_64 all
    make -s --no-print-directory -C "$BATS_TEST_DIRNAME/.." ARCH=aarch64 all
}

# compiler ARCH WORLD
compiler() {
    case $2,$1 in
    musl,"$host") echo musl-gcc ;;
    musl,*) echo "$root/build/$1/musl-gcc" ;;
    *) tool "$1" gcc ;;
    esac
}

library() { echo "$root/build/$1/libmmapfd.$2"; }

functions=(mmapfd mmapfd_explain mmapfd_raw mmapfd_segments)

exports() {
    run "$(tool "$1" nm)" -D --defined-only --with-symbol-versions "$(library "$1" so.1)"
    assert_equal "$(awk '$2 == "T" { print $3 }' <<<"$output" | sort)" \
        "$(printf '%s@@MMAPFD_1.0\n' "${functions[@]}")"
    assert_equal "$(awk '$2 != "T" { print $2, $3 }' <<<"$output")" 'A MMAPFD_1.0'
    run readelf -dW "$(library "$1" so.1)"
    assert_output --partial 'soname: [libmmapfd.so.1]'
    refute_output --partial NEEDED
    refute_output --partial TEXTREL
    run "$(tool "$1" nm)" -D --undefined-only "$(library "$1" so.1)"
    assert_equal "$(awk '{ print $2 }' <<<"$output")" __errno_location
}
@test "library: four functions with a version, nothing else; needs errno alone, of whichever libc" {
    each_arch exports
}

archive_defines() {
    run "$(tool "$1" nm)" --extern-only --defined-only "$(library "$1" a)"
    assert_equal "$(awk 'NF == 3 { print $3 }' <<<"$output" | sort)" "$(printf '%s\n' "${functions[@]}")"
    run "$(tool "$1" nm)" --undefined-only "$(library "$1" a)"
    # The linker's own name aside, which some compilers mention.
    assert_equal "$(awk 'NF == 2 && !/_GLOBAL_OFFSET_TABLE_/ { print $2 }' <<<"$output" | sort -u)" \
        $'__errno_location\nmmapfd_raw'
}
@test "library: the archive leaves a program's memcpy to its libc" { each_arch archive_defines; }

maps_and_refuses() { # ARCH WORLD [VAR=VALUE]... COMMAND...
    run launch "$@" "$(library "$1" so.1)" "$(library "$1" refused)"
    assert_output "mapped, errno 0
refused: 1, ENOTSUP
e_machine (at file offset 0x12) is 0x2, wanted 0x$(printf %x "$(machine_number "$1")")"
    assert_success
}
machine_number() { if [[ $1 == x86_64 ]]; then echo 62; else echo 183; fi; }

# An ELF header with another machine in it.
make_refused() { # ARCH
    cp "$(library "$1" so.1)" "$(library "$1" refused)"
    printf '\x02\x00' | dd of="$(library "$1" refused)" bs=1 seek=18 conv=notrunc status=none
}

hosted() {
    local world cc out=$BATS_TEST_TMPDIR/$1
    mkdir -p "$out"
    make_refused "$1"
    for world in glibc musl; do
        cc=$(compiler "$1" "$world")
        "$cc" -I"$root/include" -Wall -Werror -o "$out/$world-archive" "$root/tests/library/hosted.c" "$(library "$1" a)"
        "$cc" -I"$root/include" -static -o "$out/$world-static" "$root/tests/library/hosted.c" "$(library "$1" a)"
        "$cc" -I"$root/include" -o "$out/$world-shared" "$root/tests/library/hosted.c" \
            -L"$root/build/$1" -lmmapfd -Wl,-rpath,"$root/build/$1"
        run readelf -dW "$out/$world-shared"
        assert_output --partial 'libmmapfd.so.1'
        for how in archive static shared; do
            echo "--- $world $how"
            maps_and_refuses "$1" "$world" "$out/$world-$how"
        done
        echo "--- $world shared, under our loader"
        maps_and_refuses "$1" "$world" "$(loader "$1")" "$out/$world-shared"
    done
}
@test "library: archive, static and shared, with glibc and with musl, natively and under our loader" {
    each_arch hosted
}

maps_and_refuses_alone() { # ARCH COMMAND...
    run launch "$1" glibc "${@:2}" <"$(library "$1" so.1)"
    assert_output mapped
    assert_success
    run launch "$1" glibc "${@:2}" <"$(library "$1" refused)"
    assert_output --partial 'e_machine (at file offset 0x12) is 0x2, wanted 0x'
    assert_failure 1
}

alone() {
    local cc out=$BATS_TEST_TMPDIR/$1
    cc=$(tool "$1" gcc)
    mkdir -p "$out"
    make_refused "$1"
    flags=(-I"$root/include" -I"$root/tests/fixtures/include" -O2 -ffreestanding -nostdlib -fno-stack-protector)
    [[ $1 == x86_64 ]] || flags+=(-mno-outline-atomics)
    "$cc" "${flags[@]}" -static -o "$out/static" "$root/tests/library/alone.c" "$(library "$1" a)"
    "$cc" "${flags[@]}" -o "$out/shared" "$root/tests/library/alone.c" -L"$root/build/$1" -lmmapfd \
        -Wl,-rpath,"$root/build/$1" -Wl,--unresolved-symbols=ignore-in-shared-libs
    maps_and_refuses_alone "$1" "$out/static"
    maps_and_refuses_alone "$1" "$(loader "$1")" "$out/shared"
}
@test "library: without a libc, from the archive and shared" { each_arch alone; }

@test "library: make install puts it where pkg-config finds it" {
    local prefix=/opt/mmapfd
    run -0 env -u MAKEFLAGS make -s -C "$root" install DESTDIR="$BATS_TEST_TMPDIR" PREFIX=$prefix
    for file in include/mmapfd.h lib/libmmapfd.a lib/libmmapfd.so.1 lib/libmmapfd.so lib/pkgconfig/mmapfd.pc; do
        assert_exists "$BATS_TEST_TMPDIR$prefix/$file"
    done
    export PKG_CONFIG_SYSROOT_DIR=$BATS_TEST_TMPDIR PKG_CONFIG_LIBDIR=$BATS_TEST_TMPDIR$prefix/lib/pkgconfig
    run -0 pkg-config --modversion mmapfd
    # shellcheck disable=SC2046 # words
    gcc $(pkg-config --cflags mmapfd) -o "$BATS_TEST_TMPDIR/program" "$root/tests/library/hosted.c" \
        $(pkg-config --libs mmapfd)
    run -0 env LD_LIBRARY_PATH="$BATS_TEST_TMPDIR$prefix/lib" "$BATS_TEST_TMPDIR/program" "$BATS_TEST_TMPDIR/program"
    assert_output 'mapped, errno 0'
}
