# A call whose faults end in EFAULT (guarded.h). While `guard` is set, the pager sends a fault that
# it cannot serve to that address (protocols/signal.h).
#include "libsys/signal_frame.h"

#define EFAULT 14
#define FRAME 112

.text

.globl guarded
.type guarded, @function
guarded:
  addi sp, sp, -FRAME
  sd ra, 0(sp)
  sd s0, 8(sp)
  sd s1, 16(sp)
.irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
  sd s\n, 8 * (\n + 1)(sp)
.endr
  li t0, SIGNAL_PAGE
  la t1, refused
  sd sp, PAGE_GUARD_SP(t0)
  sd t1, PAGE_GUARD(t0)
  mv t1, a0
  mv a0, a1
  mv a1, a2
  mv a2, a3
  jalr t1
  li t0, SIGNAL_PAGE
  sd zero, PAGE_GUARD(t0)
  ld ra, 0(sp)
  addi sp, sp, FRAME
  ret

refused:
  li t0, SIGNAL_PAGE
  sd zero, PAGE_GUARD(t0)
  ld sp, PAGE_GUARD_SP(t0)
  ld ra, 0(sp)
  ld s0, 8(sp)
  ld s1, 16(sp)
.irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
  ld s\n, 8 * (\n + 1)(sp)
.endr
  addi sp, sp, FRAME
  li a0, -EFAULT
  ret
.size guarded, . - guarded
