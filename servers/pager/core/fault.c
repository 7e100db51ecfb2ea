// Resolving a fault: which page belongs there, with which rights?
//
//   region   page                        access  outcome                              counted as
//   none     above it a stack that may   any     the region grows; as below
//            grow down to it
//   none     -                           any     SIGSEGV, unmapped
//   any      access not in its rights    any     SIGSEGV, protected
//   object   behind the object's end     any     SIGBUS
//   private  none, anonymous             read    zero page, read-only                 zero_read
//                                        write   zeroed page; several in a run        anonymous
//   private  none, of a file             read    cached page, read-only, neighbours   file
//                                        write   copy of the cached page              cow_copy
//   private  none, end of program data   any     copy, zeros behind the data          cow_copy
//   private  own, others have it too     read    it, read-only, neighbours            cow_reuse
//                                        write   copy of it                           cow_copy
//   private  own, nobody else has it     any     it, writable; several in a run       cow_reuse
//   shared   cached                      any     it, writable, neighbours             file
//   shared   cached, hole of the file    read    it, read-only                        file
//                                        write   parked: OBJECT_ALLOCATE              major
//   shared   none, of memory             any     zeroed page                          anonymous
//   object   not cached, or being read   any     parked: OBJECT_PAGE_IN               major
//
// Outline: pager_fault, fault_resolve, private_write, private_read, shared_access, then what
// they are made of.
#include "servers/pager/core/fault.h"

#include <signal.h>

#include "protocols/proc.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/state.h"

#define STACK_PAGES (uint32_t)(STACK_MAX >> PAGE_SHIFT)
#define STACK_NEAR 256u  // pages below the limit at which a fault still counts as the stack's
#define READ_AHEAD_START 4u

static uint32_t min32(uint32_t a, uint32_t b) { return a < b ? a : b; }

// One page.
static enum outcome found_one(struct found *found, uint32_t page, uint32_t frame, uint32_t prot) {
  found->frame = frame;
  found->page = page;
  found->count = 1;
  found->prot = prot;
  return OUTCOME_FOUND;
}

// --- anonymous memory ---------------------------------------------------------------------------

// How many pages to enter at `page`: 1, doubling while the faults ascend without a gap.
static uint32_t run_wanted(const struct pager *pager, struct space *space, uint32_t page,
                           bool run_on) {
  uint32_t run = 1;
  if (page == space->touch_next && run_on) run = min32(2 * space->touch_run, pager->batch_max);
  space->touch_run = run;
  return run;
}

static enum outcome first_touch(struct pager *pager, struct space *space, uint32_t region_end,
                                struct node *leaf, uint32_t page, uint32_t prot, bool run_on,
                                struct found *found) {
  uint32_t way = page & NODE_MASK;
  uint32_t run = run_wanted(pager, space, page, run_on);
  if (run > 1) {
    uint64_t behind = leaf->present >> way;
    run = min32(run, min32(region_end - page, NODE_WAYS - way));
    if (behind) run = min32(run, (uint32_t)__builtin_ctzll(behind));
  }
  uint32_t done = 0;
  do {
    uint32_t frame = frame_take(pager);
    if (frame == FRAME_NONE) break;
    page_zero(frame_pointer(pager, frame));
    leaf->entry[way + done] = frame;
    leaf->present |= 1ull << (way + done);
    pager->call_buffer[done] = frame;
  } while (++done < run);
  if (done == 0) return OUTCOME_NO_MEMORY;
  space->touch_next = page + done;
  space->zeroed += done;
  pager->counts.pages_zeroed += done;
  found->counter = &pager->counts.faults_anonymous;
  found->replaced = true;
  found->frame = leaf->entry[way];
  found->page = page;
  found->count = done;
  found->prot = prot;
  return OUTCOME_FOUND;
}

// --- private pages that exist -------------------------------------------------------------------

// The pages of the leaf from `page` on that this space alone has: writable.
static enum outcome reuse_run(struct pager *pager, struct space *space, uint32_t region_end,
                              struct node *leaf, uint32_t page, uint32_t prot, bool run_on,
                              struct found *found) {
  uint32_t way = page & NODE_MASK;
  uint32_t run = run_wanted(pager, space, page, run_on);
  uint32_t done = 1;
  if (run > 1) {
    run = min32(run, min32(region_end - page, NODE_WAYS - way));
    pager->call_buffer[0] = leaf->entry[way];
    for (; done < run; done++) {
      uint32_t frame = leaf->entry[way + done];
      if (frame == FRAME_NONE || page_of(pager, frame)->refs != 1) break;
      pager->call_buffer[done] = frame;
    }
  }
  space->touch_next = page + done;
  found->counter = &pager->counts.faults_cow_reuse;
  found->frame = leaf->entry[way];
  found->page = page;
  found->count = done;
  found->prot = prot;
  return OUTCOME_FOUND;
}

static enum outcome cow_copy(struct pager *pager, struct space *space, struct node *leaf,
                             uint32_t page, uint32_t prot, struct found *found) {
  uint32_t *entry = &leaf->entry[page & NODE_MASK];
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) return OUTCOME_NO_MEMORY;
  page_copy(frame_pointer(pager, frame), frame_pointer(pager, *entry));
  page_of(pager, *entry)->refs--;
  *entry = frame;
  space->copied++;
  pager->counts.pages_copied++;
  found->counter = &pager->counts.faults_cow_copy;
  found->replaced = true;
  return found_one(found, page, frame, prot);
}

// Clips the window of `limit` aligned pages around `page` to its region.
static void window_around(const struct region *region, uint32_t page, uint32_t limit, uint32_t *low,
                          uint32_t *high) {
  uint32_t start = page & ~(limit - 1);
  *low = start > region->start ? start : region->start;
  *high = min32(start + limit, object_region_end(region));
}

// A private page that others have, too, with its neighbours: read-only.
static enum outcome read_around(struct pager *pager, const struct region *region,
                                const struct node *leaf, uint32_t page, bool run,
                                struct found *found) {
  uint32_t low, high;
  window_around(region, page, run ? pager->fault_around : 1, &low, &high);
  uint32_t first = page;
  while (first > low && leaf->entry[(first - 1) & NODE_MASK]) first--;
  uint32_t count = 0;
  for (uint32_t i = first; i < high && leaf->entry[i & NODE_MASK]; i++) {
    pager->call_buffer[count++] = leaf->entry[i & NODE_MASK];
  }
  found->counter = &pager->counts.faults_cow_reuse;
  found->frame = leaf->entry[page & NODE_MASK];
  found->page = first;
  found->count = count;
  found->prot = region->prot & ~(uint32_t)PROT_W;
  return OUTCOME_FOUND;
}

// --- pages of objects ---------------------------------------------------------------------------

enum outcome page_in(struct pager *pager, struct object *object, uint32_t index, bool alone,
                     struct request **out) {
  struct request *request = request_take(pager, object, OBJECT_PAGE_IN, index);
  *out = request;
  if (!request) return OUTCOME_WAIT;
  uint32_t window = READ_AHEAD_START;
  if (index == object->ahead_next && index > 0) window = 2 * object->ahead_window;
  window = min32(alone ? 1 : window, pager->read_ahead);
  for (uint32_t i = index; request->count < window && i < object->pages; i++) {
    if (object_frame(pager, object, i) != FRAME_NONE) break;
    uint32_t frame = frame_take(pager);
    if (frame == FRAME_NONE) break;
    if (!object_add(pager, object, i, frame, PAGE_FILLING)) {
      frame_put(pager, frame);
      break;
    }
    page_zero(frame_pointer(pager, frame));  // the provider leaves holes as they are
    page_of(pager, frame)->request = (uint8_t)(request - pager->requests.request);
    request->frame[request->count++] = frame;
  }
  if (request->count == 0) {
    request_cancel(pager, request);
    return OUTCOME_NO_MEMORY;
  }
  object->ahead_next = index + request->count;
  object->ahead_window = window;
  request_send(pager, request);
  return OUTCOME_WAIT;
}

struct pending **found_list(struct pager *pager, const struct found *found) {
  return found->request ? &found->request->waiting : &pager->requests.starved;
}

// The cached page of an object, for OUTCOME_FOUND in found->frame.
static enum outcome cached_page(struct pager *pager, struct object *object, uint32_t index,
                                bool alone, struct found *found) {
  uint32_t frame = object_frame(pager, object, index);
  if (frame == FRAME_NONE) return page_in(pager, object, index, alone, &found->request);
  const struct page *page = page_of(pager, frame);
  found->frame = frame;
  if (page->state != PAGE_FILLING) return OUTCOME_FOUND;
  found->request = &pager->requests.request[page->request];
  return OUTCOME_WAIT;
}

// A private copy of a file's page; behind the end of a program's data it is zeros.
static enum outcome file_copy(struct pager *pager, struct space *space, const struct region *region,
                              uint32_t page, bool alone, struct found *found) {
  uint32_t index = region->offset + (page - region->start);
  enum outcome outcome = cached_page(pager, region->object, index, alone, found);
  if (outcome != OUTCOME_FOUND) return outcome;
  pager->pinned = found->frame;
  struct node *leaf = space_own_leaf(pager, space, page);
  uint32_t frame = leaf ? frame_take(pager) : FRAME_NONE;
  pager->pinned = FRAME_NONE;
  if (frame == FRAME_NONE) return OUTCOME_NO_MEMORY;
  uint8_t *to = frame_pointer(pager, frame);
  page_copy(to, frame_pointer(pager, found->frame));
  if (region->tail && page == region->end - 1)
    bytes_zero(to + region->tail, PAGE_SIZE - region->tail);
  leaf->entry[page & NODE_MASK] = frame;
  leaf->present |= 1ull << (page & NODE_MASK);
  space->copied++;
  pager->counts.pages_copied++;
  found->counter = &pager->counts.faults_cow_copy;
  found->replaced = true;
  return found_one(found, page, frame, region->prot);
}

// The frame to enter at a page of a region next to one that faulted; FRAME_NONE if it does not
// go with it. `leaf`: the private pages there, if any.
static uint32_t neighbour(struct pager *pager, const struct region *region, const struct node *leaf,
                          uint32_t page, uint8_t hole) {
  if (leaf && leaf->entry[page & NODE_MASK]) return FRAME_NONE;
  uint32_t index = region->offset + (page - region->start);
  if (index >= region->object->pages) return FRAME_NONE;
  uint32_t frame = object_frame(pager, region->object, index);
  if (frame == FRAME_NONE) return FRAME_NONE;
  const struct page *p = page_of(pager, frame);
  if (p->state == PAGE_FILLING || (p->flags & PAGE_HOLE) != hole) return FRAME_NONE;
  return frame;
}

// A page of an object, found->frame, with its cached neighbours.
static enum outcome object_around(struct pager *pager, const struct region *region,
                                  const struct node *leaf, uint32_t page, uint32_t prot, bool run,
                                  struct found *found) {
  found->counter = &pager->counts.faults_file;
  found->page = page;
  found->count = 1;
  found->prot = prot;
  if (!run) return OUTCOME_FOUND;
  // A private page follows no hole, and a hole stays read-only.
  bool shared = region->flags & REGION_SHARED;
  uint8_t hole = shared ? page_of(pager, found->frame)->flags & PAGE_HOLE : 0;
  uint32_t low, high;
  window_around(region, page, pager->fault_around, &low, &high);
  if (region->tail && high == region->end) high--;
  uint32_t first = page;
  while (first > low && neighbour(pager, region, leaf, first - 1, hole)) first--;
  uint32_t count = 0;
  uint32_t frame;
  for (uint32_t i = first; i < high; i++) {
    frame = i == page ? found->frame : neighbour(pager, region, leaf, i, hole);
    if (frame == FRAME_NONE) break;
    pager->call_buffer[count++] = frame;
  }
  found->page = first;
  found->count = count;
  return OUTCOME_FOUND;
}

static enum outcome allocate_store(struct pager *pager, struct object *object, uint32_t index,
                                   struct page *page, struct found *found) {
  if (page->flags & PAGE_ALLOCATING) {
    found->request = &pager->requests.request[page->request];
    return OUTCOME_WAIT;
  }
  struct request *request = request_take(pager, object, OBJECT_ALLOCATE, index);
  found->request = request;
  if (!request) return OUTCOME_WAIT;
  request->frame[request->count++] = found->frame;
  page->flags |= PAGE_ALLOCATING;
  page->request = (uint8_t)(request - pager->requests.request);
  request_send(pager, request);
  return OUTCOME_WAIT;
}

static enum outcome shared_memory(struct pager *pager, struct space *space,
                                  const struct region *region, uint32_t page, uint32_t index,
                                  bool run, struct found *found) {
  struct object *object = region->object;
  found->frame = object_frame(pager, object, index);
  if (found->frame != FRAME_NONE) {
    return object_around(pager, region, NULL, page, region->prot, run, found);
  }
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) return OUTCOME_NO_MEMORY;
  if (!object_add(pager, object, index, frame, PAGE_ANONYMOUS)) {
    frame_put(pager, frame);
    return OUTCOME_NO_MEMORY;
  }
  page_zero(frame_pointer(pager, frame));
  space->zeroed++;
  pager->counts.pages_zeroed++;
  found->counter = &pager->counts.faults_anonymous;
  return found_one(found, page, frame, region->prot);
}

static enum outcome shared_access(struct pager *pager, struct space *space,
                                  const struct region *region, uint32_t page, uint32_t access,
                                  bool run, bool alone, struct found *found) {
  struct object *object = region->object;
  uint32_t index = region->offset + (page - region->start);
  if (object->backing == BACKED_BY_NOTHING) {
    return shared_memory(pager, space, region, page, index, run, found);
  }
  enum outcome outcome = cached_page(pager, object, index, alone, found);
  if (outcome != OUTCOME_FOUND) return outcome;
  struct page *cached = page_of(pager, found->frame);
  uint32_t prot = region->prot;
  if (cached->flags & PAGE_HOLE) {
    if (access == FAULT_WRITE) return allocate_store(pager, object, index, cached, found);
    prot &= ~(uint32_t)PROT_W;
  }
  return object_around(pager, region, NULL, page, prot, run, found);
}

// --- private regions ----------------------------------------------------------------------------

static enum outcome private_write(struct pager *pager, struct space *space,
                                  const struct region *region, uint32_t page, bool run, bool alone,
                                  struct found *found) {
  struct node *leaf = space_own_leaf(pager, space, page);
  if (!leaf) return OUTCOME_NO_MEMORY;
  uint32_t frame = leaf->entry[page & NODE_MASK];
  if (frame == FRAME_NONE) {
    if (region->object) return file_copy(pager, space, region, page, alone, found);
    return first_touch(pager, space, region->end, leaf, page, region->prot, run, found);
  }
  if (page_of(pager, frame)->refs == 1) {
    return reuse_run(pager, space, object_region_end(region), leaf, page, region->prot, run, found);
  }
  return cow_copy(pager, space, leaf, page, region->prot, found);
}

static enum outcome private_read(struct pager *pager, struct space *space,
                                 const struct region *region, uint32_t page, bool run, bool alone,
                                 struct found *found) {
  bool owned;
  struct node *leaf = space_leaf(pager, space, page, &owned);
  uint32_t frame = leaf ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
  if (frame != FRAME_NONE) {
    if (owned && page_of(pager, frame)->refs == 1) {
      leaf = space_own_leaf(pager, space, page);  // nothing to copy; marks it writable
      return reuse_run(pager, space, object_region_end(region), leaf, page, region->prot, run,
                       found);
    }
    return read_around(pager, region, leaf, page, run, found);
  }
  uint32_t prot = region->prot & ~(uint32_t)PROT_W;
  if (!region->object) {
    found->counter = &pager->counts.faults_zero_read;
    return found_one(found, page, pager->zero_frame, prot);
  }
  if (region->tail && page == region->end - 1) {
    return file_copy(pager, space, region, page, alone, found);
  }
  uint32_t index = region->offset + (page - region->start);
  enum outcome outcome = cached_page(pager, region->object, index, alone, found);
  if (outcome != OUTCOME_FOUND) return outcome;
  return object_around(pager, region, leaf, page, prot, run, found);
}

// --- the case table -----------------------------------------------------------------------------

// The region that contains a page, or that may grow down to it.
static enum outcome find_region(struct pager *pager, struct space *space, uint32_t page,
                                struct region **out) {
  (void)pager;
  *out = region_find(space->regions, page);
  if (*out) return OUTCOME_FOUND;
  struct region *above = region_above(space->regions, page);
  if (!above || !(above->flags & REGION_GROWSDOWN)) return OUTCOME_UNMAPPED;
  if (above->end - page > STACK_PAGES) {
    return above->end - page <= STACK_PAGES + STACK_NEAR ? OUTCOME_STACK : OUTCOME_UNMAPPED;
  }
  // One page stays free between a stack and what is below it.
  const struct region *below = region_below(space->regions, page);
  if (page == 0 || (below && below->end >= page)) return OUTCOME_STACK;
  space->virtual_pages += above->start - page;
  above->start = page;
  region_refresh(&space->regions, above);
  *out = above;
  return OUTCOME_FOUND;
}

enum outcome fault_resolve(struct pager *pager, struct space *space, uint32_t page, uint32_t access,
                           bool run, bool alone, struct found *found) {
  struct region *region = space->hit;
  if (page - region->start >= region->end - region->start) {
    enum outcome outcome = find_region(pager, space, page, &region);
    if (outcome != OUTCOME_FOUND) return outcome;
    space->hit = region;
  }
  if (!(region->prot & access)) return OUTCOME_PROTECTED;
  if (region->flags & REGION_FIXTURE) return OUTCOME_UNMAPPED;
  region->flags |= REGION_TOUCHED;
  if (region->object) {
    uint32_t index = region->offset + (page - region->start);
    if (index >= region->object->pages) return OUTCOME_BEYOND_END;
    if (region->flags & REGION_SHARED) {
      return shared_access(pager, space, region, page, access, run, alone, found);
    }
  }
  if (access == FAULT_WRITE) {
    return private_write(pager, space, region, page, run, alone, found);
  }
  return private_read(pager, space, region, page, run, alone, found);
}

// --- messages -----------------------------------------------------------------------------------

// The five words with which a faulter is forwarded to proc.
static void signal_words(uint64_t word[5], enum outcome outcome, uint64_t address, uint64_t access,
                         uint64_t pc) {
  static const struct {
    uint8_t signal, reason;
  } what[] = {
      [OUTCOME_WAIT] = {SIGBUS, FAULT_IO_ERROR},
      [OUTCOME_UNMAPPED] = {SIGSEGV, FAULT_UNMAPPED},
      [OUTCOME_PROTECTED] = {SIGSEGV, FAULT_PROTECTED},
      [OUTCOME_STACK] = {SIGSEGV, FAULT_STACK},
      [OUTCOME_BEYOND_END] = {SIGBUS, FAULT_BEYOND_END},
      [OUTCOME_NO_MEMORY] = {SIGKILL, FAULT_NO_MEMORY},
  };
  word[0] = PROC_FAULT;
  word[1] = PROC_FAULT_WHAT(what[outcome].signal, access & ~(uint64_t)FAULT_PRESENT,
                            what[outcome].reason);
  word[2] = address;
  word[3] = pc;
  word[4] = 0;
}

static void answer_signal(struct pager *pager, const struct event *event, enum outcome outcome,
                          struct answer *answer) {
  pager->counts.faults_error++;
  answer->kind = ANSWER_FORWARD;
  signal_words(answer->word, outcome, event->word[0], event->word[1], event->word[2]);
}

static void park_fault(struct pager *pager, struct space *space, const struct event *event,
                       const struct found *found, struct answer *answer) {
  struct pending pending = {.kind = PENDING_FAULT,
                            .token = event->token,
                            .space = space,
                            .address = event->word[0],
                            .done = event->word[1],
                            .result = event->word[2]};
  space->major++;
  pager->counts.faults_major++;
  requests_kick(pager);
  if (pending_park(pager, &pending, found_list(pager, found))) {
    answer->kind = ANSWER_PARKED;
  } else {
    answer_signal(pager, event, OUTCOME_NO_MEMORY, answer);
  }
}

static void answer_map(const struct pager *pager, const struct found *found,
                       struct answer *answer) {
  answer->kind = ANSWER_MAP;
  answer->word[0] = (uint64_t)found->page << PAGE_SHIFT | found->prot;
  answer->word[1] = found->count;
  answer->word[2] = found->frame;
  if (found->count == 1 || found->count > MAP_INLINE_MAX) return;
  const uint32_t *frame = pager->call_buffer;
  for (uint32_t i = 0; i < MAP_INLINE_MAX / 2; i++) {
    answer->word[2 + i] = frame[2 * i] | (uint64_t)frame[2 * i + 1] << 32;
  }
}

void pager_fault(struct pager *pager, const struct event *event, struct answer *answer) {
  struct space *space = space_of(pager, badge_origin(event->badge));
  uint64_t address = event->word[0];
  uint32_t access = (uint32_t)event->word[1] & (FAULT_READ | FAULT_WRITE | FAULT_EXECUTE);
  pager->counts.faults++;
  if (!space) {
    answer->kind = ANSWER_PARKED;  // it is being ended
    return;
  }
  space->faults++;
  struct found found;
  enum outcome outcome = OUTCOME_UNMAPPED;
  if (address < USER_END) {
    outcome =
        fault_resolve(pager, space, (uint32_t)(address >> PAGE_SHIFT), access, true, false, &found);
  }
  if (outcome == OUTCOME_FOUND) {
    ++*found.counter;
    pager->counts.pages_mapped += found.count;
    answer_map(pager, &found, answer);
  } else if (outcome == OUTCOME_WAIT) {
    park_fault(pager, space, event, &found, answer);
  } else {
    answer_signal(pager, event, outcome, answer);
  }
}

#define TABLES_FOR_MAP 2u  // levels of page tables below the root

void pager_map_refused(struct pager *pager, const struct event *event, int64_t error,
                       struct answer *answer) {
  struct space *space = space_of(pager, badge_origin(event->badge));
  if (!space || (error != -ENOMEM && error != -ESRCH)) {
    answer_signal(pager, event, OUTCOME_NO_MEMORY, answer);
  } else if (error == -ESRCH) {
    answer->kind = ANSWER_PARKED;
  } else if (!space_fund(pager, space, TABLES_FOR_MAP)) {
    answer_signal(pager, event, OUTCOME_NO_MEMORY, answer);
  }
}

// As answer_map, for a fault that was parked. 0 or a negative errno.
static int map_now(struct pager *pager, const struct pending *pending, const struct found *found) {
  uint64_t va_prot = (uint64_t)found->page << PAGE_SHIFT | found->prot;
  const uint32_t *frames = found->count == 1 ? &found->frame : pager->call_buffer;
  for (;;) {
    int error = kops_map_reply(pending->token, pending->space->slot, va_prot, found->count, frames);
    if (error != -ENOMEM) return error;
    if (!space_fund(pager, pending->space, TABLES_FOR_MAP)) return -ENOMEM;
  }
}

void fault_run(struct pager *pager, struct pending *pending) {
  struct found found;
  uint32_t access = (uint32_t)pending->done & ~(uint32_t)FAULT_PRESENT;
  enum outcome outcome = OUTCOME_WAIT;  // stands for the error of what it waited for
  if (pending->error == 0) {
    outcome = fault_resolve(pager, pending->space, (uint32_t)(pending->address >> PAGE_SHIFT),
                            access, true, pending->alone, &found);
    if (outcome == OUTCOME_WAIT && pending_park(pager, pending, found_list(pager, &found))) return;
    if (outcome == OUTCOME_FOUND) {
      ++*found.counter;
      pager->counts.pages_mapped += found.count;
      if (map_now(pager, pending, &found) != -ENOMEM) return;
      outcome = OUTCOME_NO_MEMORY;
    }
  }
  uint64_t word[5];
  pager->counts.faults_error++;
  signal_words(word, outcome, pending->address, access, pending->result);
  kops_forward_to_proc(pending->token, word);
}
