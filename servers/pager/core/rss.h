// RLIMIT_RSS: a program with a limit evicts its own private pages before it gets more.
//
// Only spaces with a limit pay for it: they are bounded (limits.h).
#ifndef SERVERS_PAGER_CORE_RSS_H
#define SERVERS_PAGER_CORE_RSS_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/pager.h"
#include "servers/pager/core/space.h"

struct pager;
struct pending;

static inline bool rss_is_limited(const struct space *space) {
  return space->limit[LIMIT_RSS].soft != LIMIT_NONE;
}
// Makes room for a page at `page`, if none is in memory there. Returns where to wait until the
// space's own pages are written to swap; NULL to go on: there is room, or nothing can be evicted.
// Counts pages when the space may have reached its limit, and looks at each twice at most.
// => rss_is_limited; nothing that was found before the call is used afterwards
struct pending **rss_make_room(struct pager *pager, struct space *space, uint32_t page);

#endif
