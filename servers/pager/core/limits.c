#include "servers/pager/core/limits.h"

#include "servers/pager/core/odd.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/rss.h"
#include "servers/pager/core/state.h"

#define MEMLOCK_BYTES (8ull << 20)

static uint64_t pages_allowed(const struct space *space, enum pager_limit which) {
  return space->limit[which].soft >> PAGE_SHIFT;
}

void limits_init(struct space *space) {
  for (uint32_t i = 0; i < LIMIT_COUNT; i++) {
    space->limit[i] = (struct pager_limit_value){.soft = LIMIT_NONE, .hard = LIMIT_NONE};
  }
  space->bounded = false;
  space->rss_mark = 0;
  space->rss_hand = 0;
  space->limit[LIMIT_STACK].soft = STACK_MAX;
  space->limit[LIMIT_MEMLOCK].soft = MEMLOCK_BYTES;
}

void limits_inherit(struct space *child, const struct space *parent) {
  for (uint32_t i = 0; i < LIMIT_COUNT; i++) child->limit[i] = parent->limit[i];
  child->bounded = parent->bounded;
}

// What a mapping takes away: pages of all regions, of data, of locked regions.
struct replaced {
  uint64_t all, data, locked;
};

static struct replaced count_replaced(const struct region *first, uint32_t start, uint32_t end) {
  struct replaced count = {0};
  for (const struct region *r = first; r && r->start < end; r = region_behind(r, end)) {
    uint32_t pages = (r->end < end ? r->end : end) - (r->start > start ? r->start : start);
    count.all += pages;
    if (region_is_data(r)) count.data += pages;
    if (r->flags & REGION_LOCKED) count.locked += pages;
  }
  return count;
}

int limits_check_locked(const struct space *space, uint64_t pages) {
  if (pages <= pages_allowed(space, LIMIT_MEMLOCK)) return 0;
  return space->limit[LIMIT_MEMLOCK].soft == 0 ? -EPERM : -ENOMEM;
}

int limits_check_exactly(const struct space *space, const struct region *region, uint32_t pages,
                         const struct region *replaced, uint32_t start) {
  struct replaced less = count_replaced(replaced, start, start + pages);
  if (region->flags & REGION_LOCKED) {
    int error = limits_check_locked(space, space->locked_pages - less.locked + pages);
    if (error < 0) return error == -ENOMEM ? -EAGAIN : error;
  }
  if (space->virtual_pages - less.all + pages > pages_allowed(space, LIMIT_AS)) return -ENOMEM;
  if (region_is_data(region) &&
      space->data_pages - less.data + pages > pages_allowed(space, LIMIT_DATA)) {
    return -ENOMEM;
  }
  return 0;
}

int64_t pager_limit(struct pager *pager, struct space *space, uint64_t which, uint64_t soft,
                    uint64_t hard) {
  struct pager_limit_value *limit = which < LIMIT_COUNT ? &space->limit[which] : NULL;
  if (!limit && which != LIMIT_ASK) return -EINVAL;
  if (limit && soft > hard) return -EINVAL;
  if (limit && hard > limit->hard) return -EPERM;
  bytes_copy(pager_message(pager, space), space->limit, sizeof(space->limit));
  if (!limit) return 0;
  odd_settle(pager, space);
  *limit = (struct pager_limit_value){.soft = soft, .hard = hard};
  space->bounded = space->limit[LIMIT_DATA].soft != LIMIT_NONE || rss_is_limited(space);
  space->rss_mark = 0;
  space->leaf_tag = LEAF_NONE;
  return 0;
}
