// Waiting for memory on behalf of a call that cannot wait itself: fork, spawn and exec go through
// servers that wait for nobody, so they are refused, and the program waits here and asks again.
#include "servers/pager/core/calls.h"
#include "servers/pager/core/evict.h"
#include "servers/pager/core/state.h"

// While others use up what becomes free, it is not waited for ever.
#define TIMES_MAX 4096u

int64_t memory_run(struct pager *pager, struct pending *pending) {
  struct pending **list;
  if (pending->error < 0) return -ENOMEM;
  enum memory memory = evict_wait_for_call(pager, &list);
  requests_kick(pager);
  if (memory == MEMORY_THERE) return 0;
  if (memory == MEMORY_NEVER || ++pending->done > TIMES_MAX) return -ENOMEM;
  return pending_park(pager, pending, list) ? PAGER_PARKED : -ENOMEM;
}

int64_t pager_memory(struct pager *pager, struct space *space, token_t token) {
  struct pending pending = {.kind = PENDING_MEMORY, .token = token, .space = space};
  return memory_run(pager, &pending);
}
