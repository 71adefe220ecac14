#!/usr/bin/env bats
# Privileged starts (AT_SECURE): set-user-ID and set-group-ID programs, and programs with file capabilities, started by
# a user who plants libraries and chooses environment, directory, arguments and limits. Nothing of his may be loaded or
# written, and what the program sees is what it sees under its own loader.

load lib/common
load lib/loaders

setup_file() {
    [[ $EUID == 0 ]] || skip "only root can make such programs"
    "$root/tests/fixture" privileged
    export machines
    machines=$(arches)
    on_host_only "without the machine's own architecture only the emulated one is left"
    command -v setpriv >/dev/null || skip "setpriv is missing"
    # Bats' own directories are closed to others.
    export place
    place=$(mktemp -d "${TMPDIR:-/tmp}/privileged.XXXXXX")
    [[ $(findmnt -n -o OPTIONS -T "$place") != *nosuid* ]] || skip "$place gives no privileges (nosuid)"
    local world
    for world in ${WORLDS-glibc musl}; do prepare "$world"; done
    chmod -R go+rX "$place"
}

teardown_file() { [[ -z ${place-} ]] || rm -rf "$place"; }

# prepare WORLD [ARCH]: in $place/WORLD the programs native and interp, their library in lib, and planted what the caller has.
prepare() {
    local dir=$place/$1${2-} from name
    from=$(fixture_dir privileged "${2-$host}" "$1")
    mkdir -p "$dir/lib" "$dir/planted"
    cp "$(loader "${2-$host}")" "$dir/ld.so"
    cp "$from/main" "$dir/native"
    cp "$from/main.ours" "$dir/interp"
    cp "$from/liba.so" "$dir/lib"
    cp "$from/libplain.so" "$dir"
    patchelf --set-rpath "$dir/lib" "$dir/native"
    patchelf --set-rpath "$dir/lib" --set-interpreter "$dir/ld.so" "$dir/interp"
    chmod 4755 "$dir/native" "$dir/interp"
    for name in liba.so libopened.so libhostile.so libm.so.6 libc.so.6 libc.so gconv-modules x86_64 ld-musl-x86_64.so.1; do
        cp "$from/libhostile.so" "$dir/planted/$name"
    done
    ln -s ../native ../interp "$dir/planted"
    mkdir "$dir/open"
    chmod 1777 "$dir/open"
}

worlds() { echo "${WORLDS-glibc musl}"; }

# Runs as another user, with an environment of the words before the program.
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env -i "$@"; }

# observe FILE COMMAND...: what it prints, says and returns.
observe() {
    local status=0
    "${@:2}" >"$1" 2>&1 || status=$?
    echo "status $status" >>"$1"
    sed -i -e 's|\./native|./program|g; s|\./interp|./program|g' "$1"
}

# both_say WORD...: the environment, then ./WAY with the words behind --. Leaves native and interp in $BATS_TEST_TMPDIR.
both_say() {
    local way
    for way in native interp; do
        observe "$BATS_TEST_TMPDIR/$way" as_nobody "$@" "./$way"
        [[ $(<"$BATS_TEST_TMPDIR/$way") != *hostile\ code* ]] || fail "$way, $*: $(<"$BATS_TEST_TMPDIR/$way")"
    done
}

is_sound() { # FILE
    grep -qx 'secure 1' "$1" && grep -qx 'a 1, preloaded 0, opened 0' "$1" && grep -qx 'status 0' "$1"
}

# The names that some loader or libc takes code, files or orders from. Those in the second list glibc 2.36 leaves in the
# environment of a privileged program, where ours removes them: the manual says so.
removed="LD_AUDIT LD_DEBUG LD_DEBUG_OUTPUT LD_DYNAMIC_WEAK LD_HWCAP_MASK LD_LIBRARY_PATH LD_ORIGIN_PATH LD_PRELOAD LD_PROFILE
    LD_SHOW_AUXV GCONV_PATH GETCONF_DIR HOSTALIASES LOCALDOMAIN LOCPATH MALLOC_TRACE MALLOC_CHECK_ NIS_PATH NLSPATH
    RESOLV_HOST_CONF RES_OPTIONS TMPDIR TZDIR"
ours="LD_BIND_NOW LD_BIND_NOT LD_WARN LD_VERBOSE LD_EXPLAIN LD_MMAPFD_ALLOW LD_PROFILE_OUTPUT LD_USE_LOAD_BIAS LD_ANYTHING
    LD_PREFER_MAP_32BIT_EXEC MALLOC_TOP_PAD_ MALLOC_PERTURB_ MALLOC_MMAP_MAX_ MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_
    MALLOC_ARENA_MAX MALLOC_ARENA_TEST GLIBC_TUNABLES"

# values NAME DIR: a library by path, its directory, something to write to, a word; what both loaders understand.
values() {
    case $1 in
    LD_DEBUG) echo "all libs,files statistics" ;; # glibc warns of others
    LD_PRELOAD | LD_AUDIT) echo "$2/planted/libhostile.so ./libhostile.so $2/open/written" ;; # names: see below
    *) echo "$2/planted/libhostile.so $2/planted $2/open/written 1" ;;
    esac
}

each_variable() { # WORLD
    local dir=$place/$1 name value
    cd "$dir/planted" # the caller's directory, too
    for name in $removed $ours; do
        for value in $(values "$name" "$dir"); do
            both_say BEFORE=1 "$name=$value" AFTER=2
            is_sound "$BATS_TEST_TMPDIR/interp" || fail "$name=$value: $(<"$BATS_TEST_TMPDIR/interp")"
            [[ $1 == musl ]] || run -1 grep "environment $name=" "$BATS_TEST_TMPDIR/interp"
            [[ $1 == musl ]] || grep -qx 'environment BEFORE=1' "$BATS_TEST_TMPDIR/interp"
            # What natively stays is not compared.
            diff <(grep -v "^environment $name=" "$BATS_TEST_TMPDIR/native") \
                <(grep -v "^environment $name=" "$BATS_TEST_TMPDIR/interp") || fail "$1: $name=$value"
            [[ " $removed " != *" $name "* || $1 == musl ]] || run -1 grep "environment $name=" "$BATS_TEST_TMPDIR/native"
        done
    done
    assert_equal "$(ls "$dir/open")" ""
}
@test "privileged: no variable loads or writes anything, or is inherited" {
    local world
    for world in $(worlds); do each_variable "$world"; done
}

all_variables() { # DIR: every name with its first value, each twice
    local name value
    for name in $removed $ours; do
        read -r value _ <<<"$(values "$name" "$1")"
        printf '%s\n' "$name=$value"
    done
}

# Every occurrence goes, however many and however long. (A single string may have 128 KiB in Linux.)
many_and_long() { # WORLD
    local dir=$place/$1 long
    cd "$dir/planted"
    long=$(printf "$dir/planted:%.0s" {1..2000})
    run -0 python3 - "$dir" "${long:0:100000}" <<'EOF'
import ctypes, os, sys
place, long = sys.argv[1:]
def nobody():
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
def start(environment):
    reader, writer = os.pipe()
    if os.fork() == 0:
        nobody(); os.dup2(writer, 1)
        argv, envp = [b"./interp"], environment
        array = lambda items: (ctypes.c_char_p * (len(items) + 1))(*items, None)
        ctypes.CDLL(None).execve(place.encode() + b"/interp", array(argv), array(envp))
        os._exit(98)
    os.close(writer)
    said = os.fdopen(reader, "rb").read()
    assert os.wait()[1] == 0, said
    assert b"a 1, preloaded 0, opened 0\n" in said and b"hostile" not in said, said
    return said
hostile = [b"LD_PRELOAD=./libhostile.so", b"LD_LIBRARY_PATH=" + long.encode(), b"LD_AUDIT=./libhostile.so", b"LD_=", b"LD_PRELOAD"]
for count in range(20):
    said = start([b"FIRST=1"] + hostile * count + [b"LAST=2"])
    assert b"FIRST=1\n" in said and b"LAST=2\n" in said and b"environment LD_" not in said, said
start([])
start([b"", b"=", b"LD_PRELOAD=./libhostile.so", b"LD_PRELOAD=./libhostile.so"])
start(hostile)
EOF
}
@test "privileged: duplicates, 2 MiB of them, odd strings, an empty environment" {
    local world
    for world in $(worlds); do many_and_long "$world"; done
}

# What the kernel is asked to open, by strace, which keeps the program's privileges when it changes the user itself.
opens_nothing() { # WORLD
    local dir=$place/$1 variables=()
    cd "$dir/planted"
    mapfile -t variables < <(all_variables "$dir")
    strace -f -u nobody -e trace=file,open_by_handle_at -o "$BATS_TEST_TMPDIR/trace" env -i "${variables[@]}" ./interp \
        >"$BATS_TEST_TMPDIR/interp" 2>&1 || fail "$(<"$BATS_TEST_TMPDIR/interp")"
    grep -q '^users differ 1' "$BATS_TEST_TMPDIR/interp" || skip "strace takes the privileges away here"
    sed -n '/execve("\.\/interp"/,$p' "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/calls"
    grep -q 'lib/liba\.so' "$BATS_TEST_TMPDIR/calls" # it did see what is opened
    run -1 grep -E 'O_WRONLY|O_RDWR|O_CREAT|planted|/open/|"\.|"lib[^"/]*"' <(sed 1d "$BATS_TEST_TMPDIR/calls")
}
@test "privileged: no file of the caller's is opened, none for writing" {
    command -v strace >/dev/null || skip "strace is missing"
    local world
    for world in $(worlds); do opens_nothing "$world"; done
}

# with_privilege WORLD GRANT: copies of the programs, to which the command GRANT FILE gives a privilege, run as nobody. What
# ours says is in interp.
with_privilege() {
    local dir=$place/$1 way variables=()
    cd "$dir/planted"
    mapfile -t variables < <(all_variables "$dir")
    for way in native interp; do
        rm -f "$dir/$way.granted"
        cp "$dir/$way" "$dir/$way.granted"
        "$2" "$dir/$way.granted"
        as_nobody "${variables[@]}" "$dir/$way.granted" 2>&1 | grep -v ^environment >"$BATS_TEST_TMPDIR/$way"
    done
    diff "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/interp"
    grep -qx 'a 1, preloaded 0, opened 0' "$BATS_TEST_TMPDIR/interp"
}

set_group() {
    chgrp 1 "$1"
    chmod 2755 "$1"
}
by_group() { # WORLD
    with_privilege "$1" set_group
    grep -qx 'users differ 0, groups differ 1' "$BATS_TEST_TMPDIR/interp"
}
@test "privileged: set-group-ID" {
    local world
    for world in $(worlds); do by_group "$world"; done
}

set_capability() {
    chmod 755 "$1"
    setcap cap_net_raw+ep "$1" || skip "no file capabilities here"
}
by_capability() { # WORLD
    with_privilege "$1" set_capability
    grep -qx 'secure 1' "$BATS_TEST_TMPDIR/interp"
    grep -qx 'users differ 0, groups differ 0' "$BATS_TEST_TMPDIR/interp"
}
@test "privileged: file capabilities" {
    command -v setcap >/dev/null || skip "setcap is missing"
    local world
    for world in $(worlds); do by_capability "$world"; done
}

# Run paths. with_path WORLD PATH [DIRECTORY]: the programs with another one, there.
with_path() {
    local way
    for way in native interp; do
        cp "$place/$1/$way" "${3-.}/$way"
        patchelf --set-rpath "$2" "${3-.}/$way"
        chmod 4755 "${3-.}/$way"
    done
}

finds_nothing() { # the programs here do not start
    local way
    for way in "$@"; do
        run -127 as_nobody "./$way"
        assert_output --regexp 'liba\.so: (cannot open shared object file: )?No such file'
        refute_output --partial "hostile code"
    done
}

not_by_origin() { # WORLD
    mkdir -p "$place/origin-$1"
    cd "$place/origin-$1"
    cp "$place/$1/planted/libhostile.so" liba.so
    # shellcheck disable=SC2016 # tokens
    for path in '$ORIGIN' '${ORIGIN}' '/usr/$LIB/../../$ORIGIN' '$ORIGIN/../'"origin-$1" "/usr/lib/..\$ORIGIN"; do
        with_path "$1" "$path"
        finds_nothing native interp
    done
    # glibc and musl follow these, wherever the caller has gone: ours does not.
    for path in . '' "../origin-$1" ":" "/nowhere:"; do
        with_path "$1" "$path"
        finds_nothing interp
    done
}
@test "privileged: run paths by the place of the program, relative ones, empty ones" {
    local world
    for world in $(worlds); do not_by_origin "$world"; done
}

@test "privileged: no library by a relative DT_NEEDED" {
    local world
    for world in $(worlds); do
        mkdir -p "$place/needed-$world"
        cd "$place/needed-$world"
        cp "$place/$world/planted/libhostile.so" liba.so
        cp "$place/$world/interp" interp
        patchelf --replace-needed liba.so ./liba.so interp
        chmod 4755 interp
        run -127 as_nobody ./interp
        assert_output --partial "./liba.so"
        refute_output --partial "hostile code"
    done
}

# With libraries where only root puts them: over the system's directory lies another one, for this test alone.
as_system() { # FUNCTION
    unshare -m bash -c 'mount -t overlay -o "lowerdir=$0/added:/usr/lib" overlay /usr/lib' "$place" 2>/dev/null ||
        skip "no overlays here"
    export wanted
    export -f "${1?}" fail with_path as_nobody observe
    # shellcheck disable=SC2016 # the inner shell's
    run -0 unshare -m bash -euo pipefail -c 'mount -t overlay -o "lowerdir=$0/added:/usr/lib" overlay /usr/lib; "$1"' "$place" "$1"
}

by_trusted_origin() {
    local said
    cd /usr/lib/privileged
    for way in native interp; do
        observe "$place/$way" as_nobody "./$way"
        grep -q "${wanted?}" "$place/$way"
    done
    diff "$place/native" <(grep -v '^  ' "$place/interp")
}
@test "privileged: a program among the system's own directories may look beside itself (glibc)" {
    [[ " $(worlds) " == *" glibc "* ]] || skip "WORLDS leaves nothing to run"
    mkdir -p "$place/added/privileged/lib"
    cp "$place/glibc/lib/liba.so" "$place/added/privileged/lib"
    # shellcheck disable=SC2016 # tokens
    for path in '$ORIGIN/lib' '${ORIGIN}/../privileged/./lib'; do
        with_path glibc "$path" "$place/added/privileged"
        wanted="a 1, preloaded 0" as_system by_trusted_origin
    done
    # shellcheck disable=SC2016
    for path in '/$ORIGIN/lib' '$ORIGIN$ORIGIN/lib' '$ORIGIN/../../../'"$place/added/privileged/lib"; do
        with_path glibc "$path" "$place/added/privileged"
        wanted="liba.so: cannot open" as_system by_trusted_origin
    done
}

preloads_trusted() {
    local way list
    local -A preloaded=([libplain.so]=1 [libmarked.so]=1 [libunmarked.so]=0 [/usr/lib/x86_64-linux-gnu/libplain.so]=0
        [nothing.so]=0 [libcached.so]=0 [libunmarked.so:libplain.so]=1)
    cd "$place/glibc"
    ldconfig -C "$place/cache" "$place/cached"
    grep -q libcached <(ldconfig -C "$place/cache" -p)
    mount --bind "$place/cache" /etc/ld.so.cache
    for list in "${!preloaded[@]}"; do
        for way in native interp; do
            observe "$place/$way" as_nobody "LD_PRELOAD=$list" "./$way"
        done
        diff "$place/native" "$place/interp"
        grep -qx "a 1, preloaded ${preloaded[$list]}, opened 0" "$place/interp" || { cat "$place/interp"; return 1; }
    done
}
@test "privileged: LD_PRELOAD names set-user-ID libraries of the system (glibc)" {
    [[ " $(worlds) " == *" glibc "* ]] || skip "WORLDS leaves nothing to run"
    [[ $host == x86_64 ]] || skip "the directory is named for x86-64"
    local name dir=$place/added/x86_64-linux-gnu
    mkdir -p "$dir"
    for name in libplain libmarked libunmarked; do cp "$place/glibc/libplain.so" "$dir/$name.so"; done
    mkdir -p "$place/cached" # where the cache finds it, and only that
    cp "$place/glibc/libplain.so" "$place/cached/libcached.so"
    patchelf --set-soname libcached.so "$place/cached/libcached.so"
    chmod 4644 "$dir/libplain.so" "$dir/libmarked.so" "$place/cached/libcached.so"
    as_system preloads_trusted
}

# As a command it runs whatever it is told, so it gives nobody privileges.
@test "privileged: ld.so runs a set-user-ID program without its privileges, and nothing with its own" {
    local world
    for world in $(worlds); do
        cd "$place/$world"
        run -0 as_nobody ./ld.so ./interp
        assert_line "secure 0"
        assert_line "users differ 0, groups differ 0"
        cp ld.so ld.so.set
        chmod 4755 ld.so.set
        for option in "" --list --help --list-diagnostics "--library-path=$PWD/planted" "--trace=$PWD/open/trace"; do
            # shellcheck disable=SC2086 # no word if there is none
            run -127 as_nobody ./ld.so.set $option ./interp
            assert_output "./ld.so.set: runs no program: its own file or its caller gave it privileges (AT_SECURE)"
        done
        assert_equal "$(ls open)" ""
    done
}

# Too little of something: it starts as it should, or not at all.
closes_in_want() { # WORLD
    local dir=$place/$1 limit value status said started=0
    cd "$dir/planted"
    for limit in as stack nofile data; do
        for value in 0 1 3 5 4096 65536 1000000 2000000 3000000 4000000 6000000 8000000 12000000; do
            status=0
            said=$(setpriv --reuid=65534 --regid=65534 --clear-groups prlimit "--$limit=$value" \
                env -i LD_PRELOAD=./libhostile.so "LD_LIBRARY_PATH=$dir/planted" LD_AUDIT=./libhostile.so "$dir/interp" 2>&1) || status=$?
            [[ $said != *hostile* ]] || fail "$limit=$value: $said"
            if [[ $status == 0 ]]; then
                [[ $said == *"a 1, preloaded 0, opened 0"* && $said != *"environment LD_"* ]] || fail "$limit=$value: $said"
                started=$((started + 1))
            else
                [[ $said != *"secure 1"* ]] || fail "$limit=$value, status $status: $said"
            fi
        done
    done
    [[ $started -gt 4 && $started -lt 50 ]] || fail "$started starts: no limit mattered"
}
@test "privileged: small limits open no way" {
    local world
    for world in $(worlds); do closes_in_want "$world"; done
}

# qemu-user passes AT_SECURE on if it was started so itself: then the emulated program is a privileged one.
emulated() { # WORLD
    local dir=$place/$1aarch64 name value way
    prepare "$1" aarch64
    chmod -R go+rX "$dir"
    cd "$dir/planted"
    for name in $removed $ours; do
        read -r value _ <<<"$(values "$name" "$dir")"
        for way in native interp; do
            observe "$BATS_TEST_TMPDIR/$way" as_nobody "$place/emulator" -L "$(sysroot aarch64 "$1")" \
                -E BEFORE=1 -E "${name}=${value%%,*}" -E AFTER=2 "./$way"
            [[ $(<"$BATS_TEST_TMPDIR/$way") != *hostile\ code* ]] || fail "$way, $name: $(<"$BATS_TEST_TMPDIR/$way")"
        done
        is_sound "$BATS_TEST_TMPDIR/interp" || fail "$name=$value: $(<"$BATS_TEST_TMPDIR/interp")"
        run -1 grep "environment $name=" "$BATS_TEST_TMPDIR/interp"
        diff <(grep -v "^environment $name=" "$BATS_TEST_TMPDIR/native") \
            <(grep -v "^environment $name=" "$BATS_TEST_TMPDIR/interp") || fail "$1: $name=$value"
    done
    assert_equal "$(ls "$dir/open")" ""
}
@test "privileged: AArch64, under a set-user-ID emulator" {
    [[ " $machines " == *" aarch64 "* && $host != aarch64 ]] || skip "ARCHES leaves no emulated machine"
    cp "$(command -v qemu-aarch64)" "$place/emulator"
    chmod 4755 "$place/emulator"
    local world
    for world in $(worlds); do emulated "$world"; done
}
