// Requests to providers: fs has as many as its ring has slots, each program that is a pager a few
// of its own (provider.h). Who finds none free waits in the order of asking. Life cycle:
// protocols/object.h.
#ifndef SERVERS_PAGER_CORE_REQUEST_H
#define SERVERS_PAGER_CORE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/object.h"

struct object;
struct page;
struct pager;
struct pending;
struct provider;

// Page-outs leave this part of the requests to page-ins, so that nobody waits behind a long
// write-back.
#define REQUESTS_FOR_READING_PART 4u

enum request_state { REQUEST_FREE = 0, REQUEST_QUEUED = 1, REQUEST_OUT = 2 };

struct request {
  uint8_t state;   // enum request_state
  uint8_t op;      // enum object_op
  uint8_t count;   // pages
  uint8_t next;    // in the free list or the queue
  uint32_t tag;    // names it: its number, and above that one that changes with each use
  uint32_t first;  // page
  struct requests *of;
  struct object *object;
  struct pending *waiting;
  uint64_t deadline;  // to a program: when it is too late
  uint32_t frame[OBJECT_REQUEST_PAGES];
};

#define REQUEST_NONE 0xffu

struct requests {
  struct object_ring *ring;   // of fs; NULL until it is there
  struct provider *provider;  // a program; NULL: fs
  struct request *request;    // all of them
  uint32_t slots;
  uint8_t free;
  uint8_t queue_head, queue_tail;
  bool added;  // since the provider was last notified
  uint32_t used;
  uint32_t writing;                            // of these, page-outs
  uint32_t breaches;                           // completions for nothing that was out
  struct pending *starved;                     // waiting for a free request, first come first
  struct object *starved_head, *starved_tail;  // objects that have something to write
};

// Those that an object's pages are asked for with.
struct requests *requests_of(struct pager *pager, const struct object *object);
// Where to wait for a request; for a free one of the object's if there is none.
struct pending **request_list(struct pager *pager, const struct object *object,
                              struct request *request);
// The one that a page is FILLING or ALLOCATING in.
struct request *request_of(struct pager *pager, const struct page *page);
static inline uint8_t request_number(const struct request *request) {
  return (uint8_t)(request->tag % OBJECT_RING_SLOTS);
}
// Bytes of its range that the object has; the rest of the last page is not the store's.
uint32_t request_bytes(const struct request *request);

// => `requests` is all zero
void requests_init(struct requests *requests, struct request *request, uint32_t slots,
                   struct provider *provider);
// requests_take (state.h): the first free request. => there is one
// request_cancel (state.h): gives back a request that was not sent, or is done.
// A free request, NULL if there is none.
struct request *request_take(struct pager *pager, struct object *object, enum object_op op,
                             uint32_t first);
// Whether there is one of fs for this operation.
bool request_is_free(const struct pager *pager, enum object_op op);
void request_send(struct pager *pager, struct request *request);
// Notifies the provider if requests were added.
void requests_kick(struct pager *pager);
// A request is done, with 0, flags, or a negative errno. -ECANCELED: it was taken back, and who
// waits asks again.
void request_complete(struct pager *pager, struct request *request, int32_t status);
// Puts the object into the queue for a free request.
void request_starve(struct requests *requests, struct object *object);
// Lets those go on who found no request free.
void requests_feed(struct pager *pager, struct requests *requests);
// Nobody serves them any more: who waits for a free one goes on without. => none is queued or out
void requests_end(struct pager *pager, struct requests *requests);
// The queue of those not sent yet.
static inline bool requests_idle(const struct requests *requests) {
  return requests->queue_head == REQUEST_NONE;
}
struct request *requests_next(struct requests *requests);  // NULL if it is empty
void requests_unqueue(struct requests *requests, struct request *request);

#endif
