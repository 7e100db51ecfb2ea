#include "bench/policy/workload.h"

#include <string.h>

#define HOT_SHARE 5u  // one of so many pages is hot
#define HOT_ROUNDS 2u

// xorshift64: G. Marsaglia, Xorshift RNGs, Journal of Statistical Software 8 (14), 2003.
static uint32_t random_below(struct workload *workload, uint32_t limit) {
  uint64_t x = workload->random;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  workload->random = x;
  return (uint32_t)((x >> 32) * limit >> 32);
}

void workload_start(struct workload *workload, enum workload_kind kind, uint32_t pages,
                    uint32_t touches) {
  *workload = (struct workload){
      .kind = kind, .pages = pages, .touches = touches, .random = 0x9e3779b97f4a7c15u};
}

static uint32_t skewed(struct workload *workload) {
  uint32_t few = workload->pages / HOT_SHARE;
  if (random_below(workload, 5) < 4) return random_below(workload, few);
  return few + random_below(workload, workload->pages - few);
}

static uint32_t scan(struct workload *workload, bool *hot) {
  uint32_t few = workload->pages / HOT_SHARE;
  uint32_t others = workload->pages - few;
  uint32_t at = workload->phase++;
  if (workload->phase == HOT_ROUNDS * few + others) workload->phase = 0;
  *hot = at < HOT_ROUNDS * few;
  return *hot ? random_below(workload, few) : few + (at - HOT_ROUNDS * few);
}

static uint32_t mixed(struct workload *workload, uint32_t touch, bool *hot) {
  uint32_t few = workload->pages / HOT_SHARE;
  *hot = touch % 2 != 0;
  if (*hot) return random_below(workload, few);
  uint32_t at = workload->phase++;
  if (few + workload->phase == workload->pages) workload->phase = 0;
  return few + at;
}

static uint32_t next_page(struct workload *workload, uint32_t touch, bool *hot) {
  switch (workload->kind) {
    case WORKLOAD_UNIFORM:
      return random_below(workload, workload->pages);
    case WORKLOAD_SKEWED:
      return skewed(workload);
    case WORKLOAD_SCAN:
      return scan(workload, hot);
    case WORKLOAD_MIXED:
      return mixed(workload, touch, hot);
    case WORKLOAD_LOOP:
    case WORKLOAD_COUNT:
      break;
  }
  return touch % workload->pages;
}

bool workload_next(struct workload *workload, struct reference *reference) {
  uint32_t number = workload->number;
  if (number == workload->pages + workload->touches) return false;
  workload->number++;
  reference->hot = false;
  reference->fills = number < workload->pages;
  reference->page =
      reference->fills ? number : next_page(workload, number - workload->pages, &reference->hot);
  reference->writes = reference->fills || reference->page % 4 == 0;
  return true;
}

static const char *const names[WORKLOAD_COUNT] = {"uniform", "skewed", "loop", "scan", "mixed"};

const char *workload_name(enum workload_kind kind) { return names[kind]; }

enum workload_kind workload_named(const char *name) {
  enum workload_kind kind = 0;
  while (kind < WORKLOAD_COUNT && strcmp(names[kind], name) != 0) kind++;
  return kind;
}
