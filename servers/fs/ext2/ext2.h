// An ext2 file system: mounting it and the file system as a whole.
//
//   ext2.h     mount, sync, unmount, statfs          inode.h  iget/iput, stat, chmod, chown, utimes
//   names.h    lookup, create, unlink, rename, ...   file.h   bmap, alloc_range, set_size, truncate
//   namei.h    walking a path
//
// Only metadata passes through here: superblock, group descriptors, bitmaps, inode tables, indirect
// blocks, directories and long symbolic links live in a bounded cache of block buffers. The content
// of files does not: the caller asks file.h where it is and moves it.
//
// Contract of every function of these headers:
// => The caller holds one lock per file system around each call; calls may sleep in the block
//    device.
// => Returns 0 (or what is said there) or a negative errno. These come from any function and are
//    not repeated: -EIO (the device failed, or the structures on it are damaged; damage is also
//    told to options.report) and, from those that change something, -EROFS.
// => A damaged structure is never written and never followed: each block number is checked against
//    the device, the group layout and the use the cache knows for it, each record before it is
//    used. The file system lives on, but is marked so that e2fsck will check it.
// => An error other than -EIO leaves nothing changed.
// => No permission checks: the caller knows who asks.
#ifndef SERVERS_FS_EXT2_EXT2_H_
#define SERVERS_FS_EXT2_EXT2_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "servers/fs/ext2/block_device.h"

struct ext2_fs;
struct ext2_inode;

struct ext2_time {
  int64_t seconds;  // Since 1970-01-01 UTC.
  uint32_t nanoseconds;
};

struct ext2_options {
  uint32_t buffers;   // Capacity of the buffer cache in blocks, EXT2_MIN_ to EXT2_MAX_BUFFERS.
  uint32_t inodes;    // Capacity of the inode table, EXT2_MIN_INODES to EXT2_MAX_INODES.
  bool read_only;     // Change nothing on the device.
  bool use_reserved;  // Files may take the blocks reserved for the super-user.
  struct ext2_time (*now)(void *ctx);
  // Told of each damage found: what, and the block or inode number. May be NULL.
  void (*report)(void *ctx, const char *what, uint64_t number);
  void *ctx;  // Handed to `now` and `report`.
};

enum {
  EXT2_MIN_BUFFERS = 32,
  EXT2_MAX_BUFFERS = 16384,
  EXT2_MIN_INODES = 8,
  EXT2_MAX_INODES = 16384,
  EXT2_ARENA_ALIGNMENT = 4096,
};

// The bytes of memory that a file system needs. Buffers come first, so that none crosses a 4 KiB
// boundary.
#define EXT2_ARENA_SIZE(buffers, inodes) \
  (8192 + 4096 + (size_t)(buffers)*4160 + (size_t)(inodes)*320)

// Mounts the file system on `device`.
// => `arena` has EXT2_ARENA_SIZE(options->buffers, options->inodes) bytes aligned to
//    EXT2_ARENA_ALIGNMENT, and belongs to the file system until unmount; `device` and `options` are
//    copied, what they point to is not.
// => The device is not written before the first change; the clean state is taken away then.
// => An unknown read-only-compatible feature makes the file system read-only.
// => -EINVAL: not ext2, or options out of range; -ENOTSUP: an incompatible feature, revision or
//    block size that is not supported (1024, 2048 and 4096 are); -EIO: it is ext2 but damaged;
//    -ENOMEM: the arena is too small.
int ext2_mount(const struct block_device *device, const struct ext2_options *options, void *arena,
               size_t arena_size, struct ext2_fs **fs);

// Writes every dirty buffer, in ascending block order, and the superblock, and flushes the device.
// => All that can be written is, even after an error, of which the first is returned.
int ext2_sync(struct ext2_fs *fs);

// Syncs and puts the clean state back, unless it was missing at mount or damage was found since.
// => -EBUSY while an inode is referenced. After 0 the arena is the caller's again; after -EIO too.
int ext2_unmount(struct ext2_fs *fs);

struct ext2_statfs {
  uint32_t block_size;        // Bytes.
  uint64_t blocks;            // For files and directories: the fixed metadata is not counted.
  uint64_t free_blocks;       // Reserved ones included.
  uint64_t available_blocks;  // Reserved ones excluded.
  uint32_t inodes;
  uint32_t free_inodes;
  bool read_only;
  bool damaged;  // Damage was found, now or before the mount.
};

void ext2_statfs(const struct ext2_fs *fs, struct ext2_statfs *out);

#endif  // SERVERS_FS_EXT2_EXT2_H_
