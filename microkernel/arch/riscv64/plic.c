#include "microkernel/arch/riscv64/plic.h"

#include "microkernel/arch.h"
#include "microkernel/arch/riscv64/csr.h"
#include "microkernel/interrupt.h"

static volatile uint32_t *priority;   // a word for each interrupt
static volatile uint32_t *enable;     // a bit for each, of our context
static volatile uint32_t *threshold;  // followed by claim/complete

void plic_init(paddr_t registers, uint32_t context) {
  char *base = (char *)(DIRECT_MAP + registers);
  priority = (volatile uint32_t *)(void *)base;
  enable = (volatile uint32_t *)(void *)(base + 0x2000 + 0x80 * context);
  threshold = (volatile uint32_t *)(void *)(base + 0x200000 + 0x1000 * context);
  *threshold = 0;
}

void arch_irq_enable(uint32_t irq) {
  priority[irq] = 1;
  enable[irq / 32] |= 1u << (irq % 32);
}

// The gateway of a claimed interrupt stays closed until it is completed.
void arch_irq_complete(uint32_t irq) { threshold[1] = irq; }

void plic_poll(void) {
  uint32_t irq;
  while ((irq = threshold[1])) irq_deliver(irq);
}
