// Shared memory objects are files in /dev/shm.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/descriptor.h"
#include "libsys/message.h"

#define DIRECTORY "/dev/shm/"
#define NAME_MAX_BYTES 255

// Writes the path of an object. => -1 with EINVAL or ENAMETOOLONG.
static int path_of(const char *name, char path[sizeof DIRECTORY + NAME_MAX_BYTES]) {
  while (*name == '/') ++name;
  size_t length = strlen(name);
  if (length == 0 || strchr(name, '/')) {
    errno = EINVAL;
    return -1;
  }
  if (length > NAME_MAX_BYTES) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(path, DIRECTORY);
  strcat(path, name);
  return 0;
}

int shm_open(const char *name, int flags, mode_t mode) {
  char path[sizeof DIRECTORY + NAME_MAX_BYTES];
  if (path_of(name, path)) return -1;
  return open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

int shm_unlink(const char *name) {
  char path[sizeof DIRECTORY + NAME_MAX_BYTES];
  if (path_of(name, path)) {
    errno = errno == EINVAL ? ENOENT : errno;
    return -1;
  }
  return unlink(path);
}

int memfd_create(const char *name, unsigned flags) {
  if (flags & ~(unsigned)(MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
    errno = EINVAL;
    return -1;
  }
  if (message_path(name)) return -1;
  uint64_t how = flags & MFD_CLOEXEC ? O_CLOEXEC : 0;
  struct reply reply = call_fs(FS_SHM, how, 0, 0, 0, 0);
  if (reply.status < 0) {
    errno = reply.status == -ENAMETOOLONG ? EINVAL : (int)-reply.status;
    return -1;
  }
  int fd = (int)(uint32_t)reply.status;
  descriptor_opened(fd, (enum fs_kind)(reply.status >> 32));
  return fd;
}
