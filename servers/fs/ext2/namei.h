// Walking a path.
#ifndef SERVERS_FS_EXT2_NAMEI_H_
#define SERVERS_FS_EXT2_NAMEI_H_

#include "servers/fs/ext2/names.h"

enum {
  EXT2_PATH_MAX = 4096,   // Bytes, a terminator included, symbolic links on the way expanded.
  EXT2_SYMLOOP_MAX = 40,  // Symbolic links followed in one walk.
};

enum ext2_namei_flags {
  EXT2_NAMEI_NOFOLLOW =
      1,  // A symbolic link as the last component is the result (unless a slash follows).
  EXT2_NAMEI_PARENT =
      2,  // Stop at the directory that holds the last component, which need not exist.
};

// Directories that something else is mounted on: a walk ends at each.
enum { EXT2_COVERED_MAX = 2 };

struct ext2_namei_result {
  struct ext2_inode *inode;  // A reference: the file, or with EXT2_NAMEI_PARENT its directory.
  // With EXT2_NAMEI_PARENT: the last component; "." if the path has none ("/").
  char last[EXT2_NAME_MAX];
  uint32_t last_length;
  bool directory_wanted;  // Slashes follow the last component.
  uint32_t parent;        // Without EXT2_NAMEI_PARENT: the inode of the directory that the last
                          // step was taken in, 0 if there was none.
  // 1 + number of the covered directory that the walk ended at, then `inode`; 0: none. What is left
  // of the path is `rest`, good until the next walk.
  uint32_t covered;
  struct ext2_name rest;
};

// Walks `path` from `start`, or from `root` if it (or a symbolic link on the way) begins with a
// slash. ".." in `root` stays there. The last component is not followed with EXT2_NAMEI_PARENT,
// whatever it is.
// => -ENOENT: a component is missing, or the path is empty; -ENOTDIR: a component before another
//    one or before a slash is no directory; -ELOOP; -ENAMETOOLONG: a component or the expanded
//    path; -EINVAL: a NUL in it.
int ext2_namei(struct ext2_inode *root, struct ext2_inode *start, struct ext2_name path,
               unsigned flags, struct ext2_namei_result *result);

// Covers directory `inode`, or none: 0. => number < EXT2_COVERED_MAX.
void ext2_cover(struct ext2_fs *fs, unsigned number, uint32_t inode);

#endif  // SERVERS_FS_EXT2_NAMEI_H_
