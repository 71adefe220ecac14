# For tests that start a loader as a command: the native one of a world and machine, or ours.

# by_loader FIXTURE FUNCTION: calls FUNCTION WHO ARCH WORLD in the fixture's directory once with the native loader
# (WHO is native) and once with ours (explicit); $ld is the loader's path. MODES narrows it as for a fixture.
by_loader() {
    by_loader_function=$2
    [[ " ${MODES-native} " == *" native "* || $MODES == *explicit* ]] || skip "MODES leaves nothing to run"
    fixture_each "$1" by_loader_one
}

# by_ours FIXTURE FUNCTION: with ours alone.
by_ours() {
    [[ " ${MODES-explicit} " == *" explicit "* ]] || skip "MODES leaves nothing to run"
    MODES=explicit by_loader "$@"
}

by_loader_one() { # ARCH WORLD MODE
    case $3 in
    native) ld=$(native_loader "$1" "$2") ;;
    explicit) ld=$(loader "$1") ;;
    interp) return 0 ;;
    esac
    assert_exists "$ld"
    "$by_loader_function" "$3" "$1" "$2"
}

native_loader() { # ARCH WORLD
    local prefix=
    [[ $1 == "$host" ]] || prefix=$(sysroot "$1" "$2")
    case $2,$1 in
    musl,*) echo "$prefix/lib/ld-musl-$1.so.1" ;;
    *,x86_64) echo "$prefix/lib64/ld-linux-x86-64.so.2" ;;
    *,aarch64) echo "$prefix/lib/ld-linux-aarch64.so.1" ;;
    esac
}

# on_host_only WHY: for what an emulator cannot show. Leaves the machine's own architecture in ARCHES.
on_host_only() {
    [[ " $(arches) " == *" $host "* ]] || skip "$1"
    ARCHES=$host
    export ARCHES
}

is_native_musl() { [[ $1 == native && $3 == musl ]]; }
