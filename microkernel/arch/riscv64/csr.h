// Supervisor registers and fields (RISC-V privileged specification, "Supervisor-Level ISA").
#ifndef MICROKERNEL_ARCH_RISCV64_CSR_H
#define MICROKERNEL_ARCH_RISCV64_CSR_H

#define SATP_SV39 (8ull << 60)
#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK 0xffffull

#define SSTATUS_SPP 0x100ul
#define SSTATUS_SPIE 0x20ul
#define SSTATUS_FS 0x6000ul
#define SSTATUS_FS_OFF 0x0000ul
#define SSTATUS_FS_CLEAN 0x4000ul
#define SSTATUS_FS_DIRTY 0x6000ul

#define SCAUSE_INTERRUPT (1ull << 63)
#define CAUSE_ILLEGAL 2
#define CAUSE_ECALL_USER 8
#define CAUSE_FETCH_PAGE 12
#define CAUSE_LOAD_PAGE 13
#define CAUSE_STORE_PAGE 15
#define IRQ_SOFTWARE 1
#define IRQ_TIMER 5
#define IRQ_EXTERNAL 9

#define SIE_ALL (1ul << IRQ_SOFTWARE | 1ul << IRQ_TIMER | 1ul << IRQ_EXTERNAL)
#define SCOUNTEREN_ALL 7ul  // cycle, time, instret for user mode

// Direct map of physical memory, in every space, global.
#define DIRECT_MAP 0xffffffc000000000ul

#ifndef __ASSEMBLER__
#include <stdint.h>

#define csr_read(name)                              \
  ({                                                \
    uint64_t v_;                                    \
    __asm__ volatile("csrr %0, " #name : "=r"(v_)); \
    v_;                                             \
  })
#define csr_write(name, value) \
  __asm__ volatile("csrw " #name ", %0" : : "rK"((uint64_t)(value)) : "memory")
#define csr_set(name, bits) \
  __asm__ volatile("csrs " #name ", %0" : : "rK"((uint64_t)(bits)) : "memory")
#define csr_clear(name, bits) \
  __asm__ volatile("csrc " #name ", %0" : : "rK"((uint64_t)(bits)) : "memory")
#endif

#endif
