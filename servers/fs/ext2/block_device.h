// The seam between the file system and the disk.
//
// The server puts its virtio-blk driver behind it, the tests an array. A function may let other
// fibers run while it waits; the file system's caller holds the lock that keeps them out (see
// ext2.h).
#ifndef SERVERS_FS_EXT2_BLOCK_DEVICE_H_
#define SERVERS_FS_EXT2_BLOCK_DEVICE_H_

#include <stdint.h>

enum { BLOCK_DEVICE_SECTOR_SIZE = 512 };

struct block_device {
  // Transfers `sectors` sectors from `sector` on, with sector + sectors <= the device's size.
  // => 0, or a negative errno; after an error the content of the buffer (of the sectors) is
  //    undefined.
  int (*read)(void *ctx, uint64_t sector, uint32_t sectors, void *buf);
  int (*write)(void *ctx, uint64_t sector, uint32_t sectors, const void *buf);
  // Makes every write that has returned durable. => 0 or a negative errno.
  int (*flush)(void *ctx);
  uint64_t sectors;  // The size of the device in sectors of 512 bytes.
  void *ctx;         // Handed to the three functions.
};

#endif  // SERVERS_FS_EXT2_BLOCK_DEVICE_H_
