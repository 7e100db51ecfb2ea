#include "servers/proc/timer_heap.h"

#include <string.h>

void timer_heap_init(struct timer_heap *heap) { memset(heap, 0, sizeof *heap); }

static void place(struct timer_heap *heap, uint32_t at, struct timer timer) {
  heap->timer[at] = timer;
  heap->index[timer.id] = (uint16_t)(at + 1);
}

// Puts a timer where it belongs, starting from a free place.
static void sift(struct timer_heap *heap, uint32_t at, struct timer timer) {
  while (at != 0 && heap->timer[(at - 1) / 2].deadline > timer.deadline) {
    place(heap, at, heap->timer[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= heap->count) break;
    if (child + 1 < heap->count && heap->timer[child + 1].deadline < heap->timer[child].deadline) {
      child++;
    }
    if (heap->timer[child].deadline >= timer.deadline) break;
    place(heap, at, heap->timer[child]);
    at = child;
  }
  place(heap, at, timer);
}

void timer_heap_add(struct timer_heap *heap, uint32_t id, uint64_t deadline) {
  uint32_t at = heap->count++;
  heap->timer[at] = (struct timer){TIMER_NEVER, id};
  sift(heap, at, (struct timer){deadline, id});
}

void timer_heap_remove(struct timer_heap *heap, uint32_t id) {
  if (!timer_heap_has(heap, id)) return;
  uint32_t at = heap->index[id] - 1u;
  heap->index[id] = 0;
  struct timer last = heap->timer[--heap->count];
  if (at != heap->count) sift(heap, at, last);
}

uint64_t timer_heap_of(const struct timer_heap *heap, uint32_t id) {
  return timer_heap_has(heap, id) ? heap->timer[heap->index[id] - 1u].deadline : TIMER_NEVER;
}

uint64_t timer_heap_deadline(const struct timer_heap *heap) {
  return heap->count != 0 ? heap->timer[0].deadline : TIMER_NEVER;
}

uint32_t timer_heap_expire(struct timer_heap *heap, uint64_t now) {
  if (heap->count == 0 || heap->timer[0].deadline > now) return 0;
  uint32_t id = heap->timer[0].id;
  timer_heap_remove(heap, id);
  return id;
}
