#!/usr/bin/env bats
# The fuzz targets, of mmapfd and of the loader: clean over its seeds and a fixed number of other inputs, and not blind.
#
# How long it takes is not looked at. `make fuzz` goes on for longer, with AFL++ too.

load lib/common

setup_file() {
    "$root/tests/fuzz/corpus" mmapfd "$BATS_FILE_TMPDIR/seeds"
    "$root/tests/fuzz/corpus" loader "$BATS_FILE_TMPDIR/loader-seeds"
}
setup() { [[ " $(arches) " == *" $host "* ]] || skip "sanitizers run on this machine's own code"; }

# target NAME [FLAG...]: builds it, with flags for its hooks.
target() { "$root/tests/fuzz/build" libfuzzer mmapfd "$BATS_TEST_TMPDIR/$1" "${@:2}"; }

@test "fuzz: seeds, and 20000 inputs made of them, find no broken contract" {
    target target
    cp -r "$BATS_FILE_TMPDIR/seeds" "$BATS_TEST_TMPDIR/corpus" # new ones are added to it
    run "$BATS_TEST_TMPDIR/target" -runs=20000 -seed=1 -timeout=60 -dict="$root/tests/fuzz/mmapfd.dict" \
        -artifact_prefix="$BATS_TEST_TMPDIR/" "$BATS_TEST_TMPDIR/corpus"
    refute_output --partial 'broke its contract'
    refute_output --partial 'runtime error'
    assert_line --regexp '^Done 20000 runs'
    assert_success
}

# notices CALL MESSAGE: with that system call made wrong, the seeds alone are enough.
notices() {
    target "planted-$1" "-DPLANTED_FAULT=$1"
    run "$BATS_TEST_TMPDIR/planted-$1" -runs=0 -artifact_prefix="$BATS_TEST_TMPDIR/" "$BATS_FILE_TMPDIR/seeds"
    assert_line --regexp "^mmapfd broke its contract .*: .*$2"
    assert_failure
}
@test "fuzz: the target notices what is mapped over something else" { notices mmap_anon wants_taken; }
@test "fuzz: the target notices protections that are not set" { notices mprotect rights; }
@test "fuzz: the target notices what stays mapped" { notices munmap 'stays mapped'; }
@test "fuzz: the target notices that the file shrank unseen" { notices fstat is_short; }
@test "fuzz: the target notices bytes that are not the file's" { notices pread is_equal; }

loader_target() { "$root/tests/fuzz/build" libfuzzer loader "$BATS_TEST_TMPDIR/$1" "${@:2}"; }

@test "fuzz: the loader links and refuses 5000 inputs made of its seeds" {
    loader_target target
    cp -r "$BATS_FILE_TMPDIR/loader-seeds" "$BATS_TEST_TMPDIR/corpus"
    run "$BATS_TEST_TMPDIR/target" -runs=5000 -seed=1 -timeout=60 -artifact_prefix="$BATS_TEST_TMPDIR/" "$BATS_TEST_TMPDIR/corpus"
    refute_output --partial 'broke its contract'
    refute_output --partial 'runtime error'
    assert_line --regexp '^Done 5000 runs'
    assert_success
}

# blind CHECK: with that check of a file taken away, the seeds alone break something.
blind() {
    loader_target planted "-DPLANTED_$1"
    run "$BATS_TEST_TMPDIR/planted" -runs=0 -timeout=60 -artifact_prefix="$BATS_TEST_TMPDIR/" "$BATS_FILE_TMPDIR/loader-seeds"
    assert_output --partial 'SUMMARY: AddressSanitizer: SEGV'
    assert_failure
}
@test "fuzz: the loader's target notices a table that is in no segment" { blind object_at; }
@test "fuzz: the loader's target notices names that are outside the string table" { blind object_string; }
