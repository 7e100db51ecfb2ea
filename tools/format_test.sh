#!/bin/sh
# Every C and C++ file is as clang-format leaves it. Usage: format_test.sh WORKSPACE
set -eu

root=$(dirname "$(readlink -f "$1")")
# Other versions have other opinions.
case $(clang-format --version 2>/dev/null) in
  *' version 14.'*) ;;
  *)
    echo "skipped: needs clang-format 14"
    exit 0
    ;;
esac
cd "$root"
find . \( -name '.*' ! -name . -o -path ./third_party \) -prune -o \
  -type f \( -name '*.c' -o -name '*.h' -o -name '*.cc' \) -print0 |
  xargs -0 clang-format --dry-run -Werror || {
  echo "to mend: clang-format -i FILE..." >&2
  exit 1
}
