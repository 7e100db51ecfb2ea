// Writing an object's dirty pages to its provider.
//
// One pass at a time runs over a range of the object; whoever wants pages stored waits for a
// pass that began after that wish. A page is in at most one page-out, because passes do not
// overlap. Pages whose page-out fails stay dirty, and the pass goes on; its waiters get the
// error.
#ifndef SERVERS_PAGER_CORE_WRITEBACK_H
#define SERVERS_PAGER_CORE_WRITEBACK_H

#include <stdbool.h>
#include <stdint.h>

struct object;
struct pager;
struct pending;
struct request;

struct writeback {
  bool active;
  bool again;            // another pass is wanted
  int32_t error;         // of this pass, 0 or a negative errno
  uint32_t cursor, end;  // still to do in this pass
  uint32_t again_first, again_end;
  uint32_t out;                   // page-outs on their way
  struct pending *waiting;        // for this pass
  struct pending *waiting_again;  // for the next one
};

// Starts writing the dirty pages of [first, end). Returns the list in which to wait until they
// are stored, NULL if none is dirty.
struct pending **writeback_start(struct pager *pager, struct object *object, uint32_t first,
                                 uint32_t end);
// Goes on: sends what can be sent, ends the pass and begins the next.
void writeback_step(struct pager *pager, struct object *object);
// A page-out came back.
void writeback_done(struct pager *pager, struct request *request, int32_t status);

#endif
