#include "servers/fs/fresh.h"

bool fresh_find(const struct fresh *fresh, uint64_t block, uint64_t max, uint64_t *run) {
  for (unsigned i = 0; i < fresh->count; i++) {
    const struct block_range *range = &fresh->range[i];
    if (block >= range->end) continue;
    bool inside = block >= range->start;
    uint64_t length = (inside ? range->end : range->start) - block;
    *run = length < max ? length : max;
    return inside;
  }
  *run = max;
  return false;
}

// Replaces ranges [first, last) by `count` others.
static bool replace(struct fresh *fresh, unsigned first, unsigned last,
                    const struct block_range *with, unsigned count) {
  unsigned after = fresh->count - last;
  if (first + count + after > FRESH_RANGES) return false;
  struct block_range tail[FRESH_RANGES];
  for (unsigned i = 0; i < after; i++) tail[i] = fresh->range[last + i];
  for (unsigned i = 0; i < count; i++) fresh->range[first + i] = with[i];
  for (unsigned i = 0; i < after; i++) fresh->range[first + count + i] = tail[i];
  fresh->count = first + count + after;
  return true;
}

bool fresh_add(struct fresh *fresh, struct block_range range) {
  if (range.start >= range.end) return true;
  unsigned first = 0;
  while (first < fresh->count && fresh->range[first].end < range.start) first++;
  unsigned last = first;
  for (; last < fresh->count && fresh->range[last].start <= range.end; last++) {
    if (fresh->range[last].start < range.start) range.start = fresh->range[last].start;
    if (fresh->range[last].end > range.end) range.end = fresh->range[last].end;
  }
  return replace(fresh, first, last, &range, 1);
}

bool fresh_remove(struct fresh *fresh, struct block_range range) {
  if (range.start >= range.end) return true;
  unsigned first = 0;
  while (first < fresh->count && fresh->range[first].end <= range.start) first++;
  unsigned last = first;
  while (last < fresh->count && fresh->range[last].start < range.end) last++;
  if (first == last) return true;
  struct block_range rest[2];
  unsigned count = 0;
  if (fresh->range[first].start < range.start) {
    rest[count++] = (struct block_range){fresh->range[first].start, range.start};
  }
  if (fresh->range[last - 1].end > range.end) {
    rest[count++] = (struct block_range){range.end, fresh->range[last - 1].end};
  }
  return replace(fresh, first, last, rest, count);
}

struct block_range fresh_smallest(const struct fresh *fresh) {
  struct block_range smallest = fresh->range[0];
  for (unsigned i = 1; i < fresh->count; i++) {
    struct block_range range = fresh->range[i];
    if (range.end - range.start < smallest.end - smallest.start) smallest = range;
  }
  return smallest;
}
