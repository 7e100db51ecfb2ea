// Calls that can be parked, as run by pending.c: the result, or PAGER_PARKED.
#ifndef SERVERS_PAGER_CORE_CALLS_H
#define SERVERS_PAGER_CORE_CALLS_H

#include <stdint.h>

struct pager;
struct pager_counts;
struct pending;

// All counters but the frames_* and the kernel's, as they are shown.
void counts_sum(const struct pager *pager, struct pager_counts *out);

int64_t copy_run(struct pager *pager, struct pending *pending);
int64_t sync_run(struct pager *pager, struct pending *pending);
int64_t flush_run(struct pager *pager, struct pending *pending);
int64_t populate_run(struct pager *pager, struct pending *pending);
int64_t memory_run(struct pager *pager, struct pending *pending);

#endif
