#include "servers/pager/core/timer.h"

#include "servers/pager/core/aging.h"
#include "servers/pager/core/promise.h"
#include "servers/pager/core/provider.h"
#include "servers/pager/core/state.h"

#define MS_A_SECOND 1000u

void timer_init(struct timer *timer, uint64_t timebase) {
  timer->deadline = TIMER_OFF;
  timer->timebase = timebase;
}

uint64_t timer_ticks(const struct pager *pager, uint64_t ms) {
  uint64_t ticks = pager->timer.timebase * ms / MS_A_SECOND;
  return ticks > 0 ? ticks : 1;
}

void timer_wake_at(struct pager *pager, uint64_t deadline) {
  if (deadline >= pager->timer.deadline) return;
  pager->timer.deadline = deadline;
  kops_timer(deadline);
}

// Each that still waits for a later time says so again.
void pager_tick(struct pager *pager) {
  pager->timer.deadline = TIMER_OFF;
  uint64_t now = kops_now();
  aging_tick(pager, now);
  providers_tick(pager, now);
  promise_tick(pager, now);
  requests_kick(pager);
}
