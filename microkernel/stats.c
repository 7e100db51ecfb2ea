#include "microkernel/stats.h"

// A page fault is counted once, on its way to the pager, though it is also an entry and a message.
static uint64_t counted(const uint64_t *stat, uint64_t which) {
  uint64_t faults = stat[STAT_FAULTS];
  if (which == STAT_ENTRIES) return stat[which] + faults + stat[STAT_SPURIOUS];
  if (which == STAT_CALLS) return stat[which] + faults;
  return stat[which];
}

uint64_t stats_get(uint64_t stat) {
  if (stat == STAT_HARTS) return hart_count_running;
  if (stat >= STAT_COUNT) return 0;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < hart_count_running; i++) sum += counted(harts[i]->stat, stat);
  return sum;
}
