// From the first process to a running system: the pager's memory, the other servers and the
// first program, out of the boot archive. What cannot be done is a panic that names it.
#ifndef SERVERS_PAGER_SERVER_BOOT_H
#define SERVERS_PAGER_SERVER_BOOT_H

#include "abi/boot.h"
#include "abi/layout.h"
#include "abi/syscall.h"
#include "servers/pager/core/pager.h"

struct pager *boot(const struct boot_info *info);

// --- the parts ---

// The core with all free memory and no space yet.
struct pager *boot_memory(const struct boot_info *info);

// Sets the options that the kernel's command line names.
void boot_options(struct pager *pager, const struct boot_info *info);

// Makes the space of a process slot, badge and slot alike, and loads the executable of this name
// from the boot archive into it. *end is the end of its image, page-aligned.
// => returns its entry point
uint64_t boot_load(struct pager *pager, const struct boot_info *info, const char *name,
                   uint32_t slot, uint64_t *end);

// Makes, loads and starts fs, proc and console.
void boot_servers(struct pager *pager, const struct boot_info *info);

// Makes, loads and starts init, with the kernel's command line as argv[1].
void boot_program(struct pager *pager, const struct boot_info *info);

// A frame's address in the window.
static inline void *boot_window(uint32_t frame) {
  return (void *)(BOOT_WINDOW + ((uint64_t)frame << PAGE_SHIFT));
}

// Panics if a step of the boot failed.
void boot_check(int64_t status, const char *what, const char *name);

#endif
