// Which pages of a range were written to since that was last asked: Appel and Li's `dirty`.
//
// The hardware notes it in the mappings; one harvest of the range brings that to the board (one
// shoot-down), which keeps what unmapping found there before.
//
//   page                            dirty if                              and afterwards
//   private, this space's alone     its board bit, or PAGE_WRITTEN,       both are cleared, and a
//                                   which keeps it when the page goes     copy in swap, which is
//                                   old to swap                               then, is given up
//   private, others have it, too    the same                              they stay: others may ask
//   swapped out                     SLOT_WRITTEN, which was PAGE_WRITTEN  cleared, unless others
//                                                                         have it, too
//   of an object                    PAGE_WRITTEN, which the board bit     it is cleared, for all
//                                   becomes whoever takes that; and a     who have the object
//                                   page that has just been read has it
//
// While a page is being written to swap its board bit tells whether what is written is the last,
// and stays; so a page that is changed just then is told twice.
#include "servers/pager/core/range.h"
#include "servers/pager/core/state.h"

// `alone`: nobody else may ask about it.
static bool take_swapped(struct pager *pager, uint32_t slot, bool alone) {
  bool written = swap_is_written(pager, slot);
  if (alone) swap_forget_written(pager, slot);
  return written;
}

static bool take_memory(struct pager *pager, uint32_t frame, bool alone) {
  struct page *page = page_of(pager, frame);
  uint8_t *board = board_of(pager, frame);
  bool dirty = *board & BOARD_DIRTY;
  bool written = page->flags & PAGE_WRITTEN;
  if (alone) {
    page->flags &= (uint8_t)~PAGE_WRITTEN;
    if (dirty && !(page->flags & PAGE_WRITING)) {
      if (page->state == PAGE_ANONYMOUS) {
        swap_forget_slot(pager, page);
        page->flags &= (uint8_t)~PAGE_LAZY;  // changed: it must be kept
      }
      *board &= (uint8_t)~BOARD_DIRTY;
    }
  }
  return dirty || written;
}

static bool take_private(struct pager *pager, uint32_t entry, bool owned) {
  if (entry_is_swapped(entry)) {
    uint32_t slot = entry_slot(entry);
    return take_swapped(pager, slot, owned && swap_references(pager, slot) == 1);
  }
  return take_memory(pager, entry, owned && page_of(pager, entry)->refs == 1);
}

static bool take_shared(struct pager *pager, struct object *object, uint32_t index) {
  uint32_t entry = object_frame(pager, object, index);
  if (entry == FRAME_NONE) return false;
  if (entry_is_swapped(entry)) return take_swapped(pager, entry_slot(entry), true);
  struct page *page = page_of(pager, entry);
  if (page->state == PAGE_SHARED_MEMORY) return take_memory(pager, entry, true);
  bool written = page->flags & PAGE_WRITTEN;
  page->flags &= (uint8_t)~PAGE_WRITTEN;
  return written;
}

static bool take_dirty(struct pager *pager, struct space *space, const struct region *region,
                       uint32_t page) {
  if (region->flags & REGION_FIXTURE) return false;
  if (region->flags & REGION_SHARED) {
    return take_shared(pager, region->object, region->offset + (page - region->start));
  }
  bool owned;
  const struct node *leaf = space_leaf(pager, space, page, &owned);
  uint32_t entry = leaf ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
  return entry != FRAME_NONE && take_private(pager, entry, owned);
}

int64_t pager_dirty(struct pager *pager, struct space *space, uint64_t address, uint64_t length) {
  uint32_t page, end;
  if (address & PAGE_MASK) return -EINVAL;
  if (!range_of(address, length, &page, &end)) return -ENOMEM;
  uint8_t *out = pager_message(pager, space);
  uint32_t count = end - page < MESSAGE_BYTES ? end - page : MESSAGE_BYTES;
  if (count == 0) return 0;
  if (!space_covers(space, page, page + count)) return -ENOMEM;
  kops_harvest(space->slot, (uint64_t)page << PAGE_SHIFT, (uint64_t)(page + count) << PAGE_SHIFT);
  const struct region *region = NULL;
  for (uint32_t i = 0; i < count; i++, page++) {
    if (!region || page == region->end) {
      region = region ? region_next(region) : region_find(space->regions, page);
      if ((region->flags & REGION_SHARED) && region->object) {
        uint32_t first = region->offset + (page - region->start);
        object_collect(pager, region->object, first, first + (region->end - page), false);
      }
    }
    out[i] = take_dirty(pager, space, region, page);
  }
  return count;
}
