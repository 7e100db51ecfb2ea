// Out of memory: nothing can be evicted and somebody needs a frame. The largest program is ended.
//
//   pager  NOTIFY_OOM            ──▶ proc
//   proc   PAGER_OOM_VICTIM      ──▶ pager: who, and how large
//   proc   ends it, PAGER_KILL   ──▶ pager: its frames are free, who waited goes on
#ifndef SERVERS_PAGER_CORE_OOM_H
#define SERVERS_PAGER_CORE_OOM_H

#include <stdbool.h>
#include <stdint.h>

struct pager;
struct space;

// Whether there is a program that could be ended.
bool oom_possible(const struct pager *pager);
// Pages that a space has, in memory and in swap areas.
uint64_t oom_size(struct pager *pager, struct space *space);

#endif
