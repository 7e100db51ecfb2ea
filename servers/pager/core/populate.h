// Making the pages of a range present and mapped before they are touched.
#ifndef SERVERS_PAGER_CORE_POPULATE_H
#define SERVERS_PAGER_CORE_POPULATE_H

#include <stdint.h>

#include "abi/event.h"
#include "protocols/pager.h"

struct pager;
struct space;

// As ADVICE_POPULATE_*: the first pages of [start, end), a bounded number. Bytes done, or
// PAGER_PARKED. READ, WRITE: -ENOMEM at a hole or without memory, -EINVAL where the region has no
// such right, -EFAULT where an access ends in SIGBUS. LOCKED: -ENOMEM, -EFAULT likewise.
int64_t populate(struct pager *pager, struct space *space, token_t token, uint32_t start,
                 uint32_t end, enum pager_advice advice);

#endif
