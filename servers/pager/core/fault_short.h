// The short way through a fault: one private page of memory without an object, in the region and
// the leaf used last, where all that is needed is at hand. A cached page of a file that is wanted
// alone goes a way of middle length, fault_cached. Everything else is fault_long's.
//
// Inline, and all is done before a page is filled, so that the server's loop keeps an event and
// its answer in registers.
#ifndef SERVERS_PAGER_CORE_FAULT_SHORT_H
#define SERVERS_PAGER_CORE_FAULT_SHORT_H

#include "servers/pager/core/fault.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/state.h"

// What answers the fault: one page.
struct fault_found {
  uint64_t va_prot;
  uint64_t frame;
};

// A private page of a region with an object, read, where nothing but the cached page is to be
// entered. => frame FRAME_NONE: nothing has changed
struct fault_found fault_cached(struct pager *pager, struct space *space, uint64_t address,
                                uint64_t access);

#define FAULT_INLINE __attribute__((always_inline)) static inline

FAULT_INLINE bool fault_found_one(struct space *space, uint64_t page, uint32_t prot, uint32_t frame,
                                  uint64_t *counter, struct fault_found *found) {
  space->faults++;
  ++*counter;
  found->va_prot = page << PAGE_SHIFT | prot;
  found->frame = frame;
  return true;
}

FAULT_INLINE bool fault_short_write(struct pager *pager, struct space *space, uint64_t page,
                                    struct fault_found *found) {
  struct node *leaf = space->leaf;
  uint32_t *entry = &leaf->entry[page & NODE_MASK];
  uint32_t old = *entry;
  uint32_t prot = space->hit->prot;
  if (page == space->touch_next) return false;  // perhaps a run
  if (entry_is_swapped(old)) return false;
  if (old != FRAME_NONE && page_of(pager, old)->refs == 1) {
    space->touch_next = (uint32_t)page + 1;
    space->touch_run = 1;
    return fault_found_one(space, page, prot, old, &pager->counts.faults_cow_reuse, found);
  }
  if (pager->free.count <= pager->free_low) return false;  // memory is short
  space->touch_next = (uint32_t)page + 1;
  space->touch_run = 1;
  uint32_t frame = frame_pop_raw(pager);
  page_make_private(pager, space, frame, (uint32_t)page);
  *entry = frame;
  if (old == FRAME_NONE) {
    leaf->present |= 1ull << (page & NODE_MASK);
    space->zeroed++;
    fault_found_one(space, page, prot, frame, &pager->counts.faults_anonymous, found);
    page_zero(frame_pointer(pager, frame));
  } else {
    page_of(pager, old)->refs--;
    space->copied++;
    fault_found_one(space, page, prot, frame, &pager->counts.faults_cow_copy, found);
    page_copy(frame_pointer(pager, frame), frame_pointer(pager, old));
  }
  return true;
}

FAULT_INLINE bool fault_short_read(struct pager *pager, struct space *space, uint64_t page,
                                   struct fault_found *found) {
  uint32_t tag = (uint32_t)(page >> NODE_BITS);
  if (tag != space->empty_tag &&
      (tag != space->leaf_tag || space->leaf->entry[page & NODE_MASK] != FRAME_NONE)) {
    return false;
  }
  return fault_found_one(space, page, space->hit->prot & ~(uint32_t)PROT_W, pager->zero_frame,
                         &pager->counts.faults_zero_read, found);
}

// => false: nothing has changed
FAULT_INLINE bool fault_short(struct pager *pager, struct space *space, uint64_t address,
                              uint64_t access, struct fault_found *found) {
  const struct region *region = space->hit;
  const uint16_t flags = REGION_SHARED | REGION_FIXTURE | REGION_ODD | REGION_TOUCHED;
  uint64_t page = address >> PAGE_SHIFT;
  uint64_t start = region->start;
  if (page - start >= region->end - start || !(region->prot & access & FAULT_ANY) ||
      (region->flags & flags) != REGION_TOUCHED || region->object) {
    return false;
  }
  if (!(access & FAULT_WRITE)) return fault_short_read(pager, space, page, found);
  if (page >> NODE_BITS != space->leaf_tag) return false;
  return fault_short_write(pager, space, page, found);
}

// Whether it is known that no page can be found, as the region does not allow the access.
FAULT_INLINE bool fault_is_forbidden(struct pager *pager, struct space *space, uint64_t address,
                                     uint64_t access) {
  const struct region *region = space->hit;
  uint64_t page = address >> PAGE_SHIFT, start = region->start;
  if (page - start >= region->end - start) return false;
  return !(odd_rights(pager, space, region, (uint32_t)page) & access & FAULT_ANY);
}

enum fault_quick {
  FAULT_QUICK_NOT,  // nothing is known, and nothing has changed
  FAULT_QUICK_FOUND,
  FAULT_QUICK_FORBIDDEN,
};

// The short way, then the one of middle length.
FAULT_INLINE enum fault_quick fault_quick(struct pager *pager, struct space *space,
                                          uint64_t address, uint64_t access,
                                          struct fault_found *found) {
  if (__builtin_expect(fault_short(pager, space, address, access, found), 1)) {
    return FAULT_QUICK_FOUND;
  }
  if (fault_is_forbidden(pager, space, address, access)) return FAULT_QUICK_FORBIDDEN;
  *found = fault_cached(pager, space, address, access);
  return found->frame != FRAME_NONE ? FAULT_QUICK_FOUND : FAULT_QUICK_NOT;
}

#endif
