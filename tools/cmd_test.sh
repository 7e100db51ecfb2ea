#!/bin/sh
# What --cmd shows of a real boot: the command's output alone, its input and its status.
# Usage: cmd_test.sh QEMU_SH KERNEL INITRD DISK COMMAND_OUTPUT OPTION_CHECK
set -eu

tool=$1 kernel=$2 initrd=$3 disk=$4 command_output=$5 option_check=$6
failed=0
export TMPDIR="$TEST_TMPDIR"
errors=$TMPDIR/errors

# check WANTED_STATUS WANTED_OUTPUT LINE [OPTION]... with the input from this function's input
check() {
  wanted_status=$1 wanted_output=$2 line=$3
  shift 3
  status=0
  output=$("$tool" "$kernel" "$initrd" "$disk" "$command_output" "$option_check" "$@" --cmd "$line" 2>"$errors") ||
    status=$?
  if [ "$status" != "$wanted_status" ] || [ "$output" != "$wanted_output" ]; then
    echo "'$line' gives status $status, output '$output', and says:"
    cat "$errors"
    failed=1
  fi
}

check 3 'a  b' 'echo "a  b"; exit 3' </dev/null
printf 'one\ntwo\n' | {
  check 0 '2' 'wc -l'
  exit "$failed"
} || failed=1
check 2 'sh: syntax error: a command is missing' 'if ; then' </dev/null
check 0 '' '' --icount </dev/null
# The firmware leaves the device tree behind the last 2 MiB that are whole.
check 1 'odd' 'echo odd; exit 1' -m 65M -smp 8 </dev/null

# Bytes go in and come out as they are.
perl -e 'srand 1; print map { chr int rand 256 } 1 .. 20000; print "x" x 5000, "\r\n" x 9' \
  >"$TMPDIR/bytes"
"$tool" "$kernel" "$initrd" "$disk" "$command_output" "$option_check" --cmd cat \
  <"$TMPDIR/bytes" >"$TMPDIR/returned" || failed=1
cmp "$TMPDIR/bytes" "$TMPDIR/returned" || failed=1

exit "$failed"
