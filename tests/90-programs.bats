#!/usr/bin/env bats
# The machine's own programs, under the native loader and under ours: see programs/ways.bash.
# shellcheck disable=SC2317 # scenario is called by `same`

load lib/common
load programs/ways

@test "programs: the three ways are three" {
    local ours way arch=$host world=glibc
    ours=$(readlink -f "$(loader "$host")")
    scenario() { prog cat /proc/self/maps; }
    for way in native explicit interp; do
        [[ " ${MODES-$way} " == *" $way "* ]] || skip "MODES leaves out $way"
        play
        run -0 cat "$BATS_TEST_TMPDIR/$way.out"
        case $way in
        native) refute_output --partial " $ours" ;;
        *) assert_output --partial " $ours" ;;
        esac
        case $way in
        interp) assert_output --partial "/copies/usr/bin/cat" ;;
        *) assert_output --partial " /usr/bin/cat" ;;
        esac
    done
}

@test "programs: ls -l" {
    need ls
    scenario() {
        mkdir -p dir/sub
        for name in one two three; do echo "$name" >"dir/$name"; done
        ln -s one dir/link
        chmod 640 dir/two
        chmod 4755 dir/three
        touch -h -d '2020-02-02 02:02:02' dir/* dir
        prog ls -l dir
        prog ls -laRF --color=always dir
        prog ls -ln --time-style=full-iso dir/one
        prog ls dir/missing || echo "status $?"
    }
    same
}

@test "programs: bash -c with pipes, subshells, here-documents, arrays" {
    need bash
    scenario() {
        prog bash -c '
            words=(pear apple fig); declare -A length
            for word in "${words[@]}"; do length[$word]=${#word}; done
            for word in "${words[@]}"; do echo "$word ${length[$word]}"; done | sort |
                while read -r a b; do echo "$b:$a"; done
            (cd / && pwd; exit 3); echo "subshell $?"
            cat <<HERE | tr a-z A-Z
here $((6 * 7)) ${words[@]:1:2} $(echo substituted | rev)
HERE
            diff <(seq 3) <(seq 4); mapfile -t lines < <(seq 5); echo "${#lines[@]} ${lines[*]: -2}"
            [[ "ab12cd" =~ ([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
            printf -v padded "%05d" 42; echo "$padded ${padded//0/x} ${words[0]^^}"
            trap "echo trapped" EXIT; sleep 0 & wait $!; echo "waited $?"; echo "$0 $1 $#"
            exec 3>file; echo to three >&3; exec 3>&-; cat file; set -o pipefail; false | true; exit $((40 + $?))
        ' name argument || echo "status $?"
        prog bash -c 'kill -TERM $$' || echo "status $?"
        prog bash -c 'no_such_command_here' || echo "status $?"
        prog bash -c 'printf "%s\n" ~root "$(type -t cd)" "$(ulimit -c)"; enable -f /no/such.so x' || echo "status $?"
    }
    same
}

@test "programs: perl with modules, fork, threads" {
    need perl
    scenario() {
        prog perl "$programs/perl.pl" || echo "status $?"
        prog perl -ne 'print if s/^(\w+):.*?(\d+).*/$1 $2/ && $. < 4' /etc/passwd
    }
    same
}

@test "programs: git init, commit, branch, merge, log, diff, gc, fsck, clone" {
    need git
    scenario() {
        export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
        export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-02T00:00:00Z' GIT_CONFIG_NOSYSTEM=1
        prog git init -q -b main repo
        cd repo
        seq 100 >numbers
        echo text >text
        prog git add .
        prog git commit -q -m first
        prog git checkout -q -b side
        sed -i 's/^5$/five/' numbers
        prog git commit -q -a -m 'on the side'
        prog git checkout -q main
        echo more >>text
        prog git commit -q -a -m second
        prog git merge -q --no-edit side
        prog git log --graph --stat --format='%H %T %an %ad %s'
        prog git diff HEAD~1
        prog git rev-parse HEAD HEAD^2 HEAD:numbers
        prog git gc -q
        prog git fsck --full --strict
        prog git count-objects -v
        prog git cat-file -p HEAD
        prog git grep -n five
        prog git archive HEAD | sha256sum
        prog git clone -q . ../clone
        prog git -C ../clone status
        prog git no-such-command || echo "status $?"
    }
    same
}

@test "programs: python3 with ssl, sqlite3, ctypes, decimal, threads and process pools" {
    need python3
    scenario() {
        prog python3 "$programs/python.py" argument || echo "status $?"
        prog python3 -c 'raise SystemExit("to standard error")' || echo "status $?"
    }
    same
}

@test "programs: gcc compiles, links and runs a program" {
    need gcc as ld
    scenario() {
        cat >hello.c <<'HERE'
#include <math.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    printf("hello, %s: %.6f\n", argv[argc - 1], sqrt(argc));
    return argc;
}
HERE
        prog gcc -O2 -Wall -o hello hello.c -lm
        ./hello world || echo "status $?"
        prog gcc -O2 -c hello.c
        sha256sum hello hello.o
        prog gcc -print-search-dirs
        prog gcc -O2 -flto -o lto hello.c -lm
        ./lto world || echo "status $?"
        prog gcc -o none missing.c || echo "status $?"
        echo 'int main(void) { return x; }' >wrong.c
        prog gcc wrong.c || echo "status $?"
    }
    same
}

@test "programs: cc1, as, ld and g++'s cc1plus" {
    need g++ as ld objdump nm
    scenario() {
        cat >hello.cc <<'HERE'
#include <iostream>
#include <vector>
int main() { std::vector<int> v{1, 2, 3}; for (int i : v) std::cout << i << '\n'; }
HERE
        cc1plus=$(gcc -print-prog-name=cc1plus)
        flags=$(g++ -dumpmachine)
        prog "$cc1plus" -quiet -imultiarch "$flags" -D_GNU_SOURCE -O1 hello.cc -o hello.s
        prog as -o hello.o hello.s
        prog g++ -o hello hello.o
        ./hello
        prog ld -r -o again.o hello.o
        prog nm -C hello.o
        prog objdump -d --no-show-raw-insn -j .text hello.o
        sha256sum hello hello.o again.o
    }
    same
}

@test "programs: node with workers, crypto, compression, wasm" {
    need node
    scenario() { prog node "$programs/node.js" argument || echo "status $?"; }
    same
}

@test "programs: tar, gzip, bzip2, xz, zstd" {
    need tar gzip bzip2 xz
    scenario() {
        mkdir dir
        for i in $(seq 50); do seq "$i" 500 >"dir/$i"; done
        prog tar --sort=name --owner=0 --group=0 --mtime=@0 -cf dir.tar dir
        for pack in gzip bzip2 xz; do
            prog "$pack" -k -9 dir.tar
        done
        prog xz -T2 -k -c dir.tar | prog xz -dc | cmp - dir.tar
        ! type -P zstd >/dev/null || prog zstd -q -T2 -c dir.tar | prog zstd -dqc | cmp - dir.tar
        sha256sum dir.tar dir.tar.bz2 dir.tar.xz
        prog gzip -dc dir.tar.gz | sha256sum
        mkdir out
        prog tar -C out -xzf dir.tar.gz # runs gzip
        diff -r dir out/dir
        prog tar -tvf dir.tar.xz
        head -c 100 dir.tar.xz | prog xz -t || echo "status $?"
    }
    same
}

@test "programs: sed, awk, grep, sort, find, xargs and the rest of a pipe" {
    need sed awk grep sort find xargs
    scenario() {
        mkdir -p dir/a dir/b
        for i in $(seq 200); do echo "$i $((i * 7919 % 1000)) word$((i % 7))" >"dir/$((i % 2 ? 1 : 0))$i"; done
        prog find dir -type f -name '*5' -print0 | prog sort -z | prog xargs -0 -n 3 cat |
            prog sed -E 's/(word)([0-9])/\2\1/' |
            prog awk '{ s[$3] += $2 } END { for (k in s) print k, s[k], sqrt(s[k]) }' | prog sort -k2,2nr --parallel=4 |
            prog grep -E '^[0-3]' | prog cut -d' ' -f1,2 | prog tr ' ' '\t' | prog tee copy | prog uniq -c
        cat dir/[01]* | prog sort -n -S 1M | prog sha256sum
        prog grep -rhoP 'word(?=3)' dir | prog wc -l
        prog find dir -newermt 2100-01-01 -o -name '1?' | prog sort | prog head -n 3
        prog grep absent copy || echo "status $?"
        prog date -u -d @0 +%FT%T
        prog stat -c '%n %s %F %A' copy
        prog id -un root
        prog env -i A=b /usr/bin/env
        prog diff dir/11 copy || echo "status $?"
        prog sort --no-such-option || echo "status $?"
    }
    same
}

@test "programs: openssl" {
    need openssl
    scenario() {
        seq 1000 >file
        prog openssl dgst -sha256 file
        prog openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -S 0011223344556677 -in file -out file.enc
        prog openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:x -S 0011223344556677 -in file.enc | cmp - file
        prog openssl dgst -sha3-512 -hmac key file
        prog openssl dgst -provider legacy -provider default -md4 file # the provider is a module
        prog openssl genrsa -out key 1024
        prog openssl req -x509 -key key -subj /CN=test -out certificate -days 3
        prog openssl verify -CAfile certificate certificate
        prog openssl x509 -in certificate -noout -subject -issuer
        prog openssl version
    }
    same
}

@test "programs: sqlite3" {
    need sqlite3
    scenario() {
        prog sqlite3 :memory: <"$programs/queries.sql" || echo "status $?"
        prog sqlite3 file.db 'create table t (a); insert into t values (1), (2); select sum(a) from t;'
        prog sqlite3 -json file.db 'select * from t; pragma integrity_check;'
    }
    same
}

@test "programs: curl" {
    need curl
    scenario() {
        echo content >file
        prog curl --version
        prog curl -sS "file://$PWD/file"
        prog curl -s -w '%{http_code} %{exitcode} %{num_connects}\n' http://127.0.0.1:1/ || echo "status $?"
    }
    same
}

@test "programs: gdb, as a program" {
    need gdb
    scenario() {
        prog gdb --version
        prog gdb -nx -batch -ex 'print 6 * 7' -ex 'python import sys, json; print(json.dumps([sys.version_info[0]]))'
        prog gdb -nx -batch -ex 'info files' -ex 'x/2i *0' /usr/bin/env || echo "status $?"
    }
    same
}

@test "programs: tput, getent, iconv, locale, ps" {
    need tput getent locale ps
    scenario() {
        prog tput -T xterm cols
        prog tput -T xterm setaf 1 | od -c
        prog getent passwd root
        prog getent hosts 127.0.0.1 || echo "status $?"
        prog getent services http/tcp || echo "status $?"
        prog iconv -f utf-8 -t utf-16le <<<'Grüße' | od -c
        prog iconv -f utf-8 -t ascii//TRANSLIT <<<'Grüße'
        prog iconv -f shift-jis -t nothing </dev/null || echo "status $?"
        prog locale
        prog ps --version
    }
    same
}

@test "programs: a static program (ldconfig) as an argument" {
    need ldconfig
    [[ ${MODES-explicit} == *explicit* ]] || skip "MODES leaves out explicit"
    ways=explicit
    scenario() {
        prog ldconfig -p
        prog ldconfig --version
        prog ldconfig --no-such-option || echo "status $?"
    }
    same
}
