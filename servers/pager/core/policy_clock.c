// Second chance: first in, first out, but a page that was accessed since it was last looked at goes
// to the end instead. The list is the clock, its front the hand (Corbato, "A paging experiment with
// the Multics system", 1968).
#include "servers/pager/core/policy.h"

static uint32_t next(struct replacement *r) { return replacement_first(r, LIST_FIRST); }

static bool judge(struct replacement *r, uint32_t frame, bool accessed) {
  if (accessed) {
    replacement_rotate(r, frame);
    return false;
  }
  replacement_remove(r, replacement_page(r, frame));
  return true;
}

const struct policy policy_clock = {.looks = true, .next = next, .judge = judge};
