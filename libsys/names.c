// Names: what makes, removes and renames them.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/message.h"

// An operation on one path.
static int on_path(enum fs_op op, const char *path, uint64_t a, uint64_t b, uint64_t c) {
  if (message_path(path)) return -1;
  return (int)result(call_fs(op, a, b, c, 0, 0).status);
}

static int on_two_paths(enum fs_op op, const char *path, const char *second) {
  if (message_second_path(second)) return -1;
  return on_path(op, path, 0, 0, 0);
}

int unlink(const char *path) { return on_path(FS_UNLINK, path, 0, 0, 0); }

int mkdir(const char *path, mode_t mode) { return on_path(FS_MKDIR, path, mode, 0, 0); }

int rmdir(const char *path) { return on_path(FS_RMDIR, path, 0, 0, 0); }

int mknod(const char *path, mode_t mode, dev_t device) {
  return on_path(FS_MKNOD, path, mode, device, 0);
}

int mkfifo(const char *path, mode_t mode) { return mknod(path, S_IFIFO | (mode & 07777), 0); }

int rename(const char *from, const char *to) { return on_two_paths(FS_RENAME, from, to); }

int link(const char *existing, const char *path) { return on_two_paths(FS_LINK, existing, path); }

int symlink(const char *text, const char *path) { return on_two_paths(FS_SYMLINK, text, path); }

int chmod(const char *path, mode_t mode) { return on_path(FS_CHMOD, path, mode, 0, 0); }

int fchmod(int fd, mode_t mode) {
  return (int)result(call_fs(FS_FCHMOD, (uint64_t)fd, mode, 0, 0, 0).status);
}

int chown(const char *path, uid_t owner, gid_t group) {
  return on_path(FS_CHOWN, path, owner, group, 0);
}

int lchown(const char *path, uid_t owner, gid_t group) {
  return on_path(FS_CHOWN, path, owner, group, FS_NOFOLLOW);
}

mode_t umask(mode_t mask) { return (mode_t)call_fs(FS_UMASK, mask, 0, 0, 0, 0).status; }

int access(const char *path, int mode) {
  return on_path(FS_ACCESS, path, (uint64_t)(unsigned)mode, 0, 0);
}

int chdir(const char *path) { return on_path(FS_CHDIR, path, 0, 0, 0); }

int fchdir(int fd) { return (int)result(call_fs(FS_FCHDIR, (uint64_t)fd, 0, 0, 0, 0).status); }

int remove(const char *path) {
  if (unlink(path) == 0) return 0;
  if (errno != EISDIR && errno != EPERM) return -1;
  return rmdir(path);
}
