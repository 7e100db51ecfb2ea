// Requests to the provider. There are as many as the ring has slots; who finds none free waits in
// the order of asking. Life cycle: protocols/object.h.
#ifndef SERVERS_PAGER_CORE_REQUEST_H
#define SERVERS_PAGER_CORE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/object.h"

struct object;
struct page;
struct pager;
struct pending;

// Page-outs leave this many requests to page-ins, so that nobody waits behind a long write-back.
#define REQUESTS_FOR_READING 16u

enum request_state { REQUEST_FREE = 0, REQUEST_QUEUED = 1, REQUEST_OUT = 2 };

struct request {
  uint8_t state;    // enum request_state
  uint8_t op;       // enum object_op
  uint8_t count;    // pages
  uint8_t next;     // in the free list or the queue
  uint32_t serial;  // changes with each use: part of the tag
  uint32_t first;   // page
  struct object *object;
  struct pending *waiting;
  uint32_t frame[OBJECT_REQUEST_PAGES];
};

#define REQUEST_NONE 0xffu

struct requests {
  struct object_ring *ring;  // NULL until the provider is there
  uint8_t free;
  uint8_t queue_head, queue_tail;
  bool added;  // since the provider was last notified
  uint32_t used;
  uint32_t writing;                            // of these, page-outs
  uint32_t breaches;                           // completions for nothing that was out
  struct pending *starved;                     // waiting for a free request, first come first
  struct object *starved_head, *starved_tail;  // objects that have something to write
  struct request request[OBJECT_RING_SLOTS];
};

// Where to wait for a request; for a free one if there is none.
struct pending **request_list(struct pager *pager, struct request *request);
// The one that a page is FILLING or ALLOCATING in.
struct request *request_of(struct pager *pager, const struct page *page);

void requests_init(struct requests *requests);
// A free request, NULL if there is none.
struct request *request_take(struct pager *pager, struct object *object, enum object_op op,
                             uint32_t first);
// Gives back a request that was not sent.
void request_cancel(struct pager *pager, struct request *request);
void request_send(struct pager *pager, struct request *request);
// Notifies the provider if requests were added.
void requests_kick(struct pager *pager);
// Puts the object into the queue for a free request.
void request_starve(struct pager *pager, struct object *object);

#endif
