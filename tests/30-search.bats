#!/usr/bin/env bats
# Names to files: run paths, environment, caches, trusted directories, preloading; and what is said of a name
# without a file.

load lib/common
load lib/begins
load lib/loaders

@test "search: DT_RPATH serves descendants" { fixture search-rpath-descendants; }
@test "search: DT_RUNPATH serves its own object" { fixture_begins search-runpath-own; }
@test "search: DT_RUNPATH hides an inherited DT_RPATH" { fixture_begins search-runpath-hides-rpath; }
@test "search: DT_RPATH is ignored beside DT_RUNPATH" { fixture search-rpath-and-runpath; }
@test "search: DT_RPATH before LD_LIBRARY_PATH" { fixture search-rpath-before-environment; }
@test "search: DT_RUNPATH after LD_LIBRARY_PATH" { fixture search-runpath-after-environment; }

@test "search: LD_LIBRARY_PATH from left to right" { fixture search-path-order; }
@test "search: LD_LIBRARY_PATH with semicolons" { fixture_begins search-path-separators; }
@test "search: an empty element of LD_LIBRARY_PATH" { fixture_begins search-path-empty-element; }
@test "search: an empty LD_LIBRARY_PATH" { fixture_begins search-path-empty; }

@test "search: \$ORIGIN in a run path" { fixture search-origin; }
@test "search: \$ORIGIN in LD_LIBRARY_PATH" { fixture_begins search-origin-environment; }
@test "search: \$LIB and \$PLATFORM" { fixture search-tokens; }
@test "search: DT_NEEDED with a slash" { fixture search-needed-path; }
@test "search: DT_NEEDED with \$ORIGIN" { fixture_begins search-needed-origin; }

@test "search: one file under three names is one object" { fixture search-same-file; }
@test "search: a SONAME that is loaded already" { fixture search-soname; }
@test "search: candidates for other machines are passed over" { fixture search-other-candidates; }
@test "search: a candidate that is no ELF file" { fixture_begins search-bad-text; }
@test "search: an empty candidate" { fixture_begins search-bad-empty; }
@test "search: a candidate that cannot be opened" { fixture search-open-errors; }
@test "search: musl's reserved names" { fixture search-musl-reserved; }

@test "search: a missing library" { fixture_begins search-missing; }
@test "search: a library's missing library" { fixture_begins search-missing-deep; }

tells_places() {
    run -127 launch "$2" "$3" LD_LIBRARY_PATH=/nowhere/one:/nowhere/two "$ld" ./main
    assert_output --partial /nowhere/one
    assert_output --partial /nowhere/two
    assert_output --partial "$PWD" # $ORIGIN, the run path
}

# Three descriptors are taken already; the library is the first thing that has to be opened.
tells_of_descriptors() { # ARCH WORLD MODE
    [[ $3 != explicit ]] || return 0 # there it is the program
    local words='cannot open shared object file: Too many open files'
    [[ $2 != glibc || $3 != native ]] || words='cannot open shared object file: Error 24' # ours has a word for it
    [[ $2 != musl ]] || words='Error loading shared library liba.so: No file descriptors available (needed by ./main'
    run -127 env "LD_LIBRARY_PATH=$PWD" prlimit --nofile=3 "./main$([[ $3 == native ]] || echo .ours)"
    assert_line --index 0 --partial "$words"
    assert_line --index 0 --partial liba.so
}

@test "search: too few descriptors at the start" {
    on_host_only "an emulator needs descriptors itself"
    fixture_each search-place tells_of_descriptors
}

@test "search: where a missing library was looked for" { by_ours search-missing tells_places; }

# Preloading.

@test "search: LD_PRELOAD" { fixture search-preload; }
@test "search: LD_PRELOAD of names" { fixture search-preload-by-name; }

preloads_with_space() {
    run under "$@" "LD_PRELOAD=./libp.so  ./libq.so" ./main
    assert_success
    assert_output $'who: p\np 1, q 1'
}

@test "search: LD_PRELOAD with spaces" { fixture_each search-preload preloads_with_space; }

preload_ignored() { # WARNING
    # musl says nothing.
    [[ ${where[1]} == musl ]] || assert_line --index 0 "ERROR: ld.so: object '$1): ignored."
    assert_line "who: q"
    assert_line "p 0, q 1"
}

preloads_bad_objects() {
    local where=("$@")
    run under "$@" "LD_PRELOAD=./libnowhere.so:./libq.so" ./main
    assert_success
    preload_ignored "./libnowhere.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file"
    run under "$@" "LD_PRELOAD=libnowhere.so:./libq.so" ./main
    assert_success
    preload_ignored "libnowhere.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file"
    printf '%063d' 0 >"$BATS_TEST_TMPDIR/libtext.so"
    run under "$@" "LD_PRELOAD=$BATS_TEST_TMPDIR/libtext.so:./libq.so" ./main
    preload_ignored "$BATS_TEST_TMPDIR/libtext.so' from LD_PRELOAD cannot be preloaded (file too short"
    printf '%0200d' 0 >"$BATS_TEST_TMPDIR/libtext.so"
    run under "$@" "LD_PRELOAD=$BATS_TEST_TMPDIR/libtext.so:./libq.so" ./main
    assert_success
    preload_ignored "$BATS_TEST_TMPDIR/libtext.so' from LD_PRELOAD cannot be preloaded (invalid ELF header"
}

@test "search: what cannot be preloaded is told and passed over" { fixture_each search-preload preloads_bad_objects; }

preload_option() {
    run launch "$2" "$3" "$ld" --preload ./libp.so ./main
    assert_output $'who: p\np 1, q 0'
    # Before those of the environment in glibc, instead of them in musl.
    run launch "$2" "$3" LD_PRELOAD=./libp.so "$ld" --preload ./libq.so ./main
    if [[ $3 == musl ]]; then
        assert_output $'who: q\np 0, q 1'
    else
        assert_output $'who: p\np 1, q 1'
    fi
}

@test "search: --preload" { by_loader search-preload preload_option; }

library_path_option() {
    mkdir -p "$BATS_TEST_TMPDIR"/{one,two,three}
    cp liba.so "$BATS_TEST_TMPDIR/one"
    cp liba2.so "$BATS_TEST_TMPDIR/two/liba.so"
    cd "$BATS_TEST_TMPDIR"
    local main=$OLDPWD/main
    run launch "$2" "$3" "$ld" --library-path ./three:./one "$main"
    assert_output "a: first"
    run launch "$2" "$3" LD_LIBRARY_PATH=./one "$ld" --library-path ./two "$main"
    assert_output "a: second"
    run -127 launch "$2" "$3" LD_LIBRARY_PATH=./one "$ld" --library-path ./three "$main"
    assert_output --partial liba.so
}

@test "search: --library-path instead of LD_LIBRARY_PATH" { by_loader search-place library_path_option; }

# Places that only a system has: a root directory of our own. The machine's own programs run in it by chroot; for
# others the emulator looks there first.

make_root() { # ARCH WORLD
    local from
    rootdir=$BATS_TEST_TMPDIR/root
    rm -rf "$rootdir"
    mkdir -p "$rootdir"/{etc,lib,lib64,usr/lib,usr/local/lib,opt,opt2,opt3}
    mkdir -p "$rootdir/lib/$1-linux-gnu" "$rootdir/usr/lib/$1-linux-gnu" "$rootdir$(dirname "$(loader "$1")")"
    [[ ! -e $(loader "$1") ]] || cp "$(loader "$1")" "$rootdir$(loader "$1")"
    cp main "$rootdir"
    cp main.ours "$rootdir"
    case $2,$1 in
    musl,*)
        from=$(native_loader "$1" musl)
        cp "$from" "$rootdir/lib"
        ;;
    *,"$host")
        # Where Debian has them.
        cp "$(native_loader "$1" "$2")" "/lib/$1-linux-gnu/libc.so.6" "$rootdir/lib/$1-linux-gnu"
        ln -s ../lib/"$1"-linux-gnu/"$(basename "$(native_loader "$1" "$2")")" "$rootdir/lib64"
        ;;
    *) cp "$(sysroot "$1" "$2")"/lib/{libc.so.6,ld-linux-*} "$rootdir/lib" ;;
    esac
}

in_root() { # ARCH WORLD MODE [VAR=VALUE]... -- [OPTIONS]: runs /main there, with options for the loader.
    local arch=$1 world=$2 mode=$3 variables=() command ld
    shift 3
    while [[ $1 != -- ]]; do
        variables+=("$1")
        shift
    done
    shift
    # An emulator takes paths of commands as they are.
    local prefix=
    [[ $arch == "$host" ]] || prefix=$rootdir
    ld=$prefix$(native_loader "$arch" "$world")
    [[ $arch == "$host" || $mode != native ]] || ld=$(native_loader "$arch" "$world")
    case $mode in
    native) if [[ $# == 0 ]]; then command=("$prefix/main"); else command=("$ld" "$@" "$prefix/main"); fi ;;
    explicit) command=("$prefix$(loader "$arch")" "$@" "$prefix/main") ;;
    interp) command=("$prefix/main.ours") ;;
    esac
    if [[ $arch == "$host" ]]; then
        local become=()
        [[ $(id -u) == 0 ]] || become=(unshare -r)
        # shellcheck disable=SC2016 # Perl
        "${become[@]}" perl -e 'chroot shift and chdir "/" or die "chroot: $!\n";
            %ENV = map { /(.*?)=(.*)/ } splice @ARGV, 0, shift; exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n"' \
            "$rootdir" ${#variables[@]} "${variables[@]}" "${command[@]}"
    else
        local emulator=("qemu-$arch" -L "$rootdir") v
        for v in "${variables[@]}"; do emulator+=(-E "$v"); done
        "${emulator[@]}" "${command[@]}"
    fi
}

needs_roots() {
    [[ $(id -u) == 0 ]] || unshare -r true 2>/dev/null || skip "no root directory of one's own for this user"
}

found() { # WHAT ARGUMENTS OF in_root
    run in_root "${@:2}"
    assert_output "a: $1"
    assert_success
}

missing() { # ARGUMENTS OF in_root
    run -127 in_root "$@"
    assert_output --partial "liba.so"
}

interpreter_elsewhere() {
    [[ $3 != interp ]] || return 0 # nothing then tells where it is
    make_root "$@"
    cp liba.so "$rootdir/lib"
    rm "$rootdir/lib64"/* "$rootdir/lib/$1-linux-gnu"/ld-linux-*
    cp "$(native_loader "$1" "$2")" "$rootdir/lib64"
    found first "$@" --
}

@test "search: the libc's own loader is where the program's PT_INTERP says" {
    needs_roots
    on_host_only "the emulator's other root has no lib64"
    WORLDS=glibc fixture_each search-place interpreter_elsewhere
}

trusted_directories() {
    local directory directories=(/lib /usr/lib)
    make_root "$@"
    missing "$@" --
    case $2 in
    musl) directories+=(/usr/local/lib) ;;
    glibc) [[ $1 != "$host" ]] || directories+=("/lib/$1-linux-gnu" "/usr/lib/$1-linux-gnu") ;;
    esac
    for directory in "${directories[@]}"; do
        cp liba.so "$rootdir$directory"
        found first "$@" --
        rm "$rootdir$directory/liba.so"
    done
    # Not one of them without a cache, except in musl.
    if [[ $2 == glibc ]]; then
        cp liba.so "$rootdir/usr/local/lib"
        missing "$@" --
    fi
}

@test "search: trusted directories" {
    needs_roots
    fixture_each search-place trusted_directories
}

cached() {
    local format
    for format in new old compat; do
        make_root "$@"
        cp liba.so "$rootdir/opt"
        echo /opt >"$rootdir/etc/ld.so.conf"
        /sbin/ldconfig -r "$rootdir" -X -c "$format"
        found first "$@" --
        found first "$@" LD_LIBRARY_PATH=/opt2 --
        # The cache comes before the trusted directories, and after LD_LIBRARY_PATH.
        cp liba2.so "$rootdir/lib/liba.so"
        found first "$@" --
        found second "$@" LD_LIBRARY_PATH=/lib --
        if [[ $3 != interp ]]; then found second "$@" -- --inhibit-cache; fi
        # An entry whose file is gone.
        rm "$rootdir/opt/liba.so"
        found second "$@" --
        rm "$rootdir/lib/liba.so"
        missing "$@" --
        # A cache that is none.
        cp liba.so "$rootdir/lib"
        head -c 100 "$rootdir/etc/ld.so.cache" >"$rootdir/etc/short"
        mv "$rootdir/etc/short" "$rootdir/etc/ld.so.cache"
        found first "$@" --
        printf '%0200d' 0 >"$rootdir/etc/ld.so.cache"
        found first "$@" --
    done
}

@test "search: /etc/ld.so.cache in its three formats" {
    on_host_only "ldconfig writes caches for the machine it runs on"
    needs_roots
    WORLDS=glibc fixture_each search-place cached
}

# levels: the x86-64 levels this processor has, highest first, by the native loader.
levels() { "$(native_loader x86_64 glibc)" --help | sed -n 's/^ *\(x86-64-v[0-9]\) (supported, searched)$/\1/p'; }

level_directories() {
    local level best
    best=$(levels | head -n 1)
    mkdir "$BATS_TEST_TMPDIR/$3"
    cp liba.so "$BATS_TEST_TMPDIR/$3"
    run under "$@" LD_LIBRARY_PATH="$BATS_TEST_TMPDIR/$3" ./main
    assert_output "a: first"
    for level in 4 3 2; do
        mkdir -p "$BATS_TEST_TMPDIR/$3/glibc-hwcaps/x86-64-v$level"
        cp libv$level.so "$BATS_TEST_TMPDIR/$3/glibc-hwcaps/x86-64-v$level/liba.so"
    done
    run under "$@" LD_LIBRARY_PATH="$BATS_TEST_TMPDIR/$3" ./main
    assert_output "a: ${best:-first}"
    for level in $(levels); do
        run under "$@" LD_LIBRARY_PATH="$BATS_TEST_TMPDIR/$3" ./main
        assert_output "a: $level"
        rm -r "$BATS_TEST_TMPDIR/$3/glibc-hwcaps/$level"
    done
    run under "$@" LD_LIBRARY_PATH="$BATS_TEST_TMPDIR/$3" ./main
    assert_output "a: first"
}

@test "search: glibc-hwcaps in LD_LIBRARY_PATH" {
    ARCHES=x86_64 WORLDS=glibc fixture_each search-place level_directories
}

level_places() {
    local best place=$1
    shift
    best=$(levels | head -n 1)
    make_root "$@"
    # Our loader asks the kernel for the processor's level, not CPUID.
    mkdir "$rootdir/proc"
    cp /proc/cpuinfo "$rootdir/proc"
    mkdir -p "$rootdir$place/glibc-hwcaps"/x86-64-v{2,3,4}
    cp liba.so "$rootdir$place"
    cp libv2.so "$rootdir$place/glibc-hwcaps/x86-64-v2/liba.so"
    cp libv3.so "$rootdir$place/glibc-hwcaps/x86-64-v3/liba.so"
    cp libv4.so "$rootdir$place/glibc-hwcaps/x86-64-v4/liba.so"
    if [[ $place == /opt ]]; then
        echo /opt >"$rootdir/etc/ld.so.conf"
        /sbin/ldconfig -r "$rootdir" -X
    fi
    found "${best:-first}" "$@" --
}

level_trusted() { level_places /usr/lib "$@"; }
level_cached() { level_places /opt "$@"; }

@test "search: glibc-hwcaps in a trusted directory" {
    needs_roots
    on_host_only "the levels of the processor that is emulated are not known"
    ARCHES=x86_64 WORLDS=glibc fixture_each search-place level_trusted
}

@test "search: glibc-hwcaps in the cache" {
    needs_roots
    on_host_only "ldconfig writes caches for the machine it runs on"
    ARCHES=x86_64 WORLDS=glibc fixture_each search-place level_cached
}

preload_file() {
    make_root "$@"
    cp libp.so libq.so "$rootdir/opt"
    cp liba.so "$rootdir/lib"
    run in_root "$@" LD_LIBRARY_PATH=/lib --
    assert_output $'who: a\np 0, q 0'
    # glibc asks access(2) first, which the emulator answers from the real root directory.
    [[ $3 != native || $1 == "$host" ]] || return 0
    printf '# a comment\n/opt/libp.so:/opt/libq.so' >"$rootdir/etc/ld.so.preload"
    run in_root "$@" LD_LIBRARY_PATH=/lib --
    if [[ $2 == musl ]]; then # has no such file
        assert_output $'who: a\np 0, q 0'
        return
    fi
    assert_output $'who: p\np 1, q 1'
    printf '/opt/libp.so\n' >"$rootdir/etc/ld.so.preload"
    run in_root "$@" LD_LIBRARY_PATH=/lib LD_PRELOAD=/opt/libq.so --
    assert_output $'who: q\np 1, q 1'
    printf '/opt/nowhere.so /opt/libp.so\n' >"$rootdir/etc/ld.so.preload"
    run in_root "$@" LD_LIBRARY_PATH=/lib --
    assert_line --index 0 "ERROR: ld.so: object '/opt/nowhere.so' from /etc/ld.so.preload cannot be preloaded\
 (cannot open shared object file): ignored."
    assert_line "who: p"
}

@test "search: /etc/ld.so.preload" {
    needs_roots
    fixture_each search-preload preload_file
}

musl_path_file() {
    local file=etc/ld-musl-$1.path
    make_root "$@"
    cp liba.so "$rootdir/opt"
    cp liba2.so "$rootdir/opt2/liba.so"
    printf '/nowhere:/opt2\n/opt\n' >"$rootdir/$file"
    found second "$@" --
    printf '/nowhere\n/opt:/opt2' >"$rootdir/$file"
    found first "$@" --
    found second "$@" LD_LIBRARY_PATH=/opt2 --
    # In place of the default directories, not before them.
    printf '/opt3\n' >"$rootdir/$file"
    cp liba.so "$rootdir/lib"
    missing "$@" --
    : >"$rootdir/$file"
    missing "$@" --
    rm "$rootdir/$file"
    found first "$@" --
}

@test "search: musl's path file" {
    needs_roots
    WORLDS=musl fixture_each search-place musl_path_file
}
