// A virtio device behind memory-mapped registers (virtio 1.2, section 4.2), version 2 and the
// legacy version 1, with one queue.
#ifndef SERVERS_FS_VIRTIO_MMIO_H_
#define SERVERS_FS_VIRTIO_MMIO_H_

#include <stdbool.h>
#include <stdint.h>

struct virtio_mmio {
  volatile uint32_t *registers;
  bool legacy;
};

// Looks at the registers at `address`. => the device id, 0 if there is no device.
uint32_t virtio_mmio_probe(struct virtio_mmio *device, uint64_t address);

// Resets the device and agrees on features: of those offered the ones in `wanted`.
// => what was agreed on; -EIO: the device refuses, or a reset does not come to an end.
int virtio_mmio_negotiate(struct virtio_mmio *device, uint64_t wanted, uint64_t *features);

// Gives queue 0 its memory (virtqueue.h), at most VIRTQUEUE_SIZE descriptors, and starts it.
// => the number of descriptors; -EIO: the queue cannot be used.
int virtio_mmio_start(struct virtio_mmio *device, uint64_t queue_physical);

// Tells the device that queue 0 has something new.
void virtio_mmio_notify(const struct virtio_mmio *device);

// Takes the interrupt's reasons away.
void virtio_mmio_acknowledge(const struct virtio_mmio *device);

// Stops the device: no more transfers.
void virtio_mmio_stop(const struct virtio_mmio *device);

// A word of the device's configuration, by byte offset; its first 64-bit field.
uint32_t virtio_mmio_config(const struct virtio_mmio *device, unsigned offset);
uint64_t virtio_mmio_config_first(const struct virtio_mmio *device);

#endif  // SERVERS_FS_VIRTIO_MMIO_H_
