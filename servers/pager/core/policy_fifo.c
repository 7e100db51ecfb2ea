// First in, first out: the page that is in memory longest goes, used or not.
#include "servers/pager/core/policy.h"

static uint32_t next(struct replacement *r) { return replacement_first(r, LIST_FIRST); }

static bool judge(struct replacement *r, uint32_t frame, bool accessed) {
  (void)accessed;
  replacement_remove(r, replacement_page(r, frame));
  return true;
}

const struct policy policy_fifo = {.next = next, .judge = judge};
