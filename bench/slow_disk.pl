#!/usr/bin/perl
# A disk that QEMU reaches as nbd:unix:SOCKET, slow enough for the guest always to be idle when a
# request completes: so the guest's work does not depend on the host's speed. What is written stays
# in memory. Serves one client and ends with it.
# Usage: slow_disk.pl IMAGE SOCKET
use strict;
use warnings;
use IO::Socket::UNIX;

# The old handshake of the NBD protocol (its "doc/proto.md"), where the server has the only word.
use constant {
  GREETING          => 'NBDMAGIC' . pack('NN', 0x0000_4202, 0x8186_1253),
  HAS_FLAGS_FLUSH   => 1 | 4,
  REQUEST_MAGIC     => 0x2560_9513,
  REPLY_MAGIC       => 0x6744_6698,
  READ              => 0,
  WRITE             => 1,
  DISCONNECT        => 2,
  FLUSH             => 3,
  EINVAL            => 22,
  SECONDS_A_REQUEST => 0.005,
};

my ($image, $path) = @ARGV;
open my $file, '<:raw', $image or die "slow_disk: $image: $!\n";
my $disk = do { local $/; <$file> };
close $file;

my $server = IO::Socket::UNIX->new(Local => $path, Listen => 1) or die "slow_disk: $path: $!\n";
my $client = $server->accept or die "slow_disk: accept: $!\n";

sub receive {
  my ($bytes) = @_;
  my $data = '';
  while (length $data < $bytes) {
    sysread $client, $data, $bytes - length $data, length $data or exit 0;
  }
  return $data;
}

sub give {
  my ($data) = @_;
  while (length $data) {
    my $n = syswrite($client, $data) // exit 0;
    substr $data, 0, $n, '';
  }
}

give(GREETING . pack('Q>N x124', length $disk, HAS_FLAGS_FLUSH));
while (1) {
  my ($magic, undef, $type, $handle, $offset, $length) = unpack 'Nnna8Q>N', receive(28);
  die "slow_disk: bad request\n" if $magic != REQUEST_MAGIC;
  exit 0 if $type == DISCONNECT;
  my $data  = $type == WRITE ? receive($length) : '';
  my $error = $type > FLUSH || $offset + $length > length $disk ? EINVAL : 0;
  substr($disk, $offset, $length) = $data if $type == WRITE && !$error;
  select undef, undef, undef, SECONDS_A_REQUEST;
  give(pack('NNa8', REPLY_MAGIC, $error, $handle));
  give(substr $disk, $offset, $length) if $type == READ && !$error;
}
