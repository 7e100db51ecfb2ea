#include "tests/harness/usage.h"

const char *const usage_name[USAGE_KINDS] = {
    [USAGE_PAGES] = "pages in memory or swap",
    [USAGE_NODES] = "nodes",
    [USAGE_REGIONS] = "regions",
    [USAGE_CALLS] = "waiting calls",
    [USAGE_OBJECTS] = "objects",
    [USAGE_RESERVED] = "reserved frames",
    [USAGE_TABLES] = "frames of tables without a process",
    [USAGE_PROCESSES] = "processes",
};

void usage_measure(struct usage *usage, const struct pager_counts *counts, uint64_t tables,
                   uint64_t processes) {
  *usage = (struct usage){.of = {
                              [USAGE_PAGES] = counts->frames_anonymous + counts->swap_used,
                              [USAGE_NODES] = counts->nodes,
                              [USAGE_REGIONS] = counts->regions,
                              [USAGE_CALLS] = counts->pendings,
                              [USAGE_OBJECTS] = counts->objects,
                              [USAGE_RESERVED] = counts->frames_reserved,
                              [USAGE_TABLES] = counts->frames_tables - tables,
                              [USAGE_PROCESSES] = processes,
                          }};
}

uint32_t usage_changed(const struct usage *before, const struct usage *now, uint32_t from) {
  for (; from < USAGE_KINDS; from++) {
    if (now->of[from] != (from == USAGE_TABLES ? 0 : before->of[from])) break;
  }
  return from;
}
