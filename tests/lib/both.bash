# For what a loader says of itself, where both loaders can be asked the same: compared without addresses, the loader's
# own lines and the program's name.

# both FIXTURE FUNCTION [VARIABLE=VALUE]...: FUNCTION (a filter) of what the program prints, standard error too, and
# its status, under the native loader and with ours as its interpreter. For the glibc world.
both() {
    local fixture=$1 arch
    both_filter=$2 both_variables=("${@:3}") both_failed=
    for arch in $(arches); do
        WORLDS=glibc ARCHES=$arch MODES=native fixture_each "$fixture" both_run
        WORLDS=glibc ARCHES=$arch MODES=interp fixture_each "$fixture" both_run
        # What asserts nothing passes always.
        [[ $(wc -l <"$BATS_TEST_TMPDIR/native") -ge 2 ]] || fail "the native loader said nothing"
        diff -u "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/interp" || both_failed=1
    done
    [[ -z $both_failed ]]
}

both_run() { # ARCH WORLD MODE
    local status=0
    under "$@" "${both_variables[@]}" ./main >"$BATS_TEST_TMPDIR/said" 2>&1 || status=$?
    { "$both_filter" <"$BATS_TEST_TMPDIR/said"; echo "status $status"; } |
        sed -e "s|$PWD/|./|g" -e 's|\./main\.ours|./main|g' >"$BATS_TEST_TMPDIR/$3"
}

# A listing as ldd gives it: no addresses, and where the libc's own loader comes from is up to the search.
without_addresses() { sed -e 's/ (0x[0-9a-f]*)$//' -e '/^\t[^\t]*ld-linux/d' -e '/^\t\tld-linux/d'; }
