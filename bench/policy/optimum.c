// Prints the least number of page-ins that a workload needs after its pages have been filled.
// Usage: optimum WORKLOAD PAGES TOUCHES FRAMES
#include <stdio.h>
#include <stdlib.h>

#include "bench/policy/optimal.h"
#include "bench/policy/workload.h"

#define REFERENCES_MAX 100000000u

// 0: not a number from `least` on.
static uint32_t number(const char *text, uint32_t least) {
  char *end;
  unsigned long value = strtoul(text, &end, 10);
  return *end || value < least || value > REFERENCES_MAX ? 0 : (uint32_t)value;
}

int main(int argc, char **argv) {
  enum workload_kind kind = argc == 5 ? workload_named(argv[1]) : WORKLOAD_COUNT;
  uint32_t pages = argc == 5 ? number(argv[2], 5) : 0;
  uint32_t touches = pages ? number(argv[3], 1) : 0;
  uint32_t frames = touches ? number(argv[4], 1) : 0;
  if (kind == WORKLOAD_COUNT || frames == 0) {
    fprintf(stderr, "usage: optimum uniform|skewed|loop|scan|mixed PAGES TOUCHES FRAMES\n");
    return 2;
  }
  uint32_t *trace = malloc(((size_t)pages + touches) * sizeof *trace);
  struct workload workload;
  struct reference reference;
  size_t count = 0;
  workload_start(&workload, kind, pages, touches);
  while (trace && workload_next(&workload, &reference)) trace[count++] = reference.page;
  uint64_t misses = trace ? optimal_misses(trace, count, pages, pages, frames) : OPTIMAL_NO_MEMORY;
  free(trace);
  if (misses == OPTIMAL_NO_MEMORY) {
    fprintf(stderr, "optimum: no memory\n");
    return 1;
  }
  printf("%llu\n", (unsigned long long)misses);
  return 0;
}
