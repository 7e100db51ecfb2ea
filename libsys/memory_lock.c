// mlock and mlockall: the pager marks regions, then their pages are made present some at a time.
#include <sys/mman.h>

#include "libsys/call.h"
#include "libsys/memory.h"

_Static_assert(MCL_CURRENT == PAGER_LOCK_CURRENT && MCL_FUTURE == PAGER_LOCK_FUTURE, "");

struct memory_locks memory_locks;

int mlock2(const void *address, size_t length, unsigned flags) {
  uint64_t at = (uint64_t)(uintptr_t)address;
  if (flags & ~(unsigned)MLOCK_ONFAULT) return (int)result(-EINVAL);
  int64_t status = call_pager(PAGER_LOCK, at, length, 0).status;
  if (status < 0) return (int)result(status);
  memory_locks.used = true;
  if (flags & MLOCK_ONFAULT) return 0;
  status = memory_populate(at & ~PAGE_MASK, length + (at & PAGE_MASK), ADVICE_POPULATE_LOCKED);
  if (status == -ENOMEM) return (int)result(-EAGAIN);
  return (int)result(status < 0 ? -ENOMEM : 0);
}

int mlock(const void *address, size_t length) { return mlock2(address, length, 0); }

int munlock(const void *address, size_t length) {
  return (int)result(call_pager(PAGER_UNLOCK, (uint64_t)(uintptr_t)address, length, 0).status);
}

int mlockall(int flags) {
  int all = flags & (MCL_CURRENT | MCL_FUTURE);
  if (all == 0 || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))) return (int)result(-EINVAL);
  int64_t status = call_pager(PAGER_LOCK, 0, 0, (uint64_t)all).status;
  if (status < 0) return (int)result(status);
  memory_locks.used = true;
  memory_locks.future = (flags & (MCL_FUTURE | MCL_ONFAULT)) == MCL_FUTURE;
  if ((flags & (MCL_CURRENT | MCL_ONFAULT)) == MCL_CURRENT) {
    memory_populate(0, USER_END, ADVICE_POPULATE_ALL);
  }
  return 0;
}

int munlockall(void) {
  memory_locks.future = false;
  return (int)result(call_pager(PAGER_UNLOCK, 0, 0, PAGER_LOCK_CURRENT).status);
}
