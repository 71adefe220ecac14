#!/usr/bin/env bats
# Programs built from Debian's sources, for musl and for both machines, and two of our own for what no source package
# shows briefly: see programs/ways.bash and programs/Makefile.
# shellcheck disable=SC2317 # scenario is called by `same`

load lib/common
load programs/ways

# built NAME ARCH WORLD: builds it where it is wanted; its directory goes to $built, for the scenario.
built() {
    wanted "$2" "$3"
    need make gcc dpkg-source patchelf "$(tool "$2" gcc)" "$(tool "$2" g++)"
    [[ $2 == "$host" ]] || need "qemu-$2"
    [[ $3 != musl ]] || need musl-gcc
    build "$@"
}

lua() {
    scenario() {
        prog "$built/lua" "$programs/lua.lua" "$built" "$root/build/sources/lua-lpeg" || echo "status $?"
        # lpeg's own tests, a thousand of them; they end with OK
        cd "$root/build/sources/lua-lpeg"
        LUA_CPATH="$built/?.so" prog "$built/lua" test.lua
        prog "$built/lua" -e 'error("uncaught")' || echo "status $?"
    }
    built lua "$@"
    same "$@"
}

bzip2() {
    scenario() {
        seq 1 30000 >file
        prog "$built/bzip2" -k -9 file
        sha256sum file.bz2
        prog "$built/bzip2" -dc file.bz2 | cmp - file
        for sample in 1 2 3; do
            prog "$built/bzip2" -d <"$root/build/sources/bzip2/sample$sample.bz2" | sha256sum
        done
        head -c 1000 file.bz2 | prog "$built/bzip2" -t || echo "status $?"
        prog "$built/bzip2" -q file || echo "status $?"
        prog "$built/bzip2" --help || echo "status $?"
    }
    built bzip2 "$@"
    same "$@"
}

bzip2_static() {
    ways=explicit
    scenario() {
        seq 1 20000 >file
        for kind in fixed pie; do
            prog "$built/$kind" -c file >file.bz2
            sha256sum file.bz2
            prog "$built/$kind" -dc file.bz2 | cmp - file
            prog "$built/$kind" -t file || echo "status $?"
        done
    }
    [[ ${MODES-explicit} == *explicit* ]] || skip "MODES leaves out explicit"
    built bzip2-static "$@"
    same "$@"
}

busybox() {
    scenario() {
        # The shell and its children, which the kernel starts.
        child=$built/busybox
        [[ $way != interp ]] || child=$(copy_of "$child")
        mkdir applets
        for applet in $(prog "$built/busybox" --list); do ln -s "$child" "applets/$applet"; done
        prog "$built/busybox" sh -c "PATH=$PWD/applets; . $programs/busybox.sh" || echo "status $?"
        # Each under the loader.
        prog "$built/busybox" seq 1 500 | prog "$built/busybox" awk '{ print $1 * $1 % 97, $1 }' |
            prog "$built/busybox" sort -n | prog "$built/busybox" sed -n '/^1/s/ / of /p' |
            prog "$built/busybox" tee copy
        prog "$built/busybox" sha256sum copy
        prog "$built/busybox" tar cf - copy | prog "$built/busybox" gzip |
            prog "$built/busybox" gzip -dc | prog "$built/busybox" tar tf -
        prog "$built/busybox" grep absent copy || echo "status $?"
        prog "$built/busybox" no-such-applet || echo "status $?"
    }
    built busybox "$@"
    same "$@"
}

cxx_throw() {
    scenario() { prog "$built/main" "$built/plugin.so" || echo "status $?"; }
    built cxx-throw "$@"
    same "$@"
}

openmp() {
    scenario() {
        prog "$built/main"
        OMP_NUM_THREADS=2 OMP_STACKSIZE=256k prog "$built/main"
    }
    built openmp "$@"
    same "$@"
}

sqlite3() {
    scenario() {
        prog "$built/sqlite3" :memory: <"$programs/queries.sql" || echo "status $?"
        prog "$built/sqlite3" file.db 'create table t (a); insert into t values (1), (2);'
        prog "$built/sqlite3" -json file.db 'select sum(a) from t; pragma integrity_check;'
    }
    need tclsh
    built sqlite3 "$@"
    same "$@"
}

@test "built: lua and lpeg, musl, x86_64" { lua x86_64 musl; }
@test "built: lua and lpeg, musl, aarch64" { lua aarch64 musl; }
@test "built: lua and lpeg, glibc, aarch64" { lua aarch64 glibc; }

@test "built: bzip2, musl, x86_64" { bzip2 x86_64 musl; }
@test "built: bzip2, musl, aarch64" { bzip2 aarch64 musl; }
@test "built: bzip2, glibc, aarch64" { bzip2 aarch64 glibc; }

@test "built: static bzip2, musl, x86_64" { bzip2_static x86_64 musl; }
@test "built: static bzip2, glibc, x86_64" { bzip2_static x86_64 glibc; }
@test "built: static bzip2, musl, aarch64" { bzip2_static aarch64 musl; }
@test "built: static bzip2, glibc, aarch64" { bzip2_static aarch64 glibc; }

@test "built: sqlite3, musl, x86_64" { sqlite3 x86_64 musl; }

@test "built: busybox, musl, x86_64" { busybox x86_64 musl; }

@test "built: exceptions and thread_local through shared objects, x86_64" { cxx_throw x86_64 glibc; }
@test "built: exceptions and thread_local through shared objects, aarch64" { cxx_throw aarch64 glibc; }

@test "built: OpenMP, x86_64" { openmp x86_64 glibc; }
@test "built: OpenMP, aarch64" { openmp aarch64 glibc; }
