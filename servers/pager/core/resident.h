// How many pages of a space are in memory, now and at most.
//
// Invariant:
//   R1  space->zeroed + space->resident, modulo 2^32, is the number of pages that the space can
//   reach without
//       the pager filling them: its private pages, pages of objects it maps that are in memory and
//       that no private page hides, and message pages, which never go.
//
// First touches count themselves, in space->zeroed; whatever else brings pages or takes them says
// so here. The most there ever were is looked at before some go, and where it is read. So a fault
// pays nothing for it.
#ifndef SERVERS_PAGER_CORE_RESIDENT_H
#define SERVERS_PAGER_CORE_RESIDENT_H

#include "servers/pager/core/min_max.h"
#include "servers/pager/core/space.h"

// Pages in memory of [start, end), which is part of one region. Looks at each page that is there.
uint64_t resident_count(struct pager *pager, struct space *space, const struct region *region,
                        uint32_t start, uint32_t end);

// Keeps the most. => before pages or regions go
static inline void resident_note(struct space *space) {
  space->resident_peak = max32(space->resident_peak, (uint32_t)space->zeroed + space->resident);
  space->virtual_peak = max32(space->virtual_peak, (uint32_t)space->virtual_pages);
}

// So many pages come, or go.
static inline void resident_change(struct space *space, int64_t pages) {
  if (pages < 0) resident_note(space);
  space->resident += (uint32_t)pages;
}

// What is in memory of [start, end) of a region is no longer counted, and is counted again: around
// a change to which pages are there.
static inline void resident_leave(struct pager *pager, struct space *space,
                                  const struct region *region, uint32_t start, uint32_t end) {
  resident_change(space, -(int64_t)resident_count(pager, space, region, start, end));
}
static inline void resident_enter(struct pager *pager, struct space *space,
                                  const struct region *region, uint32_t start, uint32_t end) {
  resident_change(space, (int64_t)resident_count(pager, space, region, start, end));
}

// How many mappings reach a page that is in memory: looks at each space of the family, or each
// region of the object.
uint32_t resident_mappings(struct pager *pager, uint32_t frame);

// A page of an object has come into memory, or is about to go: 1 or -1 for all that map it.
void resident_object_page(struct pager *pager, const struct object *object, uint32_t index,
                          int32_t change);

#endif
