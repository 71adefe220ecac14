# Prints what is wrong with the tables of a document: a row whose last column names no test, or one that tests/ has not.
# Reads the test files first, then the document: awk -f parity.awk tests/*.bats docs/parity.md
# There are to be so many rows: -v least=50.

FNR == 1 { file = FILENAME; sub(/.*\//, "", file); sub(/\.bats$/, "", file) }

FILENAME ~ /\.bats$/ {
    if (match($0, /^@test "/)) {
        name = substr($0, RLENGTH + 1)
        sub(/" *\{.*/, "", name)
        gsub(/\\/, "", name)
        known[file ": " name] = 1
    }
    next
}

/^\|/ && !/^\|[-|]*$/ && !/\| test \|$/ {
    rows++
    n = split($0, column, / \| | \|$/)
    test = column[n - 1]
    if (!(test in known)) print "no such test: " test
}

END { if (rows < least) print "only " rows + 0 " rows" }
