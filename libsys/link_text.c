// Paths that fs gives back: the text of a symbolic link, the working directory.
#include <stdlib.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/guarded.h"
#include "libsys/message.h"

ssize_t readlink(const char *restrict path, char *restrict buffer, size_t size) {
  if (size == 0) {
    errno = EINVAL;
    return -1;
  }
  if (message_path(path)) return -1;
  struct reply reply = call_fs(FS_READLINK, 0, 0, 0, 0, 0);
  if (reply.status < 0) return result(reply.status);
  size_t length = (size_t)reply.status < size ? (size_t)reply.status : size;
  return guarded_copy(buffer, message_page(), length) ? -1 : (ssize_t)length;
}

char *getcwd(char *buffer, size_t size) {
  if (buffer && size == 0) {
    errno = EINVAL;
    return NULL;
  }
  struct reply reply = call_fs(FS_GETCWD, 0, 0, 0, 0, 0);
  if (result(reply.status) < 0) return NULL;
  size_t length = (size_t)reply.status;  // without an end
  if (!buffer) {
    // As elsewhere: NULL asks for memory, of `size` bytes or as many as needed.
    if (size == 0) size = length + 1;
    if (length < size) buffer = malloc(size);
    if (!buffer) {
      errno = length < size ? ENOMEM : ERANGE;
      return NULL;
    }
  } else if (length >= size) {
    errno = ERANGE;
    return NULL;
  }
  ((char *)message_page())[length] = 0;
  return guarded_copy(buffer, message_page(), length + 1) ? NULL : buffer;
}
