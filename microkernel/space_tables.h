// Page tables below a space's interface: what space.c and space_range.c share.
#ifndef MICROKERNEL_SPACE_TABLES_H
#define MICROKERNEL_SPACE_TABLES_H

#include "microkernel/boot.h"
#include "microkernel/pte.h"
#include "microkernel/space.h"

// Bytes that one entry of a table of this level maps.
#define SPAN(level) (1ull << (PAGE_SHIFT + 9 * (level)))
// Work bound of one call on a range: leaf tables visited.
#define RANGE_TABLES_MAX 32u

// Fences [start, end), where leaves or tables were changed, on all harts of the space (S2).
void space_fence(struct space *space, uaddr_t start, uaddr_t end);

// The first entry in [index, end) that is not zero, or end.
uint32_t table_next_used(const uint64_t *table, uint32_t index, uint32_t end);

// Takes a large leaf away. => the caller fences all of the space
COLD void space_drop_large(struct space *space, uint64_t *entry);

// Whether it is in the boot space's window, which programs' calls leave alone.
static inline bool in_window(const struct space *space, uaddr_t address) {
  return UNLIKELY(space->has_window) && address >= BOOT_WINDOW && address < BOOT_BOARD;
}

// Gives a table that is empty back to the pool.
static inline void table_put(struct space *space, frame_t frame) {
  uint64_t *table = arch_frame_address(frame);
  frame_set_type(frame, FRAME_TABLE);
  // The link is an invalid entry: a hart may still reach the table until the fence.
  pte_store(table, 0, pte_make(space->pool, 0));
  space->pool = frame;
  space->pool_count++;
}

#endif
