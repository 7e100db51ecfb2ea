// Faults on private pages: of memory without an object, and copies of pages of files.
#include "servers/pager/core/bits.h"
#include "servers/pager/core/fault_cases.h"
#include "servers/pager/core/large.h"
#include "servers/pager/core/page_ops.h"

// --- anonymous memory ---------------------------------------------------------------------------

// A new page in an empty entry. FRAME_NONE if there is no memory.
static inline uint32_t fill_zero(struct pager *pager, const struct space *space, struct node *leaf,
                                 uint32_t index) {
  uint32_t way = index & NODE_MASK;
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) return FRAME_NONE;
  page_make_private(pager, space, frame, index);
  leaf->entry[way] = frame;
  leaf->present |= 1ull << way;
  page_zero(frame_pointer(pager, frame));
  return frame;
}

// New pages in `count` empty entries. First all that is short, so that it stays in registers.
// => so many frames are free
static inline void fill_zeros(struct pager *pager, const struct space *space, struct node *leaf,
                              uint32_t index, uint32_t count) {
  uint32_t *entry = &leaf->entry[index & NODE_MASK];
  uint32_t *frames = pager->call_buffer;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t frame = frame_pop_raw(pager);
    page_make_private(pager, space, frame, index + i);
    entry[i] = frames[i] = frame;
  }
  leaf->present |= ((1ull << count) - 1) << (index & NODE_MASK);
  for (uint32_t i = 0; i < count; i++) page_zero(frame_pointer(pager, frames[i]));
}

CASE first_touches(struct pager *pager, struct space *space, const struct region *region,
                   struct node *leaf, struct access *access, uint32_t run) {
  uint32_t way = access->page & NODE_MASK;
  uint64_t behind = leaf->present >> way;
  run = min32(run, min32(region->end - access->page, NODE_WAYS - way));
  if (behind) run = min32(run, bits_lowest(behind));
  uint32_t done = 0;
  if (pager->free.count >= FRAMES_RESERVE + run) {
    fill_zeros(pager, space, leaf, access->page, run);
    done = run;
  }
  for (; done < run; done++) {
    uint32_t frame = fill_zero(pager, space, leaf, access->page + done);
    if (frame == FRAME_NONE) break;
    pager->call_buffer[done] = frame;
  }
  if (done == 0) return OUTCOME_NO_MEMORY;
  space->touch_next = access->page + done;
  space->zeroed += done;
  pager->counts.pages_zeroed += done - 1;
  access->replaced = true;
  found_one(access, leaf->entry[way], region->prot, &pager->counts.faults_anonymous);
  access->count = done;
  return OUTCOME_FOUND;
}

CASE first_touch(struct pager *pager, struct space *space, const struct region *region,
                 struct node *leaf, struct access *access) {
  uint32_t run = run_wanted(pager, space, access);
  if (run > 1 && run == pager->option[PAGER_BATCH_MAX] &&
      large_touch(pager, space, region, access)) {
    return OUTCOME_FOUND;
  }
  if (run > 1) return first_touches(pager, space, region, leaf, access, run);
  uint32_t frame = fill_zero(pager, space, leaf, access->page);
  if (frame == FRAME_NONE) return OUTCOME_NO_MEMORY;
  space->touch_next = access->page + 1;
  space->zeroed++;
  access->replaced = true;
  return found_one(access, frame, region->prot, &pager->counts.faults_anonymous);
}

// --- private pages that exist -------------------------------------------------------------------

// Pages of the leaf that this space alone has, from the one asked for on: writable.
CASE reuse_run(struct pager *pager, struct space *space, const struct region *region,
               struct node *leaf, struct access *access, uint32_t run) {
  uint32_t way = access->page & NODE_MASK;
  run = min32(run, min32(object_region_end(region) - access->page, NODE_WAYS - way));
  uint32_t done = 0;
  for (; done < run; done++) {
    uint32_t frame = leaf->entry[way + done];
    if (!entry_is_frame(frame) || page_of(pager, frame)->refs != 1) break;
    pager->call_buffer[done] = frame;
  }
  space->touch_next = access->page + done;
  found_one(access, leaf->entry[way], region->prot, &pager->counts.faults_cow_reuse);
  access->count = done;
  return OUTCOME_FOUND;
}

static inline enum outcome reuse(struct pager *pager, struct space *space,
                                 const struct region *region, struct node *leaf,
                                 struct access *access, uint32_t frame) {
  uint32_t run = run_wanted(pager, space, access);
  if (run > 1) return reuse_run(pager, space, region, leaf, access, run);
  space->touch_next = access->page + 1;
  return found_one(access, frame, region->prot, &pager->counts.faults_cow_reuse);
}

CASE cow_copy(struct pager *pager, struct space *space, const struct region *region,
              struct node *leaf, struct access *access) {
  uint32_t *entry = &leaf->entry[access->page & NODE_MASK];
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) {
    access->frame = *entry;
    return OUTCOME_NO_MEMORY;
  }
  page_make_private(pager, space, frame, access->page);
  page_copy(frame_pointer(pager, frame), frame_pointer(pager, *entry));
  page_of(pager, *entry)->refs--;
  *entry = frame;
  space->copied++;
  access->replaced = true;
  return found_one(access, frame, region->prot, &pager->counts.faults_cow_copy);
}

// A private page that others have, too, with its neighbours: read-only.
CASE read_around(struct pager *pager, const struct region *region, const struct node *leaf,
                 struct access *access) {
  uint32_t page = access->page;
  found_one(access, leaf->entry[page & NODE_MASK], region->prot & ~(uint32_t)PROT_W,
            &pager->counts.faults_cow_reuse);
  if (!(access->how & ACCESS_RUN)) return OUTCOME_FOUND;
  uint32_t low, high;
  window_around(region, page, pager->option[PAGER_FAULT_AROUND], &low, &high);
  uint32_t first = page;
  while (first > low && entry_is_frame(leaf->entry[(first - 1) & NODE_MASK])) first--;
  uint32_t count = 0;
  for (uint32_t i = first; i < high && entry_is_frame(leaf->entry[i & NODE_MASK]); i++) {
    pager->call_buffer[count++] = leaf->entry[i & NODE_MASK];
  }
  access->first = first;
  access->count = count;
  return OUTCOME_FOUND;
}

// --- private pages of files ---------------------------------------------------------------------

// A private copy of a file's page; behind the end of a program's data it is zeros.
CASE file_copy(struct pager *pager, struct space *space, const struct region *region,
               struct access *access) {
  uint32_t page = access->page;
  enum outcome outcome = cached_page(pager, region->object, index_of(region, page), access);
  if (outcome != OUTCOME_FOUND) return outcome;
  pager->pinned = access->frame;
  struct node *leaf = space_own_leaf(pager, space, page);
  uint32_t frame = leaf ? frame_take(pager) : FRAME_NONE;
  pager->pinned = FRAME_NONE;
  if (frame == FRAME_NONE) return OUTCOME_NO_MEMORY;
  page_make_private(pager, space, frame, page);
  uint8_t *to = frame_pointer(pager, frame);
  page_copy(to, frame_pointer(pager, access->frame));
  if (region->tail && page == region->end - 1) {
    bytes_zero(to + region->tail, PAGE_SIZE - region->tail);
  }
  leaf->entry[page & NODE_MASK] = frame;
  leaf->present |= 1ull << (page & NODE_MASK);
  space->copied++;
  access->replaced = true;
  return found_one(access, frame, region->prot, &pager->counts.faults_cow_copy);
}

CASE file_read(struct pager *pager, struct space *space, const struct region *region,
               const struct node *leaf, struct access *access) {
  if (region->tail && access->page == region->end - 1) {
    return file_copy(pager, space, region, access);
  }
  uint32_t index = index_of(region, access->page);
  enum outcome outcome = cached_page(pager, region->object, index, access);
  if (outcome != OUTCOME_FOUND) return outcome;
  return object_found(pager, region, leaf, access, region->prot & ~(uint32_t)PROT_W);
}

// --- the two accesses ---------------------------------------------------------------------------

enum outcome fault_private_write(struct pager *pager, struct space *space,
                                 const struct region *region, struct access *access) {
  struct node *leaf = space->leaf;
  if (space->leaf_tag != access->page >> NODE_BITS) {
    leaf = space_own_leaf(pager, space, access->page);
    if (!leaf) return OUTCOME_NO_MEMORY;
  }
  uint32_t frame = leaf->entry[access->page & NODE_MASK];
  if (frame == FRAME_NONE) {
    if (region->object) return file_copy(pager, space, region, access);
    return first_touch(pager, space, region, leaf, access);
  }
  if (entry_is_swapped(frame)) return swapped(pager, space, NULL, access->page, frame, access);
  if (page_of(pager, frame)->refs == 1) return reuse(pager, space, region, leaf, access, frame);
  return cow_copy(pager, space, region, leaf, access);
}

// No private page is there.
static inline enum outcome unwritten_read(struct pager *pager, struct space *space,
                                          const struct region *region, const struct node *leaf,
                                          struct access *access) {
  if (region->object) return file_read(pager, space, region, leaf, access);
  return found_one(access, pager->zero_frame, region->prot & ~(uint32_t)PROT_W,
                   &pager->counts.faults_zero_read);
}

// As fault_private_read, where the leaf is not at hand.
CASE private_read_far(struct pager *pager, struct space *space, const struct region *region,
                      struct access *access) {
  bool owned;
  struct node *leaf = space_leaf(pager, space, access->page, &owned);
  if (!leaf) space->empty_tag = access->page >> NODE_BITS;
  uint32_t frame = leaf ? leaf->entry[access->page & NODE_MASK] : FRAME_NONE;
  if (frame == FRAME_NONE) return unwritten_read(pager, space, region, leaf, access);
  if (entry_is_swapped(frame)) return swapped(pager, space, NULL, access->page, frame, access);
  if (owned && page_of(pager, frame)->refs == 1) {
    leaf = space_own_leaf(pager, space, access->page);  // nothing to copy; marks it writable
    return reuse(pager, space, region, leaf, access, frame);
  }
  return read_around(pager, region, leaf, access);
}

enum outcome fault_private_read(struct pager *pager, struct space *space,
                                const struct region *region, struct access *access) {
  struct node *leaf = space->leaf;
  if (space->leaf_tag != access->page >> NODE_BITS) {
    return private_read_far(pager, space, region, access);
  }
  uint32_t frame = leaf->entry[access->page & NODE_MASK];
  if (frame == FRAME_NONE) return unwritten_read(pager, space, region, leaf, access);
  if (entry_is_swapped(frame)) return swapped(pager, space, NULL, access->page, frame, access);
  if (page_of(pager, frame)->refs == 1) return reuse(pager, space, region, leaf, access, frame);
  return read_around(pager, region, leaf, access);
}
