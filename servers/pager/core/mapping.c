// mmap, munmap, brk.
#include "servers/pager/core/limits.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/range.h"
#include "servers/pager/core/state.h"

#define MAP_FLAGS                                                                         \
  (PAGER_SHARED | PAGER_PRIVATE | PAGER_FIXED | PAGER_FIXED_NOREPLACE | PAGER_GROWSDOWN | \
   PAGER_LOCKED)

bool space_covers(const struct space *space, uint32_t start, uint32_t end) {
  if (start >= end) return true;
  const struct region *region = region_find(space->regions, start);
  while (region && region->end < end) {
    const struct region *next = region_next(region);
    region = next && next->start == region->end ? next : NULL;
  }
  return region != NULL;
}

bool space_is_free(const struct space *space, uint32_t start, uint32_t end) {
  const struct region *above = region_above(space->regions, start);
  return !above || above->start >= end;
}

// --- mmap ---------------------------------------------------------------------------------------

// Where a mapping goes: in front of `behind`, which may be what it replaces.
struct spot {
  uint32_t start;
  struct region *behind;
};

static int choose_fixed(struct space *space, uint64_t address, uint32_t pages, uint32_t flags,
                        struct spot *spot) {
  uint64_t bytes = (uint64_t)pages << PAGE_SHIFT;
  if (address > USER_END || bytes > USER_END - address) return -ENOMEM;
  if (address & PAGE_MASK) return -EINVAL;
  if (address < PAGE_LOWEST << PAGE_SHIFT) return -EPERM;
  spot->start = (uint32_t)(address >> PAGE_SHIFT);
  spot->behind = region_above(space->regions, spot->start);
  uint32_t end = spot->start + pages;
  if (!spot->behind || spot->behind->start >= end) return 0;
  if (flags & PAGER_FIXED_NOREPLACE) return -EEXIST;
  return range_has_fixture(spot->behind, end) ? -EINVAL : 0;
}

static int choose(struct space *space, uint64_t address, uint32_t pages, uint32_t flags,
                  struct spot *spot) {
  if (flags & (PAGER_FIXED | PAGER_FIXED_NOREPLACE)) {
    return choose_fixed(space, address, pages, flags, spot);
  }
  uint64_t hint = address >> PAGE_SHIFT;
  if (hint >= PAGE_LOWEST && hint < USER_PAGES && pages <= USER_PAGES - hint) {
    spot->start = (uint32_t)hint;
    spot->behind = region_above(space->regions, spot->start);
    if (!spot->behind || spot->behind->start >= spot->start + pages) return 0;
  }
  spot->start = region_gap(space->regions, (uint32_t)(MMAP_BASE >> PAGE_SHIFT),
                           (uint32_t)(MMAP_END >> PAGE_SHIFT), pages, &spot->behind);
  return spot->start ? 0 : -ENOMEM;
}

// Everything that memory is needed for, so that the rest cannot fail.
static bool reserve(struct pager *pager) {
  return slab_reserve(pager, SLAB_REGION, 2) && slab_reserve(pager, SLAB_NODE, SPACE_REMOVE_NODES);
}

static int check_request(uint64_t length, uint32_t prot, uint32_t flags) {
  uint32_t kind = flags & (PAGER_SHARED | PAGER_PRIVATE);
  if (length == 0 || (prot & ~(uint32_t)PROT_ALL) || (flags & ~(uint32_t)MAP_FLAGS)) return -EINVAL;
  if (kind != PAGER_SHARED && kind != PAGER_PRIVATE) return -EINVAL;
  return length <= USER_END ? 0 : -ENOMEM;
}

// Empties the range that a mapping replaces.
static bool replace(struct pager *pager, struct space *space, struct spot *spot, uint32_t end) {
  if (!reserve(pager)) return false;
  space_clear_from(pager, space, spot->behind, spot->start, end);
  spot->behind = region_above(space->regions, spot->start);
  return true;
}

// Puts a region of `pages` pages where the caller wants it. Returns its address.
static int64_t place(struct pager *pager, struct space *space, uint64_t address, uint32_t pages,
                     uint32_t flags, struct region *region) {
  struct spot spot;
  odd_settle(pager, space);
  region->flags |= space->new_flags;
  int error = choose(space, address, pages, flags, &spot);
  if (error < 0) return error;
  uint32_t end = spot.start + pages;
  bool replaces = spot.behind && spot.behind->start < end;
  error = limits_check(space, region, pages, replaces ? spot.behind : NULL, spot.start);
  if (error < 0) return error;
  if (replaces) {
    if (!replace(pager, space, &spot, end)) return -ENOMEM;
    requests_kick(pager);
  }
  region->start = spot.start;
  region->end = end;
  if (!space_add_before(pager, space, region, spot.behind)) return -ENOMEM;
  return (int64_t)spot.start << PAGE_SHIFT;
}

static int64_t map_shared(struct pager *pager, struct space *space, uint64_t address,
                          uint64_t length, uint32_t flags, struct region *region) {
  if (flags & PAGER_GROWSDOWN) return -EINVAL;
  region->flags |= REGION_SHARED;
  region->object = object_new(pager, BACKED_BY_NOTHING, 0, length);
  if (!region->object) return -ENOMEM;
  int64_t result = place(pager, space, address, range_pages(length), flags, region);
  if (result < 0) object_kill(pager, region->object);
  return result;
}

int64_t pager_map(struct pager *pager, struct space *space, uint64_t address, uint64_t length,
                  uint32_t prot, uint32_t flags) {
  int error = check_request(length, prot, flags & ~(uint32_t)PAGER_READ_ONLY);
  if (error < 0) return error;
  uint32_t prot_max = flags & PAGER_READ_ONLY ? PROT_R | PROT_X : PROT_ALL;
  if (range_prot(prot) & ~prot_max) return -EACCES;
  struct region region = {.prot = (uint8_t)range_prot(prot), .prot_max = (uint8_t)prot_max};
  if (flags & PAGER_LOCKED) region.flags = REGION_LOCKED;
  if (flags & PAGER_SHARED) return map_shared(pager, space, address, length, flags, &region);
  if (flags & PAGER_GROWSDOWN) region.flags |= REGION_GROWSDOWN;
  return place(pager, space, address, range_pages(length), flags, &region);
}

int64_t pager_object_map(struct pager *pager, struct space *space, uint32_t id, uint64_t offset,
                         uint64_t address, uint64_t length, uint32_t prot, uint32_t flags,
                         uint32_t prot_max) {
  int error = check_request(length, prot, flags);
  if (error < 0) return error;
  if ((flags & PAGER_GROWSDOWN) || (offset & PAGE_MASK)) return -EINVAL;
  if (offset >= OBJECT_BYTES_MAX || length > OBJECT_BYTES_MAX - offset) return -EOVERFLOW;
  struct object *object = object_named(pager, id);
  if (!object) return -EINVAL;
  if (range_prot(prot) & ~prot_max) return -EACCES;
  struct region region = {.prot = (uint8_t)range_prot(prot),
                          .prot_max = (uint8_t)(prot_max & PROT_ALL),
                          .flags = flags & PAGER_SHARED ? REGION_SHARED : 0,
                          .object = object,
                          .offset = (uint32_t)(offset >> PAGE_SHIFT)};
  if (flags & PAGER_LOCKED) region.flags |= REGION_LOCKED;
  int64_t result = place(pager, space, address, range_pages(length), flags, &region);
  if (result >= 0) object->closed = false;
  return result;
}

// --- munmap -------------------------------------------------------------------------------------

int64_t pager_unmap(struct pager *pager, struct space *space, uint64_t address, uint64_t length) {
  uint32_t start, end;
  if (length == 0 || !range_of(address, length, &start, &end)) return -EINVAL;
  odd_settle(pager, space);
  struct region *first = region_above(space->regions, start);
  if (!first || first->start >= end) return 0;
  if (first->start == start && first->end == end && !(first->flags & REGION_TOUCHED)) {
    space_drop_region(pager, space, first);
    return 0;
  }
  if (range_has_fixture(first, end)) return -EINVAL;
  if (!reserve(pager)) return -ENOMEM;
  space_clear_from(pager, space, first, start, end);
  requests_kick(pager);
  return 0;
}

// --- brk ----------------------------------------------------------------------------------------

// 0, or -EINVAL: it cannot be there, -ENOMEM.
static int set_break_page(struct pager *pager, struct space *space, uint32_t page) {
  const uint32_t old = range_pages(space->break_byte);
  odd_settle(pager, space);
  if (page > old) {
    struct region *behind = region_above(space->regions, old);
    if (behind && behind->start < page) return -EINVAL;
    struct region region = {.start = old,
                            .end = page,
                            .prot = PROT_R | PROT_W,
                            .prot_max = PROT_ALL,
                            .flags = REGION_HEAP | space->new_flags};
    if (limits_check(space, &region, page - old, NULL, 0) < 0) return -EINVAL;
    if (!space_add_before(pager, space, &region, behind)) return -ENOMEM;
  } else if (page < old) {
    struct region *first = region_above(space->regions, page);
    if (range_has_fixture(first, old)) return -EINVAL;
    if (!reserve(pager)) return -ENOMEM;
    space_clear_from(pager, space, first, page, old);
    requests_kick(pager);
  }
  return 0;
}

int64_t pager_break(struct pager *pager, struct space *space, uint64_t address) {
  uint64_t lowest = (uint64_t)space->break_start << PAGE_SHIFT;
  if (address >= lowest && address <= MMAP_BASE && lowest > 0) {
    int error = set_break_page(pager, space, range_pages(address));
    if (error == -ENOMEM) return -ENOMEM;
    if (error == 0) space->break_byte = address;
  }
  return (int64_t)space->break_byte;
}

void pager_set_break(struct pager *pager, struct space *space, uint64_t address) {
  (void)pager;
  space->break_start = range_pages(address);
  space->break_byte = (uint64_t)space->break_start << PAGE_SHIFT;
}
