// The part of arch.h that is on every path.
#ifndef MICROKERNEL_ARCH_RISCV64_ARCH_INLINE_H
#define MICROKERNEL_ARCH_RISCV64_ARCH_INLINE_H

#include "microkernel/arch/riscv64/csr.h"
#include "microkernel/types.h"

static inline void *arch_frame_address(frame_t frame) {
  return (void *)(DIRECT_MAP + ((uint64_t)frame << PAGE_SHIFT));
}

// The table that an entry of the table above points to: all its bits but the frame are PTE_V.
static inline uint64_t *arch_table_address(uint64_t pte) {
  return (uint64_t *)(DIRECT_MAP + ((pte - 1) << 2));
}

static inline frame_t arch_address_frame(const void *address) {
  return (frame_t)(((uint64_t)address - DIRECT_MAP) >> PAGE_SHIFT);
}

// Needs no fence: address-space identifiers keep spaces apart.
static inline void arch_switch_translation(uint64_t translation) { csr_write(satp, translation); }

static inline void arch_fence_page(uaddr_t address, uint32_t asid) {
  __asm__ volatile("sfence.vma %0, %1" : : "r"(address), "r"((uint64_t)asid) : "memory");
}

static inline void arch_fence_instructions(void) { __asm__ volatile("fence.i" ::: "memory"); }

#endif
