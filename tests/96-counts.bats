#!/usr/bin/env bats
# What a start costs in counts, which are the same on every run: system calls, pages, files asked for, instructions.
# bench/bounds holds them; a test of time would tell of the machine's mood.

load lib/common

# Why nothing can be counted here, if so.
obstacle() {
    [[ $host == x86_64 ]] || echo "bench/count knows x86-64 only"
    type -P valgrind >/dev/null || echo "valgrind is not installed"
}

setup() { [[ -z $(obstacle) ]] || skip "$(obstacle)"; }

setup_file() {
    [[ -z $(obstacle) ]] || return 0
    export work=$BATS_FILE_TMPDIR
    gcc -std=c11 -O1 -Wall -Wextra -Werror -o "$work/count" "$root"/bench/{count,job}.c
    HOME=$work "$root/bench/jobs" quick libraries-1 libraries-10 libraries-40 >"$work/jobs"
    "$work/count" "$work/jobs" >"$work/counts"
}

@test "counts: within bench/bounds" {
    run "$root/bench/report" --bounds "$root/bench/bounds" "$work"
    assert_success
    # None of them was left out.
    assert_equal "$(grep -c ' met ' <<<"$output")" "$(grep -c '^[a-z]' "$root/bench/bounds")"
}

@test "counts: a bound that is missed is seen" {
    echo 'calls-each libraries - 1' >"$BATS_TEST_TMPDIR/bounds"
    run -1 "$root/bench/report" --bounds "$BATS_TEST_TMPDIR/bounds" "$work"
    assert_output --partial MISSED
}

# All but what is resident, which is up to the page cache.
@test "counts: the same on every run" {
    "$work/count" "$work/jobs" --no-instructions >"$BATS_TEST_TMPDIR/again"
    for file in "$work/counts" "$BATS_TEST_TMPDIR/again"; do
        sed -E 's/"peak_kib": [0-9]+, //g; s/, "instructions".*/}/' "$file" >"$file.same"
    done
    diff "$work/counts.same" "$BATS_TEST_TMPDIR/again.same"
}

# Two system calls that we know, seen by another program.
@test "counts: agree with strace" {
    program=$root/build/bench/libraries/libraries-10/main-ours
    strace -qq -o "$BATS_TEST_TMPDIR/calls" "$program"
    for kind in map:mmap protect:mprotect; do
        counted=$(sed -nE "/libraries-10.*\"ours\"/s/.*\"exit\".*\"${kind%:*}\": ([0-9]+).*/\1/p" "$work/counts")
        assert_equal "$counted" "$(grep -c "^${kind#*:}(" "$BATS_TEST_TMPDIR/calls")"
    done
}
