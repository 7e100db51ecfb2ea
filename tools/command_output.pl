#!/usr/bin/perl
# Runs QEMU for one command of the guest: passes on what the guest prints after
# the line "@cmd", what its servers complain of before that ("NAME: ...") to
# standard error, and exits with QEMU's status. Standard input, unless it is a
# terminal, goes to the guest from then on, byte for byte, with Ctrl-D for its end.
# Usage: command_output.pl QEMU [ARGUMENT]...
use strict;
use warnings;
use Fcntl;
use IO::Handle;

my $start = "\@cmd\n";

$SIG{PIPE} = 'IGNORE';
pipe(my $guest_in,  my $to_guest)  or die "pipe: $!\n";
pipe(my $from_guest, my $guest_out) or die "pipe: $!\n";
my $pid = fork() // die "fork: $!\n";
if (!$pid) {
  open STDIN,  '<&', $guest_in  or die "stdin: $!\n";
  open STDOUT, '>&', $guest_out or die "stdout: $!\n";
  close $_ for $to_guest, $from_guest;
  exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n";
}
close $_ for $guest_in, $guest_out;
for my $signal (qw(INT TERM HUP)) {
  $SIG{$signal} = sub { kill 'TERM', $pid };
}
fcntl $to_guest, F_SETFL, O_NONBLOCK;

my ($seen, $held, $pending, $column) = (0, '', '', 0);
my $reading = !-t STDIN;

sub pass_on {
  my ($text) = @_;
  while (length $text) {
    my $n = syswrite(STDOUT, $text) // last;
    substr $text, 0, $n, '';
  }
}

# The guest's terminal edits lines of up to 1023 bytes. Ctrl-V before them keeps
# bytes that are keys, Ctrl-D within a line makes what is there of it readable.
sub typed {
  my ($text) = @_;
  my $keys = '';
  while ($text =~ /\G([^\n]{0,@{[1000 - $column]}}\n?)/g && length $1) {
    my $part = $1;
    $column = $part =~ /\n\z/ ? 0 : $column + length $part;
    $keys .= $part =~ s{[\0-\x08\x0b-\x1f\x7f]}{\cV$&}gr;
    next if $column < 1000;
    $keys .= "\cD";
    $column = 0;
  }
  return $keys;
}

sub take_output {
  $held .= $_[0];
  if (!$seen) {
    # The firmware's lines, and the boot's, come before.
    $held =~ s/\A(.*?)(?:^|\n)\r*@{[ $start =~ s{\n}{\\r*\\n}r ]}//s or return;
    print STDERR map { s{\r}{}gr . "\n" } grep { /^[a-z]+: / } split /\n/, $1;
    $seen = 1;
  }
  # A carriage return may still turn out to belong to a line's end.
  my $rest = $held =~ s/\r\z// ? "\r" : '';
  $held =~ s/\r\n/\n/g;
  pass_on($held);
  $held = $rest;
}

while (1) {
  my ($r, $w) = ('', '');
  vec($r, fileno $from_guest, 1) = 1;
  vec($r, fileno STDIN, 1) = 1 if $seen && $reading && length $pending < 4096;
  vec($w, fileno $to_guest, 1) = 1 if length $pending;
  next if select($r, $w, undef, undef) < 0;
  if (vec $w, fileno $to_guest, 1) {
    my $n = syswrite $to_guest, $pending;
    substr $pending, 0, $n, '' if $n;
  }
  if ($reading && vec $r, fileno STDIN, 1) {
    if (sysread STDIN, my $in, 4096) {
      $pending .= typed($in);
    } else {
      $reading = 0;
      # The first only ends the line, if there is one.
      $pending .= $column ? "\cD\cD" : "\cD";
    }
  }
  if (vec $r, fileno $from_guest, 1) {
    sysread($from_guest, my $out, 65536) or last;
    take_output($out);
  }
}
waitpid $pid, 0;
my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
if ($seen) {
  pass_on($held);
} else {
  # Whatever went wrong is in there.
  print STDERR $held =~ s/\r+\n/\n/gr;
  print STDERR "qemu: the guest ended before it ran the command\n";
  $status ||= 1;
}
exit $status;
