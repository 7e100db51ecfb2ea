// Programs as pagers: a program that provides memory objects answers the requests that fs answers
// through its ring (protocols/object.h) by one call, PAGER_SERVE, one after the other.
//
// Life of a request:
//   queued ──deliver──▶ out ──PAGER_SERVE──▶ done
//      └──────── its bound passes, its object is detached or cut off, the provider ends ────▶
//      failed
//
// Data moves through a buffer in the provider's space, whose frames are the pager's: what is paged
// out is copied there when the request is delivered, what is paged in is copied from there when it
// is answered. So a provider never has a frame that anybody else has.
//
// What a provider does concerns nobody but the clients of its objects: its requests are its own,
// and so is its queue of those who wait for a free one. Each request has a bound; nothing else
// waits for a provider.
//
//   P1  `out` is the only request of a provider in the state REQUEST_OUT
//   P2  while a PAGER_SERVE is parked, no request is queued or out
//   P3  an object with a provider is in the provider's list; one that has lost it is `broken`, has
//       no pages, and stays so
#ifndef SERVERS_PAGER_CORE_PROVIDER_H
#define SERVERS_PAGER_CORE_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/event.h"
#include "servers/pager/core/request.h"

struct object;
struct pager;
struct space;

#define PROVIDER_REQUESTS 16u

struct provider {
  struct requests requests;
  struct request request[PROVIDER_REQUESTS];
  struct space *space;
  struct object *objects;
  struct provider *next, *prev;  // all of them
  struct request *out;
  token_t parked;        // a PAGER_SERVE that waits, 0 if none
  uint32_t late;         // tag of a request that was taken back while it was out, 0 if none
  uint32_t buffer;       // where it is, as a page number
  uint32_t first_frame;  // of the buffer's frames
  uint32_t frame[OBJECT_REQUEST_PAGES];
};

// Puts an object into the list of a provider.
void provider_add(struct provider *provider, struct object *object);
// Takes it out.
void provider_remove(struct object *object);
// The frame of the buffer at this page of the provider's space; FRAME_NONE if it is not there.
uint32_t provider_buffer_frame(const struct provider *provider, uint32_t page);
// There may be a request to deliver.
void provider_deliver(struct pager *pager, struct provider *provider);
// A signal is there for the provider: ends a PAGER_SERVE that is parked with -EINTR. => false: none
// is. NULL is allowed.
bool provider_interrupt(struct provider *provider);
// Takes back the page-outs of pages from `first` on of an object, which stay dirty.
void provider_take_back(struct pager *pager, struct object *object, uint32_t first);
// The space ends, or gets another program: its objects are broken. NULL is allowed.
void provider_end(struct pager *pager, struct space *space);
void providers_tick(struct pager *pager, uint64_t now);

#endif
