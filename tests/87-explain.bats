#!/usr/bin/env bats
# What the loader tells of itself: listings for ldd, LD_DEBUG, --explain.

load lib/common
load lib/loaders
load lib/both

# Listings.

@test "explain: LD_TRACE_LOADED_OBJECTS" { both boot-list without_addresses LD_TRACE_LOADED_OBJECTS=1; }
@test "explain: LD_TRACE_LOADED_OBJECTS set to nothing" { both boot-list without_addresses LD_TRACE_LOADED_OBJECTS=; }
@test "explain: a listing goes on behind a missing library" {
    both search-missing without_addresses LD_TRACE_LOADED_OBJECTS=1
    grep -q $'liba.so => not found' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_VERBOSE: versions" { both lookup-versions without_addresses LD_TRACE_LOADED_OBJECTS=1 LD_VERBOSE=1; }
@test "explain: LD_VERBOSE: a version that nobody defines" {
    both lookup-versions-missing without_addresses LD_TRACE_LOADED_OBJECTS=1 LD_VERBOSE=1
    grep -q $'liba.so (V2) => not found' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_WARN: undefined data" {
    both lookup-missing-data without_addresses LD_TRACE_LOADED_OBJECTS=1 LD_WARN=yes
    grep -q '^undefined symbol: ' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_WARN with LD_BIND_NOW: undefined functions" {
    both lookup-missing-function without_addresses LD_TRACE_LOADED_OBJECTS=1 LD_WARN=yes
    run ! grep -q '^undefined symbol: ' "$BATS_TEST_TMPDIR/interp"
    both lookup-missing-function without_addresses LD_TRACE_LOADED_OBJECTS=1 LD_WARN=yes LD_BIND_NOW=1
    grep -q '^undefined symbol: ' "$BATS_TEST_TMPDIR/interp"
}

# ldd itself, with a loader in the place of its own, and each of the caller's `runs` as arguments.
ldd_says() {
    local ldd=$BATS_TEST_TMPDIR/ldd
    [[ $3 == glibc ]] || return 0
    sed "s|^RTLDLIST=.*|RTLDLIST=$ld|" "$(type -P ldd)" >"$ldd"
    for arguments in "${runs[@]}"; do
        # shellcheck disable=SC2086 # words
        run bash "$ldd" $arguments
        { echo "$arguments: $status"; without_addresses <<<"$output"; } | sed -e "s|$PWD/|./|g" -e 's|\./\./|./|'
    done >"$BATS_TEST_TMPDIR/$1"
}
@test "explain: ldd" {
    on_host_only "ldd is a script of this machine's libc"
    # shellcheck disable=SC2034 # ldd_says reads it
    local runs=(./main "-v ./main" "-r ./main" "-u ./main" ./liba.so "./main $root/Makefile" "./main ./nowhere")
    by_loader boot-list ldd_says
    [[ $(grep -c 'liba.so => [.]' "$BATS_TEST_TMPDIR/native") -ge 5 ]]
    diff -u "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/explicit"
}

@test "explain: ldd of a static program" {
    on_host_only "ldd is a script of this machine's libc"
    # shellcheck disable=SC2034 # ldd_says reads it
    local runs=(./main "-u ./main" "-r ./main" "-v ./main")
    by_loader boot-static-pie ldd_says
    grep -q 'statically linked' "$BATS_TEST_TMPDIR/native"
    diff -u "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/explicit"
}

# Its own loader comes before the vDSO in glibc's lists if it is the first need.
lists_loader() {
    [[ $3 == glibc ]] || return 0
    launch "$2" "$3" "$ld" --list ./main >"$BATS_TEST_TMPDIR/main"
    launch "$2" "$3" "$ld" --list "$(awk '/libc.so.6/ { print $3 }' "$BATS_TEST_TMPDIR/main")" >"$BATS_TEST_TMPDIR/libc"
    # The emulator's vDSO has no name, and ours takes none without one.
    sed -E '/^\t \(/d; s/.*(ld-linux|linux-vdso|libc|liba).*/\1/' "$BATS_TEST_TMPDIR"/{main,libc} >"$BATS_TEST_TMPDIR/$1"
}
@test "explain: the place of glibc's loader in a listing" {
    by_loader boot-list lists_loader
    diff -u "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/explicit"
}

# musl's loader, called ldd: it tells what is wrong on standard error and goes on, to status 127.
musl_lists_missing() {
    [[ $3 == musl ]] || return 0
    run -127 --separate-stderr launch "$2" "$3" "$ld" --list ./main
    assert_line --partial $'\tlibc.so => '
    refute_line --partial liba
    # shellcheck disable=SC2154 # bats sets it
    assert_equal "${stderr//$PWD\//./}" $'Error loading shared library liba.so: No such file or directory (needed by ./main)
Error relocating ./main: a: symbol not found'
}
@test "explain: a listing of musl's" { by_loader search-missing musl_lists_missing; }

# The auxiliary vector is the kernel's: addresses differ from run to run.
auxv_alone() { sed -nE '/^AT_/{s/(0x[0-9a-f]{6,}|[^ ]*main[^ ]*)$/-/;p}'; }
@test "explain: LD_SHOW_AUXV" {
    both boot-hello auxv_alone LD_SHOW_AUXV=1
    grep -q '^AT_PAGESZ: *4096' "$BATS_TEST_TMPDIR/interp"
}

# Scripts read it: NAME=VALUE in each line.
diagnoses() {
    [[ $3 == glibc ]] || return 0
    run -0 launch "$2" "$3" A_SECRET=x LD_LIBRARY_PATH=$'/a"b' "$ld" --list-diagnostics
    [[ $(grep -vc = <<<"$output") == 0 ]] || fail "a line without ="
    refute_output --partial A_SECRET=
    assert_line --regexp '^env_filtered\[0x[0-9a-f]+\]="A_SECRET"$'
    assert_line --regexp '^env\[0x[0-9a-f]+\]="LD_LIBRARY_PATH=/a(\\042|\\")b"$'
    assert_line --regexp '^dl_dst_lib="lib'
    assert_line --regexp '^dl_pagesize=0x1000$'
    assert_line --regexp '^path.system_dirs\[0x0\]="/'
    assert_line --regexp '^path.rtld="/'
    assert_line --regexp '^auxv\[0x0\].a_type=0x'
}
@test "explain: --list-diagnostics" { by_loader boot-hello diagnoses; }

# Options of glibc's.

inhibits_rpath() {
    [[ $3 == glibc ]] || return 0
    run -127 launch "$2" "$3" "$ld" --inhibit-rpath :./other ./main
    assert_line --index 0 --partial "liba.so: cannot open shared object file"
    run -0 launch "$2" "$3" "$ld" --inhibit-rpath ./other:./main --list ./main
}
@test "explain: --inhibit-rpath" { by_loader boot-list inhibits_rpath; }

hwcaps() {
    [[ $3 == glibc ]] || return 0
    mkdir -p "$BATS_TEST_TMPDIR/glibc-hwcaps/ours"
    cp liba.so "$BATS_TEST_TMPDIR/glibc-hwcaps/ours"
    run -0 launch "$2" "$3" "$ld" --glibc-hwcaps-prepend other:ours --inhibit-rpath "" \
        --library-path "$BATS_TEST_TMPDIR" --list ./main
    assert_line --partial "liba.so => $BATS_TEST_TMPDIR/glibc-hwcaps/ours/liba.so"
    run -127 launch "$2" "$3" "$ld" --glibc-hwcaps-mask ours --inhibit-rpath "" \
        --library-path "$BATS_TEST_TMPDIR" --list ./main
}
@test "explain: --glibc-hwcaps-prepend, --glibc-hwcaps-mask" { by_loader boot-list hwcaps; }

# LD_DEBUG. Lines as a set: which object comes first, and that the native loader relocates itself and asks for malloc, is
# no concern of a reader; nor that we do not look into directories that are not there. Whether destructors of an
# object without any are told, and the program's under its name, is up to the release of glibc.
debug_lines() {
    sed -nE 's/^ *[0-9]+:\t *//p' | sed -E -e "s|$PWD/|./|g; s|\./main\.ours|./main|g; s|(\./)+|./|g" \
        -e 's|[^ ]*ld-linux[-_.a-z0-9]*|LD|g' -e 's/0x[0-9a-f]+/X/g' -e 's/^(calling fini:)  /\1 .\/main /' |
        grep -vE "^(LD|find LD|relocation processing: LD|calling (init|fini): LD|binding file LD|symbol=.* LD)|\
^symbol=(_dl_catch|_dl_signal|__rseq_)|^calling fini: .*libc.so.6|^$|vdso|^trying|^search path|^no scope|^dynamic: |^entry: |^binding file ./main \[0\] to [^ ]*libc.so.6 \[0\]: normal symbol .(calloc|free|malloc|realloc)'" |
        LC_ALL=C sort -u
}
scopes_joined() { debug_lines | grep ^add; }
debug_alike() { # FIXTURE LEAST
    both "$1" debug_lines LD_BIND_NOW=1 LD_DEBUG=files:libs:bindings:versions:scopes:reloc
    [[ $(wc -l <"$BATS_TEST_TMPDIR/interp") -ge $2 ]]
}
@test "explain: LD_DEBUG of a start" { debug_alike boot-list 100; }
@test "explain: LD_DEBUG: preloaded libraries" {
    both search-preload debug_lines LD_BIND_NOW=1 LD_DEBUG=all LD_PRELOAD=./libp.so
    grep -q 'file=./libp.so \[0\];  needed by ./main \[0\]' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_DEBUG: versions and protected symbols" {
    debug_alike lookup-versions 100
    debug_alike lookup-protected 100
    grep -q 'protected symbol' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_DEBUG: dlopen, dlsym, dlclose" {
    debug_alike dl-close 100
    grep -q 'destroying link map' "$BATS_TEST_TMPDIR/interp"
    debug_alike dl-deepbind 100
    debug_alike init-opened 100
    both dl-flags scopes_joined LD_DEBUG=scopes
    grep -q '^add .* to global scope' "$BATS_TEST_TMPDIR/interp"
}
@test "explain: LD_DEBUG: a library that is missing" {
    debug_alike search-missing 4
}
@test "explain: LD_DEBUG=symbols" {
    # The native loader asks lazily in between; with LD_BIND_NOW it asks as we say.
    both boot-list debug_lines LD_BIND_NOW=1 LD_DEBUG=symbols
    grep -q 'symbol=a;  lookup in file=./main \[0\]' "$BATS_TEST_TMPDIR/interp"
}

debug_output() {
    [[ $3 == interp ]] || return 0
    run -0 --separate-stderr under "$@" LD_DEBUG=files:nonsense "LD_DEBUG_OUTPUT=$BATS_TEST_TMPDIR/debug" ./main
    # shellcheck disable=SC2154 # bats sets it
    assert_equal "$stderr" "warning: debug option \`nonsense' unknown; try LD_DEBUG=help"
    local file=("$BATS_TEST_TMPDIR"/debug.*)
    assert_regex "${file[*]}" "^$BATS_TEST_TMPDIR/debug\\.[0-9]+\$"
    run -0 cat "${file[0]}"
    refute_line --regexp "^ *${file[0]##*.}:\\$"
    assert_line --regexp "^ *${file[0]##*.}:"$'\t''file=lib.*generating link map'
    rm "${file[0]}"
}
assert_regex() { [[ $1 =~ $2 ]] || fail "$1 does not match $2"; }
@test "explain: LD_DEBUG_OUTPUT, and a topic that does not exist" { fixture_each search-preload debug_output; }

@test "explain: LD_DEBUG=help" {
    all() { cat; }
    both boot-hello all LD_DEBUG=libs:help
    grep -q '^  statistics  ' "$BATS_TEST_TMPDIR/interp"
}

not_privileged() {
    [[ $3 == interp ]] || return 0
    local program=$BATS_TEST_TMPDIR/program
    cp main.ours "$program"
    chgrp 65534 "$program"
    chmod 2755 "$program"
    run -0 env LD_DEBUG=all LD_DEBUG_OUTPUT="$BATS_TEST_TMPDIR/none" LD_SHOW_AUXV=1 LD_TRACE_LOADED_OBJECTS=1 "$program"
    assert_line "secure 1"
    refute_output --partial "$BATS_TEST_TMPDIR/none"
    refute_output --partial AT_PAGESZ
    run ! compgen -G "$BATS_TEST_TMPDIR/none*"
}
@test "explain: a privileged start explains nothing" {
    [[ $(id -u) == 0 ]] || skip "only root can make a program of another group"
    [[ $(findmnt -n -o OPTIONS -T "$BATS_TEST_TMPDIR") != *nosuid* ]] || skip "temporary files have no privileges here"
    on_host_only "an emulator gives no privileges"
    fixture_each boot-secure not_privileged
}

# --explain.

explains_search() {
    [[ $3 == glibc ]] || return 0
    run -0 launch "$2" "$3" "$ld" --explain --library-path /nowhere ./main
    refute_output --partial ran
    assert_line ./main
    assert_line --regexp '^  liba.so => .*/liba.so \(RUNPATH of ./main\)$'
    assert_line "      - /nowhere/liba.so (LD_LIBRARY_PATH): No such file or directory"
    assert_line --regexp '^    libc.so.6 => .*libc.so.6 \(loaded already\)$'
    local said=$output
    run -0 launch "$2" "$3" LD_EXPLAIN=1 LD_LIBRARY_PATH=/nowhere ./main.ours
    assert_equal "${output//main.ours/main}" "$said"
}
@test "explain: who asked for what, and each place with its rule" { by_ours boot-list explains_search; }

explains_failure() {
    run -127 --separate-stderr launch "$2" "$3" "$ld" --explain ./main
    assert_line "  liba.so => not found"
    assert_line --regexp '^      - .*/liba.so \(RUNPATH of ./main\): No such file or directory$'
    assert_line --regexp '^      - /.*lib.*/liba.so \(system directory\): No such file or directory$'
    assert_line --regexp '^  libc\.so.* => /'
    assert_equal "$(python3 -c 'import json, sys; e = json.load(sys.stdin)
print(e["complete"], [n["found"] for n in e["needs"] if n["name"] == "liba.so"])' <<<"$(launch "$2" "$3" "$ld" --explain --json ./main 2>/dev/null)")" "False [None]"
}
@test "explain: a library that is missing, and status 127" { by_ours search-missing explains_failure; }

explains_version() {
    [[ $3 == glibc ]] || return 0
    run -127 --separate-stderr launch "$2" "$3" "$ld" --explain ./main
    assert_line --regexp '^    ! needs version V2 of .*/liba.so, which does not define it$'
}
@test "explain: a version that is missing" { by_ours lookup-versions-missing explains_version; }

# A directory called after all that JSON must not have as it stands, with a file in it that is for nobody.
says_json() {
    [[ $3 == glibc ]] || return 0
    local odd=$BATS_TEST_TMPDIR/$'odd"\\\t\n\xff\xc3\x28\xed\xa0\x80\xf0\x9f\x98\x80\x7f'
    mkdir -p "$odd"
    echo text >"$odd/libc.so.6"
    cp liba.so "$odd"
    run -127 bash -c 'out=$1; shift; "$@" >"$out"' - "$BATS_TEST_TMPDIR/json" \
        "$ld" --json --explain=search,tls,init,reloc,symbol:a --library-path "$odd" --inhibit-rpath "" ./main
    run -0 python3 - "$odd" "$BATS_TEST_TMPDIR/json" <<'END'
import json, os, sys
odd = sys.argv[1]
with open(sys.argv[2], "rb") as file:
    said = json.loads(file.read().decode())
assert said["complete"] is False
found = {need["name"]: need for need in said["needs"]}
assert os.fsencode(found["liba.so"]["found"]) == os.fsencode(odd) + b"/liba.so", found["liba.so"]
assert any(o["path"] == found["liba.so"]["found"] for o in said["objects"])
assert said["symbol"]["definitions"][0]["object"] == found["liba.so"]["found"]
assert said["tls"]["surplus"] > 0 and said["constructors"] and said["relocations"]
print(json.dumps(found["libc.so.6"]))
END
    # It ends the search, as natively.
    assert_output --partial '"found": null'
    [[ -z $(type -P jq) ]] || jq . "$BATS_TEST_TMPDIR/json" >/dev/null
}
@test "explain: --json is valid whatever bytes names have" {
    [[ " $(arches) " == *" $host "* ]] || skip "an emulator passes no such argument"
    ARCHES=$host by_ours boot-list says_json
}

passes_over() {
    run -0 launch "$2" "$3" LD_LIBRARY_PATH=./class:./machine:./dangling:./good "$ld" --explain ./main
    assert_line --regexp '^  liba.so => ./good/liba.so \(LD_LIBRARY_PATH\)$'
    assert_line "      - ./class/liba.so (LD_LIBRARY_PATH): is for another machine: EI_CLASS is 1 (32-bit), wanted 2 (64-bit)"
    assert_line --partial "      - ./machine/liba.so (LD_LIBRARY_PATH): is for another machine: e_machine is 8 (MIPS), wanted "
    assert_line "      - ./dangling/liba.so (LD_LIBRARY_PATH): No such file or directory"
}
@test "explain: why candidates are passed over" { by_ours search-other-candidates passes_over; }

explains_symbol() {
    [[ $3 == glibc ]] || return 0
    run -0 launch "$2" "$3" "$ld" --explain=symbol:who ./main
    sed -E -e "s|$PWD/|./|g" -e 's|(\./)+|./|g' -e 's/at 0x[0-9a-f]+, [0-9]+ bytes/at -/' <<<"$output" >"$BATS_TEST_TMPDIR/said"
    diff -u "$root/tests/fixtures/lookup-interposition/explain" "$BATS_TEST_TMPDIR/said"
}
@test "explain: --explain=symbol: interposition" { by_ours lookup-interposition explains_symbol; }

explains_binding() {
    [[ $3 == glibc ]] || return 0
    run -0 launch "$2" "$3" "$ld" --explain=symbol:"$symbol" ./main
    grep -qF "$reason" <<<"${output//$PWD\//./}" || fail "no '$reason' in $output"
}
reason() { # FIXTURE SYMBOL SENTENCE
    symbol=$2 reason=$3 by_ours "$1" explains_binding
}
@test "explain: --explain=symbol: protected, -Bsymbolic, undefined, versions, copies" {
    reason lookup-weak-undefined nowhere "./main => nothing: nobody defines it; it is weak and becomes 0"
    reason lookup-missing-function lost "./main => nothing: nobody defines it"
    reason lookup-symbolic-flag f "./liba.so => ./liba.so: it was linked with -Bsymbolic: its own comes first"
    reason lookup-protected who "./liba.so => ./liba.so: its own is protected"
    reason lookup-versions-other-library f "./libwantb.so, version B => ./libb.so: the first with the version wanted; others are in ./liba.so"
    reason reloc-copy b_strong "./main => ./libb.so: copied from there into the program, which the others use then"
}

counts_relocations() {
    [[ $3 == glibc ]] || return 0
    run -0 launch "$2" "$3" "$ld" --explain=reloc --json ./main
    local counts
    counts=$(python3 -c 'import json, sys; print(sum(json.load(sys.stdin)["relocations"][0]["counts"].values()))' <<<"$output")
    assert_equal "$counts" "$("$(tool "$2" readelf)" -rW ./main | grep -c '^[0-9a-f]\{16\} ')"
    assert_output --partial '"name": "a"'
}
@test "explain: --explain=reloc counts what readelf counts" { by_ours boot-list counts_relocations; }

lays_out_tls() {
    [[ $3 == glibc ]] || return 0
    run -0 launch "$2" "$3" "$ld" --explain=tls ./main
    assert_line --index 0 --regexp '^static TLS block: [0-9]+ bytes, aligned to [0-9]+; 1664 left for libraries opened later$'
    assert_line "  module 1: ./main"
    # As many modules as files with PT_TLS, the libc's loader aside.
    local file expected=0
    for file in ./main ./lib*.so; do
        ! "$(tool "$2" readelf)" -lW "$file" | grep -q ' TLS ' || expected=$((expected + 1))
    done
    assert_equal "$(grep -c '^  module .*: .*/\(main\|lib[a-z0-9]*\.so\)$' <<<"$output")" "$expected"
}
@test "explain: --explain=tls" { by_ours tls-models lays_out_tls; }

# What it says comes true.
orders_constructors() {
    [[ $3 == glibc ]] || return 0
    run -0 launch "$2" "$3" "$ld" --explain=init ./main
    local said
    said=$(sed -nE 's|^  [0-9]+ ([^ ]*): .*|\1|p' <<<"$output" | grep -v 'ld-linux\|/main$')
    run launch "$2" "$3" LD_DEBUG=libs "$ld" ./main
    assert_equal "$said" "$(sed -nE 's|^.*calling init: ||p' <<<"$output")"
    [[ $(wc -l <<<"$said") -ge 3 ]]
}
@test "explain: --explain=init" { by_ours init-graph orders_constructors; }

mistakes() {
    [[ $3 == glibc ]] || return 0
    run -1 launch "$2" "$3" "$ld" --explain=nonsense ./main
    assert_output --partial nonsense
    run -1 launch "$2" "$3" "$ld" --explain=symbol: ./main
}
@test "explain: a topic that does not exist" { by_ours boot-hello mistakes; }

# What a start takes. Tests look at what is counted, not at times.

counts_start() {
    [[ $3 == glibc || $3 == musl ]] || return 0
    local libraries
    libraries=$(launch "$2" "$3" "$ld" --list ./main | grep -c '=> /')
    run -0 --separate-stderr launch "$2" "$3" "$ld" --stats ./main
    # shellcheck disable=SC2154 # bats sets it
    local table=$stderr
    assert_output --partial "ran"
    grep -qE "^  files mapped +$libraries$" <<<"$table" || fail "not $libraries files in $table"
    local phase
    for phase in program libraries relocation constructors total; do
        grep -qE "^  $phase +[0-9]+ us +[0-9]+\.[0-9] %$" <<<"$table" || fail "no $phase in $table"
    done
    # One relocation at least of each kind that any start has.
    grep -qE '^  symbols bound +[1-9]' <<<"$table"
    run -0 --separate-stderr launch "$2" "$3" LD_DEBUG=statistics ./main.ours
    assert_equal "$(sed -nE 's/^ *[0-9]+:\t//p' <<<"$stderr" | sed -E 's/ +[0-9.]+( us.*)?$//')" \
        "$(sed -E 's/ +[0-9.]+( us.*)?$//' <<<"$table")"
}
@test "explain: --stats, LD_DEBUG=statistics" { by_ours boot-list counts_start; }

traces_start() {
    rm -f "$BATS_TEST_TMPDIR/trace"
    run -0 launch "$2" "$3" "$ld" --trace "$BATS_TEST_TMPDIR/trace" ./main
    assert_output --partial ran
    run -0 python3 - "$BATS_TEST_TMPDIR/trace" <<'END'
import json, sys
with open(sys.argv[1]) as file:
    events = json.load(file)["traceEvents"]
phases = [e for e in events if e["cat"] == "phase"]
assert [p["name"] for p in phases][:2] == ["program", "libraries"], phases
for e in events:
    assert e["ph"] == "X" and e["dur"] >= 0 and e["pid"] > 0 and e["tid"] > 0, e
    # Each lies within a phase, the one of its kind.
    inside = [p["name"] for p in phases if p["ts"] <= e["ts"] and e["ts"] + e["dur"] <= p["ts"] + p["dur"] + 0.01]
    assert inside == {"phase": [e["name"]], "map": ["libraries"], "relocate": ["relocation"], "initialise": ["constructors"]}[e["cat"]], (e, inside)
for kind in "map", "relocate", "initialise":
    assert any(e["cat"] == kind and e["name"].endswith("liba.so") for e in events), kind
END
}
@test "explain: --trace" { by_ours boot-list traces_start; }

# Messages.

@test "explain: docs/messages.md is what the loaders say" {
    [[ " $(arches) " == *" x86_64 "* && $host == x86_64 ]] || skip "written on x86-64"
    [[ $(ldd --version) == *" 2.36"* ]] || skip "written for glibc 2.36"
    "$root/docs/messages" >"$BATS_TEST_TMPDIR/messages"
    assert_equal "$(grep -c '^## ' "$BATS_TEST_TMPDIR/messages")" 20
    diff -u "$root/docs/messages.md" "$BATS_TEST_TMPDIR/messages"
}

# Completions.

options_of() { grep -hoE -- '--[a-z][-a-z0-9]*' "$@" | sort -u; }
@test "explain: completions know the options of --help, and the manual does" {
    local arch
    for arch in $(arches); do
        options_of <(launch "$arch" glibc "$(loader "$arch")" --help) >"$BATS_TEST_TMPDIR/help"
        [[ $(wc -l <"$BATS_TEST_TMPDIR/help") -gt 10 ]]
        diff "$BATS_TEST_TMPDIR/help" <(options_of "$root/completions/ld-mmapfd.bash")
        diff "$BATS_TEST_TMPDIR/help" <(options_of "$root/completions/_ld-mmapfd")
        run -0 comm -23 "$BATS_TEST_TMPDIR/help" <(options_of "$root/man/ld.so-mmapfd.8.scd")
        refute_output
    done
}

# completes WORD...: what bash offers for the last one.
completes() (
    # shellcheck source=/dev/null
    source "$root/completions/ld-mmapfd.bash"
    COMP_WORDS=(ld.so "$@") COMP_CWORD=$#
    _ld_mmapfd
    printf '%s\n' "${COMPREPLY[@]}"
)
@test "explain: completion in bash" {
    mkdir "$BATS_TEST_TMPDIR/in"
    cd "$BATS_TEST_TMPDIR/in"
    mkdir directory
    touch program
    assert_equal "$(completes --lis)" $'--list\n--list-diagnostics\n--list-tunables'
    assert_equal "$(completes --explain = sy)" symbol:
    assert_equal "$(completes --explain =)" $'search\nsymbol:\nreloc\ntls\ninit\njson'
    assert_equal "$(completes --library-path d)" directory
    assert_equal "$(completes --library-path = d)" directory
    assert_equal "$(completes --list ./pro)" ./program
    assert_equal "$(completes --explain ./pro)" ./program
    # The program's own words are not ours.
    assert_equal "$(completes ./program --li)" ""
}
@test "explain: completion in zsh" {
    [[ -n $(type -P zsh) ]] || skip "zsh is not installed"
    zsh -n "$root/completions/_ld-mmapfd"
}
