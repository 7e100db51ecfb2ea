# A server's first instruction, entered with a0 = what server_main gets. The stack pointer is set
# by whoever starts the thread; memory that the image does not fill is zero.
.section .text.start, "ax", @progbits
.globl _start
.type _start, @function
_start:
.option push
.option norelax
    la gp, __global_pointer$
.option pop
    call server_main
    # server_main has no way to return.
    unimp
.size _start, . - _start
