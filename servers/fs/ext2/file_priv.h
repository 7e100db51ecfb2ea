// The tree of block numbers of an inode, for the files of this folder.
//
// Regular files, directories and long symbolic links have it: direct numbers in the inode, then
// trees of one, two and three levels of indirect blocks.
#ifndef SERVERS_FS_EXT2_FILE_PRIV_H_
#define SERVERS_FS_EXT2_FILE_PRIV_H_

#include "servers/fs/ext2/file.h"

struct ext2_buffer;

// The way from the inode to the number of a block: index[0] in the inode, index[i] in the i-th
// indirect block.
struct ext2_path {
  uint32_t depth;  // Indirect blocks on the way, 0 to 3.
  uint32_t index[4];
};

// => -EFBIG.
int ext2_path_to(const struct ext2_fs *fs, uint64_t file_block, struct ext2_path *path);

// The indirect block `block` of the inode, pinned; `level` 1 for one with numbers of content.
// => -EIO, reported: also if a number in it is out of the file system's range.
int ext2_indirect_get(struct ext2_inode *inode, uint32_t block, uint32_t level,
                      struct ext2_buffer **buffer);

// What the content of the inode is in the cache's terms. Its owner is the inode.
unsigned ext2_content_use(const struct ext2_inode *inode);

// As ext2_bmap and ext2_alloc_range, for all types of inodes. The number is checked against the
// layout.
int ext2_map(struct ext2_inode *inode, uint64_t file_block, uint32_t max, uint64_t *disk_block,
             uint32_t *run);
int ext2_extend(struct ext2_inode *inode, uint64_t first, uint64_t count);

// Frees the blocks from file block `first` on. The caller stores the inode, after an error too.
int ext2_free_blocks(struct ext2_inode *inode, uint64_t first);

// Whether block[] holds block numbers.
bool ext2_has_blocks(const struct ext2_inode *inode);

#endif  // SERVERS_FS_EXT2_FILE_PRIV_H_
