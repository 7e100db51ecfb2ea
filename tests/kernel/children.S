// Code for children (objects.h), position-independent. a0 and a1 are what start() gave.

#define SYS_NULL 0
#define SYS_CALL 1
#define SYS_WAIT 2
#define SYS_REPLY_WAIT 3
#define SYS_FORWARD_WAIT 5
#define SYS_RESUME 37
#define CHILD_ENDPOINT 3
#define CHILD_OTHER 4
#define CHILD_THIRD 5

.option arch, +f, +d

.section .rodata
.balign 8
.globl children_start, children_end
children_start:

// Calls with its argument, then with each answer.
.globl child_caller
child_caller:
    mv a1, a0
    li a0, CHILD_ENDPOINT
    li a7, SYS_CALL
    ecall
    j child_caller

// Answers every call to CHILD_OTHER with its words.
.globl child_echo
child_echo:
    li a0, 0
1:  li a1, CHILD_OTHER
    li a7, SYS_REPLY_WAIT
    ecall
    j 1b

// Forwards every call to CHILD_OTHER to CHILD_THIRD.
.globl child_forward
child_forward:
    li a0, CHILD_OTHER
    li a7, SYS_WAIT
    ecall
1:  li a1, CHILD_THIRD
    slli a1, a1, 32
    addi a1, a1, CHILD_OTHER
    li a7, SYS_FORWARD_WAIT
    ecall
    j 1b

// Calls CHILD_OTHER with words a0, a0 + 1 ..., and then CHILD_ENDPOINT with the answer.
.globl child_asks
child_asks:
    mv a1, a0
    addi a2, a1, 1
    addi a3, a1, 2
    addi a4, a1, 3
    addi a5, a1, 4
    addi a6, a1, 5
    li a0, CHILD_OTHER
    li a7, SYS_CALL
    ecall
    mv a5, a4
    mv a4, a3
    mv a3, a2
    mv a2, a1
    mv a1, a0
    li a0, CHILD_ENDPOINT
    li a7, SYS_CALL
    ecall
    j child_caller

// Waits on CHILD_OTHER.
.globl child_receives
child_receives:
    li a0, CHILD_OTHER
    li a7, SYS_WAIT
    ecall
    j child_receives

// Notifies CHILD_ENDPOINT once, then spins.
.globl child_notifies
child_notifies:
    li a0, CHILD_ENDPOINT
    li a7, 9
    ecall
1:  j 1b

// A system call with number a0 and no right arguments; calls with its result.
.globl child_system_call
child_system_call:
    mv a7, a0
    li a0, -1
    li a1, -1
    li a2, -1
    li a3, -1
    li a4, -1
    li a5, -1
    li a6, -1
    ecall
    j child_caller

// Stores a1 at a0, loads from a0, jumps to a0; then calls with a0.
.globl child_store, child_load, child_jump
child_store:
    sb a1, 0(a0)
    j child_caller
child_load:
    ld a0, 0(a0)
    j child_caller
child_jump:
    jr a0

// Counts at a0 for ever.
.globl child_counts
child_counts:
    ld t0, 0(a0)
    addi t0, t0, 1
    sd t0, 0(a0)
    j child_counts

// Adds 1 at a0 and waits until a1 are there, then calls.
.globl child_meets
child_meets:
    li t0, 1
    amoadd.d zero, t0, (a0)
1:  ld t0, 0(a0)
    bltu t0, a1, 1b
    j child_caller

// --- one exception each ---

.globl child_illegal, child_break, child_csr_read, child_csr_write, child_sret, child_mret
.globl child_wfi, child_fence, child_misaligned_lr, child_misaligned_amo, child_counter_write
child_illegal:
    .word 0
child_break:
    ebreak
child_csr_read:
    csrr t0, sstatus
child_csr_write:
    csrw satp, zero
child_counter_write:
    csrw 0xc00, zero
child_sret:
    sret
child_mret:
    mret
child_wfi:
    wfi
    j child_caller
child_fence:
    sfence.vma
child_misaligned_lr:
    lr.w t0, (a0)
    j child_caller
child_misaligned_amo:
    amoadd.w t0, t0, (a0)
    j child_caller

// --- registers ---

#define SAVED 0x7e8  // in the page at 0
#define STOP 0x7d8

.macro each_register op, k
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    \op \n, \k
    .endr
.endm
.macro set_register n, k
    li x\n, \n * 0x01010101 + \k
.endm
.macro check_register n, k
    li x31, \n * 0x01010101 + \k
    bne x31, x\n, child_wrong
.endm
.macro check_registers k
    sd x31, SAVED(zero)
    each_register check_register, \k
    ld x30, SAVED(zero)
    li x31, 31 * 0x01010101 + \k
    bne x30, x31, child_wrong
    set_register 30, \k
.endm

// All integer registers hold what they should, over a fault (the page at 0 is not there at
// first) and whatever comes, until something is at STOP; then a call.
.macro registers k
    each_register set_register, \k
    set_register 31, \k
    sd zero, 0(zero)
1:  check_registers \k
    ld x31, STOP(zero)
    bnez x31, 2f
    set_register 31, \k
    j 1b
2:  li a0, 0
    j child_caller
.endm

.globl child_registers_a, child_registers_b
child_registers_a:
    registers 0x1234567
child_registers_b:
    registers 0x7654321

child_wrong:
    li a0, 1
    j child_caller

// Where an upcall goes: calls with 77, spoils all registers and brings the old ones back.
.globl child_upcall, child_upcall_end
child_upcall:
    li a0, CHILD_ENDPOINT
    li a1, 77
    li a7, SYS_CALL
    ecall
    each_register set_register, 0x3333333
    set_register 31, 0x3333333
    li a7, SYS_RESUME
    ecall
    j child_caller
child_upcall_end:

// The registers that a system call keeps, over one call for each number in a0.
.globl child_kept
child_kept:
    mv a1, a0
    li a0, CHILD_ENDPOINT
    li a7, SYS_CALL
    .irp n, 1,2,3,4,8,9,18,19,20,21,22,23,24,25,26,27
    set_register \n, 99
    .endr
    ecall
    .irp n, 1,2,3,4,8,9,18,19,20,21,22,23,24,25,26,27
    li t0, \n * 0x01010101 + 99
    bne t0, x\n, child_wrong
    .endr
    li a0, 0
    j child_caller

// --- floating point ---

.macro set_float n, k
    li t0, \n * 0x01010101 + \k
    fmv.d.x f\n, t0
.endm
.macro check_float n, k
    li t0, \n * 0x01010101 + \k
    fmv.x.d t1, f\n
    bne t0, t1, child_wrong
.endm
.macro each_float op, k
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op \n, \k
    .endr
.endm

// All floating-point registers and fcsr (a1) hold what they should until something is at a0;
// a call in each round whose number has none of the bits of mask.
.macro floats k, mask
    mv s0, a0
    mv s1, a1
    li s2, 0
    each_float set_float, \k
    fscsr s1
1:  each_float check_float, \k
    frcsr t0
    bne t0, s1, child_wrong
    ld t0, 0(s0)
    bnez t0, 2f
    addi s2, s2, 1
    andi t0, s2, \mask
    bnez t0, 1b
    li a0, CHILD_ENDPOINT
    li a1, 2
    li a7, SYS_CALL
    ecall
    j 1b
2:  li a0, 0
    j child_caller
.endm

.globl child_floats_a, child_floats_b, child_floats_alone
child_floats_a:
    floats 0x1234567, 255
child_floats_b:
    floats 0x7654321, 255
child_floats_alone:  // no calls
    floats 0x1234567, -1

// Fresh floating-point registers are zero.
.globl child_floats_zero
child_floats_zero:
    frcsr t0
    bnez t0, child_wrong
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fmv.x.d t0, f\n
    bnez t0, child_wrong
    .endr
    li a0, 0
    j child_caller

// Calls once; whoever goes on from there, the thread or its clone, must find the floating-point
// and kept registers as they were, and calls with the answer.
.globl child_forks
child_forks:
    each_float set_float, 55
    li t0, 0x61
    fscsr t0
    .irp n, 8,9,18,19,20,21,22,23,24,25,26,27
    set_register \n, 55
    .endr
    li a0, CHILD_ENDPOINT
    li a1, 1
    li a7, SYS_CALL
    ecall
    frcsr t0
    li t1, 0x61
    bne t0, t1, child_wrong
    each_float check_float, 55
    .irp n, 8,9,18,19,20,21,22,23,24,25,26,27
    li t0, \n * 0x01010101 + 55
    bne t0, x\n, child_wrong
    .endr
    j child_caller

// --- random system calls ---

// a0: seed; a1: first frame of two blocks. Counts its calls at CHILD_DATA.
.globl child_fuzz
child_fuzz:
    mv s0, a0
    mv s1, a1
    li s2, 0x40000000
1:  .irp n, 3,4,5,6,7,8,9
    jal s11, child_random
    mv s\n, t0
    .endr
    jal s11, child_bits
    srli a7, s0, 8
    li t0, 40
    remu a7, a7, t0
    mv a0, s3
    mv a1, s4
    mv a2, s5
    mv a3, s6
    mv a4, s7
    mv a5, s8
    mv a6, s9
    ecall
    ld t0, 0(s2)
    addi t0, t0, 1
    sd t0, 0(s2)
    j 1b

child_bits:  // the next state of xorshift64
    slli t0, s0, 13
    xor s0, s0, t0
    srli t0, s0, 7
    xor s0, s0, t0
    slli t0, s0, 17
    xor s0, s0, t0
    jr s11

child_random:  // t0: one of the kinds of numbers that the kernel takes
    mv s10, s11
    jal s11, child_bits
    mv s11, s10
    andi t1, s0, 15
    srli t2, s0, 8
    li t3, 8
    bltu t1, t3, 2f
    li t3, 11
    bltu t1, t3, 3f
    li t3, 13
    bltu t1, t3, 4f
    beq t1, t3, 5f
    li t3, 14
    beq t1, t3, 6f
    mv t0, t2               // anything
    jr s11
2:  andi t0, t2, 31         // a handle, a type, a count
    jr s11
3:  andi t0, t2, 0x20f      // a frame of two blocks: 16 of either type
    add t0, t0, s1
    jr s11
4:  li t0, 0x7ffff00f       // an address with rights
    and t0, t2, t0
    jr s11
5:  li t0, -1
    jr s11
6:  andi t0, t2, 31         // two handles
    srli t2, t2, 8
    andi t2, t2, 31
    slli t2, t2, 32
    or t0, t0, t2
    jr s11

.balign 8
children_end:
