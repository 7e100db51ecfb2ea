// The pager's calls (protocols/pager.h): who may make which, and their arguments.
#ifndef SERVERS_PAGER_SERVER_DISPATCH_H
#define SERVERS_PAGER_SERVER_DISPATCH_H

#include "abi/event.h"
#include "servers/pager/core/pager.h"

// The answer to an EVENT_CALL, or PAGER_PARKED. ENOSYS: no such operation; EPERM: not through
// this handle; ESRCH: it is about the caller's space, and the caller has none; else as the
// operation says.
int64_t dispatch_call(struct pager *pager, const struct event *event);

// The calls of programs that are frequent and short, `operation` with its first arguments: the same
// without looking at an event. NOT_QUICK, which is negative: it is none of them.
#define NOT_QUICK (INT64_MIN + 1)
int64_t dispatch_quick(struct pager *pager, struct space *space, uint64_t operation, uint64_t a,
                       uint64_t b, uint64_t c);

#endif
