// A first process that owns the machine: what the kernel's own tests and measurements stand on,
// in the place of the pager.
#ifndef BENCH_KERNEL_ROOT_H
#define BENCH_KERNEL_ROOT_H

#include <stdint.h>

#include "abi/boot.h"
#include "libsys/kcall.h"

// Where things are in a child's space.
#define CHILD_CODE 0x10000ul
#define CHILD_DATA 0x40000000ul

extern const struct boot_info *root_boot;

void root_init(const struct boot_info *boot);
// Frames that nobody uses: of type object, of type user (zeroed, seen at root_window).
uint32_t root_object_frame(void);
uint32_t root_user_frame(void);
void *root_window(uint32_t frame);
// Objects at a free slot, which is returned. They end the machine if they cannot be had.
handle_t root_space(uint32_t badge);
handle_t root_endpoint(void);
handle_t root_thread(handle_t space);
handle_t root_slot(void);
// A space with `bytes` of code at CHILD_CODE, its pager and exception endpoint (slots 1 and 2)
// `pager`, and slot 3 a handle to `other` (or HANDLE_NONE).
handle_t root_child(uint32_t badge, const void *code, uint32_t bytes, handle_t pager,
                    handle_t other);
// Donates `count` tables.
void root_fund(handle_t space, uint32_t count);

_Noreturn void root_exit(int status);

#endif
