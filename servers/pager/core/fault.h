// Finding, or making, the page behind an address.
#ifndef SERVERS_PAGER_CORE_FAULT_H
#define SERVERS_PAGER_CORE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct answer;
struct event;
struct object;
struct pager;
struct pending;
struct space;

enum outcome {
  OUTCOME_FOUND = 0,
  OUTCOME_WAIT = 1,      // in access.wait: for a provider, or until fewer pages are dirty
  OUTCOME_UNMAPPED = 2,  // SIGSEGV
  OUTCOME_PROTECTED = 3,
  OUTCOME_STACK = 4,
  OUTCOME_BEYOND_END = 5,  // SIGBUS
  OUTCOME_NO_MEMORY = 6,
  OUTCOME_BROKEN = 7,  // SIGBUS: the object has lost its provider
};

#define FAULT_ANY (FAULT_READ | FAULT_WRITE | FAULT_EXECUTE)

enum {
  ACCESS_RUN = 16,    // more pages than the one may be found, as the options say
  ACCESS_ALONE = 32,  // page in without read-ahead
  ACCESS_FAR = 64,    // page in with as much as there may be
};

// One access, and what it finds.
struct access {
  // In.
  uint32_t page;
  uint32_t how;  // one bit of enum fault_access | ACCESS_*
  // In: false. Out: what may be mapped there now is another frame.
  bool replaced;
  // In: FRAME_NONE. Out, for OUTCOME_FOUND: `count` frames may be mapped from page `first` on with
  // `prot`; `frame` is the one asked for, and if there are several, all are in pager->call_buffer.
  // For OUTCOME_NO_MEMORY: a page that is needed beside a new one, or FRAME_NONE.
  uint32_t frame;
  uint32_t first, count, prot;
  uint64_t *counter;  // which kind of fault this is, in pager->counts
  // Out, for OUTCOME_WAIT: where to.
  struct pending **wait;
};

// Resolves an access: the case table of fault.c.
enum outcome fault_resolve(struct pager *pager, struct space *space, struct access *access);
// A parked fault is tried again.
void fault_run(struct pager *pager, struct pending *pending);

// Reads pages of an object, `index` first, as far ahead as wanted (`how`: ACCESS_*). OUTCOME_WAIT
// or OUTCOME_NO_MEMORY. => index is not cached
enum outcome page_in(struct pager *pager, struct object *object, uint32_t index, uint32_t how,
                     struct pending ***wait);

// EVENT_FAULT where the short way does not go.
void fault_long(struct pager *pager, const struct event *event, struct answer *answer);

#endif
