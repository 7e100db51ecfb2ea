// What a process may have at most: RLIMIT_*.
//
// There are no privileges: limits bind every program, and nobody raises a hard one.
//
// A space with RLIMIT_DATA or RLIMIT_RSS is bounded: it has no leaf at hand (space->leaf_tag), so
// that its faults and mprotect go the long ways, which look at these limits. The others pay
// nothing.
#ifndef SERVERS_PAGER_CORE_LIMITS_H
#define SERVERS_PAGER_CORE_LIMITS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/layout.h"
#include "protocols/pager.h"
#include "servers/pager/core/space.h"

// The limits of a program that nobody has set any for.
void limits_init(struct space *space);
// Those of its parent.
void limits_inherit(struct space *child, const struct space *parent);
// Whether `pages` pages more like `region` are allowed, in the place of what [start, ...) has from
// `replaced` on, NULL if that is nothing. 0, -ENOMEM, or -EAGAIN or -EPERM if too much is locked.
int limits_check_exactly(const struct space *space, const struct region *region, uint32_t pages,
                         const struct region *replaced, uint32_t start);
static inline int limits_check(const struct space *space, const struct region *region,
                               uint32_t pages, const struct region *replaced, uint32_t start) {
  if (space->virtual_pages + pages <= space->limit[LIMIT_AS].soft >> PAGE_SHIFT &&
      space->data_pages + pages <= space->limit[LIMIT_DATA].soft >> PAGE_SHIFT &&
      !(region->flags & REGION_LOCKED)) {
    return 0;
  }
  return limits_check_exactly(space, region, pages, replaced, start);
}
// Whether `pages` pages of a region may get these rights: none of them become data that is too
// much. 0 or -ENOMEM.
static inline int limits_check_rights(const struct space *space, const struct region *region,
                                      uint32_t pages, uint32_t prot) {
  struct region changed = {.prot = (uint8_t)prot, .flags = region->flags};
  if (!region_is_data(&changed) || region_is_data(region)) return 0;
  uint64_t most = space->limit[LIMIT_DATA].soft >> PAGE_SHIFT;
  return space->data_pages + pages <= most ? 0 : -ENOMEM;
}
// Whether so many pages may be locked in all. 0, -ENOMEM, -EPERM if none may be.
int limits_check_locked(const struct space *space, uint64_t pages);

#endif
