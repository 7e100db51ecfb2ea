#include "servers/pager/core/writeback.h"

#include "servers/pager/core/min_max.h"
#include "servers/pager/core/state.h"

static uint8_t enter_bucket(struct pager *pager, const struct object *object) {
  if (object->provider) return PASSES_OF_PROGRAMS;
  pager->passes.count[pager->passes.current]++;
  return pager->passes.current;
}

struct pending **writeback_start(struct pager *pager, struct object *object, uint32_t first,
                                 uint32_t end) {
  struct writeback *wb = &object->writeback;
  if (!object_collect(pager, object, first, end, true)) return NULL;
  if (wb->active) {
    if (!wb->again) wb->again_bucket = enter_bucket(pager, object);
    wb->again_first = wb->again ? min32(wb->again_first, first) : first;
    wb->again_end = wb->again ? max32(wb->again_end, end) : end;
    wb->again = true;
    return &wb->waiting_again;
  }
  wb->active = true;
  wb->bucket = enter_bucket(pager, object);
  wb->error = 0;
  wb->cursor = first;
  wb->end = end;
  pager->writebacks++;
  writeback_step(pager, object);
  return &wb->waiting;
}

struct pending **writeback_start_all(struct pager *pager, bool *again) {
  struct passes *passes = &pager->passes;
  for (struct object *object = pager->all_objects; object; object = object->next) {
    if (!object->provider) writeback_start(pager, object, 0, object->pages);
  }
  uint8_t other = passes->current ^ 1;
  *again = passes->count[other] > 0;
  if (*again) return &passes->waiting_turn;
  if (passes->count[passes->current] == 0) return NULL;
  passes->current = other;
  return &passes->waiting;
}

int32_t writeback_take_error(struct object *object) {
  int32_t error = object->writeback.unreported;
  object->writeback.unreported = 0;
  return error;
}

// Sends the run of dirty pages that starts at wb->cursor. False if no request is free.
static bool send_run(struct pager *pager, struct object *object) {
  struct writeback *wb = &object->writeback;
  struct request *request = request_take(pager, object, OBJECT_PAGE_OUT, wb->cursor);
  if (!request) return false;
  while (request->count < OBJECT_REQUEST_PAGES && wb->cursor < wb->end) {
    uint32_t frame = object_frame(pager, object, wb->cursor);
    struct page *page = page_of(pager, frame);
    if (frame == FRAME_NONE || !(page->flags & PAGE_DIRTY)) break;
    page->flags = (uint8_t)((page->flags & ~PAGE_DIRTY) | PAGE_WRITING);
    request->frame[request->count++] = frame;
    wb->cursor++;
  }
  wb->out++;
  request_send(pager, request);
  return true;
}

// Sends page-outs until the pass is at its end or has to wait.
static void send_runs(struct pager *pager, struct object *object) {
  struct writeback *wb = &object->writeback;
  if (object->broken) wb->cursor = wb->end;
  while (wb->cursor < wb->end) {
    uint32_t frame = node_next(pager, object->root, object->height, &wb->cursor, wb->end);
    if (frame == FRAME_NONE) {
      wb->cursor = wb->end;
    } else if (!(page_of(pager, frame)->flags & PAGE_DIRTY)) {
      wb->cursor++;
    } else if (!send_run(pager, object)) {
      request_starve(requests_of(pager, object), object);
      return;
    }
  }
}

static void move_list(struct pending **to, struct pending **from) {
  *to = *from;
  *from = NULL;
  for (struct pending *p = *to; p; p = p->next) p->list = to;
}

// A pass of the bucket is over.
static void leave_bucket(struct pager *pager, uint8_t bucket, int32_t error) {
  struct passes *passes = &pager->passes;
  if (bucket == PASSES_OF_PROGRAMS) return;
  if (error) passes->error[bucket] = error;
  if (--passes->count[bucket] > 0) return;
  error = passes->error[bucket];
  passes->error[bucket] = 0;
  if (bucket == passes->current) return;
  pending_wake(pager, &passes->waiting, error, false);
  pending_wake(pager, &passes->waiting_turn, 0, false);
}

// What those get who waited for a pass: its error, or that of an earlier one.
static int32_t error_of_pass(struct writeback *wb, bool waited_for) {
  int32_t error = wb->error ? wb->error : wb->unreported;
  wb->unreported = waited_for ? 0 : error;
  return error;
}

// What a program does not take back, and nobody has open or mapped, is dropped.
static void drop_if_lost(struct pager *pager, struct object *object, int32_t error) {
  if (object->provider && error && object->closed && !object->regions) {
    object_truncate(pager, object, 0);
  }
}

// The pass is over: begins the next one if wanted, then tells who waited for this one.
static void end_pass(struct pager *pager, struct object *object) {
  struct writeback *wb = &object->writeback;
  struct pending *done = NULL;
  int32_t failed = wb->error;
  uint8_t bucket = wb->bucket;
  move_list(&done, &wb->waiting);
  int32_t error = error_of_pass(wb, done != NULL);
  if (wb->again) {
    move_list(&wb->waiting, &wb->waiting_again);
    wb->again = false;
    wb->bucket = wb->again_bucket;
    wb->error = 0;
    wb->cursor = wb->again_first;
    wb->end = wb->again_end;
    object_collect(pager, object, wb->cursor, wb->end, true);
  } else {
    wb->active = false;
    pager->writebacks--;
    drop_if_lost(pager, object, failed);
    aging_rested(pager, object);
  }
  pending_wake(pager, &done, error, false);
  leave_bucket(pager, bucket, failed);
  if (pager->passes.count[0] + pager->passes.count[1] == 0) {
    pending_wake(pager, &pager->aging.throttled, 0, false);
  }
  if (pager->writebacks > 0) return;
  if (failed) evict_failed(pager);
}

void writeback_step(struct pager *pager, struct object *object) {
  struct writeback *wb = &object->writeback;
  while (wb->active) {
    send_runs(pager, object);
    if (wb->out > 0 || wb->cursor < wb->end) return;
    end_pass(pager, object);
  }
}

// A page of a page-out that came back. Returns whether it left the cache.
static bool page_done(struct pager *pager, struct object *object, uint32_t index, uint32_t frame,
                      int32_t status) {
  struct page *page = page_of(pager, frame);
  bool changed = page->flags & PAGE_DIRTY;
  bool leaves = (page->flags & PAGE_LEAVING) && !changed && status != -ECANCELED;
  page->flags &= (uint8_t)~PAGE_WRITING;
  if (status < 0 || leaves) page->flags |= PAGE_DIRTY;
  if (status >= 0) pager->counts.pages_out++;
  if (leaves) {
    object_remove(pager, object, index);
  } else {
    if (status >= 0 && !changed) object_set_clean(pager, object);
    if (page_is_evicting(page)) evict_written(pager, object, frame, status >= 0);
  }
  return leaves;
}

void writeback_done(struct pager *pager, struct request *request, int32_t status) {
  struct object *object = request->object;
  bool left = false;
  for (uint32_t i = 0; i < request->count; i++) {
    left |= page_done(pager, object, request->first + i, request->frame[i], status);
  }
  if (status < 0 && status != -ECANCELED) object->writeback.error = status;
  object->writeback.out--;
  if (!request->of->provider) aging_stored(pager, status);
  if (left) pending_wake(pager, &object->leaving, 0, false);
}
