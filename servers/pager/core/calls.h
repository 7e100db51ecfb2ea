// Calls that can be parked, as run by pending.c: the result, or PAGER_PARKED.
#ifndef SERVERS_PAGER_CORE_CALLS_H
#define SERVERS_PAGER_CORE_CALLS_H

#include <stdint.h>

struct pager;
struct pager_counts;
struct pager_usage;
struct pending;
struct space;

// All counters but the frames_* and the kernel's, as they are shown.
void counts_sum(const struct pager *pager, struct pager_counts *out);
struct pager_usage counts_usage(struct space *space);
// The program ends, its process goes on with another one.
void counts_end_program(struct space *space);

int64_t copy_run(struct pager *pager, struct pending *pending);
int64_t sync_run(struct pager *pager, struct pending *pending);
int64_t flush_run(struct pager *pager, struct pending *pending);
int64_t populate_run(struct pager *pager, struct pending *pending);
int64_t memory_run(struct pager *pager, struct pending *pending);

#endif
