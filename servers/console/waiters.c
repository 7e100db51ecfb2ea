#include "servers/console/waiters.h"

#include <string.h>

bool waiters_add(struct waiters *waiters, struct waiter waiter) {
  if (waiters->count == SLOTS_MAX) return false;
  waiters->waiter[waiters->count++] = waiter;
  return true;
}

static struct waiter take_at(struct waiters *waiters, uint32_t at) {
  struct waiter taken = waiters->waiter[at];
  waiters->count--;
  memmove(waiters->waiter + at, waiters->waiter + at + 1,
          (waiters->count - at) * sizeof(struct waiter));
  return taken;
}

struct waiter waiters_take(struct waiters *waiters) {
  return take_at(waiters, 0);
}

bool waiters_take_badge(struct waiters *waiters, uint32_t badge, struct waiter *taken) {
  for (uint32_t i = 0; i < waiters->count; i++) {
    if (waiters->waiter[i].badge != badge) continue;
    *taken = take_at(waiters, i);
    return true;
  }
  return false;
}
