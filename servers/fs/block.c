#include "servers/fs/block.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "abi/layout.h"
#include "servers/fs/device.h"
#include "servers/fs/process.h"
#include "servers/fs/swap.h"
#include "servers/fs/volume.h"

// Of disk_bounce().
static struct fiber_lock bounce_lock;

static struct disk *disk_of_minor(unsigned minor) {
  return minor % BLOCK_MINORS == 0 ? disk_at(minor / BLOCK_MINORS) : NULL;
}

struct disk *block_disk(const struct file *file) {
  if (file->kind->read != block_read) return NULL;
  return disk_of_minor(device_minor_of(file->of_kind));
}

int block_may_open(unsigned minor, bool writes) {
  const struct disk *disk = disk_of_minor(minor);
  if (disk == NULL) return -ENXIO;
  if (!writes) return 0;
  if (disk_read_only(disk)) return -EROFS;
  bool mounted = disk == volume.disk && volume.ext2 != NULL;
  return mounted || swap_uses_disk(disk) ? -EBUSY : 0;
}

uint64_t block_size(const struct file *file) {
  return disk_sectors(block_disk(file)) * DISK_SECTOR_BYTES;
}

// Whole sectors around bytes [offset, offset + length), which fit into the bounce page.
static int move_sectors(struct disk *disk, enum disk_op op, uint64_t offset, uint32_t length) {
  uint64_t first = offset / DISK_SECTOR_BYTES;
  uint64_t end = (offset + length + DISK_SECTOR_BYTES - 1) / DISK_SECTOR_BYTES;
  return disk_transfer_wait(disk, op, first, (uint32_t)(end - first), disk_bounce());
}

static int read_piece(struct disk *disk, uint64_t offset, uint32_t length,
                      const struct process *process) {
  int status = move_sectors(disk, DISK_READ, offset, length);
  if (status == 0)
    memcpy(process_page(process), (char *)disk_bounce() + offset % DISK_SECTOR_BYTES, length);
  return status;
}

static int write_piece(struct disk *disk, uint64_t offset, uint32_t length,
                       const struct process *process) {
  bool whole = offset % DISK_SECTOR_BYTES == 0 && length % DISK_SECTOR_BYTES == 0;
  int status = whole ? 0 : move_sectors(disk, DISK_READ, offset, length);
  if (status != 0) return status;
  if (process->ended) return -EINTR;  // its data is gone
  memcpy((char *)disk_bounce() + offset % DISK_SECTOR_BYTES, process_page(process), length);
  return move_sectors(disk, DISK_WRITE, offset, length);
}

// What of a transfer there is in the disk and in the bounce page. => 0 at the end of the disk.
static uint32_t piece_of(const struct file *file, uint64_t offset, uint64_t length) {
  uint64_t size = block_size(file);
  if (offset >= size) return 0;
  uint64_t most = PAGE_SIZE - offset % DISK_SECTOR_BYTES;
  if (most > FS_DATA_MAX) most = FS_DATA_MAX;
  if (length > most) length = most;
  return (uint32_t)(length < size - offset ? length : size - offset);
}

static int64_t move(const struct process *process, struct file *file, const struct call *call,
                    uint64_t offset) {
  bool writing = call->word[0] == FS_WRITE;
  uint32_t length = piece_of(file, offset, call->word[3]);
  if (length == 0) return writing && call->word[3] != 0 ? -ENOSPC : 0;
  struct disk *disk = block_disk(file);
  if (writing && swap_uses_disk(disk)) return -ETXTBSY;
  int status = writing ? write_piece(disk, offset, length, process)
                       : read_piece(disk, offset, length, process);
  return status != 0 ? status : (int64_t)length;
}

static void serve(struct process *process, struct call *call) {
  // The descriptor stays open: only its process could close it.
  struct file *file = process_file(process, call->word[1]);
  bool at_position = call->word[4] == FS_AT_POSITION;
  fiber_lock_acquire(&bounce_lock);
  uint64_t offset = at_position ? file->position : call->word[4];
  int64_t status = offset > (uint64_t)INT64_MAX ? -EINVAL : move(process, file, call, offset);
  if (at_position && status > 0) file->position = offset + (uint64_t)status;
  fiber_lock_release(&bounce_lock);
  answer_status(&call->answer, status);
}

void block_read(struct process *process, struct file *file, const struct event *event,
                struct answer *answer) {
  (void)file;
  process_serve(process, event, answer, serve);
}

void block_write(struct process *process, struct file *file, const struct event *event,
                 struct answer *answer) {
  (void)file;
  process_serve(process, event, answer, serve);
}

static void serve_sync(struct process *process, struct call *call) {
  struct disk *disk = block_disk(process_file(process, call->word[1]));
  answer_status(&call->answer, disk_transfer_wait(disk, DISK_FLUSH, 0, 0, NULL));
}

void block_sync(struct process *process, struct file *file, const struct event *event,
                struct answer *answer) {
  (void)file;
  process_serve(process, event, answer, serve_sync);
}
