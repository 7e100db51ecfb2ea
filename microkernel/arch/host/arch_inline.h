// The part of arch.h that is inline, on the model machine. Physical memory is an array.
#ifndef MICROKERNEL_ARCH_HOST_ARCH_INLINE_H
#define MICROKERNEL_ARCH_HOST_ARCH_INLINE_H

#include "microkernel/types.h"

// The kernel's view of a frame. A frame that is not RAM ends the test: the kernel must never look
// at one.
void *host_frame_address(frame_t frame);
frame_t host_address_frame(const void *address);
void arch_switch_translation(uint64_t translation);
void arch_fence_page(uaddr_t address, uint32_t asid);
void arch_fence_instructions(void);

static inline void *arch_frame_address(frame_t frame) { return host_frame_address(frame); }

static inline frame_t arch_address_frame(const void *address) {
  return host_address_frame(address);
}

// Ends the test unless all bits but the frame are PTE_V, as a pointer to a table must be.
uint64_t *arch_table_address(uint64_t pte);

#endif
