// Platform-level interrupt controller (RISC-V PLIC specification 1.0). External interrupts go to
// the boot hart.
#ifndef MICROKERNEL_ARCH_RISCV64_PLIC_H
#define MICROKERNEL_ARCH_RISCV64_PLIC_H

#include "microkernel/types.h"

void plic_init(paddr_t registers, uint32_t context);
// Delivers all that is pending.
void plic_poll(void);

#endif
