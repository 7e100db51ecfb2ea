// System calls of the pager that kernel_ops.h has no need of, for boot and counters.
#ifndef SERVERS_PAGER_SERVER_KERNEL_H
#define SERVERS_PAGER_SERVER_KERNEL_H

#include <stdint.h>

#include "abi/handle.h"
#include "servers/pager/core/pager.h"

// Before any other call of kernel_ops.h or of this header: where more objects come from, and the
// call buffer of the thread.
void kernel_init(struct pager *pager, uint32_t *call_buffer);

// Makes an endpoint with all rights. Panics without memory: only for boot.
void kernel_create_endpoint(handle_t slot);

// Copies an own handle into the table of a process slot (0: the own table). Panics when refused:
// only for boot.
void kernel_give(uint32_t slot, handle_t to, handle_t from, uint32_t rights, uint64_t badge);

// A counter of the kernel: enum kernel_stat of abi/stats.h.
uint64_t kernel_stat(uint32_t number);

// What kops_map_with_answer wants entered. => va_prot 0: nothing
struct kernel_late_map {
  uint64_t va_prot;
  uint32_t frame;
};
extern struct kernel_late_map kernel_late_map;

#endif
