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
// Outline: fault_long, fault_resolve; the cases are in fault_private.c and fault_object.c.
#include "servers/pager/core/fault.h"

#include "servers/pager/core/evict.h"
#include "servers/pager/core/fault_cases.h"
#include "servers/pager/core/fault_short.h"
#include "servers/pager/core/limits.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/provider.h"
#include "servers/pager/core/provider_short.h"
#include "servers/pager/core/rss.h"

#define STACK_NEAR 256u  // pages below the limit at which a fault still counts as the stack's

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

static inline enum outcome resolve_alike(struct pager *pager, struct space *space,
                                         struct region *region, struct access *access) {
  if (!(region->prot & access->how)) return OUTCOME_PROTECTED;
  if (region->flags & REGION_FIXTURE) return fixture(pager, space, region, access);
  region->flags |= REGION_TOUCHED;
  if (region->object) {
    if (index_of(region, access->page) >= region->object->pages) return beyond(region->object);
    if (region->flags & REGION_ADVICE) access->how = advised(region, access->how);
    if (region->flags & REGION_SHARED) return fault_shared(pager, space, region, access);
  }
  if ((access->how & FAULT_WRITE)) return fault_private_write(pager, space, region, access);
  return fault_private_read(pager, space, region, access);
}

// In a region with odd pages the page and its neighbours are as if it were cut.
CASE resolve_odd(struct pager *pager, struct space *space, struct region *region,
                 struct access *access) {
  if (space->odd.count == 0) {
    odd_forget(pager, space);
    return resolve_alike(pager, space, region, access);
  }
  struct region view = odd_view(pager, space, region, access->page);
  return resolve_alike(pager, space, &view, access);
}

static inline enum outcome resolve_in(struct pager *pager, struct space *space,
                                      struct region *region, struct access *access) {
  if (__builtin_expect(region->flags & REGION_ODD, 0)) {
    return resolve_odd(pager, space, region, access);
  }
  return resolve_alike(pager, space, region, access);
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

// --- messages -----------------------------------------------------------------------------------

// Resolves an access, making room if there is none. *list: where to wait for what it lacks, a page
// of a provider or memory; NULL if it is found or has failed.
static inline enum outcome resolve_or_wait(struct pager *pager, struct space *space,
                                           struct access *access, struct pending ***list) {
  if (__builtin_expect(rss_is_limited(space), 0)) {
    *list = rss_make_room(pager, space, access->page);
    if (*list) return OUTCOME_WAIT;
  }
  for (;;) {
    access->frame = FRAME_NONE;
    enum outcome outcome = fault_resolve(pager, space, access);
    *list = NULL;
    if (__builtin_expect(outcome == OUTCOME_FOUND, 1)) return outcome;
    if (outcome == OUTCOME_WAIT) *list = access->wait;
    if (outcome != OUTCOME_NO_MEMORY ||
        evict_wait_beside(pager, access->frame, list) != MEMORY_THERE)
      return outcome;
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
    fault_signal(pager, event, OUTCOME_NO_MEMORY, answer);
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
      fault_signal(pager, event, outcome, answer);
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
    fault_signal(pager, event, OUTCOME_UNMAPPED, answer);
    return;
  }
  fault(pager, space, event, answer);
}

void pager_fault(struct pager *pager, const struct event *event, struct answer *answer) {
  struct space *space = space_of(pager, badge_origin(event->badge));
  struct fault_found found;
  if (space &&
      fault_quick(pager, space, event->word[0], event->word[1], &found) == FAULT_QUICK_FOUND) {
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

// There is no frame for a table, as space_fund found.
static enum memory wait_for_table(struct pager *pager, struct pending ***list) {
  return pager->gather.wanted ? gather_wait(pager, list) : MEMORY_NEVER;
}

// The fault waits until there is one, and is then resolved again.
static void park_for_table(struct pager *pager, struct space *space, const struct event *event,
                           struct answer *answer) {
  struct pending **list;
  enum memory memory = wait_for_table(pager, &list);
  if (memory == MEMORY_THERE) {
    answer->kind = ANSWER_RETRY;
  } else if (memory == MEMORY_LATER) {
    park_fault(pager, space, event, list, answer);
  } else {
    fault_signal(pager, event, OUTCOME_NO_MEMORY, answer);
  }
}

void pager_map_refused(struct pager *pager, const struct event *event, int64_t error,
                       struct answer *answer) {
  struct space *space = space_of(pager, badge_origin(event->badge));
  uint32_t evicted = pager->evicted;
  if (!space || error == -ESRCH) {
    answer->kind = ANSWER_PARKED;
  } else if (error != -ENOMEM) {
    fault_signal(pager, event, OUTCOME_NO_MEMORY, answer);
  } else if (!space_fund(pager, space, TABLES_FOR_MAP)) {
    park_for_table(pager, space, event, answer);
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
      enum memory memory = wait_for_table(pager, &list);
      if (memory == MEMORY_LATER && pending_park(pager, pending, list)) return;
      if (memory == MEMORY_THERE) {
        kops_reply(pending->token, 0, 0);  // it faults again
        return;
      }
    }
  }
  fault_signal_parked(pager, pending, outcome, kind);
}
