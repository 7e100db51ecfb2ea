// Ranges of a space as calls name them.
#ifndef SERVERS_PAGER_CORE_RANGE_H
#define SERVERS_PAGER_CORE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "servers/pager/core/region.h"
#include "servers/pager/core/space.h"

struct pager;

#define PROT_ALL (PROT_R | PROT_W | PROT_X)
#define PAGE_LOWEST 1ul  // page 0 is never mapped

// What a page with these rights can have: who may write may read.
static inline uint32_t range_prot(uint32_t prot) { return prot & PROT_W ? prot | PROT_R : prot; }

// Pages that so many bytes need. => bytes <= USER_END
static inline uint32_t range_pages(uint64_t bytes) {
  return (uint32_t)((bytes + PAGE_MASK) >> PAGE_SHIFT);
}

// The pages [*start, *end) of a range of bytes. False if it does not begin with a page or is not
// all in user space.
static inline bool range_of(uint64_t address, uint64_t length, uint32_t *start, uint32_t *end) {
  if ((address & PAGE_MASK) || address > USER_END || length > USER_END - address) return false;
  *start = (uint32_t)(address >> PAGE_SHIFT);
  *end = (uint32_t)((address + length + PAGE_MASK) >> PAGE_SHIFT);
  return true;
}

// Whether there is a region that stays for ever between `first` and the page `end`.
static inline bool range_has_fixture(const struct region *first, uint32_t end) {
  for (const struct region *r = first; r && r->start < end; r = region_behind(r, end)) {
    if (r->flags & REGION_FIXTURE) return true;
  }
  return false;
}

// Flags (enum region_flag) that the regions of a range get or lose.
struct flag_change {
  uint16_t set, clear;
  bool over_holes;  // goes on behind a hole
};

// Changes the flags of what is in regions of [start, end), but for those that stay for ever. False
// if there is a hole: what is in front of it has changed. => two regions are reserved
bool range_set_flags(struct pager *pager, struct space *space, uint32_t start, uint32_t end,
                     struct flag_change change);

#endif
