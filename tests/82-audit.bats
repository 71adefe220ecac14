#!/usr/bin/env bats
# Auditors (rtld-audit(7)): who hears of what, in which order. All of the glibc world.

load lib/common
load lib/begins

@test "audit: everything an auditor is called for" { fixture audit-log; }

@test "audit: two auditors that the program names" { fixture audit-tags; }

@test "audit: auditors that are not" { fixture audit-ignored; }

@test "audit: a library that an auditor refuses" { fixture_begins audit-refuse; }

@test "audit: thread-local storage" { fixture audit-tls; }
