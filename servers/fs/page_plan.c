#include "servers/fs/page_plan.h"

#include "abi/layout.h"

void page_plan_add(struct page_plan *plan, uint64_t sector, uint32_t offset, uint32_t bytes) {
  if (bytes == 0) return;
  if (plan->count > 0) {
    struct page_run *last = &plan->run[plan->count - 1];
    if (last->offset + last->bytes == offset &&
        last->sector + last->bytes / DISK_SECTOR_BYTES == sector) {
      last->bytes += bytes;
      return;
    }
  }
  plan->run[plan->count++] = (struct page_run){sector, offset, bytes};
}

// The piece of memory at `offset`, at most `bytes` long.
static struct disk_segment piece(const struct page_plan *plan, uint32_t offset, uint32_t bytes) {
  uint32_t in_page = (uint32_t)(offset & PAGE_MASK);
  uint32_t length = (uint32_t)PAGE_SIZE - in_page;
  if (length > bytes) length = bytes;
  if (offset >= plan->valid) return (struct disk_segment){plan->filler + in_page, length};
  if (length > plan->valid - offset) length = plan->valid - offset;
  uint64_t frame = plan->frame[offset >> PAGE_SHIFT];
  return (struct disk_segment){(frame << PAGE_SHIFT) + in_page, length};
}

bool page_plan_next(const struct page_plan *plan, struct page_plan_cursor *cursor,
                    unsigned segments_max, struct disk_transfer *transfer) {
  if (cursor->run == plan->count) return false;
  const struct page_run *run = &plan->run[cursor->run];
  transfer->sector = run->sector + cursor->done / DISK_SECTOR_BYTES;
  transfer->count = 0;
  // The sector in which the file ends has two pieces, which stay together.
  while (cursor->done < run->bytes && transfer->count + 2 <= segments_max) {
    struct disk_segment next = piece(plan, run->offset + cursor->done, run->bytes - cursor->done);
    transfer->segment[transfer->count++] = next;
    cursor->done += next.bytes;
    if (next.bytes % DISK_SECTOR_BYTES != 0) {
      next = piece(plan, run->offset + cursor->done, run->bytes - cursor->done);
      transfer->segment[transfer->count++] = next;
      cursor->done += next.bytes;
    }
  }
  if (cursor->done == run->bytes) *cursor = (struct page_plan_cursor){cursor->run + 1, 0};
  return true;
}
