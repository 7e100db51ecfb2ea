// mprotect: cuts regions at the borders of the range, changes rights, joins what is alike.
#include "servers/pager/core/protect.h"

#include "servers/pager/core/range.h"
#include "servers/pager/core/state.h"

#define EAGER_PAGES 64u  // so many pages are entered again at once

// What changing the rights of a range does to its mappings.
struct change {
  uint8_t removed, added;  // rights
  uint16_t flags;          // of all regions, together
};

static void set_prot(struct space *space, struct region *region, uint32_t prot,
                     struct change *change) {
  uint32_t pages = region->end - region->start;
  bool was_data = region_is_data(region);
  change->removed |= region->prot & (uint8_t)~prot;
  change->added |= (uint8_t)prot & (uint8_t)~region->prot;
  change->flags |= region->flags;
  region->prot = (uint8_t)prot;
  space->data_pages += (region_is_data(region) ? pages : 0u) - (uint64_t)(was_data ? pages : 0u);
}

// Sets the rights of [*page, end), from the region on that has *page, and joins regions that are
// alike. *page is where it ends: at a hole, or at what cannot have these rights. => two regions
// are reserved
static int change_regions(struct pager *pager, struct space *space, struct region *region,
                          uint32_t *page, uint32_t end, uint32_t prot, struct change *change) {
  int error = 0;
  struct region *last = region;
  for (; *page < end; region = region_next(last)) {
    if (!region || region->start > *page) {
      error = -ENOMEM;
      break;
    }
    if (region->flags & REGION_FIXTURE) error = -EINVAL;
    if (prot & ~(uint32_t)region->prot_max) error = -EACCES;
    if (error) break;
    if (region->prot != prot) {
      if (region->start < *page) region = space_split_region(pager, space, region, *page);
      if (region->end > end) space_split_region(pager, space, region, end);
      set_prot(space, region, prot, change);
    }
    *page = region->end;
    last = region_prev(region);
    if (!last || last->prot != prot || !space_join(pager, space, last, region)) last = region;
  }
  struct region *next = region_next(last);
  if (next && next->prot == last->prot) space_join(pager, space, last, next);
  return error;
}

// Enters the pages of a region again that this space alone has, so that no fault is needed.
static void enter_owned(struct pager *pager, struct space *space, const struct region *region,
                        uint32_t start, uint32_t end) {
  uint32_t prot = region->prot;
  if (start < region->start) start = region->start;
  if (end > object_region_end(region)) end = object_region_end(region);
  bool owned = false;
  struct node *leaf = NULL;
  uint32_t count = 0;
  for (uint32_t page = start; page < end; page++) {
    if (page == start || (page & NODE_MASK) == 0) leaf = space_leaf(pager, space, page, &owned);
    uint32_t frame = leaf && owned ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
    bool mine = entry_is_frame(frame) && page_of(pager, frame)->refs == 1;
    if (mine) {
      if (prot & PROT_W) space_own_leaf(pager, space, page);
      pager->call_buffer[count++] = frame;
    }
    if (count > 0 && (!mine || page + 1 == end)) {
      uint32_t first = page + mine - count;
      space_enter(pager, space, first, prot, count, pager->call_buffer);
      count = 0;
    }
  }
}

void space_enter_owned(struct pager *pager, struct space *space, uint32_t start, uint32_t end) {
  if (end - start > EAGER_PAGES) return;
  const struct region *region = region_above(space->regions, start);
  for (; region && region->start < end; region = region_behind(region, end)) {
    if (region->prot == 0 || (region->flags & REGION_SHARED)) continue;
    enter_owned(pager, space, region, start, end);
  }
}

// One private page in memory is entered with the answer. False if it is not one.
static bool enter_one(struct pager *pager, struct space *space, uint32_t page, uint32_t prot) {
  bool owned;
  const struct node *leaf = space_leaf(pager, space, page, &owned);
  uint32_t frame = leaf ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
  if (!entry_is_frame(frame)) return false;
  if (prot & PROT_W) {
    if (!owned || page_of(pager, frame)->refs > 1) {
      prot &= ~(uint32_t)PROT_W;
    } else {
      space_own_leaf(pager, space, page);  // nothing to copy; marks it writable
    }
  }
  kops_map_with_answer(space->slot, (uint64_t)page << PAGE_SHIFT | prot, frame);
  return true;
}

#define FEW_PAGES 4096u

// Whether a private page of a range may be mapped writable. Leaves with all their pages in the
// range are no longer marked so: the caller takes the right away. Larger ranges are not looked at.
static bool forget_writable(struct pager *pager, struct space *space, uint32_t start,
                            uint32_t end) {
  if (end - start > FEW_PAGES) return true;
  bool writable = false;
  for (uint32_t page = start; page < end; page = (page | NODE_MASK) + 1) {
    bool owned;
    struct node *leaf = space_leaf(pager, space, page, &owned);
    if (!leaf || !leaf->writable) continue;
    writable = true;
    uint64_t inside = ~0ull << (page & NODE_MASK);
    uint32_t left = end - (page & ~NODE_MASK);
    if (left < NODE_WAYS) inside &= (1ull << left) - 1;
    if (leaf->present & ~inside) continue;
    leaf->writable = 0;
    if (space->leaf == leaf) space->leaf_tag = LEAF_NONE;
  }
  return writable;
}

// Brings the mappings of a range up to its new rights.
static void apply(struct pager *pager, struct space *space, uint32_t start, uint32_t end,
                  uint32_t prot, const struct change *change) {
  uint64_t va = (uint64_t)start << PAGE_SHIFT;
  uint64_t va_end = (uint64_t)end << PAGE_SHIFT;
  if (prot == 0) {
    kops_unmap(space->slot, va, va_end);
  } else if (change->removed && (change->removed != PROT_W || (change->flags & REGION_SHARED) ||
                                 forget_writable(pager, space, start, end))) {
    kops_protect(space->slot, va, va_end, prot);
  }
  if (change->added) space_enter_owned(pager, space, start, end);
}

__attribute__((noinline)) static int64_t protect_long(struct pager *pager, struct space *space,
                                                      uint64_t address, uint64_t length,
                                                      uint32_t prot) {
  uint32_t start, end;
  bool whole_stack = prot & PAGER_PROT_GROWSDOWN;
  prot &= ~(uint32_t)PAGER_PROT_GROWSDOWN;
  if (address & PAGE_MASK) return -EINVAL;
  if (length == 0) return 0;
  if (!range_of(address, length, &start, &end)) return -ENOMEM;
  if (prot & ~(uint32_t)PROT_ALL) return -EINVAL;
  struct region *region = region_find(space->regions, start);
  if (!region) return -ENOMEM;
  if (whole_stack) {
    if (!(region->flags & REGION_GROWSDOWN)) return -EINVAL;
    start = region->start;
  }
  if (!slab_reserve(pager, SLAB_REGION, 2)) return -ENOMEM;
  prot = range_prot(prot);
  struct change change = {0};
  uint32_t reached = start;
  int error = change_regions(pager, space, region, &reached, end, prot, &change);
  if (!(change.flags & REGION_TOUCHED)) return error;
  bool one = reached == start + 1 && error == 0 && !(change.flags & REGION_SHARED);
  if (one && enter_one(pager, space, start, prot)) return 0;
  apply(pager, space, start, reached, prot, &change);
  return error;
}

// Whether a region may become one with a neighbour when its rights change.
static inline bool borders_on(const struct region *region, uint32_t prot) {
  if (region->before == 0) {
    const struct region *front = region_prev(region);
    if (front && front->prot == prot) return true;
  }
  const struct region *next = region_next(region);
  return next && next->before == 0 && next->prot == prot;
}

// The frequent case: one private page in memory, of this space alone, that is a region of its own
// and stays one. False if it is another.
static inline bool protect_short(struct pager *pager, struct space *space, uint64_t page,
                                 uint32_t prot) {
  const uint16_t flags = REGION_SHARED | REGION_FIXTURE | REGION_TOUCHED;
  struct region *region = space->hit;
  if (page >> NODE_BITS != space->leaf_tag) return false;
  if (page - region->start >= region->end - region->start) {
    region = region_find(space->regions, (uint32_t)page);
    if (!region) return false;
    space->hit = region;
  }
  uint32_t frame = space->leaf->entry[page & NODE_MASK];
  if (region->end - region->start != 1 || (region->flags & flags) != REGION_TOUCHED ||
      (prot & ~(uint32_t)region->prot_max) || !entry_is_frame(frame) ||
      page_of(pager, frame)->refs != 1 || borders_on(region, prot)) {
    return false;
  }
  bool was_data = region_is_data(region);
  region->prot = (uint8_t)prot;
  space->data_pages += (uint64_t)region_is_data(region) - (uint64_t)was_data;
  kops_map_with_answer(space->slot, page << PAGE_SHIFT | prot, frame);
  return true;
}

int64_t pager_protect(struct pager *pager, struct space *space, uint64_t address, uint64_t length,
                      uint32_t prot) {
  if (length == PAGE_SIZE && !(address & PAGE_MASK) && prot <= PROT_ALL &&
      protect_short(pager, space, address >> PAGE_SHIFT, range_prot(prot))) {
    return 0;
  }
  return protect_long(pager, space, address, length, prot);
}
