// mprotect: cuts regions at the borders of the range, changes rights, joins what is alike; or marks
// a single page (odd.h).
#include "servers/pager/core/protect.h"

#include "servers/pager/core/limits.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/range.h"
#include "servers/pager/core/state.h"

#define EAGER_PAGES 64u  // so many pages are entered again at once

// What changing the rights of a range does to its mappings.
struct change {
  uint8_t removed, added;  // rights
  uint16_t flags;          // of all regions, together
};

static void note_change(const struct region *region, uint32_t prot, struct change *change) {
  change->removed |= region->prot & (uint8_t)~prot;
  change->added |= (uint8_t)prot & (uint8_t)~region->prot;
  change->flags |= region->flags;
}

static void set_prot(struct space *space, struct region *region, uint32_t prot) {
  uint32_t pages = region->end - region->start;
  bool was_data = region_is_data(region);
  region->prot = (uint8_t)prot;
  space->data_pages += (region_is_data(region) ? pages : 0u) - (uint64_t)(was_data ? pages : 0u);
}

// Moves the border between a region and a neighbour that is what [start, end), a part at that
// border, will be. Nothing is free in front of either, before and after. False if there is none.
static bool move_border(struct space *space, struct region *region, uint32_t start, uint32_t end,
                        uint32_t prot) {
  struct region part = *region;
  part.start = start;
  part.end = end;
  part.prot = (uint8_t)prot;
  part.offset += start - region->start;
  struct region *other = start == region->start ? region_prev(region) : region_next(region);
  if (!other || other->prot != prot) return false;
  if (start == region->start) {
    if (!region_joins(other, &part)) return false;
    other->end = end;
    region->start = end;
    region->offset += end - start;
  } else {
    if (!region_joins(&part, other)) return false;
    region->end = start;
    other->start = start;
    other->offset = part.offset;
  }
  other->flags |= region->flags & REGION_TOUCHED;
  space_count(space, region, -(int64_t)(end - start));
  space_count(space, other, end - start);
  return true;
}

// Gives [start, end) of a region other rights. Returns the region that has it then.
static struct region *change_part(struct pager *pager, struct space *space, struct region *region,
                                  uint32_t start, uint32_t end, uint32_t prot) {
  bool is_first = start == region->start;
  if (is_first != (end == region->end) && move_border(space, region, start, end, prot)) {
    return is_first ? region_prev(region) : region_next(region);
  }
  region = space_cut_out(pager, space, region, start, end);
  set_prot(space, region, prot);
  return region;
}

// Sets the rights of [*page, end), from the region on that has *page, and joins regions that are
// alike. *page is where it ends: at a hole, or at what cannot have these rights, or not so much of
// it. => two regions are reserved
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
    uint32_t stop = region->end < end ? region->end : end;
    error = limits_check_rights(space, region, stop - *page, prot);
    if (error) break;
    if (region->prot != prot) {
      note_change(region, prot, change);
      region = change_part(pager, space, region, *page, stop, prot);
    }
    *page = region->end > stop ? region->end : stop;
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
  struct node *leaf = space_leaf(pager, space, page, &owned);
  uint32_t frame = leaf ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
  if (!entry_is_frame(frame)) return false;
  if (owned && leaf->writable && !space->bounded) {
    // As space_own_leaf would find it.
    space->leaf = leaf;
    space->leaf_tag = page >> NODE_BITS;
  } else if (owned && (prot & PROT_W)) {
    space_own_leaf(pager, space, page);  // nothing to copy; marks it writable
  }
  if (!owned || page_of(pager, frame)->refs > 1) prot &= ~(uint32_t)PROT_W;
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

void protect_part(struct pager *pager, struct space *space, uint32_t start, uint32_t end,
                  uint32_t prot) {
  struct change change = {0};
  struct region *region = region_find(space->regions, start);
  change_regions(pager, space, region, &start, end, prot, &change);
}

// [start, end), which begins in a region.
static int64_t protect_range(struct pager *pager, struct space *space, struct region *region,
                             uint32_t start, uint32_t end, uint32_t prot) {
  if (!slab_reserve(pager, SLAB_REGION, 2)) return -ENOMEM;
  struct change change = {0};
  uint32_t reached = start;
  int error = change_regions(pager, space, region, &reached, end, prot, &change);
  if (reached > end) reached = end;
  if (!(change.flags & REGION_TOUCHED)) return error;
  bool one = reached == start + 1 && error == 0 && !(change.flags & REGION_SHARED);
  if (one && enter_one(pager, space, start, prot)) return 0;
  apply(pager, space, start, reached, prot, &change);
  return error;
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
  odd_settle(pager, space);
  struct region *region = region_find(space->regions, start);
  if (!region) return -ENOMEM;
  if (whole_stack) {
    if (!(region->flags & REGION_GROWSDOWN)) return -EINVAL;
    start = region->start;
  }
  return protect_range(pager, space, region, start, end, range_prot(prot));
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

// The frequent case of a region of one page: it is private and in memory, of this space alone, and
// stays a region of its own. False if it is another.
static inline bool protect_short(struct pager *pager, struct space *space, struct region *region,
                                 uint64_t page, uint32_t prot) {
  const uint16_t flags = REGION_SHARED | REGION_FIXTURE | REGION_TOUCHED;
  if (page >> NODE_BITS != space->leaf_tag) return false;
  uint32_t frame = space->leaf->entry[page & NODE_MASK];
  if ((region->flags & flags) != REGION_TOUCHED || (prot & ~(uint32_t)region->prot_max) ||
      !entry_is_frame(frame) || page_of(pager, frame)->refs != 1 || borders_on(region, prot)) {
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
  if (length == PAGE_SIZE && !(address & PAGE_MASK) && address < USER_END && prot <= PROT_ALL) {
    uint32_t page = (uint32_t)(address >> PAGE_SHIFT);
    struct region *region = space->hit;
    if (page - region->start >= region->end - region->start) {
      region = region_find(space->regions, page);
      if (!region) return -ENOMEM;
      space->hit = region;
    }
    uint32_t rights = range_prot(prot);
    if (region->end - region->start == 1) {
      if (protect_short(pager, space, region, page, rights)) return 0;
    } else if (odd_protect(pager, space, region, page, rights)) {
      return 0;
    }
  }
  return protect_long(pager, space, address, length, prot);
}
