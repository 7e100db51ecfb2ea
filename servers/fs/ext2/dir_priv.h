// The records of directories, for the files of this folder.
//
// A directory block is a chain of records that fills it exactly. Block 0 of a directory begins with
// "." and "..". A hash tree, where there is one, hides in records that look unused or in the slack
// of "..": it is not used, and its flag is taken off when the directory is changed, which makes it
// a plain directory.
#ifndef SERVERS_FS_EXT2_DIR_PRIV_H_
#define SERVERS_FS_EXT2_DIR_PRIV_H_

#include "servers/fs/ext2/buffer_priv.h"
#include "servers/fs/ext2/names.h"

// A record in use: where it is, and its head.
struct ext2_slot {
  struct ext2_buffer *buffer;  // Pinned.
  uint32_t offset;             // In the block.
  uint32_t previous;  // The offset of the record before it in the block; `offset` if there is none.
  uint32_t ino;
};

// Checks that `dir` is a directory that is not removed and `name` a name, as told in names.h.
int ext2_dir_check(const struct ext2_inode *dir, struct ext2_name name);

bool ext2_is_dot(struct ext2_name name);
bool ext2_is_dot_dot(struct ext2_name name);

// Block `index` of the directory, pinned and checked.
int ext2_dir_block(struct ext2_inode *dir, uint32_t index, struct ext2_buffer **buffer);

// => -ENOENT. After 0 the caller puts slot->buffer.
int ext2_dir_find(struct ext2_inode *dir, struct ext2_name name, struct ext2_slot *slot);

// Enters a name that is not there yet. => -ENOSPC, -EFBIG.
int ext2_dir_insert(struct ext2_inode *dir, struct ext2_name name, const struct ext2_inode *inode);

// Takes a record out.
int ext2_dir_remove(struct ext2_inode *dir, const struct ext2_slot *slot);

// Makes a record name another inode.
int ext2_dir_replace(struct ext2_inode *dir, const struct ext2_slot *slot,
                     const struct ext2_inode *inode);

// The slot of "..". After 0 the caller puts slot->buffer.
int ext2_dir_parent(struct ext2_inode *dir, struct ext2_slot *slot);

// => -ENOTEMPTY.
int ext2_dir_empty(struct ext2_inode *dir);

// Gives a new directory its first block, with "." and "..". => -ENOSPC.
int ext2_dir_init(struct ext2_inode *dir, uint32_t parent);

#endif  // SERVERS_FS_EXT2_DIR_PRIV_H_
