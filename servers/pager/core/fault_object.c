// Faults on pages of objects: files, shared memory, what a program provides.
#include "protocols/object.h"
#include "servers/pager/core/fault_cases.h"
#include "servers/pager/core/fault_short.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/provider.h"

#define READ_AHEAD_START 4u

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
    uint32_t frame = object_new_page(pager, object, i, PAGE_FILLING);
    if (frame == FRAME_NONE) break;
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

enum outcome fault_object_around(struct pager *pager, const struct region *region,
                                 const struct node *leaf, struct access *access, uint32_t prot) {
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

// --- shared regions -----------------------------------------------------------------------------

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
  space->resident -= done;  // object_zero_page has counted them
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

enum outcome fault_shared(struct pager *pager, struct space *space, const struct region *region,
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

// --- the way of middle length -------------------------------------------------------------------

static inline bool is_ready(const struct page *page) {
  return page->state == PAGE_CACHED && !(page->flags & PAGE_LEAVING);
}

struct fault_found fault_cached(struct pager *pager, struct space *space, uint64_t address,
                                uint64_t access) {
  const uint16_t others = REGION_SHARED | REGION_FIXTURE | REGION_ODD;
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
