#!/usr/bin/env bats
# The dl functions: what a program can open, find, ask and close while it runs, in the words of its own libc.

load lib/common
load lib/loaders

@test "dl: one file is one object, counted" { fixture dl-handles; }

@test "dl: LOCAL, GLOBAL, LAZY, NOW, NOLOAD" { fixture dl-flags; }

@test "dl: NODELETE" { fixture dl-nodelete; }

@test "dl: DEEPBIND" { fixture dl-deepbind; }

@test "dl: the caller's run path" { fixture dl-runpath; }

@test "dl: \$ORIGIN of the caller" { fixture dl-origin; }

@test "dl: error texts" { fixture dl-errors; }

@test "dl: error texts for ELF files that are not wanted" { fixture dl-errors-header; }

@test "dl: a failure leaves no trace" { fixture dl-failed; }

@test "dl: where dlsym looks" { fixture dl-symbols; }

@test "dl: dlvsym and versions" { fixture dl-versions; }

@test "dl: kinds of symbols" { fixture dl-kinds; }

@test "dl: absolute symbols" { fixture dl-absolute; }

@test "dl: IFUNC" { fixture dl-ifunc; }

@test "dl: dlerror" { fixture dl-error; }

@test "dl: dlclose runs destructors, and complains" { fixture dl-close; }

@test "dl: dlclose spares what others need, are bound to, or asked for" { fixture dl-close-bindings; }

@test "dl: a library opened again begins anew" { fixture dl-close-tls; }

@test "dl: a hundred thousand dlopens and dlcloses leave nothing behind" { fixture dl-close-loop; }

@test "dl: unique symbols" { fixture dl-close-unique; }

@test "dl: what is open at exit" { fixture dl-close-exit; }

@test "dl: dladdr" { fixture dl-addr; }

@test "dl: dladdr1" { fixture dl-addr1; }

@test "dl: dladdr at the edges" { fixture dl-addr-edges; }

@test "dl: dlinfo" { fixture dl-info; }

@test "dl: the origin of a relative path" { fixture dl-origin-relative; }

@test "dl: dlinfo, the directories" { fixture dl-info-paths; }

@test "dl: dl_iterate_phdr" { fixture dl-iterate; }

@test "dl: a callback of dl_iterate_phdr that opens and closes" { fixture dl-iterate-opens; }

@test "dl: the kernel's library is listed" { fixture dl-vdso; }

@test "dl: _dl_find_object" { fixture dl-find-object; }

@test "dl: the link map" { fixture dl-link-map; }

@test "dl: dlmopen in the base namespace" { fixture dl-mopen; }

@test "dl: a process without a libc" { fixture dl-without-libc; }

@test "dl: namespaces" { fixture dl-namespace; }

@test "dl: namespaces that are refused" { fixture dl-namespace-errors; }

@test "dl: threads of a namespace" { fixture dl-namespace-threads; }

@test "dl: unique symbols of a namespace" { fixture dl-namespace-unique; }

@test "dl: namespaces at exit" { fixture dl-namespace-exit; }

@test "dl: what the libc opens keeps the error of the program" { fixture dl-error-kept; }

@test "dl: constructors, also those that call dlopen" { fixture dl-constructors; }

@test "dl: eight threads at once" { fixture dl-threads; }

@test "dl: fork" { fixture dl-fork; }

@test "dl: fork while other threads open and close" { fixture dl-fork-opening; }

@test "dl: exceptions through opened libraries" { fixture dl-exceptions; }

@test "dl: static objects of C++" { fixture dl-cxx-static; }

@test "dl: a function that comes late" { fixture dl-lazy-late; }

@test "dl: a function that never comes" { fixture dl-lazy-missing; }

@test "dl: LD_BIND_NOW" { fixture dl-lazy-now; }

@test "dl: scopes grow" { fixture dl-scopes-grow; }

@test "dl: fdlopen" { fixture dl-fdlopen; }

@test "dl: the libc opens name services" { fixture dl-nss; }

@test "dl: the libc opens character sets" { fixture dl-iconv; }

@test "dl: the libc opens every character set, and keeps it as long" { fixture dl-iconv-all; }

@test "dl: the libc opens a name service with needs of its own" { fixture dl-nss-module; }

@test "dl: the libc asks a name server" { fixture dl-nss-dns; }

@test "dl: a locale and its character set" { fixture dl-locale; }

@test "dl: the libc opens the unwinder to end a thread" { fixture dl-cancel; }

@test "dl: the libc opens the unwinder for a backtrace" { fixture dl-backtrace; }

# A libc of the future: without dlerror by that name we do not find the place through which libc.so.6 opens libraries.
unknown_libc() { # WHO ARCH WORLD
    local dir=$BATS_TEST_TMPDIR/$2
    mkdir "$dir"
    perl -0777 -pe 's/\0dlerror\0/\0dlerrox\0/' "$("$(tool "$2" gcc)" -print-file-name=libc.so.6)" >"$dir/libc.so.6"
    run --separate-stderr launch "$2" "$3" "$ld" --library-path "$dir" ./main
    assert_success
    assert_line --index 0 "EUC-JP: no such conversion"
    stderr=${stderr//$dir\//}
    assert_equal "$stderr" "WARNING: ld.so: libc.so.6: its own dlopen cannot be redirected: name services, character sets \
and thread cancellation may not work"
}
@test "dl: a libc whose own dlopen cannot be redirected gets a warning" { by_ours dl-iconv unknown_libc; }

refuses_to_open() { # ARCH WORLD MODE
    [[ $3 != native ]] || return 0
    run -0 under "$@" ./main
    assert_line --regexp "^refused: $PWD/libb.so: $dl_refused"
}
# glibc changes the stacks as soon as such a library is mapped. Ours waits until nothing else is wrong with it.
wish_of_the_refused() { # ARCH WORLD MODE
    [[ $3 != native ]] || return 0
    run -0 under "$@" LD_MMAPFD_ALLOW=execstack ./main failing
    assert_output "bad 0, other 1, executable 0"
}
@test "dl: a library that asks for executable stacks" {
    WORLDS=glibc fixture_each dl-execstack wish_of_the_refused
    dl_refused='asks for an executable stack .*LD_MMAPFD_ALLOW=execstack' \
        WORLDS=glibc fixture_each dl-execstack refuses_to_open
    fixture dl-execstack
}
@test "dl: a library with text relocations" {
    dl_refused='relocation at 0x[0-9a-f]+ is in a read-only segment .*LD_MMAPFD_ALLOW=textrel' \
        fixture_each dl-textrel refuses_to_open
    fixture dl-textrel
}
