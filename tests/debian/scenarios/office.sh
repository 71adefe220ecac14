# 200 libraries, components opened by name, and exceptions through all of them.
printf 'name,n\nred,1\nblue,2\n' >a.csv
soffice --headless --convert-to ods a.csv >/dev/null
soffice --headless --convert-to csv:'Text - txt - csv (StarCalc)':59,34,76 --outdir out a.ods >/dev/null
cat out/a.csv
printf 'Some text.\n' >b.txt
soffice --headless --convert-to odt b.txt >/dev/null
soffice --headless --convert-to pdf b.odt >/dev/null
pdftotext b.pdf - | head -n 1
