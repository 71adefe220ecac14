# Checks calls between files: awk -f layers.awk tests/layers SYMBOLS, where SYMBOLS is `nm -A` of every object, each
# line `FILE: [ADDRESS] TYPE NAME` with the name of the source file. Prints what breaks tests/layers; silent when nothing does.

FNR == 1 { part++ }

part == 1 && (/^#/ || NF == 0) { next }
part == 1 && $1 == "only" { sub(":", "", $2); for (i = 3; i <= NF; i++) only[$2, $i]; narrowed[$2]; next }
part == 1 && $1 == "except" { sub(":", "", $2); for (i = 3; i <= NF; i++) excepted[$2, $i]; next }
part == 1 { rank++; for (i = 1; i <= NF; i++) rank_of[$i] = rank; next }

{
    sub(":$", "", $1)
    file = $1
    type = $(NF - 1)
    name = $NF
    files[file]
    if (type == "U")
        uses[file, name]
    else if (type ~ /[A-Z]/)
        home[name] = file
}

# The rank of a file, or of the nearest directory above it that is listed as a whole; 0 for neither.
function rank_in(file) {
    while (!(file in rank_of)) {
        sub("/[*]$", "", file)
        if (!sub("/[^/]*$", "/*", file))
            return 0
    }
    return rank_of[file]
}

END {
    for (file in files)
        if (!rank_in(file))
            print file ": not in tests/layers"
    for (use in uses) {
        split(use, word, SUBSEP)
        file = word[1]
        name = word[2]
        # The linker's own names (_DYNAMIC, _end) have no home.
        if (!(name in home) || (file, name) in excepted)
            continue
        if (file in narrowed && rank_in(home[name]) != rank_in(file) && !((file, name) in only))
            print file " uses " name " of " home[name] ": tests/layers allows it less"
        else if (rank_in(home[name]) < rank_in(file))
            print file " uses " name " of " home[name] ", above it"
    }
}
