// A split virtqueue (virtio 1.2, section 2.7): the driver's bookkeeping, without the device's
// registers. Layout in memory as legacy devices want it, which modern ones accept.
#ifndef SERVERS_FS_VIRTQUEUE_H_
#define SERVERS_FS_VIRTQUEUE_H_

#include <stdbool.h>
#include <stdint.h>

enum {
  VIRTQUEUE_SIZE = 128,                   // descriptors, a power of two
  VIRTQUEUE_BYTES = 2 * 4096,             // of memory, zeroed, aligned to 4096
  VIRTQUEUE_AVAIL = VIRTQUEUE_SIZE * 16,  // where the parts are in it
  VIRTQUEUE_USED = 4096,
};

struct virtq_desc {
  uint64_t address;
  uint32_t bytes;
  uint16_t flags;
  uint16_t next;
};

struct virtq_avail {
  uint16_t flags;
  uint16_t index;
  uint16_t ring[VIRTQUEUE_SIZE];
};

struct virtq_used {
  uint16_t flags;
  uint16_t index;
  struct {
    uint32_t id;
    uint32_t bytes;
  } ring[VIRTQUEUE_SIZE];
};

struct virtqueue {
  volatile struct virtq_desc *desc;
  volatile struct virtq_avail *avail;
  volatile struct virtq_used *used;
  uint16_t size;       // used of VIRTQUEUE_SIZE, a power of two
  uint16_t free_head;  // list of free descriptors
  uint16_t free_count;
  uint16_t avail_index;
  uint16_t used_index;
  void *owner[VIRTQUEUE_SIZE];    // of the chain that begins here, NULL if none does
  uint16_t next[VIRTQUEUE_SIZE];  // the device might change those in desc
};

// Memory by physical address.
struct virtq_segment {
  uint64_t address;
  uint32_t bytes;
  bool device_writes;
};

// => size: a power of two, at most VIRTQUEUE_SIZE.
void virtqueue_init(struct virtqueue *queue, void *memory, uint16_t size);

// Hands a chain of segments to the device; `owner`, not NULL, comes back from virtqueue_take.
// => false: not enough free descriptors; nothing has changed.
bool virtqueue_add(struct virtqueue *queue, const struct virtq_segment *segments, unsigned count,
                   void *owner);

enum virtqueue_result { VIRTQUEUE_EMPTY = 0, VIRTQUEUE_TAKEN = 1, VIRTQUEUE_BROKEN = 2 };

// Takes a chain that the device is done with.
// => VIRTQUEUE_BROKEN: the device named one that it does not have. It cannot be trusted any more.
enum virtqueue_result virtqueue_take(struct virtqueue *queue, void **owner);

#endif  // SERVERS_FS_VIRTQUEUE_H_
