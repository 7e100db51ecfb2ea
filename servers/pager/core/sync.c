// msync and fsync: waiting until dirty pages are stored.
#include "servers/pager/core/calls.h"
#include "servers/pager/core/state.h"

#define HOLE_SEEN 1u  // pending->done
#define SYNC_ALL (PAGER_SYNC_ASYNC | PAGER_SYNC_INVALIDATE | PAGER_SYNC_SYNC)

// Starts to write what a region shows of its object in [start, end). NULL: nothing to wait for.
static struct pending **sync_region(struct pager *pager, const struct region *region,
                                    uint32_t start, uint32_t end) {
  struct object *object = region->object;
  if (!object || !(region->flags & REGION_SHARED)) return NULL;
  if (object->backing != BACKED_BY_PROVIDER) return NULL;
  if (start < region->start) start = region->start;
  if (end > region->end) end = region->end;
  uint32_t first = region->offset + (start - region->start);
  return writeback_start(pager, object, first, first + (end - start));
}

// Goes from region to region, over holes, waiting at each that has dirty pages.
int64_t sync_run(struct pager *pager, struct pending *pending) {
  if (pending->error) return pending->error;
  uint32_t at = (uint32_t)(pending->address >> PAGE_SHIFT);
  uint32_t end = at + (uint32_t)(pending->length >> PAGE_SHIFT);
  bool locked = false;
  while (at < end) {
    const struct region *region = region_above(pending->space->regions, at);
    if (!region || region->start > at) pending->done = HOLE_SEEN;
    if (!region || region->start >= end) break;
    locked = (pending->result & PAGER_SYNC_INVALIDATE) && (region->flags & REGION_LOCKED);
    if (locked) break;
    struct pending **list = sync_region(pager, region, at, end);
    at = region->end < end ? region->end : end;
    if (pending->result & PAGER_SYNC_ASYNC) continue;
    if (!list) {
      int32_t error = region->object ? writeback_take_error(region->object) : 0;
      if (error) return error;
      continue;
    }
    pending->address = (uint64_t)at << PAGE_SHIFT;
    pending->length = (uint64_t)(end - at) << PAGE_SHIFT;
    bool parked = pending_park(pager, pending, list) != NULL;
    requests_kick(pager);
    return parked ? PAGER_PARKED : -ENOMEM;
  }
  requests_kick(pager);
  if (locked) return -EBUSY;
  return pending->done == HOLE_SEEN ? -ENOMEM : 0;
}

int64_t pager_sync(struct pager *pager, struct space *space, token_t token, uint64_t address,
                   uint64_t length, uint32_t flags) {
  if ((address & PAGE_MASK) || (flags & ~SYNC_ALL)) return -EINVAL;
  if ((flags & PAGER_SYNC_ASYNC) && (flags & PAGER_SYNC_SYNC)) return -EINVAL;
  if (address > USER_END || length > USER_END - address) return -ENOMEM;
  struct pending pending = {.kind = PENDING_SYNC,
                            .token = token,
                            .space = space,
                            .address = address,
                            .length = (length + PAGE_MASK) & ~PAGE_MASK,
                            .result = flags};
  return sync_run(pager, &pending);
}

// Everything, for sync.
static int64_t flush_all(struct pager *pager, struct pending *pending) {
  bool again;
  struct pending **list = writeback_start_all(pager, &again);
  requests_kick(pager);
  if (!list) return 0;
  pending->done = again;
  return pending_park(pager, pending, list) ? PAGER_PARKED : -ENOMEM;
}

// All that was dirty when the call came is stored now, or it is the call's turn to ask.
int64_t flush_run(struct pager *pager, struct pending *pending) {
  if (!pending->object && pending->done) return flush_all(pager, pending);
  return pending->error;
}

int64_t pager_object_flush(struct pager *pager, uint32_t origin, token_t token, uint32_t id,
                           uint64_t then) {
  struct pending pending = {
      .kind = PENDING_FLUSH, .token = token, .space = pager_space(pager, origin), .result = then};
  if (id == 0) return flush_all(pager, &pending);
  pending.object = object_of(pager, id);
  if (!pending.object) return -EINVAL;
  struct pending **list = writeback_start(pager, pending.object, 0, pending.object->pages);
  requests_kick(pager);
  if (!list) return writeback_take_error(pending.object);
  return pending_park(pager, &pending, list) ? PAGER_PARKED : -ENOMEM;
}
