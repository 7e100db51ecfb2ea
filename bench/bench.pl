#!/usr/bin/perl
# Measures what rows.csv lists and reports it beside the figures there. Bazel gives the first
# arguments: MACHINE KERNEL KERNEL_ARCHIVE INITRD DISK SLOW_DISK ROWS KERNEL_SIZE.
use strict;
use warnings;
use Cwd qw(getcwd);
use IO::Handle;

my $usage = <<'END';
Usage: bazel run //bench -- [OPTION]...

Boots Quire under QEMU with exact instruction counts, measures each operation on
a machine of its own, and prints the median and the least number of instructions
beside the target and the figures of other systems.

  --only REGEX   only the rows whose name or title matches
  --csv FILE     where the CSV goes (default bench.csv in the checkout)
  --html FILE    the same as bars, for a browser
  --list         print the names of the rows and end
  --help         print this

The CSV also says what happened in an operation: entries into the kernel,
messages, changes of address space, TLB fences, faults, pages mapped for them,
pages zeroed and pages copied. The status is 0 whether targets are met or not.
END

use constant {
  MEMORY_MIB    => 128,
  SWAP_MIB      => 768,
  SECONDS_A_RUN => 180,
};

my @counts = qw(entries messages switches fences faults mapped zeroed copied);
my @others = qw(linux_deb linux_lean sel4 xv6);

sub refuse { print STDERR "bench: @_; see --help\n"; exit 2 }
sub fail   { print STDERR "bench: @_\n"; exit 1 }

my ($module, $kernel, $kernel_archive, $initrd, $disk, $slow_disk, $rows, $kernel_size) =
  map { m{^/} ? $_ : getcwd() . "/$_" } splice @ARGV, 0, 8;
require $module;

my ($only, $csv, $html, $list);
while (@ARGV) {
  my $option = shift @ARGV;
  if ($option eq '--help' || $option eq '-h') { print $usage; exit 0 }
  if ($option eq '--list') { $list = 1; next }
  refuse("unknown argument '$option'") if $option !~ /^--(only|csv|html)(?:=(.*))?$/;
  my ($name, $value) = ($1, $2 // shift @ARGV);
  refuse("--$name needs a value") if !defined $value || $value eq '';
  if ($name eq 'only') {
    $only = eval { qr/$value/i } or refuse("--only: '$value' is no regular expression");
  } elsif ($name eq 'csv') {
    $csv = $value;
  } else {
    $html = $value;
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

my %result;  # key -> {runs, median, minimum, counts}

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

# Options as of machine::boot.
sub boot {
  my (%option) = @_;
  my ($status, $text) = eval {
    machine::boot(
      kernel    => $kernel,
      slow_disk => $slow_disk,
      memory    => MEMORY_MIB,
      seconds   => SECONDS_A_RUN,
      %option
    );
  };
  fail($@ =~ s/\n\z//r) if $@;
  if ($status || !take($text)) {
    my ($said, $why) = machine::failure($status, $text, SECONDS_A_RUN);
    print STDERR $said;
    fail($why);
  }
}

# A boot with the disk that runs a command.
sub boot_system {
  my ($command, %option) = @_;
  my @disks = ($disk);
  push @disks, eval { machine::swap_image(SWAP_MIB) } // fail($@ =~ s/\n\z//r) if $option{swap};
  my $append = 'cmd=' . machine::encoded($command);
  boot(archive => $initrd, disks => \@disks, append => $append, memory => $option{memory});
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
    boot(archive => $kernel_archive);
  } elsif ($machine =~ /^(system|swap)(?::(\d+))?$/) {
    boot_system("/bin/posix_bench /bin/tiny $key",
      swap => $1 eq 'swap', memory => $2 // MEMORY_MIB);
  } elsif ($machine eq 'boot') {
    boot_system('/bin/boot_bench ' . MEMORY_MIB, memory => MEMORY_MIB);
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

# Bars of one row: Quire's and those of other systems that have a figure, to one scale.
sub bars {
  my ($row) = @_;
  my @figures = (['Quire', $result{$row->{key}}{median}]);
  my %name = (linux_deb => 'Linux Deb', linux_lean => 'Linux lean', sel4 => 'seL4', xv6 => 'xv6');
  push @figures, map { [$name{$_}, $row->{$_}] } grep { $row->{$_} ne '' } @others;
  my ($most) = sort { $b <=> $a } map { $_->[1] } @figures, [undef, $row->{target} || 0];
  my $y = 0;
  my @bars = map {
    my $width = $most ? 500 * $_->[1] / $most : 0;
    my $line = sprintf '<text x="0" y="%d">%s</text><rect x="90" y="%d" width="%.1f" height="12"'
      . ' class="%s"/><text x="%.1f" y="%d">%s</text>', $y + 11, $_->[0], $y, $width,
      $_->[0] eq 'Quire' ? 'quire' : 'other', 95 + $width, $y + 11, grouped($_->[1]);
    $y += 16;
    $line;
  } @figures;
  if ($row->{target} ne '' && $most) {
    my $x = 90 + 500 * $row->{target} / $most;
    push @bars, sprintf '<line x1="%.1f" x2="%.1f" y1="-2" y2="%d"/>', $x, $x, $y;
  }
  my $title = $row->{title} =~ s/&/&amp;/gr =~ s/</&lt;/gr =~ s/>/&gt;/gr;
  return sprintf "<h2>%s</h2>\n<svg width=\"700\" height=\"%d\">%s</svg>\n", $title, $y + 2,
    join("\n", @bars);
}

sub write_html {
  my ($path) = @_;
  open my $out, '>', $path or fail("$path: $!");
  print $out <<'END';
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Quire: instructions for each operation</title>
<style>
body { font: 13px sans-serif; margin: 2em } h2 { font-size: 13px; margin: 1em 0 4px }
svg { overflow: visible } .quire { fill: #2a6f97 } .other { fill: #c4c9cf } line { stroke: #b3261e }
</style>
<h1>Executed instructions of the whole machine for each operation</h1>
<p>Medians. The red line is the target.</p>
END
  print $out bars($_) for @wanted;
  print $out "</html>\n";
  close $out or fail("$path: $!");
}

# A path as the user meant it.
sub user_path {
  my ($path) = @_;
  return $path if $path =~ m{^/};
  return ($ENV{QUIRE_DIRECTORY} // $ENV{BUILD_WORKING_DIRECTORY} // '.') . "/$path";
}

print_table();
my @judged = grep { verdict($_) ne '' } @wanted;
my $met = grep { verdict($_) eq 'met' } @judged;
printf "\nInstructions of the whole machine for each operation. %d of %d targets met.\n", $met,
  scalar @judged;
$csv = defined $csv ? user_path($csv) : ($ENV{BUILD_WORKSPACE_DIRECTORY} // '.') . '/bench.csv';
write_csv($csv);
write_html(user_path($html)) if defined $html;
print "Written to $csv\n";
