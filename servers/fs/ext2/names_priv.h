// What removing and renaming share.
#ifndef SERVERS_FS_EXT2_NAMES_PRIV_H_
#define SERVERS_FS_EXT2_NAMES_PRIV_H_

#include "servers/fs/ext2/dir_priv.h"

// Gives a new symbolic link its target. => -ENOSPC.
int ext2_symlink_write(struct ext2_inode *inode, struct ext2_name target);

// Finds the record of a name other than "." and ".." and gets its inode.
// => -ENOENT. After 0 the caller puts slot->buffer and the inode.
int ext2_names_find(struct ext2_inode *dir, struct ext2_name name, struct ext2_slot *slot,
                    struct ext2_inode **inode);

// => 0: `dir`, which has a name in `parent`, is sound and empty; -ENOTEMPTY.
int ext2_names_check_removable(struct ext2_inode *parent, struct ext2_inode *dir);

// Counts the links anew after the only name of `dir`, in `parent`, is gone.
int ext2_names_dropped_dir(struct ext2_inode *parent, struct ext2_inode *dir);

#endif  // SERVERS_FS_EXT2_NAMES_PRIV_H_
