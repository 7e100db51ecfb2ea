// From the firmware to C: physical addresses, translation off, a0 = mhartid.

#include "microkernel/arch/riscv64/csr.h"

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
// a1: physical address of the device tree
.globl _start
_start:
    enter_high
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

// a1: the hart's struct hart (virtual)
.globl secondary_start
secondary_start:
    enter_high
    mv sp, a1
    la t0, hart_idle_offset
    ld t0, 0(t0)
    add tp, sp, t0
    call secondary_main
    mv tp, a0
    j resume_thread

.section .bss
.balign 16
    .space 1024
boot_stack_top:
