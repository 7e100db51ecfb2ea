#!/usr/bin/perl
# Runs each workload under each replacement policy with more pages than memory, and reports what that
# takes beside the optimum. Bazel gives the first arguments: MACHINE KERNEL INITRD DISK SLOW_DISK
# OPTIMUM.
use strict;
use warnings;
use Cwd qw(getcwd);
use IO::Handle;

my $usage = <<'END';
Usage: bazel run //bench:policies -- [OPTION]...

Boots Quire with little memory and a swap area, touches pages as workloads say,
and prints for each replacement policy what a touch takes: instructions of the
whole machine (idle ones not counted), pages read from and written to swap. The
optimum is the least number of pages that could have been read for the same
touches with as many frames as the program had (Belady's MIN).

  --policy REGEX    only the policies whose name matches
  --workload REGEX  only the workloads whose name matches
  --memory MIB      of the machine (default 64)
  --frames N        of it that are not locked away (default 1500)
  --tenths N        pages, in tenths of these frames (default 15)
  --touches N       of each page on average (default 5)
  --csv FILE        where the CSV goes (default policies.csv in the checkout)
  --help            print this
END

use constant {
  SWAP_MIB       => 256,
  SECONDS_A_RUN  => 900,
  SECONDS_A_LOOK => 0.0002,
};

my @policies = qw(fifo clock ageing 2q random);
my @workloads = qw(uniform skewed loop scan mixed);
my @fields = qw(workload pages touches frames instructions faults in out hot hot_in);

sub refuse { print STDERR "policies: @_; see --help\n"; exit 2 }
sub fail   { print STDERR "policies: @_\n"; exit 1 }

my ($module, $kernel, $initrd, $disk, $slow_disk, $optimum) =
  map { m{^/} ? $_ : getcwd() . "/$_" } splice @ARGV, 0, 6;
require $module;

my %option = (policy => '.', workload => '.', memory => 64, frames => 1500, tenths => 15, touches => 5);
while (@ARGV) {
  my $word = shift @ARGV;
  if ($word eq '--help' || $word eq '-h') { print $usage; exit 0 }
  refuse("unknown argument '$word'")
    if $word !~ /^--(policy|workload|memory|frames|tenths|touches|csv)(?:=(.*))?$/;
  my ($name, $value) = ($1, $2 // shift @ARGV);
  refuse("--$name needs a value") if !defined $value || $value eq '';
  refuse("--$name takes a number, not '$value'")
    if $name =~ /memory|frames|tenths|touches/ && $value !~ /^[1-9][0-9]{0,5}$/;
  $option{$name} = $value;
}
for my $name (qw(policy workload)) {
  my $regex = $option{$name};
  $option{$name} = eval { qr/$regex/ } or refuse("--$name: '$regex' is no regular expression");
}
@policies  = grep { /$option{policy}/ } @policies;
@workloads = grep { /$option{workload}/ } @workloads;
refuse("--policy: none matches")   if !@policies;
refuse("--workload: none matches") if !@workloads;

sub run {
  my ($policy, $workload) = @_;
  my $command = "/bin/policy_touch $workload $option{frames} $option{tenths} $option{touches}";
  my ($status, $text) = eval {
    machine::boot(
      kernel    => $kernel,
      archive   => $initrd,
      slow_disk => $slow_disk,
      look      => SECONDS_A_LOOK,
      memory    => $option{memory},
      seconds   => SECONDS_A_RUN,
      disks     => [$disk, machine::swap_image(SWAP_MIB)],
      append    => "policy=$policy read_ahead=1 free_low=1 free_high=2 cmd=" . machine::encoded($command)
    );
  };
  fail($@ =~ s/\n\z//r) if $@;
  my ($line) = $text =~ /^policies,([\w,]+)\r*$/m;
  if ($status || !defined $line) {
    my ($said, $why) = machine::failure($status, $text, SECONDS_A_RUN);
    print STDERR $said;
    fail("$policy, $workload: $why");
  }
  my %run = (policy => $policy);
  @run{@fields} = split /,/, $line;
  my $least = `'$optimum' $run{workload} $run{pages} $run{touches} $run{frames}`;
  fail("no optimum") if $? || $least !~ /^\d+$/;
  $run{optimum} = $least + 0;
  return \%run;
}

STDERR->autoflush(1);
my $terminal = -t STDERR;
my @runs;
for my $workload (@workloads) {
  for my $policy (@policies) {
    print STDERR $terminal ? "\r\e[K$workload, $policy" : "$workload, $policy\n";
    push @runs, run($policy, $workload);
  }
}
print STDERR "\r\e[K" if $terminal;

# --- the report ---

my $csv = $option{csv};
if (defined $csv) {
  $csv = ($ENV{QUIRE_DIRECTORY} // $ENV{BUILD_WORKING_DIRECTORY} // '.') . "/$csv" if $csv !~ m{^/};
} else {
  $csv = ($ENV{BUILD_WORKSPACE_DIRECTORY} // '.') . '/policies.csv';
}
open my $out, '>', $csv or fail("$csv: $!");
print $out join(',', 'policy', @fields, 'optimum'), "\n";
print $out join(',', @$_{'policy', @fields, 'optimum'}), "\n" for @runs;
close $out or fail("$csv: $!");

printf "%-8s %-7s %7s %7s %8s %13s %9s %9s %9s %8s %8s\n", 'workload', 'policy', 'pages', 'frames',
  'touches', 'instr./touch', 'in/1000', 'out/1000', 'MIN/1000', 'in/MIN', 'hot in';
for my $run (@runs) {
  my $touches = $run->{touches};
  printf "%-8s %-7s %7d %7d %8d %13.1f %9.1f %9.1f %9.1f %8s %8s\n",
    @$run{qw(workload policy pages frames touches)}, $run->{instructions} / $touches,
    map({ 1000 * $_ / $touches } @$run{qw(in out optimum)}),
    $run->{optimum} ? sprintf('%.3f', $run->{in} / $run->{optimum}) : '-',
    $run->{hot} ? sprintf('%.1f %%', 100 * $run->{hot_in} / $run->{hot}) : '-';
}
print "\nPages read (in) and written (out) for 1000 touches; MIN: Belady's optimum. hot in:\n",
  "touches of hot pages in the later half that read their page.\nWritten to $csv\n";
