#!/usr/bin/env bats
# mmapfd: the shipped object against its contract, and the loader against malformed files.

load lib/common
load lib/unit

# ---- the contract ----

mapped() { unit "$1" mmapfd mapped; }
@test "mmapfd: what is mapped, sentence by sentence" { each_arch mapped; }

elements() { unit "$1" mmapfd elements; }
@test "mmapfd: elements in and out, and storage" { each_arch elements; }

errors() { unit "$1" mmapfd errors; }
@test "mmapfd: each error, in the order of the contract, with its reason" { each_arch errors; }

segments() { unit "$1" mmapfd segments; }
@test "mmapfd: the list of an image that the kernel has mapped" { each_arch segments; }

threads() { unit "$1" mmapfd threads; }
@test "mmapfd: threads map at the same time" { each_arch threads; }

aout() { unit "$1" mmapfd_aout; }
@test "mmapfd: a.out executables and shared objects, and those of other machines" { each_arch aout; }

reserved() { unit "$1" mmapfd_reserved; }
@test "mmapfd: into reservations, and not into what only looks like one" { each_arch reserved; }

# Its hooks are in the library's sources, not in a libc.
rare() { unit_in glibc "$1" mmapfd_rare; }
@test "mmapfd: every rare branch; every failure and every truncation at every system call" { each_arch rare; }

files() {
    malformed "$1" "$BATS_TEST_TMPDIR/$1"
    unit "$1" mmapfd_malformed "$BATS_TEST_TMPDIR/$1"
}
@test "mmapfd: malformed files get their errno, and leave the process as it was" { each_arch files; }

# A mount of its own, in a namespace: no other process sees it, and it is gone with the test.
in_noexec_mount() {
    # shellcheck disable=SC2016 # the inner shell expands it
    unshare --map-root-user --mount bash -c 'mount -t tmpfs -o noexec none "$1" && shift && "$@"' - "$@"
}
@test "mmapfd: executable segments on a file system mounted noexec" {
    [[ " $(arches) " == *" $host "* ]] || skip "qemu-user maps executable pages without asking for execution"
    mkdir "$BATS_TEST_TMPDIR/mount"
    in_noexec_mount "$BATS_TEST_TMPDIR/mount" true || skip "no mount namespace to be had"
    build "$host" "build/$host/unit-glibc/mmapfd"
    run in_noexec_mount "$BATS_TEST_TMPDIR/mount" "$root/build/$host/unit-glibc/mmapfd" noexec "$BATS_TEST_TMPDIR/mount"
    refute_line --regexp '^not ok - '
    assert_line --regexp '^ok - '
    assert_success
}

# Built here and not by the Makefile: with its own flags, and without the loader's string functions.
sanitized() { # COMPILER TEST SOURCES...
    "$1" -std=c11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -pthread \
        -iquote ldso -iquote arch -iquote "arch/$host" -iquote include -iquote tests/unit \
        "tests/unit/$2.c" "${@:3}" -o "$BATS_TEST_TMPDIR/$2-$1"
    run "$BATS_TEST_TMPDIR/$2-$1"
    refute_output --partial 'runtime error'
    refute_line --regexp '^not ok - '
    assert_line --regexp '^ok - '
    assert_success
}
@test "mmapfd: the same with address and undefined behaviour sanitizers" {
    [[ " $(arches) " == *" $host "* ]] || skip "sanitizers run on this machine's own code"
    cd "$root"
    read -ra sources < <(make -s --no-print-directory print-mmapfd-src)
    for compiler in gcc clang; do
        sanitized "$compiler" mmapfd "${sources[@]/#/ldso/}"
        sanitized "$compiler" mmapfd_aout "${sources[@]/#/ldso/}"
        sanitized "$compiler" mmapfd_reserved "${sources[@]/#/ldso/}"
        sanitized "$compiler" mmapfd_rare ldso/sys.c
    done
}

@test "mmapfd.h: alone, in C11 and C++, hosted and freestanding" {
    local include=$root/include/mmapfd.h
    gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c "$include"
    gcc -std=c11 -Wall -Wextra -Werror -ffreestanding -fsyntax-only -x c "$include"
    g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++ "$include"
    clang++ -std=c++17 -Wall -Wextra -Werror -ffreestanding -fsyntax-only -x c++ "$include"
}

# ---- the loader ----

# refused ARCH FILE [OPTION]: a message that names the file, nothing else, status 127.
refused() {
    local arch=$1 file=$2
    echo "--- $arch, ${*:3} ${file##*/}"
    run -127 --separate-stderr launch "$arch" glibc "$(loader "$arch")" "${@:3}" "$file"
    echo "$stderr"
    refute_output
    [[ ${stderr_lines[0]} == *"$file: error while loading shared libraries: $file: "?* ]] || fail "no clear message"
    [[ $(grep -c 'error while loading' <<<"$stderr") == 1 ]] || fail "more than one message"
}

# loader_address ARCH DIRECTORY: where the loader is when it runs a program, the same in each run without
# randomisation: read while it runs one that never ends.
loader_address() {
    local arch=$1 endless=$2/endless pid address='' loops='\xeb\xfe'
    [[ $arch == x86_64 ]] || loops='\x00\x00\x00\x14'
    cp "$2/00-valid" "$endless"
    printf '%b' "$loops" | dd of="$endless" bs=1 seek=1024 conv=notrunc status=none
    fixed_addresses "$arch" "$(loader "$arch")" "$endless" 3>&- &
    pid=$!
    for ((i = 0; i < 100 && ! ${#address}; i++)); do
        sleep 0.05
        grep -q /endless "/proc/$pid/maps" || continue
        address=$(awk -F- '/\/ld\.so$/ { print "0x" $1; exit }' "/proc/$pid/maps")
    done
    kill "$pid"
    wait "$pid" || true
    echo "$address"
}

# fixed_addresses ARCH COMMAND...: without address space randomisation, in place of the calling subshell.
fixed_addresses() {
    local arch=$1
    shift
    ulimit -t 20 # whatever happens, the endless program ends
    [[ $arch != "$host" ]] || exec setarch -R "$@"
    exec setarch -R "qemu-$arch" -L "$(sysroot "$arch" glibc)" "$@"
}

each_malformed() { # ARCH FUNCTION
    local arch=$1 directory=$BATS_TEST_TMPDIR/$1 name error
    [[ -x $(loader "$arch") ]] || skip "$(loader "$arch") is not built"
    malformed "$arch" "$directory"
    while read -r name error <&4; do
        "$2" "$arch" "$directory/$name" "$error"
    done 4<"$directory/index"
}

refused_or_run() {
    [[ $2 != */34-* ]] || return 0 # has a test of its own
    if [[ $3 == 0 ]]; then
        echo "--- $1, ${2##*/}"
        run -42 launch "$1" glibc "$(loader "$1")" "$2"
    else
        refused "$1" "$2"
    fi
}
all_as_program() { each_malformed "$1" refused_or_run; }
@test "loader: malformed programs are refused by name, odd but legal ones run" { each_arch all_as_program; }

refused_by_list() { [[ $3 == 0 || $2 == */34-* ]] || refused "$1" "$2" --list; }
all_listed() { each_malformed "$1" refused_by_list; }
@test "loader: --list refuses malformed programs by name" { each_arch all_listed; }

over_the_loader() {
    local directory=$BATS_TEST_TMPDIR/$1 address
    [[ -x $(loader "$1") ]] || skip "$(loader "$1") is not built"
    malformed "$1" "$directory"
    address=$(loader_address "$1" "$directory")
    [[ -n $address ]] || fail "the loader was not found in the map of its process"
    malformed "$1" "$directory" "$address"
    run -127 --separate-stderr fixed_addresses "$1" "$(loader "$1")" "$directory/34-over-the-loader"
    echo "$address: $stderr"
    [[ $stderr == *"34-over-the-loader: "*"p_vaddr of program header 1"*", wanted a free address"* ]] || fail "no clear message"
}
@test "loader: a program linked to where the loader is, is refused" { each_arch over_the_loader; }
