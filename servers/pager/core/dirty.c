// Which pages of a range were written to since that was last asked: Appel and Li's `dirty`.
//
// The hardware notes it in the mappings; one harvest of the range brings that to the board (one
// shoot-down), which keeps what unmapping found there before.
//
//   page                            dirty if                              and afterwards
//   private, this space's alone     its board bit is set                  it is cleared
//   private, others have it, too    its board bit is set                  it stays: they may ask
//   private, swapped out, or with   always: what was before is not        it stays: it tells if
//     a copy in swap                known, and too much is safe           that copy is good
//   of an object                    PAGE_WRITTEN, which the board bit     it is cleared, for all
//                                   becomes whoever takes that; and a     who have the object
//                                   page that has just been read has it
#include "servers/pager/core/range.h"
#include "servers/pager/core/state.h"

static bool take_private(struct pager *pager, uint32_t entry, bool owned) {
  if (!entry_is_frame(entry)) return true;
  const struct page *page = page_of(pager, entry);
  uint8_t *board = board_of(pager, entry);
  if (page->object != 0 || (page->flags & PAGE_WRITING)) return true;
  bool dirty = *board & BOARD_DIRTY;
  // While it is being written to swap, the bit tells whether what is written is the last.
  bool is_free = owned && page->refs == 1 && !(page->flags & PAGE_WRITING);
  if (is_free) *board &= (uint8_t)~BOARD_DIRTY;
  return dirty;
}

static bool take_shared(struct pager *pager, struct object *object, uint32_t index) {
  uint32_t entry = object_frame(pager, object, index);
  if (entry == FRAME_NONE) return false;
  if (!entry_is_frame(entry)) return true;
  struct page *page = page_of(pager, entry);
  uint8_t *board = board_of(pager, entry);
  bool dirty = (page->flags & PAGE_WRITTEN) != 0;
  page->flags &= (uint8_t)~PAGE_WRITTEN;
  if (page->state == PAGE_SHARED_MEMORY) {
    dirty |= (*board & BOARD_DIRTY) != 0;
    if (!(page->flags & PAGE_WRITING)) *board &= (uint8_t)~BOARD_DIRTY;
  }
  return dirty;
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
