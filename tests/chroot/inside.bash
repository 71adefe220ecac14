# shellcheck shell=bash
# What scenarios have in common; they run with errexit and pipefail. A scenario is a file that defines
#   title      what its line says
#   prepare    optional: runs once, under our loader, and may change the system
#   scenario   runs under either loader, each time from the system as all prepares left it; prints what is compared
#   is_suite   optional: if set, stdout is a list of results (see results below) and stderr only a log

# source_of NAME...: Debian's sources, unpacked and patched, as /src/NAME. An archive may lack the newest version that
# it lists for a while; then the one before serves.
source_of() {
    local name version
    for name; do
        rm -rf "/src/$name" "/src/work-$name"
        mkdir -p "/src/work-$name"
        cd "/src/work-$name"
        for version in $(apt-cache showsrc "$name" | sed -n 's/^Version: //p' | sort -Vru); do
            ! apt-get -q -o APT::Sandbox::User=root source "$name=$version" || break
        done
        mv ./*/ "/src/$name"
        cd "/src/$name"
    done
}

# Addresses differ from run to run.
no_addresses() { sed -E 's/0x[0-9a-f]+/ADDRESS/g'; }
