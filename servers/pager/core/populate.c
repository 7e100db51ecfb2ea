#include "servers/pager/core/populate.h"

#include "servers/pager/core/calls.h"
#include "servers/pager/core/evict.h"
#include "servers/pager/core/fault.h"
#include "servers/pager/core/range.h"
#include "servers/pager/core/state.h"

#define POPULATE_PAGES 256u  // a call; who wants more calls again

#define BATCH_PAGES 64u

// Adjacent pages with the same rights that are not entered yet. What is evicted meanwhile must not
// be entered: then the batch is forgotten, and its pages fault when they are touched.
struct batch {
  uint32_t first, count, prot;
  uint32_t evicted;  // pager->evicted when it began
  uint32_t frame[BATCH_PAGES];
};

// As space_enter, but that it gives up when a page of the batch may have gone for a page table.
static bool enter(struct pager *pager, struct space *space, const struct batch *batch) {
  uint64_t va_prot = (uint64_t)batch->first << PAGE_SHIFT | batch->prot;
  while (pager->evicted == batch->evicted) {
    int error = kops_map(space->slot, va_prot, batch->count, batch->frame);
    if (error != -ENOMEM) return error == 0;
    if (!space_fund(pager, space, 1)) return false;
  }
  return false;
}

static void flush(struct pager *pager, struct space *space, struct batch *batch) {
  if (batch->count > 0 && !enter(pager, space, batch)) {
    // What is mapped there may have been replaced.
    uint64_t start = (uint64_t)batch->first << PAGE_SHIFT;
    kops_unmap(space->slot, start, start + ((uint64_t)batch->count << PAGE_SHIFT));
  }
  batch->count = 0;
}

static void add(struct pager *pager, struct space *space, struct batch *batch,
                const struct access *access) {
  bool goes_on = batch->first + batch->count == access->page && batch->prot == access->prot &&
                 batch->count < BATCH_PAGES && pager->evicted == batch->evicted;
  if (batch->count > 0 && !goes_on) flush(pager, space, batch);
  if (batch->count == 0) {
    batch->first = access->page;
    batch->prot = access->prot;
    batch->evicted = pager->evicted;
  }
  batch->frame[batch->count++] = access->frame;
}

static bool all_are_wanted(enum pager_advice advice) {
  return advice == ADVICE_POPULATE_READ || advice == ADVICE_POPULATE_WRITE;
}

// The access that makes a page of a region what ADVICE_POPULATE_* asks for; 0 if it is refused.
static uint32_t access_for(const struct region *region, enum pager_advice advice) {
  bool writable = region->prot & PROT_W;
  if (region->flags & REGION_FIXTURE) return 0;
  if (advice == ADVICE_POPULATE_WRITE) return writable ? FAULT_WRITE : 0;
  bool own = writable && !(region->flags & REGION_SHARED);
  if (!all_are_wanted(advice) && own) return FAULT_WRITE;
  if (region->prot & PROT_R) return FAULT_READ;
  return region->prot & PROT_X ? FAULT_EXECUTE : 0;
}

// What is populated for writing is as if it were written: it is no longer free (MADV_FREE).
static void keep(struct pager *pager, const struct access *access) {
  struct page *page = page_of(pager, access->frame);
  bool writes = access->how & FAULT_WRITE;
  if (writes && page->state == PAGE_ANONYMOUS) page->flags &= (uint8_t)~PAGE_LAZY;
}

// What is not counted as a fault.
static void count(struct pager *pager, const struct access *access) {
  if (access->counter == &pager->counts.faults_anonymous) pager->counts.pages_zeroed++;
  if (access->counter == &pager->counts.faults_cow_copy) pager->counts.pages_copied++;
}

// Waits in a list for what an access lacks. False if there is nothing to wait for.
static bool await(struct pager *pager, struct pending *pending, uint32_t page,
                  struct pending **list) {
  pending->length -= ((uint64_t)page << PAGE_SHIFT) - pending->address;
  pending->address = (uint64_t)page << PAGE_SHIFT;
  pending->alone = false;
  requests_kick(pager);
  return list && pending_park(pager, pending, list);
}

static int64_t error_of(enum outcome outcome, enum pager_advice advice) {
  if (outcome == OUTCOME_PROTECTED) return all_are_wanted(advice) ? -EINVAL : -EFAULT;
  return -EFAULT;
}

// The region of a page, or what comes behind it if that is to be passed over: then NULL, and *page
// has moved.
static const struct region *wanted_region(const struct space *space, enum pager_advice advice,
                                          uint32_t *page, uint32_t end, bool *hole) {
  const struct region *region = region_above(space->regions, *page);
  uint32_t next = region ? region->start : end;
  *hole = next > *page;
  if (*hole) {
    if (all_are_wanted(advice)) return NULL;
  } else {
    if (all_are_wanted(advice)) return region;
    if ((region->flags & REGION_LOCKED) && !(region->flags & REGION_FIXTURE)) return region;
    next = region->end;
  }
  *page = next < end ? next : end;
  return NULL;
}

// One page. OUTCOME_FOUND or what else comes of it.
static enum outcome reach(struct pager *pager, struct pending *pending, const struct region *region,
                          struct access *access) {
  access->how = access_for(region, (enum pager_advice)pending->result);
  if (!access->how) return OUTCOME_PROTECTED;
  if (pending->alone) access->how |= ACCESS_ALONE;
  return fault_resolve(pager, pending->space, access);
}

int64_t populate_run(struct pager *pager, struct pending *pending) {
  struct space *space = pending->space;
  enum pager_advice advice = (enum pager_advice)pending->result;
  uint32_t page = (uint32_t)(pending->address >> PAGE_SHIFT);
  uint32_t end = page + (uint32_t)(pending->length >> PAGE_SHIFT);
  struct batch batch;
  batch.count = 0;
  int64_t error = pending->error == -ENOMEM ? -ENOMEM : pending->error < 0 ? -EFAULT : 0;
  while (page < end && pending->done < POPULATE_PAGES) {
    bool hole;
    const struct region *region = wanted_region(space, advice, &page, end, &hole);
    if (!region && hole && all_are_wanted(advice)) error = -ENOMEM;
    if (error == 0 && region) {
      struct access access = {.page = page, .frame = FRAME_NONE};
      enum outcome outcome = reach(pager, pending, region, &access);
      if (outcome == OUTCOME_WAIT || outcome == OUTCOME_NO_MEMORY) {
        flush(pager, space, &batch);
        struct pending **list = access.wait;
        if (outcome == OUTCOME_NO_MEMORY &&
            evict_wait_beside(pager, access.frame, &list) == MEMORY_THERE)
          continue;
        if (await(pager, pending, page, list)) return PAGER_PARKED;
        error = -ENOMEM;
      } else if (outcome == OUTCOME_FOUND) {
        keep(pager, &access);
        count(pager, &access);
        add(pager, space, &batch, &access);
        page++;
      } else {
        error = error_of(outcome, advice);
      }
      pending->done++;
    }
    if (error < 0 && (advice != ADVICE_POPULATE_ALL || !region)) break;
    if (error < 0) page = region->end < end ? region->end : end;
    error = 0;
  }
  flush(pager, space, &batch);
  requests_kick(pager);
  return error < 0 ? error : (int64_t)(((uint64_t)page << PAGE_SHIFT) - pending->offset);
}

int64_t populate(struct pager *pager, struct space *space, token_t token, uint32_t start,
                 uint32_t end, enum pager_advice advice) {
  struct pending pending = {.kind = PENDING_POPULATE,
                            .token = token,
                            .space = space,
                            .address = (uint64_t)start << PAGE_SHIFT,
                            .length = (uint64_t)(end - start) << PAGE_SHIFT,
                            .offset = (uint64_t)start << PAGE_SHIFT,
                            .result = advice};
  return populate_run(pager, &pending);
}
