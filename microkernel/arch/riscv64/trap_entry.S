// The one road into the kernel and out of it.
//
// In user mode sscratch holds the thread; in the kernel tp does, and sp starts at its hart's
// struct hart. Two ways through:
//   system call  caller-saved registers are the message or given up (abi/syscall.h); the
//                callee-saved ones stay where they are unless another thread runs next
//   all else     everything is saved, as the thread did not expect it
// Offsets are asserted in trap.c.

#define SYS_COUNT 38

#define X(n) (8 * (n))
#define THREAD_HART 256
#define THREAD_RESUME 264
#define RESUME_ALL 1
#define HART_SHARES 80

// A machine's only hart has nobody to keep out.
.macro lock             // uses t0, t1, t2
    ld t0, HART_SHARES(sp)
    beqz t0, 2f
    la t0, kernel_lock_word
    li t1, 1
1:  lw t2, 0(t0)
    bnez t2, 1b
    amoswap.w.aq t2, t1, (t0)
    bnez t2, 1b
2:
.endm

.macro unlock           // uses t0
    ld t0, HART_SHARES(sp)
    beqz t0, 1f
    la t0, kernel_lock_word
    fence rw, w
    sw zero, 0(t0)
1:
.endm

.macro count_entry      // uses t0
    ld t0, 0(sp)
    addi t0, t0, 1
    sd t0, 0(sp)
.endm

.text
.balign 4
.globl trap_entry
trap_entry:
    csrrw tp, sscratch, tp
    bgez tp, trap_in_kernel
    sd ra, X(1)(tp)
    sd sp, X(2)(tp)
    csrr ra, scause
    addi ra, ra, -8
    ld sp, THREAD_HART(tp)
    bnez ra, save_all

    // --- a system call ---
    csrr ra, sscratch
    sd ra, X(4)(tp)
    csrr ra, sepc
    addi ra, ra, 4
    sd ra, X(0)(tp)
    sb zero, THREAD_RESUME(tp)
    lock
    count_entry
    li t0, SYS_COUNT
    bltu a7, t0, 4f
    mv a7, t0               // the last entry answers ENOSYS
4:  la t1, system_call
    slli a7, a7, 3
    add t1, t1, a7
    ld t1, 0(t1)
    jalr t1
    beq a0, tp, 3f

    // Another thread runs next.
    .irp r, 3,8,9,18,19,20,21,22,23,24,25,26,27
    sd x\r, X(\r)(tp)
    .endr
    mv tp, a0
    j resume_thread

    // The same thread goes on: its callee-saved registers are in place.
3:  unlock
resume_caller:
    ld t0, X(0)(tp)
    csrw sepc, t0
    csrw sscratch, tp
    ld ra, X(1)(tp)
    ld sp, X(2)(tp)
    .irp r, 10,11,12,13,14,15,16,17
    ld x\r, X(\r)(tp)
    .endr
    li t0, 0                // nothing of the kernel's goes out
    li t1, 0
    li t2, 0
    li t3, 0
    li t4, 0
    li t5, 0
    li t6, 0
    ld tp, X(4)(tp)
    sret

    // --- everything else ---
save_all:
    .irp r, 3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd x\r, X(\r)(tp)
    .endr
    csrr t0, sscratch
    sd t0, X(4)(tp)
    csrr t0, sepc
    sd t0, X(0)(tp)
    li t0, RESUME_ALL
    sb t0, THREAD_RESUME(tp)
    lock
    csrr a0, stval
    csrr a1, scause
    call trap
    mv tp, a0
    ld sp, THREAD_HART(tp)

// tp: the thread to run, dispatched; the kernel lock is held.
.globl resume_thread
resume_thread:
    lbu t3, THREAD_RESUME(tp)
    addi t3, t3, -RESUME_ALL
    bgtz t3, resume_idle
    unlock
    beqz t3, resume_all
    .irp r, 3,8,9,18,19,20,21,22,23,24,25,26,27
    ld x\r, X(\r)(tp)
    .endr
    j resume_caller

resume_all:
    ld t0, X(0)(tp)
    csrw sepc, t0
    csrw sscratch, tp
load_all:
    .irp r, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld x\r, X(\r)(tp)
    .endr
    ld tp, X(4)(tp)
    sret

// a0: registers of the running thread that are elsewhere; a1: where it goes on.
.globl arch_resume
arch_resume:
    ld sp, THREAD_HART(tp)
    unlock
    csrw sepc, a1
    csrw sscratch, tp
    mv tp, a0
    j load_all

resume_idle:
    ld sp, THREAD_HART(tp)
    call schedule_idle
    mv tp, a0
    j resume_thread

// The kernel trapped: a bug of ours.
trap_in_kernel:
    csrr a0, scause
    csrr a1, stval
    csrr a2, sepc
    tail kernel_trap
