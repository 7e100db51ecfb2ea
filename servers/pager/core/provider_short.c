#include "servers/pager/core/provider_short.h"

#include "protocols/signal.h"
#include "servers/pager/core/fault.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/provider.h"
#include "servers/pager/core/resident.h"
#include "servers/pager/core/rss.h"
#include "servers/pager/core/state.h"

void provider_words(const struct request *request, uint64_t word[4]) {
  word[0] = PAGER_SERVED_WORD0(request->op, request->count, request->tag);
  word[1] = request->object->cookie;
  word[2] = request->first;
  word[3] = request_bytes(request);
}

static inline uint32_t index_in(const struct region *region, uint32_t page) {
  return region->offset + (page - region->start);
}

// The region used last, if it is a mapping of a provided object that allows the access to this page
// of it, and the page is that of the object; NULL if not.
static inline struct region *region_of_one(const struct space *space, uint64_t page,
                                           uint64_t access) {
  struct region *region = space->hit;
  uint64_t start = region->start;
  if (page - start >= region->end - start || !region->object || !region->object->provider) {
    return NULL;
  }
  if (!(region->prot & access & FAULT_ANY) || rss_is_limited(space)) return NULL;
  if (!(region->flags & REGION_SHARED) &&
      ((access & FAULT_WRITE) || region->tail || !space_is_unwritten(space, (uint32_t)page))) {
    return NULL;
  }
  return index_in(region, (uint32_t)page) < region->object->pages ? region : NULL;
}

// Whether reading the page is reading it alone.
static inline bool is_read_alone(const struct pager *pager, const struct region *region,
                                 uint32_t index) {
  if (region->flags & REGION_RANDOM) return true;
  if (region->flags & REGION_SEQUENTIAL) return false;
  uint32_t most = pager->option[PAGER_READ_AHEAD];
  return ahead_pages(&region->object->ahead, index, 1, 0, most) == 1;
}

// An empty entry of the leaf at hand becomes a page that is being read.
static inline uint32_t add_filling(struct pager *pager, struct object *object, uint32_t index,
                                   uint8_t request) {
  uint32_t frame = frame_pop(pager);
  struct page *page = page_of(pager, frame);
  page->state = PAGE_FILLING;
  page->object = object->id;
  page->index = index;
  page->request = request;
  object->leaf->entry[index & NODE_MASK] = frame;
  object->leaf->present |= 1ull << (index & NODE_MASK);
  object->cached++;
  pager->frames_cache++;
  return frame;
}

// => a request is free, and a frame
static inline struct request *send_one(struct pager *pager, struct object *object, uint32_t index) {
  struct provider *provider = object->provider;
  struct request *request = requests_take(&provider->requests, object, OBJECT_PAGE_IN, index);
  request->frame[0] = add_filling(pager, object, index, request_number(request));
  request->count = 1;
  request->state = REQUEST_OUT;
  request->deadline = kops_now() + object->bound;
  timer_wake_at(pager, request->deadline);
  object->ahead = (struct ahead){.next = index + 1, .window = 1};
  pager->counts.requests_in++;
  provider->out = request;
  return request;
}

bool provider_short_fault(struct pager *pager, struct space *space, token_t token, uint64_t address,
                          uint64_t access, uint64_t pc, struct provider_asked *asked) {
  uint64_t page = address >> PAGE_SHIFT;
  struct region *region = region_of_one(space, page, access);
  if (!region) return false;
  struct object *object = region->object;
  struct provider *provider = object->provider;
  uint32_t index = index_in(region, (uint32_t)page);
  if (!provider->parked || provider->requests.free == REQUEST_NONE ||
      object->leaf_tag != index >> NODE_BITS || object->leaf->entry[index & NODE_MASK] ||
      !is_read_alone(pager, region, index) || pager_is_short(pager)) {
    return false;
  }
  struct pending *pending = slab_take(pager, SLAB_PENDING);
  if (!pending) return false;
  struct request *request = send_one(pager, object, index);
  *pending = (struct pending){.kind = PENDING_FAULT,
                              .token = token,
                              .space = space,
                              .address = address,
                              .done = access,
                              .result = pc};
  pending_link(pending, &request->waiting);
  region->flags |= REGION_TOUCHED;
  space->faults++;
  space->major++;
  pager->counts.faults++;
  pager->counts.faults_major++;
  asked->token = provider->parked;
  provider->parked = 0;
  provider_words(request, asked->word);
  return true;
}

// The fault that alone waits for a page-in, if the page can be entered as it is now; NULL if not.
static inline struct pending *fault_of_one(struct pager *pager, const struct request *request) {
  const struct object *object = request->object;
  struct pending *pending = request->waiting;
  if (!pending || pending->next || pending->kind != PENDING_FAULT) return NULL;
  if (object->writeback.active || (page_of(pager, request->frame[0])->flags & PAGE_DROPPED)) {
    return NULL;
  }
  uint64_t page = pending->address >> PAGE_SHIFT;
  const struct region *region = region_of_one(pending->space, page, pending->done);
  if (!region || region->object != object) return NULL;
  if (index_in(region, (uint32_t)page) != request->first) return NULL;
  return (region->prot & PROT_W) && aging_is_over(pager, object) ? NULL : pending;
}

// The page that was asked for is there, for the region that `reader` used last.
static inline void take_page(struct pager *pager, const struct provider *provider,
                             const struct request *request, struct space *reader) {
  const struct region *region = reader->hit;
  uint32_t frame = request->frame[0];
  struct page *page = page_of(pager, frame);
  page_copy(frame_pointer(pager, frame), frame_pointer(pager, provider->frame[0]));
  page->state = PAGE_CACHED;
  page->flags = PAGE_WRITTEN;
  *board_of(pager, frame) = 0;
  page_list(pager, frame);
  if (region->object_next || region->object_prev) {
    resident_object_page(pager, request->object, page->index, 1);
  } else {
    reader->resident++;  // nobody else maps it
  }
  pager->counts.pages_in++;
  if (request->object->size & PAGE_MASK) object_zero_tail(pager, request->object);
}

bool provider_short_answer(struct pager *pager, struct space *space, token_t token, uint64_t tag,
                           uint64_t status, uint64_t flags, struct provider_got *got) {
  struct provider *provider = space->provider;
  if (!provider || status || flags || pager_is_short(pager)) return false;
  struct request *request = provider->out;
  const struct requests *all = &provider->requests;
  if (!request || tag != request->tag || request->op != OBJECT_PAGE_IN || request->count != 1) {
    return false;
  }
  void *message = frame_pointer(pager, pager->message[space->slot]);
  if (!requests_idle(all) || all->starved || all->starved_head || pager->requests.added ||
      signal_due(signal_page_in(message))) {
    return false;
  }
  struct pending *pending = fault_of_one(pager, request);
  if (!pending) return false;
  struct space *reader = pending->space;
  const struct region *region = reader->hit;
  uint32_t prot = region->prot;
  if (!(region->flags & REGION_SHARED)) prot &= ~(uint32_t)PROT_W;
  if (prot & PROT_W) aging_hand_out(pager, request->object, 1);
  *got = (struct provider_got){.token = pending->token,
                               .va_prot = (pending->address & ~PAGE_MASK) | prot,
                               .slot = reader->slot,
                               .frame = request->frame[0]};
  pager->counts.faults--;  // counted when it was parked
  pager->counts.faults_file++;
  pending_unlink(pending);
  slab_put(pager, SLAB_PENDING, pending);
  take_page(pager, provider, request, reader);
  provider->out = NULL;
  request_cancel(request);
  provider->parked = token;
  return true;
}
