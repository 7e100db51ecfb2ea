// Time: one deadline for all that waits for it. Nothing is armed while nothing waits.
#ifndef SERVERS_PAGER_CORE_TIMER_H
#define SERVERS_PAGER_CORE_TIMER_H

#include <stdint.h>

struct pager;

#define TIMER_OFF UINT64_MAX

struct timer {
  uint64_t deadline;  // in ticks of kops_now; TIMER_OFF if none
  uint64_t timebase;  // ticks a second
};

void timer_init(struct timer *timer, uint64_t timebase);
// So many milliseconds in ticks, at least one.
uint64_t timer_ticks(const struct pager *pager, uint64_t ms);
// pager_tick is called at that time, or before.
void timer_wake_at(struct pager *pager, uint64_t deadline);

#endif
