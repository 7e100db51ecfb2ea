#include "servers/pager/core/provider.h"

#include "protocols/signal.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/provider_short.h"
#include "servers/pager/core/state.h"

// --- objects ------------------------------------------------------------------------------------

void provider_add(struct provider *provider, struct object *object) {
  object->provider = provider;
  object->provider_prev = NULL;
  object->provider_next = provider->objects;
  if (provider->objects) provider->objects->provider_prev = object;
  provider->objects = object;
}

void provider_remove(struct object *object) {
  struct provider *provider = object->provider;
  if (!provider) return;
  if (object->provider_next) object->provider_next->provider_prev = object->provider_prev;
  if (object->provider_prev) {
    object->provider_prev->provider_next = object->provider_next;
  } else {
    provider->objects = object->provider_next;
  }
  object->provider = NULL;
}

uint32_t provider_buffer_frame(const struct provider *provider, uint32_t page) {
  if (!provider || page - provider->buffer >= OBJECT_REQUEST_PAGES) return FRAME_NONE;
  return provider->frame[page - provider->buffer];
}

// --- requests -----------------------------------------------------------------------------------

static void fill_buffer(struct pager *pager, const struct provider *provider,
                        const struct request *request) {
  for (uint32_t i = 0; i < request->count; i++) {
    page_copy(frame_pointer(pager, provider->frame[i]), frame_pointer(pager, request->frame[i]));
  }
}

void provider_deliver(struct pager *pager, struct provider *provider) {
  if (!provider->parked) return;
  struct request *request = requests_next(&provider->requests);
  if (!request) return;
  request->state = REQUEST_OUT;
  provider->out = request;
  if (request->op == OBJECT_PAGE_OUT) fill_buffer(pager, provider, request);
  uint64_t word[4];
  provider_words(request, word);
  token_t token = provider->parked;
  provider->parked = 0;
  kops_serve(token, word);
}

// Takes a request back from the queue or from the provider.
static void withdraw(struct provider *provider, struct request *request) {
  if (request == provider->out) {
    provider->late = request->tag;
    provider->out = NULL;
  } else {
    requests_unqueue(&provider->requests, request);
  }
}

static bool is_waiting(const struct request *request) {
  return request->state == REQUEST_QUEUED || request->state == REQUEST_OUT;
}

// The request of an object that concerns a page from `first` on, NULL if there is none.
static struct request *find_request(struct provider *provider, const struct object *object,
                                    uint32_t first, bool page_outs) {
  for (uint32_t i = 0; i < PROVIDER_REQUESTS; i++) {
    struct request *request = &provider->request[i];
    if (!is_waiting(request) || request->object != object) continue;
    if (page_outs && request->op != OBJECT_PAGE_OUT) continue;
    if (request->first + request->count > first) return request;
  }
  return NULL;
}

static void take_back(struct pager *pager, struct object *object, uint32_t first, bool page_outs) {
  struct provider *provider = object->provider;
  struct request *request;
  while (provider && (request = find_request(provider, object, first, page_outs))) {
    withdraw(provider, request);
    request_complete(pager, request, -ECANCELED);
  }
}

void provider_take_back(struct pager *pager, struct object *object, uint32_t first) {
  take_back(pager, object, first, true);
}

// --- time ---------------------------------------------------------------------------------------

static void expire(struct pager *pager, struct provider *provider, uint64_t now) {
  for (uint32_t i = 0; i < PROVIDER_REQUESTS; i++) {
    struct request *request = &provider->request[i];
    if (!is_waiting(request) || request->deadline > now) continue;
    withdraw(provider, request);
    request_complete(pager, request, -EIO);
  }
  requests_feed(pager, &provider->requests);
}

void providers_tick(struct pager *pager, uint64_t now) {
  struct provider *provider;
  for (provider = pager->providers; provider; provider = provider->next) {
    expire(pager, provider, now);
  }
  for (provider = pager->providers; provider; provider = provider->next) {
    for (uint32_t i = 0; i < PROVIDER_REQUESTS; i++) {
      const struct request *request = &provider->request[i];
      if (is_waiting(request)) timer_wake_at(pager, request->deadline);
    }
  }
}

// --- answers ------------------------------------------------------------------------------------

static void empty_buffer(struct pager *pager, const struct provider *provider,
                         const struct request *request) {
  for (uint32_t i = 0; i < request->count; i++) {
    page_copy(frame_pointer(pager, request->frame[i]), frame_pointer(pager, provider->frame[i]));
  }
}

// Ends the request that is out. A breach fails it: what it was about is not known any more.
static int64_t answer(struct pager *pager, struct provider *provider, uint64_t tag,
                      uint64_t status) {
  struct request *request = provider->out;
  int64_t error = (int64_t)status;
  if (tag == 0 && !request) return 0;
  if (tag != 0 && tag == provider->late) {
    provider->late = 0;
    return -ETIMEDOUT;
  }
  bool breach = !request || tag != request->tag || error > 0 || error < -PAGER_ERROR_MAX;
  if (!request) return -EINVAL;
  if (breach) {
    error = -EIO;
  } else if (error == 0 && request->op == OBJECT_PAGE_IN) {
    empty_buffer(pager, provider, request);
  }
  provider->out = NULL;
  request_complete(pager, request, (int32_t)error);
  return breach ? -EINVAL : 0;
}

static void map_got(const struct provider_got *got) {
  if (kops_map_reply(got->token, got->slot, got->va_prot, 1, &got->frame) < 0) {
    kops_reply(got->token, 0, 0);  // a page table is missing: it faults again
  }
}

bool provider_interrupt(struct provider *provider) {
  if (!provider || !provider->parked) return false;
  token_t token = provider->parked;
  provider->parked = 0;
  kops_reply(token, (uint64_t)-EINTR, 0);
  return true;
}

int64_t pager_serve(struct pager *pager, struct space *space, token_t token, uint64_t tag,
                    uint64_t status, uint64_t flags) {
  struct provider_got got;
  if (provider_short_answer(pager, space, token, tag, status, flags, &got)) {
    map_got(&got);
    return PAGER_PARKED;
  }
  struct provider *provider = space->provider;
  if (!provider || (flags & ~(uint64_t)PAGER_SERVE_POLL)) return -EINVAL;
  provider->parked = 0;
  int64_t error = answer(pager, provider, tag, status);
  requests_feed(pager, &provider->requests);
  requests_kick(pager);
  if (error < 0) return error;
  if (requests_idle(&provider->requests)) {
    if (flags & PAGER_SERVE_POLL) return -EAGAIN;
    if (signal_due(signal_page_in(pager_message(pager, space)))) return -EINTR;
  }
  provider->parked = token;
  provider_deliver(pager, provider);
  return PAGER_PARKED;
}

// --- start and end ------------------------------------------------------------------------------

static void put_frames(struct pager *pager, struct provider *provider, uint32_t buffers) {
  uint32_t own = provider->first_frame;
  for (uint32_t i = 0; i < buffers; i++) frame_put(pager, provider->frame[i]);
  frame_put(pager, own);
  pager->frames_reserved -= buffers + 1;
}

static uint32_t take_frame(struct pager *pager) {
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) return FRAME_NONE;
  page_of(pager, frame)->state = PAGE_RESERVED;
  page_zero(frame_pointer(pager, frame));
  pager->frames_reserved++;
  return frame;
}

_Static_assert(sizeof(struct provider) <= PAGE_SIZE, "a provider is in a frame of its own");

static struct provider *make_provider(struct pager *pager) {
  uint32_t own = take_frame(pager);
  if (own == FRAME_NONE) return NULL;
  struct provider *provider = frame_pointer(pager, own);
  provider->first_frame = own;
  requests_init(&provider->requests, provider->request, PROVIDER_REQUESTS, provider);
  for (uint32_t i = 0; i < OBJECT_REQUEST_PAGES; i++) {
    provider->frame[i] = take_frame(pager);
    if (provider->frame[i] == FRAME_NONE) {
      put_frames(pager, provider, i);
      return NULL;
    }
  }
  return provider;
}

// Shows the buffer to the provider.
static int enter_buffer(struct pager *pager, struct space *space, struct provider *provider) {
  if (!slab_reserve(pager, SLAB_REGION, 2)) return -ENOMEM;
  struct region *behind;
  uint32_t page = region_gap(space->regions, (uint32_t)(MMAP_BASE >> PAGE_SHIFT),
                             (uint32_t)(MMAP_END >> PAGE_SHIFT), OBJECT_REQUEST_PAGES, &behind);
  if (page == 0) return -ENOMEM;
  int error =
      space_enter(pager, space, page, PROT_R | PROT_W, OBJECT_REQUEST_PAGES, provider->frame);
  if (error < 0) return error;
  provider->buffer = page;
  struct region region = {
      .start = page,
      .end = page + OBJECT_REQUEST_PAGES,
      .prot = PROT_R | PROT_W,
      .prot_max = PROT_R | PROT_W,
      .flags = REGION_DEVICE | REGION_SHARED | REGION_TOUCHED | REGION_DONTFORK};
  space_add_region(pager, space, &region);
  return 0;
}

int64_t pager_provider(struct pager *pager, struct space *space) {
  struct provider *provider = space->provider;
  if (provider) return (int64_t)provider->buffer << PAGE_SHIFT;
  if (space->slot < SLOT_FIRST_PROGRAM) return -EINVAL;
  odd_settle(pager, space);
  provider = make_provider(pager);
  if (!provider) return -ENOMEM;
  int error = enter_buffer(pager, space, provider);
  if (error < 0) {
    put_frames(pager, provider, OBJECT_REQUEST_PAGES);
    return error;
  }
  provider->space = space;
  space->provider = provider;
  provider->next = pager->providers;
  if (provider->next) provider->next->prev = provider;
  pager->providers = provider;
  return (int64_t)provider->buffer << PAGE_SHIFT;
}

// Its pages are gone for good: who accesses them gets SIGBUS or EIO.
static void break_object(struct pager *pager, struct object *object) {
  object->waiters++;  // so that it is still there afterwards
  if (object_collect(pager, object, 0, object->pages, true)) object->writeback.unreported = -EIO;
  object->broken = true;
  object->pages = 0;
  take_back(pager, object, 0, false);
  object_truncate(pager, object, 0);
  aging_forget(pager, object);
  provider_remove(object);
  pending_wake(pager, &object->leaving, 0, false);
  object->waiters--;
  object_run(pager, object);  // its write-back finds nothing
}

void provider_end(struct pager *pager, struct space *space) {
  struct provider *provider = space->provider;
  if (!provider) return;
  space->provider = NULL;
  provider->parked = 0;
  while (provider->objects) break_object(pager, provider->objects);
  requests_end(pager, &provider->requests);
  if (provider->next) provider->next->prev = provider->prev;
  if (provider->prev) {
    provider->prev->next = provider->next;
  } else {
    pager->providers = provider->next;
  }
  uint64_t va = (uint64_t)provider->buffer << PAGE_SHIFT;
  kops_unmap(space->slot, va, va + OBJECT_REQUEST_PAGES * PAGE_SIZE);
  put_frames(pager, provider, OBJECT_REQUEST_PAGES);
}

// --- what a provider asks for -------------------------------------------------------------------

static struct object *own_object(const struct space *space, uint64_t cookie) {
  struct object *object = space->provider ? space->provider->objects : NULL;
  while (object && (object->cookie != cookie || object->dead)) object = object->provider_next;
  return object;
}

int64_t pager_detach(struct pager *pager, struct space *space, uint64_t cookie) {
  struct object *object = own_object(space, cookie);
  if (!object) return -ESRCH;
  break_object(pager, object);
  requests_feed(pager, &space->provider->requests);
  requests_kick(pager);
  return 0;
}

int64_t pager_invalidate(struct pager *pager, struct space *space, uint64_t cookie, uint64_t first,
                         uint64_t count) {
  struct object *object = own_object(space, cookie);
  if (!object) return -ESRCH;
  if (count == 0 || first + count < first || first >= object->pages) return -EINVAL;
  uint64_t end = first + count < object->pages ? first + count : object->pages;
  uint32_t dirty = object_give_back(pager, object, (uint32_t)first, (uint32_t)end);
  if (dirty > 0) writeback_start(pager, object, (uint32_t)first, (uint32_t)end);
  requests_kick(pager);
  return dirty;
}
