// madvise: what the program says of its use of a range.
#include "servers/pager/core/fault.h"
#include "servers/pager/core/min_max.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/populate.h"
#include "servers/pager/core/range.h"
#include "servers/pager/core/state.h"

#define WILLNEED_PAGES 256u  // so many pages are looked at, from the start of the range

// What an advice does to the flags of regions. Others are functions below.
static const struct {
  uint16_t set, clear;
} kFlags[] = {
    [ADVICE_NORMAL] = {0, REGION_ADVICE},
    [ADVICE_RANDOM] = {REGION_RANDOM, REGION_ADVICE},
    [ADVICE_SEQUENTIAL] = {REGION_SEQUENTIAL, REGION_ADVICE},
    [ADVICE_DONTFORK] = {REGION_DONTFORK, 0},
    [ADVICE_DOFORK] = {0, REGION_DONTFORK},
    [ADVICE_DONTDUMP] = {0, 0},
    [ADVICE_DODUMP] = {0, 0},
    [ADVICE_WIPEONFORK] = {REGION_WIPEONFORK, 0},
    [ADVICE_KEEPONFORK] = {0, REGION_WIPEONFORK},
};

static bool is_private_memory(const struct region *region) {
  return !region->object && !(region->flags & (REGION_SHARED | REGION_FIXTURE));
}

// --- pages that are not needed ------------------------------------------------------------------

static int drop(struct pager *pager, struct space *space, const struct region *region,
                uint32_t start, uint32_t end) {
  if (!slab_reserve(pager, SLAB_NODE, SPACE_REMOVE_NODES)) return -ENOMEM;
  kops_unmap(space->slot, (uint64_t)start << PAGE_SHIFT, (uint64_t)end << PAGE_SHIFT);
  if (!(region->flags & REGION_SHARED)) space_drop_pages(pager, space, region, start, end);
  return 0;
}

// The frame of a private page that can wait until it is wanted, as nobody else has it; FRAME_NONE
// if it cannot.
static uint32_t frame_that_waits(struct pager *pager, struct space *space, uint32_t page) {
  bool owned;
  const struct node *leaf = space_leaf(pager, space, page, &owned);
  uint32_t frame = leaf && owned ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
  if (!entry_is_frame(frame)) return FRAME_NONE;
  const struct page *p = page_of(pager, frame);
  return p->refs == 1 && (p->flags & PAGE_LISTED) ? frame : FRAME_NONE;
}

// From now on the page goes when a frame is wanted, before any other, unless the hardware says that
// it was written to. => its bits are on the board
static void set_lazy(struct pager *pager, uint32_t frame) {
  struct page *page = page_of(pager, frame);
  swap_forget_slot(pager, page);
  if (*board_of(pager, frame) & BOARD_DIRTY) page->flags |= PAGE_WRITTEN;
  *board_of(pager, frame) = 0;
  page->flags |= PAGE_LAZY;
  replacement_remove(&pager->replacement, page);
  replacement_push(&pager->replacement, frame);
}

// What cannot wait goes at once, by leaves.
static int free_lazily(struct pager *pager, struct space *space, const struct region *region,
                       uint32_t start, uint32_t end) {
  kops_harvest(space->slot, (uint64_t)start << PAGE_SHIFT, (uint64_t)end << PAGE_SHIFT);
  for (uint32_t page = start; space_next(pager, space, &page, end);) {
    uint32_t first = page;
    uint32_t leaf_end = min32(end, (page | NODE_MASK) + 1);
    uint32_t frame = FRAME_NONE;
    while (page < leaf_end && !(frame = frame_that_waits(pager, space, page))) page++;
    if (page > first) {
      int error = drop(pager, space, region, first, page);
      if (error < 0) return error;
    }
    if (page < leaf_end) {
      set_lazy(pager, frame);
      page++;
    }
  }
  return 0;
}

// --- pages that will be needed ------------------------------------------------------------------

// Starts to read what is not in memory of [start, end) of a region, as far as there are requests
// and memory is not short.
static void read_ahead(struct pager *pager, struct space *space, const struct region *region,
                       uint32_t start, uint32_t end) {
  struct object *object = region->object;
  uint32_t spare = pager->free.count > pager->free_low ? pager->free.count - pager->free_low : 0;
  end = min32(end, start + min32(spare, WILLNEED_PAGES));
  if (!(region->flags & REGION_SHARED)) swap_read(pager, space, NULL, start, end);
  if (!object) return;
  uint32_t index = region->offset + (start - region->start);
  uint32_t last = min32(index + (end - start), object->pages);
  if (object->backing == BACKED_BY_NOTHING) swap_read(pager, NULL, object, index, last);
  if (object->backing != BACKED_BY_PROVIDER) return;
  const struct requests *requests = requests_of(pager, object);
  while (index < last) {
    if (object_frame(pager, object, index) != FRAME_NONE) {
      index++;
      continue;
    }
    struct pending **wait;
    if (requests->used >= requests->slots / 2) return;
    if (page_in(pager, object, index, ACCESS_FAR, &wait) != OUTCOME_WAIT) return;
    if (wait == request_list(pager, object, NULL)) return;
    index = object->ahead.next;
  }
}

// -------------------------------------------------------------------------------------------------

static int check_region(const struct region *region, enum pager_advice advice) {
  bool fork_flag = advice == ADVICE_DONTFORK || advice == ADVICE_DOFORK;
  if (fork_flag && (region->flags & REGION_FIXTURE)) return -EINVAL;
  if (advice == ADVICE_WIPEONFORK && !is_private_memory(region)) return -EINVAL;
  if (advice == ADVICE_FREE && !is_private_memory(region)) return -EINVAL;
  return 0;
}

static int advise_region(struct pager *pager, struct space *space, const struct region *region,
                         uint32_t start, uint32_t end, enum pager_advice advice) {
  int error = check_region(region, advice);
  if (error < 0) return error;
  if (advice == ADVICE_DONTNEED || advice == ADVICE_FREE) {
    if (region->flags & (REGION_LOCKED | REGION_FIXTURE)) return -EINVAL;
    if (!(region->flags & REGION_TOUCHED)) return 0;
    return (advice == ADVICE_FREE ? free_lazily : drop)(pager, space, region, start, end);
  }
  if (advice == ADVICE_WILLNEED) {
    read_ahead(pager, space, region, start, end);
    return 0;
  }
  if (!slab_reserve(pager, SLAB_REGION, 2)) return -ENOMEM;
  struct flag_change change = {.set = kFlags[advice].set, .clear = kFlags[advice].clear};
  range_set_flags(pager, space, start, end, change);
  return 0;
}

// Region by region, over holes, until one refuses.
static int advise(struct pager *pager, struct space *space, uint32_t start, uint32_t end,
                  enum pager_advice advice) {
  bool hole = false;
  while (start < end) {
    const struct region *region = region_above(space->regions, start);
    if (!region || region->start >= end) return -ENOMEM;
    hole |= region->start > start;
    uint32_t low = region->start > start ? region->start : start;
    uint32_t high = region->end < end ? region->end : end;
    int error = advise_region(pager, space, region, low, high, advice);
    if (error < 0) return error;
    start = high;
  }
  return hole ? -ENOMEM : 0;
}

static bool is_known(uint64_t advice) {
  switch (advice) {
    case ADVICE_NORMAL:
    case ADVICE_RANDOM:
    case ADVICE_SEQUENTIAL:
    case ADVICE_WILLNEED:
    case ADVICE_DONTNEED:
    case ADVICE_FREE:
    case ADVICE_DONTFORK:
    case ADVICE_DOFORK:
    case ADVICE_DONTDUMP:
    case ADVICE_DODUMP:
    case ADVICE_WIPEONFORK:
    case ADVICE_KEEPONFORK:
    case ADVICE_POPULATE_READ:
    case ADVICE_POPULATE_WRITE:
    case ADVICE_POPULATE_LOCKED:
    case ADVICE_POPULATE_ALL:
      return true;
  }
  return false;
}

static bool is_populate(uint64_t advice) {
  return advice == ADVICE_POPULATE_READ || advice == ADVICE_POPULATE_WRITE ||
         advice >= ADVICE_POPULATE_LOCKED;
}

int64_t pager_advise(struct pager *pager, struct space *space, token_t token, uint64_t address,
                     uint64_t length, uint64_t advice) {
  uint32_t start, end;
  if (!is_known(advice) || (address & PAGE_MASK)) return -EINVAL;
  if (length > UINT64_MAX - PAGE_MASK) return -EINVAL;
  uint64_t bytes = (length + PAGE_MASK) & ~PAGE_MASK;
  if (bytes > UINT64_MAX - address) return -EINVAL;
  if (bytes == 0) return 0;
  if (!range_of(address, bytes, &start, &end)) return -ENOMEM;
  odd_settle(pager, space);
  if (is_populate(advice)) {
    return populate(pager, space, token, start, end, (enum pager_advice)advice);
  }
  int error = advise(pager, space, start, end, (enum pager_advice)advice);
  requests_kick(pager);
  return error;
}
