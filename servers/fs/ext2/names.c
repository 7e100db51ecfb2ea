// Making and removing names.
#include "servers/fs/ext2/names.h"

#include "servers/fs/ext2/dir_priv.h"
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/inode_priv.h"
#include "servers/fs/ext2/names_priv.h"

// Gets the inode of a record that is neither "." nor "..".
static int get_child(struct ext2_inode *dir, uint32_t ino, struct ext2_inode **inode) {
  if (ino == dir->ino || ino == EXT2_ROOT)
    return ext2_damage(dir->fs, "a directory is in a loop", ino);
  int error = ext2_iget(dir->fs, ino, inode);
  if (error != 0) return error;
  if ((*inode)->disk.links_count != 0) return 0;
  ext2_iput(*inode);
  return ext2_damage(dir->fs, "a removed inode has a name", ino);
}

int ext2_lookup(struct ext2_inode *dir, struct ext2_name name, struct ext2_inode **inode) {
  int error = ext2_dir_check(dir, name);
  if (error != 0) return error;
  struct ext2_slot slot;
  error = ext2_dir_find(dir, name, &slot);
  if (error != 0) return error;
  ext2_buffer_put(slot.buffer);
  if (!ext2_is_dot(name) && !ext2_is_dot_dot(name)) return get_child(dir, slot.ino, inode);
  error = ext2_iget(dir->fs, slot.ino, inode);
  if (error != 0 || ext2_is(*inode, EXT2_MODE_DIR)) return error;
  ext2_iput(*inode);
  return ext2_damage(dir->fs, "the parent of a directory is none", dir->ino);
}

// --- Adding ---

// => 0: the name may be added.
static int check_new(struct ext2_inode *dir, struct ext2_name name) {
  int error = ext2_dir_check(dir, name);
  if (error != 0) return error;
  struct ext2_slot slot;
  error = ext2_dir_find(dir, name, &slot);
  if (error == -ENOENT) return ext2_begin_change(dir->fs);
  if (error != 0) return error;
  ext2_buffer_put(slot.buffer);
  return -EEXIST;
}

// Enters the new inode, whose content is complete, and hands out the reference or puts it.
static int enter(struct ext2_inode *dir, struct ext2_name name, struct ext2_inode *inode,
                 struct ext2_inode **out) {
  int error = ext2_dir_insert(dir, name, inode);
  if (error == 0) {
    inode->disk.links_count = ext2_is(inode, EXT2_MODE_DIR) ? 2 : 1;
    error = ext2_inode_store(inode);
  }
  if (error != 0 || out == NULL) {
    ext2_iput(inode);
  } else {
    *out = inode;
  }
  return error;
}

int ext2_create(struct ext2_inode *dir, struct ext2_name name, const struct ext2_new *attributes,
                struct ext2_inode **out) {
  struct ext2_new new = *attributes;
  new.mode = (new.mode &EXT2_MODE_PERMISSIONS) | EXT2_MODE_REGULAR;
  int error = check_new(dir, name);
  if (error != 0) return error;
  struct ext2_inode *inode;
  error = ext2_inode_make(dir, &new, &inode);
  return error != 0 ? error : enter(dir, name, inode, out);
}

int ext2_mkdir(struct ext2_inode *dir, struct ext2_name name, const struct ext2_new *attributes,
               struct ext2_inode **out) {
  struct ext2_new new = *attributes;
  new.mode = (new.mode &EXT2_MODE_PERMISSIONS) | EXT2_MODE_DIR;
  int error = check_new(dir, name);
  if (error != 0) return error;
  if (dir->disk.links_count >= EXT2_LINK_MAX) return -EMLINK;
  struct ext2_inode *inode;
  error = ext2_inode_make(dir, &new, &inode);
  if (error != 0) return error;
  error = ext2_dir_init(inode, dir->ino);
  if (error != 0) {
    ext2_iput(inode);
    return error;
  }
  error = enter(dir, name, inode, out);
  if (error != 0) return error;
  dir->disk.links_count++;
  return ext2_inode_store(dir);
}

static bool is_node(uint32_t type) {
  return type == EXT2_MODE_FIFO || type == EXT2_MODE_CHAR || type == EXT2_MODE_BLOCK ||
         type == EXT2_MODE_SOCKET;
}

static void set_device(struct ext2_inode *inode, uint32_t major, uint32_t minor) {
  if (!ext2_is(inode, EXT2_MODE_CHAR) && !ext2_is(inode, EXT2_MODE_BLOCK)) return;
  if (major < 256 && minor < 256) {
    inode->disk.block[0] = major << 8 | minor;
  } else {
    inode->disk.block[1] = (minor & 0xFF) | major << 8 | (minor & 0xFFF00) << 12;
  }
}

int ext2_mknod(struct ext2_inode *dir, struct ext2_name name, const struct ext2_new *attributes,
               uint32_t major, uint32_t minor, struct ext2_inode **out) {
  if (!is_node(attributes->mode & EXT2_MODE_TYPE) || major >= 1u << 12 || minor >= 1u << 20)
    return -EINVAL;
  int error = check_new(dir, name);
  if (error != 0) return error;
  struct ext2_inode *inode;
  error = ext2_inode_make(dir, attributes, &inode);
  if (error != 0) return error;
  set_device(inode, major, minor);
  return enter(dir, name, inode, out);
}

int ext2_symlink(struct ext2_inode *dir, struct ext2_name name, struct ext2_name target,
                 const struct ext2_new *attributes, struct ext2_inode **out) {
  if (target.length == 0) return -ENOENT;
  if (target.length >= dir->fs->block_size) return -ENAMETOOLONG;
  if (memchr(target.text, 0, target.length) != NULL) return -EINVAL;
  struct ext2_new new = *attributes;
  new.mode = (new.mode &EXT2_MODE_PERMISSIONS) | EXT2_MODE_SYMLINK;
  int error = check_new(dir, name);
  if (error != 0) return error;
  struct ext2_inode *inode;
  error = ext2_inode_make(dir, &new, &inode);
  if (error != 0) return error;
  error = ext2_symlink_write(inode, target);
  if (error == 0) return enter(dir, name, inode, out);
  ext2_iput(inode);
  return error;
}

int ext2_link(struct ext2_inode *dir, struct ext2_name name, struct ext2_inode *inode) {
  if (ext2_is(inode, EXT2_MODE_DIR)) return -EPERM;
  if (inode->disk.links_count == 0) return -ENOENT;
  int error = check_new(dir, name);
  if (error != 0) return error;
  if (inode->disk.links_count >= EXT2_LINK_MAX) return -EMLINK;
  error = ext2_dir_insert(dir, name, inode);
  if (error != 0) return error;
  inode->disk.links_count++;
  ext2_inode_touch(inode, EXT2_TOUCH_CHANGED);
  return ext2_inode_store(inode);
}

// --- Removing ---

int ext2_names_find(struct ext2_inode *dir, struct ext2_name name, struct ext2_slot *slot,
                    struct ext2_inode **inode) {
  int error = ext2_dir_find(dir, name, slot);
  if (error != 0) return error;
  error = get_child(dir, slot->ino, inode);
  if (error != 0) ext2_buffer_put(slot->buffer);
  return error;
}

static int remove_file(struct ext2_inode *dir, const struct ext2_slot *slot,
                       struct ext2_inode *inode) {
  if (ext2_is(inode, EXT2_MODE_DIR)) return -EISDIR;
  int error = ext2_begin_change(dir->fs);
  if (error == 0) error = ext2_dir_remove(dir, slot);
  if (error != 0) return error;
  inode->disk.links_count--;
  ext2_inode_touch(inode, EXT2_TOUCH_CHANGED);
  return ext2_inode_store(inode);
}

int ext2_unlink(struct ext2_inode *dir, struct ext2_name name) {
  int error = ext2_dir_check(dir, name);
  if (error != 0) return error;
  if (ext2_is_dot(name) || ext2_is_dot_dot(name)) return -EISDIR;
  struct ext2_slot slot;
  struct ext2_inode *inode;
  error = ext2_names_find(dir, name, &slot, &inode);
  if (error != 0) return error;
  error = remove_file(dir, &slot, inode);
  ext2_buffer_put(slot.buffer);
  int freed = ext2_iput(inode);
  return error != 0 ? error : freed;
}

int ext2_names_check_removable(struct ext2_inode *parent, struct ext2_inode *dir) {
  struct ext2_slot up;
  int error = ext2_dir_parent(dir, &up);
  if (error != 0) return error;
  ext2_buffer_put(up.buffer);
  if (up.ino != parent->ino || parent->disk.links_count < 3 || dir->disk.links_count < 2)
    return ext2_damage(dir->fs, "a directory is not where its parent is", dir->ino);
  return ext2_dir_empty(dir);
}

int ext2_names_dropped_dir(struct ext2_inode *parent, struct ext2_inode *dir) {
  dir->disk.links_count = 0;
  ext2_inode_touch(dir, EXT2_TOUCH_CHANGED);
  parent->disk.links_count--;
  int error = ext2_inode_store(dir), stored = ext2_inode_store(parent);
  return error != 0 ? error : stored;
}

static int remove_dir(struct ext2_inode *parent, const struct ext2_slot *slot,
                      struct ext2_inode *dir) {
  if (!ext2_is(dir, EXT2_MODE_DIR)) return -ENOTDIR;
  int error = ext2_names_check_removable(parent, dir);
  if (error == 0) error = ext2_begin_change(parent->fs);
  if (error == 0) error = ext2_dir_remove(parent, slot);
  return error != 0 ? error : ext2_names_dropped_dir(parent, dir);
}

int ext2_rmdir(struct ext2_inode *dir, struct ext2_name name) {
  int error = ext2_dir_check(dir, name);
  if (error != 0) return error;
  if (ext2_is_dot(name)) return -EINVAL;
  if (ext2_is_dot_dot(name)) return -ENOTEMPTY;
  struct ext2_slot slot;
  struct ext2_inode *inode;
  error = ext2_names_find(dir, name, &slot, &inode);
  if (error != 0) return error;
  error = remove_dir(dir, &slot, inode);
  ext2_buffer_put(slot.buffer);
  int freed = ext2_iput(inode);
  return error != 0 ? error : freed;
}
