#include "servers/fs/ext2/bitmap_priv.h"
#include "servers/fs/ext2/fs_priv.h"

uint32_t ext2_bit_find(const uint8_t *bits, bool value, uint32_t from, uint32_t end) {
  uint8_t none = value ? 0x00 : 0xFF;
  while (from < end) {
    if (from % 8 == 0 && bits[from / 8] == none) {
      from += 8;
    } else if (ext2_bit(bits, from) == value) {
      return from;
    } else {
      from++;
    }
  }
  return end;
}

void ext2_bit_fill(uint8_t *bits, bool value, uint32_t from, uint32_t count) {
  for (uint32_t i = from; i < from + count; i++) {
    uint8_t mask = (uint8_t)(1u << (i % 8));
    bits[i / 8] = value ? bits[i / 8] | mask : bits[i / 8] & (uint8_t)~mask;
  }
}

bool ext2_bit_all(const uint8_t *bits, bool value, uint32_t from, uint32_t count) {
  return ext2_bit_find(bits, !value, from, from + count) == from + count;
}

static uint32_t count_clear(const uint8_t *bits, uint32_t end) {
  uint32_t set = 0;
  for (uint32_t i = 0; i < end / 8; i++) set += (uint32_t)__builtin_popcount(bits[i]);
  for (uint32_t i = end / 8 * 8; i < end; i++) set += ext2_bit(bits, i);
  return end - set;
}

static bool blocks_sound(const struct ext2_fs *fs, const struct ext2_group *group,
                         const uint8_t *bits) {
  const struct ext2_layout *l = &group->layout;
  return ext2_bit_all(bits, true, 0, l->super_blocks) &&
         ext2_bit(bits, l->block_bitmap - l->first) && ext2_bit(bits, l->inode_bitmap - l->first) &&
         ext2_bit_all(bits, true, l->inode_table - l->first, fs->inode_table_blocks) &&
         count_clear(bits, l->blocks) == group->disk.free_blocks_count;
}

static bool inodes_sound(const struct ext2_fs *fs, const struct ext2_group *group,
                         const uint8_t *bits) {
  uint32_t reserved = ext2_min(fs->first_ino - 1, fs->super.inodes_per_group);
  if (group->layout.group == 0 && !ext2_bit_all(bits, true, 0, reserved)) return false;
  return count_clear(bits, fs->super.inodes_per_group) == group->disk.free_inodes_count;
}

int ext2_bitmap_blocks(struct ext2_fs *fs, const struct ext2_group *group,
                       struct ext2_buffer **bitmap) {
  const struct ext2_layout *l = &group->layout;
  int error = ext2_buffer_get(fs, l->block_bitmap, EXT2_USE_BLOCK_BITMAP, l->group, bitmap);
  if (error != 0 || (*bitmap)->checked) return error;
  if (!blocks_sound(fs, group, (*bitmap)->data)) {
    ext2_buffer_reject(fs, *bitmap);
    return ext2_damage(fs, "the block bitmap of a group is wrong", l->group);
  }
  (*bitmap)->checked = true;
  return 0;
}

int ext2_bitmap_inodes(struct ext2_fs *fs, const struct ext2_group *group,
                       struct ext2_buffer **bitmap) {
  const struct ext2_layout *l = &group->layout;
  int error = ext2_buffer_get(fs, l->inode_bitmap, EXT2_USE_INODE_BITMAP, l->group, bitmap);
  if (error != 0 || (*bitmap)->checked) return error;
  if (!inodes_sound(fs, group, (*bitmap)->data)) {
    ext2_buffer_reject(fs, *bitmap);
    return ext2_damage(fs, "the inode bitmap of a group is wrong", l->group);
  }
  (*bitmap)->checked = true;
  return 0;
}
