// The cases of fault.c's table: which file has them, and what these files share.
#ifndef SERVERS_PAGER_CORE_FAULT_CASES_H
#define SERVERS_PAGER_CORE_FAULT_CASES_H

#include "servers/pager/core/fault.h"
#include "servers/pager/core/min_max.h"
#include "servers/pager/core/state.h"
#include "servers/pager/core/swap.h"

// Each case is a function of its own, reached by a tail call: a fault pays for the registers of
// its own case alone.
#define CASE __attribute__((noinline)) static enum outcome

// fault_private.c: pages of regions that are not shared. => the region has the right
enum outcome fault_private_read(struct pager *pager, struct space *space,
                                const struct region *region, struct access *access);
enum outcome fault_private_write(struct pager *pager, struct space *space,
                                 const struct region *region, struct access *access);

// fault_object.c: a page of a region that shares an object. => the region has the right, and the
// object has the page
enum outcome fault_shared(struct pager *pager, struct space *space, const struct region *region,
                          struct access *access);
// A page of an object, access->frame, with its cached neighbours. `leaf`: the private pages there,
// if any.
enum outcome fault_object_around(struct pager *pager, const struct region *region,
                                 const struct node *leaf, struct access *access, uint32_t prot);

// fault_signal.c: the fault ends in a signal, at once or after it was parked. `access`: one bit of
// enum fault_access.
void fault_signal(struct pager *pager, const struct event *event, enum outcome outcome,
                  struct answer *answer);
void fault_signal_parked(struct pager *pager, const struct pending *pending, enum outcome outcome,
                         uint32_t access);

// --- what cases are made of ---------------------------------------------------------------------

// One page.
static inline enum outcome found_one(struct access *access, uint32_t frame, uint32_t prot,
                                     uint64_t *counter) {
  access->frame = frame;
  access->first = access->page;
  access->count = 1;
  access->prot = prot;
  access->counter = counter;
  return OUTCOME_FOUND;
}

// How many pages to enter: 1, doubling while the faults ascend without a gap.
static inline uint32_t run_wanted(const struct pager *pager, struct space *space,
                                  const struct access *access) {
  uint32_t run = 1;
  if (access->page == space->touch_next && (access->how & ACCESS_RUN)) {
    run = min32(2 * space->touch_run, pager->option[PAGER_BATCH_MAX]);
  }
  space->touch_run = run;
  return run;
}

// Clips the window of `size` aligned pages around a page to what its region has.
static inline void window_around(const struct region *region, uint32_t page, uint32_t size,
                                 uint32_t *low, uint32_t *high) {
  uint32_t start = page & ~(size - 1);
  *low = start > region->start ? start : region->start;
  *high = min32(start + size, object_region_end(region));
}

static inline uint32_t index_of(const struct region *region, uint32_t page) {
  return region->offset + (page - region->start);
}

// A page of a space, or of an object if that is not NULL, is in a swap area.
static inline enum outcome swapped(struct pager *pager, struct space *space, struct object *object,
                                   uint32_t index, uint32_t entry, struct access *access) {
  return swap_in(pager, space, object, index, entry, access->how, &access->wait);
}

// The cached page of an object, in access->frame if found.
static inline enum outcome cached_page(struct pager *pager, struct object *object, uint32_t index,
                                       struct access *access) {
  uint32_t frame = object_frame(pager, object, index);
  if (entry_is_swapped(frame)) return swapped(pager, NULL, object, index, frame, access);
  if (frame == FRAME_NONE && object->backing == BACKED_BY_NOTHING) {
    access->frame = object_zero_page(pager, object, index);
    if (access->frame == FRAME_NONE) return OUTCOME_NO_MEMORY;
    pager->counts.pages_zeroed++;
    return OUTCOME_FOUND;
  }
  if (frame == FRAME_NONE) return page_in(pager, object, index, access->how, &access->wait);
  const struct page *page = page_of(pager, frame);
  access->frame = frame;
  if (page->state != PAGE_FILLING && !(page->flags & PAGE_LEAVING)) return OUTCOME_FOUND;
  access->wait = page_list_of(pager, object, page);
  return OUTCOME_WAIT;
}

static inline enum outcome object_found(struct pager *pager, const struct region *region,
                                        const struct node *leaf, struct access *access,
                                        uint32_t prot) {
  if ((access->how & ACCESS_RUN) && pager->option[PAGER_FAULT_AROUND] > 1 &&
      region->end - region->start > 1) {
    return fault_object_around(pager, region, leaf, access, prot);
  }
  return found_one(access, access->frame, prot, &pager->counts.faults_file);
}

#endif
