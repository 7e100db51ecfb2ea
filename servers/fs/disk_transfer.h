// A transfer between the disk and physical memory.
#ifndef SERVERS_FS_DISK_TRANSFER_H_
#define SERVERS_FS_DISK_TRANSFER_H_

#include <stdint.h>

enum { DISK_SECTOR_BYTES = 512 };
enum { DISK_SEGMENTS_MAX = 18 };

enum disk_op {
  DISK_READ = 0,
  DISK_WRITE = 1,
  DISK_FLUSH = 4,  // the values of virtio-blk
};

struct disk_segment {
  uint64_t physical;
  uint32_t bytes;
};

// One transfer of consecutive sectors. The caller fills all but `slot`, and leaves it alone until
// `done` is called, from the event loop: it must not wait.
struct disk_transfer {
  enum disk_op op;
  uint64_t sector;
  unsigned count;  // segments, at most disk_segments_max(); together whole sectors
  struct disk_segment segment[DISK_SEGMENTS_MAX];
  void (*done)(struct disk_transfer *transfer, int status);  // 0 or -EIO
  uint8_t slot;
};

#endif  // SERVERS_FS_DISK_TRANSFER_H_
