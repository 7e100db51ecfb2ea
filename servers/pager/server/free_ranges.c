#include "servers/pager/server/free_ranges.h"

#define TAKEN_MAX (FREE_RANGES_MAX - 1)

// Frames [first, end), in 64 bits: no sum overflows.
struct span {
  uint64_t first, end;
};

static uint32_t insert(struct span *taken, uint32_t count, struct boot_range range) {
  uint32_t i = count;
  for (; i > 0 && taken[i - 1].first > range.first; i--) taken[i] = taken[i - 1];
  taken[i] = (struct span){range.first, (uint64_t)range.first + range.count};
  return count + 1;
}

static uint32_t append(struct boot_range *range, uint32_t count, uint64_t first, uint64_t end) {
  if (first >= end) return count;
  range[count] = (struct boot_range){(uint32_t)first, (uint32_t)(end - first)};
  return count + 1;
}

uint32_t free_ranges(const struct boot_info *info, struct boot_range range[FREE_RANGES_MAX]) {
  struct span taken[TAKEN_MAX];
  uint32_t spans = insert(taken, 0, info->kernel);
  spans = insert(taken, spans, info->objects);
  spans = insert(taken, spans, info->image);
  spans = insert(taken, spans, info->archive);
  spans = insert(taken, spans, info->dtb);

  uint64_t first = info->ram.first;
  uint64_t end = first + info->ram.count;
  uint32_t count = 0;
  for (uint32_t i = 0; i < spans; i++) {
    count = append(range, count, first, taken[i].first < end ? taken[i].first : end);
    if (taken[i].end > first) first = taken[i].end;
  }
  return append(range, count, first, end);
}
