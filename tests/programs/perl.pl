# Perl with modules that are shared objects: each use is a dlopen. Prints only what is the same every time.
use strict;
use warnings;
use utf8;
use POSIX qw(floor fmod strftime setlocale LC_ALL WIFSIGNALED WTERMSIG :signal_h);
use Storable qw(freeze thaw dclone);
use Encode qw(encode decode);
use Socket;
use IO::Socket::UNIX;
use IO::Select;
use List::Util qw(sum0 reduce first);
use Scalar::Util qw(blessed reftype weaken);
use Digest::MD5 qw(md5_hex);
use Digest::SHA qw(sha256_hex);
use MIME::Base64;
use Data::Dumper;
use Time::HiRes ();
use Fcntl qw(:flock SEEK_SET);
use File::Glob ':bsd_glob';
use Hash::Util qw(lock_keys);
use Math::BigInt;
use Compress::Zlib;
use Unicode::Normalize;
use Config;

$| = 1;
$Data::Dumper::Sortkeys = 1;
$Data::Dumper::Indent = 1;

printf "POSIX %d %.2f %s %s\n", floor(-2.5), fmod(7.5, 2),
    strftime('%Y-%m-%d', gmtime 86400 * 365), setlocale(LC_ALL, 'C');
my $tree = {name => 'root', list => [1 .. 4], deep => {k => [undef, "\x{263a}"]}};
my $copy = thaw(freeze($tree));
print "Storable ", Dumper($copy) eq Dumper($tree) ? 'same' : 'different', ' ', scalar @{dclone($tree)->{list}}, "\n";
print 'Encode ', unpack('H*', encode('UTF-16BE', "Gr\x{fc}\x{df}e")), ' ',
    unpack('H*', encode('shiftjis', "\x{65e5}\x{672c}")),
    ' ', length decode('iso-8859-15', "\xa4"), "\n";
my ($port, $address) = unpack_sockaddr_in(pack_sockaddr_in(80, inet_aton('10.0.0.1')));
print "Socket $port ", inet_ntoa($address), "\n";
socketpair(my $left, my $right, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die $!;
syswrite $left, "ping\n";
print 'socketpair ', scalar <$right>;
print 'List ', sum0(1 .. 10), ' ', (reduce { $a * $b } 1 .. 6), ' ', (first { $_ > 3 } 1 .. 9), "\n";
print 'Digest ', md5_hex('x'), ' ', sha256_hex('x'), ' ', encode_base64('any carnal pleas'), '';
print 'BigInt ', Math::BigInt->new(2)->bpow(200), "\n";
print 'Zlib ', length(Compress::Zlib::memGunzip(Compress::Zlib::memGzip('abc' x 1000))), "\n";
print 'NFD ', length(NFD("\x{e9}")), "\n";
{
    my %locked = (a => 1);
    lock_keys(%locked);
    eval { $locked{b} = 2 };
    print 'locked: ', $@ =~ /disallowed/ ? 'yes' : 'no', "\n";
}
my $pid = fork // die;
if (!$pid) { kill 'TERM', $$; sleep 10; exit 0 }
waitpid $pid, 0;
print 'child ', WIFSIGNALED(${^CHILD_ERROR_NATIVE}) ? WTERMSIG(${^CHILD_ERROR_NATIVE}) : 'exited', "\n";
print 'backtick ', `echo one two | wc -w`;
local $SIG{ALRM} = sub { print "alarm\n" };
Time::HiRes::ualarm(1000);
Time::HiRes::sleep(1);
eval { require No::Such::Module };
print 'require: ', (split /\n/, $@)[0] =~ /^Can't locate No/ ? "refused\n" : "$@\n";
if ($Config{useithreads}) {
    require threads;
    require threads::shared;
    my $total : shared = 0;
    my $work = sub { my $n = shift; for (1 .. 100) { lock $total; $total += $n } return $n * $n };
    my @threads = map { threads->create($work, $_) } 1 .. 4;
    print 'threads ', join(',', map { $_->join } @threads), " $total\n";
}
print sort { $a cmp $b } map { "$_=" . (tr/a-z// > 3 ? 'long' : 'short') . "\n" } qw(pear fig apple);
exit 5;
