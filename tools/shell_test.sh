#!/bin/sh
# Shellcheck finds nothing in any shell script. Usage: shell_test.sh WORKSPACE
set -eu

root=$(dirname "$(readlink -f "$1")")
if ! command -v shellcheck >/dev/null 2>&1; then
  echo "skipped: needs shellcheck"
  exit 0
fi
cd "$root"
find . \( -name .git -o -name 'bazel-*' -o -path ./third_party \) -prune -o -type f -print0 |
  xargs -0 awk 'FNR == 1 && /^#! *\/bin\/(ba)?sh/ { printf "%s%c", FILENAME, 0 } { nextfile }' |
  xargs -0 shellcheck
