// Where the pages of a request are on the disk, and the transfers that move them.
#ifndef SERVERS_FS_PAGE_PLAN_H_
#define SERVERS_FS_PAGE_PLAN_H_

#include <stdbool.h>
#include <stdint.h>

#include "protocols/object.h"
#include "servers/fs/disk_transfer.h"

// Blocks of 1 KiB, each somewhere else.
enum { PAGE_PLAN_RUNS = OBJECT_REQUEST_PAGES * 4 };

// Bytes [offset, offset + bytes) of the pages are in consecutive sectors.
struct page_run {
  uint64_t sector;
  uint32_t offset, bytes;  // multiples of a sector
};

struct page_plan {
  const uint32_t *frame;  // of each page
  uint32_t valid;         // bytes from here on are not the file's: `filler` takes their place
  uint64_t filler;        // physical address of one page
  unsigned count;
  struct page_run run[PAGE_PLAN_RUNS];
};

// Adds a run, joined with the one before if it continues that. => runs in ascending order, at
// most PAGE_PLAN_RUNS pieces.
void page_plan_add(struct page_plan *plan, uint64_t sector, uint32_t offset, uint32_t bytes);

// How far the making of transfers has come. All zero at the start.
struct page_plan_cursor {
  unsigned run;
  uint32_t done;  // bytes of that run
};

// Fills in sector and segments of the next transfer, at most segments_max >= 2.
// => false: there is none left.
bool page_plan_next(const struct page_plan *plan, struct page_plan_cursor *cursor,
                    unsigned segments_max, struct disk_transfer *transfer);

#endif  // SERVERS_FS_PAGE_PLAN_H_
