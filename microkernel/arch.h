// What the portable kernel asks of the machine. arch/riscv64 is the machine, arch/host a model of
// it for tests: same page-table format, and a TLB that keeps every stale entry it may keep.
#ifndef MICROKERNEL_ARCH_H
#define MICROKERNEL_ARCH_H

#include <stdint.h>

#include "microkernel/types.h"

struct thread;

// Inline, in arch_inline.h of each machine:
//
//   void *arch_frame_address(frame_t frame)           the kernel's own view of a frame
//   frame_t arch_address_frame(const void *address)   and back
//   uint64_t *arch_table_address(uint64_t pte)        of an entry that points to a table
//   void arch_switch_translation(uint64_t translation)
//   void arch_fence_page(uaddr_t address, uint32_t asid)   local fence of one page
//   void arch_fence_instructions(void)                local instruction fetch sees all stores
#ifdef __riscv
#include "microkernel/arch/riscv64/arch_inline.h"
#else
#include "microkernel/arch/host/arch_inline.h"
#endif

// --- translation ---
// satp's value for a root table.
uint64_t arch_translation(frame_t root, uint32_t asid);
// Fills the kernel's half of a new root table.
void arch_root_init(uint64_t *root);
// Number of address-space identifiers, one of them for the kernel.
extern uint32_t arch_asid_count;
// Local fence of all of an ASID.
void arch_fence_asid(uint32_t asid);
// arch_fence_instructions on other harts.
void arch_fence_instructions_remote(uint64_t hart_mask);
// A fence of the pages in [start, end) on other harts, or, with start and end 0, of all of an ASID
// (tables too, which a fence of pages need not cover); returns when they have done it.
void arch_fence_remote(uint64_t hart_mask, uaddr_t start, uaddr_t end, uint32_t asid);

// --- floating point, lazily ---
// `from`, which has used the unit, stops running: its registers are saved if they have changed,
// and the unit is off, so that the next use of it traps. Returns `to`.
struct thread *arch_fp_leave(struct thread *from, struct thread *to);
// Turns the unit on for a thread that trapped for want of it. False if it was on.
bool arch_fp_enable(struct thread *thread);

// --- leaving the kernel ---
// What a system call that changes all of the running thread's registers returns with: it goes on at
// pc, below USER_END, with the others as they are at saved[1..31], whatever that may be. On the
// machine this does not return.
struct thread *arch_resume(const uint64_t *saved, uaddr_t pc);

// --- harts, time, interrupts ---
void arch_interrupt_hart(uint32_t hart);  // inter-processor interrupt
void arch_idle(void);                     // until an interrupt is pending
uint64_t arch_time(void);
#define TIMER_OFF (~0ull)
void arch_timer_set(uint64_t deadline);
uint64_t arch_instret(void);
void arch_irq_enable(uint32_t irq);
void arch_irq_complete(uint32_t irq);

// --- last words ---
void arch_console_put(char c);
_Noreturn void arch_halt(uint32_t status);

#endif
