// System calls of the pager that kernel_ops.h has no need of, and what kernel_ops.c shares.
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

// Prepares SYS_MAP*'s frame words: up to MAP_INLINE_MAX frames packed, more in the call buffer.
void kernel_pack_frames(uint64_t va_prot, uint32_t count, const uint32_t *frames,
                        uint64_t packed[3]);

#endif
