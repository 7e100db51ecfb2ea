#include "servers/pager/core/request.h"

#include "servers/pager/core/fault.h"
#include "servers/pager/core/provider.h"
#include "servers/pager/core/resident.h"
#include "servers/pager/core/state.h"

void requests_init(struct requests *requests, struct request *request, uint32_t slots,
                   struct provider *provider) {
  requests->provider = provider;
  requests->request = request;
  requests->slots = slots;
  for (uint32_t i = 0; i < slots; i++) {
    request[i].of = requests;
    request[i].tag = i;
    request[i].next = (uint8_t)(i + 1 < slots ? i + 1 : REQUEST_NONE);
  }
  requests->free = 0;
  requests->queue_head = REQUEST_NONE;
  requests->queue_tail = REQUEST_NONE;
}

struct requests *requests_of(struct pager *pager, const struct object *object) {
  return object->provider ? &object->provider->requests : &pager->requests;
}

struct pending **request_list(struct pager *pager, const struct object *object,
                              struct request *request) {
  return request ? &request->waiting : &requests_of(pager, object)->starved;
}

struct request *request_of(struct pager *pager, const struct page *page) {
  const struct object *object = item_at(pager, page->object);
  return &requests_of(pager, object)->request[page->request];
}

uint32_t request_bytes(const struct request *request) {
  uint64_t start = (uint64_t)request->first << PAGE_SHIFT;
  uint64_t bytes = (uint64_t)request->count << PAGE_SHIFT;
  uint64_t size = request->object->size;
  if (size <= start) return 0;
  return (uint32_t)(size - start < bytes ? size - start : bytes);
}

static bool is_free(const struct requests *all, enum object_op op) {
  if (all->free == REQUEST_NONE) return false;
  return op != OBJECT_PAGE_OUT ||
         all->writing < all->slots - all->slots / REQUESTS_FOR_READING_PART;
}

bool request_is_free(const struct pager *pager, enum object_op op) {
  return is_free(&pager->requests, op);
}

// fs names objects, whoever provides them: it is told when they are idle.
struct request *request_take(struct pager *pager, struct object *object, enum object_op op,
                             uint32_t first) {
  struct requests *all = op == OBJECT_IDLE ? &pager->requests : requests_of(pager, object);
  if (!is_free(all, op)) return NULL;
  return requests_take(all, object, op, first);
}

// --- the queue ----------------------------------------------------------------------------------

static void enqueue(struct requests *all, struct request *request) {
  uint8_t number = request_number(request);
  request->state = REQUEST_QUEUED;
  request->next = REQUEST_NONE;
  if (all->queue_head == REQUEST_NONE) {
    all->queue_head = number;
  } else {
    all->request[all->queue_tail].next = number;
  }
  all->queue_tail = number;
}

struct request *requests_next(struct requests *all) {
  if (all->queue_head == REQUEST_NONE) return NULL;
  struct request *request = &all->request[all->queue_head];
  all->queue_head = request->next;
  return request;
}

void requests_unqueue(struct requests *all, struct request *request) {
  uint8_t number = request_number(request);
  uint8_t before = REQUEST_NONE;
  for (uint8_t at = all->queue_head; at != number; at = all->request[at].next) before = at;
  if (before == REQUEST_NONE) {
    all->queue_head = request->next;
  } else {
    all->request[before].next = request->next;
  }
  if (all->queue_tail == number) all->queue_tail = before;
}

// Moves queued requests into the ring while it has room.
static void fill_ring(struct pager *pager) {
  struct requests *all = &pager->requests;
  struct object_ring *ring = all->ring;
  if (!ring) return;
  while (!requests_idle(all)) {
    uint32_t head = ring->request_head;
    if (head - __atomic_load_n(&ring->request_tail, __ATOMIC_ACQUIRE) >= OBJECT_RING_SLOTS) return;
    struct request *request = requests_next(all);
    request->state = REQUEST_OUT;
    struct object_request *entry = &ring->request[head % OBJECT_RING_SLOTS];
    entry->cookie = request->object->cookie;
    entry->page = request->first;
    entry->op = request->op;
    entry->tag = request->tag;
    entry->count = request->count;
    entry->bytes = request_bytes(request);
    for (uint32_t i = 0; i < request->count; i++) entry->frame[i] = request->frame[i];
    __atomic_store_n(&ring->request_head, head + 1, __ATOMIC_RELEASE);
    all->added = true;
  }
}

void request_send(struct pager *pager, struct request *request) {
  struct requests *all = request->of;
  enqueue(all, request);
  if (request->op == OBJECT_PAGE_IN) {
    pager->counts.requests_in++;
  } else if (request->op == OBJECT_PAGE_OUT) {
    pager->counts.requests_out++;
  }
  if (!all->provider) {
    fill_ring(pager);
    return;
  }
  request->deadline = kops_now() + request->object->bound;
  timer_wake_at(pager, request->deadline);
  provider_deliver(pager, all->provider);
}

void requests_kick(struct pager *pager) {
  if (!pager->requests.added) return;
  pager->requests.added = false;
  kops_notify_provider();
}

void request_starve(struct requests *all, struct object *object) {
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
      page->flags = (status & OBJECT_HOLE ? PAGE_HOLE : 0) | PAGE_WRITTEN;
      *board_of(pager, frame) = 0;
      page_list(pager, frame);
      resident_object_page(pager, object, page->index, 1);
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

static void swap_done(struct pager *pager, struct request *request, int32_t status) {
  if (request->op == OBJECT_PAGE_IN) {
    swap_in_done(pager, request, status);
  } else {
    swap_out_done(pager, request, status);
  }
}

static int32_t checked(const struct request *request, int32_t status) {
  if (status > 0 && (request->op != OBJECT_PAGE_IN || status != OBJECT_HOLE)) return -EIO;
  return status >= 0 || status == -ENOSPC || status == -ECANCELED ? status : -EIO;
}

void request_complete(struct pager *pager, struct request *request, int32_t status) {
  struct object *object = request->object;
  struct pending *waiting = request->waiting;
  uint8_t op = request->op;
  // A failed read of several pages is tried again for the one page that is needed.
  bool several = request->count > 1 && !request->of->provider;
  status = checked(request, status);
  if (object->backing == BACKED_BY_SWAP) {
    swap_done(pager, request, status);
  } else if (op == OBJECT_PAGE_IN) {
    page_in_done(pager, request, status);
  } else if (op == OBJECT_ALLOCATE) {
    allocate_done(pager, request, status);
  } else if (op == OBJECT_PAGE_OUT) {
    writeback_done(pager, request, status);
  }
  request_cancel(request);
  // Who waits until memory is written to swap (rss.h) goes on in any case.
  if (object->backing == BACKED_BY_SWAP && op == OBJECT_PAGE_OUT) status = 0;
  bool alone = status < 0 && op == OBJECT_PAGE_IN && several;
  object->waiters++;  // so that it is still there afterwards
  pending_wake(pager, &waiting, status < 0 && !alone && status != -ECANCELED ? status : 0, alone);
  object->waiters--;
  object_run(pager, object);
}

// Calls first, then write-back, each in its order.
void requests_feed(struct pager *pager, struct requests *all) {
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

void requests_end(struct pager *pager, struct requests *all) {
  pending_wake(pager, &all->starved, 0, false);
  while (all->starved_head) {
    struct object *object = all->starved_head;
    all->starved_head = object->queue_next;
    object->queued = false;
    object_run(pager, object);
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
    struct request *request = &all->request[tag % OBJECT_RING_SLOTS];
    if (request->state == REQUEST_OUT && request->tag == tag) {
      request_complete(pager, request, status);
    } else {
      all->breaches++;
    }
  }
  fill_ring(pager);
  requests_feed(pager, all);
  pager_between(pager);
  requests_kick(pager);
}
