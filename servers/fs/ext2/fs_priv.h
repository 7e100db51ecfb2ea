// The file system in memory, for the files of this folder.
#ifndef SERVERS_FS_EXT2_FS_PRIV_H_
#define SERVERS_FS_EXT2_FS_PRIV_H_

#include <errno.h>

#include "servers/fs/ext2/buffer_priv.h"
#include "servers/fs/ext2/ext2.h"
#include "servers/fs/ext2/format.h"
#include "servers/fs/ext2/group_priv.h"
#include "servers/fs/ext2/inode.h"
#include "servers/fs/ext2/namei.h"

struct ext2_fs {
  struct ext2_disk_super
      super;  // As on the disk but for what super_dirty says; first, for its alignment.
  struct block_device device;
  struct ext2_options options;

  // Geometry, from the superblock, constant.
  uint32_t block_size;  // Bytes.
  uint32_t block_bits;  // log2(block_size).
  uint32_t sectors_per_block;
  uint32_t groups;
  uint32_t descriptor_blocks;
  uint32_t inode_size;
  uint32_t inode_table_blocks;  // Per group.
  uint32_t first_ino;
  uint32_t pointers_bits;  // log2 of the block numbers in an indirect block.
  uint64_t max_file_size;

  bool read_only;
  bool damaged;      // Damage was found: the clean state must not come back.
  bool changed;      // The clean state is off the disk.
  bool super_dirty;  // The superblock in memory is newer.
  uint16_t mount_state;

  struct ext2_cache cache;
  struct ext2_layout layout;           // The one last used; layout.blocks is 0 if none.
  struct ext2_inode *inodes;           // options.inodes slots.
  char path[EXT2_PATH_MAX];            // What is left of the path that namei walks.
  uint32_t covered[EXT2_COVERED_MAX];  // Inodes of directories, 0 for none.
};

// Notes and reports damage. => -EIO.
int ext2_damage(struct ext2_fs *fs, const char *what, uint64_t number);

// To be called before the first thing is changed by an operation.
// => -EROFS. Takes the clean state off the disk if it is still there.
int ext2_begin_change(struct ext2_fs *fs);

// Fills in the geometry from fs->super and checks it against the device. => As ext2_mount.
int ext2_super_check(struct ext2_fs *fs);
int ext2_super_read(struct ext2_fs *fs);
int ext2_super_write(struct ext2_fs *fs);

static inline uint32_t ext2_min(uint64_t a, uint64_t b) { return (uint32_t)(a < b ? a : b); }

#endif  // SERVERS_FS_EXT2_FS_PRIV_H_
