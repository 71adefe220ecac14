# For programs that fail: what the native loader says comes first, our explanation may follow.

# fixture_begins NAME: like fixture, but standard error is part of the output, with paths in this directory as ./FILE
# and the program as ./main in every mode; and after the lines of `expect` more may come before the status.
fixture_begins() {
    fixture_failed=
    fixture_each "$1" fixture_check_beginning
    [[ -z $fixture_failed ]]
}

fixture_check_beginning() { # ARCH WORLD MODE
    local name=${PWD##*/} expect lines
    expect=$root/tests/fixtures/$name/expect
    [[ ! -f $expect.$2 ]] || expect+=.$2
    fixture_run "$name" "$@" 2>&1 | sed -e "s|$PWD/|./|g" -e 's|\(\./\)\+|./|g' \
        -e 's|\./main\.ours|./main|g' >"$BATS_TEST_TMPDIR/all"
    lines=$(($(wc -l <"$expect") - 1))
    { head -n "$lines" "$BATS_TEST_TMPDIR/all"; tail -n 1 "$BATS_TEST_TMPDIR/all"; } >"$BATS_TEST_TMPDIR/actual"
    if ! diff -u --label "$expect" --label actual "$expect" "$BATS_TEST_TMPDIR/actual"; then
        cat "$BATS_TEST_TMPDIR/all"
        fixture_failed=1
    fi
}
