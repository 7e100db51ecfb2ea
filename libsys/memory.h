// Making pages present, for those who map and lock memory.
#ifndef LIBSYS_MEMORY_H
#define LIBSYS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/pager.h"

// Whether the process has ever locked memory, and whether all that it gets from now on is locked. A
// forked child inherits neither lock; for it they only cost a call that does nothing.
struct memory_locks {
  bool used, future;
};
extern struct memory_locks memory_locks;

// ADVICE_POPULATE_* for a range, in as many calls as it takes. 0 or a negative errno.
int64_t memory_populate(uint64_t address, uint64_t length, enum pager_advice advice);

#endif
