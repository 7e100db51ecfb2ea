// The disks: transfers between them and physical memory, several at a time.
//
// A transfer that the device has for longer than a bound ends with -EIO, together with all others
// that it has: it is reset, and used again. After the third time in a row without a transfer done
// in between it is not used any more, and every transfer fails at once. The bound is the word
// disk_bound=MILLISECONDS of the kernel's command line, 30,000 without it; 0 is none, for clocks
// that run ahead of the disks (docs/benchmark.md).
#ifndef SERVERS_FS_DISK_H_
#define SERVERS_FS_DISK_H_

#include <stdbool.h>
#include <stdint.h>

#include "protocols/server.h"
#include "servers/fs/disk_transfer.h"
#include "servers/fs/ext2/block_device.h"

enum { DISKS_MAX = 8 };

struct disk;

// Finds the virtio block devices and starts them. One that does not work is a disk all the same,
// whose transfers fail. => how many there are; -ENODEV: none, or no memory for them.
int disks_start(const struct server_info *info);

// Disk `index` in the order of the device tree, NULL: there is none.
struct disk *disk_at(unsigned index);

uint64_t disk_sectors(const struct disk *disk);
bool disk_read_only(const struct disk *disk);
unsigned disk_segments_max(const struct disk *disk);

// Starts a transfer; waits only for a free place in the device's queue. => called in a fiber.
// => -EIO: out of range or the device is not used any more, `done` is not called.
int disk_submit(struct disk *disk, struct disk_transfer *transfer);

// The same without waiting, for the event loop too. => -EAGAIN: there is no free place.
int disk_try_submit(struct disk *disk, struct disk_transfer *transfer);

// Whether there is a free place for a transfer of so many segments.
bool disk_has_room(const struct disk *disk, unsigned segments);

// NOTIFY_IRQ: finishes what the devices are done with.
void disks_interrupt(void);

// Device-visible memory.
uint64_t disk_physical(const void *memory);  // => within SERVER_DMA
void *disk_zero_page(void);
void *disk_discard_page(void);      // for what nobody wants
void *disk_scratch(void);           // one page, for the holder of volume.lock
void *disk_bounce(void);            // one page, for the raw access to disks
void *disk_arena(uint64_t *bytes);  // the rest

// Transfers from and to memory within SERVER_DMA that wait until they are done. A flush succeeds
// if the device has none. => called in a fiber. 0 or -EIO.
int disk_transfer_wait(struct disk *disk, enum disk_op op, uint64_t sector, uint32_t sectors,
                       void *memory);

// A disk as a file system sees it.
void disk_as_block_device(struct disk *disk, struct block_device *device);

#endif  // SERVERS_FS_DISK_H_
