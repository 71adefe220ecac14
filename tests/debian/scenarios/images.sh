# Libraries that decode anything, with plugins; an editor with plugins as processes; drawing of text with fonts.
convert -size 80x60 plasma:red-blue -seed 1 -blur 0x2 a.png
identify -format '%wx%h %m\n' a.png
convert rose: -resize 50% -quality 80 a.jpg
convert a.jpg a.webp
convert a.webp a.tiff
identify -format '%wx%h %m %#\n' a.jpg a.webp a.tiff
convert rose: rose.ppm
pnmtopng rose.ppm 2>/dev/null | pngtopnm | pnmscale 0.5 | md5sum
gm convert rose.ppm -rotate 30 b.png
gm identify -format '%wx%h %m\n' b.png
echo '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40"><circle cx="20" cy="20" r="15" fill="red"/><text x="30" y="30">Ag</text></svg>' >a.svg
inkscape --export-type=png --export-filename=i.png a.svg
identify -format '%wx%h\n' i.png
gimp -i -d -f -b '(let* ((i (car (gimp-image-new 20 20 RGB))) (l (car (gimp-layer-new i 20 20 RGB-IMAGE "l" 100 LAYER-MODE-NORMAL)))) (gimp-image-insert-layer i l 0 0) (gimp-drawable-fill l FILL-WHITE) (plug-in-gauss RUN-NONINTERACTIVE i l 3 3 0) (file-png-save RUN-NONINTERACTIVE i l "g.png" "g.png" 0 9 0 0 0 0 0))' -b '(gimp-quit 0)'
identify -format '%wx%h\n' g.png
echo 'digraph { a -> b -> c; a -> c }' | dot -Tpng | pngtopnm | md5sum
echo 'set terminal png; plot sin(x)' | gnuplot | pngtopnm | md5sum
echo '%!PS
/Helvetica findfont 20 scalefont setfont 20 20 moveto (page) show showpage' | gs -q -sDEVICE=pdfwrite -o a.pdf -
pdftotext a.pdf -
pdftoppm -r 20 a.pdf | md5sum
mutool draw -r 20 -F txt a.pdf
