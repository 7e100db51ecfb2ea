// Pages on their way to and from swap areas.
#include "servers/pager/core/evict.h"
#include "servers/pager/core/min_max.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/rmap.h"
#include "servers/pager/core/state.h"
#include "servers/pager/core/swap.h"

static struct swap_area *area_of(struct pager *pager, uint32_t slot) {
  return &pager->swap.area[slot >> SWAP_INDEX_BITS];
}

static uint32_t first_slot(const struct pager *pager, const struct request *request) {
  uint32_t area = 0;
  while (pager->swap.area[area].object != request->object) area++;
  return area << SWAP_INDEX_BITS | request->first;
}

// --- in ------------------------------------------------------------------------------------------

static struct request *request_for(struct pager *pager, uint32_t slot) {
  const struct object *object = area_of(pager, slot)->object;
  uint32_t index = slot & SWAP_INDEX_MASK;
  for (uint32_t i = 0; i < OBJECT_RING_SLOTS; i++) {
    struct request *request = &pager->requests.request[i];
    if (request->state == REQUEST_FREE || request->op != OBJECT_PAGE_IN) continue;
    if (request->object == object && index - request->first < request->count) return request;
  }
  return NULL;
}

// What is at `index`.
static uint32_t entry_at(struct pager *pager, struct space *space, struct object *object,
                         uint32_t index) {
  if (object) return object_frame(pager, object, index);
  bool owned;
  const struct node *leaf = space_leaf(pager, space, index, &owned);
  return leaf ? leaf->entry[index & NODE_MASK] : FRAME_NONE;
}

static uint32_t take_frame(struct pager *pager, struct space *space, const struct object *object,
                           uint32_t index) {
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) return FRAME_NONE;
  struct page *page = page_of(pager, frame);
  page->refs = 0;
  page->state = PAGE_SWAPPING;
  page->family = object ? 0 : space_family(space);
  page->object = object ? object->id : 0;
  page->index = index;
  return frame;
}

// Sends a request for pages from `index` on, whose first has this entry, as far as they follow each
// other in the area, too. Returns how many below `end`; 0 if there is no memory.
static uint32_t read_run(struct pager *pager, struct space *space, struct object *object,
                         struct request *request, uint32_t index, uint32_t entry, uint32_t end) {
  uint32_t slot = entry_slot(entry);
  end = min32(end, index + OBJECT_REQUEST_PAGES);
  for (uint32_t i = 0; index + i < end; i++) {
    if (i > 0 && entry_at(pager, space, object, index + i) != entry + i) break;
    if (swap_is_reading(pager, slot + i)) break;
    uint32_t frame = take_frame(pager, space, object, index + i);
    if (frame == FRAME_NONE) break;
    request->frame[request->count++] = frame;
    swap_set_reading(pager, slot + i, true);
  }
  uint32_t count = request->count;
  if (count == 0) {
    request_cancel(request);
  } else {
    request_send(pager, request);
  }
  return count;
}

static struct request *take_request(struct pager *pager, uint32_t slot) {
  return request_take(pager, area_of(pager, slot)->object, OBJECT_PAGE_IN, slot & SWAP_INDEX_MASK);
}

uint32_t swap_read(struct pager *pager, struct space *space, struct object *object, uint32_t index,
                   uint32_t end) {
  const struct requests *requests = &pager->requests;
  while (index < end) {
    uint32_t entry = entry_at(pager, space, object, index);
    uint32_t done = 1;
    if (entry_is_swapped(entry) && !swap_is_reading(pager, entry_slot(entry))) {
      if (requests->used >= requests->slots / 2) break;
      struct request *request = take_request(pager, entry_slot(entry));
      done = read_run(pager, space, object, request, index, entry, end);
      if (done == 0) break;
    }
    index += done;
  }
  return index;
}

// Whether nothing is missing between what was read last and `index`.
static bool follows(struct pager *pager, struct space *space, struct object *object,
                    const struct ahead *ahead, uint32_t index) {
  if (index - ahead->next >= OBJECT_REQUEST_PAGES) return false;
  for (uint32_t i = ahead->next; i < index; i++) {
    if (!entry_is_frame(entry_at(pager, space, object, i))) return false;
  }
  return true;
}

enum outcome swap_in(struct pager *pager, struct space *space, struct object *object,
                     uint32_t index, uint32_t entry, uint32_t how, struct pending ***wait) {
  uint32_t slot = entry_slot(entry);
  bool reading = swap_is_reading(pager, slot);
  struct request *request = reading ? request_for(pager, slot) : take_request(pager, slot);
  *wait = request_list(pager, area_of(pager, slot)->object, request);
  if (reading || !request) return OUTCOME_WAIT;
  struct ahead *ahead = object ? &object->ahead : &space->ahead;
  if (follows(pager, space, object, ahead, index)) ahead->next = index;
  uint32_t window = ahead_pages(ahead, index, 1, how, pager->option[PAGER_READ_AHEAD]);
  uint32_t end = min32(index + window, object ? object->pages : USER_PAGES);
  uint32_t done = read_run(pager, space, object, request, index, entry, end);
  if (done == 0) return OUTCOME_NO_MEMORY;
  end = swap_read(pager, space, object, index + done, end);
  *ahead = (struct ahead){.next = end, .window = window};
  return OUTCOME_WAIT;
}

// A page that was read takes the place of its slot, in all leaves that its key leads to.
static void come_back(struct pager *pager, uint32_t frame, uint32_t slot) {
  struct page *page = page_of(pager, frame);
  uint32_t count = rmap_replace(pager, page, ENTRY_SWAPPED | slot, frame);
  if (count == 0) {
    frame_put(pager, frame);
    return;
  }
  bool is_private = page->family != 0;
  bool removing = area_of(pager, slot)->removing;
  if (swap_is_written(pager, slot)) page->flags |= PAGE_WRITTEN;
  bool kept = swap_come_back(pager, slot, count, is_private && !removing);
  page->refs = (uint16_t)count;
  page->state = is_private ? PAGE_ANONYMOUS : PAGE_SHARED_MEMORY;
  *board_of(pager, frame) = 0;
  if (kept) {
    page->object = slot + 1;
    page->flags |= PAGE_STORED;
  }
  if (!is_private) object_came_back(pager, item_at(pager, page->object), frame);
  page_list(pager, frame);
  pager->counts.pages_swapped_in++;
}

void swap_in_done(struct pager *pager, struct request *request, int32_t status) {
  uint32_t slot = first_slot(pager, request);
  for (uint32_t i = 0; i < request->count; i++) {
    uint32_t frame = request->frame[i];
    bool wanted = status == 0 && swap_references(pager, slot + i) > 0;
    swap_set_reading(pager, slot + i, false);
    if (wanted) {
      come_back(pager, frame, slot + i);
    } else {
      frame_put(pager, frame);
    }
  }
}

// --- out -----------------------------------------------------------------------------------------

void swap_forget_slot(struct pager *pager, struct page *page) {
  if (!(page->flags & PAGE_STORED)) return;
  swap_free(pager, page->object - 1);
  page->flags &= (uint8_t)~PAGE_STORED;
  page->object = 0;
}

void swap_forget_page(struct pager *pager, uint32_t frame) {
  struct page *page = page_of(pager, frame);
  if (page->flags & PAGE_WRITING) return;  // its request has it
  swap_forget_slot(pager, page);
  frame_put(pager, frame);
}

uint32_t swap_out(struct pager *pager, const uint32_t *frames, uint32_t count) {
  uint32_t got;
  if (pager->swap.free == 0) return 0;
  if (!request_is_free(pager, OBJECT_PAGE_OUT)) return 0;
  uint32_t slot = swap_take(pager, min32(count, OBJECT_REQUEST_PAGES), &got);
  struct request *request =
      request_take(pager, area_of(pager, slot)->object, OBJECT_PAGE_OUT, slot & SWAP_INDEX_MASK);
  for (uint32_t i = 0; i < got; i++) {
    struct page *page = page_of(pager, frames[i]);
    if (page->state == PAGE_ANONYMOUS) swap_forget_slot(pager, page);
    page->flags |= PAGE_WRITING;
    if (*board_of(pager, frames[i]) & BOARD_DIRTY) page->flags |= PAGE_WRITTEN;
    *board_of(pager, frames[i]) = 0;
    request->frame[request->count++] = frames[i];
  }
  pager->swap.writing += got;
  pager->counts.pages_swapped_out += got;
  request_send(pager, request);
  return got;
}

// Whether nobody used the page while it was written; then its slot takes its place.
static bool leave(struct pager *pager, uint32_t frame, uint32_t slot) {
  struct page *page = page_of(pager, frame);
  if (*board_of(pager, frame) & (BOARD_ACCESSED | BOARD_DIRTY)) return false;
  if (rmap_is_locked(pager, page) || frame == pager->pinned) return false;
  uint32_t count = rmap_replace(pager, page, frame, ENTRY_SWAPPED | slot);
  swap_leave(pager, slot, count, page->flags & PAGE_WRITTEN);
  frame_put(pager, frame);
  pager->evicted++;
  return true;
}

static void stay(struct pager *pager, uint32_t frame, uint32_t slot) {
  struct page *page = page_of(pager, frame);
  bool keep = page->state == PAGE_ANONYMOUS && !(*board_of(pager, frame) & BOARD_DIRTY) &&
              !area_of(pager, slot)->removing;
  if (keep) {
    page->flags |= PAGE_STORED;
    page->object = slot + 1;
  } else {
    swap_free(pager, slot);
  }
  *board_of(pager, frame) &= (uint8_t)~BOARD_ACCESSED;
  page_list(pager, frame);
}

// Adjacent keys from request->frame[i] on, of pages that are still there.
static uint32_t run_of(struct pager *pager, const struct request *request, uint32_t i) {
  const struct page *first = page_of(pager, request->frame[i]);
  uint32_t count = 1;
  for (; i + count < request->count; count++) {
    const struct page *page = page_of(pager, request->frame[i + count]);
    bool same = page->family == first->family && page->index == first->index + count &&
                (page->family != 0 || page->object == first->object);
    if (!same || page->refs == 0) break;
  }
  return count;
}

static void unmap_all(struct pager *pager, const struct request *request) {
  for (uint32_t i = 0; i < request->count;) {
    const struct page *page = page_of(pager, request->frame[i]);
    uint32_t run = page->refs > 0 ? run_of(pager, request, i) : 1;
    if (page->refs > 0) rmap_unmap(pager, page, run);
    i += run;
  }
}

// One of several pages that could not be written together. False if no request is free.
static bool write_alone(struct pager *pager, uint32_t frame, uint32_t slot) {
  if (!request_is_free(pager, OBJECT_PAGE_OUT)) return false;
  struct request *request =
      request_take(pager, area_of(pager, slot)->object, OBJECT_PAGE_OUT, slot & SWAP_INDEX_MASK);
  request->frame[request->count++] = frame;
  pager->swap.writing++;
  request_send(pager, request);
  return true;
}

// A page whose write failed stays. The slot is bad if it was the only one; otherwise it may be
// good.
static void write_failed(struct pager *pager, uint32_t frame, uint32_t slot, bool alone) {
  if (alone) {
    swap_mark_bad(pager, slot);
  } else {
    swap_free(pager, slot);
  }
  *board_of(pager, frame) |= BOARD_DIRTY;
  if (page_of(pager, frame)->refs > 0) page_list(pager, frame);
}

void swap_out_done(struct pager *pager, struct request *request, int32_t status) {
  uint32_t slot = first_slot(pager, request);
  bool several = request->count > 1;
  pager->swap.writing -= request->count;
  if (status >= 0) unmap_all(pager, request);
  for (uint32_t i = 0; i < request->count; i++, slot++) {
    uint32_t frame = request->frame[i];
    struct page *page = page_of(pager, frame);
    if (status < 0 && several && page->refs > 0 && write_alone(pager, frame, slot)) continue;
    page->flags &= (uint8_t)~PAGE_WRITING;
    if (status < 0) {
      write_failed(pager, frame, slot, !several);
    } else if (page->refs == 0) {
      swap_free(pager, slot);
    } else if (!leave(pager, frame, slot)) {
      stay(pager, frame, slot);
    }
    if (page->refs == 0 && page->state != PAGE_FREE) frame_put(pager, frame);
  }
}
