// Memory is asked of the pager; mappings of files go through fs, which checks the descriptor.
#include "libsys/memory.h"

#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libsys/call.h"

// So that flags pass unchanged.
_Static_assert(MAP_SHARED == PAGER_SHARED, "");
_Static_assert(MAP_PRIVATE == PAGER_PRIVATE, "");
_Static_assert(MAP_FIXED == PAGER_FIXED, "");
_Static_assert(MAP_FIXED_NOREPLACE == PAGER_FIXED_NOREPLACE, "");
_Static_assert(MAP_GROWSDOWN == PAGER_GROWSDOWN, "");
_Static_assert(MREMAP_MAYMOVE == PAGER_REMAP_MAYMOVE, "");
_Static_assert(MREMAP_FIXED == PAGER_REMAP_FIXED, "");
_Static_assert(MREMAP_DONTUNMAP == PAGER_REMAP_DONTUNMAP, "");
_Static_assert(MS_ASYNC == PAGER_SYNC_ASYNC && MS_INVALIDATE == PAGER_SYNC_INVALIDATE, "");
_Static_assert(MS_SYNC == PAGER_SYNC_SYNC, "");
_Static_assert(PROT_GROWSDOWN == PAGER_PROT_GROWSDOWN, "");

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)
#define PAGER_FLAGS (MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN)
#define IGNORED_FLAGS \
  (MAP_NORESERVE | MAP_STACK | MAP_NONBLOCK | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_POPULATE)
#define KNOWN_FLAGS (MAP_TYPE | PAGER_FLAGS | MAP_ANONYMOUS | MAP_LOCKED | IGNORED_FLAGS)

int64_t memory_populate(uint64_t address, uint64_t length, enum pager_advice advice) {
  while (length > 0) {
    int64_t done = call_pager(PAGER_ADVISE, address, length, advice).status;
    if (done <= 0) return done;
    if ((uint64_t)done >= length) return 0;
    address += (uint64_t)done;
    length -= (uint64_t)done;
  }
  return 0;
}

// What MAP_POPULATE and locks want present. If not all of it can be, the mapping is there anyhow.
static void populate(uint64_t address, size_t length, int prot, int flags) {
  if ((flags & MAP_LOCKED) || memory_locks.future) {
    memory_locks.used = true;
    memory_populate(address, length, ADVICE_POPULATE_LOCKED);
  } else if ((flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE && (prot & PROT_ALL)) {
    bool writes = (prot & PROT_WRITE) && !(flags & MAP_SHARED);
    memory_populate(address, length, writes ? ADVICE_POPULATE_WRITE : ADVICE_POPULATE_READ);
  }
}

// The kind of mapping for the pager, 0 if there is no such kind, or a negative errno.
static int kind_of(int flags) {
  if ((flags & MAP_TYPE) != MAP_SHARED_VALIDATE) return flags & MAP_TYPE;
  if (flags & MAP_ANONYMOUS) return 0;
  return flags & ~KNOWN_FLAGS ? -EOPNOTSUPP : PAGER_SHARED;
}

void *mmap(void *address, size_t length, int prot, int flags, int fd, off_t offset) {
  uint64_t at = (uint64_t)(uintptr_t)address;
  int kind = kind_of(flags);
  if ((offset & (off_t)PAGE_MASK) || kind < 0) {
    errno = kind < 0 ? -kind : EINVAL;
    return MAP_FAILED;
  }
  uint64_t pager_flags = (uint64_t)(flags & PAGER_FLAGS) | (uint64_t)kind;
  if (flags & MAP_LOCKED) pager_flags |= PAGER_LOCKED;
  uint64_t how = (uint64_t)(prot & PROT_ALL) | pager_flags << 8;
  struct reply reply = flags & MAP_ANONYMOUS
                           ? call_pager(PAGER_MAP, at, length, how)
                           : call_fs(FS_MAP, (uint64_t)fd, at, length, (uint64_t)offset, how);
  if (result(reply.status) < 0) return MAP_FAILED;
  if ((flags & (MAP_POPULATE | MAP_LOCKED)) || memory_locks.future) {
    populate((uint64_t)reply.status, length, prot, flags);
  }
  return (void *)(uintptr_t)reply.status;
}

int munmap(void *address, size_t length) {
  return (int)result(call_pager(PAGER_UNMAP, (uint64_t)(uintptr_t)address, length, 0).status);
}

int mprotect(void *address, size_t length, int prot) {
  uint64_t at = (uint64_t)(uintptr_t)address;
  return (int)result(call_pager(PAGER_PROTECT, at, length, (uint64_t)(unsigned)prot).status);
}

int msync(void *address, size_t length, int flags) {
  uint64_t at = (uint64_t)(uintptr_t)address;
  return (int)result(call_pager(PAGER_SYNC, at, length, (uint64_t)(unsigned)flags).status);
}

void *mremap(void *address, size_t old_length, size_t new_length, int flags, ...) {
  uint64_t to = 0;
  if (flags & MREMAP_FIXED) {
    va_list more;
    va_start(more, flags);
    to = (uint64_t)(uintptr_t)va_arg(more, void *);
    va_end(more);
  }
  struct reply reply = kcall_call(HANDLE_PAGER, PAGER_REMAP, (uint64_t)(uintptr_t)address,
                                  old_length, new_length, (uint64_t)(unsigned)flags, to);
  if (result(reply.status) < 0) return MAP_FAILED;
  if (memory_locks.used && new_length > old_length) {
    memory_populate((uint64_t)reply.status, new_length, ADVICE_POPULATE_LOCKED);
  }
  return (void *)(uintptr_t)reply.status;
}
