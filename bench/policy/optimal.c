#include "bench/policy/optimal.h"

#include <stdbool.h>
#include <stdlib.h>

#define NEVER UINT32_MAX

// Pages in memory, the one needed last at the top. An entry that is no longer right (its page has
// been used since) stays until it comes to the top.
struct entry {
  uint32_t next_use, page;
};

struct memory {
  struct entry *heap;
  size_t count;
  uint32_t *next_use;  // of each page in memory; 0: is not there
  uint32_t used, frames;
};

static void heap_add(struct memory *memory, struct entry entry) {
  size_t at = memory->count++;
  while (at > 0 && memory->heap[(at - 1) / 2].next_use < entry.next_use) {
    memory->heap[at] = memory->heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  memory->heap[at] = entry;
}

static struct entry heap_take(struct memory *memory) {
  struct entry top = memory->heap[0], last = memory->heap[--memory->count];
  size_t at = 0;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= memory->count) break;
    if (child + 1 < memory->count &&
        memory->heap[child + 1].next_use > memory->heap[child].next_use) {
      child++;
    }
    if (memory->heap[child].next_use <= last.next_use) break;
    memory->heap[at] = memory->heap[child];
    at = child;
  }
  memory->heap[at] = last;
  return top;
}

static void evict(struct memory *memory) {
  struct entry entry;
  do {
    entry = heap_take(memory);
  } while (memory->next_use[entry.page] != entry.next_use);
  memory->next_use[entry.page] = 0;
  memory->used--;
}

// => whether the page was missing
static bool reference(struct memory *memory, uint32_t page, uint32_t next_use) {
  bool missing = memory->next_use[page] == 0;
  if (missing) {
    if (memory->used == memory->frames) evict(memory);
    memory->used++;
  }
  memory->next_use[page] = next_use;
  heap_add(memory, (struct entry){next_use, page});
  return missing;
}

// next[i]: when the page of trace[i] is referenced again. `last` is scratch, a word for each page.
static void find_next_uses(const uint32_t *trace, size_t count, uint32_t pages, uint32_t *last,
                           uint32_t *next) {
  for (uint32_t page = 0; page < pages; page++) last[page] = NEVER;
  for (size_t i = count; i-- > 0;) {
    next[i] = last[trace[i]];
    last[trace[i]] = (uint32_t)i;
  }
  for (uint32_t page = 0; page < pages; page++) last[page] = 0;
}

uint64_t optimal_misses(const uint32_t *trace, size_t count, size_t from, uint32_t pages,
                        uint32_t frames) {
  struct memory memory = {.frames = frames};
  uint32_t *next = malloc((count + 1) * sizeof *next);
  memory.heap = malloc((count + 1) * sizeof *memory.heap);
  memory.next_use = malloc((pages + 1u) * sizeof *memory.next_use);
  uint64_t misses = OPTIMAL_NO_MEMORY;
  if (next && memory.heap && memory.next_use) {
    misses = 0;
    find_next_uses(trace, count, pages, memory.next_use, next);
    for (size_t i = 0; i < count; i++) {
      bool missing = reference(&memory, trace[i], next[i]);
      misses += missing && i >= from;
    }
  }
  free(next);
  free(memory.heap);
  free(memory.next_use);
  return misses;
}
