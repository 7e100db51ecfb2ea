// madvise, posix_madvise, mincore.
#include <sys/mman.h>

#include "libsys/call.h"
#include "libsys/guarded.h"
#include "libsys/memory.h"
#include "libsys/message.h"

_Static_assert(MADV_NORMAL == ADVICE_NORMAL && MADV_RANDOM == ADVICE_RANDOM, "");
_Static_assert(MADV_SEQUENTIAL == ADVICE_SEQUENTIAL && MADV_WILLNEED == ADVICE_WILLNEED, "");
_Static_assert(MADV_DONTNEED == ADVICE_DONTNEED && MADV_FREE == ADVICE_FREE, "");
_Static_assert(MADV_DONTFORK == ADVICE_DONTFORK && MADV_DOFORK == ADVICE_DOFORK, "");
_Static_assert(MADV_DONTDUMP == ADVICE_DONTDUMP && MADV_DODUMP == ADVICE_DODUMP, "");
_Static_assert(MADV_WIPEONFORK == ADVICE_WIPEONFORK && MADV_KEEPONFORK == ADVICE_KEEPONFORK, "");
_Static_assert(MADV_POPULATE_READ == ADVICE_POPULATE_READ, "");
_Static_assert(MADV_POPULATE_WRITE == ADVICE_POPULATE_WRITE, "");

int madvise(void *address, size_t length, int advice) {
  uint64_t at = (uint64_t)(uintptr_t)address;
  if (advice < 0 || advice >= ADVICE_POPULATE_LOCKED) return (int)result(-EINVAL);
  if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE) {
    return (int)result(memory_populate(at, length, (enum pager_advice)advice));
  }
  return (int)result(call_pager(PAGER_ADVISE, at, length, (uint64_t)advice).status);
}

// Returns the error. POSIX_MADV_DONTNEED must not lose anything, as MADV_DONTNEED does.
int posix_madvise(void *address, size_t length, int advice) {
  if (advice < POSIX_MADV_NORMAL || advice > POSIX_MADV_DONTNEED) return EINVAL;
  if (advice == POSIX_MADV_DONTNEED) return 0;
  uint64_t at = (uint64_t)(uintptr_t)address;
  return (int)-call_pager(PAGER_ADVISE, at, length, (uint64_t)advice).status;
}

int mincore(void *address, size_t length, unsigned char *vector) {
  uint64_t at = (uint64_t)(uintptr_t)address;
  int64_t pages;
  do {
    pages = call_pager(PAGER_RESIDENT, at, length, 0).status;
    if (pages <= 0) return (int)result(pages);
    if (guarded_copy(vector, message_page(), (size_t)pages)) return -1;
    vector += pages;
    at += (uint64_t)pages << PAGE_SHIFT;
    length -= length < (size_t)pages << PAGE_SHIFT ? length : (size_t)pages << PAGE_SHIFT;
  } while (length > 0);
  return 0;
}
