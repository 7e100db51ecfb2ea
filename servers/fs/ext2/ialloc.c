#include "servers/fs/ext2/bitmap_priv.h"
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/ialloc_priv.h"

static void mark(struct ext2_fs *fs, struct ext2_group *group, struct ext2_buffer *bitmap,
                 uint32_t bit, bool used, bool directory) {
  int32_t more = used ? 1 : -1;
  ext2_bit_fill(bitmap->data, used, bit, 1);
  ext2_buffer_dirty(bitmap);
  group->disk.free_inodes_count = (uint16_t)(group->disk.free_inodes_count - more);
  if (directory) group->disk.used_dirs_count = (uint16_t)(group->disk.used_dirs_count + more);
  ext2_group_store(group);
  fs->super.free_inodes_count -= (uint32_t)more;
  fs->super_dirty = true;
}

static int try_group(struct ext2_fs *fs, uint32_t index, bool directory, uint32_t *ino) {
  struct ext2_group group;
  int error = ext2_group_get(fs, index, &group);
  if (error != 0) return error;
  struct ext2_buffer *bitmap = NULL;
  error = group.disk.free_inodes_count == 0 ? -ENOSPC : ext2_bitmap_inodes(fs, &group, &bitmap);
  if (error == 0) {
    uint32_t bit = ext2_bit_find(bitmap->data, false, 0, fs->super.inodes_per_group);
    mark(fs, &group, bitmap, bit, true, directory);
    *ino = index * fs->super.inodes_per_group + bit + 1;
    ext2_buffer_put(bitmap);
  }
  ext2_group_put(&group);
  return error;
}

// The group with most free blocks among those with at least the average of free inodes, so that the
// files of different directories spread; 0 if none can be read.
static uint32_t roomy_group(struct ext2_fs *fs) {
  uint32_t best = 0, best_blocks = 0;
  for (uint32_t i = 0; i < fs->groups; i++) {
    struct ext2_group group;
    if (ext2_group_get(fs, i, &group) != 0) continue;
    bool average = group.disk.free_inodes_count >= fs->super.free_inodes_count / fs->groups;
    if (average && group.disk.free_blocks_count > best_blocks) {
      best = i;
      best_blocks = group.disk.free_blocks_count;
    }
    ext2_group_put(&group);
  }
  return best;
}

int ext2_ialloc(struct ext2_fs *fs, uint32_t parent, bool directory, uint32_t *ino) {
  if (fs->super.free_inodes_count == 0) return -ENOSPC;
  uint32_t start = directory ? roomy_group(fs) : ext2_group_of_inode(fs, parent);
  for (uint32_t i = 0; i < fs->groups; i++) {
    uint32_t index = (uint32_t)(((uint64_t)start + i) % fs->groups);
    if (try_group(fs, index, directory, ino) == 0) return 0;
  }
  return -EIO;  // There are free inodes, but only where a bitmap or a descriptor is wrong.
}

static bool may_name(const struct ext2_fs *fs, uint32_t ino) {
  return ino == EXT2_ROOT || (ino >= fs->first_ino && ino <= fs->super.inodes_count);
}

// Runs with the group and its bitmap at hand; `free` frees the inode.
static int visit(struct ext2_fs *fs, uint32_t ino, bool free, bool directory) {
  struct ext2_group group;
  int error = ext2_group_get(fs, ext2_group_of_inode(fs, ino), &group);
  if (error != 0) return error;
  struct ext2_buffer *bitmap;
  error = ext2_bitmap_inodes(fs, &group, &bitmap);
  if (error == 0) {
    uint32_t bit = (ino - 1) % fs->super.inodes_per_group;
    if (!ext2_bit(bitmap->data, bit)) {
      error = ext2_damage(fs, "an inode in use is marked free", ino);
    } else if (free) {
      bool counted = directory && group.disk.used_dirs_count > 0;
      mark(fs, &group, bitmap, bit, false, counted);
    }
    ext2_buffer_put(bitmap);
  }
  ext2_group_put(&group);
  return error;
}

int ext2_ifree(struct ext2_fs *fs, uint32_t ino, bool directory) {
  return visit(fs, ino, true, directory);
}

int ext2_ialloc_check(struct ext2_fs *fs, uint32_t ino) {
  if (!may_name(fs, ino)) return ext2_damage(fs, "an inode number is out of range", ino);
  return visit(fs, ino, false, false);
}
