#include "servers/fs/timer.h"

#include <stddef.h>

#include "servers/fs/outside.h"

static struct timer *first;

static void take_out(struct timer *timer) {
  struct timer **link = &first;
  while (*link != timer) link = &(*link)->next;
  *link = timer->next;
  timer->runs = false;
}

void timer_start(struct timer *timer, uint64_t tick) {
  if (timer->runs) take_out(timer);
  struct timer **link = &first;
  while (*link != NULL && (*link)->tick <= tick) link = &(*link)->next;
  timer->tick = tick;
  timer->next = *link;
  timer->runs = true;
  *link = timer;
  if (first == timer) outside_timer(tick);
}

void timers_due(void) {
  struct timer *timer;
  while ((timer = first) != NULL && timer->tick <= outside_ticks()) {
    take_out(timer);
    timer->due();
  }
  if (first != NULL) outside_timer(first->tick);
}
