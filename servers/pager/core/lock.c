// mlock, mlockall and back: regions whose pages stay in memory. To make the pages resident is
// another call (populate.c).
#include "servers/pager/core/limits.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/range.h"
#include "servers/pager/core/state.h"

#define LOCK_ALL (PAGER_LOCK_CURRENT | PAGER_LOCK_FUTURE)
#define LOWEST PAGE_LOWEST

// The pages of a range of bytes that need not begin with a page.
static int any_range(uint64_t address, uint64_t length, uint32_t *start, uint32_t *end) {
  uint64_t first = address & ~PAGE_MASK;
  if (length > UINT64_MAX - PAGE_MASK - (address - first)) return -EINVAL;
  uint64_t bytes = (length + (address - first) + PAGE_MASK) & ~PAGE_MASK;
  if (bytes > UINT64_MAX - first) return -EINVAL;
  return range_of(first, bytes, start, end) ? 0 : -ENOMEM;
}

static uint64_t locked_in(const struct space *space, uint32_t start, uint32_t end) {
  uint64_t pages = 0;
  const struct region *r = region_above(space->regions, start);
  for (; r && r->start < end; r = region_behind(r, end)) {
    if (!(r->flags & REGION_LOCKED)) continue;
    pages += (r->end < end ? r->end : end) - (r->start > start ? r->start : start);
  }
  return pages;
}

static int64_t lock_all(struct pager *pager, struct space *space, uint32_t how) {
  if (how & PAGER_LOCK_CURRENT) {
    int error = limits_check_locked(space, space->virtual_pages);
    if (error < 0) return error;
    odd_settle(pager, space);
    if (!slab_reserve(pager, SLAB_REGION, 2)) return -ENOMEM;
    range_set_flags(pager, space, LOWEST, USER_PAGES,
                    (struct flag_change){.set = REGION_LOCKED, .over_holes = true});
  } else if (limits_check_locked(space, 0) < 0 || space->limit[LIMIT_MEMLOCK].soft == 0) {
    return -EPERM;
  }
  space->new_flags = how & PAGER_LOCK_FUTURE ? REGION_LOCKED : 0;
  return 0;
}

int64_t pager_lock(struct pager *pager, struct space *space, uint64_t address, uint64_t length,
                   uint32_t how) {
  uint32_t start, end;
  if (how & ~(uint32_t)LOCK_ALL) return -EINVAL;
  if (how) return lock_all(pager, space, how);
  if (space->limit[LIMIT_MEMLOCK].soft == 0) return -EPERM;
  int error = any_range(address, length, &start, &end);
  if (error < 0 || start == end) return error;
  uint64_t more = end - start - locked_in(space, start, end);
  error = limits_check_locked(space, space->locked_pages + more);
  if (error < 0) return error;
  odd_settle(pager, space);
  if (!slab_reserve(pager, SLAB_REGION, 2)) return -ENOMEM;
  struct flag_change change = {.set = REGION_LOCKED};
  return range_set_flags(pager, space, start, end, change) ? 0 : -ENOMEM;
}

int64_t pager_unlock(struct pager *pager, struct space *space, uint64_t address, uint64_t length,
                     uint32_t how) {
  uint32_t start = LOWEST, end = USER_PAGES;
  if (how & ~(uint32_t)PAGER_LOCK_CURRENT) return -EINVAL;
  int error = how ? 0 : any_range(address, length, &start, &end);
  if (error < 0 || start == end) return error;
  odd_settle(pager, space);
  if (!slab_reserve(pager, SLAB_REGION, 2)) return -ENOMEM;
  struct flag_change change = {.clear = REGION_LOCKED, .over_holes = how != 0};
  bool whole = range_set_flags(pager, space, start, end, change);
  if (how) space->new_flags = 0;
  return whole || how ? 0 : -ENOMEM;
}
