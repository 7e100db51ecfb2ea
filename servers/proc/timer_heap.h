// Deadlines of sleeping processes, the earliest first. At most one for each slot.
#ifndef SERVERS_PROC_TIMER_HEAP_H
#define SERVERS_PROC_TIMER_HEAP_H

#include <stdint.h>

#include "protocols/server.h"

#define TIMER_NEVER UINT64_MAX

struct timer {
  uint64_t deadline;
  uint32_t slot;
};

struct timer_heap {
  uint32_t count;
  struct timer timer[SLOTS_MAX];  // none is earlier than that at (index - 1) / 2
  uint16_t index[SLOTS_MAX];      // by slot: 1 + its place in timer[]; 0: none
};

void timer_heap_init(struct timer_heap *heap);

// A deadline of a slot that has none.
void timer_heap_add(struct timer_heap *heap, uint32_t slot, uint64_t deadline);

// The slot's deadline, if it has one, is gone.
void timer_heap_remove(struct timer_heap *heap, uint32_t slot);

// The earliest deadline, or TIMER_NEVER.
uint64_t timer_heap_deadline(const struct timer_heap *heap);

// Takes out the earliest if it is not after `now`. => its slot, or 0
uint32_t timer_heap_expire(struct timer_heap *heap, uint64_t now);

#endif
