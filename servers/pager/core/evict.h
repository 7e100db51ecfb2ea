// Memory pressure: taking frames back. docs/memory_pressure.md has the rules.
//
// The pager evicts between events, a bounded number of pages each time: it begins when fewer than
// `low` frames are free and ends when `high` are free or will be as soon as what is being written
// is written. Nothing else takes pages away, so within an event what was found stays where it is.
//
// Of a page that the policy gives up:
//   cached, clean                dropped
//   cached, dirty                written back with its neighbours, then dropped
//   private, as its swap slot    dropped
//   private, freed (MADV_FREE)   dropped, and zeros from then on
//   private, shared memory       written to swap with others that were given up, then dropped
// What is used again while it is being written stays.
#ifndef SERVERS_PAGER_CORE_EVICT_H
#define SERVERS_PAGER_CORE_EVICT_H

#include <stdbool.h>
#include <stdint.h>

struct object;
struct pager;
struct pending;

#define EVICT_NODES 64u  // harvested leaves that are remembered

struct evict {
  bool active;         // between low and high
  bool out_of_memory;  // somebody is to be ended: PAGER_OOM_VICTIM
  bool refused;        // a frame was asked for, and only the reserve was left (memory.c)
  uint32_t high;       // free frames; `low` is pager->free_low
  uint32_t leaving;    // pages of files that are dropped when they are written
  uint32_t step;       // number of the current one; a pause counts as one
  uint32_t last_key;   // leaf that was harvested last in it, 0: none yet
  struct {
    uint32_t key, step;
  } harvested[EVICT_NODES];
  struct pending *waiting;  // who needs frames
};

void evict_init(struct pager *pager);
// The options that it depends on, or the number of frames, have changed.
void evict_set_limits(struct pager *pager);
// The policy has changed, or memory is short: a policy that wants ghosts gets frames for them while
// many are free, and one at a time where not; another one gives them back.
void evict_keep_ghosts(struct pager *pager);
// pager_between (pager.h): a step, if memory is short, and lets go on who waits for frames that are
// there.
enum memory {
  MEMORY_THERE = 0,  // by now: try again
  MEMORY_LATER = 1,  // wait in the list
  MEMORY_NEVER = 2,  // the list is NULL
};
// Somebody needs a frame and there is none: evicts as much as is needed for one.
// => nothing that was found before the call is used afterwards
enum memory evict_wait(struct pager *pager, struct pending ***list);
// The same for who needs another page, too, which stays: one that it has had read in, FRAME_NONE if
// there is none.
enum memory evict_wait_beside(struct pager *pager, uint32_t frame, struct pending ***list);
// The same for a call, which takes up to so many frames at once. It is not worth ending a program:
// MEMORY_NEVER instead.
enum memory evict_wait_for_call(struct pager *pager, uint32_t frames, struct pending ***list);
// Nothing could be written: who waits fails, unless there is memory all the same.
void evict_failed(struct pager *pager);
// Evicts private pages that are listed and that no other space has. Returns how many went at once;
// the others are being written, or stay if they are not to go or swap is full.
uint32_t evict_chosen(struct pager *pager, const uint32_t *frames, uint32_t count);
// Drops the clean cache pages of [first, first + count). False if something else is in it than
// these and free frames: nothing, or a part, has been dropped.
bool evict_range(struct pager *pager, uint32_t first, uint32_t count);
// A page of a file that was leaving is written, or could not be.
void evict_written(struct pager *pager, struct object *object, uint32_t frame, bool stored);

#endif
