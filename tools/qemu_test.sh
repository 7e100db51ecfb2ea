#!/bin/sh
# The arguments that qemu.sh takes, refuses and gives to QEMU. Usage: qemu_test.sh QEMU_SH OPTION_CHECK
set -eu

tool=$PWD/$1 option_check=$PWD/$2
failed=0
cd "$TEST_TMPDIR"
mkdir bin
cat >bin/qemu-system-riscv64 <<'EOF'
#!/bin/sh
printf '<%s>' "$@"
EOF
cat >command_output.pl <<'EOF'
print map { "<$_>" } @ARGV;
EOF
chmod +x bin/qemu-system-riscv64
PATH=$PWD/bin:$PATH
echo disk >disk.img
echo disk >'my,own.img'

qemu() {
  "$tool" kernel.elf initrd.tar disk.img command_output.pl "$option_check" "$@"
}

# refuses ARGUMENT...
refuses() {
  refuses_saying '' "$@"
}

# refuses_saying TEXT ARGUMENT...
refuses_saying() {
  text=$1 status=0
  shift
  said=$(qemu "$@" 2>&1 >out) || status=$?
  if [ "$status" != 2 ] || [ -s out ] || [ "${said#qemu: *"$text"}" = "$said" ]; then
    echo "'$*' gives status $status: $said"
    failed=1
  fi
}

# gives WORDS ARGUMENT...
gives() {
  words=$1
  shift
  case $(qemu "$@" 2>/dev/null) in
    *"$words"*) ;;
    *)
      echo "'$*' does not give $words, but: $(qemu "$@" 2>&1)"
      failed=1
      ;;
  esac
}

gives '<-smp><2><-m><256M>'
gives 'file=disk.img,if=none,format=raw,id=disk,snapshot=on>'
gives '<-serial><mon:stdio>'
gives '<-smp><8>' -smp 8
gives '<-m><64M>' -m 64
gives '<-m><8192M>' -m 8g
gives '<-smp><1>' --icount
gives '<-icount><shift=0,sleep=off>' --icount -smp 1
gives '<-s><-S>' --gdb
gives 'my,,own.img,if=none,format=raw,id=disk,snapshot=off>' --disk my,own.img
gives "file=$PWD/disk.img," --disk "$PWD/disk.img"
gives '<-append><cmd=echo%20%40cmd%0aecho%20%22a%20%20%25%22>' --cmd 'echo "a  %"'
gives '<-append><cmd=echo%20%40cmd%0a>' --cmd ''

gives '<-append><policy=clock>' --policy clock
gives '<-append><policy=fifo batch_max=1 policy=clock>' --policy clock --set batch_max=1 --policy fifo
gives '<-append><disk_bound=100 swap=none>' --set swap=none --set disk_bound=100
gives '<-append><read_ahead=4 cmd=echo%20%40cmd%0atrue>' --set read_ahead=4 --cmd true
gives '<file=/dev/fd/9,if=none,format=raw,id=swap,cache=unsafe>' --swap 8M
gives '<-device><virtio-blk-device,drive=swap>' --swap 8

refuses --swap
refuses --swap ''
refuses --swap 0M
refuses --swap 65G
refuses --swap 1k
refuses --policy
refuses --policy ''
refuses_saying "policy takes fifo, clock, ageing, 2q, random, 0 to 4, not 'a b'" --policy 'a b'
refuses_saying "takes NAME=VALUE, not 'policy'" --set policy
refuses_saying "no option ''" --set =1
refuses_saying "no option 'read_ahed'" --set read_ahed=1
refuses_saying "batch_max takes 1 to 16, not '17'" --set batch_max=17
refuses_saying "not '1=2'" --set batch_max=1=2
refuses_saying "takes milliseconds, not '1s'" --set disk_bound=1s
refuses_saying "not '1 policy=fifo'" --set 'batch_max=1 policy=fifo'
refuses -smp
refuses -smp 0
refuses -smp 9
refuses -smp 2x
refuses -m 63M
refuses -m 9G
refuses -m 0100M
refuses -m -1
refuses -m 99999999999999999999
refuses -m ''
refuses --icount -smp 2
refuses --disk
refuses --disk ''
refuses --disk missing.img
refuses --disk bin
refuses --cmd
refuses_saying 'too long' --cmd "$(printf '%01020d' 0)"
refuses_saying 'too long' --set "random_seed=$(printf '%01020d' 1)"
refuses_saying "unknown argument '--unknown'" --unknown
refuses_saying "unknown argument 'word'" word
refuses_saying "unknown argument ''" ''

exit "$failed"
