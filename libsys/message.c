#include "libsys/message.h"

#include <errno.h>
#include <string.h>

#include "libsys/guarded.h"
#include "protocols/fs.h"

static int64_t copy(uint64_t to, uint64_t path, uint64_t limit) {
  const char *from = (const char *)(uintptr_t)path;
  size_t length = strnlen(from, limit);
  if (length == limit) return -ENAMETOOLONG;
  memcpy((void *)(uintptr_t)to, from, length + 1);
  return 0;
}

static int put(const char *path, size_t at) {
  int64_t status = guarded(copy, MESSAGE_PAGE + at, (uintptr_t)path, FS_PATH_MAX);
  if (status == 0) return 0;
  errno = (int)-status;
  return -1;
}

int message_path(const char *path) { return put(path, 0); }

int message_second_path(const char *path) { return put(path, FS_SECOND_PATH); }
