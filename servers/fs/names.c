#include "servers/fs/names.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "servers/fs/device.h"
#include "servers/fs/path.h"
#include "servers/fs/volume.h"

// Under volume.lock, so these are enough.
static struct ext2_namei_result first, second;

static struct ext2_name last_of(const struct ext2_namei_result *parent) {
  return (struct ext2_name){parent->last, parent->last_length};
}

static int walk_first(const struct process *process) {
  return path_walk_parent(process, path_fetch(process, 0), &first);
}

static int walk_second(const struct process *process) {
  return path_walk_parent(process, path_fetch(process, FS_SECOND_PATH), &second);
}

static struct ext2_new attributes_of(const struct process *process, uint64_t mode) {
  return (struct ext2_new){.mode = (uint32_t)mode & 07777 & ~process->umask};
}

static bool is_directory(const struct ext2_inode *inode) {
  return (ext2_inode_mode(inode) & EXT2_MODE_TYPE) == EXT2_MODE_DIR;
}

static bool is_swap(const struct ext2_inode *inode) {
  const struct vnode *vnode = vnode_of(inode);
  return vnode != NULL && vnode->swap;
}

// Removes the last component of `first` by `remove`, and the file with it if that was all.
static int remove_name(int (*remove)(struct ext2_inode *dir, struct ext2_name name)) {
  struct ext2_inode *inode;
  int status = ext2_lookup(first.inode, last_of(&first), &inode);
  if (status != 0) return status;
  bool wrong = first.directory_wanted && !is_directory(inode);
  status = wrong                    ? -ENOTDIR
           : path_is_covered(inode) ? -EBUSY
           : is_swap(inode)         ? -EPERM
                                    : remove(first.inode, last_of(&first));
  if (status == 0) {
    vnode_unlinked(inode);
  } else {
    ext2_iput(inode);
  }
  return status;
}

static int64_t remove_path(struct process *process,
                           int (*remove)(struct ext2_inode *dir, struct ext2_name name)) {
  int status = walk_first(process);
  if (status != 0) return status;
  status = remove_name(remove);
  ext2_iput(first.inode);
  return status;
}

int64_t names_unlink(struct process *process, struct call *call) {
  (void)call;
  return remove_path(process, ext2_unlink);
}

int64_t names_rmdir(struct process *process, struct call *call) {
  (void)call;
  return remove_path(process, ext2_rmdir);
}

int64_t names_mkdir(struct process *process, struct call *call) {
  int status = walk_first(process);
  if (status != 0) return status;
  struct ext2_new attributes = attributes_of(process, call->word[1]);
  status = ext2_mkdir(first.inode, last_of(&first), &attributes, NULL);
  ext2_iput(first.inode);
  return status;
}

// => `first` and `second` are walked; `source` is what is renamed.
static int rename_walked(const struct ext2_inode *source) {
  bool slashes = first.directory_wanted || second.directory_wanted;
  if (slashes && !is_directory(source)) return -ENOTDIR;
  struct ext2_inode *replaced;
  int status = ext2_lookup(second.inode, last_of(&second), &replaced);
  if (status == -ENOENT) {
    replaced = NULL;
  } else if (status != 0) {
    return status;
  }
  if (path_is_covered(source) || (replaced != NULL && path_is_covered(replaced))) {
    ext2_iput(replaced);
    return -EBUSY;
  }
  if (is_swap(source) || (replaced != NULL && is_swap(replaced))) {
    ext2_iput(replaced);
    return -EPERM;
  }
  status = ext2_rename(first.inode, last_of(&first), second.inode, last_of(&second));
  struct vnode *moved = vnode_of(source);
  if (status == 0 && moved != NULL) moved->parent = ext2_inode_number(second.inode);
  if (status == 0 && replaced != NULL) {
    vnode_unlinked(replaced);
  } else {
    ext2_iput(replaced);
  }
  return status;
}

int64_t names_rename(struct process *process, struct call *call) {
  (void)call;
  int status = walk_first(process);
  if (status != 0) return status;
  status = walk_second(process);
  if (status == 0) {
    struct ext2_inode *source;
    status = ext2_lookup(first.inode, last_of(&first), &source);
    if (status == 0) {
      status = rename_walked(source);
      ext2_iput(source);
    }
    ext2_iput(second.inode);
  }
  ext2_iput(first.inode);
  return status;
}

int64_t names_link(struct process *process, struct call *call) {
  (void)call;
  struct ext2_inode *existing;
  int status = path_walk(process, path_fetch(process, 0), EXT2_NAMEI_NOFOLLOW, &existing);
  if (status != 0) return status;
  status = walk_second(process);
  if (status == 0) {
    status =
        second.directory_wanted ? -ENOENT : ext2_link(second.inode, last_of(&second), existing);
    ext2_iput(second.inode);
  }
  ext2_iput(existing);
  return status;
}

int64_t names_symlink(struct process *process, struct call *call) {
  (void)call;
  const char *text = path_fetch_text(process, 0);
  if (text == NULL) return -ENAMETOOLONG;
  int status = walk_second(process);
  if (status != 0) return status;
  struct ext2_new attributes = {.mode = 0777};
  status = second.directory_wanted
               ? -ENOENT
               : ext2_symlink(second.inode, last_of(&second), path_name(text), &attributes, NULL);
  ext2_iput(second.inode);
  return status;
}

int64_t names_readlink(struct process *process, struct call *call) {
  (void)call;
  struct ext2_inode *inode;
  int status = path_walk(process, path_fetch(process, 0), EXT2_NAMEI_NOFOLLOW, &inode);
  if (status != 0) return status;
  static char text[FS_DATA_MAX];  // under volume.lock
  int length = ext2_readlink(inode, text, sizeof(text));
  if (length > 0) memcpy(process_page(process), text, (size_t)length);
  ext2_iput(inode);
  return length;
}

static int make_node(struct process *process, uint64_t mode, uint64_t device) {
  uint32_t type = (uint32_t)mode & EXT2_MODE_TYPE;
  struct ext2_new attributes = attributes_of(process, mode);
  if (type == 0 || type == EXT2_MODE_REGULAR) {
    return ext2_create(first.inode, last_of(&first), &attributes, NULL);
  }
  attributes.mode |= type;
  return ext2_mknod(first.inode, last_of(&first), &attributes, device_major(device),
                    device_minor(device), NULL);
}

int64_t names_mknod(struct process *process, struct call *call) {
  int status = walk_first(process);
  if (status != 0) return status;
  status = first.directory_wanted ? -ENOENT : make_node(process, call->word[1], call->word[2]);
  ext2_iput(first.inode);
  return status;
}
