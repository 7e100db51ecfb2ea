// Inodes in memory, for the files of this folder.
#ifndef SERVERS_FS_EXT2_INODE_PRIV_H_
#define SERVERS_FS_EXT2_INODE_PRIV_H_

#include "servers/fs/ext2/format.h"
#include "servers/fs/ext2/inode.h"
#include "servers/fs/ext2/names.h"

struct ext2_inode {
  struct ext2_fs *fs;
  void *user;
  uint32_t ino;         // 0: the slot is free.
  uint32_t references;  // 0 if and only if the slot is free.
  uint32_t goal;        // Where the next block of content would best be; 0 if nothing is known.
  bool excess;          // Blocks may be allocated behind the end of the file.
  // Hash chains by index + 1, 0 at the end. Chain h begins in slot h, whatever that slot holds.
  uint32_t chain;
  uint32_t next;
  struct ext2_disk_inode
      disk;  // The first bytes of it; zero where the inode on the disk is shorter.
};

static inline bool ext2_is(const struct ext2_inode *inode, uint32_t type) {
  return (inode->disk.mode & EXT2_MODE_TYPE) == type;
}

// Allocates an inode of type and permissions attributes->mode for a name in `dir`, with no links
// yet: if the reference is put as it is, the inode is gone again. The caller stores it.
// => -ENFILE, -ENOSPC.
int ext2_inode_make(struct ext2_inode *dir, const struct ext2_new *attributes,
                    struct ext2_inode **inode);

// Copies inode->disk to the buffer of its inode table.
int ext2_inode_store(struct ext2_inode *inode);

// Sets times to now, in memory only. `what`: EXT2_TOUCH_ bits, and EXT2_TOUCH_CHANGED.
enum { EXT2_TOUCH_CHANGED = 4 };
void ext2_inode_touch(struct ext2_inode *inode, unsigned what);

// Sets inode->disk.size and size_high, and the large_file feature when it is needed.
void ext2_inode_resize(struct ext2_inode *inode, uint64_t size);

// Gives up the block of extended attributes, which other inodes may share. The caller stores the
// inode.
int ext2_attributes_release(struct ext2_inode *inode);

#endif  // SERVERS_FS_EXT2_INODE_PRIV_H_
