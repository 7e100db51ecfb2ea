#!/bin/sh
# The arguments of the study of policies, and that two runs of it give the same figures.
# Usage: policies_test.sh POLICIES ARGUMENT_OF_POLICIES...
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

for run in 1 2; do
  "$program" "$@" --workload uniform --policy clock --frames 1000 --touches 1 --csv "$TEST_TMPDIR/$run.csv" \
    >"$TEST_TMPDIR/$run.txt" 2>"$TEST_TMPDIR/err" || wrong "run $run: $(cat "$TEST_TMPDIR/err")"
done
cmp "$TEST_TMPDIR/1.csv" "$TEST_TMPDIR/2.csv" || wrong 'two runs differ'
exit "$failed"
