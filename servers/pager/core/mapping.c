// mmap, munmap, mprotect, brk.
#include "servers/pager/core/state.h"

#define MAP_FLAGS \
  (PAGER_SHARED | PAGER_PRIVATE | PAGER_FIXED | PAGER_FIXED_NOREPLACE | PAGER_GROWSDOWN)
#define PROT_ALL (PROT_R | PROT_W | PROT_X)
#define PAGE_LOWEST 1u   // page 0 is never mapped
#define EAGER_PAGES 64u  // mprotect enters at most so many pages again at once

static uint32_t effective_prot(uint32_t prot) { return prot & PROT_W ? prot | PROT_R : prot; }

// The pages of a user range of bytes. False if it is empty, unaligned or not all user's.
static bool page_range(uint64_t address, uint64_t length, uint32_t *start, uint32_t *end) {
  if ((address & PAGE_MASK) || length == 0) return false;
  if (address >= USER_END || length > USER_END - address) return false;
  *start = (uint32_t)(address >> PAGE_SHIFT);
  *end = (uint32_t)((address + length + PAGE_MASK) >> PAGE_SHIFT);
  return *start >= PAGE_LOWEST;
}

// Whether a range has regions that stay. `first` is the first one that ends above `start`.
static bool has_fixture_from(struct space *space, const struct region *first, uint32_t end) {
  for (const struct region *r = first; r && r->start < end; r = region_behind(space, r, end)) {
    if (r->flags & REGION_FIXTURE) return true;
  }
  return false;
}

static bool has_fixture(struct space *space, uint32_t start, uint32_t end) {
  return has_fixture_from(space, region_above(space->regions, start), end);
}

bool space_covers(struct space *space, uint32_t start, uint32_t end) {
  while (start < end) {
    const struct region *region = region_find(space->regions, start);
    if (!region) return false;
    start = region->end;
  }
  return true;
}

// Where a mapping goes: page, or a negative errno. What it replaces is still there.
static int64_t choose_place(struct space *space, uint64_t address, uint32_t pages, uint32_t flags) {
  uint32_t start, end;
  bool usable = page_range(address & ~PAGE_MASK, (uint64_t)pages << PAGE_SHIFT, &start, &end);
  if (flags & (PAGER_FIXED | PAGER_FIXED_NOREPLACE)) {
    if (!usable || (address & PAGE_MASK)) return -EINVAL;
    bool is_free = region_is_free(space->regions, start, end);
    if (!is_free && (flags & PAGER_FIXED_NOREPLACE)) return -EEXIST;
    if (!is_free && has_fixture(space, start, end)) return -EINVAL;
    return start;
  }
  if (usable && region_is_free(space->regions, start, end)) return start;
  uint32_t found = region_gap(space->regions, (uint32_t)(MMAP_BASE >> PAGE_SHIFT),
                              (uint32_t)(MMAP_END >> PAGE_SHIFT), pages);
  return found ? (int64_t)found : -ENOMEM;
}

// Everything that memory is needed for, so that the rest cannot fail.
static bool reserve(struct pager *pager) {
  return slab_reserve(pager, SLAB_REGION, 2) && slab_reserve(pager, SLAB_NODE, SPACE_REMOVE_NODES);
}

static bool valid_request(uint64_t length, uint32_t prot, uint32_t flags) {
  uint32_t kind = flags & (PAGER_SHARED | PAGER_PRIVATE);
  return length > 0 && length <= USER_END && !(prot & ~(uint32_t)PROT_ALL) &&
         !(flags & ~(uint32_t)MAP_FLAGS) && (kind == PAGER_SHARED || kind == PAGER_PRIVATE);
}

// Puts a region of `pages` pages where the caller wants it.
static int64_t place(struct pager *pager, struct space *space, uint64_t address, uint32_t pages,
                     uint32_t flags, struct region *region) {
  int64_t start = choose_place(space, address, pages, flags);
  if (start < 0) return start;
  if (!reserve(pager)) return -ENOMEM;
  region->start = (uint32_t)start;
  region->end = region->start + pages;
  if (flags & PAGER_FIXED) space_clear(pager, space, region->start, region->end);
  space_add_region(pager, space, region);
  requests_kick(pager);
  return start << PAGE_SHIFT;
}

static uint32_t pages_of(uint64_t length) { return (uint32_t)((length + PAGE_MASK) >> PAGE_SHIFT); }

int64_t pager_map(struct pager *pager, struct space *space, uint64_t address, uint64_t length,
                  uint32_t prot, uint32_t flags) {
  if (!valid_request(length, prot, flags)) return -EINVAL;
  struct region region = {.prot = (uint8_t)effective_prot(prot), .prot_max = PROT_ALL};
  if (!(flags & PAGER_SHARED)) {
    if (flags & PAGER_GROWSDOWN) region.flags = REGION_GROWSDOWN;
    return place(pager, space, address, pages_of(length), flags, &region);
  }
  region.flags = REGION_SHARED;
  region.object = object_new(pager, BACKED_BY_NOTHING, 0, length);
  if (!region.object) return -ENOMEM;
  int64_t result = place(pager, space, address, pages_of(length), flags, &region);
  if (result < 0) object_kill(pager, region.object);
  return result;
}

int64_t pager_object_map(struct pager *pager, struct space *space, uint32_t id, uint64_t offset,
                         uint64_t address, uint64_t length, uint32_t prot, uint32_t flags,
                         uint32_t prot_max) {
  if (!valid_request(length, prot, flags) || (flags & PAGER_GROWSDOWN)) return -EINVAL;
  if (offset & PAGE_MASK) return -EINVAL;
  if (offset >= OBJECT_BYTES_MAX || length > OBJECT_BYTES_MAX - offset) return -EOVERFLOW;
  struct object *object = object_named(pager, id);
  if (!object) return -EINVAL;
  if (effective_prot(prot) & ~prot_max) return -EACCES;
  struct region region = {.prot = (uint8_t)effective_prot(prot),
                          .prot_max = (uint8_t)(prot_max & PROT_ALL),
                          .flags = flags & PAGER_SHARED ? REGION_SHARED : 0,
                          .object = object,
                          .offset = (uint32_t)(offset >> PAGE_SHIFT)};
  int64_t result = place(pager, space, address, pages_of(length), flags, &region);
  if (result >= 0) object->closed = false;
  return result;
}

int64_t pager_unmap(struct pager *pager, struct space *space, uint64_t address, uint64_t length) {
  uint32_t start, end;
  if (!page_range(address, length, &start, &end)) return -EINVAL;
  struct region *first = region_above(space->regions, start);
  if (!first || first->start >= end) return 0;
  if (has_fixture_from(space, first, end)) return -EINVAL;
  if (!reserve(pager)) return -ENOMEM;
  space_clear_from(pager, space, first, start, end);
  requests_kick(pager);
  return 0;
}

// --- mprotect -----------------------------------------------------------------------------------

static int64_t check_protect(struct space *space, uint32_t start, uint32_t end, uint32_t prot) {
  for (uint32_t page = start; page < end;) {
    const struct region *region = region_find(space->regions, page);
    if (!region) return -ENOMEM;
    if (region->flags & REGION_FIXTURE) return -EINVAL;
    if (prot & ~(uint32_t)region->prot_max) return -EACCES;
    page = region->end;
  }
  return 0;
}

// Enters the pages of a region again that this space alone has, so that no fault is needed.
static void enter_owned(struct pager *pager, struct space *space, const struct region *region,
                        uint32_t start, uint32_t end) {
  uint32_t prot = region->prot;
  if (start < region->start) start = region->start;
  if (end > object_region_end(region)) end = object_region_end(region);
  bool owned = false;
  struct node *leaf = NULL;
  uint32_t count = 0;
  for (uint32_t page = start; page < end; page++) {
    if (page == start || (page & NODE_MASK) == 0) leaf = space_leaf(pager, space, page, &owned);
    uint32_t frame = leaf && owned ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
    bool mine = frame != FRAME_NONE && page_of(pager, frame)->refs == 1;
    if (mine) {
      if (prot & PROT_W) space_own_leaf(pager, space, page);
      pager->call_buffer[count++] = frame;
    }
    if (count > 0 && (!mine || page + 1 == end)) {
      uint32_t first = page + mine - count;
      space_enter(pager, space, first, prot, count, pager->call_buffer);
      count = 0;
    }
  }
}

// Joins the regions on both sides of a border if they are alike.
static void join_around(struct pager *pager, struct space *space, uint32_t page) {
  struct region *left, *right;
  region_neighbours(space->regions, page - 1, &left, &right);
  if (left && right && left->end == page) space_join(pager, space, left, right);
}

// What changing the rights of a range does to its mappings.
struct change {
  uint8_t removed, added;  // rights
  uint16_t flags;          // of all regions, together
};

static void set_prot(struct region *region, uint32_t prot, struct change *change) {
  change->removed |= region->prot & (uint8_t)~prot;
  change->added |= (uint8_t)prot & (uint8_t)~region->prot;
  change->flags |= region->flags;
  region->prot = (uint8_t)prot;
}

// Sets the rights of [start, end), all of which is in regions, and joins regions that are alike.
static void protect_regions(struct pager *pager, struct space *space, uint32_t start, uint32_t end,
                            uint32_t prot, struct change *change) {
  space_split(pager, space, start);
  space_split(pager, space, end);
  for (uint32_t page = start; page < end;) {
    struct region *region = region_find(space->regions, page);
    set_prot(region, prot, change);
    page = region->end;
    if (region->start > start) join_around(pager, space, region->start);
  }
}

// Brings the mappings of a range up to its new rights.
static void apply(struct pager *pager, struct space *space, uint32_t start, uint32_t end,
                  uint32_t prot, const struct change *change) {
  uint64_t va = (uint64_t)start << PAGE_SHIFT;
  uint64_t va_end = (uint64_t)end << PAGE_SHIFT;
  if (prot == 0) {
    kops_unmap(space->slot, va, va_end);
  } else if (change->removed) {
    kops_protect(space->slot, va, va_end, prot);
  }
  if (!change->added || (change->flags & REGION_SHARED) || end - start > EAGER_PAGES) return;
  for (uint32_t page = start; page < end;) {
    const struct region *region = region_find(space->regions, page);
    enter_owned(pager, space, region, start, end);
    page = region->end;
  }
}

int64_t pager_protect(struct pager *pager, struct space *space, uint64_t address, uint64_t length,
                      uint32_t prot) {
  uint32_t start, end;
  if ((address & PAGE_MASK) || (prot & ~(uint32_t)PROT_ALL)) return -EINVAL;
  if (length == 0) return 0;
  if (!page_range(address, length, &start, &end)) return -ENOMEM;
  prot = effective_prot(prot);
  int64_t error = check_protect(space, start, end, prot);
  if (error < 0) return error;
  if (!slab_reserve(pager, SLAB_REGION, 2)) return -ENOMEM;
  struct change change = {0};
  struct region *region = region_find(space->regions, start);
  if (region->start == start && region->end == end) {
    set_prot(region, prot, &change);
  } else if (region->end >= end && region->prot == prot) {
    return 0;
  } else {
    protect_regions(pager, space, start, end, prot, &change);
  }
  join_around(pager, space, end);
  join_around(pager, space, start);
  space->hit = &pager->nothing;
  if (change.flags & REGION_TOUCHED) apply(pager, space, start, end, prot, &change);
  return 0;
}

// --- brk ----------------------------------------------------------------------------------------

static bool set_break_page(struct pager *pager, struct space *space, uint32_t page) {
  if (page > space->break_page) {
    if (!region_is_free(space->regions, space->break_page, page)) return false;
    if (!reserve(pager)) return false;
    struct region region = {.start = space->break_page,
                            .end = page,
                            .prot = PROT_R | PROT_W,
                            .prot_max = PROT_ALL,
                            .flags = REGION_HEAP};
    space_add_region(pager, space, &region);
  } else if (page < space->break_page) {
    if (has_fixture(space, page, space->break_page) || !reserve(pager)) return false;
    space_clear(pager, space, page, space->break_page);
    requests_kick(pager);
  }
  space->break_page = page;
  return true;
}

int64_t pager_break(struct pager *pager, struct space *space, uint64_t address) {
  uint64_t lowest = (uint64_t)space->break_start << PAGE_SHIFT;
  if (address >= lowest && address <= MMAP_BASE && lowest > 0 &&
      set_break_page(pager, space, pages_of(address))) {
    space->break_byte = address;
  }
  return (int64_t)space->break_byte;
}

void pager_set_break(struct pager *pager, struct space *space, uint64_t address) {
  (void)pager;
  space->break_start = space->break_page = pages_of(address);
  space->break_byte = (uint64_t)space->break_start << PAGE_SHIFT;
}
