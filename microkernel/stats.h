// The counters of abi/stats.h, kept per hart.
#ifndef MICROKERNEL_STATS_H
#define MICROKERNEL_STATS_H

#include "abi/stats.h"
#include "microkernel/thread.h"

static inline void hart_count(enum kernel_stat stat) { this_hart()->stat[stat]++; }
static inline uint64_t hart_bit(void) { return this_hart()->bit; }

// Sum over all harts, or the value where it is not a count. 0 for unknown ones.
uint64_t stats_get(uint64_t stat);

#endif
