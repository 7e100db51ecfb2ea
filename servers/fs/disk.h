// The disk: transfers between it and physical memory, several at a time.
#ifndef SERVERS_FS_DISK_H_
#define SERVERS_FS_DISK_H_

#include <stdbool.h>
#include <stdint.h>

#include "protocols/server.h"
#include "servers/fs/disk_transfer.h"
#include "servers/fs/ext2/block_device.h"

// Finds the first virtio block device and starts it.
// => -ENODEV: there is none; -EIO: it does not work.
int disk_start(const struct server_info *info);

uint64_t disk_sectors(void);
bool disk_read_only(void);
unsigned disk_segments_max(void);

// Starts a transfer; waits only for a free place in the device's queue. => called in a fiber.
// => -EIO: out of range or the device has failed, `done` is not called.
int disk_submit(struct disk_transfer *transfer);

// NOTIFY_IRQ: finishes what the device is done with.
void disk_interrupt(void);

// Device-visible memory.
uint64_t disk_physical(const void *memory);  // => within SERVER_DMA
void *disk_zero_page(void);
void *disk_discard_page(void);      // for what nobody wants
void *disk_scratch(void);           // one page, for the holder of volume.lock
void *disk_arena(uint64_t *bytes);  // the rest

// Transfers from and to memory within SERVER_DMA that wait until they are done.
// => called in a fiber. 0 or -EIO.
int disk_transfer_wait(enum disk_op op, uint64_t sector, uint32_t sectors, void *memory);

// The same as the file system sees it.
void disk_as_block_device(struct block_device *device);

#endif  // SERVERS_FS_DISK_H_
