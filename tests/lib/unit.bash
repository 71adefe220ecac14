# For tests that run the programs of tests/unit, which print "ok - sentence" or "not ok - sentence" for each thing they
# check. Loaded by 10-mmapfd.bats and 12-mmapfd-properties.bats after common.bash.
# shellcheck disable=SC2154

# build ARCH TARGET: one at a time, since tests that run at once want the same.
build() {
    mkdir -p "$root/build"
    flock "$root/build/unit.lock" make -s --no-print-directory -C "$root" ARCH="$1" "$2"
}

# unit ARCH NAME [ARGUMENTS]: builds and runs a unit test of that machine.
unit() {
    local arch=$1 name=$2 environment=()
    shift 2
    build "$arch" "build/$arch/unit/$name"
    [[ $arch == "$host" ]] || environment=(EMULATED=1)
    run launch "$arch" glibc "${environment[@]}" "$root/build/$arch/unit/$name" "$@"
    grep -E '^skip - ' <<<"$output" | sed "s/^/# $arch: /" >&3 || true
    refute_line --regexp '^not ok - '
    assert_line --regexp '^(ok|skip) - '
    assert_success
}

# figures: shows what the last unit test has counted.
figures() { grep '^# ' <<<"$output" >&3 || true; }

# malformed ARCH DIRECTORY [ADDRESS]: fills the directory with malformed files.
malformed() {
    build "$host" build/host/malformed-generate
    mkdir -p "$2"
    "$root/build/host/malformed-generate" "$@"
    assert_file_not_empty "$2/index"
}

each_arch() {
    local arch
    for arch in $(arches); do
        echo "--- $arch"
        "$1" "$arch" "${@:2}"
    done
}
