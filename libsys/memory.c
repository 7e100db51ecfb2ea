// Memory is asked of the pager; mappings of files go through fs, which checks the descriptor.
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libsys/call.h"

// So that flags pass unchanged.
_Static_assert(MAP_SHARED == PAGER_SHARED, "");
_Static_assert(MAP_PRIVATE == PAGER_PRIVATE, "");
_Static_assert(MAP_FIXED == PAGER_FIXED, "");
_Static_assert(MAP_FIXED_NOREPLACE == PAGER_FIXED_NOREPLACE, "");
_Static_assert(MAP_GROWSDOWN == PAGER_GROWSDOWN, "");

#define PAGER_FLAGS (MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN)
#define ALL_FLAGS (PAGER_FLAGS | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK)

void *mmap(void *address, size_t length, int prot, int flags, int fd, off_t offset) {
  uint64_t at = (uint64_t)(uintptr_t)address;
  if ((prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) || (flags & ~ALL_FLAGS) ||
      (offset & (off_t)PAGE_MASK) || offset < 0) {
    errno = EINVAL;
    return MAP_FAILED;
  }
  if (length > USER_END) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) at &= ~PAGE_MASK;  // only a hint
  uint64_t how = (uint64_t)prot | (uint64_t)(flags & PAGER_FLAGS) << 8;
  struct reply reply = flags & MAP_ANONYMOUS
                           ? call_pager(PAGER_MAP, at, length, how)
                           : call_fs(FS_MAP, (uint64_t)fd, at, length, (uint64_t)offset, how);
  if (result(reply.status) < 0) return MAP_FAILED;
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
