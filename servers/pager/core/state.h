// struct pager: all state of the core, and the small functions that turn names into addresses.
#ifndef SERVERS_PAGER_CORE_STATE_H
#define SERVERS_PAGER_CORE_STATE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "protocols/pager.h"
#include "protocols/server.h"
#include "servers/pager/core/aging.h"
#include "servers/pager/core/evict.h"
#include "servers/pager/core/frame.h"
#include "servers/pager/core/gather.h"
#include "servers/pager/core/kernel_ops.h"
#include "servers/pager/core/node.h"
#include "servers/pager/core/object.h"
#include "servers/pager/core/pager.h"
#include "servers/pager/core/pending.h"
#include "servers/pager/core/policy.h"
#include "servers/pager/core/promise.h"
#include "servers/pager/core/region.h"
#include "servers/pager/core/request.h"
#include "servers/pager/core/slab.h"
#include "servers/pager/core/space.h"
#include "servers/pager/core/swap.h"
#include "servers/pager/core/timer.h"

struct pager {
  uintptr_t window;     // of physical address 0
  uintptr_t page_base;  // of the struct page of frame 0
  uint32_t *call_buffer;
  uint32_t zero_frame;
  uint32_t pinned;  // not to be evicted just now
  struct frame_list free;
  uint32_t free_low;  // frames: eviction begins below
  uint32_t option[PAGER_OPTION_COUNT];
  struct slab slab[SLAB_COUNT];
  uintptr_t board;  // of frame 0
  uint32_t ram_first, ram_end;
  uint32_t next_block;  // where frame_take_block looks next
  struct replacement replacement;
  struct gather gather;
  struct frame_list objects;  // frames of type object that are free
  uint32_t frames_total, frames_cache, frames_dirty;
  uint32_t frames_kernel;    // type object and in use
  uint32_t frames_own;       // of these, the pager's: endpoints, its handle table
  uint32_t frames_reserved;  // message pages, DMA and the like
  struct object *all_objects;
  struct passes passes;
  uint32_t exec_badge;  // of the last exec, and how it ended
  int32_t exec_status;
  uint32_t evicted;     // pages, ever
  uint32_t writebacks;  // active ones
  struct evict evict;
  struct promise promise;
  struct swap swap;
  struct timer timer;
  struct aging aging;
  // Counters. Faults are counted by what they were answered with; faults, pages_mapped,
  // pages_zeroed and pages_copied have what goes beyond one of each (counts_sum).
  struct pager_counts counts;
  struct requests requests;  // to fs
  struct request ring_request[OBJECT_RING_SLOTS];
  struct provider *providers;
  struct region nothing;  // an empty region, for space->hit
  struct space *space[SLOTS_MAX];
  uint16_t family[SLOTS_MAX];        // slot of the first space of each family, SLOT_NONE if none
  uint32_t message[SLOTS_MAX];       // frame of each slot's message page
  uint32_t *ghost[GHOST_PAGES_MAX];  // replacement.ghost
};

static inline struct page *page_of(const struct pager *pager, uint32_t frame) {
  return (struct page *)(pager->page_base + (uintptr_t)frame * sizeof(struct page));
}

// The frame through the window.
static inline void *frame_pointer(const struct pager *pager, uint32_t frame) {
  return (void *)(pager->window + ((uintptr_t)frame << PAGE_SHIFT));
}

static inline uint8_t *board_of(const struct pager *pager, uint32_t frame) {
  return (uint8_t *)(pager->board + frame);
}

static inline void frame_list_push(struct pager *pager, struct frame_list *list, uint32_t frame) {
  if (list->count++ == 0) {
    list->tail = frame;
  } else {
    page_of(pager, frame)->next = list->head;
    page_of(pager, list->head)->prev = frame;
  }
  list->head = frame;
}

// Takes a free frame as it is. => there is one
static inline uint32_t frame_pop_raw(struct pager *pager) {
  uint32_t frame = pager->free.head;
  pager->free.head = page_of(pager, frame)->next;
  pager->free.count--;
  return frame;
}

// => there is a free frame
static inline uint32_t frame_pop(struct pager *pager) {
  uint32_t frame = frame_pop_raw(pager);
  struct page *page = page_of(pager, frame);
  page->refs = 1;
  page->family = 0;
  page->state = PAGE_ANONYMOUS;
  page->flags = 0;
  page->request = 0;
  page->age = 0;
  return frame;
}

static inline uint32_t frame_take(struct pager *pager) {
  if (__builtin_expect(pager->free.count > FRAMES_RESERVE, 1)) return frame_pop(pager);
  return frame_refuse(pager);
}

// --- pages that may be evicted ------------------------------------------------------------------

static inline void page_list(struct pager *pager, uint32_t frame) {
  struct page *page = page_of(pager, frame);
  page->flags |= PAGE_LISTED;
  replacement_append(&pager->replacement, frame, page);
}

// A frame just taken becomes the private page of a space at page number `index`.
static inline void page_make_private(struct pager *pager, const struct space *space, uint32_t frame,
                                     uint32_t index) {
  struct page *page = page_of(pager, frame);
  page->refs_family = space->new_page;
  page->object = 0;
  page->index = index;
  page->state = PAGE_ANONYMOUS;
  page->flags = PAGE_LISTED;
  page->request = 0;
  page->age = 0;
  replacement_append(&pager->replacement, frame, page);
}

static inline void frame_put(struct pager *pager, uint32_t frame) {
  page_of(pager, frame)->state = PAGE_FREE;
  *board_of(pager, frame) = 0;
  frame_list_push(pager, &pager->free, frame);
}

// References to slab items: physical address >> 4.
static inline uint32_t item_ref(const struct pager *pager, const void *item) {
  return (uint32_t)(((uintptr_t)item - pager->window) >> 4);
}

static inline void *item_at(const struct pager *pager, uint32_t ref) {
  return (void *)(pager->window + ((uintptr_t)ref << 4));
}

static inline struct node *node_at(const struct pager *pager, uint32_t ref) {
  return (struct node *)item_at(pager, ref);
}

static inline void *slab_take(struct pager *pager, enum slab_number number) {
  struct slab *slab = &pager->slab[number];
  void *item = slab->spare;
  if (!item || slab->free == 0) return slab_take_slow(pager, number);
  slab->spare = *(void **)item;
  slab->spare_count--;
  slab->free--;
  return item;
}

static inline void slab_put(struct pager *pager, enum slab_number number, void *item) {
  struct slab *slab = &pager->slab[number];
  if (slab->spare_count >= SLAB_SPARE_MAX) {
    slab_put_slow(pager, number, item);
    return;
  }
  *(void **)item = slab->spare;
  slab->spare = item;
  slab->spare_count++;
  slab->free++;
}

static inline bool slab_reserve(struct pager *pager, enum slab_number number, uint32_t count) {
  return pager->slab[number].free >= count || slab_reserve_slow(pager, number, count);
}

static inline void slab_set_aside(struct pager *pager, enum slab_number number, int32_t count) {
  pager->slab[number].free -= (uint32_t)count;
}

static inline struct space *space_of(const struct pager *pager, uint32_t badge) {
  uint32_t slot = badge_slot(badge);
  if (slot >= SLOTS_MAX) return NULL;
  struct space *space = pager->space[slot];
  return space && space->badge == badge ? space : NULL;
}

static inline uint32_t object_frame(struct pager *pager, struct object *object, uint32_t index) {
  if (object->leaf_tag == index >> NODE_BITS) return object->leaf->entry[index & NODE_MASK];
  return object_frame_far(pager, object, index);
}

// Tags stay positive, and that of a request in use is never 0.
static inline struct request *requests_take(struct requests *all, struct object *object,
                                            enum object_op op, uint32_t first) {
  struct request *request = &all->request[all->free];
  if (op == OBJECT_PAGE_OUT) all->writing++;
  all->free = request->next;
  all->used++;
  request->tag = (request->tag + OBJECT_RING_SLOTS) & INT32_MAX;
  if (request->tag < OBJECT_RING_SLOTS) request->tag += OBJECT_RING_SLOTS;
  request->op = (uint8_t)op;
  request->first = first;
  request->count = 0;
  request->object = object;
  request->waiting = NULL;
  object->requests++;
  return request;
}

static inline void request_cancel(struct request *request) {
  struct requests *all = request->of;
  if (request->op == OBJECT_PAGE_OUT) all->writing--;
  request->state = REQUEST_FREE;
  request->next = all->free;
  all->free = request_number(request);
  all->used--;
  request->object->requests--;
}

static inline void aging_hand_out(struct pager *pager, struct object *object, uint32_t count) {
  object->handed += count;
  if (!object->provider) pager->aging.handed += count;
  if (!object->is_aging) aging_dirtied(pager, object);
}

static inline void pending_link(struct pending *pending, struct pending **list) {
  struct space *space = pending->space;
  pending->parked = true;
  pending->list = list;
  pending->next = NULL;
  *list = pending;
  pending->space_prev = NULL;
  pending->space_next = space->pending;
  if (pending->space_next) pending->space_next->space_prev = pending;
  space->pending = pending;
}

static inline void pending_unlink(struct pending *pending) {
  if (pending->space_next) pending->space_next->space_prev = pending->space_prev;
  if (pending->space_prev) {
    pending->space_prev->space_next = pending->space_next;
  } else if (pending->space) {
    pending->space->pending = pending->space_next;
  }
}

// Gives up one reference of a tree entry to a page in memory.
static inline void page_release(struct pager *pager, uint32_t frame) {
  struct page *page = page_of(pager, frame);
  if (--page->refs > 0) return;
  if (page->flags & (PAGE_STORED | PAGE_WRITING | PAGE_EVICTING)) {
    page_release_far(pager, frame);
    return;
  }
  if (page->flags & PAGE_LISTED) replacement_remove(&pager->replacement, page);
  frame_put(pager, frame);
}

// Whether it is known that no private page is there.
static inline bool space_is_unwritten(const struct space *space, uint32_t page) {
  uint32_t tag = page >> NODE_BITS;
  if (tag == space->empty_tag) return true;
  return tag == space->leaf_tag && space->leaf->entry[page & NODE_MASK] == FRAME_NONE;
}

// The space with this badge makes the call that frames are set aside for, or never will.
static inline void promise_keep(struct pager *pager, uint32_t badge) {
  if (__builtin_expect(pager->promise.badge == badge, 0)) promise_end(pager);
}

// Whether pager_between has something to do.
static inline bool pager_is_short(const struct pager *pager) {
  return pager->free.count <= pager->free_low || pager->evict.waiting;
}

// Gives up the reference of a leaf's entry to whatever it names.
static inline void entry_release(struct pager *pager, uint32_t entry) {
  if (entry_is_swapped(entry)) {
    swap_release(pager, entry_slot(entry));
  } else {
    page_release(pager, entry);
  }
}

#endif
