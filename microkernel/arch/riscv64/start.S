// From the firmware to C: physical addresses, translation off, a0 = mhartid.
//
// All harts come in by _start, and only a0 tells one from another. OpenSBI up to 1.2 declares a
// hart started before it has written down where and with what argument: a hart that looks in
// between begins as the boot hart did.

#include "microkernel/arch/riscv64/csr.h"

#define HART_MACHINE_ID 124  // asserted in main.c

.section .sdata, "aw"
.balign 4
begun:
    .word 0                     // 1: the boot hart is here

// One gigabyte page each: RAM at its physical address, and the direct map's first 16.
.section .data
.balign 4096
boot_root:
    .fill 2, 8, 0
    .dword 0x80000 << 10 | 0xcf
    .fill 253, 8, 0
    .set gigabyte, 0
    .rept 16
    .dword (gigabyte << 18) << 10 | 0xef
    .set gigabyte, gigabyte + 1
    .endr
    .fill 240, 8, 0

// Turns translation on and goes on at the linked address. Uses t0, t1, t2.
.macro enter_high
    la t0, boot_root
    srli t0, t0, 12
    li t1, SATP_SV39
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    li t1, DIRECT_MAP
    la t0, 1f
    add t0, t0, t1
    jr t0
1:
.endm

.section .text.boot, "ax"
// a1: of the boot hart, the physical address of the device tree
.globl _start
_start:
    li t3, 1
    la t0, begun
    amoswap.w.aqrl t3, t3, (t0)
    enter_high
    bnez t3, further_hart
    la t0, bss_start
    la t1, bss_end
1:  sd zero, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 1b
    la sp, boot_stack_top
    mv s0, a0
    mv s1, a1
    call hart_boot_stack        // a0: the boot hart's struct hart, its stack below
    mv sp, a0
    la t0, hart_idle_offset
    ld t0, 0(t0)
    add tp, sp, t0
    mv a0, s0
    mv a1, s1
    call kernel_main
    mv tp, a0
    j resume_thread

// start_others has made its struct hart before it had the firmware start it.
further_hart:
    la t0, harts
    lwu t1, hart_count_running
1:  beqz t1, nobody
    ld sp, 0(t0)
    lwu t2, HART_MACHINE_ID(sp)
    addi t0, t0, 8
    addi t1, t1, -1
    bne t2, a0, 1b
    la t0, hart_idle_offset
    ld t0, 0(t0)
    add tp, sp, t0
    call secondary_main
    mv tp, a0
    j resume_thread

// The kernel goes on without this hart, and has said so.
nobody:
    wfi
    j nobody

.section .bss
.balign 16
    .space 1024
boot_stack_top:
