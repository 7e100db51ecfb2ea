// Two queues (Johnson, Shasha, "2Q: a low overhead high performance buffer management replacement
// algorithm", 1994). Pages that come are in A1in, first in, first out, whatever is done with them
// there; who leaves it is remembered for a while (A1out, the ghosts). A page that comes again while
// it is remembered is wanted again and again: it goes to Am, where a page that was accessed gets a
// second chance. A scan passes through A1in and leaves Am alone.
//
// A1in is the first list, Am the second. Three things differ from the paper:
//
// * A page goes to Am when it would leave A1in again, and if it was accessed there: so pages that
//   were only read ahead are not taken for wanted ones.
// * While Am has room, whoever is remembered at all gets in: a hot set whose pages are used less
//   often than A1out is long, and a part of a scan that is repeated, which the rest of it cannot
//   drive out.
// * Else a page has to come twice within as many as half of memory, a quarter of it A1in and a
//   quarter A1out, which has half of memory in the paper: of a scan of little more than memory,
//   what is not in Am would come again before that, and Am lose its pages to others that are used
//   as seldom.
#include "servers/pager/core/policy.h"

// Parts of all pages.
#define A1IN_PART 4u   // A1in gives up pages while it is larger
#define ROOM_PART 8u   // and Am has room while it is larger by this
#define TWICE_PART 2u  // pages leave A1in between the times that a wanted one would

static uint32_t new_pages(const struct replacement *r) {
  uint32_t wanted = r->count[LIST_SECOND];
  return r->pages > wanted ? r->pages - wanted : 0;
}

static uint32_t next(struct replacement *r) {
  uint32_t oldest = replacement_first(r, LIST_SECOND);
  bool shrinks_am = r->second_first || new_pages(r) <= r->pages / A1IN_PART;
  if (oldest != FRAME_NONE && shrinks_am) return oldest;
  uint32_t frame = replacement_first(r, LIST_FIRST);
  return frame != FRAME_NONE ? frame : oldest;
}

// Whether a page that was accessed in A1in has been there before.
static bool is_wanted(struct replacement *r, const struct page *page) {
  uint32_t ago = ghost_renew(r, page);
  if (ago == GHOST_NONE) return false;
  bool room = new_pages(r) > r->pages / A1IN_PART + r->pages / ROOM_PART;
  return room || ago <= r->pages / TWICE_PART;
}

static bool judge(struct replacement *r, uint32_t frame, bool accessed) {
  struct page *page = replacement_page(r, frame);
  bool in_am = page->flags & PAGE_NOT_FIRST;
  // That a page of a file was read by a call is nowhere to be seen.
  if (page->state == PAGE_CACHED && !in_am) accessed = true;
  if (accessed && (in_am || is_wanted(r, page))) {
    replacement_move(r, LIST_SECOND, frame);
    return false;
  }
  replacement_remove(r, page);
  return true;
}

const struct policy policy_2q = {.looks = true, .wants_ghosts = true, .next = next, .judge = judge};
