// Waiting for memory on behalf of calls that were refused for want of it. A call that fails has
// changed nothing, or nothing that it would not do again, so there is one place to wait instead of
// many: where it would be answered. Calls of proc and fs themselves are answered, as they wait for
// nobody; of fork, spawn and exec, which go through them, the program waits here and asks again.
#include "servers/pager/core/calls.h"
#include "servers/pager/core/evict.h"
#include "servers/pager/core/state.h"

// What fork takes, or exec.
#define FRAMES_OF_FORK 33u
// While others use up what becomes free, it is not waited for ever.
#define TIMES_MAX 4096u

// A call gets one frame more each time: what it has got before is the slabs'.
static uint32_t frames_for(const struct pending *pending) {
  return pending->kind == PENDING_MEMORY ? FRAMES_OF_FORK : 1 + pending->times;
}

static int64_t call_again(struct pager *pager, struct pending *pending) {
  const struct event event = {.token = pending->token,
                              .badge = (uint64_t)pending->via << 32 | pending->space->badge,
                              .word = {pending->address, pending->length, pending->offset,
                                       pending->result, pending->done, pending->fresh}};
  pager->evict.refused = false;
  pending->times++;
  return kops_call(&event);
}

int64_t memory_run(struct pager *pager, struct pending *pending) {
  for (;;) {
    struct pending **list;
    if (pending->error < 0) return -ENOMEM;
    enum memory memory = gather_wait(pager, &list);
    if (memory == MEMORY_THERE) memory = evict_wait_for_call(pager, frames_for(pending), &list);
    requests_kick(pager);
    if (memory == MEMORY_NEVER) return -ENOMEM;
    if (memory == MEMORY_LATER) {
      bool waits = pending->kind != PENDING_MEMORY || ++pending->times <= TIMES_MAX;
      if (waits && pending_park(pager, pending, list)) return PAGER_PARKED;
      gather_rest(pager);
      return -ENOMEM;
    }
    if (pending->kind == PENDING_MEMORY) {
      promise_make(pager, pending->space->badge, FRAMES_OF_FORK);
      return 0;
    }
    int64_t result = call_again(pager, pending);
    if (result != -ENOMEM || !pager->evict.refused) return result;
  }
}

int64_t pager_memory(struct pager *pager, struct space *space, token_t token) {
  promise_keep(pager, space->badge);
  struct pending pending = {.kind = PENDING_MEMORY, .token = token, .space = space};
  return memory_run(pager, &pending);
}

int64_t pager_refused(struct pager *pager, const struct event *event) {
  struct space *space = space_of(pager, badge_origin(event->badge));
  bool refused = pager->evict.refused;
  pager->evict.refused = false;
  // How an exec ends fs asks at once (PAGER_EXEC_STATUS).
  bool waits = space && space->slot >= SLOT_FIRST_PROGRAM && (uint32_t)event->word[0] != PAGER_EXEC;
  if (!refused || !waits) return -ENOMEM;
  struct pending pending = {.kind = PENDING_CALL,
                            .via = badge_via(event->badge),
                            .token = event->token,
                            .space = space,
                            .address = event->word[0],
                            .length = event->word[1],
                            .offset = event->word[2],
                            .result = event->word[3],
                            .done = event->word[4],
                            .fresh = event->word[5]};
  return memory_run(pager, &pending);
}
