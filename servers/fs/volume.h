// The mounted file system: one ext2 volume, on the first disk that has one.
#ifndef SERVERS_FS_VOLUME_H_
#define SERVERS_FS_VOLUME_H_

#include <stdbool.h>
#include <stdint.h>

#include "servers/fs/ext2/ext2.h"
#include "servers/fs/fiber.h"

struct volume {
  struct ext2_fs *ext2;  // NULL while nothing is mounted
  struct disk *disk;     // that it is on
  struct vnode *root;
  uint32_t block_bytes;
  bool read_only;
  // The lock of the ext2 library, and of all that vnodes know about blocks. What is done without
  // it: moving data between disk and page cache, and everything that cannot wait.
  struct fiber_lock lock;
};

extern struct volume volume;

// Mounts the volume. Without one fs goes on, and every operation on files gives EIO.
// => called in a fiber that does not hold the lock.
void volume_mount(void);

// Writes all metadata; the data of files has been written. => in a fiber, with the lock.
int volume_sync(void);

// Lets go of every file, writes all metadata and marks the volume clean. => as volume_sync.
int volume_unmount(void);

#endif  // SERVERS_FS_VOLUME_H_
