# For tests that run the programs of tests/unit, which print "ok - sentence" or "not ok - sentence" for each thing they
# check. Loaded after common.bash.
# shellcheck disable=SC2154

# build ARCH TARGET: one at a time, since tests that run at once want the same.
build() {
    mkdir -p "$root/build"
    flock "$root/build/unit.lock" make -s --no-print-directory -C "$root" ARCH="$1" "$2"
}

# unit ARCH NAME [ARGUMENTS]: builds and runs a unit test of that machine, linked with either libc.
unit() {
    local world
    for world in glibc musl; do
        unit_in "$world" "$@"
    done
}

unit_in() { # WORLD ARCH NAME [ARGUMENTS]
    local world=$1 arch=$2 name=$3 environment=() program
    shift 3
    program=build/$arch/unit-$world/$name
    build "$arch" "$program"
    [[ $arch == "$host" ]] || environment=(EMULATED=1)
    echo "--- $arch, $world"
    run launch "$arch" "$world" "${environment[@]}" "$root/$program" "$@"
    grep -E '^skip - ' <<<"$output" | sed "s/^/# $arch, $world: /" >&3 || true
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
