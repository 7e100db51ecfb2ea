#include "servers/pager/core/range.h"

#include "servers/pager/core/state.h"

static void set_flags(struct space *space, struct region *region, uint16_t flags) {
  uint32_t pages = region->end - region->start;
  space_count(space, region, -(int64_t)pages);
  region->flags = flags;
  space_count(space, region, pages);
}

bool range_set_flags(struct pager *pager, struct space *space, uint32_t start, uint32_t end,
                     struct flag_change change) {
  uint32_t covered = start;
  struct region *region = region_above(space->regions, start);
  while (region && region->start < end) {
    bool hole = region->start > covered;
    if (hole && !change.over_holes) return false;
    uint16_t flags = (uint16_t)((region->flags & ~change.clear) | change.set);
    if (flags != region->flags && !(region->flags & REGION_FIXTURE)) {
      region = space_cut_out(pager, space, region, region->start > start ? region->start : start,
                             region->end < end ? region->end : end);
      set_flags(space, region, flags);
    }
    if (!hole) covered = region->end;
    struct region *front = region_prev(region);
    if (space_join(pager, space, front, region)) region = front;
    struct region *next = region_next(region);
    if (region->end >= end && space_join(pager, space, region, next)) break;
    region = next;
  }
  return covered >= end;
}
