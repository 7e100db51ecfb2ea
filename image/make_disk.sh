#!/bin/sh
# Makes a reproducible ext2 image with what mke2fs does by default for ext2.
# Usage: make_disk.sh OUT SIZE BLOCK_SIZE [dir MODE PATH | program FILE PATH | file FILE PATH]...
set -eu

id=71756972-6500-4000-8000-000000000001
time=1577836800 # 2020-01-01, early enough for any clock that checks the disk

out=$1 size=$2 block_size=$3
shift 3
umask 022
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
mkdir -p "$root/dev"
while [ $# -gt 0 ]; do
  case $1 in
    dir) install -d "$root/$3" && chmod "$2" "$root/$3" ;;
    program) install -D -m 0755 "$2" "$root/$3" ;;
    file)
      mode=0644
      [ ! -x "$2" ] || mode=0755
      install -D -m "$mode" "$2" "$root/$3"
      ;;
    *) echo "make_disk.sh: what is '$1'?" >&2 && exit 2 ;;
  esac
  shift 3
done

find "$root" -exec touch -h -d "@$time" {} +
export E2FSPROGS_FAKE_TIME=$time
/sbin/mke2fs -q -t ext2 -b "$block_size" -L quire -d "$root" -U "$id" \
  -E "hash_seed=$id,root_owner=0:0" -F "$out" "$size" >/dev/null
# mke2fs takes owner and ctime from the files it copies, where they cannot be set.
find "$root" -mindepth 1 -printf '%P\n' | LC_ALL=C sort | while IFS= read -r path; do
  printf 'set_inode_field "/%s" %s\n' \
    "$path" "uid 0" "$path" "gid 0" "$path" "ctime @$time"
done >"$tmp/commands"
{
  printf 'set_inode_field / ctime @%s\n' "$time"
  # Only root may make device nodes outside the image.
  echo 'cd /dev'
  while read -r name type major minor mode; do
    bits=020
    [ "$type" = c ] || bits=060
    printf 'mknod %s %s %s %s\n' "$name" "$type" "$major" "$minor"
    printf 'set_inode_field /dev/%s %s\n' "$name" "mode $bits$mode" \
      "$name" "atime @$time" "$name" "mtime @$time" "$name" "ctime @$time" "$name" "crtime @$time"
  done
  printf 'set_inode_field /dev %s\n' "mtime @$time" "ctime @$time"
} >>"$tmp/commands" <<EOF
console c 5 1 620
null c 1 3 666
tty c 5 0 666
vda b 254 0 660
vdb b 254 16 660
vdc b 254 32 660
vdd b 254 48 660
vde b 254 64 660
vdf b 254 80 660
vdg b 254 96 660
vdh b 254 112 660
zero c 1 5 666
EOF
# Says nothing but its version, unless a command fails.
/sbin/debugfs -w -f "$tmp/commands" "$out" 2>&1 >/dev/null | sed 1d >"$tmp/errors"
if [ -s "$tmp/errors" ]; then
  cat "$tmp/errors" >&2
  exit 1
fi
