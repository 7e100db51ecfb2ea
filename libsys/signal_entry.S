# Where signals begin and end. All registers but sp are in the signal page when an upcall comes in;
# from there they go into a frame on the stack that the handler gets (signal_frame.h), and back.
#
# While `busy` is set no further upcall comes. It is clear again when the frame is complete. On the
# way out, from resume_begin to resume_end, an upcall may come once more: its registers are of no
# interest, since the frame still has those to go back to. So signals that come faster than they
# are handled use no more stack.
#include "libsys/signal_frame.h"

#define SYS_RESUME 37

#define NUMBERS 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
  23, 24, 25, 26, 27, 28, 29, 30, 31

.text

# s1: the signal page.
.globl signals_upcall
.type signals_upcall, @function
signals_upcall:
.option push
.option norelax
  la gp, __global_pointer$
.option pop
  la tp, __tls_block
  li s1, SIGNAL_PAGE
  ld t0, PAGE_X(0)(s1)
  la t1, resume_begin
  la t2, resume_end
  bltu t0, t1, 1f
  bltu t0, t2, on_the_way_out
1:
  ld s2, PAGE_SIGNAL(s1)
  ld t0, PAGE_FP(s1)
  snez t0, t0
  slli s3, t0, 1
  beqz s2, asynchronous
  addi t4, s2, -1
  li t3, 1
  sll t3, t3, t4

# s3: KEPT_*. t3: the signals that may be delivered.
make_frame:
  ld t4, signals_on_stack
  and t3, t3, t4
  la t5, signals_stack
  ld t1, 0(t5)
  ld t2, 8(t5)
  sub t4, sp, t1
  addi t5, t4, -1
  bltu t5, t2, already_there
  beqz t3, place_frame
  beqz t2, place_frame
  add sp, t1, t2
place_frame:
  andi sp, sp, -16
  andi t0, s3, KEPT_MESSAGE
  beqz t0, 2f
  li t6, FRAME_MESSAGE_BYTES
  sub sp, sp, t6
2:
  addi sp, sp, -FRAME_BYTES
.irp n, NUMBERS
  ld t0, PAGE_X(\n)(s1)
  sd t0, FRAME_X(\n)(sp)
.endr
  andi t0, s3, KEPT_FP
  beqz t0, 1f
.irp n, NUMBERS
  fsd f\n, FRAME_F(\n)(sp)
.endr
  frcsr t0
  sd t0, FRAME_FCSR(sp)
  j 2f
1:
.irp n, NUMBERS
  sd zero, FRAME_F(\n)(sp)
.endr
  sd zero, FRAME_FCSR(sp)
2:
  sd s3, FRAME_KEPT(sp)
  mv s0, sp
  mv a0, sp
  mv a1, s1
  call signals_begin

# s0: the frame. a0: the handler, if there is one. a1: its stack.
run:
  beqz a0, resume_begin
  mv s2, a0
  mv sp, a1
  # While `busy` was set a signal may have come that this one's handler is to be interrupted by.
  ld t0, PAGE_MASK_SET(s1)
  ld t1, PAGE_PENDING(s1)
  not t0, t0
  and t0, t0, t1
  beqz t0, 1f
  li a0, 0
  call signals_self
1:
  lw a0, FRAME_INFO(s0)
  mv a1, s0
  addi a2, s0, FRAME_CONTEXT
  jalr s2
  mv sp, s0
  ld t0, FRAME_KEPT(s0)
  andi t0, t0, KEPT_MESSAGE
  beqz t0, resume_begin
  mv a0, s0
  call signals_restore_message

resume_begin:
  ld t0, FRAME_MASK(s0)
  sd t0, PAGE_MASK_SET(s1)
  fence rw, rw
  ld t1, PAGE_PENDING(s1)
  not t0, t0
  and t0, t0, t1
  bnez t0, more
  ld t0, FRAME_KEPT(s0)
  andi t0, t0, KEPT_FP
  beqz t0, 1f
.irp n, NUMBERS
  fld f\n, FRAME_F(\n)(s0)
.endr
  lw t0, FRAME_FCSR(s0)
  fscsr t0
1:
.irp n, NUMBERS
  ld t0, FRAME_X(\n)(s0)
  sd t0, PAGE_X(\n)(s1)
.endr
  li a7, SYS_RESUME
  ecall
  # Refused: the handler chose an address that is none. Going there is the program's fault.
  ld t0, FRAME_X(0)(s0)
  jr t0
resume_end:

# Others are due as soon as the mask is as it was: the same frame serves them.
more:
  addi t0, s1, PAGE_BUSY
1:
  li t1, 1
  amoswap.d.aqrl t1, t1, (t0)
  bnez t1, 1b
  mv a0, s0
  mv a1, s1
  call signals_more
  j run

on_the_way_out:
  ld s0, PAGE_X(8)(s1)
  mv sp, s0
  mv a0, s0
  mv a1, s1
  call signals_more
  j run

already_there:
  li t6, FRAME_BYTES + FRAME_SPARE
  andi t0, s3, KEPT_MESSAGE
  beqz t0, 1f
  li t6, FRAME_BYTES + FRAME_MESSAGE_BYTES + FRAME_SPARE
1:
  bgeu t4, t6, place_frame
  sb zero, 0(zero)  # the alternate stack is full: with `busy` set this ends the process

asynchronous:
  lw t1, signals_held
  bnez t1, held
  ori s3, s3, KEPT_MESSAGE
  ld t3, PAGE_PENDING(s1)
  ld t4, PAGE_MASK_SET(s1)
  not t4, t4
  and t3, t3, t4
  j make_frame

# The program does not want to be interrupted now. It will look itself.
held:
  ld t0, PAGE_X(0)(s1)
  la t2, signals_held_registers
  la t1, held_begin
  bltu t0, t1, 1f
  la t1, held_end
  bltu t0, t1, 2f
1:
.irp n, NUMBERS
  ld t0, PAGE_X(\n)(s1)
  sd t0, 8 * \n(t2)
.endr
2:
  fence rw, rw
  sd zero, PAGE_BUSY(s1)
held_begin:
.irp n, NUMBERS
  ld t0, 8 * \n(t2)
  sd t0, PAGE_X(\n)(s1)
.endr
  li a7, SYS_RESUME
  ecall
held_end:
  unimp
.size signals_upcall, . - signals_upcall

# The frame leads back to the caller, who expects of floating-point registers what any call leaves.
# a0: KEPT_MESSAGE or 0.
.globl signals_self
.type signals_self, @function
signals_self:
  li t2, SIGNAL_PAGE
  addi t0, t2, PAGE_BUSY
1:
  li t1, 1
  amoswap.d.aqrl t1, t1, (t0)
  bnez t1, 1b
  sd ra, PAGE_X(0)(t2)
  sd ra, PAGE_X(1)(t2)
  sd sp, PAGE_X(2)(t2)
  sd gp, PAGE_X(3)(t2)
  sd tp, PAGE_X(4)(t2)
  sd s0, PAGE_X(8)(t2)
  sd s1, PAGE_X(9)(t2)
.irp n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
  sd x\n, PAGE_X(\n)(t2)
.endr
  sd zero, PAGE_SIGNAL(t2)
  mv s1, t2
  mv s3, a0
  ld t3, PAGE_PENDING(s1)
  ld t4, PAGE_MASK_SET(s1)
  not t4, t4
  and t3, t3, t4
  j make_frame
.size signals_self, . - signals_self
