// Faults and calls that wait for a provider. A pending call is run again from where it was when
// what it waits for is there, and either waits again or is answered.
#ifndef SERVERS_PAGER_CORE_PENDING_H
#define SERVERS_PAGER_CORE_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/event.h"

struct object;
struct pager;
struct space;

enum pending_kind {
  PENDING_FAULT = 0,
  PENDING_READ = 1,
  PENDING_WRITE = 2,
  PENDING_SYNC = 3,
  PENDING_FLUSH = 4,
  PENDING_POPULATE = 5,
  PENDING_SWAPOFF = 6,
  PENDING_MEMORY = 7,
  PENDING_CALL = 8,  // to be made again; its words are address, length, offset, result, done, fresh
};

struct pending {
  uint8_t kind;    // enum pending_kind
  bool parked;     // in the slab and in a list; otherwise on the stack of a first run
  bool alone;      // page in without read-ahead: that failed
  int32_t error;   // of what it waited for, 0 or a negative errno
  uint32_t via;    // call: of its badge
  uint32_t times;  // call, memory: how often it has looked for memory
  token_t token;
  struct space *space;    // NULL: the origin has no space (any more)
  struct object *object;  // that it holds, if any
  uint64_t address;       // fault: exact; read, write: buffer; sync: next byte
  uint64_t length;        // of read, write; sync: bytes left
  uint64_t offset;        // in the object
  uint64_t result;        // read, write, flush: `then`; fault: program counter
  uint64_t done;          // bytes; fault: enum fault_access; populate: pages
  uint64_t fresh;         // write: first page without data in the store
  struct pending **list;  // where it waits
  struct pending *next;   // in that list
  struct pending *space_next, *space_prev;
};

// Puts a call to the end of a list, from the stack into the slab if it is its first run. NULL if
// there is no memory.
struct pending *pending_park(struct pager *pager, struct pending *pending, struct pending **list);
// pending_link (state.h): puts one from the slab, all of it filled in, into an empty list. => it
// has a space, and holds no object pending_unlink (state.h): takes one out of its space, not out of
// its list. Takes one that is in no list, or in one that goes away, out of its space and back to
// the slab.
void pending_free(struct pager *pager, struct pending *pending);
// Runs all of a list, with the error of what they waited for.
void pending_wake(struct pager *pager, struct pending **list, int32_t error, bool alone);
// Runs the first of a list.
void pending_wake_one(struct pager *pager, struct pending **list);
// Forgets those of a space: their callers are gone.
void pending_cancel(struct pager *pager, struct space *space);

#endif
