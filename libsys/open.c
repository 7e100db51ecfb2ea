// Descriptors come and go.
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/descriptor.h"
#include "libsys/guarded.h"
#include "libsys/message.h"

int open(const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  uint64_t mark = signals_mark();
  struct reply reply;
  do {
    if (message_path(path)) return -1;
    reply = call_fs(FS_OPEN, (uint64_t)(unsigned)flags, mode, 0, 0, 0);
  } while (reply.status == -EINTR && signals_restart(&mark));
  if (reply.status < 0) return (int)result(reply.status);
  int fd = (int)(uint32_t)reply.status;
  descriptor_opened(fd, (enum fs_kind)(reply.status >> 32));
  return fd;
}

int creat(const char *path, mode_t mode) { return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int close(int fd) {
  int64_t status = call_fs(FS_CLOSE, (uint64_t)fd, 0, 0, 0, 0).status;
  descriptor_closed(fd);  // last: a handler may have used it before it was
  return (int)result(status);
}

static int duplicate(int fd, int lowest, unsigned how) {
  int before = descriptor_change(how & FS_DUP_EXACT ? lowest : -1);
  struct reply reply = call_fs(FS_DUP, (uint64_t)fd, (uint64_t)lowest, how, 0, 0);
  if (reply.status >= 0) descriptor_copied(fd, (int)reply.status);
  descriptor_changed(before);
  return (int)result(reply.status);
}

int dup(int fd) { return duplicate(fd, 0, 0); }

int dup2(int fd, int other) { return duplicate(fd, other, FS_DUP_EXACT); }

int dup3(int fd, int other, int flags) {
  if (fd == other || (flags & ~O_CLOEXEC)) {
    errno = EINVAL;
    return -1;
  }
  return duplicate(fd, other, FS_DUP_EXACT | (flags & O_CLOEXEC ? FS_DUP_CLOEXEC : 0));
}

int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  int argument = va_arg(arguments, int);  // unused by commands without one
  va_end(arguments);
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return duplicate(fd, argument, command == F_DUPFD_CLOEXEC ? FS_DUP_CLOEXEC : 0);
    case F_GETFD:
    case F_GETFL:
      argument = 0;
      break;
  }
  return (int)result(
      call_fs(FS_FCNTL, (uint64_t)fd, (uint64_t)command, (uint64_t)argument, 0, 0).status);
}

int pipe2(int fds[2], int flags) {
  struct reply reply = call_fs(FS_PIPE, (uint64_t)(unsigned)flags, 0, 0, 0, 0);
  if (reply.status < 0) return (int)result(reply.status);
  int made[2] = {(int)reply.status, (int)reply.word[0]};
  descriptor_opened(made[0], FS_KIND_MESSAGE);
  descriptor_opened(made[1], FS_KIND_MESSAGE);
  if (guarded_copy(fds, made, sizeof made) == 0) return 0;
  close(made[0]);
  close(made[1]);
  errno = EFAULT;
  return -1;
}

int pipe(int fds[2]) { return pipe2(fds, 0); }

int isatty(int fd) { return result(call_fs(FS_ISATTY, (uint64_t)fd, 0, 0, 0, 0).status) == 1; }
