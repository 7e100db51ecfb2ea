// Frames: what each one is used for, the pool of free ones, and that of kernel-object frames.
//
// A frame is named by its number, physical address >> PAGE_SHIFT; 0 names none.
//
//                 frame_take              cache_fill, cache_add
//   PAGE_FREE ───────────────▶ PAGE_ANONYMOUS ┄┄┄▶ PAGE_FILLING ──page-in──▶ PAGE_CACHED
//       ▲                          │                   │                        │
//       └────────── frame_put ─────┴───────────────────┴────────────────────────┘
//
//   A cached page's flags: none = clean, DIRTY = dirty, WRITING = cleaning, both = changed again
//   while being written.
#ifndef SERVERS_PAGER_CORE_FRAME_H
#define SERVERS_PAGER_CORE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_NONE 0u

// Free frames that only the pager's own structures may use, so that a call which only frees
// memory or parks somebody does not fail.
#define FRAMES_RESERVE 16u

struct pager;

enum page_state {
  PAGE_RESERVED = 0,  // not the pool's: kernel, images, message pages, DMA
  PAGE_FREE = 1,
  PAGE_KERNEL = 2,         // type object: free in the object pool, or the kernel's
  PAGE_SLAB = 3,           // structures of the pager
  PAGE_ANONYMOUS = 4,      // private page of a space
  PAGE_FILLING = 5,        // cache page, the provider is reading it
  PAGE_CACHED = 6,         // cache page with content
  PAGE_SHARED_MEMORY = 7,  // page of an object without provider
  PAGE_SWAPPING = 8,       // a request is reading it from swap; its key is that of who wants it
  PAGE_HELD = 9,           // free, for the block that it is in (gather.h)
};

enum page_flag {
  PAGE_DIRTY = 1,
  PAGE_WRITING = 2,     // a page-out of it is out
  PAGE_HOLE = 4,        // no store: OBJECT_ALLOCATE before it may be written to
  PAGE_ALLOCATING = 8,  // an OBJECT_ALLOCATE for it is out
  PAGE_LAZY = 4,        // ANONYMOUS: need not be kept unless it is dirty (MADV_FREE)
  PAGE_STORED = 8,      // ANONYMOUS: the swap slot in `object` has the same content
  PAGE_DROPPED = 16,    // FILLING: left the cache while filling; the request holds it
  PAGE_LEAVING = 16,    // CACHED: dirty, and out of the cache as soon as it is written
  PAGE_WRITTEN = 128,   // changed since PAGER_DIRTY last asked, if the board does not say so
  PAGE_LISTED = 32,     // in a list of pages that may be evicted (policy.h)
  PAGE_NOT_FIRST = 64,  // in another one than the first: `age` is its number
  PAGE_EVICTING = 64,   // not LISTED: dropped when it is written, unless it is used until then
};

// One for each frame of RAM. What maps it is found by its key: object and index, for a private page
// family (space.h) and index.
struct page {
  union {
    struct {
      uint16_t refs;    // tree entries that name it; PAGE_SLAB: items in use
      uint16_t family;  // ANONYMOUS: the spaces that may have it; other states: 0
    };
    uint32_t refs_family;  // both, to be set at once
  };
  uint32_t next, prev;  // neighbours in its list: free, evictable, slab
  uint32_t object;      // cache pages, SHARED_MEMORY: the object; PAGE_SLAB: first free item;
                        // ANONYMOUS: 1 + the swap slot with the same content, 0 if there is none
  uint32_t index;       // page index in the object; ANONYMOUS: page number of its address;
                        // PAGE_SLAB: the slab's number
  uint8_t state;        // enum page_state
  uint8_t flags;        // enum page_flag
  uint8_t request;      // FILLING, ALLOCATING: the request that is out
  uint8_t age;          // the replacement policy's; NOT_FIRST: enum replacement_list
};

static inline bool page_is_evicting(const struct page *page) {
  return (page->flags & (PAGE_LISTED | PAGE_EVICTING)) == PAGE_EVICTING;
}

// Behind the last frame of RAM: heads of the lists of pages that may be evicted.
#define PAGE_HEADS 3u

// A list through struct page. frame_list_push (state.h) adds at the head; head.prev and tail.next
// are not maintained.
struct frame_list {
  uint32_t head, tail;
  uint32_t count;
};

void frame_list_remove(struct pager *pager, struct frame_list *list, uint32_t frame);

// frame_take (state.h): a free frame, content undefined, refs 1, PAGE_ANONYMOUS. FRAME_NONE, which
// evict.refused tells of, if there is none but the reserve. frame_take from the reserve, too.
uint32_t frame_take_reserved(struct pager *pager);
// FRAME_NONE, as above.
uint32_t frame_refuse(struct pager *pager);
// page_release (state.h) where more is to be done than to give the frame back.
void page_release_far(struct pager *pager, uint32_t frame);
// frame_put (state.h): gives a frame back that nothing maps or names any more.
// Adjacent frames, PAGE_RESERVED; the first, or FRAME_NONE.
uint32_t frame_take_run(struct pager *pager, uint32_t count);

// An aligned block of LARGE_FRAMES free frames, still in state PAGE_FREE but no longer in the pool;
// the first, or FRAME_NONE. Given only while memory is plentiful, and looked for in few places at a
// time: frames are handed out from one end of memory and used again first, so that blocks stay
// whole for as long as nobody needs their frames.
uint32_t frame_take_block(struct pager *pager);

// A frame of type object. Retypes 2 MiB of free memory if need be; where there is none, gather_wait
// makes some.
uint32_t object_frame_take(struct pager *pager);
// Retypes 2 MiB of free memory, or of clean cache pages, which are dropped. False if there are
// none.
bool frame_make_objects(struct pager *pager);
void object_frame_put(struct pager *pager, uint32_t frame);

#endif
