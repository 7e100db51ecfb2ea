// Names: directories, links and renaming. Each function works on one component in a directory given
// by inode.
//
// The contract common to all functions is in ext2.h, and these errors come from every function with
// a name:
// => -ENOTDIR: `dir` is not a directory; -ENOENT: the name is empty, or `dir` itself has been
//    removed; -ENAMETOOLONG: more than 255 bytes; -EINVAL: a slash or a NUL in the name; -ENFILE:
//    the inode table is full.
// => From those that add a name: -EEXIST; -ENOSPC (no block or no inode); -EFBIG: the directory
//    cannot grow.
#ifndef SERVERS_FS_EXT2_NAMES_H_
#define SERVERS_FS_EXT2_NAMES_H_

#include "servers/fs/ext2/inode.h"

enum { EXT2_NAME_MAX = 255 };

struct ext2_name {
  const char *text;  // Not terminated.
  size_t length;     // Bytes.
};

// Finds `name`, "." and ".." included. => -ENOENT.
int ext2_lookup(struct ext2_inode *dir, struct ext2_name name, struct ext2_inode **inode);

// The attributes of a new inode. The group is the directory's if that has the set-group-ID bit.
struct ext2_new {
  uint32_t mode;  // Permissions; with the type for ext2_mknod only.
  uint32_t uid;
  uint32_t gid;
};

// Make a new file and hand out a reference to it; `inode` may be NULL if the caller wants none.
int ext2_create(struct ext2_inode *dir, struct ext2_name name, const struct ext2_new *attributes,
                struct ext2_inode **inode);
// => -EMLINK: `dir` has EXT2_LINK_MAX links.
int ext2_mkdir(struct ext2_inode *dir, struct ext2_name name, const struct ext2_new *attributes,
               struct ext2_inode **inode);
// => the type in attributes->mode: fifo, character, block or socket, else -EINVAL; major < 4096,
//    minor < 2^20, else -EINVAL.
int ext2_mknod(struct ext2_inode *dir, struct ext2_name name, const struct ext2_new *attributes,
               uint32_t major, uint32_t minor, struct ext2_inode **inode);
// => 1 <= target.length < block size, else -ENOENT or -ENAMETOOLONG; no NUL in it, else -EINVAL.
int ext2_symlink(struct ext2_inode *dir, struct ext2_name name, struct ext2_name target,
                 const struct ext2_new *attributes, struct ext2_inode **inode);

// Copies at most `size` bytes of the target, without a terminator.
// => The bytes copied; -EINVAL: not a symbolic link.
int ext2_readlink(struct ext2_inode *inode, char *target, size_t size);

// => -EPERM: `inode` is a directory; -EMLINK; -ENOENT: `inode` has no name left.
int ext2_link(struct ext2_inode *dir, struct ext2_name name, struct ext2_inode *inode);

// => -ENOENT; -EISDIR: it is a directory.
int ext2_unlink(struct ext2_inode *dir, struct ext2_name name);

// => -ENOENT; -ENOTDIR: it is not a directory; -ENOTEMPTY (for ".." too); -EINVAL: ".".
int ext2_rmdir(struct ext2_inode *dir, struct ext2_name name);

// Moves a name; what had the new name before is removed. If both are the same file, nothing
// happens.
// => -ENOENT; -EINVAL: into the own subtree, or "." or ".."; -EISDIR, -ENOTDIR: only one is a
//    directory; -ENOTEMPTY; -EMLINK.
int ext2_rename(struct ext2_inode *old_dir, struct ext2_name old_name, struct ext2_inode *new_dir,
                struct ext2_name new_name);

struct ext2_dirent {
  uint32_t ino;
  uint32_t type;  // EXT2_MODE_ type, 0 if the directory does not tell.
  struct ext2_name name;
  uint64_t next;  // The cookie that goes on behind this entry.
};

// Calls `emit` for each entry from `cookie` on, "." and ".." included, until it returns false (the
// entry is then not consumed) or the end. `emit` must not call the file system.
// => `cookie`: 0 or ext2_dirent.next; it stays good while entries come and go: an entry that is
//    there all the time is seen exactly once.
// => 1: stopped by `emit`; 0: the end. A removed directory has no entries.
int ext2_readdir(struct ext2_inode *dir, uint64_t cookie,
                 bool (*emit)(void *ctx, const struct ext2_dirent *entry), void *ctx);

#endif  // SERVERS_FS_EXT2_NAMES_H_
