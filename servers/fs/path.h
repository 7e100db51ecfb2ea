// Paths that callers put into their message page, and where they lead.
//
// All functions: => in a fiber, with volume.lock. The texts are good until the lock is released.
#ifndef SERVERS_FS_PATH_H_
#define SERVERS_FS_PATH_H_

#include "servers/fs/ext2/namei.h"
#include "servers/fs/process.h"

// Copies the path at byte `offset` of the message page: 0 or FS_SECOND_PATH.
// => its text; NULL: longer than FS_PATH_MAX.
const char *path_fetch(const struct process *process, unsigned offset);

struct ext2_name path_name(const char *text);

// Walks from the working directory. => a reference to the inode. -EIO: nothing is mounted.
int path_walk(const struct process *process, const char *text, unsigned flags,
              struct ext2_inode **inode);

// The directory of the last component, and that; the directory's inode is a reference.
int path_walk_parent(const struct process *process, const char *text,
                     struct ext2_namei_result *parent);

// The same from any directory.
int path_walk_from(struct ext2_inode *start, const char *text, unsigned flags,
                   struct ext2_namei_result *result);

// The working directory's inode, NULL: nothing is mounted.
struct ext2_inode *path_start(const struct process *process);

#endif  // SERVERS_FS_PATH_H_
