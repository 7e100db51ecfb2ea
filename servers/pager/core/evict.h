// Taking frames back from the page cache when they run short.
#ifndef SERVERS_PAGER_CORE_EVICT_H
#define SERVERS_PAGER_CORE_EVICT_H

#include <stdint.h>

struct pager;

#define EVICT_BATCH 32u

// Drops up to `count` clean cache pages, those first that became clean first. Returns how many.
uint32_t evict_clean(struct pager *pager, uint32_t count);

#endif
