#!/usr/bin/env bats
# mmapfd against independent parties: a model of the contract, Linux's execve, and the native loaders.

load lib/common
load lib/loaders
load lib/unit

# What is compared with other parties, in place and by the hundred: programs and libraries of this machine.
directories=(/usr/bin /usr/sbin /usr/lib /usr/libexec)

# samples ARCH: files whose headers are mutated, of each kind that there is: libraries and loaders of both worlds and
# ours, programs at fixed addresses and position independent ones, static and dynamic. Fills $samples.
samples() {
    local arch=$1 gcc directory=$BATS_TEST_TMPDIR/$1 musl
    gcc=$(tool "$arch" gcc)
    malformed "$arch" "$directory"
    "$gcc" -o "$directory/pie" -pie -fPIE "$root/examples/hello.c"
    "$gcc" -o "$directory/fixed" -no-pie "$root/examples/hello.c"
    "$gcc" -o "$directory/packed" -pie -fPIE -Wl,-z,noseparate-code "$root/examples/hello.c"
    "$gcc" -o "$directory/static-pie" -static-pie -fPIE "$root/examples/hello.c"
    "$gcc" -o "$directory/static" -static "$root/examples/hello.c"
    samples=("$directory/00-valid" "$directory"/{pie,fixed,packed,static-pie,static}
        "$("$gcc" -print-file-name=libc.so.6)" "$(native_loader "$arch" glibc)")
    musl=/lib/$arch-linux-musl/libc.so
    [[ $arch == "$host" ]] || musl=$(sysroot "$arch" musl)$musl
    [[ ! -f $musl ]] || samples+=("$musl")
    [[ ! -f $(loader "$arch") ]] || samples+=("$(loader "$arch")")
}

# Fewer under an emulator, which takes many times as long for each.
model() {
    local rounds=100000
    [[ $1 == "$host" ]] || rounds=5000
    samples "$1"
    unit_in glibc "$1" mmapfd_property "$rounds" "${samples[@]}"
    figures
}
@test "mmapfd: many mutated headers are refused or mapped as a model of the contract says" { each_arch model; }

kernel() {
    unit_in glibc "$1" mmapfd_like_others 300 kernel "${directories[@]}"
    figures
}
@test "mmapfd: every file that execve maps is mapped alike" { each_arch kernel; }

mutants() {
    samples "$1"
    unit_in glibc "$1" mmapfd_mutants_like_kernel 2000 "${samples[@]}"
    figures
}
@test "mmapfd: mutated files that execve maps are mapped alike" { each_arch mutants; }

glibc() {
    unit_in glibc "$1" mmapfd_like_others 300 glibc "$(native_loader "$1" glibc)" "${directories[@]}"
    figures
}
@test "mmapfd: every file that glibc's loader lists is mapped alike" { each_arch glibc; }

# It lists what it could never run, too: so there are enough files even where no program was made for it.
musl() {
    unit_in glibc "$1" mmapfd_like_others 300 musl "$(native_loader "$1" musl)" \
        /usr/bin /usr/sbin "/usr/lib/$1-linux-musl"
    figures
}
@test "mmapfd: every file that musl's loader lists is mapped alike" { each_arch musl; }
