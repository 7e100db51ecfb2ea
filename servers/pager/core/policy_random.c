// Any page: what the others have to be better than. The same seed gives the same pages.
#include "servers/pager/core/policy.h"

#define TRIES 32u  // then the oldest

// Marsaglia, "Xorshift RNGs", 2003.
static uint64_t draw(struct replacement *r) {
  r->random ^= r->random << 13;
  r->random ^= r->random >> 7;
  r->random ^= r->random << 17;
  return r->random;
}

static uint32_t next(struct replacement *r) {
  for (uint32_t i = 0; i < TRIES; i++) {
    uint32_t frame = r->first + (uint32_t)(draw(r) % (r->end - r->first));
    uint8_t flags = replacement_page(r, frame)->flags;
    if ((flags & (PAGE_LISTED | PAGE_NOT_FIRST)) == PAGE_LISTED) return frame;
  }
  return replacement_first(r, LIST_FIRST);
}

static bool judge(struct replacement *r, uint32_t frame, bool accessed) {
  (void)accessed;
  replacement_remove(r, replacement_page(r, frame));
  return true;
}

const struct policy policy_random = {.next = next, .judge = judge};
