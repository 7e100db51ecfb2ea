#include "servers/pager/core/writeback.h"

#include "servers/pager/core/state.h"

static uint32_t min32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t max32(uint32_t a, uint32_t b) { return a > b ? a : b; }

struct pending **writeback_start(struct pager *pager, struct object *object, uint32_t first,
                                 uint32_t end) {
  struct writeback *wb = &object->writeback;
  if (!object_collect(pager, object, first, end, true)) return NULL;
  if (wb->active) {
    wb->again_first = wb->again ? min32(wb->again_first, first) : first;
    wb->again_end = wb->again ? max32(wb->again_end, end) : end;
    wb->again = true;
    return &wb->waiting_again;
  }
  wb->active = true;
  wb->error = 0;
  wb->cursor = first;
  wb->end = end;
  pager->writebacks++;
  writeback_step(pager, object);
  return &wb->waiting;
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
  while (wb->cursor < wb->end) {
    uint32_t frame = node_next(pager, object->root, object->height, &wb->cursor, wb->end);
    if (frame == FRAME_NONE) {
      wb->cursor = wb->end;
    } else if (!(page_of(pager, frame)->flags & PAGE_DIRTY)) {
      wb->cursor++;
    } else if (!send_run(pager, object)) {
      request_starve(pager, object);
      return;
    }
  }
}

static void move_list(struct pending **to, struct pending **from) {
  *to = *from;
  *from = NULL;
  for (struct pending *p = *to; p; p = p->next) p->list = to;
}

// The pass is over: begins the next one if wanted, then tells who waited for this one.
static void end_pass(struct pager *pager, struct object *object) {
  struct writeback *wb = &object->writeback;
  struct pending *done = NULL;
  int32_t error = wb->error;
  move_list(&done, &wb->waiting);
  if (error) pager->flush_error = error;
  if (wb->again) {
    move_list(&wb->waiting, &wb->waiting_again);
    wb->again = false;
    wb->error = 0;
    wb->cursor = wb->again_first;
    wb->end = wb->again_end;
    object_collect(pager, object, wb->cursor, wb->end, true);
  } else {
    wb->active = false;
    pager->writebacks--;
  }
  pending_wake(pager, &done, error, false);
  if (pager->writebacks > 0) return;
  error = pager->flush_error;
  pager->flush_error = 0;
  pending_wake(pager, &pager->flushing, error, false);
  pending_wake(pager, &pager->short_of_memory, error ? -ENOMEM : 0, false);
}

void writeback_step(struct pager *pager, struct object *object) {
  struct writeback *wb = &object->writeback;
  while (wb->active) {
    send_runs(pager, object);
    if (wb->out > 0 || wb->cursor < wb->end) return;
    end_pass(pager, object);
  }
}

void writeback_done(struct pager *pager, struct request *request, int32_t status) {
  struct object *object = request->object;
  for (uint32_t i = 0; i < request->count; i++) {
    struct page *page = page_of(pager, request->frame[i]);
    page->flags &= (uint8_t)~PAGE_WRITING;
    if (status < 0) {
      page->flags |= PAGE_DIRTY;
    } else {
      pager->counts.pages_out++;
      if (!(page->flags & PAGE_DIRTY)) object_set_clean(pager, object, request->frame[i]);
    }
  }
  if (status < 0) object->writeback.error = status;
  object->writeback.out--;
}
