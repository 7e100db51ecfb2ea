// Paths that callers put into their message page, and where they lead.
//
// All functions: => in a fiber, with volume.lock. The texts are good until the lock is released.
#ifndef SERVERS_FS_PATH_H_
#define SERVERS_FS_PATH_H_

#include "servers/fs/ext2/namei.h"
#include "servers/fs/process.h"

// The status of a walk that leaves the disk: to /dev/shm or /proc. An operation on the disk gives
// it back having changed nothing; then virtual_serve is asked, with path_virtual().
enum { PATH_VIRTUAL = -10000 };

// Copies the path at byte `offset` of the message page: 0 or FS_SECOND_PATH.
// => its text, absolute if the working directory is virtual; NULL: longer than FS_PATH_MAX.
const char *path_fetch(const struct process *process, unsigned offset);

// The same as it stands there.
const char *path_fetch_text(const struct process *process, unsigned offset);

struct ext2_name path_name(const char *text);

// Walks from the working directory. => a reference to the inode. -EIO: nothing is mounted.
int path_walk(const struct process *process, const char *text, unsigned flags,
              struct ext2_inode **inode);

// The directory in which the last walk of path_walk took its last step, an inode number; 0: none.
uint32_t path_parent(void);

// The directory of the last component, and that; the directory's inode is a reference.
int path_walk_parent(const struct process *process, const char *text,
                     struct ext2_namei_result *parent);

// The same from any directory.
int path_walk_from(struct ext2_inode *start, const char *text, unsigned flags,
                   struct ext2_namei_result *result);

// After PATH_VIRTUAL: the whole path, as virtual_path_join makes them.
const char *path_virtual(void);

// Whether something is mounted on this directory.
bool path_is_covered(const struct ext2_inode *inode);

// Covers the directories that the volume has for this.
void path_mount(void);

// The working directory's inode, NULL: nothing is mounted.
struct ext2_inode *path_start(const struct process *process);

#endif  // SERVERS_FS_PATH_H_
