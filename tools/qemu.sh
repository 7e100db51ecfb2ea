#!/bin/sh
# Boots Quire in QEMU. Bazel gives the first arguments:
# KERNEL INITRD DISK COMMAND_OUTPUT OPTION_CHECK.
set -eu

usage() {
  cat <<'EOF'
Usage: bazel run //:qemu -- [OPTION]...
   or: ./quire run [OPTION]...

Boots Quire in QEMU, with the serial console on this terminal. Ctrl-A X ends QEMU;
so does the end of the shell: 'exit', which input that is piped in should end with.
The exit status is the guest's.

  -smp N         harts, 1 to 8 (default 2; with --icount 1)
  -m SIZE        memory, 64M to 8G (default 256M)
  --cmd LINE     run one shell command line, print its output and exit with its
                 status; it reads this command's standard input, byte for byte,
                 unless that is a terminal
  --disk FILE    use FILE as the disk, and write to it. Without this the disk is
                 the built image, and what is written to it is gone afterwards
  --swap SIZE    swap space on a second disk, 1M to 64G, which is gone afterwards
  --policy NAME  how the pager chooses pages to evict: --set policy=NAME
  --set NAME=VALUE
                 an option of the pager; the command pagerctl in the guest lists
                 them
  --gdb          wait for gdb-multiarch, and print the command that attaches it
  --icount       count instructions exactly (one hart)
  --help         print this
EOF
}

die() {
  echo "qemu: $*; see --help" >&2
  exit 2
}

# Prints a memory size in MiB, or fails.
mebibytes() {
  case $1 in
    *[Gg]) factor=1024 number=${1%?} ;;
    *[Mm]) factor=1 number=${1%?} ;;
    *) factor=1 number=$1 ;;
  esac
  case $number in
    '' | 0* | *[!0-9]* | ??????*) return 1 ;;
  esac
  number=$((number * factor))
  [ "$number" -ge 64 ] && [ "$number" -le 8192 ] && echo "$number"
}

# Prints a size of swap space as mkswap and truncate take it, or fails.
swap_size() {
  case $1 in
    *[Gg]) number=${1%?} most=64 unit=G ;;
    *[Mm]) number=${1%?} most=65536 unit=M ;;
    *) number=$1 most=65536 unit=M ;;
  esac
  case $number in
    '' | 0* | *[!0-9]* | ??????*) return 1 ;;
  esac
  [ "$number" -le "$most" ] && echo "$number$unit"
}

# The guest keeps 1023 bytes; a space is before the first.
check_length() {
  [ ${#options} -le 1024 ] || die "--cmd and --set are too long together; put commands in a script on the disk"
}

if [ $# -lt 5 ]; then
  usage >&2
  exit 2
fi
kernel=$1 initrd=$2 disk=$3 command_output=$4 option_check=$5
shift 5

smp='' mem=256 gdb='' icount='' own_disk='' cmd='' has_cmd='' swap='' options=''
while [ $# -gt 0 ]; do
  option=$1
  shift
  case $option in
    -smp | -m | --cmd | --disk | --swap | --policy | --set)
      [ $# -gt 0 ] || die "$option needs a value"
      value=$1
      shift
      ;;
  esac
  case $option in
    -smp)
      case $value in
        [1-8]) smp=$value ;;
        *) die "-smp takes 1 to 8, not '$value'" ;;
      esac
      ;;
    -m) mem=$(mebibytes "$value") || die "-m takes a size from 64M to 8G, not '$value'" ;;
    --cmd) cmd=$value has_cmd=1 ;;
    --disk) own_disk=$value ;;
    --swap) swap=$(swap_size "$value") || die "--swap takes a size from 1M to 64G, not '$value'" ;;
    --policy | --set)
      [ "$option" = --set ] || value=policy=$value
      case $value in
        swap=none) ;;  # init's
        disk_bound= | disk_bound=*[!0-9]*) die "disk_bound takes milliseconds, not '${value#*=}'" ;;
        disk_bound=*) ;;  # fs's
        *=*) why=$("$option_check" "$value") || die "$option: $why" ;;
        *) die "--set takes NAME=VALUE, not '$value'" ;;
      esac
      options=" $value$options"  # the guest takes the first of a name: the last one here
      ;;
    --gdb) gdb=1 ;;
    --icount) icount=1 ;;
    -h | --help) usage && exit 0 ;;
    *) die "unknown argument '$option'" ;;
  esac
  [ "$option" != --disk ] || [ -n "$own_disk" ] || die "--disk takes a file"
done

if [ -n "$icount" ]; then
  [ "${smp:-1}" = 1 ] || die "--icount counts one hart, not $smp"
  smp=1
  options="$options disk_bound=0"  # the clock runs ahead of the disk while the machine is idle
fi
if ! command -v qemu-system-riscv64 >/dev/null 2>&1; then
  echo "qemu: qemu-system-riscv64 is not installed; './quire run' installs it" >&2
  exit 1
fi

# QEMU keeps what is written in an unnamed temporary file.
drive=snapshot=on
if [ -n "$own_disk" ]; then
  built=$(readlink -f "$disk")
  case $own_disk in
    /*) disk=$own_disk ;;
    *) disk=${QUIRE_DIRECTORY:-${BUILD_WORKING_DIRECTORY:-$PWD}}/$own_disk ;;
  esac
  [ -e "$disk" ] || die "there is no '$own_disk'; to start with the built disk: cp --no-preserve=mode $built $own_disk"
  [ -f "$disk" ] || die "'$own_disk' is not a file"
  if [ ! -r "$disk" ] || [ ! -w "$disk" ]; then
    die "'$own_disk' cannot be read and written"
  fi
  [ -s "$disk" ] || die "'$own_disk' is empty"
  drive=snapshot=off
fi

set -- qemu-system-riscv64 -machine virt -smp "${smp:-2}" -m "${mem}M" -bios default \
  -nodefaults -display none -nic none -no-reboot \
  -kernel "$kernel" -initrd "$initrd" \
  -global virtio-mmio.force-legacy=false \
  -drive "file=$(printf '%s' "$disk" | sed 's/,/,,/g'),if=none,format=raw,id=disk,$drive" \
  -device virtio-blk-device,drive=disk

# OpenSBI loses a byte that came in before it: it switches the UART's FIFOs on, which empties them,
# and then reads one. So they are on before, with a byte in them that the UART has sent to itself;
# Ctrl-U would do nothing if nobody took it. The registers are FCR, MCR (loop back) and THR.
for register in 2,data=0x01 4,data=0x10 0,data=0x15; do
  set -- "$@" -device "loader,addr=0x1000000$register,data-len=1"
done

if [ -n "$swap" ]; then
  [ -x /sbin/mkswap ] || die "--swap needs mkswap, of the package util-linux"
  # QEMU opens it by its number, so that it can lose its name before anything can go wrong.
  file=$(mktemp "${TMPDIR:-/tmp}/quire-swap.XXXXXX")
  exec 9<>"$file"
  truncate -s "$swap" "$file"
  chmod 600 "$file"
  /sbin/mkswap -q "$file"
  rm "$file"
  set -- "$@" -drive file=/dev/fd/9,if=none,format=raw,id=swap,cache=unsafe \
    -device virtio-blk-device,drive=swap
fi

# OpenSBI leaves the timer that it has no use for with Sstc at a time that never comes: there QEMU's
# clock would jump when the machine waits for its disk.
[ -z "$icount" ] || set -- "$@" -icount shift=0,sleep=off -seed 1 -cpu rv64,sstc=off

if [ -n "$gdb" ]; then
  set -- "$@" -s -S
  cat >&2 <<EOF
Waiting for gdb. To attach, in another terminal:

  gdb-multiarch -ex 'set substitute-path /proc/self/cwd ${BUILD_WORKSPACE_DIRECTORY:-$PWD}' -ex 'target remote localhost:1234' $(readlink -f "$kernel")

EOF
fi

if [ -n "$has_cmd" ]; then
  # The guest's command line has words and no quotes. COMMAND_OUTPUT looks for the line @cmd.
  encoded=$(CMD="echo @cmd
$cmd" perl -e '$_ = $ENV{CMD}; s{[^A-Za-z0-9_./-]}{sprintf "%%%02x", ord $&}ge; print')
  options="$options cmd=$encoded"
  check_length
  exec perl "$command_output" "$@" -serial stdio -append "${options# }"
fi
check_length
[ -z "$options" ] || set -- "$@" -append "${options# }"
exec "$@" -serial mon:stdio
