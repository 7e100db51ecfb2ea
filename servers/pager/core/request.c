#include "servers/pager/core/request.h"

#include "servers/pager/core/fault.h"
#include "servers/pager/core/state.h"

#define TAG_SLOT(tag) ((tag) & (OBJECT_RING_SLOTS - 1))
#define TAG_SERIAL(tag) ((tag) / OBJECT_RING_SLOTS)
#define SERIAL_MASK (UINT32_MAX / OBJECT_RING_SLOTS)

void requests_init(struct requests *requests) {
  for (uint32_t i = 0; i < OBJECT_RING_SLOTS; i++) {
    requests->request[i].next = (uint8_t)(i + 1 < OBJECT_RING_SLOTS ? i + 1 : REQUEST_NONE);
  }
  requests->free = 0;
  requests->queue_head = REQUEST_NONE;
  requests->queue_tail = REQUEST_NONE;
}

struct pending **request_list(struct pager *pager, struct request *request) {
  return request ? &request->waiting : &pager->requests.starved;
}

struct request *request_of(struct pager *pager, const struct page *page) {
  return &pager->requests.request[page->request];
}

struct request *request_take(struct pager *pager, struct object *object, enum object_op op,
                             uint32_t first) {
  struct requests *all = &pager->requests;
  if (all->free == REQUEST_NONE) return NULL;
  if (op == OBJECT_PAGE_OUT) {
    if (all->writing >= OBJECT_RING_SLOTS - REQUESTS_FOR_READING) return NULL;
    all->writing++;
  }
  struct request *request = &all->request[all->free];
  all->free = request->next;
  all->used++;
  request->op = (uint8_t)op;
  request->first = first;
  request->count = 0;
  request->object = object;
  request->waiting = NULL;
  request->serial = (request->serial + 1) & SERIAL_MASK;
  object->requests++;
  return request;
}

static uint8_t number_of(const struct requests *all, const struct request *request) {
  return (uint8_t)(request - all->request);
}

void request_cancel(struct pager *pager, struct request *request) {
  struct requests *all = &pager->requests;
  if (request->op == OBJECT_PAGE_OUT) all->writing--;
  request->state = REQUEST_FREE;
  request->next = all->free;
  all->free = number_of(all, request);
  all->used--;
  request->object->requests--;
}

// Bytes of the range that the object has; the rest of its last page is not the store's.
static uint32_t bytes_of(const struct request *request) {
  uint64_t start = (uint64_t)request->first << PAGE_SHIFT;
  uint64_t bytes = (uint64_t)request->count << PAGE_SHIFT;
  uint64_t size = request->object->size;
  if (size <= start) return 0;
  return (uint32_t)(size - start < bytes ? size - start : bytes);
}

// Moves queued requests into the ring while it has room.
static void fill_ring(struct pager *pager) {
  struct requests *all = &pager->requests;
  struct object_ring *ring = all->ring;
  if (!ring) return;
  while (all->queue_head != REQUEST_NONE) {
    uint32_t head = ring->request_head;
    if (head - __atomic_load_n(&ring->request_tail, __ATOMIC_ACQUIRE) >= OBJECT_RING_SLOTS) return;
    uint8_t number = all->queue_head;
    struct request *request = &all->request[number];
    all->queue_head = request->next;
    request->state = REQUEST_OUT;
    struct object_request *entry = &ring->request[head % OBJECT_RING_SLOTS];
    entry->cookie = request->object->cookie;
    entry->page = request->first;
    entry->op = request->op;
    entry->tag = request->serial * OBJECT_RING_SLOTS + number;
    entry->count = request->count;
    entry->bytes = bytes_of(request);
    for (uint32_t i = 0; i < request->count; i++) entry->frame[i] = request->frame[i];
    __atomic_store_n(&ring->request_head, head + 1, __ATOMIC_RELEASE);
    all->added = true;
  }
}

void request_send(struct pager *pager, struct request *request) {
  struct requests *all = &pager->requests;
  uint8_t number = number_of(all, request);
  request->state = REQUEST_QUEUED;
  request->next = REQUEST_NONE;
  if (all->queue_head == REQUEST_NONE) {
    all->queue_head = number;
  } else {
    all->request[all->queue_tail].next = number;
  }
  all->queue_tail = number;
  if (request->op == OBJECT_PAGE_IN) {
    pager->counts.requests_in++;
  } else if (request->op == OBJECT_PAGE_OUT) {
    pager->counts.requests_out++;
  }
  fill_ring(pager);
}

void requests_kick(struct pager *pager) {
  if (!pager->requests.added) return;
  pager->requests.added = false;
  kops_notify_provider();
}

void request_starve(struct pager *pager, struct object *object) {
  struct requests *all = &pager->requests;
  if (object->queued) return;
  object->queued = true;
  object->queue_next = NULL;
  if (all->starved_head) {
    all->starved_tail->queue_next = object;
  } else {
    all->starved_head = object;
  }
  all->starved_tail = object;
}

// --- completions -------------------------------------------------------------------------------

static void page_in_done(struct pager *pager, struct request *request, int32_t status) {
  struct object *object = request->object;
  for (uint32_t i = 0; i < request->count; i++) {
    uint32_t frame = request->frame[i];
    struct page *page = page_of(pager, frame);
    if (page->flags & PAGE_DROPPED) {
      page_release(pager, frame);
    } else if (status < 0) {
      object_remove(pager, object, request->first + i);
      page_release(pager, frame);  // the reference that object_remove left to the request
    } else {
      page->state = PAGE_CACHED;
      page->flags = status & OBJECT_HOLE ? PAGE_HOLE : 0;
      *board_of(pager, frame) = 0;
      frame_list_append(pager, &pager->clean, frame);
      pager->counts.pages_in++;
    }
  }
  object_zero_tail(pager, object);
}

static void allocate_done(struct pager *pager, struct request *request, int32_t status) {
  for (uint32_t i = 0; i < request->count; i++) {
    // Another page may be there by now, even one with a request of its own.
    uint32_t frame = object_frame(pager, request->object, request->first + i);
    if (frame != request->frame[i]) continue;
    struct page *page = page_of(pager, frame);
    if (!(page->flags & PAGE_ALLOCATING) || request_of(pager, page) != request) continue;
    page->flags &= (uint8_t)~PAGE_ALLOCATING;
    if (status >= 0) page->flags &= (uint8_t)~PAGE_HOLE;
  }
}

static void complete(struct pager *pager, struct request *request, int32_t status) {
  struct object *object = request->object;
  struct pending *waiting = request->waiting;
  bool several = request->count > 1;
  if (status > 0 && (request->op != OBJECT_PAGE_IN || status != OBJECT_HOLE)) status = -EIO;
  if (status < 0 && status != -ENOSPC) status = -EIO;
  if (request->op == OBJECT_PAGE_IN) {
    page_in_done(pager, request, status);
  } else if (request->op == OBJECT_ALLOCATE) {
    allocate_done(pager, request, status);
  } else if (request->op == OBJECT_PAGE_OUT) {
    writeback_done(pager, request, status);
  }
  request_cancel(pager, request);
  // A failed read of several pages is tried again for the one page that is needed.
  bool alone = status < 0 && request->op == OBJECT_PAGE_IN && several;
  object->waiters++;  // so that it is still there afterwards
  pending_wake(pager, &waiting, status < 0 && !alone ? status : 0, alone);
  if (request->op == OBJECT_PAGE_OUT && status >= 0) {
    pending_wake(pager, &pager->short_of_memory, 0, false);
  }
  object->waiters--;
  object_run(pager, object);
}

// Lets those go on who found no request free: calls first, then write-back, each in its order.
static void feed_starved(struct pager *pager) {
  struct requests *all = &pager->requests;
  while (all->starved && all->free != REQUEST_NONE) pending_wake_one(pager, &all->starved);
  const struct object *last = all->starved_tail;
  while (all->starved_head && all->free != REQUEST_NONE) {
    struct object *object = all->starved_head;
    bool was_last = object == last;
    all->starved_head = object->queue_next;
    object->queued = false;
    object_run(pager, object);
    if (was_last) break;
  }
}

void pager_completions(struct pager *pager) {
  struct requests *all = &pager->requests;
  struct object_ring *ring = all->ring;
  if (!ring) return;
  uint32_t head = __atomic_load_n(&ring->completion_head, __ATOMIC_ACQUIRE);
  if (head - ring->completion_tail > OBJECT_RING_SLOTS) {
    all->breaches++;
    ring->completion_tail = head;
  }
  while (ring->completion_tail != head) {
    const struct object_completion *entry =
        &ring->completion[ring->completion_tail % OBJECT_RING_SLOTS];
    uint32_t tag = entry->tag;
    int32_t status = entry->status;
    __atomic_store_n(&ring->completion_tail, ring->completion_tail + 1, __ATOMIC_RELEASE);
    struct request *request = &all->request[TAG_SLOT(tag)];
    if (request->state == REQUEST_OUT && request->serial == TAG_SERIAL(tag)) {
      complete(pager, request, status);
    } else {
      all->breaches++;
    }
  }
  fill_ring(pager);
  feed_starved(pager);
  requests_kick(pager);
}
