#include "servers/pager/core/promise.h"

#include "servers/pager/core/state.h"

// Long enough for a program to call again on a machine that does much else.
#define PROMISE_MS 1000u

void promise_make(struct pager *pager, uint32_t badge, uint32_t frames) {
  struct promise *promise = &pager->promise;
  if (promise->frames.count > 0) return;
  for (uint32_t i = 0; i < frames; i++) {
    uint32_t frame = frame_take(pager);
    page_of(pager, frame)->state = PAGE_RESERVED;
    frame_list_push(pager, &promise->frames, frame);
  }
  pager->frames_reserved += frames;
  promise->badge = badge;
  promise->until = kops_now() + timer_ticks(pager, PROMISE_MS);
  timer_wake_at(pager, promise->until);
}

bool promise_end(struct pager *pager) {
  struct frame_list *frames = &pager->promise.frames;
  if (frames->count == 0) return false;
  pager->frames_reserved -= frames->count;
  while (frames->count > 0) {
    uint32_t frame = frames->head;
    frame_list_remove(pager, frames, frame);
    frame_put(pager, frame);
  }
  return true;
}

void promise_tick(struct pager *pager, uint64_t now) {
  const struct promise *promise = &pager->promise;
  if (promise->frames.count == 0) return;
  if (now >= promise->until) {
    promise_end(pager);
  } else {
    timer_wake_at(pager, promise->until);
  }
}
