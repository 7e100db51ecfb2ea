// Dirty pages of files go to the store by themselves after a time, and who makes more of them than
// memory can bear waits.
//
// The hardware notes a write through a mapping in the mapping's dirty bit, which nobody sees
// before it is harvested. So each writable mapping of a file's page that is handed out counts:
//
//   pages that may be dirty  <=  dirty + handed
//
// An object is in the aging list, the longest unseen at the head, while it has dirty pages or
// handed-out mappings. After PAGER_DIRTY_AGE it is harvested, and what is dirty is written; it
// comes back when that is done. Mappings through which nothing was written in that time are made
// read-only: the next write faults, and the object is in the list again. So an idle system has an
// empty list and no timer.
//
// If more than the limit may be dirty, all mappings are made read-only to learn what is. If that
// is above the limit, too, a writer waits until it is below, and if it is above half the limit,
// the object's write-back starts at once. While the store fails, nobody waits: what cannot be
// stored stays in memory until that is short (evict.h).
#ifndef SERVERS_PAGER_CORE_AGING_H
#define SERVERS_PAGER_CORE_AGING_H

#include <stdbool.h>
#include <stdint.h>

struct object;
struct pager;
struct pending;

struct aging {
  struct object *head, *tail;
  uint32_t dirty;             // pages of files dirty or being written
  uint32_t handed;            // writable mappings of files' pages since they were last taken back
  uint32_t limit;             // frames that may be dirty
  bool failing;               // the last page-out failed
  struct pending *throttled;  // writers that wait
};

// The number of frames or PAGER_DIRTY_LIMIT has changed.
void aging_set_limit(struct pager *pager);
// PAGER_DIRTY_AGE has changed.
void aging_age_changed(struct pager *pager);

// The object has dirty pages, or such that can be written to without a fault, now.
void aging_dirtied(struct pager *pager, struct object *object);
// aging_hand_out (state.h): `count` pages of it can be written to without a fault now.
// Its write-back is over.
void aging_rested(struct pager *pager, struct object *object);
// It has no pages any more.
void aging_forget(struct pager *pager, struct object *object);

// Whether a write may have to wait: a quick look. An object of a program has a smaller limit of its
// own, so that only its clients wait for the program.
#define AGING_PROGRAM_PART 4u
#define aging_is_over(pager, object)                                                    \
  ((object)->provider                                                                   \
       ? (object)->dirty + (object)->handed > (pager)->aging.limit / AGING_PROGRAM_PART \
       : (pager)->aging.dirty + (pager)->aging.handed > (pager)->aging.limit / 2)
// Looks closer. Returns the list to wait in, NULL if the write to this object may go on.
struct pending **aging_throttle(struct pager *pager, struct object *object);
// A page-out is done, with this status.
void aging_stored(struct pager *pager, int32_t status);

void aging_tick(struct pager *pager, uint64_t now);

#endif
