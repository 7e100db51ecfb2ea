// Memory of servers: resident and mapped at once, without a fault.
#include "servers/pager/core/min_max.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/resident.h"
#include "servers/pager/core/state.h"

#define RUN_PAGES 64u

int64_t pager_space_create(struct pager *pager, uint32_t badge) {
  struct space *space;
  int error = space_new(pager, badge, &space);
  if (error == 0) space_add_message(pager, space);
  return error;
}

void pager_start(struct pager *pager, struct space *space, uint64_t pc, uint64_t sp, uint64_t a0,
                 uint64_t a1) {
  (void)pager;
  kops_thread_start(space->slot, pc, sp, a0, a1);
}

// Makes one page part of a region with at least these rights.
static bool add_page(struct pager *pager, struct space *space, uint32_t page, uint32_t prot) {
  if (!slab_reserve(pager, SLAB_REGION, 2)) return false;
  struct region *region = region_find(space->regions, page);
  if (!region) {
    struct region one = {.start = page,
                         .end = page + 1,
                         .prot = (uint8_t)prot,
                         .prot_max = PROT_R | PROT_W | PROT_X,
                         .flags = REGION_TOUCHED};
    space_add_region(pager, space, &one);
    return true;
  }
  if ((region->prot | prot) == region->prot) return true;
  space_split(pager, space, page);
  space_split(pager, space, page + 1);
  region = region_find(space->regions, page);
  space_count(space, region, -1);
  region->prot |= (uint8_t)prot;
  region->flags |= REGION_TOUCHED;
  space_count(space, region, 1);
  return true;
}

// The frame of a private page, zeroed if it is new.
static uint32_t own_page(struct pager *pager, struct space *space, uint32_t page) {
  struct node *leaf = space_own_leaf(pager, space, page);
  if (!leaf) return FRAME_NONE;
  uint32_t *entry = &leaf->entry[page & NODE_MASK];
  if (entry_is_frame(*entry)) return *entry;
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) return FRAME_NONE;
  page_of(pager, frame)->family = space_family(space);  // not listed: it stays
  page_of(pager, frame)->index = page;
  page_of(pager, frame)->object = 0;
  page_zero(frame_pointer(pager, frame));
  *entry = frame;
  leaf->present |= 1ull << (page & NODE_MASK);
  resident_change(space, 1);
  return frame;
}

// Copies what the data has for a page. `start` is the address of data[0].
static void fill(uint8_t *to, uint32_t page, uint64_t start, const uint8_t *data, uint64_t bytes) {
  uint64_t low = (uint64_t)page << PAGE_SHIFT;
  uint64_t high = low + PAGE_SIZE;
  if (low < start) low = start;
  if (high > start + bytes) high = start + bytes;
  if (low < high) bytes_copy(to + (low & PAGE_MASK), data + (low - start), high - low);
}

static uint32_t prot_of(struct space *space, uint32_t page) {
  return region_find(space->regions, page)->prot;
}

int64_t pager_load(struct pager *pager, struct space *space, uint64_t va, const void *data,
                   uint64_t bytes, uint64_t memory_bytes, uint32_t prot) {
  if (memory_bytes == 0 || bytes > memory_bytes) return -EINVAL;
  if (va >= USER_END || memory_bytes > USER_END - va || va < PAGE_SIZE) return -EINVAL;
  if (prot & PROT_W) prot |= PROT_R;
  uint32_t end = (uint32_t)((va + memory_bytes + PAGE_MASK) >> PAGE_SHIFT);
  uint32_t frames[RUN_PAGES];
  uint32_t count = 0;
  for (uint32_t page = (uint32_t)(va >> PAGE_SHIFT); page < end; page++) {
    uint32_t frame = FRAME_NONE;
    if (add_page(pager, space, page, prot)) frame = own_page(pager, space, page);
    if (frame == FRAME_NONE) return -ENOMEM;
    fill(frame_pointer(pager, frame), page, va, data, bytes);
    frames[count++] = frame;
    bool goes_on =
        page + 1 < end && count < RUN_PAGES && region_find(space->regions, page + 1) == NULL;
    if (goes_on) continue;
    int error = space_enter(pager, space, page + 1 - count, prot_of(space, page), count, frames);
    if (error < 0) return error;
    count = 0;
  }
  return 0;
}

static int64_t add_device_region(struct pager *pager, struct space *space, uint64_t va,
                                 uint64_t bytes, uint32_t prot) {
  if ((va | bytes) & PAGE_MASK || bytes == 0) return -EINVAL;
  if (va >= USER_END || bytes > USER_END - va || va == 0) return -EINVAL;
  struct region region = {.start = (uint32_t)(va >> PAGE_SHIFT),
                          .end = (uint32_t)((va + bytes) >> PAGE_SHIFT),
                          .prot = (uint8_t)prot,
                          .prot_max = (uint8_t)prot,
                          .flags = REGION_SHARED | REGION_DEVICE | REGION_TOUCHED};
  if (!space_is_free(space, region.start, region.end)) return -EEXIST;
  if (!slab_reserve(pager, SLAB_REGION, 1)) return -ENOMEM;
  space_add_region(pager, space, &region);
  return 0;
}

int64_t pager_map_frames(struct pager *pager, struct space *space, uint64_t va, uint32_t first,
                         uint32_t count, uint32_t prot) {
  int64_t error = add_device_region(pager, space, va, (uint64_t)count << PAGE_SHIFT, prot);
  for (uint32_t done = 0; error == 0 && done < count; done += RUN_PAGES) {
    uint32_t frame = first + done;
    error = space_enter(pager, space, (uint32_t)(va >> PAGE_SHIFT) + done, prot | MAP_RUN,
                        min32(RUN_PAGES, count - done), &frame);
  }
  return error;
}

int64_t pager_map_device(struct pager *pager, struct space *space, uint64_t va, uint64_t physical,
                         uint64_t bytes, uint32_t prot) {
  if (physical & PAGE_MASK) return -EINVAL;
  int64_t error = add_device_region(pager, space, va, bytes, prot);
  uint64_t done = 0;
  while (error == 0 && done < bytes) {
    uint64_t left = (bytes - done) >> PAGE_SHIFT;
    uint32_t count = left < RUN_PAGES ? (uint32_t)left : RUN_PAGES;
    error =
        kops_map_device(space->slot, (va + done) | prot, count, (physical + done) >> PAGE_SHIFT);
    if (error == 0) done += (uint64_t)count << PAGE_SHIFT;
    if (error == -ENOMEM && space_fund(pager, space, 1)) error = 0;
  }
  return error;
}
