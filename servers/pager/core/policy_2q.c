// Two queues (Johnson, Shasha, "2Q: a low overhead high performance buffer management replacement
// algorithm", 1994). New pages are in A1in, first in, first out, whatever is done with them there;
// who leaves it is remembered for a while (A1out, the ghosts). A page that returns while it is
// remembered is wanted again and again: it goes to Am, where a page that was accessed gets a second
// chance. A scan passes through A1in and leaves Am alone.
//
// A1in is the first list, Am the second. A1out forgets at random instead of the oldest first: a
// page is remembered for as many evictions as there are ghosts, on the average.
#include "servers/pager/core/policy.h"

#define A1IN 0u
#define AM 1u
#define A1IN_PART 4u  // of all pages: A1in gives up pages while it is larger

static uint32_t next(struct replacement *r) {
  uint32_t new_pages = r->pages > r->second ? r->pages - r->second : 0;
  if (r->second > 0 && new_pages <= r->pages / A1IN_PART) return replacement_first(r, AM);
  uint32_t frame = replacement_first(r, A1IN);
  return frame != FRAME_NONE ? frame : replacement_first(r, AM);
}

static bool judge(struct replacement *r, uint32_t frame, bool accessed) {
  struct page *page = replacement_page(r, frame);
  if (!(page->flags & PAGE_SECOND)) {
    ghost_remember(r, page);
  } else if (accessed) {
    replacement_move(r, AM, frame);
    return false;
  }
  replacement_remove(r, page);
  return true;
}

static void returned(struct replacement *r, uint32_t frame) {
  replacement_add(r, ghost_forget(r, replacement_page(r, frame)) ? AM : A1IN, frame);
}

const struct policy policy_2q = {
    .looks = true, .wants_ghosts = true, .next = next, .judge = judge, .returned = returned};
