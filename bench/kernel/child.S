// Code for child spaces, position-independent, copied to CHILD_CODE.
#define SYS_CALL 1
#define SYS_REPLY_WAIT 3

.text
// Answers every call on slot 3 with its first word.
.globl child_echo, child_echo_end
child_echo:
    li a0, 0
1:  li a1, 3
    li a7, SYS_REPLY_WAIT
    ecall
    j 1b
child_echo_end:

// Writes to the page at a0 again and again.
.globl child_touch, child_touch_end
child_touch:
1:  sb zero, 0(a0)
    j 1b
child_touch_end:

// Writes to one page after the other from a0.
.globl child_walk, child_walk_end
child_walk:
    li t0, 4096
1:  sb zero, 0(a0)
    add a0, a0, t0
    j 1b
child_walk_end:
