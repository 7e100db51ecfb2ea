#include "servers/pager/core/rss.h"

#include "servers/pager/core/rmap.h"
#include "servers/pager/core/state.h"

#define BATCH 32u  // pages evicted at once
#define LEAST 16u  // pages that each may have, so that an instruction finds all it needs

// Grows at least as fast as the number of private pages in memory: reads from swap for other spaces
// count as well.
static uint64_t entered(const struct pager *pager, const struct space *space) {
  return space->zeroed + space->copied + pager->counts.pages_swapped_in;
}

static uint32_t entry_at(struct pager *pager, struct space *space, uint32_t page, bool *owned) {
  const struct node *leaf = space_leaf(pager, space, page, owned);
  return leaf ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
}

// Private pages in memory; *writing: of these, on their way to swap.
static uint32_t count_pages(struct pager *pager, struct space *space, uint32_t *writing) {
  uint32_t frame, count = 0;
  *writing = 0;
  for (uint32_t p = 0; (frame = space_next(pager, space, &p, USER_PAGES)); p++) {
    if (!entry_is_frame(frame)) continue;
    count++;
    *writing += (page_of(pager, frame)->flags & PAGE_WRITING) != 0;
  }
  return count;
}

// Moves the hand from *at to `end`, and collects pages that were not used since it passed last.
static uint32_t collect(struct pager *pager, struct space *space, uint32_t *at, uint32_t end,
                        uint32_t *frames, uint32_t wanted) {
  uint32_t frame, found = 0, harvested = LEAF_NONE;
  for (; found < wanted && (frame = space_next(pager, space, at, end)); ++*at) {
    bool owned;
    entry_at(pager, space, *at, &owned);
    if (!entry_is_frame(frame) || !owned) continue;
    const struct page *page = page_of(pager, frame);
    if (page->refs != 1 || !(page->flags & PAGE_LISTED) || frame == pager->pinned) continue;
    if (rmap_is_locked(pager, page)) continue;
    if (harvested != *at >> NODE_BITS) rmap_harvest(pager, page);
    harvested = *at >> NODE_BITS;
    if (*board_of(pager, frame) & BOARD_ACCESSED) {
      *board_of(pager, frame) &= (uint8_t)~BOARD_ACCESSED;
    } else {
      frames[found++] = frame;
    }
  }
  return found;
}

// Evicts up to `wanted` pages. Returns how many went at once; others are being written.
static uint32_t evict_own(struct pager *pager, struct space *space, uint32_t wanted) {
  uint32_t frames[BATCH];
  uint32_t start = space->rss_hand, at = start;
  uint32_t found = collect(pager, space, &at, USER_PAGES, frames, wanted);
  // Once around clears what says that a page was used, so that the second time one is found.
  if (found == 0) {
    at = 0;
    found = collect(pager, space, &at, USER_PAGES, frames, wanted);
  }
  if (found == 0) {
    at = 0;
    found = collect(pager, space, &at, start, frames, wanted);
  }
  space->rss_hand = at < USER_PAGES ? at : 0;
  return evict_chosen(pager, frames, found);
}

// A request that writes pages of this space.
static struct request *own_request(struct pager *pager, const struct space *space) {
  for (uint32_t i = 0; i < OBJECT_RING_SLOTS; i++) {
    struct request *request = &pager->requests.request[i];
    if (request->state == REQUEST_FREE || request->op != OBJECT_PAGE_OUT) continue;
    if (request->object->backing != BACKED_BY_SWAP) continue;
    for (uint32_t n = 0; n < request->count; n++) {
      const struct page *page = page_of(pager, request->frame[n]);
      if (page->refs > 0 && page->family == space_family(space)) return request;
    }
  }
  return NULL;
}

static uint64_t pages_allowed(const struct space *space) {
  uint64_t pages = space->limit[LIMIT_RSS].soft >> PAGE_SHIFT;
  return pages > LEAST ? pages : LEAST;
}

struct pending **rss_make_room(struct pager *pager, struct space *space, uint32_t page) {
  bool owned;
  if (entered(pager, space) < space->rss_mark) return NULL;
  if (entry_is_frame(entry_at(pager, space, page, &owned))) return NULL;
  uint64_t most = pages_allowed(space);
  uint32_t writing;
  uint32_t count = count_pages(pager, space, &writing);
  if (count >= most) {
    uint64_t goal = most > 2 * BATCH ? most - BATCH : most / 2;
    uint64_t staying = count - writing;
    if (staying > goal) {
      uint64_t over = staying - goal;
      count -= evict_own(pager, space, over < BATCH ? (uint32_t)over : BATCH);
    }
    struct request *request = own_request(pager, space);
    if (count >= most && request) return &request->waiting;
  }
  // Where nothing could be evicted, it is tried again later.
  space->rss_mark = entered(pager, space) + (count < most ? most - count : BATCH);
  return NULL;
}
