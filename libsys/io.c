// Data moves. That of files goes between the caller's memory and the page cache; that of pipes,
// devices and directories through the message page.
#include <limits.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/descriptor.h"
#include "libsys/message.h"

// More than one call moves.
static __attribute__((noinline)) ssize_t in_parts(enum fs_op op, int fd, uintptr_t buffer,
                                                  size_t length, uint64_t offset) {
  size_t done = 0;
  for (;;) {
    size_t now = length - done < FS_TRANSFER_MAX ? length - done : FS_TRANSFER_MAX;
    struct reply reply = call_fs(op, (uint64_t)fd, buffer + done, now, offset, 0);
    if (reply.status < 0) return done ? (ssize_t)done : result(reply.status);
    done += (size_t)reply.status;
    if ((size_t)reply.status < now || done == length) return (ssize_t)done;
    if (offset != FS_AT_POSITION) offset += (uint64_t)reply.status;
  }
}

// A file's data.
static ssize_t transfer(enum fs_op op, int fd, uintptr_t buffer, size_t length, uint64_t offset) {
  if (length > FS_TRANSFER_MAX) return in_parts(op, fd, buffer, length, offset);
  return result(call_fs(op, (uint64_t)fd, buffer, length, offset, 0).status);
}

// Through the message page, which a handler leaves as it is.
static struct reply interruptible(enum fs_op op, int fd, size_t length, uint64_t offset) {
  struct signals_mark mark = signals_mark();
  struct reply reply;
  do {
    reply = call_fs(op, (uint64_t)fd, 0, length, offset, 0);
  } while (reply.status == -EINTR && signals_restart(&mark));
  return reply;
}

static ssize_t read_at(int fd, void *buffer, size_t length, uint64_t offset) {
  if (descriptor_kind(fd) == FS_KIND_FILE) {
    return transfer(FS_READ, fd, (uintptr_t)buffer, length, offset);
  }
  if (length > FS_DATA_MAX) length = FS_DATA_MAX;
  struct reply reply = interruptible(FS_READ, fd, length, offset);
  if (reply.status > 0) {
    signals_message_live = 1;
    memcpy(buffer, message_page(), (size_t)reply.status);
    signals_message_live = 0;
  }
  return result(reply.status);
}

static ssize_t write_at(int fd, const void *buffer, size_t length, uint64_t offset) {
  if (descriptor_kind(fd) == FS_KIND_FILE) {
    return transfer(FS_WRITE, fd, (uintptr_t)buffer, length, offset);
  }
  size_t done = 0;
  do {
    size_t now = length - done < FS_DATA_MAX ? length - done : FS_DATA_MAX;
    signals_message_live = 1;
    memcpy(message_page(), (const char *)buffer + done, now);
    signals_message_live = 0;
    struct reply reply = interruptible(FS_WRITE, fd, now, offset);
    if (reply.status < 0) return done ? (ssize_t)done : result(reply.status);
    done += (size_t)reply.status;
    if ((size_t)reply.status < now) break;
  } while (done < length);
  return (ssize_t)done;
}

// What a ssize_t cannot express is not asked for.
static size_t bounded(size_t length) { return length > SSIZE_MAX ? SSIZE_MAX : length; }

static int bad_offset(off_t offset) {
  if (offset >= 0) return 0;
  errno = EINVAL;
  return -1;
}

ssize_t read(int fd, void *buffer, size_t length) {
  return read_at(fd, buffer, bounded(length), FS_AT_POSITION);
}

ssize_t write(int fd, const void *buffer, size_t length) {
  return write_at(fd, buffer, bounded(length), FS_AT_POSITION);
}

ssize_t pread(int fd, void *buffer, size_t length, off_t offset) {
  if (bad_offset(offset)) return -1;
  return read_at(fd, buffer, bounded(length), (uint64_t)offset);
}

ssize_t pwrite(int fd, const void *buffer, size_t length, off_t offset) {
  if (bad_offset(offset)) return -1;
  return write_at(fd, buffer, bounded(length), (uint64_t)offset);
}

off_t lseek(int fd, off_t offset, int whence) {
  return result(
      call_fs(FS_SEEK, (uint64_t)fd, (uint64_t)offset, (uint64_t)(unsigned)whence, 0, 0).status);
}

int fsync(int fd) { return (int)result(call_fs(FS_FSYNC, (uint64_t)fd, 0, 0, 0, 0).status); }

int fdatasync(int fd) { return fsync(fd); }

void sync(void) { call_fs(FS_SYNC, 0, 0, 0, 0, 0); }

int ftruncate(int fd, off_t size) {
  if (bad_offset(size)) return -1;
  return (int)result(call_fs(FS_FTRUNCATE, (uint64_t)fd, (uint64_t)size, 0, 0, 0).status);
}

int truncate(const char *path, off_t size) {
  if (bad_offset(size) || message_path(path)) return -1;
  return (int)result(call_fs(FS_TRUNCATE, (uint64_t)size, 0, 0, 0, 0).status);
}
