// Where the content of regular files is on the disk.
//
// Block numbers count blocks of the file system (ext2_statfs.block_size): block n begins at sector
// n * block_size / 512. Content never passes through the file system; the caller
// => writes every block that ext2_alloc_range added, whole, before it can be read: it holds old
//    data;
// => zeroes what lies in the last block behind the end of the file before the file grows over it;
// => has no transfer under way to blocks of a file while it truncates it or drops its last
//    reference.
//
// The contract common to all functions is in ext2.h. All give -EINVAL if the inode is not a regular
// file.
#ifndef SERVERS_FS_EXT2_FILE_H_
#define SERVERS_FS_EXT2_FILE_H_

#include "servers/fs/ext2/inode.h"

// Finds the disk block of `file_block`, or 0 for a hole, and how many blocks go on in the same way
// (consecutive blocks on the disk, or more hole).
// => `max` >= 1 bounds *run, which may end early: 1 <= *run <= max.
// => Blocks past the end of the file are found too, as a hole if never allocated.
// => -EFBIG: file_block is past what a file can have.
int ext2_bmap(struct ext2_inode *inode, uint64_t file_block, uint32_t max, uint64_t *disk_block,
              uint32_t *run);

// Backs file blocks [first, first + count) with disk blocks where there is a hole, consecutive if
// possible. The size of the file stays; blocks past it are given back with the last reference
// unless ext2_set_size has covered them by then.
// => -ENOSPC: nothing allocated; -EFBIG: past what a file can have, nothing allocated. After -EIO a
//    part may be allocated.
int ext2_alloc_range(struct ext2_inode *inode, uint64_t first, uint64_t count);

// Makes the file `size` bytes long if it is shorter, and sets the time of modification.
// => -EFBIG: past ext2_max_file_size.
int ext2_set_size(struct ext2_inode *inode, uint64_t size);

// Makes the file `size` bytes long: frees the blocks behind, or leaves a hole.
// => -EFBIG: past ext2_max_file_size. After -EIO the size is set, but some blocks may not be free.
int ext2_truncate(struct ext2_inode *inode, uint64_t size);

// The largest size of a file, in bytes: what triple indirect blocks reach and 32 bits of sectors
// count.
uint64_t ext2_max_file_size(const struct ext2_fs *fs);

#endif  // SERVERS_FS_EXT2_FILE_H_
