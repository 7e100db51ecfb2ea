#include "servers/fs/attributes.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "servers/fs/clock.h"
#include "servers/fs/device.h"
#include "servers/fs/path.h"
#include "servers/fs/volume.h"

#define NANOSECONDS 1000000000

enum { DEVICE_NUMBER = 1 };  // st_dev of the one volume

static unsigned walk_flags(uint64_t flags) {
  return (flags & FS_NOFOLLOW) != 0 ? EXT2_NAMEI_NOFOLLOW : 0;
}

// Walks to the path of the message page.
static int walk(const struct process *process, uint64_t flags, struct ext2_inode **inode) {
  return path_walk(process, path_fetch(process, 0), walk_flags(flags), inode);
}

// The inode of an open file: -EBADF; -EINVAL: it has none; -EIO: unmounted.
static int of_descriptor(const struct process *process, uint64_t fd, struct ext2_inode **inode) {
  const struct file *file = process_file(process, fd);
  if (file == NULL) return -EBADF;
  if (file->vnode == NULL) return -EINVAL;
  *inode = file->vnode->inode;
  return *inode != NULL ? 0 : -EIO;
}

// --- status ------------------------------------------------------------------------------------

static int64_t nanoseconds(struct ext2_time time) {
  return time.seconds * NANOSECONDS + time.nanoseconds;
}

static void fill(const struct ext2_inode *inode, struct fs_stat *out) {
  struct vnode *vnode = vnode_of(inode);
  if (vnode != NULL) vnode_touch(vnode);
  struct ext2_stat from;
  ext2_stat(inode, &from);
  *out = (struct fs_stat){
      .dev = DEVICE_NUMBER,
      .ino = from.ino,
      .size = from.size,
      .blocks = from.blocks,
      .rdev = device_number(from.major, from.minor),
      .mode = from.mode,
      .nlink = from.links,
      .uid = from.uid,
      .gid = from.gid,
      .blksize = PAGE_SIZE,
      .atime = nanoseconds(from.accessed),
      .mtime = nanoseconds(from.modified),
      .ctime = nanoseconds(from.changed),
  };
}

static void deliver(const struct process *process, const struct fs_stat *stat) {
  memcpy(process_page(process), stat, sizeof(*stat));
}

int64_t attributes_stat(struct process *process, struct call *call) {
  struct fs_stat stat = {.dev = 0};
  const char *text = path_fetch(process, 0);
  struct ext2_inode *inode;
  int status = path_walk(process, text, walk_flags(call->word[1]), &inode);
  if (status == 0) {
    fill(inode, &stat);
    ext2_iput(inode);
  } else {
    const struct device *device = text != NULL ? device_named(text) : NULL;
    if (device == NULL || status == PATH_VIRTUAL) return status;
    device_stat(device, &stat);
  }
  deliver(process, &stat);
  return 0;
}

int64_t attributes_fstat(struct process *process, struct call *call) {
  struct fs_stat stat = {.dev = 0};
  const struct file *file = process_file(process, call->word[1]);
  if (file == NULL) return -EBADF;
  if (file->vnode == NULL) {
    file->kind->stat(file, &stat);
  } else if (file->vnode->inode != NULL) {
    fill(file->vnode->inode, &stat);
  } else {
    return -EIO;
  }
  stat.kind = file->kind->through_pager ? FS_KIND_FILE : FS_KIND_MESSAGE;
  deliver(process, &stat);
  return 0;
}

int64_t attributes_statfs(struct process *process, struct call *call) {
  (void)call;
  if (volume.ext2 == NULL) return -EIO;
  struct ext2_statfs from;
  ext2_statfs(volume.ext2, &from);
  struct fs_statfs out = {
      .block_bytes = from.block_size,
      .blocks = from.blocks,
      .blocks_free = from.free_blocks,
      .blocks_available = from.available_blocks,
      .files = from.inodes,
      .files_free = from.free_inodes,
      .name_max = EXT2_NAME_MAX,
  };
  memcpy(process_page(process), &out, sizeof(out));
  return 0;
}

int64_t attributes_access(struct process *process, struct call *call) {
  struct ext2_inode *inode;
  uint64_t wanted = call->word[1];
  if ((wanted & ~(uint64_t)(R_OK | W_OK | X_OK)) != 0) return -EINVAL;
  const char *text = path_fetch(process, 0);
  int status = path_walk(process, text, 0, &inode);
  if (status != 0) {
    const struct device *device = text != NULL ? device_named(text) : NULL;
    if (device == NULL) return status;
    return (wanted & X_OK) != 0 ? -EACCES : 0;
  }
  uint32_t mode = ext2_inode_mode(inode);
  ext2_iput(inode);
  bool is_directory = (mode & EXT2_MODE_TYPE) == EXT2_MODE_DIR;
  // Everybody is the super-user, who may all but execute what nobody may.
  if ((wanted & X_OK) != 0 && !is_directory && (mode & 0111) == 0) return -EACCES;
  bool on_disk = is_directory || (mode & EXT2_MODE_TYPE) == EXT2_MODE_REGULAR;
  if ((wanted & W_OK) != 0 && on_disk && volume.read_only) return -EROFS;
  return 0;
}

// --- size --------------------------------------------------------------------------------------

static int truncate_vnode(struct vnode *vnode, uint64_t size) {
  if (vnode->mode == EXT2_MODE_DIR) return -EISDIR;
  if (vnode->mode != EXT2_MODE_REGULAR) return -EINVAL;
  if (vnode->inode == NULL) return -EIO;
  if (volume.read_only) return -EROFS;
  return vnode_truncate(vnode, size);
}

int64_t attributes_truncate(struct process *process, struct call *call) {
  if ((int64_t)call->word[1] < 0) return -EINVAL;
  struct ext2_inode *inode;
  int status = walk(process, 0, &inode);
  if (status != 0) return status;
  struct vnode *vnode;
  status = vnode_get(inode, &vnode);
  if (status != 0) return status;
  status = truncate_vnode(vnode, call->word[1]);
  vnode_put(vnode);
  return status;
}

int64_t attributes_ftruncate(struct process *process, struct call *call) {
  if ((int64_t)call->word[2] < 0) return -EINVAL;
  struct file *file = process_file(process, call->word[1]);
  if (file == NULL) return -EBADF;
  if ((file->access & FILE_WRITE) == 0) return -EINVAL;
  if (file->kind->truncate != NULL) return file->kind->truncate(file, call->word[2]);
  if (file->vnode == NULL) return -EINVAL;
  return truncate_vnode(file->vnode, call->word[2]);
}

// --- permissions, owner, times -----------------------------------------------------------------

int64_t attributes_chmod(struct process *process, struct call *call) {
  struct ext2_inode *inode;
  int status = walk(process, 0, &inode);
  if (status != 0) return status;
  status = ext2_chmod(inode, (uint32_t)call->word[1]);
  ext2_iput(inode);
  return status;
}

int64_t attributes_fchmod(struct process *process, struct call *call) {
  struct ext2_inode *inode;
  int status = of_descriptor(process, call->word[1], &inode);
  return status != 0 ? status : ext2_chmod(inode, (uint32_t)call->word[2]);
}

int64_t attributes_chown(struct process *process, struct call *call) {
  struct ext2_inode *inode;
  int status = walk(process, call->word[3], &inode);
  if (status != 0) return status;
  status = ext2_chown(inode, (uint32_t)call->word[1], (uint32_t)call->word[2]);
  ext2_iput(inode);
  return status;
}

// The time that an argument of FS_UTIMES means; NULL: none.
static const struct ext2_time *time_of(uint64_t word, struct ext2_time *time) {
  int64_t value = (int64_t)word;
  if (value == FS_TIME_OMIT) return NULL;
  if (value == FS_TIME_NOW) {
    *time = clock_now(NULL);
    return time;
  }
  int64_t rest = value % NANOSECONDS;
  int64_t down = rest < 0;  // seconds are rounded down
  *time = (struct ext2_time){value / NANOSECONDS - down, (uint32_t)(rest + down * NANOSECONDS)};
  return time;
}

int64_t attributes_utimes(struct process *process, struct call *call) {
  struct ext2_inode *inode;
  int status = walk(process, call->word[3], &inode);
  if (status != 0) return status;
  // An earlier write must not set the time later.
  struct vnode *vnode = vnode_of(inode);
  if (vnode != NULL) vnode_touch(vnode);
  struct ext2_time accessed, modified;
  status = ext2_utimes(inode, time_of(call->word[1], &accessed), time_of(call->word[2], &modified));
  ext2_iput(inode);
  return status;
}
