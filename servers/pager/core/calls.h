// Calls that can be parked, as run by pending.c: the result, or PAGER_PARKED.
#ifndef SERVERS_PAGER_CORE_CALLS_H
#define SERVERS_PAGER_CORE_CALLS_H

#include <stdint.h>

struct pager;
struct pending;

int64_t copy_run(struct pager *pager, struct pending *pending);
int64_t sync_run(struct pager *pager, struct pending *pending);
int64_t flush_run(struct pager *pager, struct pending *pending);

#endif
