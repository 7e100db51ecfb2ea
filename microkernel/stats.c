#include "microkernel/stats.h"

uint64_t stats_get(uint64_t stat) {
  if (stat == STAT_HARTS) return hart_count_running;
  if (stat >= STAT_COUNT) return 0;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < hart_count_running; i++) sum += harts[i]->stat[stat];
  return sum;
}
