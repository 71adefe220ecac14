#!/usr/bin/env bats
# Files that are made to hurt the loader: each class of fault, by each way into the loader, is refused with the message it
# deserves before any code of the file has run; what is odd but legal works.
#
# tests/malformed writes them. Classes up to 36 are mmapfd's (10-mmapfd.bats asks it, too), the others the loader's own.

load lib/common
load lib/loaders
load lib/unit

setup_file() {
    local arch
    for arch in $(arches); do
        make_malformed "$arch" "$BATS_FILE_TMPDIR/$arch"
    done
}

# make_malformed ARCH DIR: writes the files of all classes.
make_malformed() {
    malformed "$1" "$2"
    build "$host" build/host/malformed-objects
    "$root/build/host/malformed-objects" "$1" "$2"
    assert_file_not_empty "$2/objects"
    ln -s 62-needs-itself "$2/libself.so"
    # musl asks for no version, and never makes a stack executable.
    sed -E 's/^(55-version-[^ ]*|65-[^ ]*) refused/\1 runs/' "$2/objects" >"$2/objects.musl"
}

all_malformed() { files=$BATS_FILE_TMPDIR/$1; } # ARCH

# objects_of WORLD: the list of what the tables of an object can have wrong.
objects_of() { if [[ $1 == musl ]]; then echo objects.musl; else echo objects; fi; }

has_all_classes() {
    local class
    all_malformed "$1"
    for ((class = 1; class <= 65; class++)); do
        compgen -G "$files/$(printf %02d "$class")-*" >/dev/null || fail "no file has the fault of class $class"
    done
    # And each file is in one of the lists that the tests below go through.
    diff <(cd "$files" && printf '%s\n' [0-9]* | sort) <(cut -d ' ' -f 1 "$files/index" "$files/objects" | sort)
}
@test "hostile: each class of fault has a file, and each file is listed" { each_arch has_all_classes; }

# attempt WANTED TEXT NAME COMMAND...: status 127 and one message with the name and the text, or the status wanted.
attempt() {
    local wanted=$1 text=$2 name=$3 status=0
    shift 3
    (ulimit -t 60; launch "$@") >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$? # it may not hang
    if [[ $status != "$wanted" ]]; then
        echo "$*: status $status, wanted $wanted: $(<"$BATS_TEST_TMPDIR/err")"
    elif [[ $wanted == 127 && $(<"$BATS_TEST_TMPDIR/err") != *"$name"*"$text"* ]]; then
        echo "$*: wanted $text: $(<"$BATS_TEST_TMPDIR/err")"
    elif [[ $wanted == 127 && -s $BATS_TEST_TMPDIR/out ]]; then
        echo "$*: something has run"
    else
        return 0
    fi
    attempt_failed=1
}

# each_file INDEX FUNCTION ARCH WORLD: calls FUNCTION ARCH WORLD NAME KIND TEXT for each line.
each_file() {
    local name kind text
    attempt_failed=
    while read -r name kind text <&4; do
        "$2" "$3" "$4" "$name" "$kind" "$text"
    done 4<"$files/$1"
    [[ -z $attempt_failed ]]
}

as_program() {
    local wanted=127 listed=127
    [[ $4 != runs ]] || wanted=42 listed=0
    attempt "$wanted" "$5" "$3" "$1" glibc "$(loader "$1")" "$files/$3"
    attempt "$listed" "$5" "$3" "$1" glibc "$(loader "$1")" --list "$files/$3"
}
all_as_program() {
    all_malformed "$1"
    each_file objects as_program "$1" none
}
@test "hostile: as programs, started and listed" { each_arch all_as_program; }

# A file that a search passes over, as it is for another machine, is not named: then the library is.
as_need() {
    local wanted=127 name=$3 text=$5
    [[ $4 != runs ]] || wanted=43
    [[ $4 != E* ]] || text='' name=libvictim.so
    [[ $4 != 0 ]] || text='cannot dynamically load position-independent executable'
    [[ $2 != musl ]] || text=
    ln -sfn "$files/$3" "$BATS_TEST_TMPDIR/libvictim.so"
    name=libvictim.so
    argv0=./main attempt "$wanted" "$text" "$name" "$1" "$2" "LD_LIBRARY_PATH=$BATS_TEST_TMPDIR:$files" "$program"
}
all_as_need() { # ARCH WORLD MODE
    all_malformed "$1"
    [[ $3 == interp ]] || return 0 # explicitly, everything but the program itself is mapped in the same way
    program=$PWD/main.ours
    each_file index as_need "$1" "$2"
    each_file "$(objects_of "$2")" as_need "$1" "$2"
}
@test "hostile: as libraries that a program needs" { MODES=interp fixture_each hostile-need all_as_need; }

dlopens_all() { # ARCH WORLD MODE
    local list
    all_malformed "$1"
    for list in index "$(objects_of "$2")"; do
        run --separate-stderr under "$1" "$2" "$3" LD_LIBRARY_PATH="$files" ./main "$files" "$files/$list"
        echo "$stderr"
        assert_line --index -1 "$(wc -l <"$files/$list") files, 0 wrong"
        assert_success
    done
}
@test "hostile: dlopen refuses them, and leaves the process as it was" { fixture_each hostile-dlopen dlopens_all; }

# stopped PID: whether the process has been stopped by a signal.
stopped() { [[ $(awk '{ print $3 }' "/proc/$1/stat") == [tT] ]]; }

# cut_at CALL NUMBER: the loader stops in its n-th such call, the file is cut, and it goes on.
cut_at() {
    local file=$BATS_TEST_TMPDIR/36-cut tracer child='' status=0 i
    cp "$files/36-cut-during-the-call" "$file"
    strace -o "$BATS_TEST_TMPDIR/calls" -e inject="$1":signal=SIGSTOP:when="$2" "$(loader "$host")" "$file" \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    tracer=$!
    for ((i = 0; i < 200; i++)); do
        child=$(pgrep -P "$tracer") && stopped "$child" && grep -q 'stopped by SIGSTOP' "$BATS_TEST_TMPDIR/calls" && break
        sleep 0.05
    done
    truncate -s 100 "$file"
    kill -CONT "$child"
    wait "$tracer" || status=$?
    cat "$BATS_TEST_TMPDIR/err"
    assert_equal "$status" 127
    [[ $(<"$BATS_TEST_TMPDIR/err") == *"$file: error while loading shared libraries: $file: "*[Ff]ile* ]] || fail "no clear message"
}
@test "hostile: a file that is cut while it is mapped is refused, without SIGBUS" {
    on_host_only "strace stops the loader, not the emulator"
    all_malformed "$host"
    cut_at pread64 2 # when its headers are read
    cut_at mmap 1    # when there is room
    cut_at mmap 2    # when its code is mapped
}
