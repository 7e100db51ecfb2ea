// Writing an object's dirty pages to its provider.
//
// One pass at a time runs over a range of the object; whoever wants pages stored waits for a
// pass that began after that wish. A page is in at most one page-out, because passes do not
// overlap. Pages whose page-out fails stay dirty, and the pass goes on; its waiters get the
// error, or if there are none, the next one who waits. Later passes try these pages again.
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
  bool again;                    // another pass is wanted
  uint8_t bucket, again_bucket;  // of the two passes
  int32_t error;                 // of this pass, 0 or a negative errno
  int32_t unreported;            // of a pass that nobody waited for
  uint32_t cursor, end;          // still to do in this pass
  uint32_t again_first, again_end;
  uint32_t out;                   // page-outs on their way
  struct pending *waiting;        // for this pass
  struct pending *waiting_again;  // for the next one
};

// For who waits until all objects are stored: passes are counted in two buckets. New ones go to the
// current one; to wait is to make the other one current, and to wait until this one is empty. So
// passes that begin later keep nobody waiting.
//
// Passes over the objects of programs are in neither.
#define PASSES_OF_PROGRAMS 2u

struct passes {
  uint32_t count[2];
  int32_t error[2];
  uint8_t current;
  struct pending *waiting;       // until the bucket that is not current is empty
  struct pending *waiting_turn;  // likewise, to ask again then
};

// Starts writing the dirty pages of [first, end). Returns the list in which to wait until they
// are stored, NULL if none is dirty.
struct pending **writeback_start(struct pager *pager, struct object *object, uint32_t first,
                                 uint32_t end);
// Starts writing all dirty pages of all objects but those of programs. Returns where to wait, NULL
// if none is dirty. If *again is set, whoever waits there asks again afterwards.
struct pending **writeback_start_all(struct pager *pager, bool *again);
// The error of an earlier pass that nobody waited for, if any: told once.
int32_t writeback_take_error(struct object *object);
// Goes on: sends what can be sent, ends the pass and begins the next.
void writeback_step(struct pager *pager, struct object *object);
// A page-out came back.
void writeback_done(struct pager *pager, struct request *request, int32_t status);

#endif
