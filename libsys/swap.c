// Swap areas are named by a descriptor, which need not stay open.
#include <errno.h>
#include <fcntl.h>
#include <sys/swap.h>
#include <unistd.h>

#include "libsys/call.h"

_Static_assert(SWAP_FLAG_PREFER == FS_SWAP_PREFER, "flags pass unchanged");
_Static_assert(SWAP_FLAG_PRIO_MASK == FS_SWAP_PRIORITY, "flags pass unchanged");

static int finish(int fd, int64_t status) {
  close(fd);
  return (int)result(status);
}

int swapon(const char *path, int flags) {
  int fd = open(path, O_RDWR);
  if (fd < 0) return -1;
  // What its maker has written is not on the disk yet, perhaps.
  fsync(fd);
  return finish(fd, call_fs(FS_SWAPON, (uint64_t)fd, (uint64_t)(unsigned)flags, 0, 0, 0).status);
}

int swapoff(const char *path) {
  int fd = open(path, O_RDONLY | O_NONBLOCK);
  if (fd < 0) return -1;
  return finish(fd, call_fs(FS_SWAPOFF, (uint64_t)fd, 0, 0, 0, 0).status);
}
