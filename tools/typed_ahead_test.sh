#!/bin/sh
# All that is piped in before the boot is read, in order: commands, a file much longer than any
# queue on the way, and the end of it.
# Usage: typed_ahead_test.sh QEMU_SH KERNEL INITRD DISK COMMAND_OUTPUT OPTION_CHECK
set -eu

tool=$1 kernel=$2 initrd=$3 disk=$4 command_output=$5 option_check=$6
failed=0
export TMPDIR="$TEST_TMPDIR"
sent=$TMPDIR/sent
own_disk=$TMPDIR/disk.img
seq 12000 31000 >"$sent"

# check OPTION...
check() {
  cp --sparse=always --no-preserve=mode "$disk" "$own_disk"
  status=0
  {
    echo 'cat >/home/typed'
    cat "$sent"
    printf '\004'
    echo 'exit 7'
  } | "$tool" "$kernel" "$initrd" "$disk" "$command_output" "$option_check" --disk "$own_disk" "$@" \
    >"$TMPDIR/output" || status=$?
  /sbin/debugfs -R 'cat /home/typed' "$own_disk" >"$TMPDIR/typed" 2>"$TMPDIR/errors"
  if [ "$status" != 7 ] || ! cmp "$sent" "$TMPDIR/typed"; then
    echo "with '$*': status $status; the last of the output:"
    tail -n 5 "$TMPDIR/output"
    cat "$TMPDIR/errors"
    failed=1
  fi
}

check -smp 1
check -smp 4

exit "$failed"
