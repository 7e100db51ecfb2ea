// Block groups: their descriptors, and where the fixed metadata is.
#ifndef SERVERS_FS_EXT2_GROUP_PRIV_H_
#define SERVERS_FS_EXT2_GROUP_PRIV_H_

#include <stdbool.h>
#include <stdint.h>

#include "servers/fs/ext2/format.h"

struct ext2_buffer;
struct ext2_fs;

// Where things are in a group; checked: all within the group, none over another.
struct ext2_layout {
  uint32_t group;
  uint32_t first;         // The first block of the group.
  uint32_t blocks;        // The number of blocks in it.
  uint32_t super_blocks;  // At its beginning: superblock, descriptors, room for more of them.
  uint32_t block_bitmap;
  uint32_t inode_bitmap;
  uint32_t inode_table;
};

// A descriptor that is being worked on: a copy, and the buffer that it is from, pinned.
struct ext2_group {
  struct ext2_buffer *buffer;
  uint32_t offset;  // Of the descriptor in the buffer.
  struct ext2_disk_group disk;
  struct ext2_layout layout;
};

int ext2_group_get(struct ext2_fs *fs, uint32_t index, struct ext2_group *group);
void ext2_group_store(struct ext2_group *group);
void ext2_group_put(struct ext2_group *group);

// Where things are in a group.
int ext2_group_layout(struct ext2_fs *fs, uint32_t index, struct ext2_layout *layout);

// The blocks of all groups that fixed metadata takes, without reading.
uint64_t ext2_group_overhead(const struct ext2_fs *fs);

// Checks all descriptors and sums up their counts of free blocks and inodes.
int ext2_group_check_all(struct ext2_fs *fs, uint64_t *free_blocks, uint64_t *free_inodes);

// The group of a block or an inode, which is in range.
uint32_t ext2_group_of_block(const struct ext2_fs *fs, uint32_t block);
uint32_t ext2_group_of_inode(const struct ext2_fs *fs, uint32_t ino);

// How many of the blocks from `block` on, at most `max`, are in one group and not fixed metadata.
// => -EIO, reported: the first is out of range or fixed metadata.
int ext2_group_data_run(struct ext2_fs *fs, uint32_t block, uint32_t max, uint32_t *run);

#endif  // SERVERS_FS_EXT2_GROUP_PRIV_H_
