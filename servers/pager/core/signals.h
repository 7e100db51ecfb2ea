// What the pager does about signals (protocols/signal.h): faults that nobody can serve go to the
// program's handler; programs are made to look. The signal pages are theirs, and not believed.
#ifndef SERVERS_PAGER_CORE_SIGNALS_H
#define SERVERS_PAGER_CORE_SIGNALS_H

#include <stdint.h>

#include "servers/pager/core/fault.h"

// A fault with this outcome. => where the upcall goes that its handler is waiting for, or a guarded
// access; or 0: it has none. If the upcall is refused, signals_refused.
uint64_t signals_fault(struct pager *pager, struct space *space, enum outcome outcome,
                       uint64_t address);
// An access in `space` that its region forbids: as signals_fault. 0 also if that is not known yet.
uint64_t signals_forbidden(struct pager *pager, struct space *space, uint64_t address);
void signals_refused(struct pager *pager, struct space *space);

// The child has the parent's dispositions; what is pending is the parent's.
int signals_fork(struct pager *pager, struct space *parent, struct space *child);
// The new program has no handlers.
void signals_exec(struct pager *pager, struct space *space);

#endif
