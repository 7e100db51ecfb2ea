// Inodes in memory: references and attributes.
//
// An inode that anybody works with is in a table of fixed size, once, with a count of references.
// All functions that hand out an inode hand out a reference, to be given back by ext2_iput. A file
// whose last name is gone lives until its last reference is.
//
// The contract common to all functions is in ext2.h.
#ifndef SERVERS_FS_EXT2_INODE_H_
#define SERVERS_FS_EXT2_INODE_H_

#include "servers/fs/ext2/ext2.h"

enum { EXT2_ROOT = 2, EXT2_LINK_MAX = 32000 };

// The file types and permission bits of a mode, the values of POSIX systems and of the disk.
enum {
  EXT2_MODE_TYPE = 0170000,
  EXT2_MODE_FIFO = 0010000,
  EXT2_MODE_CHAR = 0020000,
  EXT2_MODE_DIR = 0040000,
  EXT2_MODE_BLOCK = 0060000,
  EXT2_MODE_REGULAR = 0100000,
  EXT2_MODE_SYMLINK = 0120000,
  EXT2_MODE_SOCKET = 0140000,
  EXT2_MODE_PERMISSIONS = 07777,
  EXT2_MODE_SETGID = 02000,
};

// => -ENFILE: the table is full; -EIO: also when `ino` is free, reserved or out of range, which is
//    taken for damage: numbers come from the disk.
int ext2_iget(struct ext2_fs *fs, uint32_t ino, struct ext2_inode **inode);

// One more reference to an inode that the caller has one of.
void ext2_iref(struct ext2_inode *inode);

// Gives a reference back; NULL is allowed. The last one frees the blocks and the inode if no name
// is left, and the blocks past the end of the file that ext2_alloc_range put there.
// => The reference is gone in any case; the value tells whether the freeing went well.
int ext2_iput(struct ext2_inode *inode);

uint32_t ext2_inode_number(const struct ext2_inode *inode);
uint32_t ext2_inode_mode(const struct ext2_inode *inode);  // Type and permissions.
uint64_t ext2_inode_size(const struct ext2_inode *inode);  // Bytes.
uint32_t ext2_inode_links(const struct ext2_inode *inode);

// A word for the caller's own use, NULL in an inode that was not referenced before.
void *ext2_inode_user(const struct ext2_inode *inode);
void ext2_inode_set_user(struct ext2_inode *inode, void *user);

struct ext2_stat {
  uint32_t ino;
  uint32_t mode;
  uint32_t links;
  uint32_t uid;
  uint32_t gid;
  uint32_t major;  // Of device nodes, else 0.
  uint32_t minor;
  uint64_t size;    // Bytes.
  uint64_t blocks;  // Of 512 bytes, indirect blocks included.
  uint32_t block_size;
  struct ext2_time accessed;
  struct ext2_time modified;
  struct ext2_time changed;
};

void ext2_stat(const struct ext2_inode *inode, struct ext2_stat *out);

// Sets the permission bits (mode & 07777).
int ext2_chmod(struct ext2_inode *inode, uint32_t mode);

// => EXT2_KEEP_ID leaves the owner or the group as it is.
#define EXT2_KEEP_ID UINT32_MAX
int ext2_chown(struct ext2_inode *inode, uint32_t uid, uint32_t gid);

// Sets the times; NULL leaves one as it is. The time of change becomes now. Times that the inode's
// format cannot hold are brought into its range, and nanoseconds are dropped in inodes of 128
// bytes.
// => -EINVAL: nanoseconds of a billion or more.
int ext2_utimes(struct ext2_inode *inode, const struct ext2_time *accessed,
                const struct ext2_time *modified);

enum { EXT2_TOUCH_ACCESSED = 1, EXT2_TOUCH_MODIFIED = 2 };

// Sets times to now: after a read, after a write (with it the time of change). `what`: EXT2_TOUCH_
// bits.
int ext2_touch(struct ext2_inode *inode, unsigned what);

#endif  // SERVERS_FS_EXT2_INODE_H_
