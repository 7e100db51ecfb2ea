# Boots the system under QEMU with exact instruction counts, for bench.pl and policies.pl.
#
# The machine's time is its own, so that nothing depends on the host's: the clock that counts
# instructions also when idle, each disk as in slow_disk.pl with its requests taken one by one at
# once. Without Sstc, see //tools:qemu.sh.
package machine;
use strict;
use warnings;
use File::Temp qw(tempdir);
use POSIX qw(WNOHANG);

my $scratch = tempdir('quire-bench-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my %children;

END {
  local $?;
  kill 'KILL', keys %children if %children;
}
$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);

sub start {
  my ($output, @command) = @_;
  my $pid = fork // die "fork: $!\n";
  if (!$pid) {
    %children = ();
    open STDIN, '<', '/dev/null';
    open STDOUT, '>&', $output if $output;
    open STDERR, '>&', $output if $output;
    exec { $command[0] } @command or print STDERR "$command[0]: $!\n";
    POSIX::_exit(127);
  }
  $children{$pid} = 1;
  return $pid;
}

sub ended {
  my ($pid) = @_;
  waitpid $pid, 0;
  delete $children{$pid};
  return $? & 127 ? 128 + ($? & 127) : $? >> 8;
}

# Starts the server of a disk; returns its socket and pid.
sub serve_disk {
  my ($option, $image, $number) = @_;
  my $socket = "$scratch/disk$number";
  unlink $socket;
  my @look = defined $option->{look} ? $option->{look} : ();
  my $server = start(undef, $^X, $option->{slow_disk}, $image, $socket, @look);
  until (-S $socket) {
    die "the disk's server ended\n" if waitpid($server, WNOHANG) == $server;
    select undef, undef, undef, 0.01;
  }
  return ($socket, $server);
}

# A word of the kernel's command line.
sub encoded {
  my ($text) = @_;
  $text =~ s{([^A-Za-z0-9_./-])}{sprintf '%%%02x', ord $1}ge;
  return $text;
}

# An empty swap area of so many MiB.
sub swap_image {
  my ($mebibytes) = @_;
  my $path = "$scratch/swap";
  open my $out, '>', $path or die "$path: $!\n";
  truncate $out, $mebibytes << 20 or die "$path: $!\n";
  close $out;
  chmod 0600, $path;
  system('/sbin/mkswap', '-q', '-U', '00000000-0000-0000-0000-000000000001', $path) == 0
    or die "mkswap, of the package util-linux, failed\n";
  return $path;
}

# A boot to its end. Options: kernel, archive, memory (MiB), seconds, disks (images, needs slow_disk),
# look (as of slow_disk.pl), append (words of the command line). Returns the status, of a shell, and what the guest has printed.
sub boot {
  my (%option) = @_;
  my (@disks, @servers);
  for my $image (@{$option{disks} // []}) {
    my $number = @servers;
    my ($socket, $server) = serve_disk(\%option, $image, $number);
    push @servers, $server;
    push @disks,
      '-drive', "file=nbd:unix:$socket,if=none,format=raw,id=disk$number",
      '-device', "virtio-blk-device,drive=disk$number,request-merging=off";
  }
  # Time leaps while the machine waits for its disk, so that there is no bound for it.
  push @disks, '-append', join ' ', 'disk_bound=0', $option{append} // ();
  open my $output, '+>', undef or die "temporary file: $!\n";
  my $qemu = start(
    $output, 'timeout', '-k', '1', $option{seconds},
    qw(qemu-system-riscv64 -machine virt -smp 1 -m), "$option{memory}M",
    qw(-bios default -nodefaults -display none -nic none -no-reboot -serial stdio),
    '-icount', 'shift=0,sleep=off', qw(-seed 1 -rtc), 'base=2026-01-01,clock=vm', '-cpu',
    'rv64,sstc=off', qw(-global virtio-mmio.force-legacy=false -global virtio-mmio.ioeventfd=off),
    '-kernel', $option{kernel}, '-initrd', $option{archive}, @disks
  );
  my $status = ended($qemu);
  ended($_) for @servers;
  seek $output, 0, 0;
  my $text = do { local $/; <$output> // '' };
  return ($status, $text);
}

# What to say about a boot that failed: its output without the firmware's, and why.
sub failure {
  my ($status, $text, $seconds) = @_;
  $text =~ s/\A.*?Boot HART MEDELEG[^\n]*\n//s;
  $text =~ s/\r//g;
  my $why =
    $status == 124 || $status == 137 ? "no end after $seconds seconds" : "QEMU's status is $status";
  return ("\n$text", $why);
}

1;
