# Says which dynamic relocations a fixture's files contain, so that a test cannot pass for want of what it tests.
# Loaded by 50-reloc.bats and 60-tls.bats after common.bash.

# relocs FILE: the types in FILE, each once, by one name for both machines: x86-64's.
relocs() {
    readelf -rW "$1" | sed -nE 's/^[0-9a-f]+ +[0-9a-f]+ +R_(X86_64|AARCH64)_([A-Z0-9_]+).*/\2/p' | sed -E '
        s/^ABS64$/64/
        s/^TLS_DTPMOD(64)?$/DTPMOD64/
        s/^TLS_DTPREL(64)?$/DTPOFF64/
        s/^TLS_TPREL(64)?$/TPOFF64/
        s/^JUMP_SLO$/JUMP_SLOT/' | sort -u
}

# contains NAME FILE TYPE...: FILE of the fixture has relocations of each TYPE, in every world, on every machine.
contains() {
    local name=$1 file=$2 arch world type
    shift 2
    fixture_build "$name"
    while read -r arch world; do
        run -0 relocs "$(fixture_dir "$name" "$arch" "$world")/$file"
        for type; do
            assert_line "$type"
        done
    done < <("$root/tests/fixture" --settings "$name")
}
