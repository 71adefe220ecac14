# Modules with native parts; threads, each of which runs the modules' constructors again.
perl -MPOSIX -MSocket -MStorable=freeze -MEncode -MDigest::SHA=sha1_hex -MTime::HiRes -MDB_File -e 'print "$^V ", floor(3.7), " ", sha1_hex("x"), " ", length(freeze([1])), "\n"; fork or exit 3; wait; print $? >> 8, "\n"'
perl -Mthreads -e 'print join(",", map { $_->join } map { my $n = $_; threads->create(sub { $n * $n }) } 1 .. 5), "\n"'
