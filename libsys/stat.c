// What a file is.
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "libsys/call.h"
#include "libsys/guarded.h"
#include "libsys/message.h"

_Static_assert(sizeof(struct stat) <= 104, "picolibc has some of its own size on the stack");

static struct timespec timespec_of(int64_t nanoseconds) {
  struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  if (time.tv_nsec < 0) {
    time.tv_nsec += 1000000000;
    --time.tv_sec;
  }
  return time;
}

// The answer to a stat call.
static int deliver(struct reply reply, struct stat *status) {
  if (reply.status < 0) return (int)result(reply.status);
  const struct fs_stat *from = message_page();
  struct stat told = {
      .st_dev = (dev_t)from->dev,
      .st_mode = from->mode,
      .st_ino = from->ino,
      .st_nlink = (nlink_t)from->nlink,
      .st_uid = from->uid,
      .st_gid = from->gid,
      .st_rdev = (dev_t)from->rdev,
      .st_size = (off_t)from->size,
      .st_atim = timespec_of(from->atime),
      .st_mtim = timespec_of(from->mtime),
      .st_ctim = timespec_of(from->ctime),
      .st_blksize = (int)from->blksize,
      .st_blocks = (blkcnt_t)from->blocks,
  };
  return guarded_copy(status, &told, sizeof told);
}

int stat(const char *restrict path, struct stat *restrict status) {
  if (message_path(path)) return -1;
  return deliver(call_fs(FS_STAT, 0, 0, 0, 0, 0), status);
}

int lstat(const char *restrict path, struct stat *restrict status) {
  if (message_path(path)) return -1;
  return deliver(call_fs(FS_STAT, FS_NOFOLLOW, 0, 0, 0, 0), status);
}

int fstat(int fd, struct stat *status) {
  return deliver(call_fs(FS_FSTAT, (uint64_t)fd, 0, 0, 0, 0), status);
}

int statvfs(const char *restrict path, struct statvfs *restrict status) {
  struct stat exists;
  if (stat(path, &exists)) return -1;
  struct reply reply = call_fs(FS_STATFS, 0, 0, 0, 0, 0);
  if (reply.status < 0) return (int)result(reply.status);
  const struct fs_statfs *from = message_page();
  struct statvfs told = {
      .f_bsize = from->block_bytes,
      .f_frsize = from->block_bytes,
      .f_blocks = from->blocks,
      .f_bfree = from->blocks_free,
      .f_bavail = from->blocks_available,
      .f_files = from->files,
      .f_ffree = from->files_free,
      .f_favail = from->files_free,
      .f_namemax = from->name_max,
  };
  return guarded_copy(status, &told, sizeof told);
}
