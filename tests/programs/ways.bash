# Runs programs that nobody wrote for us, three ways, and compares all that they say. Loaded by 9*-*.bats after
# lib/common.
#
# A test defines `scenario`, a function that prints something and names every program it wants under the loader with
# `prog`; then it calls `same`, which runs the scenario once a way, each time in an empty directory of the same path:
#   native    the program by its own interpreter; must end with status 0
#   explicit  ld.so PROGRAM
#   interp    a copy of PROGRAM whose interpreter path patchelf has set to ld.so
# Output, standard error and every program's status must be those of the native run. argv[0] is the program's own path
# all three ways: that is where python or gcc begin to look for their own files.

programs=$root/tests/programs

# need NAME...: skips the test where a program is missing.
need() {
    local name
    for name; do
        PATH=/usr/bin:/bin:/usr/sbin:/sbin type -P "$name" >/dev/null || skip "$name is not installed"
    done
}

# copy_of FILE: the path of its copy for the loader, made where missing or older. A program that we built finds its
# libraries beside itself, and so must its copy.
copy_of() {
    local copy=$root/build/$arch/programs/copies$1
    [[ $1 != "$root"/build/* ]] || copy=$1.ours
    mkdir -p "${copy%/*}"
    (
        flock 9
        [[ $copy -nt $1 ]] || {
            cp --preserve=mode "$1" "$copy.tmp"
            patchelf --set-interpreter "$(loader "$arch")" "$copy.tmp"
            mv "$copy.tmp" "$copy"
        }
    ) 9>"$copy.lock"
    echo "$copy"
}

# prog PROGRAM [ARGUMENTS]: runs it in the scenario's way and notes its status.
prog() {
    local path status=0
    path=$(type -P "$1") || { echo "$1: no such program" >&2; return 125; }
    case $way in
    native) launch "$arch" "$world" "$path" "${@:2}" || status=$? ;;
    explicit) launch "$arch" "$world" "$(loader "$arch")" "$path" "${@:2}" || status=$? ;;
    interp) argv0=$path launch "$arch" "$world" "$(copy_of "$path")" "${@:2}" || status=$? ;;
    esac
    echo "$path $status" >>"$statuses"
    return "$status"
}

# Runs the scenario in the way $way; in a subshell, with nothing of the caller's environment.
play() (
    out=$BATS_TEST_TMPDIR/$way status=0
    work=$BATS_TEST_TMPDIR/work
    rm -rf "$work"
    mkdir "$work"
    cd "$work" || exit
    for variable in $(compgen -e); do
        unset "$variable"
    done
    export PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C TZ=UTC HOME=$work TMPDIR=$work
    export root host programs built arch world way out statuses=$out.programs
    export -f scenario prog copy_of launch sysroot loader
    timeout --kill-after=5 240 bash -c 'set -eu -o pipefail; scenario' >"$out.out" 2>"$out.err" </dev/null || status=$?
    echo "scenario $status" >>"$statuses"
    sort -o "$statuses" "$statuses"
    [[ $way != native ]] || return "$status"
)

# wanted ARCH WORLD: skips the test where ARCHES or WORLDS leaves it out.
wanted() {
    [[ " $(arches) " == *" $1 "* ]] || skip "ARCHES leaves out $1"
    [[ " ${WORLDS-glibc musl} " == *" $2 "* ]] || skip "WORLDS leaves out $2"
}

# same [ARCH WORLD]: the test proper. Tells of all the ways that differ, not the first alone.
same() {
    local arch=${1-$host} world=${2-glibc} way failed='' part
    wanted "$arch" "$world"
    way=native
    play || { echo "natively:"; cat "$BATS_TEST_TMPDIR"/native.*; return 1; }
    [[ -s $BATS_TEST_TMPDIR/native.out ]] || { echo "the scenario prints nothing"; return 1; }
    for way in ${ways-explicit interp}; do
        [[ " ${MODES-$way} " == *" $way "* ]] || continue
        play
        for part in programs err out; do
            diff -u --label "native $part" --label "$way $part" "$BATS_TEST_TMPDIR"/{native,"$way"}."$part" || failed=1
        done
    done
    [[ -z $failed ]]
}

# build NAME [ARCH WORLD]: the directory of a program that tests/programs/Makefile builds.
build() {
    local arch=${2-$host} world=${3-glibc}
    mkdir -p "$root/build/$arch/programs"
    (
        flock 9
        env -u MAKEFLAGS -u MAKELEVEL make -s -C "$root" -f tests/programs/Makefile "ARCH=$arch" "WORLD=$world" "$1"
    ) 9>"$root/build/$arch/programs/$world.lock" || return
    built=$root/build/$arch/programs/$world/$1
}
