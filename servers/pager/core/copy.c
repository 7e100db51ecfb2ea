// Copies between the pages of an object and the memory of a caller, in either direction. The
// caller's pages are found as a fault would find them.
#include "protocols/proc.h"
#include "servers/pager/core/calls.h"
#include "servers/pager/core/evict.h"
#include "servers/pager/core/fault.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/state.h"

enum step {
  STEP_READY = 0,
  STEP_PARKED = 1,
  STEP_FAILED = 2,  // *error says why
  STEP_AGAIN = 3,   // there is memory now
};

static enum step park(struct pager *pager, struct pending *pending, const struct access *access,
                      int64_t *error) {
  pending->alone = false;
  if (pending_park(pager, pending, access->wait)) return STEP_PARKED;
  *error = -ENOMEM;
  return STEP_FAILED;
}

// There is no memory: makes some, or waits for it.
static enum step await_memory(struct pager *pager, struct pending *pending, int64_t *error) {
  struct pending **list;
  if (evict_wait(pager, &list) == MEMORY_THERE) return STEP_AGAIN;
  pending->alone = false;
  if (list && pending_park(pager, pending, list)) return STEP_PARKED;
  *error = -ENOMEM;
  return STEP_FAILED;
}

// The caller's page as a fault would leave it. What was mapped there is replaced at once, so that
// the caller sees what is written.
static enum step caller_page(struct pager *pager, struct pending *pending, uint64_t address,
                             uint32_t *frame, int64_t *error) {
  struct space *space = pending->space;
  struct access access;
  access.page = (uint32_t)(address >> PAGE_SHIFT);
  access.how = pending->kind == PENDING_READ ? FAULT_WRITE : FAULT_READ;
  if (pending->alone) access.how |= ACCESS_ALONE;
  access.replaced = false;
  access.frame = FRAME_NONE;
  enum outcome outcome = fault_resolve(pager, space, &access);
  if (outcome == OUTCOME_WAIT) return park(pager, pending, &access, error);
  if (outcome == OUTCOME_FOUND && access.replaced &&
      space_enter(pager, space, access.page, access.prot, 1, &access.frame) < 0) {
    kops_unmap(space->slot, (uint64_t)access.page << PAGE_SHIFT,
               (uint64_t)(access.page + 1) << PAGE_SHIFT);
  }
  if (outcome == OUTCOME_NO_MEMORY) {
    pager->pinned = access.frame;
    enum step step = await_memory(pager, pending, error);
    pager->pinned = FRAME_NONE;
    return step;
  }
  if (outcome != OUTCOME_FOUND) {
    *error = -EFAULT;
    return STEP_FAILED;
  }
  // No fault is counted here.
  if (access.counter == &pager->counts.faults_anonymous) pager->counts.pages_zeroed++;
  if (access.counter == &pager->counts.faults_cow_copy) pager->counts.pages_copied++;
  *frame = access.frame;
  return STEP_READY;
}

// A new cache page without reading it from the store.
static uint32_t new_page(struct pager *pager, struct object *object, uint32_t index) {
  uint32_t frame = object_new_page(pager, object, index, PAGE_CACHED);
  if (frame != FRAME_NONE) *board_of(pager, frame) = 0;
  return frame;
}

// The page of an object without provider. Reading where none is makes none.
static enum step memory_page(struct pager *pager, struct pending *pending, uint32_t index,
                             uint32_t *frame, int64_t *error) {
  if (entry_is_swapped(*frame)) {
    struct access access;
    enum outcome outcome = swap_in(pager, NULL, pending->object, index, *frame,
                                   pending->alone ? ACCESS_ALONE : 0, &access.wait);
    if (outcome == OUTCOME_WAIT) return park(pager, pending, &access, error);
    return await_memory(pager, pending, error);
  }
  if (*frame == FRAME_NONE && pending->kind == PENDING_READ) *frame = pager->zero_frame;
  if (*frame == FRAME_NONE) {
    *frame = object_zero_page(pager, pending->object, index);
    pager->counts.pages_zeroed += *frame != FRAME_NONE;
  }
  return *frame == FRAME_NONE ? await_memory(pager, pending, error) : STEP_READY;
}

// Whether a page that is to be written has no data yet. What this call has begun to write has: it
// may have been evicted since.
static bool has_no_data(const struct pending *pending, uint32_t index, uint64_t offset) {
  bool begun = pending->done > 0 && (offset & PAGE_MASK) != 0;
  return index >= pending->fresh && !begun;
}

// The object's page. One that is written over as a whole, or has no data yet, is not read.
static enum step object_page(struct pager *pager, struct pending *pending, uint64_t offset,
                             uint64_t bytes, uint32_t *frame, int64_t *error) {
  struct object *object = pending->object;
  uint32_t index = (uint32_t)(offset >> PAGE_SHIFT);
  *frame = object_frame(pager, object, index);
  if (object->backing == BACKED_BY_NOTHING) return memory_page(pager, pending, index, frame, error);
  if (*frame == FRAME_NONE && pending->kind == PENDING_WRITE &&
      (bytes == PAGE_SIZE || has_no_data(pending, index, offset))) {
    *frame = new_page(pager, object, index);
    if (*frame == FRAME_NONE) return await_memory(pager, pending, error);
    if (bytes < PAGE_SIZE) page_zero(frame_pointer(pager, *frame));
    return STEP_READY;
  }
  struct access access;
  if (*frame == FRAME_NONE) {
    uint32_t how = pending->alone ? ACCESS_ALONE : 0;
    enum outcome outcome = page_in(pager, object, index, how, &access.wait);
    if (outcome == OUTCOME_WAIT) return park(pager, pending, &access, error);
    return await_memory(pager, pending, error);
  }
  const struct page *page = page_of(pager, *frame);
  if (page->state != PAGE_FILLING && !(page->flags & PAGE_LEAVING)) return STEP_READY;
  access.wait = page_list_of(pager, object, page);
  return park(pager, pending, &access, error);
}

static uint64_t min64(uint64_t a, uint64_t b) { return a < b ? a : b; }

// Copies up to the next page border of either side.
static enum step copy_some(struct pager *pager, struct pending *pending, int64_t *error) {
  uint64_t address = pending->address + pending->done;
  uint64_t offset = pending->offset + pending->done;
  uint64_t bytes = min64(pending->length - pending->done, PAGE_SIZE - (address & PAGE_MASK));
  bytes = min64(bytes, PAGE_SIZE - (offset & PAGE_MASK));
  uint32_t theirs, ours;
  enum step step = caller_page(pager, pending, address, &theirs, error);
  if (step != STEP_READY) return step;
  pager->pinned = theirs;
  step = object_page(pager, pending, offset, bytes, &ours, error);
  pager->pinned = FRAME_NONE;
  if (step != STEP_READY) return step;
  uint8_t *their_bytes = (uint8_t *)frame_pointer(pager, theirs) + (address & PAGE_MASK);
  uint8_t *our_bytes = (uint8_t *)frame_pointer(pager, ours) + (offset & PAGE_MASK);
  if (pending->kind == PENDING_READ) {
    bytes_copy(their_bytes, our_bytes, bytes);
    const struct page *page = page_of(pager, theirs);
    if (page->state == PAGE_CACHED) {
      object_set_dirty(pager, item_at(pager, page->object), theirs);
    } else {
      *board_of(pager, theirs) |= BOARD_DIRTY;  // as if the caller had written it
    }
  } else {
    bytes_copy(our_bytes, their_bytes, bytes);
    page_of(pager, ours)->flags &= (uint8_t)~PAGE_HOLE;
    if (pending->object->backing == BACKED_BY_NOTHING) *board_of(pager, ours) |= BOARD_DIRTY;
    object_set_dirty(pager, pending->object, ours);
  }
  pending->done += bytes;
  return STEP_READY;
}

// Waits if too much is dirty already.
static enum step await_clean(struct pager *pager, struct pending *pending, int64_t *error) {
  struct access access = {.wait = aging_throttle(pager, pending->object)};
  return access.wait ? park(pager, pending, &access, error) : STEP_READY;
}

// After a write that failed: pages whose store holds no data become zeros. Those for which there is
// no memory are left to fs, which knows of them, too, until they are written (servers/fs/fresh.h).
static void zero_fresh(struct pager *pager, const struct pending *pending) {
  struct object *object = pending->object;
  uint64_t end = (pending->offset + pending->length + PAGE_MASK) >> PAGE_SHIFT;
  uint64_t index = (pending->offset + pending->done) >> PAGE_SHIFT;
  if (index < pending->fresh) index = pending->fresh;
  for (; index < end && index < object->pages; index++) {
    if (object_frame(pager, object, (uint32_t)index) != FRAME_NONE) continue;
    uint32_t frame = new_page(pager, object, (uint32_t)index);
    if (frame == FRAME_NONE) return;
    page_zero(frame_pointer(pager, frame));
    object_set_dirty(pager, object, frame);
  }
}

int64_t copy_run(struct pager *pager, struct pending *pending) {
  int64_t error = pending->error;
  enum step step = error ? STEP_FAILED : STEP_READY;
  while (step == STEP_READY && pending->done < pending->length) {
    // The object may have been cut off while this was parked.
    if (pending->offset + pending->done >= pending->object->size) break;
    if (pending->object->broken) {
      error = -EIO;
      step = STEP_FAILED;
      break;
    }
    if (pending->kind == PENDING_WRITE && aging_is_over(pager, pending->object)) {
      step = await_clean(pager, pending, &error);
      if (step != STEP_READY) break;
    }
    step = copy_some(pager, pending, &error);
    if (step == STEP_AGAIN) step = STEP_READY;
  }
  requests_kick(pager);
  if (step == STEP_PARKED) return PAGER_PARKED;
  if (step == STEP_FAILED) {
    if (pending->kind == PENDING_WRITE) zero_fresh(pager, pending);
    if (pending->done == 0) return error;
  }
  return (int64_t)pending->done;
}

static int64_t copy_start(struct pager *pager, struct pending *pending, uint32_t id) {
  pending->object = object_named(pager, id);
  if (!pending->object) return -EINVAL;
  uint64_t size = pending->object->size;
  if (pending->offset > size || pending->length > size - pending->offset) return -EINVAL;
  pending->object->closed = false;
  if (pending->address >= USER_END || pending->length > USER_END - pending->address) {
    if (pending->kind == PENDING_WRITE) zero_fresh(pager, pending);
    return -EFAULT;
  }
  return copy_run(pager, pending);
}

// The answer, if the copy has been done in full.
static int64_t copy_end(const struct pending *pending, int64_t result) {
  if (result == (int64_t)pending->length || result == PAGER_PARKED) return result;
  kops_moved(pending->token, pending->result, result, pending->offset, pending->length);
  return PAGER_PARKED;
}

int64_t pager_object_read(struct pager *pager, struct space *space, token_t token, uint32_t object,
                          uint64_t offset, uint64_t address, uint64_t length, uint64_t then) {
  struct pending pending = {.kind = PENDING_READ,
                            .token = token,
                            .space = space,
                            .address = address,
                            .length = length,
                            .offset = offset,
                            .result = then};
  return copy_end(&pending, copy_start(pager, &pending, object));
}

int64_t pager_object_write(struct pager *pager, struct space *space, token_t token, uint32_t object,
                           uint32_t fresh, uint64_t offset, uint64_t address, uint64_t length,
                           uint64_t then) {
  uint64_t end = (offset + length + PAGE_MASK) >> PAGE_SHIFT;
  struct pending pending = {.kind = PENDING_WRITE,
                            .token = token,
                            .space = space,
                            .address = address,
                            .length = length,
                            .offset = offset,
                            .result = then,
                            .fresh = fresh < end ? end - fresh : 0};
  return copy_end(&pending, copy_start(pager, &pending, object));
}
