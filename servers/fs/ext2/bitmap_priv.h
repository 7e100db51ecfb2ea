// The bitmaps of a group.
#ifndef SERVERS_FS_EXT2_BITMAP_PRIV_H_
#define SERVERS_FS_EXT2_BITMAP_PRIV_H_

#include <stdbool.h>
#include <stdint.h>

#include "servers/fs/ext2/buffer_priv.h"
#include "servers/fs/ext2/group_priv.h"

static inline bool ext2_bit(const uint8_t *bits, uint32_t i) { return bits[i / 8] >> (i % 8) & 1; }

// The first index in [from, end) whose bit is `value`, or `end`.
uint32_t ext2_bit_find(const uint8_t *bits, bool value, uint32_t from, uint32_t end);

// Sets [from, from + count) to `value`.
void ext2_bit_fill(uint8_t *bits, bool value, uint32_t from, uint32_t count);

// Whether all of [from, from + count) is `value`.
bool ext2_bit_all(const uint8_t *bits, bool value, uint32_t from, uint32_t count);

// The block bitmap (one bit per block from layout.first) or the inode bitmap (one per inode) of a
// group, pinned.
// => -EIO, reported: it disagrees with the count in the descriptor, or gives fixed metadata away.
int ext2_bitmap_blocks(struct ext2_fs *fs, const struct ext2_group *group,
                       struct ext2_buffer **bitmap);
int ext2_bitmap_inodes(struct ext2_fs *fs, const struct ext2_group *group,
                       struct ext2_buffer **bitmap);

#endif  // SERVERS_FS_EXT2_BITMAP_PRIV_H_
