#include "servers/pager/core/resident.h"

#include "servers/pager/core/range.h"
#include "servers/pager/core/state.h"

static uint32_t index_of(const struct region *region, uint32_t page) {
  return region->offset + (page - region->start);
}

// Whether an entry of an object's leaf is a page with content.
static bool is_in_memory(const struct pager *pager, uint32_t entry) {
  return entry_is_frame(entry) && page_of(pager, entry)->state != PAGE_FILLING;
}

// --- how many -----------------------------------------------------------------------------------

static uint64_t count_object(struct pager *pager, struct object *object, uint32_t first,
                             uint32_t end) {
  bool all = first == 0 && end >= object->pages && object->requests == 0;
  if (all && object->backing == BACKED_BY_PROVIDER) return object->cached;
  uint64_t count = 0;
  for (uint32_t i = first; node_next(pager, object->root, object->height, &i, end);) {
    for (uint32_t stop = min32(end, (i | NODE_MASK) + 1); i < stop; i++) {
      count += is_in_memory(pager, object_frame(pager, object, i));
    }
  }
  return count;
}

// Private pages, less those of the object that they hide.
static int64_t count_private(struct pager *pager, struct space *space, const struct region *region,
                             uint32_t start, uint32_t end) {
  int64_t count = 0;
  for (uint32_t page = start; space_next(pager, space, &page, end);) {
    bool owned;
    const struct node *leaf = space_leaf(pager, space, page, &owned);
    for (uint32_t stop = min32(end, (page | NODE_MASK) + 1); page < stop; page++) {
      uint32_t entry = leaf->entry[page & NODE_MASK];
      count += entry_is_frame(entry);
      if (entry == FRAME_NONE || !region->object) continue;
      uint32_t hidden = object_frame(pager, region->object, index_of(region, page));
      count -= is_in_memory(pager, hidden);
    }
  }
  return count;
}

uint64_t resident_count(struct pager *pager, struct space *space, const struct region *region,
                        uint32_t start, uint32_t end) {
  if (region->flags & REGION_FIXTURE) return 0;
  uint64_t count = 0;
  if (region->object) {
    count = count_object(pager, region->object, index_of(region, start), index_of(region, end));
  }
  if (region->flags & REGION_SHARED) return count;
  return count + (uint64_t)count_private(pager, space, region, start, end);
}

static bool has_private(struct pager *pager, struct space *space, uint32_t page) {
  bool owned;
  const struct node *leaf = space_leaf(pager, space, page, &owned);
  return leaf && leaf->entry[page & NODE_MASK] != FRAME_NONE;
}

// Whether a region shows the page of its object.
static bool reaches(struct pager *pager, const struct region *region, uint32_t index) {
  if (index < region->offset || index - region->offset >= region->end - region->start) return false;
  struct space *space = pager->space[region->slot];
  if (!space) return false;  // it is being ended
  uint32_t page = region->start + (index - region->offset);
  return (region->flags & REGION_SHARED) || !has_private(pager, space, page);
}

void resident_object_page(struct pager *pager, const struct object *object, uint32_t index,
                          int32_t change) {
  for (const struct region *r = object->regions; r; r = r->object_next) {
    if (reaches(pager, r, index)) resident_change(pager->space[r->slot], change);
  }
}

uint32_t resident_mappings(struct pager *pager, uint32_t frame) {
  const struct page *page = page_of(pager, frame);
  uint32_t count = 0;
  if (page->family == 0) {
    const struct object *object = item_at(pager, page->object);
    for (const struct region *r = object->regions; r; r = r->object_next) {
      count += reaches(pager, r, page->index);
    }
    return count;
  }
  struct space *space = pager->space[pager->family[page->family]];
  for (; space; space = space->family_next) {
    bool owned;
    const struct node *leaf = space_leaf(pager, space, page->index, &owned);
    count += leaf && leaf->entry[page->index & NODE_MASK] == frame;
  }
  return count;
}

// --- mincore ------------------------------------------------------------------------------------

static bool is_resident(struct pager *pager, struct space *space, const struct region *region,
                        uint32_t page) {
  if (region->flags & REGION_FIXTURE) return true;
  bool owned;
  const struct node *leaf = space_leaf(pager, space, page, &owned);
  uint32_t entry = leaf ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
  if (entry != FRAME_NONE || !region->object) return entry_is_frame(entry);
  return is_in_memory(pager, object_frame(pager, region->object, index_of(region, page)));
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
