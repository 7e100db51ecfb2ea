#!/bin/sh
# The arguments of the study of policies, that a scan does not drive a hot set out under 2Q, and that
# two runs give the same figures. Usage: policies_test.sh POLICIES ARGUMENT_OF_POLICIES...
set -eu

program=$1
shift
failed=0

wrong() {
  echo "$1"
  failed=1
}

"$program" "$@" --help | grep -q '^Usage: ' || wrong '--help says nothing'
for arguments in --unknown word --policy --policy= '--policy=[' --policy=none --workload=none \
  --memory=0 --memory=x --tenths=-1 --touches=9999999 --csv=; do
  status=0
  "$program" "$@" "$arguments" >"$TEST_TMPDIR/out" 2>"$TEST_TMPDIR/err" || status=$?
  if [ "$status" != 2 ] || [ -s "$TEST_TMPDIR/out" ] || ! [ -s "$TEST_TMPDIR/err" ]; then
    wrong "'$arguments' gives status $status: $(cat "$TEST_TMPDIR/out" "$TEST_TMPDIR/err")"
  fi
done

# Prints how many of 1000 touches of hot pages had to read one.
hot_reads() { awk -F, -v policy="$1" '$1 == policy { print int(1000 * $11 / $10) }' "$2"; }

for run in 1 2; do
  "$program" "$@" --workload scan --policy '^(fifo|2q)$' --csv "$TEST_TMPDIR/$run.csv" \
    >"$TEST_TMPDIR/$run.txt" 2>"$TEST_TMPDIR/err" || wrong "run $run: $(cat "$TEST_TMPDIR/err")"
done
cmp "$TEST_TMPDIR/1.csv" "$TEST_TMPDIR/2.csv" || wrong 'two runs differ'
[ "$(hot_reads 2q "$TEST_TMPDIR/1.csv")" -le 50 ] || wrong 'under 2Q hot pages leave memory'
[ "$(hot_reads fifo "$TEST_TMPDIR/1.csv")" -ge 300 ] || wrong 'under FIFO hot pages do not leave it'
exit "$failed"
