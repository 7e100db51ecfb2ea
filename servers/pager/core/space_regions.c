// The regions of a space: adding, cutting and dropping them, with what hangs on them.
#include "servers/pager/core/odd.h"
#include "servers/pager/core/resident.h"
#include "servers/pager/core/state.h"

// Pages [first, first + count) of the object are no longer mapped by a region: what was written
// through it is written back.
static void leave_object(struct pager *pager, const struct region *region, uint32_t first,
                         uint32_t count) {
  struct object *object = region->object;
  if (!object || !(region->flags & REGION_SHARED)) return;
  if (!(region->flags & REGION_TOUCHED) || !(region->prot_max & PROT_W)) return;
  if (object_collect(pager, object, first, first + count, false)) {
    writeback_start(pager, object, first, first + count);
  }
}

// => the object's list does not have the region any more
static void free_region(struct pager *pager, struct region *region) {
  struct object *object = region->object;
  if (object) {
    leave_object(pager, region, region->offset, region->end - region->start);
    if (!object->named && !object->regions && !object->dead) {
      object_kill(pager, object);
    } else {
      object_run(pager, object);
    }
  }
  slab_put(pager, SLAB_REGION, region);
}

static void unlink_below(struct region *region) {
  if (!region) return;
  unlink_below(region->left);
  unlink_below(region->right);
  if (!region->object) return;
  object_unlink(region->object, region);
  region->object->waiters++;  // so that it is still there for the next region
}

static void release_below(struct pager *pager, struct region *region) {
  if (!region) return;
  release_below(pager, region->left);
  release_below(pager, region->right);
  if (region->object) region->object->waiters--;
  free_region(pager, region);
}

void space_release_regions(struct pager *pager, struct space *space) {
  odd_forget(pager, space);
  space->hit = &pager->nothing;
  // All of them first: the kernel's space may be gone, and objects look at all their regions.
  unlink_below(space->regions);
  release_below(pager, space->regions);
  space->regions = NULL;
  space->virtual_pages = space->data_pages = space->locked_pages = 0;
}

bool space_join(struct pager *pager, struct space *space, struct region *region,
                struct region *next) {
  if (!region || !next || !region_joins(region, next)) return false;
  region_absorb(&space->regions, region, next);
  region->tail = next->tail;
  region->flags |= next->flags & REGION_TOUCHED;
  if (next->object) object_unlink(next->object, next);
  slab_put(pager, SLAB_REGION, next);
  space->hit = &pager->nothing;
  return true;
}

// => neither neighbour can be joined with it
static struct region *add_alone(struct pager *pager, struct space *space, const struct region *like,
                                struct region *behind) {
  struct region *region = slab_take(pager, SLAB_REGION);
  if (!region) return NULL;
  *region = *like;
  region->slot = (uint16_t)space->slot;
  region_insert(&space->regions, region, behind);
  if (region->object) object_link(region->object, region);
  return region;
}

struct region *space_add_before(struct pager *pager, struct space *space, const struct region *like,
                                struct region *behind) {
  struct region *left = NULL;
  // Only if nothing is free between them.
  if (!behind || behind->start - behind->before == like->start) {
    left = region_in_front(space->regions, behind);
  }
  struct region *region = left;
  if (left && region_joins(left, like)) {
    left->tail = like->tail;
    left->flags |= like->flags & REGION_TOUCHED;
    region_move_end(&space->regions, left, like->end);
    space_join(pager, space, left, behind);
  } else if (behind && region_joins(like, behind)) {
    region = behind;
    region->offset = like->offset;
    region->flags |= like->flags & REGION_TOUCHED;
    region_move_start(&space->regions, region, like->start);
  } else {
    region = add_alone(pager, space, like, behind);
    if (!region) return NULL;
  }
  space_count(space, like, like->end - like->start);
  if (like->object) resident_enter(pager, space, like, like->start, like->end);
  return region;
}

void space_add_region(struct pager *pager, struct space *space, const struct region *like) {
  space_add_before(pager, space, like, region_above(space->regions, like->start));
}

struct region *space_split_region(struct pager *pager, struct space *space, struct region *region,
                                  uint32_t page) {
  struct region *upper = slab_take(pager, SLAB_REGION);
  *upper = *region;
  upper->offset += page - region->start;
  region->tail = 0;
  region_split(&space->regions, region, page, upper);
  if (upper->object) object_link(upper->object, upper);
  return upper;
}

struct region *space_cut_out(struct pager *pager, struct space *space, struct region *region,
                             uint32_t start, uint32_t end) {
  if (region->start == start) {
    if (region->end > end) space_split_region(pager, space, region, end);
    return region;
  }
  if (region->end == end) return space_split_region(pager, space, region, start);
  struct region *middle = slab_take(pager, SLAB_REGION);
  struct region *upper = slab_take(pager, SLAB_REGION);
  *middle = *region;
  *upper = *region;
  middle->offset += start - region->start;
  upper->offset += end - region->start;
  region->tail = middle->tail = 0;
  region_split_out(&space->regions, region, start, end, middle, upper);
  if (region->object) {
    object_link(region->object, middle);
    object_link(region->object, upper);
  }
  return middle;
}

void space_split(struct pager *pager, struct space *space, uint32_t page) {
  struct region *region = region_find(space->regions, page);
  if (region && region->start < page) space_split_region(pager, space, region, page);
}

// Takes [start, end) out of a region of which it has one end, or that it cuts in two.
static void cut_region(struct pager *pager, struct space *space, struct region *region,
                       uint32_t start, uint32_t end) {
  if (region->start < start && region->end > end) space_split_region(pager, space, region, end);
  uint32_t first = region->offset;
  uint32_t count;
  if (region->start < start) {
    first += start - region->start;
    count = region->end - start;
    region->tail = 0;
    region_move_end(&space->regions, region, start);
  } else {
    count = end - region->start;
    region->offset += count;
    region_move_start(&space->regions, region, end);
  }
  leave_object(pager, region, first, count);
}

static void remove_region(struct pager *pager, struct space *space, struct region *region) {
  region_remove(&space->regions, region);
  if (!region->object) {
    slab_put(pager, SLAB_REGION, region);
    return;
  }
  object_unlink(region->object, region);
  free_region(pager, region);
}

void space_drop_region(struct pager *pager, struct space *space, struct region *region) {
  resident_note(space);
  if (region->object) resident_leave(pager, space, region, region->start, region->end);
  space_count(space, region, (int64_t)region->start - region->end);
  if (space->hit == region) space->hit = &pager->nothing;
  remove_region(pager, space, region);
}

void space_clear(struct pager *pager, struct space *space, uint32_t start, uint32_t end) {
  space_clear_from(pager, space, region_above(space->regions, start), start, end);
}

void space_clear_from(struct pager *pager, struct space *space, struct region *first,
                      uint32_t start, uint32_t end) {
  uint16_t flags = 0;
  resident_note(space);
  for (const struct region *r = first; r && r->start < end; r = region_behind(r, end)) {
    flags |= r->flags;
    uint32_t low = max32(r->start, start), high = min32(r->end, end);
    if (r->object || (r->flags & REGION_TOUCHED)) resident_leave(pager, space, r, low, high);
    space_count(space, r, (int64_t)low - high);
  }
  space->hit = &pager->nothing;
  if (flags & REGION_TOUCHED) {
    kops_unmap(space->slot, (uint64_t)start << PAGE_SHIFT, (uint64_t)end << PAGE_SHIFT);
  }
  for (struct region *r = first; r && r->start < end;) {
    struct region *next = region_behind(r, end);
    if (r->start >= start && r->end <= end) {
      remove_region(pager, space, r);
    } else {
      cut_region(pager, space, r, start, end);
    }
    r = next;
  }
  if (flags & REGION_TOUCHED) space_remove_pages(pager, space, start, end);
}
