#include "servers/fs/page_io.h"

#include <errno.h>
#include <stddef.h>

#include "protocols/object.h"
#include "servers/fs/clock.h"
#include "servers/fs/disk.h"
#include "servers/fs/outside.h"
#include "servers/fs/page_plan.h"
#include "servers/fs/shm.h"
#include "servers/fs/swap.h"
#include "servers/fs/timer.h"
#include "servers/fs/volume.h"
#include "servers/fs/work.h"

enum {
  TRANSFERS = 32,  // under way or waiting for the device
  MOMENT = 50,     // microseconds
};

struct page_request {
  struct work work;
  struct object_request asked;
  struct vnode *vnode;  // that it is counted in, NULL if the cookie was wrong
  unsigned pending;     // transfers, and 1 while they are being started
  int status;
  bool transferring;
};

struct page_transfer {
  struct disk_transfer transfer;  // first: the disk gives it back
  struct page_request *request;
  struct page_transfer *next;
};

static struct page_request requests[OBJECT_RING_SLOTS];
static uint64_t requests_used;  // bit i: requests[i]
static struct page_transfer transfers[TRANSFERS];
static unsigned transfers_made;
static struct page_transfer *free_transfers;
static struct fiber_queue transfers_room;
static bool must_notify;
static struct fiber_queue sleepers;

_Static_assert(OBJECT_RING_SLOTS == 64, "one bit each");

// --- completion --------------------------------------------------------------------------------

static void complete(struct page_request *request) {
  struct object_ring *ring = outside_ring();
  uint32_t head = ring->completion_head;
  ring->completion[head % OBJECT_RING_SLOTS] =
      (struct object_completion){request->asked.tag, request->status};
  __atomic_store_n(&ring->completion_head, head + 1, __ATOMIC_RELEASE);
  must_notify = true;
  struct vnode *vnode = request->vnode;
  if (vnode != NULL) {
    vnode->requests--;
    if (request->transferring) vnode->transferring--;
    fiber_wake_all(&vnode->progress);
  }
  requests_used &= ~(1ull << (request - requests));
}

static void release(struct page_request *request) {
  if (--request->pending == 0) complete(request);
}

void page_io_notify(void) {
  if (!must_notify) return;
  must_notify = false;
  outside_ring_pager();
}

// --- transfers ---------------------------------------------------------------------------------

// => NULL: all are under way.
static struct page_transfer *take_free_transfer(void) {
  struct page_transfer *transfer = free_transfers;
  if (transfer != NULL) {
    free_transfers = transfer->next;
  } else if (transfers_made < TRANSFERS) {
    transfer = &transfers[transfers_made++];
  }
  return transfer;
}

static struct page_transfer *take_transfer(void) {
  struct page_transfer *transfer;
  while ((transfer = take_free_transfer()) == NULL) fiber_wait(&transfers_room);
  return transfer;
}

static void give_back(struct page_transfer *transfer) {
  transfer->next = free_transfers;
  free_transfers = transfer;
  fiber_wake_one(&transfers_room);
}

static void transfer_done(struct disk_transfer *disk_transfer, int status) {
  struct page_transfer *transfer = (struct page_transfer *)disk_transfer;
  struct page_request *request = transfer->request;
  if (status != 0) request->status = status;
  give_back(transfer);
  release(request);
}

static void fill_in(struct page_transfer *transfer, struct page_request *request) {
  transfer->request = request;
  transfer->transfer.op = request->asked.op == OBJECT_PAGE_IN ? DISK_READ : DISK_WRITE;
  transfer->transfer.done = transfer_done;
  request->pending++;
}

// Starts the one transfer of a plan, without waiting. => false: there is no place for it just now,
// or it is more than one.
static bool start_now(struct page_request *request, const struct page_plan *plan,
                      struct disk *disk) {
  if (plan->count != 1 || !disk_has_room(disk, request->asked.count)) return false;
  struct page_transfer *transfer = take_free_transfer();
  if (transfer == NULL) return false;
  struct page_plan_cursor cursor = {0, 0};
  page_plan_next(plan, &cursor, disk_segments_max(disk), &transfer->transfer);
  if (cursor.run == plan->count) {
    fill_in(transfer, request);
    int status = disk_try_submit(disk, &transfer->transfer);
    if (status == 0) return true;
    request->pending--;
  }
  give_back(transfer);
  return false;
}

// Starts all transfers of a plan.
static void start(struct page_request *request, const struct page_plan *plan, struct disk *disk) {
  struct page_plan_cursor cursor = {0, 0};
  for (;;) {
    struct page_transfer *transfer = take_transfer();
    if (!page_plan_next(plan, &cursor, disk_segments_max(disk), &transfer->transfer)) {
      give_back(transfer);
      return;
    }
    fill_in(transfer, request);
    int status = disk_submit(disk, &transfer->transfer);
    if (status != 0) transfer_done(&transfer->transfer, status);
  }
}

// --- planning: with volume.lock ----------------------------------------------------------------

// The runs stay as they are: clearing them would take longer than all else.
static void plan_begin(struct page_plan *plan, const struct page_request *request, uint32_t valid,
                       const void *filler) {
  plan->frame = request->asked.frame;
  plan->valid = valid;
  plan->filler = disk_physical(filler);
  plan->count = 0;
}

// The bytes of the request that the file has, now.
static uint32_t bytes_in_file(const struct page_request *request) {
  uint64_t start = request->asked.page << PAGE_SHIFT;
  uint64_t size = request->vnode->size;
  uint64_t bytes = request->asked.bytes;
  if (start >= size) return 0;
  return (uint32_t)(bytes < size - start ? bytes : size - start);
}

static uint32_t round_up(uint32_t bytes, uint32_t unit) { return (bytes + unit - 1) / unit * unit; }

// Plans the transfer of `valid` bytes. Reads skip what has no store or is fresh, and report holes.
// => 0, OBJECT_HOLE, or -EIO.
static int plan_blocks(struct page_request *request, uint32_t valid, bool reading,
                       struct page_plan *plan) {
  struct vnode *vnode = request->vnode;
  uint32_t unit = volume.block_bytes;
  uint32_t end = round_up(valid, reading ? DISK_SECTOR_BYTES : unit);
  uint64_t first = (request->asked.page << PAGE_SHIFT) / unit;
  int flags = 0;
  plan_begin(plan, request, valid, reading ? disk_discard_page() : disk_zero_page());
  for (uint32_t offset = 0; offset < end;) {
    uint64_t block = first + offset / unit;
    uint64_t disk_block, alike;
    uint32_t run;
    int status =
        ext2_bmap(vnode->inode, block, (round_up(end, unit) - offset) / unit, &disk_block, &run);
    if (status != 0) return status;
    bool is_fresh = reading && fresh_find(&vnode->fresh, block, run, &alike);
    if (reading && alike < run) run = (uint32_t)alike;
    uint32_t bytes = run * unit < end - offset ? run * unit : end - offset;
    if (disk_block == 0) {
      flags = OBJECT_HOLE;
    } else if (!is_fresh) {
      page_plan_add(plan, disk_block * (unit / DISK_SECTOR_BYTES), offset, bytes);
    }
    offset += run * unit;
  }
  return flags;
}

static int plan_in(struct page_request *request, struct page_plan *plan) {
  return plan_blocks(request, bytes_in_file(request), true, plan);
}

static int plan_out(struct page_request *request, struct page_plan *plan) {
  struct vnode *vnode = request->vnode;
  uint64_t start = request->asked.page << PAGE_SHIFT;
  uint32_t bytes = bytes_in_file(request);
  // Files without a name or a user are about to go.
  if (bytes == 0 || (vnode->opens == 0 && ext2_inode_links(vnode->inode) == 0)) return 0;
  int status = vnode_grow(vnode, start, start + bytes, vnode->size);
  if (status != 0) return status;
  vnode_written(
      vnode, (struct block_range){start / volume.block_bytes,
                                  (start + bytes + volume.block_bytes - 1) / volume.block_bytes});
  if (vnode->mapped_writable && vnode->modified == 0) vnode->modified = outside_ticks();
  return plan_blocks(request, bytes, false, plan);
}

static int allocate(const struct page_request *request) {
  uint64_t start = request->asked.page << PAGE_SHIFT;
  uint32_t bytes = bytes_in_file(request);
  return bytes != 0 ? vnode_grow(request->vnode, start, start + bytes, request->vnode->size) : 0;
}

// --- requests ----------------------------------------------------------------------------------

static bool well_formed(const struct object_request *asked) {
  return asked->count >= 1 && asked->count <= OBJECT_REQUEST_PAGES &&
         asked->bytes <= asked->count * PAGE_SIZE && asked->page < 1ull << 40;
}

static int plan(struct page_request *request, struct page_plan *plan) {
  if (!well_formed(&request->asked)) return -EINVAL;
  if (vnode_by_cookie(request->asked.cookie) != request->vnode) return -EIO;
  switch (request->asked.op) {
    case OBJECT_PAGE_IN:
      return plan_in(request, plan);
    case OBJECT_PAGE_OUT:
      return plan_out(request, plan);
    case OBJECT_ALLOCATE:
      return allocate(request);
  }
  return -EINVAL;
}

static void serve(struct work *work) {
  struct page_request *request = (struct page_request *)work;
  struct page_plan page_plan;
  page_plan.count = 0;
  fiber_lock_acquire(&volume.lock);
  request->status = request->vnode != NULL ? plan(request, &page_plan) : -EIO;
  if (request->vnode != NULL && request->status >= 0 && page_plan.count > 0) {
    request->transferring = true;
    request->vnode->transferring++;
  }
  fiber_lock_release(&volume.lock);
  if (request->transferring) start(request, &page_plan, volume.disk);
  release(request);
}

// --- swap: without any lock --------------------------------------------------------------------

static int plan_swap(const struct page_request *request, const struct swap_area *area,
                     struct page_plan *plan) {
  const struct object_request *asked = &request->asked;
  bool moves = asked->op == OBJECT_PAGE_IN || asked->op == OBJECT_PAGE_OUT;
  if (!well_formed(asked) || !moves || asked->bytes != asked->count * PAGE_SIZE) return -EINVAL;
  if (area == NULL) return -EIO;
  if (asked->page >= area->map.slots || asked->count > area->map.slots - asked->page) {
    return -EINVAL;
  }
  plan_begin(plan, request, asked->bytes, disk_discard_page());  // there is nothing to fill
  for (uint32_t done = 0; done < asked->count;) {
    uint32_t run;
    uint64_t sector = swap_map_find(&area->map, (uint32_t)asked->page + done, &run);
    if (run > asked->count - done) run = asked->count - done;
    page_plan_add(plan, sector, done * (uint32_t)PAGE_SIZE, run * (uint32_t)PAGE_SIZE);
    done += run;
  }
  return 0;
}

// What could not be started at once.
static void serve_swap(struct work *work) {
  struct page_request *request = (struct page_request *)work;
  struct page_plan page_plan;
  page_plan.count = 0;
  const struct swap_area *area = swap_by_cookie(request->asked.cookie);
  request->status = plan_swap(request, area, &page_plan);
  if (request->status == 0) start(request, &page_plan, area->disk);
  release(request);
}

// => false: it needs a fiber.
static bool serve_swap_now(struct page_request *request) {
  struct page_plan page_plan;
  page_plan.count = 0;
  const struct swap_area *area = swap_by_cookie(request->asked.cookie);
  request->status = plan_swap(request, area, &page_plan);
  if (request->status == 0 && !start_now(request, &page_plan, area->disk)) return false;
  release(request);
  return true;
}

static void take(const struct object_request *asked) {
  unsigned free = (unsigned)__builtin_ctzll(~requests_used);
  struct page_request *request = &requests[free];
  requests_used |= 1ull << free;
  request->asked = *asked;
  request->vnode = vnode_by_cookie(request->asked.cookie);
  request->pending = 1;
  request->status = 0;
  request->transferring = false;
  if (request->vnode != NULL) request->vnode->requests++;
  if (request->asked.op == OBJECT_IDLE) {
    if (request->vnode != NULL) vnode_idle(request->vnode);
    if (shm_has_cookie(request->asked.cookie)) shm_idle(request->asked.cookie);
    release(request);
    return;
  }
  bool is_swap = swap_has_cookie(request->asked.cookie);
  if (is_swap && serve_swap_now(request)) return;
  request->work.run = is_swap ? serve_swap : serve;
  work_submit(&request->work, WORK_PAGES);
}

void page_io_take(void) {
  struct object_ring *ring = outside_ring();
  // One that is not completed has its place in the ring still, so there is always a free bit,
  // unless the pager breaks the protocol: then the rest waits.
  while (~requests_used != 0) {
    uint32_t tail = ring->request_tail;
    if (__atomic_load_n(&ring->request_head, __ATOMIC_ACQUIRE) == tail) return;
    take(&ring->request[tail % OBJECT_RING_SLOTS]);
    __atomic_store_n(&ring->request_tail, tail + 1, __ATOMIC_RELEASE);
  }
}

void page_io_wait(struct vnode *vnode) {
  page_io_take();
  page_io_notify();
  if (vnode->requests > 0) {
    fiber_wait(&vnode->progress);
    page_io_notify();
  } else {
    page_io_pause();
  }
}

static void wake_sleepers(void) { fiber_wake_all(&sleepers); }

void page_io_pause(void) {
  static struct timer moment = {.due = wake_sleepers};
  timer_start(&moment, outside_ticks() + clock_ticks(MOMENT));
  fiber_wait(&sleepers);
}
