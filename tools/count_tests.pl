#!/usr/bin/perl
# Counts the test cases of one run of Bazel: prints "N passed, N failed".
# Usage: count_tests.pl FILE, which "bazel test --build_event_json_file=FILE" wrote
use strict;
use warnings;
use JSON::PP;

# Passed and failed cases of a test.xml.
sub count_cases {
  my ($xml) = @_;
  my @cases = split /<testcase\b/, $xml;
  shift @cases;
  @cases = grep { !/status="notrun"|result="skipped"|<skipped/ } @cases;
  my $failed = grep { /<(?:failure|error)\b/ } @cases;
  return (@cases - $failed, $failed);
}

my (%is_test, %results);
open my $events, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
while (<$events>) {
  my $event = decode_json($_);
  my $id = $event->{id};
  if (my $configured = $id->{targetConfigured}) {
    $is_test{ $configured->{label} } = 1 if $event->{configured}{testSize};
  } elsif (my $completed = $id->{targetCompleted}) {
    # Not for this platform.
    delete $is_test{ $completed->{label} } if ($event->{aborted}{reason} // '') eq 'SKIPPED';
  } elsif (my $run = $id->{testResult}) {
    # A later attempt takes the place of an earlier one.
    $results{ $run->{label} }{ join ' ', $run->{run} // 1, $run->{shard} // 1 } =
      $event->{testResult};
  }
}
close $events;

my ($passed, $failed) = (0, 0);
for my $label (keys %is_test) {
  # It was not built, or not run.
  $failed++ if !$results{$label};
  for my $result (values %{ $results{$label} }) {
    my ($good, $bad) = (0, 0);
    for my $output (grep { $_->{name} eq 'test.xml' } @{ $result->{testActionOutput} }) {
      my ($path) = ($output->{uri} // '') =~ m{^file://(.*)} or next;
      open my $xml, '<', $path or next;
      ($good, $bad) = count_cases(do { local $/; <$xml> });
    }
    # It ended before it could say which case failed.
    $bad = 1 if !$bad && ($result->{status} // '') ne 'PASSED';
    $passed += $good;
    $failed += $bad;
  }
}
print "$passed passed, $failed failed\n";
