// Taking frames back from the page cache when they run short.
#ifndef SERVERS_PAGER_CORE_EVICT_H
#define SERVERS_PAGER_CORE_EVICT_H

#include <stdbool.h>
#include <stdint.h>

struct pager;
struct pending;

#define EVICT_BATCH 32u

// Drops up to `count` clean cache pages, those first that became clean first. Returns how many.
uint32_t evict_clean(struct pager *pager, uint32_t count);
// Drops the clean cache pages of [first, first + count). False if something else is in it than
// these and free frames: nothing, or a part, has been dropped.
bool evict_range(struct pager *pager, uint32_t first, uint32_t count);
// There are no clean pages left: starts to write all dirty ones. Returns the list in which to wait
// until some are clean, woken with -ENOMEM if that fails; NULL if none is dirty.
struct pending **evict_dirty(struct pager *pager);

#endif
