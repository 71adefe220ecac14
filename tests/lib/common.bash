# What every test file loads first: the bats libraries, fixtures, and an environment in which nothing of the
# caller's changes what a loader does.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

root=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
host=$(uname -m)

for variable in "${!LD_@}" "${!QEMU_@}"; do
    unset "$variable"
done
export LC_ALL=C
ulimit -c 0

# loader ARCH: the loader under test.
loader() { echo "$root/build/$1/ld.so"; }

# arches: the machines whose loader is tested, one word each.
arches() { echo "${ARCHES-x86_64 aarch64}"; }

# tool ARCH NAME: the name of a binutils or gcc program for that machine.
tool() { if [[ $1 == "$host" ]]; then echo "$2"; else echo "$1-linux-gnu-$2"; fi; }

# shellcheck source-path=SCRIPTDIR
source "$root/tests/lib/fixture.bash"
