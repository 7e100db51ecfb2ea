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
    if (replacement_page(r, frame)->flags & PAGE_LISTED) return frame;
  }
  return replacement_first(r, 0);
}

static bool judge(struct replacement *r, uint32_t frame, bool accessed) {
  (void)accessed;
  replacement_remove(r, replacement_page(r, frame));
  return true;
}

static void returned(struct replacement *r, uint32_t frame) { replacement_add(r, 0, frame); }

const struct policy policy_random = {.next = next, .judge = judge, .returned = returned};
