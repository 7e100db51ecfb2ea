#include "servers/fs/disk.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "abi/layout.h"
#include "lib/cmdline/cmdline.h"
#include "libsys/server_rt/panic.h"
#include "servers/fs/clock.h"
#include "servers/fs/fiber.h"
#include "servers/fs/outside.h"
#include "servers/fs/timer.h"
#include "servers/fs/virtio_mmio.h"
#include "servers/fs/virtqueue.h"

enum {
  VIRTIO_ID_BLOCK = 2,
  FEATURE_SEG_MAX = 1 << 2,
  FEATURE_READ_ONLY = 1 << 5,
  FEATURE_FLUSH = 1 << 9,
  CONFIG_SEG_MAX = 12,
  TRANSFERS = 16,         // under way at a time
  OTHER_SEGMENTS = 2,     // of a transfer: header and status
  SILENCES_MAX = 3,       // in a row: then it is not used any more
  BOUND_DEFAULT = 30000,  // milliseconds
  BOUND_MAX = 3600000,
  STATUS_OK = 0,
  STATUS_UNANSWERED = 0xff,
};

// What the device reads and writes besides data.
struct request_header {
  uint32_t type;
  uint32_t reserved;
  uint64_t sector;
};

struct device_memory {
  _Alignas(4096) uint8_t queue[VIRTQUEUE_BYTES];
  struct request_header header[TRANSFERS];
  uint8_t status[TRANSFERS];
};

struct shared_memory {
  _Alignas(4096) uint8_t zeros[4096];
  uint8_t discard[4096];
  uint8_t scratch[4096];
  uint8_t bounce[4096];
};

struct disk {
  struct virtio_mmio mmio;
  struct virtqueue queue;
  struct device_memory *memory;
  uint64_t sectors;
  uint32_t irq;
  unsigned segments_max;
  bool read_only;
  bool has_flush;
  bool failed;
  unsigned silences;                          // since a transfer was last done
  struct disk_transfer *transfer[TRANSFERS];  // by slot
  uint64_t deadline[TRANSFERS];               // of those
  struct fiber_queue room;                    // fibers that wait for a slot or descriptors
};

static struct disk disks[DISKS_MAX];
static unsigned disk_count;
static char *dma;
static uint64_t dma_physical;
static uint64_t dma_bytes, dma_used;
static struct shared_memory *memory;
static uint64_t bound;  // ticks that a transfer may take; 0: any number

struct disk *disk_at(unsigned index) {
  return index < disk_count ? &disks[index] : NULL;
}
uint64_t disk_sectors(const struct disk *disk) { return disk->sectors; }
bool disk_read_only(const struct disk *disk) { return disk->read_only; }
unsigned disk_segments_max(const struct disk *disk) { return disk->segments_max; }

uint64_t disk_physical(const void *at) { return dma_physical + (uint64_t)((const char *)at - dma); }
void *disk_zero_page(void) { return memory->zeros; }
void *disk_discard_page(void) { return memory->discard; }
void *disk_scratch(void) { return memory->scratch; }
void *disk_bounce(void) { return memory->bounce; }

void *disk_arena(uint64_t *bytes) {
  *bytes = dma_bytes - dma_used;
  return dma + dma_used;
}

// --- start -------------------------------------------------------------------------------------

// => NULL: there is no more.
static void *take_memory(uint64_t bytes) {
  if (dma_bytes - dma_used < bytes) return NULL;
  void *taken = dma + dma_used;
  memset(taken, 0, bytes);
  dma_used += (bytes + PAGE_MASK) & ~PAGE_MASK;
  return taken;
}

// Also once more, after a stop.
static int start(struct disk *disk) {
  uint64_t features;
  int status = virtio_mmio_negotiate(
      &disk->mmio, FEATURE_SEG_MAX | FEATURE_READ_ONLY | FEATURE_FLUSH, &features);
  if (status < 0) return status;
  disk->read_only = (features & FEATURE_READ_ONLY) != 0;
  disk->has_flush = (features & FEATURE_FLUSH) != 0;
  disk->segments_max = 1;
  if ((features & FEATURE_SEG_MAX) != 0) {
    disk->segments_max = virtio_mmio_config(&disk->mmio, CONFIG_SEG_MAX);
  }
  memset(disk->memory->queue, 0, sizeof(disk->memory->queue));
  int size = virtio_mmio_start(&disk->mmio, disk_physical(disk->memory->queue));
  if (size < 4) return -EIO;
  virtqueue_init(&disk->queue, disk->memory->queue, (uint16_t)size);
  unsigned limit = (unsigned)size - OTHER_SEGMENTS;
  if (limit > DISK_SEGMENTS_MAX) limit = DISK_SEGMENTS_MAX;
  if (disk->segments_max > limit) disk->segments_max = limit;
  if (disk->segments_max < 2) return -EIO;
  disk->sectors = virtio_mmio_config_first(&disk->mmio);
  return 0;
}

// In milliseconds; that of the command line, if it is one.
static uint64_t bound_of(const char *command_line) {
  char value[8];  // BOUND_MAX has seven digits
  if (!cmdline_value(command_line, "disk_bound", value, sizeof(value))) return BOUND_DEFAULT;
  uint64_t number = 0;
  const char *at = value;
  for (; *at >= '0' && *at <= '9'; at++) number = number * 10 + (uint64_t)(*at - '0');
  if (at != value && *at == 0 && number <= BOUND_MAX) return number;
  debug_print("fs: disk_bound cannot be \"%s\"\n", value);
  return BOUND_DEFAULT;
}

int disks_start(const struct server_info *info) {
  uint64_t milliseconds = bound_of(info->command_line);
  bound = milliseconds != 0 ? clock_ticks(milliseconds * 1000) : 0;
  dma = outside_dma();
  dma_physical = info->dma_physical;
  dma_bytes = info->dma_bytes;
  memory = take_memory(sizeof(struct shared_memory));
  if (memory == NULL) return -ENODEV;
  for (uint32_t i = 0; i < info->devices && disk_count < DISKS_MAX; i++) {
    const struct server_device *device = &info->device[i];
    if (strncmp(device->compatible, "virtio,mmio", sizeof(device->compatible)) != 0) continue;
    struct disk *disk = &disks[disk_count];
    if (virtio_mmio_probe(&disk->mmio, device->address) != VIRTIO_ID_BLOCK) continue;
    disk->memory = take_memory(sizeof(struct device_memory));
    if (disk->memory == NULL) break;
    int status = start(disk);
    disk->irq = device->irq;
    if (status == 0) status = outside_irq_bind(disk->irq);
    disk->failed = status != 0;
    disk_count++;
  }
  return disk_count > 0 ? (int)disk_count : -ENODEV;
}

// --- transfers ---------------------------------------------------------------------------------

static bool in_range(const struct disk *disk, const struct disk_transfer *transfer) {
  if (transfer->count > disk->segments_max) return false;
  uint64_t bytes = 0;
  for (unsigned i = 0; i < transfer->count; i++) bytes += transfer->segment[i].bytes;
  uint64_t sectors = bytes / DISK_SECTOR_BYTES;
  return bytes % DISK_SECTOR_BYTES == 0 && sectors <= disk->sectors &&
         transfer->sector <= disk->sectors - sectors;
}

static int free_slot(const struct disk *disk) {
  for (int i = 0; i < TRANSFERS; i++) {
    if (disk->transfer[i] == NULL) return i;
  }
  return -1;
}

bool disk_has_room(const struct disk *disk, unsigned segments) {
  return segments + OTHER_SEGMENTS <= disk->queue.free_count && free_slot(disk) >= 0;
}

static void look_for_silence(void);
static struct timer silence = {.due = look_for_silence};

// The timer runs from the first transfer on, and is looked after when it ends, not at every one.
static void watch(struct disk *disk, int slot) {
  disk->deadline[slot] = outside_ticks() + bound;
  if (!silence.runs) timer_start(&silence, disk->deadline[slot]);
}

// => false: no room for it in the queue.
static bool enqueue(struct disk *disk, struct disk_transfer *transfer) {
  if (!disk_has_room(disk, transfer->count)) return false;
  int slot = free_slot(disk);
  struct request_header *header = &disk->memory->header[slot];
  uint8_t *status = &disk->memory->status[slot];
  struct virtq_segment chain[DISK_SEGMENTS_MAX + OTHER_SEGMENTS];
  unsigned count = 0;
  *header = (struct request_header){transfer->op, 0, transfer->sector};
  *status = STATUS_UNANSWERED;
  chain[count++] =
      (struct virtq_segment){disk_physical(header), sizeof(struct request_header), false};
  for (unsigned i = 0; i < transfer->count; i++) {
    chain[count++] = (struct virtq_segment){transfer->segment[i].physical,
                                            transfer->segment[i].bytes, transfer->op == DISK_READ};
  }
  chain[count++] = (struct virtq_segment){disk_physical(status), 1, true};
  if (!virtqueue_add(&disk->queue, chain, count, transfer)) return false;
  transfer->slot = (uint8_t)slot;
  disk->transfer[slot] = transfer;
  if (bound != 0) watch(disk, slot);
  virtio_mmio_notify(&disk->mmio);
  return true;
}

int disk_try_submit(struct disk *disk, struct disk_transfer *transfer) {
  if (disk->failed || !in_range(disk, transfer)) return -EIO;
  return enqueue(disk, transfer) ? 0 : -EAGAIN;
}

int disk_submit(struct disk *disk, struct disk_transfer *transfer) {
  int status;
  while ((status = disk_try_submit(disk, transfer)) == -EAGAIN) fiber_wait(&disk->room);
  return status;
}

static void finish(struct disk *disk, struct disk_transfer *transfer, int status) {
  disk->transfer[transfer->slot] = NULL;
  transfer->done(transfer, status);
  fiber_wake_all(&disk->room);
}

static void give_up(struct disk *disk) {
  for (int i = 0; i < TRANSFERS; i++) {
    if (disk->transfer[i] != NULL) finish(disk, disk->transfer[i], -EIO);
  }
  fiber_wake_all(&disk->room);
}

// The device does not keep to the protocol: it is stopped, and does not work any more.
static void fail(struct disk *disk) {
  virtio_mmio_stop(&disk->mmio);
  disk->failed = true;
  give_up(disk);
}

// Finishes what the device is done with.
static void take_done(struct disk *disk) {
  void *owner;
  enum virtqueue_result result;
  while ((result = virtqueue_take(&disk->queue, &owner)) == VIRTQUEUE_TAKEN) {
    struct disk_transfer *transfer = owner;
    bool ok = disk->memory->status[transfer->slot] == STATUS_OK;
    disk->silences = 0;
    finish(disk, transfer, ok ? 0 : -EIO);
  }
  if (result == VIRTQUEUE_BROKEN) fail(disk);
}

static void interrupt(struct disk *disk) {
  if (disk->failed) return;
  virtio_mmio_acknowledge(&disk->mmio);
  take_done(disk);
  outside_irq_ack(disk->irq);
}

// The notification does not tell which one: each is asked.
void disks_interrupt(void) {
  for (unsigned i = 0; i < disk_count; i++) interrupt(&disks[i]);
}

// --- silence -----------------------------------------------------------------------------------

// When the first of the transfers under way will have taken too long. UINT64_MAX: there is none.
static uint64_t first_deadline(const struct disk *disk) {
  uint64_t first = UINT64_MAX;
  for (int i = 0; i < TRANSFERS; i++) {
    if (disk->transfer[i] != NULL && disk->deadline[i] < first) first = disk->deadline[i];
  }
  return first;
}

// A reset ends all that the device does with memory (virtio 1.2, section 2.4). What it has done by
// then counts; the rest has failed, and it begins anew. One that does not even obey a reset is not
// used any more.
static void reset(struct disk *disk) {
  disk->silences++;
  virtio_mmio_stop(&disk->mmio);
  take_done(disk);
  give_up(disk);
  if (disk->silences == SILENCES_MAX || disk->failed || start(disk) != 0) disk->failed = true;
  debug_print("fs: disk %u did not answer in time: %s\n", (unsigned)(disk - disks),
              disk->failed ? "it is not used any more" : "reset");
}

static void look_for_silence(void) {
  uint64_t now = outside_ticks(), next = UINT64_MAX;
  for (struct disk *disk = disks; disk < disks + disk_count; disk++) {
    if (first_deadline(disk) <= now) take_done(disk);  // its interrupt may have been lost
    if (first_deadline(disk) <= now) reset(disk);
    uint64_t first = first_deadline(disk);
    if (first < next) next = first;
  }
  if (next != UINT64_MAX) timer_start(&silence, next);
}

// --- waiting transfers -------------------------------------------------------------------------

struct waiter {
  struct disk_transfer transfer;
  struct fiber_queue done;
  bool is_done;
  int status;
};

static void wake(struct disk_transfer *transfer, int status) {
  struct waiter *waiter = (struct waiter *)transfer;
  waiter->is_done = true;
  waiter->status = status;
  fiber_wake_one(&waiter->done);
}

int disk_transfer_wait(struct disk *disk, enum disk_op op, uint64_t sector, uint32_t sectors,
                       void *at) {
  if (op == DISK_FLUSH && !disk->has_flush) return 0;
  struct waiter waiter = {.is_done = false};
  waiter.transfer.op = op;
  waiter.transfer.sector = sector;
  waiter.transfer.done = wake;
  if (sectors != 0) {
    waiter.transfer.count = 1;
    waiter.transfer.segment[0].physical = disk_physical(at);
    waiter.transfer.segment[0].bytes = sectors * DISK_SECTOR_BYTES;
  }
  int status = disk_submit(disk, &waiter.transfer);
  if (status != 0) return status;
  if (!waiter.is_done) fiber_wait(&waiter.done);
  return waiter.status;
}

static int device_read(void *disk, uint64_t sector, uint32_t sectors, void *buffer) {
  return disk_transfer_wait(disk, DISK_READ, sector, sectors, buffer);
}

static int device_write(void *disk, uint64_t sector, uint32_t sectors, const void *buffer) {
  return disk_transfer_wait(disk, DISK_WRITE, sector, sectors, (void *)(uintptr_t)buffer);
}

static int device_flush(void *disk) { return disk_transfer_wait(disk, DISK_FLUSH, 0, 0, NULL); }

void disk_as_block_device(struct disk *disk, struct block_device *device) {
  *device = (struct block_device){.ctx = disk,
                                  .read = device_read,
                                  .write = device_write,
                                  .flush = device_flush,
                                  .sectors = disk->sectors};
}
