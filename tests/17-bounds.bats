#!/usr/bin/env bats
# What large files may cost: time and memory in proportion to their size, whatever they make of their tables. Counted in
# instructions, which are the same on every run: with four times as many of something there may be five times as many.
# And the largest there can be are gone through.
#
# tests/malformed/bounds.py writes the files, and says what each case is.

load lib/common
load lib/loaders
load lib/unit

# make_files ARCH CASE COUNT: makes them, and prints the directory.
make_files() {
    local directory=$BATS_FILE_TMPDIR/$1-$2-$3
    [[ -e $directory/main ]] || python3 "$root/tests/malformed/bounds.py" "$1" "$2" "$3" "$directory" >&2
    echo "$directory"
}

# count WANTED COMMAND...: the instructions of a command that must end with that status.
count() {
    local wanted=$1 status=0 log=$BATS_TEST_TMPDIR/callgrind instructions
    shift
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$log" "$@" >"$BATS_TEST_TMPDIR/out" \
        2>"$BATS_TEST_TMPDIR/err" || status=$?
    [[ $status == "$wanted" ]] || fail "$*: status $status, wanted $wanted: $(head -c 500 "$BATS_TEST_TMPDIR/err")"
    instructions=$(sed -n 's/.*Collected : //p' "$log")
    [[ $instructions -gt 10000 ]] || fail "$*: $instructions instructions"
    echo "$instructions"
}

# grows_linearly NAME FEW MANY: two counts, the second for four times as many.
grows_linearly() {
    echo "# $1: $2, $3" >&3
    (($3 <= 5 * $2)) || { echo "$1: $2 instructions, $3 for four times as many"; failed=1; }
}

can_count() {
    [[ $host == x86_64 ]] || skip "counted on x86-64 only"
    on_host_only "valgrind does not run the emulator's programs"
    type -P valgrind >/dev/null || skip "valgrind is not installed"
}

# linear STATUS CASE COUNT [OPTION]
linear() {
    local few many
    few=$(count "$1" "$(loader "$host")" "${@:4}" "$(make_files "$host" "$2" "$3")/main")
    many=$(count "$1" "$(loader "$host")" "${@:4}" "$(make_files "$host" "$2" "$((4 * $3))")/main")
    grows_linearly "$2 ${4-}" "$few" "$many"
}

@test "bounds: needs, filters and chains of libraries" {
    can_count
    failed=
    linear 42 needs_same 2000
    linear 42 needs_links 200
    linear 127 needs_missing 2000
    linear 42 filtees 500
    linear 42 chain 200
    linear 0 chain 200 --list
    linear 42 chain_back 200
    linear 127 chain_broken 200
    linear 42 bindings 200
    linear 42 constructors 2000
    [[ -z $failed ]]
}

@test "bounds: all symbols in one chain, with a reference to each" {
    can_count
    failed=
    linear 42 symbols_gnu 1000
    linear 42 symbols_sysv 1000
    linear 42 symbols_absent 1000
    linear 42 own_symbolic 1000
    linear 42 own_protected 1000
    linear 42 copies 1000
    [[ -z $failed ]]
}

@test "bounds: versions" {
    can_count
    failed=
    linear 42 versions 500
    linear 42 versions_unasked 500
    [[ -z $failed ]]
}

# They are compared name by name, up to a limit in proportion to their number.
@test "bounds: names that have the same hash" {
    can_count
    failed=
    linear 127 symbols_alike 4000
    assert_file_contains "$BATS_TEST_TMPDIR/err" 'too many symbols have the same hash: 0x[0-9a-f]* is that of'
    linear 127 symbols_alike_sysv 4000
    linear 127 versions_one_name 4000
    [[ -z $failed ]]
}

dlopens() { # ARCH WORLD MODE
    local case few many
    failed=
    for case in chain chain_back chain_broken bindings needs_same symbols_gnu own_symbolic; do
        few=$(count 0 "$(loader "$1")" ./main "$(make_files "$1" "$case" 200)/lib$(first_of "$case").so")
        many=$(count 0 "$(loader "$1")" ./main "$(make_files "$1" "$case" 800)/lib$(first_of "$case").so")
        if [[ $case == chain_broken ]]; then
            assert_file_contains "$BATS_TEST_TMPDIR/out" libmissing.so
        else
            assert_equal "$(<"$BATS_TEST_TMPDIR/out")" opened
        fi
        grows_linearly "$2, dlopen, $case" "$few" "$many"
    done
    [[ -z $failed ]]
}
first_of() { case $1 in symbols_* | own_* | needs_same) echo a ;; *) echo 0 ;; esac; }
@test "bounds: dlopen of many, its undoing, and dlclose" {
    can_count
    fixture_each bounds-dlopen dlopens
}

# large STATUS CASE COUNT: gone through in a minute of the processor, and with eight times the files' size.
large() {
    local directory status=0 count=$3 kib
    [[ $arch == "$host" ]] || count=$((count / 20)) # by an emulator
    directory=$(make_files "$arch" "$2" "$count")
    kib=$(du -sk --apparent-size "$directory" | cut -f 1)
    (
        ulimit -t 60
        [[ $arch != "$host" ]] || ulimit -v $((8 * kib + 65536))
        launch "$arch" none "$(loader "$arch")" "$directory/main"
    ) >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
    rm -r "$directory"
    [[ $status == "$1" ]] || fail "$2, $count: status $status, wanted $1: $(head -c 500 "$BATS_TEST_TMPDIR/err")"
}
all_large() {
    arch=$1
    large 42 needs_same 60000
    large 42 needs_links 60000
    large 42 symbols_gnu 1000000
    large 42 symbols_sysv 1000000
    large 42 own_symbolic 1000000
    large 42 versions 32765
    large 42 chain 5000
}
@test "bounds: 60,000 needs, 1,000,000 symbols in one chain, all versions there can be, 5,000 libraries" { each_arch all_large; }
