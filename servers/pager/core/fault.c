// Resolving a fault: which page belongs there, with which rights?
//
//   region   page                        access  outcome                              counted as
//   none     above it a stack that may   any     the region grows; as below
//            grow down to it
//   none     -                           any     SIGSEGV, unmapped
//   any      access not in its rights    any     SIGSEGV, protected
//   message  the program's own           any     it, as fork took rights away         cow_reuse
//   object   behind the object's end     any     SIGBUS
//   private  none, anonymous             read    zero page, read-only                 zero_read
//                                        write   zeroed page; several in a run, 2 MiB
//                                                in a long one                        anonymous
//   private  none, of a file             read    cached page, read-only, neighbours   file
//                                        write   copy of the cached page              cow_copy
//   private  none, end of program data   any     copy, zeros behind the data          cow_copy
//   private  own, others have it too     read    it, read-only, neighbours            cow_reuse
//                                        write   copy of it                           cow_copy
//   private  own, nobody else has it     any     it, writable; several in a run       cow_reuse
//   shared   cached                      any     it, writable, neighbours             file
//            too much is dirty           read    it, read-only                        file
//                                        write   parked until less is                 major
//   shared   cached, hole of the file    read    it, read-only                        file
//                                        write   parked: OBJECT_ALLOCATE              major
//   shared   none, of memory             any     zeroed page; several in a run        anonymous
//   object   not cached, or being read   any     parked: OBJECT_PAGE_IN               major
//
// The short way (fault_short.h) does the private cases for one page of memory without an object in
// the leaf and region used last; all else, and all that it cannot do at once, is in fault_resolve.
//
// Outline: fault_long, fault_resolve, private_write, private_read, shared_access, then what
// they are made of.
#include "servers/pager/core/fault.h"

#include "protocols/proc.h"
#include "protocols/signal.h"
#include "servers/pager/core/bits.h"
#include "servers/pager/core/evict.h"
#include "servers/pager/core/fault_short.h"
#include "servers/pager/core/large.h"
#include "servers/pager/core/limits.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/provider.h"
#include "servers/pager/core/provider_short.h"
#include "servers/pager/core/rss.h"
#include "servers/pager/core/signals.h"
#include "servers/pager/core/state.h"

#define STACK_NEAR 256u  // pages below the limit at which a fault still counts as the stack's
#define READ_AHEAD_START 4u

// Each case is a function of its own, reached by a tail call: a fault pays for the registers of
// its own case alone.
#define CASE __attribute__((noinline)) static enum outcome

static uint32_t min32(uint32_t a, uint32_t b) { return a < b ? a : b; }

// One page.
static inline enum outcome found_one(struct access *access, uint32_t frame, uint32_t prot,
                                     uint64_t *counter) {
  access->frame = frame;
  access->first = access->page;
  access->count = 1;
  access->prot = prot;
  access->counter = counter;
  return OUTCOME_FOUND;
}

// --- anonymous memory ---------------------------------------------------------------------------

// How many pages to enter: 1, doubling while the faults ascend without a gap.
static inline uint32_t run_wanted(const struct pager *pager, struct space *space,
                                  const struct access *access) {
  uint32_t run = 1;
  if (access->page == space->touch_next && (access->how & ACCESS_RUN)) {
    run = min32(2 * space->touch_run, pager->option[PAGER_BATCH_MAX]);
  }
  space->touch_run = run;
  return run;
}

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
  if (frame == FRAME_NONE) return OUTCOME_NO_MEMORY;
  page_make_private(pager, space, frame, access->page);
  page_copy(frame_pointer(pager, frame), frame_pointer(pager, *entry));
  page_of(pager, *entry)->refs--;
  *entry = frame;
  space->copied++;
  access->replaced = true;
  return found_one(access, frame, region->prot, &pager->counts.faults_cow_copy);
}

// Clips the window of `size` aligned pages around a page to what its region has.
static void window_around(const struct region *region, uint32_t page, uint32_t size, uint32_t *low,
                          uint32_t *high) {
  uint32_t start = page & ~(size - 1);
  *low = start > region->start ? start : region->start;
  *high = min32(start + size, object_region_end(region));
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

// --- pages of objects ---------------------------------------------------------------------------

enum outcome page_in(struct pager *pager, struct object *object, uint32_t index, uint32_t how,
                     struct pending ***wait) {
  struct request *request = request_take(pager, object, OBJECT_PAGE_IN, index);
  *wait = request_list(pager, object, request);
  if (!request) return OUTCOME_WAIT;
  // A program's pages are copied: one more costs as much as the first.
  uint32_t start = object->provider ? 1 : READ_AHEAD_START;
  uint32_t window = ahead_pages(&object->ahead, index, start, how, pager->option[PAGER_READ_AHEAD]);
  for (uint32_t i = index; request->count < window && i < object->pages; i++) {
    if (object_frame(pager, object, i) != FRAME_NONE) break;
    uint32_t frame = frame_take(pager);
    if (frame == FRAME_NONE) break;
    if (!object_add(pager, object, i, frame, PAGE_FILLING)) {
      frame_put(pager, frame);
      break;
    }
    // fs leaves holes as they are; a program fills all.
    if (!object->provider) page_zero(frame_pointer(pager, frame));
    page_of(pager, frame)->request = request_number(request);
    request->frame[request->count++] = frame;
  }
  if (request->count == 0) {
    request_cancel(request);
    return OUTCOME_NO_MEMORY;
  }
  object->ahead = (struct ahead){.next = index + request->count, .window = window};
  request_send(pager, request);
  return OUTCOME_WAIT;
}

static inline uint32_t index_of(const struct region *region, uint32_t page) {
  return region->offset + (page - region->start);
}

// A page of a space, or of an object if that is not NULL, is in a swap area.
CASE swapped(struct pager *pager, struct space *space, struct object *object, uint32_t index,
             uint32_t entry, struct access *access) {
  return swap_in(pager, space, object, index, entry, access->how, &access->wait);
}

// The cached page of an object, in access->frame if found.
static inline enum outcome cached_page(struct pager *pager, struct object *object, uint32_t index,
                                       struct access *access) {
  uint32_t frame = object_frame(pager, object, index);
  if (entry_is_swapped(frame)) return swapped(pager, NULL, object, index, frame, access);
  if (frame == FRAME_NONE && object->backing == BACKED_BY_NOTHING) {
    access->frame = object_zero_page(pager, object, index);
    if (access->frame == FRAME_NONE) return OUTCOME_NO_MEMORY;
    pager->counts.pages_zeroed++;
    return OUTCOME_FOUND;
  }
  if (frame == FRAME_NONE) return page_in(pager, object, index, access->how, &access->wait);
  const struct page *page = page_of(pager, frame);
  access->frame = frame;
  if (page->state != PAGE_FILLING && !(page->flags & PAGE_LEAVING)) return OUTCOME_FOUND;
  access->wait = page_list_of(pager, object, page);
  return OUTCOME_WAIT;
}

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

// The frame to enter at a page of a region next to one that faulted; FRAME_NONE if it does not
// go with it. `leaf`: the private pages there, if any.
static inline uint32_t neighbour(struct pager *pager, const struct region *region,
                                 const struct node *leaf, uint32_t page, uint8_t hole) {
  if (leaf && leaf->entry[page & NODE_MASK]) return FRAME_NONE;
  uint32_t frame = object_frame(pager, region->object, index_of(region, page));
  if (!entry_is_frame(frame)) return FRAME_NONE;
  const struct page *p = page_of(pager, frame);
  if (p->state == PAGE_FILLING || (p->flags & (PAGE_HOLE | PAGE_LEAVING)) != hole) {
    return FRAME_NONE;
  }
  return frame;
}

// A page of an object, access->frame, with its cached neighbours.
CASE object_around(struct pager *pager, const struct region *region, const struct node *leaf,
                   struct access *access, uint32_t prot) {
  uint32_t page = access->page;
  found_one(access, access->frame, prot, &pager->counts.faults_file);
  // A private page follows no hole, and a hole stays read-only.
  bool shared = region->flags & REGION_SHARED;
  uint8_t hole = shared ? page_of(pager, access->frame)->flags & PAGE_HOLE : 0;
  uint32_t low, high;
  window_around(region, page, pager->option[PAGER_FAULT_AROUND], &low, &high);
  if (region->tail && high == region->end) high--;
  uint32_t first = page;
  while (first > low && neighbour(pager, region, leaf, first - 1, hole)) first--;
  uint32_t count = 0;
  for (uint32_t i = first; i < high; i++) {
    uint32_t frame = i == page ? access->frame : neighbour(pager, region, leaf, i, hole);
    if (frame == FRAME_NONE) break;
    pager->call_buffer[count++] = frame;
  }
  access->first = first;
  access->count = count;
  return OUTCOME_FOUND;
}

static inline enum outcome object_found(struct pager *pager, const struct region *region,
                                        const struct node *leaf, struct access *access,
                                        uint32_t prot) {
  if ((access->how & ACCESS_RUN) && pager->option[PAGER_FAULT_AROUND] > 1 &&
      region->end - region->start > 1) {
    return object_around(pager, region, leaf, access, prot);
  }
  return found_one(access, access->frame, prot, &pager->counts.faults_file);
}

CASE allocate_store(struct pager *pager, struct object *object, uint32_t index,
                    struct access *access) {
  struct page *page = page_of(pager, access->frame);
  if (page->flags & PAGE_ALLOCATING) {
    access->wait = &request_of(pager, page)->waiting;
    return OUTCOME_WAIT;
  }
  struct request *request = request_take(pager, object, OBJECT_ALLOCATE, index);
  access->wait = request_list(pager, object, request);
  if (!request) return OUTCOME_WAIT;
  request->frame[request->count++] = access->frame;
  page->flags |= PAGE_ALLOCATING;
  page->request = request_number(request);
  request_send(pager, request);
  return OUTCOME_WAIT;
}

CASE shared_memory(struct pager *pager, struct space *space, const struct region *region,
                   struct access *access) {
  uint32_t index = index_of(region, access->page);
  access->frame = object_frame(pager, region->object, index);
  if (entry_is_swapped(access->frame)) {
    return swapped(pager, NULL, region->object, index, access->frame, access);
  }
  if (access->frame != FRAME_NONE) {
    return object_found(pager, region, NULL, access, region->prot);
  }
  uint32_t run = run_wanted(pager, space, access);
  run = min32(run, object_region_end(region) - access->page);
  uint32_t done = 0;
  while (done < run && object_frame(pager, region->object, index + done) == FRAME_NONE) {
    uint32_t frame = object_zero_page(pager, region->object, index + done);
    if (frame == FRAME_NONE) break;
    pager->call_buffer[done++] = frame;
  }
  if (done == 0) return OUTCOME_NO_MEMORY;
  space->touch_next = access->page + done;
  space->zeroed += done;
  pager->counts.pages_zeroed += done - 1;
  found_one(access, pager->call_buffer[0], region->prot, &pager->counts.faults_anonymous);
  access->count = done;
  return OUTCOME_FOUND;
}

// A page of a file that may be written to from now on, unless too much is dirty already.
static inline enum outcome shared_writable(struct pager *pager, const struct region *region,
                                           struct access *access) {
  uint32_t prot = region->prot;
  if (__builtin_expect(aging_is_over(pager, region->object), 0)) {
    if (!(access->how & FAULT_WRITE)) {
      return object_found(pager, region, NULL, access, prot & ~(uint32_t)PROT_W);
    }
    access->wait = aging_throttle(pager, region->object);
    if (access->wait) return OUTCOME_WAIT;
  }
  object_found(pager, region, NULL, access, prot);
  aging_hand_out(pager, region->object, access->count);
  return OUTCOME_FOUND;
}

CASE shared_access(struct pager *pager, struct space *space, const struct region *region,
                   struct access *access) {
  struct object *object = region->object;
  uint32_t index = index_of(region, access->page);
  if (object->backing == BACKED_BY_NOTHING) return shared_memory(pager, space, region, access);
  enum outcome outcome = cached_page(pager, object, index, access);
  if (outcome != OUTCOME_FOUND) return outcome;
  uint32_t prot = region->prot;
  if (page_of(pager, access->frame)->flags & PAGE_HOLE) {
    if ((access->how & FAULT_WRITE)) return allocate_store(pager, object, index, access);
    prot &= ~(uint32_t)PROT_W;
  }
  if (!(prot & PROT_W)) return object_found(pager, region, NULL, access, prot);
  return shared_writable(pager, region, access);
}

// --- private regions ----------------------------------------------------------------------------

CASE private_write(struct pager *pager, struct space *space, const struct region *region,
                   struct access *access) {
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

// No private page is there.
static inline enum outcome unwritten_read(struct pager *pager, struct space *space,
                                          const struct region *region, const struct node *leaf,
                                          struct access *access) {
  if (region->object) return file_read(pager, space, region, leaf, access);
  return found_one(access, pager->zero_frame, region->prot & ~(uint32_t)PROT_W,
                   &pager->counts.faults_zero_read);
}

// As private_read, where the leaf is not at hand.
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

CASE private_read(struct pager *pager, struct space *space, const struct region *region,
                  struct access *access) {
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

// --- the case table -----------------------------------------------------------------------------

// An object without a provider has no pages any more.
static enum outcome beyond(const struct object *object) {
  return object->broken ? OUTCOME_BROKEN : OUTCOME_BEYOND_END;
}

// What is mapped for ever. A program's message page, and the buffer of a provider, can lack a right
// all the same: fork takes the right to write from whole ranges, of which they may be in the
// middle.
CASE fixture(struct pager *pager, struct space *space, const struct region *region,
             struct access *access) {
  uint32_t frame = provider_buffer_frame(space->provider, access->page);
  if (frame != FRAME_NONE) {
    return found_one(access, frame, region->prot, &pager->counts.faults_cow_reuse);
  }
  if (!(region->flags & REGION_MESSAGE) || space->slot < SLOT_FIRST_PROGRAM) {
    return OUTCOME_UNMAPPED;
  }
  return found_one(access, pager->message[space->slot], region->prot,
                   &pager->counts.faults_cow_reuse);
}

// What madvise said of the region.
static inline uint32_t advised(const struct region *region, uint32_t how) {
  if (region->flags & REGION_RANDOM) return (how | ACCESS_ALONE) & ~(uint32_t)ACCESS_RUN;
  return region->flags & REGION_SEQUENTIAL ? how | ACCESS_FAR : how;
}

static inline enum outcome resolve_in(struct pager *pager, struct space *space,
                                      struct region *region, struct access *access) {
  if (!(region->prot & access->how)) return OUTCOME_PROTECTED;
  if (region->flags & REGION_FIXTURE) return fixture(pager, space, region, access);
  region->flags |= REGION_TOUCHED;
  if (region->object) {
    if (index_of(region, access->page) >= region->object->pages) return beyond(region->object);
    if (region->flags & REGION_ADVICE) access->how = advised(region, access->how);
    if (region->flags & REGION_SHARED) return shared_access(pager, space, region, access);
  }
  if ((access->how & FAULT_WRITE)) return private_write(pager, space, region, access);
  return private_read(pager, space, region, access);
}

// No region is there: one above may grow down to the page.
CASE grow_stack(struct pager *pager, struct space *space, struct access *access) {
  uint32_t page = access->page;
  struct region *above = region_above(space->regions, page);
  if (!above || !(above->flags & REGION_GROWSDOWN)) return OUTCOME_UNMAPPED;
  uint64_t most = space->limit[LIMIT_STACK].soft >> PAGE_SHIFT;
  uint32_t pages = above->end - page;
  if (pages > most) return pages - most <= STACK_NEAR ? OUTCOME_STACK : OUTCOME_UNMAPPED;
  // One page stays free between a stack and what is below it.
  const struct region *below = region_prev(above);
  if (page == 0 || (below && below->end >= page)) return OUTCOME_STACK;
  if (limits_check(space, above, above->start - page, NULL, 0) < 0) return OUTCOME_STACK;
  space_count(space, above, above->start - page);
  region_move_start(&space->regions, above, page);
  space->hit = above;
  return resolve_in(pager, space, above, access);
}

// The region is another one than last time.
CASE resolve_far(struct pager *pager, struct space *space, struct access *access) {
  struct region *region = region_find(space->regions, access->page);
  if (!region) return grow_stack(pager, space, access);
  space->hit = region;
  return resolve_in(pager, space, region, access);
}

enum outcome fault_resolve(struct pager *pager, struct space *space, struct access *access) {
  struct region *region = space->hit;
  if (access->page - region->start >= region->end - region->start) {
    return resolve_far(pager, space, access);
  }
  return resolve_in(pager, space, region, access);
}

static inline bool is_ready(const struct page *page) {
  return page->state == PAGE_CACHED && !(page->flags & PAGE_LEAVING);
}

struct fault_found fault_cached(struct pager *pager, struct space *space, uint64_t address,
                                uint64_t access) {
  const uint16_t others = REGION_SHARED | REGION_FIXTURE;
  struct fault_found found = {0, FRAME_NONE};
  uint64_t page = address >> PAGE_SHIFT;
  if (page >= USER_PAGES || (access & FAULT_WRITE)) return found;
  struct region *region = space->hit;
  if (page - region->start >= region->end - region->start) {
    region = region_find(space->regions, (uint32_t)page);
    if (!region) return found;
  }
  struct object *object = region->object;
  if (!object || (region->flags & others) || region->tail || !(region->prot & access)) return found;
  if (region->end - region->start > 1 && pager->option[PAGER_FAULT_AROUND] > 1) return found;
  uint32_t index = index_of(region, (uint32_t)page);
  if (index >= object->pages || !space_is_unwritten(space, (uint32_t)page)) return found;
  uint32_t frame = object_frame(pager, object, index);
  if (!entry_is_frame(frame) || !is_ready(page_of(pager, frame))) return found;
  region->flags |= REGION_TOUCHED;
  space->hit = region;
  fault_found_one(space, page, region->prot & ~(uint32_t)PROT_W, frame, &pager->counts.faults_file,
                  &found);
  return found;
}

// --- messages -----------------------------------------------------------------------------------

// The five words with which a faulter is forwarded to proc.
static void signal_words(uint64_t word[5], enum outcome outcome, uint64_t address, uint64_t access,
                         uint64_t pc) {
  static const struct {
    uint8_t signal, reason;
  } what[] = {
      [OUTCOME_WAIT] = {SIGNAL_BUS, FAULT_IO_ERROR},
      [OUTCOME_UNMAPPED] = {SIGNAL_SEGV, FAULT_UNMAPPED},
      [OUTCOME_PROTECTED] = {SIGNAL_SEGV, FAULT_PROTECTED},
      [OUTCOME_STACK] = {SIGNAL_SEGV, FAULT_STACK},
      [OUTCOME_BEYOND_END] = {SIGNAL_BUS, FAULT_BEYOND_END},
      [OUTCOME_NO_MEMORY] = {SIGNAL_KILL, FAULT_NO_MEMORY},
      [OUTCOME_BROKEN] = {SIGNAL_BUS, FAULT_IO_ERROR},
  };
  word[0] = PROC_FAULT;
  word[1] = PROC_FAULT_WHAT(what[outcome].signal, access & ~(uint64_t)FAULT_PRESENT,
                            what[outcome].reason);
  word[2] = address;
  word[3] = pc;
  word[4] = 0;
}

__attribute__((noinline)) static void answer_signal(struct pager *pager, const struct event *event,
                                                    enum outcome outcome, struct answer *answer) {
  struct space *space = space_of(pager, badge_origin(event->badge));
  uint64_t entry = space ? signals_fault(pager, space, outcome, event->word[0]) : 0;
  pager->counts.faults_error++;
  answer->kind = entry ? ANSWER_UPCALL : ANSWER_FORWARD;
  signal_words(answer->word, outcome, event->word[0], event->word[1], event->word[2]);
  answer->word[4] = entry;
}

// Resolves an access, making room if there is none. *list: where to wait for what it lacks, a page
// of a provider or memory; NULL if it is found or has failed.
static inline enum outcome resolve_or_wait(struct pager *pager, struct space *space,
                                           struct access *access, struct pending ***list) {
  if (__builtin_expect(rss_is_limited(space), 0)) {
    *list = rss_make_room(pager, space, access->page);
    if (*list) return OUTCOME_WAIT;
  }
  for (;;) {
    enum outcome outcome = fault_resolve(pager, space, access);
    *list = NULL;
    if (__builtin_expect(outcome == OUTCOME_FOUND, 1)) return outcome;
    if (outcome == OUTCOME_WAIT) *list = access->wait;
    if (outcome != OUTCOME_NO_MEMORY || evict_wait(pager, list) != MEMORY_THERE) return outcome;
  }
}

__attribute__((noinline)) static void park_fault(struct pager *pager, struct space *space,
                                                 const struct event *event, struct pending **list,
                                                 struct answer *answer) {
  struct pending pending = {.kind = PENDING_FAULT,
                            .token = event->token,
                            .space = space,
                            .address = event->word[0],
                            .done = event->word[1],
                            .result = event->word[2]};
  space->major++;
  pager->counts.faults_major++;
  requests_kick(pager);
  if (pending_park(pager, &pending, list)) {
    answer->kind = ANSWER_PARKED;
  } else {
    answer_signal(pager, event, OUTCOME_NO_MEMORY, answer);
  }
}

// Frames as SYS_MAP_REPLY_WAIT takes them: two to a word, the low half first.
static inline void pack_frames(const uint32_t *frame, struct answer *answer) {
  for (uint32_t i = 0; i < MAP_INLINE_MAX / 2; i++) {
    answer->word[2 + i] = frame[2 * i] | (uint64_t)frame[2 * i + 1] << 32;
  }
}

static inline void answer_map(struct answer *answer, uint32_t page, uint32_t prot, uint32_t count,
                              uint32_t frame) {
  answer->kind = ANSWER_MAP;
  answer->word[0] = (uint64_t)page << PAGE_SHIFT | prot;
  answer->word[1] = count;
  answer->word[2] = frame;
}

__attribute__((noinline)) static void fault(struct pager *pager, struct space *space,
                                            const struct event *event, struct answer *answer) {
  struct access access;
  access.page = (uint32_t)(event->word[0] >> PAGE_SHIFT);
  access.how = ((uint32_t)event->word[1] & FAULT_ANY) | ACCESS_RUN;
  struct pending **list;
  enum outcome outcome = resolve_or_wait(pager, space, &access, &list);
  if (__builtin_expect(outcome == OUTCOME_FOUND, 1)) {
    ++*access.counter;
    pager->counts.pages_mapped += access.count - 1;
    answer_map(answer, access.first, access.prot, access.count, access.frame);
    if (access.count > 1 && access.count <= MAP_INLINE_MAX) {
      pack_frames(pager->call_buffer, answer);
    }
  } else {
    pager->counts.faults++;
    if (list) {
      park_fault(pager, space, event, list, answer);
    } else {
      answer_signal(pager, event, outcome, answer);
    }
  }
}

void fault_long(struct pager *pager, const struct event *event, struct answer *answer) {
  if (__builtin_expect(pager->free.count <= pager->free_low, 0)) pager_between(pager);
  struct space *space = space_of(pager, badge_origin(event->badge));
  if (!space) {
    pager->counts.faults++;
    answer->kind = ANSWER_PARKED;  // it is being ended
    return;
  }
  space->faults++;
  if (event->word[0] >= USER_END) {
    pager->counts.faults++;
    answer_signal(pager, event, OUTCOME_UNMAPPED, answer);
    return;
  }
  fault(pager, space, event, answer);
}

void pager_fault(struct pager *pager, const struct event *event, struct answer *answer) {
  struct space *space = space_of(pager, badge_origin(event->badge));
  struct fault_found found;
  if (space && fault_quick(pager, space, event->word[0], event->word[1], &found)) {
    answer->kind = ANSWER_MAP;
    answer->word[0] = found.va_prot;
    answer->word[1] = 1;
    answer->word[2] = found.frame;
    return;
  }
  struct provider_asked asked;
  if (space && provider_short_fault(pager, space, event->token, event->word[0], event->word[1],
                                    event->word[2], &asked)) {
    kops_serve(asked.token, asked.word);
    answer->kind = ANSWER_PARKED;
    return;
  }
  fault_long(pager, event, answer);
}

#define TABLES_FOR_MAP 2u  // levels of page tables below the root

void pager_map_refused(struct pager *pager, const struct event *event, int64_t error,
                       struct answer *answer) {
  struct space *space = space_of(pager, badge_origin(event->badge));
  uint32_t evicted = pager->evicted;
  if (!space || error == -ESRCH) {
    answer->kind = ANSWER_PARKED;
  } else if (error != -ENOMEM || !space_fund(pager, space, TABLES_FOR_MAP)) {
    answer_signal(pager, event, OUTCOME_NO_MEMORY, answer);
  } else if (pager->evicted != evicted) {
    answer->kind = ANSWER_RETRY;  // what was to be mapped may be gone
  }
}

// As answer_map, for a fault that was parked. 0 or a negative errno.
static int map_now(struct pager *pager, const struct pending *pending,
                   const struct access *access) {
  uint64_t va_prot = (uint64_t)access->first << PAGE_SHIFT | access->prot;
  const uint32_t *frames = access->count == 1 ? &access->frame : pager->call_buffer;
  uint32_t evicted = pager->evicted;
  do {
    int error =
        kops_map_reply(pending->token, pending->space->slot, va_prot, access->count, frames);
    if (error != -ENOMEM) return error;
    if (!space_fund(pager, pending->space, TABLES_FOR_MAP)) return -ENOMEM;
  } while (pager->evicted == evicted);
  kops_reply(pending->token, 0, 0);  // what was to be mapped may be gone: it faults again
  return 0;
}

// A parked fault ends in a signal.
static void end_parked(struct pager *pager, const struct pending *pending, enum outcome outcome,
                       uint32_t access) {
  uint64_t word[5];
  uint64_t entry = signals_fault(pager, pending->space, outcome, pending->address);
  pager->counts.faults_error++;
  if (entry) {
    if (kops_reply_upcall(pending->token, entry) == 0) return;
    signals_refused(pager, pending->space);
  }
  signal_words(word, outcome, pending->address, access, pending->result);
  kops_forward_to_proc(pending->token, word);
}

void fault_run(struct pager *pager, struct pending *pending) {
  uint32_t kind = (uint32_t)pending->done & ~(uint32_t)FAULT_PRESENT;
  struct access access = {.page = (uint32_t)(pending->address >> PAGE_SHIFT),
                          .how = kind | ACCESS_RUN | (pending->alone ? ACCESS_ALONE : 0)};
  // OUTCOME_WAIT stands for the error of what it waited for.
  enum outcome outcome = pending->error == -ENOMEM ? OUTCOME_NO_MEMORY : OUTCOME_WAIT;
  if (pending->error == 0) {
    struct pending **list;
    outcome = resolve_or_wait(pager, pending->space, &access, &list);
    if (list && pending_park(pager, pending, list)) return;
    if (outcome == OUTCOME_FOUND) {
      ++*access.counter;
      pager->counts.faults--;  // counted when it was parked
      pager->counts.pages_mapped += access.count - 1;
      if (map_now(pager, pending, &access) != -ENOMEM) return;
      outcome = OUTCOME_NO_MEMORY;
    }
  }
  end_parked(pager, pending, outcome, kind);
}
