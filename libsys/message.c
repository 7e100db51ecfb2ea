#include "libsys/message.h"

#include <errno.h>
#include <string.h>

#include "protocols/fs.h"

static int put(const char *path, size_t at) {
  if (!path) {
    errno = EFAULT;
    return -1;
  }
  size_t length = strnlen(path, FS_PATH_MAX);
  if (length == FS_PATH_MAX) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy((char *)message_page() + at, path, length + 1);
  return 0;
}

int message_path(const char *path) { return put(path, 0); }

int message_second_path(const char *path) { return put(path, FS_SECOND_PATH); }
