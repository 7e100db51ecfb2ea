// Allocation of inodes.
#ifndef SERVERS_FS_EXT2_IALLOC_PRIV_H_
#define SERVERS_FS_EXT2_IALLOC_PRIV_H_

#include <stdbool.h>
#include <stdint.h>

struct ext2_fs;

// Allocates an inode: files in the group of their parent if it has room, directories in a roomy
// group.
// => -ENOSPC: none is free.
int ext2_ialloc(struct ext2_fs *fs, uint32_t parent, bool directory, uint32_t *ino);

// => -EIO, reported, nothing done: it is free already.
int ext2_ifree(struct ext2_fs *fs, uint32_t ino, bool directory);

// => -EIO, reported: `ino` is out of range, reserved (but the root), or free.
int ext2_ialloc_check(struct ext2_fs *fs, uint32_t ino);

#endif  // SERVERS_FS_EXT2_IALLOC_PRIV_H_
