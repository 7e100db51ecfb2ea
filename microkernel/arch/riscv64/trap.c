// Traps from trap_entry.S, decoded.

#include "abi/syscall.h"
#include "microkernel/arch.h"
#include "microkernel/arch/riscv64/csr.h"
#include "microkernel/arch/riscv64/plic.h"
#include "microkernel/fault.h"
#include "microkernel/interrupt.h"
#include "microkernel/panic.h"
#include "microkernel/pte.h"
#include "microkernel/schedule.h"

_Static_assert(offsetof(struct thread, hart) == 256, "trap_entry.S: THREAD_HART");
_Static_assert(offsetof(struct thread, resume) == 264, "trap_entry.S: THREAD_RESUME");
_Static_assert(offsetof(struct hart, stat) == 0 && STAT_ENTRIES == 0, "trap_entry.S: count_entry");
_Static_assert(offsetof(struct hart, shares_kernel) == 80, "trap_entry.S: HART_SHARES");
_Static_assert(SYS_COUNT == 38, "trap_entry.S: SYS_COUNT");
_Static_assert(RESUME_CALL == 0 && RESUME_ALL == 1 && RESUME_IDLE > RESUME_ALL, "trap_entry.S");

struct thread *trap(uint64_t value, uint64_t cause);
_Noreturn void kernel_trap(uint64_t cause, uint64_t value, uint64_t pc);

static struct thread *interrupt(uint64_t number) {
  bool expired = false;
  hart_count(STAT_INTERRUPTS);
  if (number == IRQ_TIMER) {
    expired = timer_expire();
  } else if (number == IRQ_EXTERNAL) {
    plic_poll();
  } else {
    csr_clear(sip, 1ul << IRQ_SOFTWARE);
  }
  return schedule_preempt(expired);
}

static __attribute__((noinline)) struct thread *trap_rare(uint64_t cause, uint64_t value) {
  hart_count(STAT_ENTRIES);
  if (cause & SCAUSE_INTERRUPT) return interrupt(cause & ~SCAUSE_INTERRUPT);
  if (cause == CAUSE_ILLEGAL && arch_fp_enable(current)) return current;
  return fault_exception(cause, value);
}

// Returns the thread to run.
struct thread *trap(uint64_t value, uint64_t cause) {
  if (LIKELY(cause == CAUSE_STORE_PAGE)) return fault_page(value, PTE_W);
  if (LIKELY(cause == CAUSE_LOAD_PAGE)) return fault_page(value, PTE_R);
  if (LIKELY(cause == CAUSE_FETCH_PAGE)) return fault_page(value, PTE_X);
  return trap_rare(cause, value);
}

void interrupt_poll(void) {
  uint64_t pending = csr_read(sip) & csr_read(sie);  // the timer may be off
  if (pending & (1ul << IRQ_SOFTWARE)) csr_clear(sip, 1ul << IRQ_SOFTWARE);
  if (pending & (1ul << IRQ_EXTERNAL)) plic_poll();
  if (pending & (1ul << IRQ_TIMER)) timer_expire();
}

void kernel_trap(uint64_t cause, uint64_t value, uint64_t pc) {
  panic_print("\nkernel trap: scause ");
  panic_print_hex(cause);
  panic_print(" stval ");
  panic_print_hex(value);
  panic("sepc", pc);
}
