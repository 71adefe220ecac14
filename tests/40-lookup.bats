#!/usr/bin/env bats
# Which definition a name is bound to: order, hash tables, versions, binding, visibility; and what is said if
# there is none.

load lib/common
load lib/begins

@test "lookup: the program, then its libraries in order" { fixture lookup-interposition; }
@test "lookup: breadth first" { fixture lookup-breadth-first; }
@test "lookup: a weak definition that comes first wins" { fixture lookup-weak-first; }
@test "lookup: a weak reference without a definition is null" { fixture lookup-weak-undefined; }
@test "lookup: data of one name in several libraries" { fixture lookup-same-data; }

@test "lookup: DT_GNU_HASH, DT_HASH, both" { fixture lookup-hash-styles; }
@test "lookup: a program with DT_HASH only" { fixture lookup-hash-sysv-main; }

@test "lookup: versions, default and old" { fixture lookup-versions; }
@test "lookup: no version wanted of a library with versions" { fixture lookup-versions-unversioned; }
@test "lookup: a version wanted of a library without" { fixture lookup-versions-library-without; }
@test "lookup: versions tell two libraries apart" { fixture lookup-versions-other-library; }
@test "lookup: a program without versions interposes a versioned symbol" { fixture lookup-versions-interposed; }
@test "lookup: a weak need of a version may stay unmet" { fixture lookup-versions-weak-need; }
@test "lookup: a missing version" { fixture_begins lookup-versions-missing; }
@test "lookup: a missing version, wanted by a library" { fixture_begins lookup-missing-version-library; }

@test "lookup: protected symbols" { fixture lookup-protected; }
@test "lookup: STB_GNU_UNIQUE" { fixture lookup-unique; }
@test "lookup: -Bsymbolic and -Bsymbolic-functions" { fixture lookup-symbolic; }
@test "lookup: DF_SYMBOLIC" { fixture lookup-symbolic-flag; }
@test "lookup: absolute symbols" { fixture lookup-absolute; }
@test "lookup: indirect functions" { fixture lookup-ifunc; }
@test "lookup: indirect functions and a program at fixed addresses" { fixture lookup-ifunc-nopie; }
@test "lookup: what a resolver is told on aarch64" { fixture lookup-ifunc-arguments; }
@test "lookup: copied data under two names" { fixture lookup-copy-alias; }
@test "lookup: the libc's data copied" { fixture lookup-copy-libc; }
@test "lookup: one address for a function, program at fixed addresses" { fixture lookup-function-pointer; }
@test "lookup: one address for a function, position-independent program" { fixture lookup-function-pointer-pie; }
@test "lookup: an allocator from LD_PRELOAD serves the libc" { fixture lookup-malloc-preload; }
@test "lookup: an allocator in the program serves the libc" { fixture lookup-malloc-main; }

@test "lookup: a missing function is told when it is called" { fixture_begins lookup-missing-function; }
@test "lookup: a missing function, wanted by a library in a version" { fixture_begins lookup-missing-function-library; }
@test "lookup: a missing function in the version wanted" { fixture_begins lookup-missing-symbol-version; }
@test "lookup: a missing function that is not called" { fixture_begins lookup-missing-function-unused; }
@test "lookup: a missing function with LD_BIND_NOW" { fixture_begins lookup-missing-function-now; }
@test "lookup: a missing function with -z now" { fixture_begins lookup-missing-function-z-now; }
@test "lookup: a missing function whose address is data" { fixture_begins lookup-missing-function-pointer; }
@test "lookup: missing data" { fixture_begins lookup-missing-data; }

@test "lookup: a filter's objects come before it" { fixture lookup-filter; }

@test "lookup: a filter whose object is missing" { fixture_begins lookup-filter-missing; }

@test "lookup: unique symbols and -Bsymbolic" { fixture lookup-unique-symbolic; }

@test "lookup: flags that mean nothing here" { fixture lookup-flags-1; }
