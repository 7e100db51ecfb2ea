#include "servers/pager/core/gather.h"

#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/rmap.h"
#include "servers/pager/core/state.h"

#define OBJECTS_OF_CALL 32u  // frames that a call takes at most

// --- which block ---------------------------------------------------------------------------------

static bool has_content(const struct page *page) {
  return page->state == PAGE_ANONYMOUS || page->state == PAGE_CACHED ||
         page->state == PAGE_SHARED_MEMORY;
}

// A page that a request names: it can move, or is gone, when that is done.
static bool is_busy(const struct page *page) {
  if (page->state == PAGE_FILLING || page->state == PAGE_SWAPPING) return true;
  if (page->state == PAGE_CACHED && (page->flags & (PAGE_ALLOCATING | PAGE_LEAVING))) return true;
  return has_content(page) && (page->flags & PAGE_WRITING);
}

static bool can_move(const struct pager *pager, uint32_t frame) {
  const struct page *page = page_of(pager, frame);
  return has_content(page) && (page->flags & PAGE_LISTED) && !is_busy(page) &&
         frame != pager->pinned;
}

// How many pages are to move; more than LARGE_FRAMES if some cannot.
static uint32_t pages_in(struct pager *pager, uint32_t first) {
  uint32_t pages = 0;
  for (uint32_t frame = first; frame < first + LARGE_FRAMES; frame++) {
    const struct page *page = page_of(pager, frame);
    if (page->state == PAGE_FREE) continue;
    if (!can_move(pager, frame) && !is_busy(page)) return LARGE_FRAMES + 1;
    pages++;
  }
  return pages;
}

static uint32_t choose(struct pager *pager) {
  uint32_t best = FRAME_NONE, fewest = LARGE_FRAMES + 1;
  uint32_t first = (pager->ram_first + LARGE_FRAMES - 1) & ~(LARGE_FRAMES - 1);
  for (; first + LARGE_FRAMES <= pager->ram_end; first += LARGE_FRAMES) {
    uint32_t pages = pages_in(pager, first);
    if (pages >= fewest) continue;
    best = first;
    fewest = pages;
  }
  return best;
}

// --- moving --------------------------------------------------------------------------------------

static void hold(struct pager *pager, uint32_t frame) {
  *board_of(pager, frame) = 0;
  page_of(pager, frame)->state = PAGE_HELD;
  pager->frames_reserved++;
  pager->gather.held++;
}

static void hold_free(struct pager *pager) {
  uint32_t first = pager->gather.first;
  for (uint32_t frame = first; frame < first + LARGE_FRAMES; frame++) {
    if (page_of(pager, frame)->state != PAGE_FREE) continue;
    frame_list_remove(pager, &pager->free, frame);
    hold(pager, frame);
  }
}

// => can_move, `to` is a frame just taken
static void move(struct pager *pager, uint32_t from, uint32_t to) {
  struct page *old = page_of(pager, from), *new = page_of(pager, to);
  rmap_unmap(pager, old, 1);
  page_copy(frame_pointer(pager, to), frame_pointer(pager, from));
  rmap_replace(pager, old, from, to);
  enum replacement_list list =
      old->flags & PAGE_NOT_FIRST ? (enum replacement_list)old->age : LIST_FIRST;
  replacement_remove(&pager->replacement, old);
  new->refs_family = old->refs_family;
  new->object = old->object;
  new->index = old->index;
  new->state = old->state;
  new->flags = old->flags;
  new->age = old->age;
  replacement_add(&pager->replacement, list, to);
  *board_of(pager, to) = *board_of(pager, from);
  hold(pager, from);
}

enum progress { CLEARED, NO_FRAME, BUSY, STUCK };

static enum progress clear_block(struct pager *pager) {
  struct gather *gather = &pager->gather;
  enum progress progress = CLEARED;
  hold_free(pager);
  for (uint32_t frame = gather->first; frame < gather->first + LARGE_FRAMES; frame++) {
    const struct page *page = page_of(pager, frame);
    if (page->state == PAGE_HELD) continue;
    if (is_busy(page)) {
      progress = BUSY;
      continue;
    }
    if (!can_move(pager, frame)) return STUCK;
    uint32_t to = frame_take(pager);
    if (to == FRAME_NONE) return NO_FRAME;
    move(pager, frame, to);
  }
  return progress;
}

// --- the block -----------------------------------------------------------------------------------

static void give_back(struct pager *pager) {
  uint32_t first = pager->gather.first;
  if (first == FRAME_NONE) return;
  for (uint32_t frame = first; frame < first + LARGE_FRAMES; frame++) {
    if (page_of(pager, frame)->state == PAGE_HELD) frame_put(pager, frame);
  }
  pager->frames_reserved -= pager->gather.held;
  pager->gather.first = FRAME_NONE;
  pager->gather.held = 0;
}

void gather_rest(struct pager *pager) {
  if (!pager->evict.waiting) give_back(pager);
}

// => all of the block is held
static bool make_objects(struct pager *pager) {
  give_back(pager);
  return frame_make_objects(pager);
}

// A step. MEMORY_LATER with no list: again.
static enum memory go_on(struct pager *pager, struct pending ***list) {
  struct gather *gather = &pager->gather;
  if (gather->first == FRAME_NONE) gather->first = choose(pager);
  if (gather->first == FRAME_NONE) return MEMORY_NEVER;
  enum progress progress = clear_block(pager);
  // The reserve is of other frames.
  if (progress == CLEARED && pager->free.count < FRAMES_RESERVE) progress = NO_FRAME;
  switch (progress) {
    case CLEARED:
      return make_objects(pager) ? MEMORY_THERE : MEMORY_NEVER;
    case NO_FRAME: {
      enum memory memory = evict_wait_for_call(pager, 1, list);
      if (memory == MEMORY_THERE) *list = NULL;
      return memory == MEMORY_NEVER ? MEMORY_NEVER : MEMORY_LATER;
    }
    case BUSY:
      *list = &pager->evict.waiting;
      return MEMORY_LATER;
    case STUCK:
      give_back(pager);  // and choose again, another one
  }
  return MEMORY_LATER;
}

enum memory gather_wait(struct pager *pager, struct pending ***list) {
  enum memory memory = MEMORY_THERE;
  *list = NULL;
  if (pager->gather.wanted && pager->objects.count < OBJECTS_OF_CALL) {
    do {
      memory = go_on(pager, list);
    } while (memory == MEMORY_LATER && !*list);
  }
  if (memory == MEMORY_LATER) return memory;
  give_back(pager);
  pager->gather.wanted = false;
  return memory;
}
