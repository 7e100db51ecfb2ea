// Large pages: 2 MiB of adjacent frames, entered with one mapping.
//
// They are a faster way to enter 512 pages and nothing else: each page has its own struct page and
// its own entry in the space's tree, and is shared, copied, evicted and freed alone. What concerns
// only some of the pages makes the kernel take the large entry away (MAP_LARGE, abi/syscall.h);
// they are entered again one by one as they are used.
#ifndef SERVERS_PAGER_CORE_LARGE_H
#define SERVERS_PAGER_CORE_LARGE_H

#include "servers/pager/core/fault.h"
#include "servers/pager/core/region.h"

// Answers the write to the first page of 2 MiB that nobody has written to: all of it in zeroed
// pages, access->count LARGE_FRAMES and access->prot with MAP_LARGE. False, and no page was
// touched, if the option is off, RLIMIT_RSS is set, there is a page already, the region ends
// before, or no block of frames is at hand. => the region is private and without an object
bool large_touch(struct pager *pager, struct space *space, const struct region *region,
                 struct access *access);

#endif
