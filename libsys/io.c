// Data moves. That of files goes between the caller's memory and the page cache; that of pipes,
// devices and directories through the message page.
#include <limits.h>
#include <sys/types.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/descriptor.h"
#include "libsys/guarded.h"
#include "libsys/message.h"

// More than one call moves.
static __attribute__((noinline)) ssize_t in_parts(enum fs_op op, int fd, uintptr_t buffer,
                                                  size_t length, uint64_t offset) {
  size_t done = 0;
  for (;;) {
    size_t now = length - done < FS_TRANSFER_MAX ? length - done : FS_TRANSFER_MAX;
    struct reply reply = kcall_call(HANDLE_FS, op, (uint64_t)fd, buffer + done, now, offset, 0);
    if (reply.status < 0) return done ? (ssize_t)done : result(reply.status);
    done += (size_t)reply.status;
    if ((size_t)reply.status < now || done == length) return (ssize_t)done;
    if (offset != FS_AT_POSITION) offset += (uint64_t)reply.status;
  }
}

// A file's data.
static ssize_t transfer(enum fs_op op, int fd, uintptr_t buffer, size_t length, uint64_t offset) {
  if (length > FS_TRANSFER_MAX) return in_parts(op, fd, buffer, length, offset);
  return result(kcall_call(HANDLE_FS, op, (uint64_t)fd, buffer, length, offset, 0).status);
}

// What interrupted a call may be a reason to make it again, unless it is the rest of a longer one.
static __attribute__((noinline)) int64_t interrupted(enum fs_op op, int fd, size_t length,
                                                     uint64_t offset, int64_t status, uint64_t mark,
                                                     bool rest) {
  for (;;) {
    signals_check(true);
    if (status != -EINTR || rest || !signals_restart(&mark)) return status;
    status = kcall_call(HANDLE_FS, op, (uint64_t)fd, 0, length, offset, 0).status;
  }
}

// Through the message page, which a handler leaves as it is.
static inline int64_t interruptible(enum fs_op op, int fd, size_t length, uint64_t offset,
                                    bool rest) {
  uint64_t mark = signals_mark();
  int64_t status = kcall_call(HANDLE_FS, op, (uint64_t)fd, 0, length, offset, 0).status;
  if (__builtin_expect(status < 0 || signal_due(signals_page()), 0)) {
    return interrupted(op, fd, length, offset, status, mark, rest);
  }
  return status;
}

static __attribute__((noinline)) ssize_t read_other(int fd, void *buffer, size_t length,
                                                    uint64_t offset) {
  if (descriptor_kind(fd) == FS_KIND_FILE) {
    return transfer(FS_READ, fd, (uintptr_t)buffer, length, offset);
  }
  if (length > FS_DATA_MAX) length = FS_DATA_MAX;
  // What is read is gone from where it was: there must be a place for it before.
  size_t room = guarded_writable(buffer, length);
  int64_t status = interruptible(FS_READ, fd, room, offset, false);
  if (status >= 0 && room == 0 && length > 0) status = -EFAULT;
  if (status > 0 && guarded_copy(buffer, message_page(), (size_t)status)) return -1;
  return result(status);
}

static ssize_t read_at(int fd, void *buffer, size_t length, uint64_t offset) {
  if (!descriptor_is_file(fd)) return read_other(fd, buffer, length, offset);
  return transfer(FS_READ, fd, (uintptr_t)buffer, length, offset);
}

static __attribute__((noinline)) ssize_t write_other(int fd, const void *buffer, size_t length,
                                                     uint64_t offset) {
  if (descriptor_kind(fd) == FS_KIND_FILE) {
    return transfer(FS_WRITE, fd, (uintptr_t)buffer, length, offset);
  }
  size_t done = 0;
  uint64_t mark = signals_mark();
  do {
    size_t now = length - done < FS_DATA_MAX ? length - done : FS_DATA_MAX;
    bool bad = guarded_copy(message_page(), (const char *)buffer + done, now) != 0;
    if (bad && done) return (ssize_t)done;
    // Other errors come first.
    int64_t status = interruptible(FS_WRITE, fd, bad ? 0 : now, offset, done != 0);
    if (bad && status >= 0) status = -EFAULT;
    if (status < 0) return done ? (ssize_t)done : result(status);
    done += (size_t)status;
    if ((size_t)status < now) break;
    // A handler between two calls would be too early for the next one, which may wait.
  } while (done < length && !signals_final(mark));
  return (ssize_t)done;
}

static ssize_t write_at(int fd, const void *buffer, size_t length, uint64_t offset) {
  if (!descriptor_is_file(fd)) return write_other(fd, buffer, length, offset);
  return transfer(FS_WRITE, fd, (uintptr_t)buffer, length, offset);
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
