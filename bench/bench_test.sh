#!/bin/sh
# The arguments of the benchmark, and that two runs of it give the same figures.
# Usage: bench_test.sh BENCH ARGUMENT_OF_BENCH...
set -eu

program=$1
shift
failed=0

bench() { "$program" "$@"; }

wrong() {
  echo "$1"
  failed=1
}

bench "$@" --help | grep -q '^Usage: ' || wrong '--help says nothing'
[ "$(bench "$@" --list --only '^(pread|kernel_text)$')" = "$(printf 'pread\nkernel_text')" ] ||
  wrong '--list and --only do not give two rows'
for arguments in --unknown word --only --only= '--only=[' --only=no-such-row --csv= --html=; do
  status=0
  bench "$@" "$arguments" >"$TEST_TMPDIR/out" 2>"$TEST_TMPDIR/err" || status=$?
  if [ "$status" != 2 ] || [ -s "$TEST_TMPDIR/out" ] || ! [ -s "$TEST_TMPDIR/err" ]; then
    wrong "'$arguments' gives status $status: $(cat "$TEST_TMPDIR/out" "$TEST_TMPDIR/err")"
  fi
done

subset='^(null_call|ipc|fault_|anon_|cow_copy|file_read_one|msync|pread|mmap_munmap|fork_0|spawn$|sigsegv|boot|kernel_)'
subset="$subset"'(?!.*(region|process))'
for run in 1 2; do
  bench "$@" --only "$subset" --csv "$TEST_TMPDIR/$run.csv" >"$TEST_TMPDIR/$run.txt" 2>"$TEST_TMPDIR/err" ||
    wrong "run $run: $(cat "$TEST_TMPDIR/err")"
done
bench "$@" --only '^kernel_(lines|text)$' --csv "$TEST_TMPDIR/few.csv" --html "$TEST_TMPDIR/few.html" \
  >"$TEST_TMPDIR/few.txt"
[ "$(grep -c '<svg' "$TEST_TMPDIR/few.html")" = 2 ] || wrong '--html does not draw two rows'
cmp "$TEST_TMPDIR/1.csv" "$TEST_TMPDIR/2.csv" || wrong "two runs differ"
lines=$(wc -l <"$TEST_TMPDIR/1.csv")
[ "$lines" -gt 12 ] || wrong "only $lines lines of CSV"
exit "$failed"
