// What is to be done at a certain time. The endpoint has one timer, which is shared here.
#ifndef SERVERS_FS_TIMER_H_
#define SERVERS_FS_TIMER_H_

#include <stdbool.h>
#include <stdint.h>

struct timer {
  void (*due)(void);  // called by the event loop, once for each start
  uint64_t tick;
  struct timer *next;  // a later one
  bool runs;
};

// Has timer->due called when this tick (outside_ticks) has come, instead of when it was started
// for before.
void timer_start(struct timer *timer, uint64_t tick);

// NOTIFY_TIMER: calls those that are due.
void timers_due(void);

#endif  // SERVERS_FS_TIMER_H_
