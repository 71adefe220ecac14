# sentences.awk - the sentences of a manual page in scdoc, one a line, without marks.
#
# awk -v from=DESCRIPTION -v to=ATTRIBUTES -f sentences.awk man/mmapfd.3.scd
#
# In those sections each sentence begins on a line of its own, so that nobody has to guess where one ends: it ends with
# a full stop or a colon at the end of a line. Headings, terms of lists and code are no sentences.

function plain(text) {
    gsub(/\\\*/, "\001", text)
    gsub(/\*/, "", text)
    gsub(/\001/, "*", text)
    gsub(/\\/, "", text)
    # As scdoc has it: a line below words begins and ends where no letter is on the other side.
    text = " " text " "
    while (match(text, /[^A-Za-z0-9_]_/)) text = substr(text, 1, RSTART) substr(text, RSTART + 2)
    while (match(text, /_[^A-Za-z0-9_]/)) text = substr(text, 1, RSTART - 1) substr(text, RSTART + 1)
    return substr(text, 2, length(text) - 2)
}

/^# / {
    inside = $2 == from || inside && section != to
    section = $2
    sentence = ""
    next
}
/^\t*```/ { code = !code; sentence = ""; next }
!inside || code { next }
/^##/ || /^[ \t]*$/ { sentence = ""; next }
{
    match($0, /^\t*/)
    if (RLENGTH != depth || /^\t*- /) sentence = ""
    depth = RLENGTH
    sub(/^\t*- /, "")
    sub(/^[ \t]+/, "")
    sentence = sentence == "" ? $0 : sentence " " $0
    if (sentence ~ /[.:]$/) {
        sentence = plain(sentence)
        if (sentence ~ /[.] [A-Z]/) { print FILENAME ":" FNR ": two sentences on a line: " sentence; exit 1 }
        print sentence
        sentence = ""
    }
}
