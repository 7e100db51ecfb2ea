// mremap: a mapping grows or shrinks where it is, or moves.
//
// Pages of objects are found through the region. Private pages are by address, so they move from
// leaf to leaf. One that other spaces of the family have, too, stays where they have it: the mover
// gets a copy first. What needs memory comes before anything changes.
#include "servers/pager/core/limits.h"
#include "servers/pager/core/min_max.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/protect.h"
#include "servers/pager/core/range.h"
#include "servers/pager/core/resident.h"
#include "servers/pager/core/state.h"

#define REMAP_ALL (PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED | PAGER_REMAP_DONTUNMAP)
#define REGIONS_FOR_MOVE 7u  // two cuts each at the old place, the new one, the tail; one new

// What is asked for, in pages.
struct remap {
  uint32_t from, old_pages;  // 0: of a shared mapping, another one
  uint32_t to, new_pages;
  uint32_t flags;         // PAGER_REMAP_*
  struct region *region;  // of `from`
};

static bool stays(const struct remap *remap) {
  return remap->old_pages == 0 || (remap->flags & PAGER_REMAP_DONTUNMAP);
}

// --- private pages ------------------------------------------------------------------------------

// Makes all private pages of a range the space's alone. False if there is no memory: it looks as
// before. => unmapped
static bool own_pages(struct pager *pager, struct space *space, uint32_t start, uint32_t end) {
  for (uint32_t page = start; space_next(pager, space, &page, end); page++) {
    struct node *leaf = space_own_leaf(pager, space, page);
    if (!leaf) return false;
    uint32_t *entry = &leaf->entry[page & NODE_MASK];
    if (!entry_is_frame(*entry) || page_of(pager, *entry)->refs == 1) continue;
    uint32_t old = *entry;
    pager->pinned = old;
    uint32_t frame = frame_take(pager);
    pager->pinned = FRAME_NONE;
    if (frame == FRAME_NONE) return false;
    page_make_private(pager, space, frame, page);
    page_copy(frame_pointer(pager, frame), frame_pointer(pager, old));
    page_of(pager, old)->refs--;
    *entry = frame;
    space->copied++;
    pager->counts.pages_copied++;
  }
  return true;
}

// Nodes that the new place of a range may need.
static uint32_t nodes_for(struct pager *pager, struct space *space, uint32_t start, uint32_t end) {
  uint32_t leaves = 0;
  for (uint32_t page = start; space_next(pager, space, &page, end); page |= NODE_MASK, page++) {
    leaves += 2;  // one may become parts of two
  }
  uint32_t pages = end - start;
  return leaves + min32(leaves, (pages >> (2 * NODE_BITS)) + 2) +
         min32(leaves, (pages >> (3 * NODE_BITS)) + 2);
}

// => all pages are the space's alone, unmapped, and there are nodes for the new place
static void move_pages(struct pager *pager, struct space *space, uint32_t from, uint32_t to,
                       uint32_t pages) {
  struct node *source = NULL, *target = NULL;
  uint32_t source_tag = LEAF_NONE, target_tag = LEAF_NONE;
  for (uint32_t page = from; space_next(pager, space, &page, from + pages); page++) {
    uint32_t place = to + (page - from);
    if (page >> NODE_BITS != source_tag) source = space_own_leaf(pager, space, page);
    if (place >> NODE_BITS != target_tag) target = space_own_leaf(pager, space, place);
    source_tag = page >> NODE_BITS;
    target_tag = place >> NODE_BITS;
    uint32_t entry = source->entry[page & NODE_MASK];
    source->entry[page & NODE_MASK] = 0;
    source->present &= ~(1ull << (page & NODE_MASK));
    target->entry[place & NODE_MASK] = entry;
    target->present |= 1ull << (place & NODE_MASK);
    if (entry_is_frame(entry)) page_of(pager, entry)->index = place;
  }
  // What is left are empty nodes.
  space_remove_pages(pager, space, from, from + pages);
}

// --- moving -------------------------------------------------------------------------------------

// Cuts the old range out of its region, but for one that stays, and returns what it was.
static struct region take_source(struct pager *pager, struct space *space,
                                 const struct remap *remap) {
  struct region *region = remap->region;
  struct region like = *region;
  like.offset += remap->from - region->start;
  if (region->end != remap->from + remap->old_pages) like.tail = 0;
  like.flags &= (uint16_t) ~(REGION_HEAP | REGION_STACK);
  if (stays(remap)) return like;
  if (region->start < remap->from) {
    region = space_split_region(pager, space, region, remap->from);
  }
  if (region->end > remap->from + remap->old_pages) {
    space_split_region(pager, space, region, remap->from + remap->old_pages);
  }
  space_count(space, region, -(int64_t)remap->old_pages);
  space->hit = &pager->nothing;
  region_remove(&space->regions, region);
  if (region->object) object_unlink(region->object, region);
  slab_put(pager, SLAB_REGION, region);
  return like;
}

static bool prepare(struct pager *pager, struct space *space, const struct remap *remap,
                    uint32_t pages) {
  uint32_t end = remap->from + pages;
  bool shared = remap->region->flags & REGION_SHARED;
  if (!stays(remap) || !shared) {
    kops_unmap(space->slot, (uint64_t)remap->from << PAGE_SHIFT, (uint64_t)end << PAGE_SHIFT);
  }
  if (!shared && !own_pages(pager, space, remap->from, end)) return false;
  uint32_t nodes = shared ? 0 : nodes_for(pager, space, remap->from, end);
  return slab_reserve(pager, SLAB_REGION, REGIONS_FOR_MOVE) &&
         slab_reserve(pager, SLAB_NODE, nodes + 4 * SPACE_REMOVE_NODES);
}

// => remap->to is chosen and allowed
static int64_t move(struct pager *pager, struct space *space, struct remap *remap) {
  uint32_t pages = min32(remap->old_pages, remap->new_pages);
  uint32_t old_end = remap->from + remap->old_pages;
  if (!prepare(pager, space, remap, pages)) return -ENOMEM;
  space_clear(pager, space, remap->to, remap->to + remap->new_pages);
  // Clearing may have joined, cut or moved regions: find it again.
  remap->region = region_find(space->regions, remap->from);
  uint32_t asked = remap->old_pages;
  remap->old_pages = pages;
  resident_leave(pager, space, remap->region, remap->from, remap->from + pages);
  struct region like = take_source(pager, space, remap);
  like.start = remap->to;
  like.end = remap->to + remap->new_pages;
  space_add_region(pager, space, &like);
  if (!(like.flags & REGION_SHARED)) {
    // Not by resident_leave: so many pages there never were.
    space->resident -= (uint32_t)resident_count(pager, space, &like, like.start, like.end);
    move_pages(pager, space, remap->from, remap->to, pages);
    resident_enter(pager, space, &like, like.start, like.end);
  }
  if (stays(remap)) {
    const struct region *old = region_find(space->regions, remap->from);
    resident_enter(pager, space, old, remap->from, remap->from + pages);
  }
  if (asked > pages) space_clear(pager, space, remap->from + pages, old_end);
  space_enter_owned(pager, space, remap->to, remap->to + pages);
  requests_kick(pager);
  return (int64_t)remap->to << PAGE_SHIFT;
}

// --- what is asked for --------------------------------------------------------------------------

// Whether the region may have `pages` more. `replaced` and `start` as of limits_check.
static int check_growth(const struct space *space, const struct remap *remap,
                        const struct region *replaced) {
  uint32_t old = stays(remap) ? 0 : min32(remap->old_pages, remap->new_pages);
  uint32_t more = remap->new_pages - old;
  return more > 0 ? limits_check(space, remap->region, more, replaced, remap->to) : 0;
}

// What is wrong with the region for anything but shrinking.
static int check_region(const struct remap *remap) {
  const struct region *region = remap->region;
  bool grows = remap->new_pages > remap->old_pages;
  if (remap->old_pages == 0 && !(region->flags & REGION_SHARED)) return -EINVAL;
  if (region->flags & REGION_FIXTURE) return -EFAULT;
  if (min32(remap->old_pages, remap->new_pages) > region->end - remap->from) return -EFAULT;
  if (grows && remap->old_pages > region->end - remap->from) return -EFAULT;
  // Behind the data of a program's file there are zeros, not more of the file.
  if (grows && region->tail) return -EFAULT;
  uint64_t offset = region->object ? region->offset + (uint64_t)(remap->from - region->start) : 0;
  return offset + remap->new_pages > OBJECT_BYTES_MAX >> PAGE_SHIFT ? -EINVAL : 0;
}

static int64_t shrink(struct pager *pager, struct space *space, const struct remap *remap) {
  uint64_t end = (uint64_t)(remap->from + remap->new_pages) << PAGE_SHIFT;
  uint32_t pages = remap->old_pages - remap->new_pages;
  if (pages > 0) {
    int64_t error = pager_unmap(pager, space, end, (uint64_t)pages << PAGE_SHIFT);
    if (error < 0) return error;
  }
  return (int64_t)remap->from << PAGE_SHIFT;
}

static bool grow_in_place(struct pager *pager, struct space *space, const struct remap *remap) {
  struct region *region = remap->region;
  struct region *next = region_next(region);
  uint32_t end = remap->from + remap->new_pages;
  if (region->end != remap->from + remap->old_pages || remap->old_pages == 0) return false;
  if (end > USER_PAGES || (next && next->start < end)) return false;
  uint32_t old_end = region->end;
  space_count(space, region, end - old_end);
  region_move_end(&space->regions, region, end);
  if (region->object) resident_enter(pager, space, region, old_end, end);
  space_join(pager, space, region, next);
  return true;
}

static int64_t grow(struct pager *pager, struct space *space, struct remap *remap) {
  int error = check_region(remap);
  if (error == 0) error = check_growth(space, remap, NULL);
  if (error < 0) return error;
  if (grow_in_place(pager, space, remap)) return (int64_t)remap->from << PAGE_SHIFT;
  if (!(remap->flags & PAGER_REMAP_MAYMOVE)) return -ENOMEM;
  struct region *behind;
  remap->to = region_gap(space->regions, (uint32_t)(MMAP_BASE >> PAGE_SHIFT),
                         (uint32_t)(MMAP_END >> PAGE_SHIFT), remap->new_pages, &behind);
  return remap->to ? move(pager, space, remap) : -ENOMEM;
}

// To where the caller says, or, if the old place stays, to where there is room.
static int64_t move_to(struct pager *pager, struct space *space, struct remap *remap,
                       uint64_t address) {
  uint32_t end;
  const struct region *replaced = NULL;
  struct region *behind;
  uint64_t bytes = (uint64_t)remap->new_pages << PAGE_SHIFT;
  if (remap->flags & PAGER_REMAP_FIXED) {
    if (!range_of(address, bytes, &remap->to, &end)) return -EINVAL;
    uint32_t from_end = remap->from + (remap->old_pages > 0 ? remap->old_pages : 1);
    if (from_end > remap->to && end > remap->from) return -EINVAL;
    if (remap->to < PAGE_LOWEST) return -EPERM;
    replaced = region_above(space->regions, remap->to);
    if (range_has_fixture(replaced, end)) return -EINVAL;
  }
  int error = check_region(remap);
  if (error == 0) error = check_growth(space, remap, replaced);
  if (error < 0) return error;
  if (!(remap->flags & PAGER_REMAP_FIXED)) {
    remap->to = region_gap(space->regions, (uint32_t)(MMAP_BASE >> PAGE_SHIFT),
                           (uint32_t)(MMAP_END >> PAGE_SHIFT), remap->new_pages, &behind);
    if (!remap->to) return -ENOMEM;
  }
  const struct region *tail =
      region_above(space->regions, remap->from + min32(remap->old_pages, remap->new_pages));
  if (range_has_fixture(tail, remap->from + remap->old_pages)) return -EINVAL;
  return move(pager, space, remap);
}

int64_t pager_remap(struct pager *pager, struct space *space, uint64_t address, uint64_t old_length,
                    uint64_t new_length, uint64_t flags, uint64_t new_address) {
  bool may_move = flags & PAGER_REMAP_MAYMOVE;
  if (flags & ~(uint64_t)REMAP_ALL) return -EINVAL;
  if ((flags & (PAGER_REMAP_FIXED | PAGER_REMAP_DONTUNMAP)) && !may_move) return -EINVAL;
  if ((flags & PAGER_REMAP_DONTUNMAP) && old_length != new_length) return -EINVAL;
  if ((address & PAGE_MASK) || new_length == 0) return -EINVAL;
  if (address >= USER_END) return -EFAULT;
  if (new_length > USER_END) return flags & PAGER_REMAP_FIXED ? -EINVAL : -ENOMEM;
  if (old_length > USER_END - address) return -EINVAL;
  struct remap remap = {.from = (uint32_t)(address >> PAGE_SHIFT),
                        .old_pages = range_pages(old_length),
                        .new_pages = range_pages(new_length),
                        .flags = (uint32_t)flags};
  odd_settle(pager, space);
  remap.region = region_find(space->regions, remap.from);
  if (!remap.region) return -EFAULT;
  if (flags & (PAGER_REMAP_FIXED | PAGER_REMAP_DONTUNMAP)) {
    return move_to(pager, space, &remap, new_address);
  }
  if (remap.old_pages >= remap.new_pages) return shrink(pager, space, &remap);
  return grow(pager, space, &remap);
}
