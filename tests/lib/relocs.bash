# Proves that a fixture's files contain what they test, so that no test passes for want of its subject. Loaded by
# 50-reloc.bats and 60-tls.bats after common.bash.
# shellcheck disable=SC2154

# built NAME FILE CHECK [ARGUMENT]...: CHECK PATH [ARGUMENT]... holds for FILE of the fixture in every world, on every
# machine.
built() {
    local name=$1 file=$2 check=$3 arch world
    shift 3
    fixture_build "$name"
    while read -r arch world; do
        echo "--- $file of $name: $world, $arch"
        "$check" "$(fixture_dir "$name" "$arch" "$world")/$file" "$@"
    done < <("$root/tests/fixture" --settings "$name")
}

# relocs PATH: its types of dynamic relocation, each once, by one name for both machines: that of x86-64.
relocs() {
    readelf -rW "$1" | sed -nE 's/^[0-9a-f]+ +[0-9a-f]+ +R_(X86_64|AARCH64)_([A-Z0-9_]+).*/\2/p' | sed -E '
        s/^ABS64$/64/
        s/^TLS_DTPMOD(64)?$/DTPMOD64/
        s/^TLS_DTPREL(64)?$/DTPOFF64/
        s/^TLS_TPREL(64)?$/TPOFF64/' | sort -u
}

# has_relocs PATH TYPE...
has_relocs() {
    local type
    run -0 relocs "$1"
    shift
    for type; do
        assert_line "$type"
    done
}
