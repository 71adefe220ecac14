# Version control, builds, editors, archives: programs that start programs.
git init -q r
cd r
git config user.email a@b
git config user.name n
echo x >f
git add f
GIT_AUTHOR_DATE='2005-04-07T22:13:13 +0000' GIT_COMMITTER_DATE='2005-04-07T22:13:13 +0000' git commit -q -m m
git log --format=%H
git gc -q
git fsck
cd ..
svnadmin create s
svn -q mkdir -m m "file://$PWD/s/d"
svn ls "file://$PWD/s"
hg init h
hg -R h log
hg --version -q
printf 'cmake_minimum_required(VERSION 3.20)\nproject(p C)\nadd_executable(p p.c)\n' >CMakeLists.txt
echo 'int main(void) { return 0; }' >p.c
cmake -G Ninja -S . -B b >/dev/null
ninja -C b | tail -n 1
b/p
echo built
printf "project('p', 'c')\nexecutable('p', 'p.c')\n" >meson.build
meson setup mb >/dev/null
ninja -C mb >/dev/null
mb/p
echo built
emacs --batch --eval '(message "%s %d" (upcase "emacs") (apply (quote +) (number-sequence 1 10)))' 2>&1
vim -es -u NONE -c 'put =range(3)' -c '%print' -c q! || true
zsh -c 'zmodload zsh/mathfunc zsh/datetime; print $((sqrt(16.0)))'; tmux -V
tar -c p.c | xz | zstd | zstd -d | xz -d | tar -t; bsdtar -cf - p.c | bsdtar -tf -; 7z a -bd z.7z p.c >/dev/null
7z l -ba z.7z | wc -l
tshark -v | head -n 1 | cut -c 1-7; iptables -V; nft -v | cut -c 1-8; ip -V; perf --version | cut -c 1-4
echo hello | iconv -t UTF-16 | iconv -f UTF-16 -t EBCDIC-US | od -c | head -n 1; LC_ALL=C.UTF-8 printf '%s\n' ß | iconv -t ASCII//TRANSLIT
valgrind -q true
echo valgrind; echo 'main: ;' | bison --version | head -n 1; doxygen -v; protoc --version
