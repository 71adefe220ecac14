#!/usr/bin/env bats
# The machinery of `make bench`: that it checks before it times, counts right, and reports what it saw. Never how fast.

load lib/common

# What `tests/setup check` installs, unless somebody runs bats alone.
setup() {
    [[ $host == x86_64 ]] || skip "bench is for x86-64 only"
    for name in gnuplot valgrind musl-gcc patchelf; do
        type -P "$name" >/dev/null || skip "$name is not installed"
    done
}

setup_file() {
    [[ $host == x86_64 ]] || return 0
    export work=$BATS_FILE_TMPDIR
    gcc -std=c11 -O1 -Wall -Wextra -Werror -o "$work/run" "$root"/bench/{run,job}.c
    gcc -std=c11 -O1 -Wall -Wextra -Werror -o "$work/count" "$root"/bench/{count,job}.c
    export cpu
    cpu=$(taskset -cp $$ | sed 's/.*[ ,-]//')
}

# job LINE...: a job file of one case.
job() { printf '%s\n' 'case planted' "$@" >"$BATS_TEST_TMPDIR/jobs"; }
time_it() { "$work/run" "$BATS_TEST_TMPDIR/jobs" "${1-2}" "$cpu" 2>/dev/null; }

# field EXPRESSION: of the JSON in $output.
field() { python3 -c "import json, sys; v = json.load(sys.stdin); print($1)" <<<"$output"; }

@test "bench: two rounds of everything that bench-quick measures end in results, table and picture" {
    dir=$BATS_TEST_TMPDIR
    HOME=$dir "$root/bench/jobs" quick >"$dir/jobs"
    for i in 1 2; do "$work/run" "$dir/jobs" 2 "$cpu" >"$dir/times.$i"; done
    "$work/count" "$dir/jobs" --no-instructions >"$dir/counts"
    run "$root/bench/report" "$dir"
    assert_success
    refute_output --partial FAILED
    assert_output --regexp 'libraries-40 +\| again '
    assert_output --regexp 'dirty +\| git +\| glibc '
    output=$(<"$dir/results.json")
    assert_equal "$(field 'len(v["cases"])')" "$(grep -c ^case "$dir/jobs")"
    assert_equal "$(field 'all("again" in c and len(c["again"]["range"]) == 2 for c in v["cases"].values())')" True
    assert_equal "$(field 'v["cases"]["ladder"]["static"]["exit"]["by_kind"]["open"]')" 0
    assert_equal "$(field 'v["machine"]["kernel"]')" "$(uname -r)"
    assert_equal "$(field 'len(v["growth"]) > 0 and len(v["checks"]) > 0')" True
    run -0 head -c 100 "$dir/libraries.svg"
    assert_output --partial '<?xml'
}

@test "bench: each run of a case has a time, a ratio and the control" {
    job 'run native /bin/echo echo same' 'run ours /bin/echo echo same'
    run -0 time_it 4
    assert_equal "$(field '[r["variant"] for r in v["runs"]]')" "['native', 'ours', 'again']"
    assert_equal "$(field 'all(0 < r["min_us"] <= r["median_us"] and r["faults"] > 0 for r in v["runs"])')" True
    assert_equal "$(field 'v["runs"][1]["ours_to_this"]')" 1.0
    assert_equal "$(field v['"rounds"'])" 4
}

@test "bench: a time from inside is what the program wrote" {
    echo 'printf 5000 >&3; echo said' >"$BATS_TEST_TMPDIR/script"
    job inner "run native /bin/sh sh $BATS_TEST_TMPDIR/script" "run ours /bin/sh sh $BATS_TEST_TMPDIR/script"
    run -0 time_it
    assert_equal "$(field 'v["inner"], v["runs"][0]["min_us"], v["runs"][2]["median_us"]')" 'True 5.0 5.0'
}

not_timed() { # WHY
    run -1 time_it
    assert_equal "$(field 'v["failed"]')" "$1"
    refute_output --partial min_us
}

@test "bench: nothing is timed if a variant says something else" {
    job 'run native /bin/echo echo right' 'run ours /bin/echo echo wrong'
    not_timed "ours prints something else than native"
}

@test "bench: nothing is timed if a variant fails, cannot start, or says nothing" {
    job 'run native /bin/sh sh -c false' 'run ours /bin/echo echo x'
    not_timed "native ends with wait status 0x100"
    job 'run native /bin/echo echo x' 'run ours /nowhere/at/all x'
    not_timed "ours ends with wait status 0x7f00"
    job 'run native /bin/true true' 'run ours /bin/true true'
    not_timed "native prints nothing"
}

@test "bench: a wrong pointer in a library makes its program fail" {
    "$root/bench/libraries" "$BATS_TEST_TMPDIR/l" 3 10 6 5
    run -0 "$BATS_TEST_TMPDIR/l/main-ours"
    assert_output $'libraries 3\npointers 12'
    # A function in the way of the one that the first library checks, with another result.
    name=$(nm -D "$BATS_TEST_TMPDIR/l/lib001.so" | sed -n 's/.* T \(.*lib001_function000\)/\1/p')
    echo "int $name(void) { return -5; }" |
        gcc -shared -nostdlib -fPIC -x c -o "$BATS_TEST_TMPDIR/wrong.so" -
    for variant in ours musl glibc; do
        run -1 env LD_PRELOAD="$BATS_TEST_TMPDIR/wrong.so" "$BATS_TEST_TMPDIR/l/main-$variant"
        refute_output
    done
}

@test "bench: what cannot be understood in a job file is refused" {
    job 'run native /bin/echo echo' 'runs ours /bin/echo echo'
    run -2 "$work/run" "$BATS_TEST_TMPDIR/jobs" 2 "$cpu"
    assert_output "bench: cannot understand: runs ours /bin/echo echo"
    job 'run native /bin/echo echo'
    run -2 "$work/run" "$BATS_TEST_TMPDIR/jobs" 2 "$cpu"
    assert_output "bench: planted: no run is called ours"
}

@test "bench: a failed and a skipped case are in the report" {
    dir=$BATS_TEST_TMPDIR
    job 'run native /bin/echo echo right' 'run ours /bin/echo echo wrong'
    echo '# skip large: large is not installed' >>"$dir/jobs"
    "$work/run" "$dir/jobs" 2 "$cpu" >"$dir/times.1" || true
    "$work/count" "$dir/jobs" --no-instructions >"$dir/counts"
    run -0 "$root/bench/report" "$dir"
    assert_line "planted: FAILED, not timed: ours prints something else than native"
    assert_line "large: skipped: large is not installed"
    assert_equal "$(python3 -c 'import json; print(json.load(open("'"$dir"'/results.json"))["cases"])')" '{}'
}
