// Deadlines of waiting processes and of their alarms, the earliest first. At most one for each id.
#ifndef SERVERS_PROC_TIMER_HEAP_H
#define SERVERS_PROC_TIMER_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/server.h"

#define TIMER_NEVER UINT64_MAX

// A process has two: see sleep.c. Id 0 is nobody's, TIMER_LOOK is processes_look's.
#define TIMER_LOOK 1u
#define TIMER_IDS (2u * SLOTS_MAX)
#define TIMERS_MAX (2u * PROGRAMS_MAX + 1u)

struct timer {
  uint64_t deadline;
  uint32_t id;
};

struct timer_heap {
  uint32_t count;
  struct timer timer[TIMERS_MAX];  // none is earlier than that at (index - 1) / 2
  uint16_t index[TIMER_IDS];       // by id: 1 + its place in timer[]; 0: none
};

void timer_heap_init(struct timer_heap *heap);

// A deadline of an id that has none.
void timer_heap_add(struct timer_heap *heap, uint32_t id, uint64_t deadline);

// The id's deadline, if it has one, is gone.
void timer_heap_remove(struct timer_heap *heap, uint32_t id);

static inline bool timer_heap_has(const struct timer_heap *heap, uint32_t id) {
  return heap->index[id] != 0;
}

// An id's deadline, or TIMER_NEVER.
uint64_t timer_heap_of(const struct timer_heap *heap, uint32_t id);

// The earliest deadline, or TIMER_NEVER.
uint64_t timer_heap_deadline(const struct timer_heap *heap);

// Takes out the earliest if it is not after `now`. => its id, or 0
uint32_t timer_heap_expire(struct timer_heap *heap, uint64_t now);

#endif
