#!/bin/sh
# Each operation but the longest works on Linux, too. Usage: posix_bench_test.sh PROGRAM TINY
set -eu

program=$1 tiny=$PWD/$2
failed=0
for key in $("$program" "$tiny"); do
  case $key in
    evict_* | swap_*) continue ;; # they take all of memory
    fork_16384 | fork_65536 | spawn_16384 | *_32768_* | *_100000_* | *_200_processes) continue ;;
  esac
  line=$("$program" "$tiny" "$key") || line='nothing'
  case $line in
    "bench,$key,"*,*,*) ;;
    *)
      echo "$key: $line"
      failed=1
      ;;
  esac
done
if "$program" "$tiny" unknown 2>/dev/null; then
  echo "takes an unknown operation"
  failed=1
fi
exit "$failed"
