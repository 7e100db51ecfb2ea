// Allocation of blocks.
#ifndef SERVERS_FS_EXT2_BALLOC_PRIV_H_
#define SERVERS_FS_EXT2_BALLOC_PRIV_H_

#include <stdint.h>

struct ext2_fs;

// The free blocks that may be allocated: without the reserved ones, unless options.use_reserved.
uint32_t ext2_balloc_available(const struct ext2_fs *fs);

// Allocates between 1 and `want` consecutive blocks, at `goal` if that is free, else near it.
// => The caller has compared what it needs with ext2_balloc_available.
// => -EIO if blocks should be free, but are only where the bitmap is damaged.
int ext2_balloc(struct ext2_fs *fs, uint32_t goal, uint32_t want, uint32_t *first, uint32_t *got);

// Whether ext2_bfree will free the blocks. => -EIO, reported: it will not.
int ext2_bfree_check(struct ext2_fs *fs, uint32_t first, uint32_t count, unsigned use,
                     uint32_t owner);

// Frees `count` consecutive blocks of one group that had this use and owner.
// => -EIO, reported, nothing done: one is fixed metadata, free already, or used otherwise as the
//    cache knows.
int ext2_bfree(struct ext2_fs *fs, uint32_t first, uint32_t count, unsigned use, uint32_t owner);

#endif  // SERVERS_FS_EXT2_BALLOC_PRIV_H_
