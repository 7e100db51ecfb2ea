#!/usr/bin/perl
# A disk that QEMU reaches as nbd:unix:SOCKET, and that completes a request only when all of QEMU
# sleeps: so the guest is always idle by then, and its work does not depend on the host's speed.
# What is written stays in memory. Serves one client and ends with it.
# Usage: slow_disk.pl IMAGE SOCKET [SECONDS_A_LOOK]
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use Socket qw(SOL_SOCKET SO_PEERCRED);

# The old handshake of the NBD protocol (its "doc/proto.md"), where the server has the only word.
use constant {
  GREETING       => 'NBDMAGIC' . pack('NN', 0x0000_4202, 0x8186_1253),
  HAS_FLAGS      => 1,
  SEND_FLUSH     => 4,
  REQUEST_BYTES  => 28,
  REQUEST_MAGIC  => 0x2560_9513,
  REPLY_MAGIC    => 0x6744_6698,
  READ           => 0,
  WRITE          => 1,
  DISCONNECT     => 2,
  FLUSH          => 3,
  EINVAL         => 22,
  LOOKS          => 3,  # at a sleeping QEMU, one after the other
};

my ($image, $path, $seconds_a_look) = @ARGV;
$seconds_a_look //= 0.001;
open my $file, '<:raw', $image or die "slow_disk: $image: $!\n";
my $disk = do { local $/; <$file> };
close $file;

my $server = IO::Socket::UNIX->new(Local => $path, Listen => 1) or die "slow_disk: $path: $!\n";
my $client = $server->accept or die "slow_disk: accept: $!\n";
my $select = IO::Select->new($client);
my ($qemu) = unpack 'i', getsockopt $client, SOL_SOCKET, SO_PEERCRED;

sub give {
  my ($data) = @_;
  while (length $data) {
    my $n = syswrite($client, $data) // exit 0;
    substr $data, 0, $n, '';
  }
}

# Requests are taken as they come, for QEMU reads no answers while it cannot write.
my $received = '';
my @requests;

sub take {
  sysread $client, $received, 1 << 20, length $received or exit 0;
  while (length $received >= REQUEST_BYTES) {
    my %request;
    @request{qw(magic flags type handle offset length)} = unpack 'Nnna8Q>N', $received;
    die "slow_disk: bad request\n" if $request{magic} != REQUEST_MAGIC;
    my $data = $request{type} == WRITE ? $request{length} : 0;
    last if length $received < REQUEST_BYTES + $data;
    $request{data} = substr $received, REQUEST_BYTES, $data;
    substr $received, 0, REQUEST_BYTES + $data, '';
    push @requests, \%request;
  }
}

# Whether some thread of QEMU runs, or would if the host had a processor for it.
sub is_running {
  for my $path (glob "/proc/$qemu/task/*/stat") {
    open my $in, '<', $path or next;  # it has ended
    return 1 if (<$in> // '') !~ /^.*\) S /;
  }
  return 0;
}

sub answer {
  my ($request) = @_;
  my ($type, $offset, $length) = @$request{qw(type offset length)};
  exit 0 if $type == DISCONNECT;
  my $error = $type > FLUSH || $offset + $length > length $disk ? EINVAL : 0;
  substr($disk, $offset, $length) = $request->{data} if $type == WRITE && !$error;
  my $data = $type == READ && !$error ? substr $disk, $offset, $length : '';
  give(pack('NNa8', REPLY_MAGIC, $error, $request->{handle}) . $data);
}

give(GREETING . pack('Q>N x124', length $disk, HAS_FLAGS | SEND_FLUSH));
my $asleep = 0;
while (1) {
  if ($select->can_read(@requests ? $seconds_a_look : undef)) {
    take();
    $asleep = 0;
  } elsif (is_running()) {
    $asleep = 0;
  } elsif (++$asleep == LOOKS) {
    answer(shift @requests);
    $asleep = 0;
  }
}
