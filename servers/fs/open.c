#include "servers/fs/open.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "servers/fs/device.h"
#include "servers/fs/directory.h"
#include "servers/fs/path.h"
#include "servers/fs/pipe.h"
#include "servers/fs/regular.h"
#include "servers/fs/volume.h"

enum { LINKS_MAX = 8 };  // symbolic links to nowhere that one creation follows

// --- finding or making the inode ---------------------------------------------------------------

// What is there by that name already while it could not be found: a symbolic link to nowhere.
// Its text takes the place of the path.
static int read_link(const struct ext2_namei_result *parent, int flags, char *text) {
  struct ext2_inode *link;
  struct ext2_name last = {parent->last, parent->last_length};
  int status = ext2_lookup(parent->inode, last, &link);
  if (status != 0) return status;
  int length = (flags & O_NOFOLLOW) != 0 ? -ELOOP : ext2_readlink(link, text, FS_PATH_MAX - 1);
  ext2_iput(link);
  if (length < 0) return length;
  text[length] = 0;
  return 0;
}

// One step of a creation: makes the file, or finds a link to nowhere and its text.
// => -EEXIST: follow the text.
static int create_step(const struct ext2_namei_result *parent, int flags,
                       const struct ext2_new *attributes, char *link_text,
                       struct ext2_inode **inode) {
  if (parent->directory_wanted) return -EISDIR;
  struct ext2_name last = {parent->last, parent->last_length};
  int status = ext2_create(parent->inode, last, attributes, inode);
  if (status != -EEXIST) return status;
  status = read_link(parent, flags, link_text);
  return status == 0 ? -EEXIST : status;
}

// => `start` is a reference, given back.
static int create_from(struct ext2_inode *start, const char *text, int flags,
                       const struct ext2_new *attributes, struct ext2_inode **inode,
                       uint32_t *directory) {
  static struct ext2_namei_result parent;  // under volume.lock
  static char link_text[FS_PATH_MAX];
  int status = -EEXIST;
  for (int links = 0; links < LINKS_MAX && status == -EEXIST; links++) {
    status = path_walk_from(start, text, EXT2_NAMEI_PARENT, &parent);
    ext2_iput(start);
    if (status != 0) return status;
    start = parent.inode;
    *directory = ext2_inode_number(start);
    status = create_step(&parent, flags, attributes, link_text, inode);
    text = link_text;
  }
  ext2_iput(start);
  return status == -EEXIST ? -ELOOP : status;
}

// => in *directory the inode number of the directory that it is in.
static int find(const struct process *process, const char *text, int flags, uint32_t mode,
                struct ext2_inode **inode, uint32_t *directory) {
  bool exclusive = (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0;
  unsigned walk = exclusive || (flags & O_NOFOLLOW) != 0 ? EXT2_NAMEI_NOFOLLOW : 0;
  int status = path_walk(process, text, walk, inode);
  *directory = path_parent();
  if (status == 0 && exclusive) {
    ext2_iput(*inode);
    return -EEXIST;
  }
  if (status != -ENOENT || (flags & O_CREAT) == 0) return status;
  struct ext2_new attributes = {.mode = mode & 07777 & ~process->umask};
  struct ext2_inode *start = path_start(process);
  ext2_iref(start);
  return create_from(start, text, flags, &attributes, inode, directory);
}

// --- the file ----------------------------------------------------------------------------------

static int open_device(const struct ext2_inode *inode, int flags, struct file **file) {
  struct ext2_stat stat;
  ext2_stat(inode, &stat);
  const struct device *device = device_find(stat.mode & EXT2_MODE_TYPE, stat.major, stat.minor);
  return device != NULL ? device_open(device, flags, file) : -ENXIO;
}

// Makes the file for an inode, without its vnode. => a negative errno.
static int make_file(const struct ext2_inode *inode, int flags, struct file **file) {
  uint32_t type = ext2_inode_mode(inode) & EXT2_MODE_TYPE;
  bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (type != EXT2_MODE_DIR && (flags & O_DIRECTORY) != 0) return -ENOTDIR;
  switch (type) {
    case EXT2_MODE_REGULAR:
      if (writes && volume.read_only) return -EROFS;
      *file = file_new(&regular_kind);
      break;
    case EXT2_MODE_DIR:
      if (writes || (flags & O_CREAT) != 0) return -EISDIR;
      *file = file_new(&directory_kind);
      break;
    case EXT2_MODE_SYMLINK:
      return -ELOOP;
    case EXT2_MODE_CHAR:
    case EXT2_MODE_BLOCK:
      return open_device(inode, flags, file);
    case EXT2_MODE_FIFO:
      *file = file_new(&pipe_kind);
      break;
    default:
      return -ENXIO;
  }
  return *file != NULL ? 0 : -ENFILE;
}

// => `inode` is a reference, given back or the vnode's.
static int open_inode(struct ext2_inode *inode, uint32_t directory, int flags, struct file **file) {
  int status = make_file(inode, flags, file);
  if (status != 0) {
    ext2_iput(inode);
    return status;
  }
  status = vnode_get(inode, &(*file)->vnode);
  if (status == 0) (*file)->vnode->parent = directory;
  if (status == 0 && (flags & O_TRUNC) != 0 && (flags & O_ACCMODE) != O_RDONLY &&
      (*file)->kind == &regular_kind) {
    status = vnode_truncate((*file)->vnode, 0);
  }
  if (status == 0 && (*file)->kind == &pipe_kind) status = pipe_open(*file, flags);
  if (status != 0) file_put(*file);
  return status;
}

static int open_text(const struct process *process, const char *text, int flags, uint32_t mode,
                     struct file **file) {
  if (text == NULL) return -ENAMETOOLONG;
  struct ext2_inode *inode;
  uint32_t directory;
  int status = find(process, text, flags, mode, &inode, &directory);
  if (status == 0) return open_inode(inode, directory, flags, file);
  if (status == PATH_VIRTUAL) return status;
  // A disk without devices, or no disk at all, has these all the same.
  const struct device *device = device_named(text);
  if (device == NULL) return status;
  return device_open(device, flags, file);
}

int64_t open_path(struct process *process, struct call *call) {
  int flags = (int)call->word[1];
  if ((flags & O_ACCMODE) == O_ACCMODE) return -EINVAL;
  int fd = process_free_descriptor(process, 0);
  if (fd < 0) return fd;
  struct file *file;
  int status = open_text(process, path_fetch(process, 0), flags, (uint32_t)call->word[2], &file);
  if (status != 0) return status;
  if (pipe_must_wait(file, flags)) return pipe_wait_to_open(process, call, file, flags);
  return process_install_open(process, fd, file, flags);
}
