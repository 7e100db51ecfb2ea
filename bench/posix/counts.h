// The counters that explain a figure; a system that lacks one has 0 there.
#ifndef BENCH_POSIX_COUNTS_H
#define BENCH_POSIX_COUNTS_H

#include <stdint.h>

enum count {
  COUNT_ENTRIES,  // into the kernel
  COUNT_MESSAGES,
  COUNT_SWITCHES,  // of address space
  COUNT_FENCES,    // TLB
  COUNT_FAULTS,    // page faults that became messages
  COUNT_MAPPED,    // entries made for them
  COUNT_ZEROED,    // pages
  COUNT_COPIED,    // pages
  COUNT_IDLE,      // instructions that the idle machine executed
  COUNT_NUMBER,
};

// Since boot, of the whole system.
void counts_read(uint64_t counts[COUNT_NUMBER]);

#endif
