// Renaming.
//
// Cases, after both names have been looked up:
//   the names are one file            nothing to do
//   the new name is free              insert it
//   it names a file, and so the old   replace it, drop a link of what it was
//   it names an empty directory, and  replace it, drop the directory
//     the old one a directory
// then the old name is removed, and ".." set if a directory has got another parent.
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/inode_priv.h"
#include "servers/fs/ext2/names_priv.h"

struct renaming {
  struct ext2_inode *old_dir;
  struct ext2_inode *new_dir;
  struct ext2_name old_name;
  struct ext2_name new_name;
  struct ext2_inode *inode;   // What is renamed.
  struct ext2_inode *target;  // What has the new name; NULL: nothing.
  struct ext2_slot slot;      // Of the target; its buffer is NULL if there is none.
};

static bool moves_dir(const struct renaming *r) {
  return ext2_is(r->inode, EXT2_MODE_DIR) && r->old_dir != r->new_dir;
}

static int parent_of(struct ext2_inode *dir, uint32_t *parent) {
  struct ext2_slot up;
  int error = ext2_dir_parent(dir, &up);
  if (error != 0) return error;
  ext2_buffer_put(up.buffer);
  *parent = up.ino;
  return 0;
}

static int get_dir(struct ext2_fs *fs, uint32_t ino, struct ext2_inode **dir) {
  int error = ext2_iget(fs, ino, dir);
  if (error != 0 || ext2_is(*dir, EXT2_MODE_DIR)) return error;
  ext2_iput(*dir);
  return ext2_damage(fs, "the parent of a directory is none", ino);
}

// => -EINVAL: `ancestor` is `dir` or above it. Damaged parents may form a circle: a mark that is
//    moved on after twice as many steps each time is met again in any (Brent's method).
static int check_not_above(uint32_t ancestor, struct ext2_inode *dir) {
  uint32_t ino = dir->ino, mark = 0;
  for (uint64_t step = 1, move = 1; ino != ancestor; step++) {
    if (ino == EXT2_ROOT) return 0;
    if (ino == mark) return ext2_damage(dir->fs, "directories are in a loop", ino);
    if (step == move) {
      mark = ino;
      move *= 2;
    }
    struct ext2_inode *at;
    int error = get_dir(dir->fs, ino, &at);
    if (error == 0) {
      error = parent_of(at, &ino);
      ext2_iput(at);
    }
    if (error != 0) return error;
  }
  return -EINVAL;
}

static int check_move(const struct renaming *r) {
  uint32_t parent;
  int error = parent_of(r->inode, &parent);
  if (error != 0) return error;
  if (parent != r->old_dir->ino || r->old_dir->disk.links_count < 3)
    return ext2_damage(r->inode->fs, "a directory is not where its parent is", r->inode->ino);
  if (r->target == NULL && r->new_dir->disk.links_count >= EXT2_LINK_MAX) return -EMLINK;
  return 0;
}

static int check_target(const struct renaming *r) {
  bool directory = ext2_is(r->inode, EXT2_MODE_DIR),
       over_directory = ext2_is(r->target, EXT2_MODE_DIR);
  if (directory && !over_directory) return -ENOTDIR;
  if (!directory && over_directory) return -EISDIR;
  return directory ? ext2_names_check_removable(r->new_dir, r->target) : 0;
}

static int check(const struct renaming *r) {
  int error = 0;
  if (ext2_is(r->inode, EXT2_MODE_DIR)) error = check_not_above(r->inode->ino, r->new_dir);
  if (error == 0 && r->target != NULL) error = check_target(r);
  if (error == 0 && moves_dir(r)) error = check_move(r);
  return error;
}

static int take_new_name(const struct renaming *r) {
  if (r->target == NULL) return ext2_dir_insert(r->new_dir, r->new_name, r->inode);
  int error = ext2_dir_replace(r->new_dir, &r->slot, r->inode);
  if (error != 0) return error;
  if (ext2_is(r->target, EXT2_MODE_DIR)) return ext2_names_dropped_dir(r->new_dir, r->target);
  r->target->disk.links_count--;
  ext2_inode_touch(r->target, EXT2_TOUCH_CHANGED);
  return ext2_inode_store(r->target);
}

// The insertion may have moved the record's neighbours, so it is looked up again.
static int drop_old_name(const struct renaming *r) {
  struct ext2_slot slot;
  int error = ext2_dir_find(r->old_dir, r->old_name, &slot);
  if (error != 0) return error;
  error = ext2_dir_remove(r->old_dir, &slot);
  ext2_buffer_put(slot.buffer);
  return error;
}

static int set_parent(const struct renaming *r) {
  struct ext2_slot up;
  int error = ext2_dir_parent(r->inode, &up);
  if (error != 0) return error;
  error = ext2_dir_replace(r->inode, &up, r->new_dir);
  ext2_buffer_put(up.buffer);
  if (error != 0) return error;
  r->old_dir->disk.links_count--;
  r->new_dir->disk.links_count++;
  error = ext2_inode_store(r->old_dir);
  int stored = ext2_inode_store(r->new_dir);
  return error != 0 ? error : stored;
}

static int apply(const struct renaming *r) {
  int error = ext2_begin_change(r->inode->fs);
  if (error == 0) error = take_new_name(r);
  if (error == 0) error = drop_old_name(r);
  if (error == 0 && moves_dir(r)) error = set_parent(r);
  if (error != 0) return error;
  ext2_inode_touch(r->inode, EXT2_TOUCH_CHANGED);
  return ext2_inode_store(r->inode);
}

static int find_both(struct renaming *r) {
  struct ext2_slot old;
  int error = ext2_names_find(r->old_dir, r->old_name, &old, &r->inode);
  if (error != 0) {
    r->inode = NULL;
    return error;
  }
  ext2_buffer_put(old.buffer);
  error = ext2_names_find(r->new_dir, r->new_name, &r->slot, &r->target);
  if (error == 0) return 0;
  r->target = NULL;
  r->slot.buffer = NULL;
  return error == -ENOENT ? 0 : error;
}

static bool is_dots(struct ext2_name name) { return ext2_is_dot(name) || ext2_is_dot_dot(name); }

int ext2_rename(struct ext2_inode *old_dir, struct ext2_name old_name, struct ext2_inode *new_dir,
                struct ext2_name new_name) {
  int error = ext2_dir_check(old_dir, old_name);
  if (error == 0) error = ext2_dir_check(new_dir, new_name);
  if (error != 0) return error;
  if (is_dots(old_name) || is_dots(new_name)) return -EINVAL;
  struct renaming r = {
      .old_dir = old_dir, .new_dir = new_dir, .old_name = old_name, .new_name = new_name};
  error = find_both(&r);
  if (error == 0 && r.inode != r.target) {
    error = check(&r);
    if (error == 0) error = apply(&r);
  }
  ext2_buffer_put(r.slot.buffer);
  int freed = ext2_iput(r.target);
  ext2_iput(r.inode);
  return error != 0 ? error : freed;
}
