#include "libsys/guarded.h"

#include <errno.h>
#include <string.h>

#include "abi/layout.h"

static int64_t copy(uint64_t to, uint64_t from, uint64_t bytes) {
  memcpy((void *)(uintptr_t)to, (const void *)(uintptr_t)from, bytes);
  return 0;
}

int guarded_copy(void *to, const void *from, size_t bytes) {
  if (guarded(copy, (uintptr_t)to, (uintptr_t)from, bytes) == 0) return 0;
  errno = EFAULT;
  return -1;
}

// A write that changes nothing, whoever else writes there.
static int64_t touch(uint64_t at, uint64_t unused, uint64_t unused_too) {
  (void)unused;
  (void)unused_too;
  __atomic_fetch_or((uint32_t *)(uintptr_t)(at & ~(uint64_t)3), 0, __ATOMIC_RELAXED);
  return 0;
}

size_t guarded_writable(void *start, size_t bytes) {
  size_t known = 0;
  while (known < bytes && guarded(touch, (uintptr_t)start + known, 0, 0) == 0) {
    known += PAGE_SIZE - (((uintptr_t)start + known) & PAGE_MASK);
  }
  return known < bytes ? known : bytes;
}
