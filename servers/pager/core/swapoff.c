// Giving a swap area back: every page that is in it is read, space by space, object by object. It
// gets no new ones meanwhile; but a fork copies entries, maybe to where the search has been: so it
// is repeated until no slot is used.
#include "servers/pager/core/calls.h"
#include "servers/pager/core/evict.h"
#include "servers/pager/core/state.h"
#include "servers/pager/core/swap.h"

// Of the pending call: area - 1 in `length`, slot and page of where the search is in `address` and
// `offset`; slot SLOTS_MAX: objects without provider, all from the first one.
static struct swap_area *area_of(struct pager *pager, const struct pending *pending) {
  return &pager->swap.area[pending->length];
}

// What has to be done about an entry: nothing, or something to wait for.
enum found { FOUND_NOTHING = 0, FOUND_WAIT = 1, FOUND_NO_MEMORY = 2 };

static enum found bring_back(struct pager *pager, const struct pending *pending,
                             struct space *space, struct object *object, uint32_t index,
                             uint32_t entry, struct pending ***wait) {
  if (entry_is_frame(entry)) {
    struct page *page = page_of(pager, entry);
    bool stored = page->state == PAGE_ANONYMOUS && (page->flags & PAGE_STORED);
    if (stored && (page->object - 1) >> SWAP_INDEX_BITS == pending->length) {
      swap_forget_slot(pager, page);
    }
    return FOUND_NOTHING;
  }
  if (entry_slot(entry) >> SWAP_INDEX_BITS != pending->length) return FOUND_NOTHING;
  enum outcome outcome =
      swap_in(pager, space, object, index, entry, pending->alone ? ACCESS_ALONE : 0, wait);
  return outcome == OUTCOME_WAIT ? FOUND_WAIT : FOUND_NO_MEMORY;
}

static enum found search_space(struct pager *pager, struct pending *pending, struct space *space,
                               struct pending ***wait) {
  uint32_t page = (uint32_t)pending->offset;
  uint32_t entry;
  for (; (entry = space_next(pager, space, &page, USER_PAGES)); page++) {
    enum found found = bring_back(pager, pending, space, NULL, page, entry, wait);
    pending->offset = page;
    if (found != FOUND_NOTHING) return found;
  }
  pending->offset = 0;
  return FOUND_NOTHING;
}

static enum found search_objects(struct pager *pager, const struct pending *pending,
                                 struct pending ***wait) {
  for (struct object *object = pager->all_objects; object; object = object->next) {
    if (object->backing != BACKED_BY_NOTHING) continue;
    uint32_t index = 0, entry;
    for (; (entry = node_next(pager, object->root, object->height, &index, 1ull << 32)); index++) {
      enum found found = bring_back(pager, pending, NULL, object, index, entry, wait);
      if (found != FOUND_NOTHING) return found;
    }
  }
  return FOUND_NOTHING;
}

// From where it was to the end, or to what has to be waited for.
static enum found search(struct pager *pager, struct pending *pending, struct pending ***wait) {
  for (; pending->address < SLOTS_MAX; pending->address++) {
    struct space *space = pager->space[pending->address];
    enum found found = space ? search_space(pager, pending, space, wait) : FOUND_NOTHING;
    if (found != FOUND_NOTHING) return found;
  }
  return search_objects(pager, pending, wait);
}

static int64_t give_up(struct pager *pager, const struct pending *pending, int64_t error) {
  struct swap_area *area = area_of(pager, pending);
  area->removing = false;
  pager->swap.free += area->slots - area->used;
  return error;
}

int64_t swapoff_run(struct pager *pager, struct pending *pending) {
  struct swap_area *area = area_of(pager, pending);
  if (pending->error && pending->error != -ENOMEM) return give_up(pager, pending, -EIO);
  if (pending->error) return give_up(pager, pending, -ENOMEM);
  for (;;) {
    struct pending **wait = NULL;
    enum found found = search(pager, pending, &wait);
    if (found == FOUND_NO_MEMORY) {
      // What is not there now, and will not be when this area is gone, is missing for good.
      enum memory memory = swap_room(pager, area) ? evict_wait(pager, &wait) : MEMORY_NEVER;
      if (memory == MEMORY_THERE) continue;
      if (memory == MEMORY_NEVER) return give_up(pager, pending, -ENOMEM);
    }
    if (found != FOUND_NOTHING) {
      pending->alone = false;
      requests_kick(pager);
      if (pending_park(pager, pending, wait)) return PAGER_PARKED;
      return give_up(pager, pending, -ENOMEM);
    }
    if (area->used == area->bad && area->object->requests == 0) break;
    // Copied meanwhile, or on its way out: once more.
    pending->address = pending->offset = 0;
    if (area->object->requests > 0) {
      if (pending_park(pager, pending, &pager->evict.waiting)) return PAGER_PARKED;
      return give_up(pager, pending, -ENOMEM);
    }
  }
  swap_remove_area(pager, area);
  return 0;
}

int64_t pager_swap_remove(struct pager *pager, uint32_t origin, token_t token, uint64_t area,
                          uint64_t then) {
  if (area == 0 || area > PAGER_SWAP_AREAS_MAX) return -EINVAL;
  struct swap_area *found = &pager->swap.area[area - 1];
  if (!found->object) return -EINVAL;
  if (found->removing) return -EBUSY;
  found->removing = true;
  pager->swap.free -= found->slots - found->used;
  struct pending pending = {.kind = PENDING_SWAPOFF,
                            .token = token,
                            .space = pager_space(pager, origin),
                            .length = area - 1,
                            .result = then};
  return swapoff_run(pager, &pending);
}
