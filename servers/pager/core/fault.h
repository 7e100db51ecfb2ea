// Finding, or making, the page behind an address.
#ifndef SERVERS_PAGER_CORE_FAULT_H
#define SERVERS_PAGER_CORE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct object;
struct pager;
struct pending;
struct space;

enum outcome {
  OUTCOME_FOUND = 0,
  OUTCOME_WAIT = 1,      // for a provider: found.request, or a free request if that is NULL
  OUTCOME_UNMAPPED = 2,  // SIGSEGV
  OUTCOME_PROTECTED = 3,
  OUTCOME_STACK = 4,
  OUTCOME_BEYOND_END = 5,  // SIGBUS
  OUTCOME_NO_MEMORY = 6,
};

struct request;

struct found {
  uint32_t frame;     // of the page asked for
  uint32_t page;      // first page of the run that may be mapped, with
  uint32_t count;     //   this many frames: `frame` if one, else in pager->call_buffer
  uint32_t prot;      //   these rights
  bool replaced;      // what may be mapped there now is another frame; not set to false
  uint64_t *counter;  // which kind of fault this is, in pager->counts
  struct request *request;
};

// Resolves one access (one bit of enum fault_access). `run`: more pages than the one may be found,
// as the options say. `alone`: page in without read-ahead.
enum outcome fault_resolve(struct pager *pager, struct space *space, uint32_t page, uint32_t access,
                           bool run, bool alone, struct found *found);
// A parked fault is tried again.
void fault_run(struct pager *pager, struct pending *pending);

// Where to wait after OUTCOME_WAIT.
struct pending **found_list(struct pager *pager, const struct found *found);

// Reads pages of an object, `index` first, as far ahead as wanted. OUTCOME_WAIT or
// OUTCOME_NO_MEMORY. => index is not cached
enum outcome page_in(struct pager *pager, struct object *object, uint32_t index, bool alone,
                     struct request **request);

#endif
