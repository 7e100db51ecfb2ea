// Which blocks of a file are allocated but not yet written: on the disk they hold what was there
// before, so until the first write they read as zeros. A few ranges are enough, since files grow
// at their end and are written back in order; when they are not, the caller writes zeros to a
// range and takes it out.
#ifndef SERVERS_FS_FRESH_H_
#define SERVERS_FS_FRESH_H_

#include <stdbool.h>
#include <stdint.h>

enum { FRESH_RANGES = 4 };

// File blocks [start, end).
struct block_range {
  uint64_t start, end;
};

// Sorted, disjoint, not adjacent. All zero is empty.
struct fresh {
  unsigned count;
  struct block_range range[FRESH_RANGES];
};

// Tells whether `block` is fresh, and how many blocks from it on, at most `max`, are the same.
bool fresh_find(const struct fresh *fresh, uint64_t block, uint64_t max, uint64_t *run);

// Add or take out a range. => false: no room for one more range; nothing has changed.
bool fresh_add(struct fresh *fresh, struct block_range range);
bool fresh_remove(struct fresh *fresh, struct block_range range);

// The smallest range. => count > 0.
struct block_range fresh_smallest(const struct fresh *fresh);

#endif  // SERVERS_FS_FRESH_H_
