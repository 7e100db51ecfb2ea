// What the device tree says of the machine.
#ifndef MICROKERNEL_MACHINE_H
#define MICROKERNEL_MACHINE_H

#include "microkernel/thread.h"
#include "microkernel/types.h"

struct machine {
  paddr_t ram_base;
  uint64_t ram_bytes;
  paddr_t firmware_end;                // it has RAM from ram_base to here; 0: not said
  paddr_t archive_start, archive_end;  // the initrd
  uint64_t timebase;                   // ticks a second
  paddr_t plic;                        // interrupt controller
  uint32_t plic_context;               // supervisor context of the boot hart
  paddr_t finisher;                    // sifive,test0; 0 if there is none
  uint32_t harts;                      // in machine_id[], the boot hart first
  uint32_t machine_id[HARTS_MAX];
  bool sstc;  // supervisor timer compare register
  char command_line[1024];
};

// Reads the tree. NULL, or what is missing.
const char *machine_read(struct machine *machine, const void *tree, uint64_t bytes,
                         uint32_t boot_hart);

#endif
