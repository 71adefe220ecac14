# Runs under busybox's own shell with its applets in PATH: pipes, subshells, functions, here-documents, traps.
set -e
count() { wc -l | tr -d ' '; }

mkdir -p tree/a/b
for i in $(seq 1 20); do
    echo "line $i of $((i * i))" >"tree/a/file$i"
done
find tree -type f | sort | xargs cat | awk '{ sum += $4 } END { print "sum", sum }'
ls tree/a | grep '1$' | sort | head -n 3
sed -n 's/^line \([0-9]*\) of \(.*\)$/\2:\1/p' tree/a/file7 tree/a/file12
(cd tree && tar cf - a) | gzip -c | gzip -dc | tar tf - | count
cat <<HERE | tr a-z A-Z
here is $(basename /some/where.txt .txt) and $((0x20 + 3))
HERE
( exit 3 ) || echo "subshell left with $?"
trap 'echo trapped' EXIT
printf '%s %05d %x\n' text 42 255
seq 100 | awk '{ print $1 % 10 }' | sort | uniq -c | sed 's/^ *//' | tail -n 2
cut -d: -f2 <<HERE
a:b:c
HERE
sha256sum tree/a/file1 | cut -c1-16
md5sum <tree/a/file2
grep -c line tree/a/file3
sleep_and_say() { echo "in the background"; }
sleep_and_say & wait
expr 6 '*' 7
ls /no/such/directory 2>&1 || echo "ls $?"
exit 9
