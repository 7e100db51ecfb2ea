#!/usr/bin/perl
# Measures what rows.csv lists and reports it beside the figures there. Bazel gives the first
# arguments: KERNEL KERNEL_ARCHIVE INITRD DISK SLOW_DISK ROWS KERNEL_SIZE.
use strict;
use warnings;
use Cwd qw(getcwd);
use File::Temp qw(tempdir);
use IO::Handle;
use POSIX qw(WNOHANG);

my $usage = <<'END';
Usage: bazel run //bench -- [OPTION]...

Boots Quire under QEMU with exact instruction counts, measures each operation on
a machine of its own, and prints the median and the least number of instructions
beside the target and the figures of other systems.

  --only REGEX   only the rows whose name or title matches
  --csv FILE     where the CSV goes (default bench.csv in the checkout)
  --list         print the names of the rows and end
  --help         print this

The CSV also says what happened in an operation: entries into the kernel,
messages, changes of address space, TLB fences, faults, pages mapped for them,
pages zeroed and pages copied. The status is 0 whether targets are met or not.
END

use constant {
  MEMORY_MIB    => 128,
  SECONDS_A_RUN => 180,
};

my @counts = qw(entries messages switches fences faults mapped zeroed copied);
my @others = qw(linux_deb linux_lean sel4 xv6);

sub refuse { print STDERR "bench: @_; see --help\n"; exit 2 }
sub fail   { print STDERR "bench: @_\n"; exit 1 }

my ($kernel, $kernel_archive, $initrd, $disk, $slow_disk, $rows, $kernel_size) =
  map { m{^/} ? $_ : getcwd() . "/$_" } splice @ARGV, 0, 7;

my ($only, $csv, $list);
while (@ARGV) {
  my $option = shift @ARGV;
  if ($option eq '--help' || $option eq '-h') { print $usage; exit 0 }
  if ($option eq '--list') { $list = 1; next }
  refuse("unknown argument '$option'") if $option !~ /^--(only|csv)(?:=(.*))?$/;
  my ($name, $value) = ($1, $2 // shift @ARGV);
  refuse("--$name needs a value") if !defined $value || $value eq '';
  if ($name eq 'only') {
    $only = eval { qr/$value/i } or refuse("--only: '$value' is no regular expression");
  } else {
    $csv = $value;
  }
}

# --- the rows ---

sub read_rows {
  my ($path) = @_;
  open my $in, '<', $path or fail("$path: $!");
  my (@names, @rows);
  while (my $line = <$in>) {
    chomp $line;
    next if $line =~ /^#/;
    my @fields = split /,/, $line, -1;
    if (@names) {
      fail("$path: $.: not @{[scalar @names]} fields") if @fields != @names;
      my %row;
      @row{@names} = @fields;
      push @rows, \%row;
    } else {
      @names = @fields;
    }
  }
  return @rows;
}

my @all = read_rows($rows);
my @wanted = grep { !defined $only || $_->{key} =~ $only || $_->{title} =~ $only } @all;
refuse("--only: no row matches") if !@wanted;
if ($list) {
  print "$_->{key}\n" for @wanted;
  exit 0;
}

# --- machines ---

my $scratch = tempdir('quire-bench-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my %result;  # key -> {runs, median, minimum, counts}
my %children;

END {
  local $?;
  kill 'KILL', keys %children if %children;
}
$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);

sub start {
  my ($output, @command) = @_;
  my $pid = fork // fail("fork: $!");
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

# Takes the guest's lines into %result; returns how many there were.
sub take {
  my ($text) = @_;
  my $taken = 0;
  while ($text =~ /^bench,([\w]+),([\d,.]+)\r*$/mg) {
    my ($key, $runs, $median, $minimum, @values) = ($1, split /,/, $2);
    my %counts;
    @counts{@counts} = map { $_ // 0 } @values[0 .. $#counts];
    $result{$key} = {runs => $runs, median => $median, minimum => $minimum, counts => \%counts};
    $taken++;
  }
  return $taken;
}

# A boot to a file of output. The machine's time is its own, so that nothing depends on the host's:
# the clock that counts instructions also when idle, the disk as in slow_disk.pl with its requests
# taken one by one at once. Without Sstc, see //tools:qemu.sh.
sub boot {
  my ($archive, $command) = @_;
  my @disk;
  my $server;
  if (defined $command) {
    my $socket = "$scratch/disk";
    unlink $socket;
    $server = start(undef, $^X, $slow_disk, $disk, $socket);
    until (-S $socket) {
      fail("the disk's server ended") if waitpid($server, WNOHANG) == $server;
      select undef, undef, undef, 0.01;
    }
    $command =~ s{([^A-Za-z0-9_./-])}{sprintf '%%%02x', ord $1}ge;
    @disk = (
      '-drive', "file=nbd:unix:$socket,if=none,format=raw,id=disk",
      '-device', 'virtio-blk-device,drive=disk,request-merging=off', '-append', "cmd=$command"
    );
  }
  open my $output, '+>', undef or fail("temporary file: $!");
  my $qemu = start(
    $output, 'timeout', '-k', '1', SECONDS_A_RUN,
    qw(qemu-system-riscv64 -machine virt -smp 1 -m), MEMORY_MIB . 'M',
    qw(-bios default -nodefaults -display none -nic none -no-reboot -serial stdio),
    '-icount', 'shift=0,sleep=off', qw(-seed 1 -rtc), 'base=2026-01-01,clock=vm', '-cpu',
    'rv64,sstc=off', qw(-global virtio-mmio.force-legacy=false -global virtio-mmio.ioeventfd=off),
    '-kernel', $kernel, '-initrd', $archive, @disk
  );
  my $status = ended($qemu);
  ended($server) if $server;
  seek $output, 0, 0;
  my $text = do { local $/; <$output> // '' };
  if ($status || !take($text)) {
    $text =~ s/\A.*?Boot HART MEDELEG[^\n]*\n//s;
    $text =~ s/\r//g;
    print STDERR "\n$text";
    fail($status == 124 || $status == 137 ? "no end after @{[SECONDS_A_RUN]} seconds" : "QEMU's status is $status");
  }
}

sub read_size {
  open my $in, '<', $kernel_size or fail("$kernel_size: $!");
  local $/;
  take(<$in>);
}

my %row_of = map { $_->{key} => $_ } @all;

sub measure {
  my ($key) = @_;
  return if $result{$key};
  my $row = $row_of{$key} // fail("no row '$key'");
  my $machine = $row->{machine};
  if ($machine eq 'kernel') {
    boot($kernel_archive);
  } elsif ($machine eq 'system') {
    boot($initrd, "/bin/posix_bench /bin/tiny $key");
  } elsif ($machine eq 'boot') {
    boot($initrd, '/bin/boot_bench ' . MEMORY_MIB);
  } elsif ($machine eq 'build') {
    read_size();
  } elsif ($machine =~ m{^ratio:(\w+)/(\w+)$}) {
    measure($_) for $1, $2;
    my ($a, $b) = @result{$1, $2};
    $result{$key} = {
      runs => $a->{runs},
      counts => {},
      map { $_ => int(1000 * $a->{$_} / $b->{$_} + 0.5) } qw(median minimum)
    };
  } else {
    fail("row '$key': what is machine '$machine'?");
  }
  fail("the machine did not measure '$key'") if !$result{$key};
}

STDERR->autoflush(1);
my $terminal = -t STDERR;
for my $i (0 .. $#wanted) {
  my $text = sprintf '%d/%d %s', $i + 1, scalar @wanted, $wanted[$i]{title};
  print STDERR $terminal ? "\r\e[K$text" : "$text\n";
  measure($wanted[$i]{key});
}
print STDERR "\r\e[K" if $terminal;

# --- the report ---

sub verdict {
  my ($row) = @_;
  return '' if $row->{target} eq '';
  return $result{$row->{key}}{median} <= $row->{target} ? 'met' : 'missed';
}

sub grouped {
  my ($number) = @_;
  return '-' if $number eq '';
  1 while $number =~ s/^(\d+)(\d{3})/$1,$2/;
  return $number;
}

sub print_table {
  my $format = "%-54s %6s %11s %11s %11s %-6s %11s %11s %7s %11s\n";
  printf $format, 'operation', 'runs', 'median', 'minimum', 'target', '', 'Linux Deb', 'Linux lean',
    'seL4', 'xv6';
  for my $row (@wanted) {
    my $r = $result{$row->{key}};
    printf $format, $row->{title}, $r->{runs},
      map({ grouped($_) } $r->{median}, $r->{minimum}, $row->{target}), verdict($row),
      map { grouped($row->{$_}) } @others;
  }
}

sub write_csv {
  my ($path) = @_;
  open my $out, '>', $path or fail("$path: $!");
  print $out join(',', qw(key title runs median minimum target verdict), @others, @counts), "\n";
  for my $row (@wanted) {
    my $r = $result{$row->{key}};
    print $out join(',',
      $row->{key}, $row->{title}, @$r{qw(runs median minimum)}, $row->{target}, verdict($row),
      @$row{@others}, map { $_ // '' } @{$r->{counts}}{@counts}), "\n";
  }
  close $out or fail("$path: $!");
}

print_table();
my @judged = grep { verdict($_) ne '' } @wanted;
my $met = grep { verdict($_) eq 'met' } @judged;
printf "\nInstructions of the whole machine for each operation. %d of %d targets met.\n", $met,
  scalar @judged;
if (defined $csv) {
  $csv = ($ENV{QUIRE_DIRECTORY} // $ENV{BUILD_WORKING_DIRECTORY} // '.') . "/$csv" if $csv !~ m{^/};
} else {
  $csv = ($ENV{BUILD_WORKSPACE_DIRECTORY} // '.') . '/bench.csv';
}
write_csv($csv);
print "Written to $csv\n";
