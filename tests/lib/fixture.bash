# Runs test programs natively and under the loader. tests/fixtures/README.md is the description. Loaded by common.bash,
# which sets root and host.

# sysroot ARCH WORLD: where an emulated program finds its libc.
sysroot() {
    if [[ $2 == musl ]]; then echo "$root/build/$1/musl-root"; else echo "/usr/$1-linux-gnu"; fi
}

# launch ARCH WORLD [VAR=VALUE]... COMMAND...: runs a command of that machine, emulated where it is not ours, with
# the variables set for the command alone: an LD_PRELOAD is none of the emulator's business. $argv0 sets argv[0].
launch() (
    arch=$1 world=$2
    qemu=("qemu-$arch" -L "$(sysroot "$arch" "$world")")
    shift 2
    while [[ $1 == [A-Za-z_]*([A-Za-z0-9_])=* ]]; do
        if [[ $arch == "$host" ]]; then
            export "${1?}"
        elif [[ $1 == *,* ]]; then
            echo "launch: qemu takes the comma in $1 for the variable's end" >&2
            exit 125
        else
            qemu+=(-E "$1")
        fi
        shift
    done
    [[ $arch != "$host" ]] || exec -a "${argv0-$1}" "$@"
    exec "${qemu[@]}" -0 "${argv0-$1}" "$@"
)

# under ARCH WORLD MODE [VAR=VALUE]... PROGRAM [ARGUMENTS]: runs a fixture's program by its native interpreter
# (native), as an argument of the loader (explicit) or with the loader as its interpreter (interp).
under() {
    local arch=$1 world=$2 mode=$3 variables=()
    shift 3
    while [[ $1 == [A-Za-z_]*([A-Za-z0-9_])=* ]]; do
        variables+=("$1")
        shift
    done
    [[ $mode == native || -x $(loader "$arch") ]] || { echo "$(loader "$arch") is missing" >&2; return 125; }
    case $mode in
    native) launch "$arch" "$world" "${variables[@]}" "$@" ;;
    explicit) launch "$arch" "$world" "${variables[@]}" "$(loader "$arch")" "$@" ;;
    interp) argv0=$1 launch "$arch" "$world" "${variables[@]}" "$1.ours" "${@:2}" ;;
    *) echo "no such mode: $mode" >&2; return 125 ;;
    esac
}

# fixture_build NAME: builds it for the worlds and machines asked for. fixture_dir NAME ARCH WORLD: where that is.
fixture_build() { "$root/tests/fixture" "$1"; }
fixture_dir() { echo "$root/build/$2/fixtures/$3/$1"; }

# fixture_each NAME FUNCTION: builds it, then calls FUNCTION ARCH WORLD MODE in the directory of each combination;
# the assertions in FUNCTION do the testing, and what they print is under a line that names the combination.
fixture_each() {
    local name=$1 function=$2 pairs arch world mode modes
    fixture_build "$name"
    pairs=$("$root/tests/fixture" --settings "$name")
    [[ -n $pairs ]] || skip "ARCHES or WORLDS leaves nothing of $name to run"
    modes=$(fixture_modes "$name")
    [[ -n $modes ]] || skip "MODES leaves nothing of $name to run"
    while read -r arch world <&4; do
        for mode in $modes; do
            echo "--- $name: $world, $arch, $mode"
            cd "$(fixture_dir "$name" "$arch" "$world")" || return
            "$function" "$arch" "$world" "$mode"
        done
    done 4<<<"$pairs"
}

# fixture_modes NAME: the modes of $MODES that the fixture has.
fixture_modes() (
    modes=
    fixture_conf "$1"
    for mode in ${modes:-native explicit interp}; do
        [[ " ${MODES-$mode} " != *" $mode "* ]] || printf '%s ' "$mode"
    done
)

# fixture_setting NAME VARIABLE: what fixture.conf says of it.
fixture_setting() (
    unset "$2"
    fixture_conf "$1"
    echo "${!2-}"
)

# Reads fixture.conf; the caller is a subshell, for it may set anything.
fixture_conf() {
    # shellcheck disable=SC2034 # for fixture.conf
    fixture_dir=$root/tests/fixtures/$1
    # shellcheck source=/dev/null
    [[ ! -f $fixture_dir/fixture.conf ]] || source "$fixture_dir/fixture.conf"
}

# fixture NAME: runs the program in every world, on every machine, in every mode; each time its output and status
# must be what `expect` says, or with expect=native what the native run said. Goes on after a failure, so that one run
# shows them all.
fixture() {
    fixture_failed=
    fixture_each "$1" fixture_check
    [[ -z $fixture_failed ]]
}

fixture_check() { # ARCH WORLD MODE
    local name=${PWD##*/} expect
    expect=$root/tests/fixtures/$name/expect
    [[ ! -f $expect.$2 ]] || expect+=.$2
    fixture_run "$name" "$@" >"$BATS_TEST_TMPDIR/actual" 2>"$BATS_TEST_TMPDIR/stderr"
    if [[ $(fixture_setting "$name" expect) == native ]]; then
        expect=$BATS_TEST_TMPDIR/native-$1-$2
        [[ $3 != native ]] || cp "$BATS_TEST_TMPDIR/actual" "$expect"
        [[ -f $expect && $(tail -n 1 "$expect") == "exit 0" ]] || { echo "no native run to compare with"; fixture_failed=1; }
    fi
    if ! diff -u --label "$expect" --label "actual" "$expect" "$BATS_TEST_TMPDIR/actual"; then
        cat "$BATS_TEST_TMPDIR/stderr"
        fixture_failed=1
    fi
}

# Prints what the program prints, then its status, in the form of `expect`.
fixture_run() (
    name=$1 arch=$2 world=$3 mode=$4 status=0
    fixture_conf "$name"
    [[ ${stderr-} != merge ]] || exec 2>&1
    read -ra variables <<<"${run_env-}"
    read -ra arguments <<<"${run_args-}"
    under "$arch" "$world" "$mode" "${variables[@]}" ./main "${arguments[@]}" || status=$?
    echo "exit $status"
)
