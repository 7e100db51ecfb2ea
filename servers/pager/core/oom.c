#include "servers/pager/core/oom.h"

#include "servers/pager/core/bits.h"
#include "servers/pager/core/evict.h"
#include "servers/pager/core/state.h"

// Bits of a word (Warren, "Hacker's Delight", section 5-1).
static uint32_t count_bits(uint64_t x) {
  x -= x >> 1 & 0x5555555555555555ull;
  x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
  return (uint32_t)(x * 0x0101010101010101ull >> 56);
}

static uint64_t entries_below(const struct pager *pager, uint32_t ref, uint32_t level) {
  const struct node *node = node_at(pager, ref);
  if (level == 0) return count_bits(node->present);
  uint64_t count = 0;
  for (uint64_t left = node->present; left; left &= left - 1) {
    count += entries_below(pager, node->entry[bits_lowest(left)], level - 1);
  }
  return count;
}

uint64_t oom_size(struct pager *pager, struct space *space) {
  uint64_t pages = 0;
  for (uint32_t word = 0; word < SPACE_ROOTS / 64; word++) {
    for (uint64_t left = space->roots[word]; left; left &= left - 1) {
      pages += entries_below(pager, space->root[word * 64 + bits_lowest(left)], SPACE_HEIGHT - 1);
    }
  }
  struct region *r = region_above(space->regions, 0);
  for (; r; r = region_above(space->regions, r->end)) {
    if (r->object && r->object->backing == BACKED_BY_NOTHING) pages += r->object->cached;
  }
  return pages;
}

// init is the system's: it is not ended.
#define FIRST (SLOT_INIT + 1)

bool oom_possible(const struct pager *pager) {
  for (uint32_t slot = FIRST; slot < SLOTS_MAX; slot++) {
    if (pager->space[slot]) return true;
  }
  return false;
}

int64_t pager_oom_victim(struct pager *pager) {
  if (!pager->evict.out_of_memory) return 0;
  pager->evict.out_of_memory = false;
  if (pager->free.count > FRAMES_RESERVE) return 0;
  const struct space *victim = NULL;
  uint64_t largest = 0;
  for (uint32_t slot = FIRST; slot < SLOTS_MAX; slot++) {
    struct space *space = pager->space[slot];
    uint64_t pages = space ? oom_size(pager, space) : 0;
    if (pages <= largest) continue;
    largest = pages;
    victim = space;
  }
  if (!victim) {
    // Nobody has what could be taken away: who waits does so in vain.
    pending_wake(pager, &pager->evict.waiting, -ENOMEM, false);
    return 0;
  }
  uint64_t kib = largest * (PAGE_SIZE / 1024);
  return (int64_t)(victim->badge | (kib < INT32_MAX ? kib : INT32_MAX) << 32);
}
