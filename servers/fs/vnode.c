#include "servers/fs/vnode.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "abi/layout.h"
#include "servers/fs/clock.h"
#include "servers/fs/disk.h"
#include "servers/fs/outside.h"
#include "servers/fs/page_io.h"
#include "servers/fs/volume.h"
#include "servers/fs/work.h"

// Cookie: inode number, index in the table, and a count of the uses of the place.
enum { COOKIE_INDEX_SHIFT = 32, COOKIE_INDEX_MASK = 0xfff, COOKIE_USE_SHIFT = 44 };

// Blocks that are looked up behind those that are written.
enum { KNOWN_AHEAD = 64 };

static struct vnode vnodes[VNODES_MAX];
static struct vnode *free_vnodes;
static struct vnode *closed_first, *closed_last;
static uint64_t uses;
static struct work reaper;
static bool reaper_queued;

static uint64_t blocks_up(uint64_t bytes) {
  return (bytes + volume.block_bytes - 1) / volume.block_bytes;
}

void vnodes_init(void) {
  for (unsigned i = 0; i < VNODES_MAX; i++) {
    vnodes[i].next = free_vnodes;
    free_vnodes = &vnodes[i];
  }
}

struct vnode *vnode_of(const struct ext2_inode *inode) {
  return ext2_inode_user(inode);
}

struct vnode *vnode_by_cookie(uint64_t cookie) {
  uint64_t index = cookie >> COOKIE_INDEX_SHIFT & COOKIE_INDEX_MASK;
  if (index >= VNODES_MAX) return NULL;
  struct vnode *vnode = &vnodes[index];
  return vnode->inode != NULL && vnode->cookie == cookie ? vnode : NULL;
}

// --- the list of closed vnodes -----------------------------------------------------------------

static void closed_append(struct vnode *vnode) {
  vnode->next = NULL;
  vnode->previous = closed_last;
  if (closed_last != NULL) {
    closed_last->next = vnode;
  } else {
    closed_first = vnode;
  }
  closed_last = vnode;
}

static void closed_remove(struct vnode *vnode) {
  if (vnode->previous != NULL) {
    vnode->previous->next = vnode->next;
  } else {
    closed_first = vnode->next;
  }
  if (vnode->next != NULL) {
    vnode->next->previous = vnode->previous;
  } else {
    closed_last = vnode->previous;
  }
}

// --- end of a vnode ----------------------------------------------------------------------------

void vnode_touch(struct vnode *vnode) {
  if (vnode->modified == 0) return;
  clock_pin(vnode->modified);
  vnode->modified = 0;
  ext2_touch(vnode->inode, EXT2_TOUCH_MODIFIED);
  clock_pin(0);
}

// Writes zeros to the fresh blocks of `range`, so that they need not be remembered.
static void write_zeros(struct vnode *vnode, struct block_range range) {
  uint32_t sectors = volume.block_bytes / DISK_SECTOR_BYTES;
  for (uint64_t block = range.start; block < range.end;) {
    uint64_t disk_block;
    uint32_t run;
    if (ext2_bmap(vnode->inode, block, (uint32_t)(range.end - block), &disk_block, &run) != 0)
      break;
    for (uint32_t i = 0; disk_block != 0 && i < run; i++) {
      disk_transfer_wait(volume.disk, DISK_WRITE, (disk_block + i) * sectors, sectors,
                         disk_zero_page());
    }
    block += run;
  }
  fresh_remove(&vnode->fresh, range);
}

static void write_all_zeros(struct vnode *vnode) {
  while (vnode->fresh.count > 0) write_zeros(vnode, fresh_smallest(&vnode->fresh));
}

// => only with every transfer of the vnode done and no object.
static void release(struct vnode *vnode) {
  if (ext2_inode_links(vnode->inode) > 0) {
    vnode_touch(vnode);
    write_all_zeros(vnode);
  }
  ext2_inode_set_user(vnode->inode, NULL);
  ext2_iput(vnode->inode);
  vnode->inode = NULL;
  vnode->fresh.count = 0;
}

// Makes a closed vnode's place free. => -EBUSY: the pager still needs it.
static int recycle(struct vnode *vnode) {
  if (vnode->object != 0) {
    if (vnode->hold == VNODE_MAPPED) return -EBUSY;
    // What is dirty is wanted, unless nobody can get at it any more.
    bool force = ext2_inode_links(vnode->inode) == 0 && vnode->hold == VNODE_DIRTY;
    if (outside_object_destroy(vnode->object, force) == -EBUSY) {
      if (vnode->hold == VNODE_IDLE) vnode->hold = VNODE_MAPPED;
      return -EBUSY;
    }
    vnode->object = 0;
  }
  while (vnode->transferring > 0) fiber_wait(&vnode->progress);
  closed_remove(vnode);
  release(vnode);
  vnode->next = free_vnodes;
  free_vnodes = vnode;
  return 0;
}

static void reap(struct work *work) {
  (void)work;
  reaper_queued = false;
  fiber_lock_acquire(&volume.lock);
  for (unsigned i = 0; i < VNODES_MAX; i++) {
    struct vnode *vnode = &vnodes[i];
    if (!vnode->reaping) continue;
    vnode->reaping = false;
    if (vnode->inode != NULL && vnode->opens == 0 && ext2_inode_links(vnode->inode) == 0) {
      recycle(vnode);
    }
  }
  fiber_lock_release(&volume.lock);
}

// Has a vnode without names looked at by a fiber.
static void reap_later(struct vnode *vnode) {
  if (ext2_inode_links(vnode->inode) != 0) return;
  vnode->reaping = true;
  if (reaper_queued) return;
  reaper_queued = true;
  reaper.run = reap;
  work_submit(&reaper, WORK_CALL);
}

// --- references --------------------------------------------------------------------------------

static struct vnode *take_free(void) {
  for (unsigned i = 0; free_vnodes == NULL && closed_first != NULL && i < VNODES_MAX; i++) {
    struct vnode *oldest = closed_first;
    if (recycle(oldest) == 0) continue;
    closed_remove(oldest);
    closed_append(oldest);
  }
  struct vnode *vnode = free_vnodes;
  if (vnode != NULL) free_vnodes = vnode->next;
  return vnode;
}

static void fill(struct vnode *vnode, struct ext2_inode *inode) {
  vnode->size = ext2_inode_size(inode);
  vnode->alloc_start = 0;
  vnode->alloc_end = 0;
  vnode->modified = 0;
  vnode->object = 0;
  vnode->opens = 1;
  vnode->inode = inode;
  vnode->mode = ext2_inode_mode(inode) & EXT2_MODE_TYPE;
  vnode->hold = VNODE_IDLE;
  vnode->mapped_writable = false;
  vnode->swap = false;
  vnode->cookie = ext2_inode_number(inode) | (uint64_t)(vnode - vnodes) << COOKIE_INDEX_SHIFT |
                  ++uses << COOKIE_USE_SHIFT;
  ext2_inode_set_user(inode, vnode);
}

int vnode_get(struct ext2_inode *inode, struct vnode **result) {
  struct vnode *vnode = vnode_of(inode);
  if (vnode != NULL) {
    if (vnode->opens++ == 0) closed_remove(vnode);
    ext2_iput(inode);  // the vnode has one already
  } else {
    vnode = take_free();
    if (vnode == NULL) {
      ext2_iput(inode);
      return -ENFILE;
    }
    fill(vnode, inode);
  }
  *result = vnode;
  return 0;
}

void vnode_hold(struct vnode *vnode) { vnode->opens++; }

void vnode_put(struct vnode *vnode) {
  if (vnode == NULL || --vnode->opens > 0 || vnode->inode == NULL) return;
  vnode->hold = VNODE_IDLE;
  if (vnode->object != 0) {
    int64_t hold = outside_object_close(vnode->object);
    if (hold > 0) vnode->hold = hold == VNODE_DIRTY ? VNODE_DIRTY : VNODE_MAPPED;
  }
  closed_append(vnode);
  reap_later(vnode);
}

void vnode_unlinked(struct ext2_inode *inode) {
  struct vnode *vnode = vnode_of(inode);
  ext2_iput(inode);
  if (vnode != NULL && vnode->opens == 0 && ext2_inode_links(vnode->inode) == 0) recycle(vnode);
}

void vnode_idle(struct vnode *vnode) {
  if (vnode->opens > 0) return;
  vnode->hold = VNODE_IDLE;
  reap_later(vnode);
}

// --- data --------------------------------------------------------------------------------------

int64_t vnode_object(struct vnode *vnode) {
  if (vnode->object != 0) return vnode->object;
  if (vnode->inode == NULL) return -EIO;
  int64_t object = outside_object_create(vnode->cookie, vnode->size);
  // Objects of files that nobody uses make room.
  for (struct vnode *old = closed_first; object == -ENOMEM && old != NULL; old = old->next) {
    if (old->object == 0 || old->hold != VNODE_IDLE) continue;
    if (outside_object_destroy(old->object, 0) != 0) continue;
    old->object = 0;
    object = outside_object_create(vnode->cookie, vnode->size);
  }
  if (object <= 0) return object < 0 ? object : -EIO;
  vnode->object = (uint32_t)object;
  return object;
}

int vnode_forget_pages(struct vnode *vnode) {
  if (vnode->object == 0) return 0;
  int64_t status = outside_object_destroy(vnode->object, 0);
  if (status == 0) vnode->object = 0;
  return (int)status;
}

static int fill_hole(struct vnode *vnode, struct block_range hole) {
  int status = ext2_alloc_range(vnode->inode, hole.start, hole.end - hole.start);
  if (status != 0) return status;
  while (!fresh_add(&vnode->fresh, hole)) write_zeros(vnode, fresh_smallest(&vnode->fresh));
  return 0;
}

// Remembers whole pages: the pager takes a page that was written for one that has store.
static void remember_allocated(struct vnode *vnode, uint64_t start, uint64_t end, uint64_t size) {
  if (end < size) end &= ~PAGE_MASK;
  if (start > vnode->alloc_end || end < vnode->alloc_start) {
    vnode->alloc_start = start;
    vnode->alloc_end = end;
    return;
  }
  if (start < vnode->alloc_start) vnode->alloc_start = start;
  if (end > vnode->alloc_end) vnode->alloc_end = end;
}

int vnode_grow(struct vnode *vnode, uint64_t start, uint64_t end, uint64_t size) {
  if (size < vnode->size) size = vnode->size;
  uint64_t first = (start & ~PAGE_MASK) / volume.block_bytes;
  uint64_t last = ((end + PAGE_MASK) & ~PAGE_MASK) / volume.block_bytes;
  if (last > blocks_up(size)) last = blocks_up(size);
  if (first * volume.block_bytes >= vnode->alloc_start &&
      last * volume.block_bytes <= vnode->alloc_end) {
    return 0;
  }
  uint64_t block = first;
  while (block < last) {
    uint64_t disk_block;
    uint32_t run;
    // Some of what lies behind is worth knowing, but only what is asked for gets blocks.
    int status =
        ext2_bmap(vnode->inode, block, (uint32_t)(last - block) + KNOWN_AHEAD, &disk_block, &run);
    if (status != 0) return status;
    if (disk_block == 0) {
      if (run > last - block) run = (uint32_t)(last - block);
      status = fill_hole(vnode, (struct block_range){block, block + run});
      if (status != 0) return status;
    }
    block += run;
  }
  if (block > first) {
    remember_allocated(vnode, first * volume.block_bytes, block * volume.block_bytes, size);
  }
  return 0;
}

int vnode_extend(struct vnode *vnode, uint64_t size) {
  uint64_t page = vnode->size & ~PAGE_MASK;
  if (size <= vnode->size || page == vnode->size) return 0;
  uint64_t disk_block;
  uint32_t run;
  for (uint64_t block = page / volume.block_bytes; block < blocks_up(vnode->size); block += run) {
    int status = ext2_bmap(vnode->inode, block, (uint32_t)(blocks_up(vnode->size) - block),
                           &disk_block, &run);
    if (status != 0) return status;
    if (disk_block != 0) return vnode_grow(vnode, page, page + PAGE_SIZE, size);
  }
  return 0;
}

void vnode_written(struct vnode *vnode, struct block_range range) {
  while (!fresh_remove(&vnode->fresh, range)) {
    write_zeros(vnode, fresh_smallest(&vnode->fresh));
  }
}

uint64_t vnode_fresh_pages(const struct vnode *vnode, uint64_t start, uint64_t end) {
  uint64_t blocks = PAGE_SIZE / volume.block_bytes;  // of a page
  uint64_t last_page = (end - 1) >> PAGE_SHIFT;
  uint64_t last_block = (last_page + 1) * blocks;
  if (last_block > blocks_up(vnode->size)) last_block = blocks_up(vnode->size);
  for (unsigned i = 0; i < vnode->fresh.count; i++) {
    struct block_range range = vnode->fresh.range[i];
    if (range.end < last_block || range.start > last_page * blocks) continue;
    uint64_t first_page = (range.start + blocks - 1) / blocks;
    if (first_page < start >> PAGE_SHIFT) first_page = start >> PAGE_SHIFT;
    return last_page + 1 - first_page;
  }
  return 0;
}

// --- size --------------------------------------------------------------------------------------

// Has the pager drop the pages behind the new end.
static int shrink_object(struct vnode *vnode, uint64_t size) {
  while (vnode->object != 0 && outside_object_resize(vnode->object, size) == -EBUSY) {
    fiber_lock_release(&volume.lock);
    page_io_wait(vnode);
    fiber_lock_acquire(&volume.lock);
    if (vnode->inode == NULL) return -EIO;
  }
  return 0;
}

// Zeroes what is left of the last block: nothing may appear there when the file grows again.
static int zero_tail(struct vnode *vnode, uint64_t size) {
  uint32_t keep = (uint32_t)(size % volume.block_bytes);
  uint64_t block = size / volume.block_bytes;
  uint64_t disk_block, run_fresh;
  uint32_t run;
  if (keep == 0 || fresh_find(&vnode->fresh, block, 1, &run_fresh)) return 0;
  int status = ext2_bmap(vnode->inode, block, 1, &disk_block, &run);
  if (status != 0 || disk_block == 0) return status;
  uint32_t sectors = volume.block_bytes / DISK_SECTOR_BYTES;
  status =
      disk_transfer_wait(volume.disk, DISK_READ, disk_block * sectors, sectors, disk_scratch());
  if (status != 0) return status;
  memset((char *)disk_scratch() + keep, 0, volume.block_bytes - keep);
  return disk_transfer_wait(volume.disk, DISK_WRITE, disk_block * sectors, sectors, disk_scratch());
}

static int shrink(struct vnode *vnode, uint64_t size) {
  int status = shrink_object(vnode, size);
  if (status != 0) return status;
  vnode->size = size;
  vnode->modified = 0;  // the truncation sets the time
  if (vnode->alloc_start > size) vnode->alloc_start = size;
  if (vnode->alloc_end > size) vnode->alloc_end = size;
  while (vnode->transferring > 0) fiber_wait(&vnode->progress);
  fresh_remove(&vnode->fresh, (struct block_range){blocks_up(size), UINT64_MAX});
  status = ext2_truncate(vnode->inode, size);
  int tail_status = zero_tail(vnode, size);
  return status != 0 ? status : tail_status;
}

int vnode_truncate(struct vnode *vnode, uint64_t size) {
  if (vnode->swap) return -ETXTBSY;
  if (size > ext2_max_file_size(volume.ext2)) return -EFBIG;
  if (size < vnode->size) return shrink(vnode, size);
  int status = vnode_extend(vnode, size);
  if (status == 0) status = ext2_truncate(vnode->inode, size);
  if (status != 0) return status;
  vnode->size = size;
  if (vnode->object != 0) outside_object_resize(vnode->object, size);
  return 0;
}

// --- all of them -------------------------------------------------------------------------------

void vnodes_touch(void) {
  for (unsigned i = 0; i < VNODES_MAX; i++) {
    if (vnodes[i].inode != NULL) vnode_touch(&vnodes[i]);
  }
}

void vnodes_release(void) {
  for (unsigned i = 0; i < VNODES_MAX; i++) {
    struct vnode *vnode = &vnodes[i];
    if (vnode->inode == NULL) continue;
    if (vnode->object != 0) outside_object_destroy(vnode->object, 1);
    vnode->object = 0;
    while (vnode->transferring > 0) fiber_wait(&vnode->progress);
    release(vnode);
  }
}
