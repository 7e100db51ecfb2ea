#!/bin/sh
# What command_output.pl passes on, with a shell in the place of QEMU.
# Usage: command_output_test.sh COMMAND_OUTPUT
set -eu

tool=$1
failed=0
cr=$(printf '\r')

# check NAME WANTED_STATUS WANTED_OUTPUT GUEST [INPUT]
check() {
  status=0
  output=$(printf %b "${5:-}" | perl "$tool" sh -c "$4" 2>/dev/null) || status=$?
  if [ "$status" != "$2" ] || [ "$output" != "$3" ]; then
    echo "$1: status $status, output '$output'; not status $2, output '$3'"
    failed=1
  fi
}

check only_what_follows_the_mark 0 'hello' 'printf "firmware\r\n@cmd\r\nhello\r\n"'
check mark_is_a_line_of_its_own 0 'b' 'printf "x@cmd\r\na\r\n@cmd\nb\n"'
check mark_after_the_first_is_output 0 '@cmd' 'printf "@cmd\n@cmd\n"'
check status_comes_back 9 '' 'printf "@cmd\n"; exit 9'
check death_by_signal 137 '' 'printf "@cmd\n"; kill -9 $$'
check no_mark_is_a_failure 1 '' 'echo firmware'
check no_mark_keeps_the_status 7 '' 'exit 7'
check lone_carriage_return_stays 0 "a${cr}b" 'printf "@cmd\r\na\rb\r\n"'
check end_of_input_is_control_d 0 "in$(printf '\nx\004')" \
  'printf "@cmd\n"; head -c 5' 'in\nx'
check end_of_input_after_a_line 0 "in$(printf '\n\004')" 'printf "@cmd\n"; head -c 4' 'in\n'

check keys_are_quoted 0 "$(printf 'a\t\n\026\003\026\004\026\r\026\177\n\026\026\004\004')" \
  'printf "@cmd\n"; head -c 16' 'a\t\n\003\004\r\0177\n\026'
thousand=$(printf '%01000d' 0)
check long_lines_are_cut 0 "$(printf '%s\004x\n%s\n\004' "$thousand" "$thousand")" \
  'printf "@cmd\n"; head -c 2005' "${thousand}x\\n$thousand\\n"

complaints=$(perl "$tool" sh -c \
  'printf "Firmware: 1\r\na line\r\npager: no\r\nfs: nor I\r\n@cmd\r\nsh: later\r\n"' \
  2>&1 >"$TEST_TMPDIR/output" </dev/null)
if [ "$complaints" != "$(printf 'pager: no\nfs: nor I')" ]; then
  echo "complaints before the mark: '$complaints'"
  failed=1
fi

exit "$failed"
