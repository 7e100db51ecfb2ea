// mincore.
#include "servers/pager/core/range.h"
#include "servers/pager/core/state.h"

static bool is_resident(struct pager *pager, struct space *space, const struct region *region,
                        uint32_t page) {
  if (region->flags & REGION_FIXTURE) return true;
  bool owned;
  const struct node *leaf = space_leaf(pager, space, page, &owned);
  uint32_t entry = leaf ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
  if (entry != FRAME_NONE || !region->object) return entry_is_frame(entry);
  entry = object_frame(pager, region->object, region->offset + (page - region->start));
  return entry_is_frame(entry) && page_of(pager, entry)->state != PAGE_FILLING;
}

int64_t pager_resident(struct pager *pager, struct space *space, uint64_t address,
                       uint64_t length) {
  uint32_t page, end;
  if (address & PAGE_MASK) return -EINVAL;
  if (!range_of(address, length, &page, &end)) return -ENOMEM;
  uint8_t *out = pager_message(pager, space);
  uint32_t count = end - page < MESSAGE_BYTES ? end - page : MESSAGE_BYTES;
  if (!space_covers(space, page, page + count)) return -ENOMEM;
  const struct region *region = region_find(space->regions, page);
  for (uint32_t i = 0; i < count; i++, page++) {
    if (page == region->end) region = region_next(region);
    out[i] = is_resident(pager, space, region, page);
  }
  return count;
}
