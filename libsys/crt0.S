# A program's first instructions. sp points to the argument block that libsys/argument_block.h
# describes; all other registers are zero.
.section .text.start, "ax"
.globl _start
.type _start, @function
_start:
.option push
.option norelax
  la gp, __global_pointer$
.option pop
  la tp, __tls_block
  mv a0, sp
  call libsys_start
.size _start, . - _start
