#!/bin/sh
# Makes a ustar archive. Usage: make_archive.sh OUT [FILE PATH]...
set -eu

out=$1
shift
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
while [ $# -gt 0 ]; do
  install -D -m 0755 "$1" "$root/$2"
  shift 2
done
find "$root" -mindepth 1 -printf '%P\n' | LC_ALL=C sort |
  tar --format=ustar --no-recursion --mtime=@0 --owner=0 --group=0 --numeric-owner \
    -C "$root" -cf "$out" -T -
