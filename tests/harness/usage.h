// How much is in use of everything that programs take and must give back.
#ifndef TESTS_HARNESS_USAGE_H
#define TESTS_HARNESS_USAGE_H

#include <stdint.h>

#include "protocols/pager.h"

enum usage_kind {
  // Private and shared memory, each page once, whether it is in a frame or in a swap slot. Any
  // frame
  // that is in use and nothing else is known about counts as one.
  USAGE_PAGES = 0,
  USAGE_NODES = 1,
  USAGE_REGIONS = 2,
  USAGE_CALLS = 3,      // that wait in the pager
  USAGE_OBJECTS = 4,    // but for those of files and swap areas
  USAGE_RESERVED = 5,   // frames of servers and providers
  USAGE_TABLES = 6,     // frames of page tables and kernel objects that belong to no process
  USAGE_PROCESSES = 7,  // that have not ended
  USAGE_KINDS = 8,
};

struct usage {
  uint64_t of[USAGE_KINDS];
};

extern const char *const usage_name[USAGE_KINDS];

// => the counts are from after PAGER_DROP_CACHES, so that no page is in a frame and a slot;
// `tables` is the sum of pager_space_counts.tables of all processes
void usage_measure(struct usage *usage, const struct pager_counts *counts, uint64_t tables,
                   uint64_t processes);

// The first kind from `from` on of which there is now not what there was before, or of tables any;
// USAGE_KINDS if there is none.
uint32_t usage_changed(const struct usage *before, const struct usage *now, uint32_t from);

#endif
