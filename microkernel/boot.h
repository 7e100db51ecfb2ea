// From the device tree to the first process.
#ifndef MICROKERNEL_BOOT_H
#define MICROKERNEL_BOOT_H

#include "microkernel/machine.h"
#include "microkernel/types.h"

struct space;

// The first process's space: it has the window (SYS_RETYPE).
extern struct space *boot_space;

// Makes frame table, board and first process. start, end: the kernel's image.
// Panics if the machine cannot hold it.
void boot_first_process(const struct machine *machine, paddr_t start, paddr_t end, paddr_t tree,
                        uint64_t tree_bytes);

#endif
