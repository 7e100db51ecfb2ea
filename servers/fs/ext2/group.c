#include "servers/fs/ext2/fs_priv.h"

static bool is_power_of(uint32_t number, uint32_t base) {
  while (number % base == 0) number /= base;
  return number == 1;
}

// With sparse superblocks the backups are in groups 0 and 1 and the powers of 3, 5 and 7.
static bool has_super(const struct ext2_fs *fs, uint32_t index) {
  if (index <= 1 || !(fs->super.ro_compat & EXT2_RO_COMPAT_SPARSE_SUPER)) return true;
  return is_power_of(index, 3) || is_power_of(index, 5) || is_power_of(index, 7);
}

static uint32_t super_blocks(const struct ext2_fs *fs, uint32_t index) {
  if (!has_super(fs, index)) return 0;
  bool reserves = fs->super.compat & EXT2_COMPAT_RESIZE_INODE;
  return 1 + fs->descriptor_blocks + (reserves ? fs->super.reserved_descriptor_blocks : 0);
}

uint64_t ext2_group_overhead(const struct ext2_fs *fs) {
  uint64_t sum = fs->super.first_data_block;
  for (uint32_t i = 0; i < fs->groups; i++) sum += super_blocks(fs, i) + 2 + fs->inode_table_blocks;
  return sum;
}

uint32_t ext2_group_of_block(const struct ext2_fs *fs, uint32_t block) {
  return (block - fs->super.first_data_block) / fs->super.blocks_per_group;
}

uint32_t ext2_group_of_inode(const struct ext2_fs *fs, uint32_t ino) {
  return (ino - 1) / fs->super.inodes_per_group;
}

static bool overlap(uint32_t a, uint32_t a_blocks, uint32_t b, uint32_t b_blocks) {
  return a < b + b_blocks && b < a + a_blocks;
}

static bool sound(const struct ext2_fs *fs, const struct ext2_layout *l) {
  uint32_t free = l->first + l->super_blocks, end = l->first + l->blocks,
           table = fs->inode_table_blocks;
  if (l->block_bitmap < free || l->block_bitmap >= end) return false;
  if (l->inode_bitmap < free || l->inode_bitmap >= end) return false;
  if (l->inode_table < free || l->inode_table >= end || end - l->inode_table < table) return false;
  return l->block_bitmap != l->inode_bitmap &&
         !overlap(l->block_bitmap, 1, l->inode_table, table) &&
         !overlap(l->inode_bitmap, 1, l->inode_table, table);
}

static struct ext2_layout layout_of(const struct ext2_fs *fs, uint32_t index,
                                    const struct ext2_disk_group *disk) {
  uint32_t first = fs->super.first_data_block + index * fs->super.blocks_per_group;
  return (struct ext2_layout){
      .group = index,
      .first = first,
      .blocks = ext2_min(fs->super.blocks_per_group, fs->super.blocks_count - first),
      .super_blocks = super_blocks(fs, index),
      .block_bitmap = disk->block_bitmap,
      .inode_bitmap = disk->inode_bitmap,
      .inode_table = disk->inode_table,
  };
}

int ext2_group_get(struct ext2_fs *fs, uint32_t index, struct ext2_group *group) {
  uint32_t per_block = fs->block_size / EXT2_DESCRIPTOR_SIZE;
  uint32_t block = fs->super.first_data_block + 1 + index / per_block;
  int error = ext2_buffer_get(fs, block, EXT2_USE_DESCRIPTORS, 0, &group->buffer);
  if (error != 0) return error;
  group->offset = index % per_block * EXT2_DESCRIPTOR_SIZE;
  memcpy(&group->disk, group->buffer->data + group->offset, EXT2_DESCRIPTOR_SIZE);
  group->layout = layout_of(fs, index, &group->disk);
  if (!sound(fs, &group->layout) || group->disk.free_blocks_count > group->layout.blocks ||
      group->disk.free_inodes_count > fs->super.inodes_per_group) {
    ext2_buffer_put(group->buffer);
    return ext2_damage(fs, "a group descriptor is out of range", index);
  }
  fs->layout = group->layout;
  return 0;
}

void ext2_group_store(struct ext2_group *group) {
  memcpy(group->buffer->data + group->offset, &group->disk, EXT2_DESCRIPTOR_SIZE);
  ext2_buffer_dirty(group->buffer);
}

void ext2_group_put(struct ext2_group *group) { ext2_buffer_put(group->buffer); }

int ext2_group_layout(struct ext2_fs *fs, uint32_t index, struct ext2_layout *layout) {
  if (fs->layout.blocks == 0 || fs->layout.group != index) {
    struct ext2_group group;
    int error = ext2_group_get(fs, index, &group);
    if (error != 0) return error;
    ext2_group_put(&group);
  }
  *layout = fs->layout;
  return 0;
}

int ext2_group_check_all(struct ext2_fs *fs, uint64_t *free_blocks, uint64_t *free_inodes) {
  *free_blocks = *free_inodes = 0;
  for (uint32_t i = 0; i < fs->groups; i++) {
    struct ext2_group group;
    int error = ext2_group_get(fs, i, &group);
    if (error != 0) return error;
    *free_blocks += group.disk.free_blocks_count;
    *free_inodes += group.disk.free_inodes_count;
    ext2_group_put(&group);
  }
  return 0;
}

// Cuts [block, *end) short where [from, from + blocks) begins. => Whether `block` itself is
// outside.
static bool clip(uint32_t block, uint32_t *end, uint32_t from, uint32_t blocks) {
  if (block >= from && block - from < blocks) return false;
  if (block<from && * end> from) *end = from;
  return true;
}

int ext2_group_data_run(struct ext2_fs *fs, uint32_t block, uint32_t max, uint32_t *run) {
  if (block < fs->super.first_data_block || block >= fs->super.blocks_count)
    return ext2_damage(fs, "a block number is out of range", block);
  struct ext2_layout l;
  int error = ext2_group_layout(fs, ext2_group_of_block(fs, block), &l);
  if (error != 0) return error;
  uint32_t end = block + ext2_min(max, l.first + l.blocks - block);
  if (!clip(block, &end, l.first, l.super_blocks) || !clip(block, &end, l.block_bitmap, 1) ||
      !clip(block, &end, l.inode_bitmap, 1) ||
      !clip(block, &end, l.inode_table, fs->inode_table_blocks))
    return ext2_damage(fs, "a block number points into fixed metadata", block);
  *run = end - block;
  return 0;
}
