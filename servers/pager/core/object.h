// Memory objects: files (pages come from a provider) and shared anonymous memory. The page cache
// is the tree of each object.
#ifndef SERVERS_PAGER_CORE_OBJECT_H
#define SERVERS_PAGER_CORE_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "servers/pager/core/ahead.h"
#include "servers/pager/core/writeback.h"

struct node;
struct page;
struct pager;
struct region;

enum object_backing {
  BACKED_BY_PROVIDER = 1,
  BACKED_BY_NOTHING = 2,
  BACKED_BY_SWAP = 3,  // a swap area: for requests alone, it has no pages
};

// A power of two, so that a reference can be checked.
#define OBJECT_ITEM_BYTES 256u
#define OBJECT_BYTES_MAX (1ull << 43)

struct object {
  uint32_t id;      // its own reference, while in use; 0 otherwise
  uint8_t backing;  // enum object_backing
  bool broken;      // it has lost its provider: no pages, SIGBUS and EIO
  bool named;       // by fs: it is there until fs destroys it
  bool closed;      // no open file names it: OBJECT_IDLE when its last page is clean
  bool dead;        // destroyed; freed with its last region, request and waiter
  bool queued;      // in the queue of objects that wait for a free request
  uint32_t root;    // tree of cached pages
  uint32_t height;
  struct node *leaf;  // last one used, of pages leaf_tag << NODE_BITS ..
  uint32_t leaf_tag;  // LEAF_NONE if none
  uint32_t pages;     // size in pages, rounded up
  uint64_t size;      // bytes
  uint64_t cookie;
  struct region *regions;
  struct object *next, *prev;  // all objects
  struct object *queue_next;
  uint32_t cached;     // pages in the tree
  uint32_t dirty;      // pages dirty or being written
  uint32_t requests;   // out or queued, on it
  uint32_t waiters;    // pending calls that hold it
  struct ahead ahead;  // page-ins, from its provider or from swap
  uint32_t cut_page;   // without provider: a page in swap of which only the first cut_bytes
  uint32_t cut_bytes;  // count, if > 0; the rest is behind what was the end
  struct writeback writeback;
  // provider.h: a program; NULL: fs or nobody
  struct provider *provider;
  struct object *provider_next, *provider_prev;
  uint64_t bound;           // ticks that its clients wait for an answer
  struct pending *leaving;  // until pages are gone that PAGER_INVALIDATE asked back
  // aging.h
  bool is_aging;
  uint32_t handed;  // writable mappings of its pages since they were last taken back
  uint64_t aging_since;
  struct object *aging_next, *aging_prev;
};

#define LEAF_NONE 0xffffffffu

// ENOMEM: NULL.
struct object *object_new(struct pager *pager, enum object_backing backing, uint64_t cookie,
                          uint64_t size);
// The object with this id, NULL if there is none.
struct object *object_of(struct pager *pager, uint32_t id);
// The same if fs made it.
struct object *object_named(struct pager *pager, uint32_t id);
// Frees a dead object that nothing needs any more.
void object_reap(struct pager *pager, struct object *object);
// Goes on with its write-back, tells the provider if it is idle, frees it if it is dead.
void object_run(struct pager *pager, struct object *object);
// Takes all pages out of the cache and marks it dead. => no page of it is being written
void object_kill(struct pager *pager, struct object *object);

// object_frame (state.h): the page's frame, whatever its state; FRAME_NONE if it is not cached.
uint32_t object_frame_far(struct pager *pager, struct object *object, uint32_t index);
// A zeroed page of an object without provider, where none is. FRAME_NONE if there is no memory.
uint32_t object_zero_page(struct pager *pager, struct object *object, uint32_t index);
// A new frame in the cache where none is: PAGE_FILLING, PAGE_CACHED and clean, or
// PAGE_SHARED_MEMORY. FRAME_NONE if there is no memory; what the page's nodes need is kept for
// them then, so that whoever tries again with one more free frame gets further.
uint32_t object_new_page(struct pager *pager, struct object *object, uint32_t index, uint8_t state);
// Takes a cached page out and frees its frame; one that is filling is left to its request.
// => nothing maps it
void object_remove(struct pager *pager, struct object *object, uint32_t index);
// Takes the pages from `first` out, and unmaps them everywhere.
void object_truncate(struct pager *pager, struct object *object, uint32_t first);
// Unmaps the pages of [first, end) everywhere and takes them out, but for those that are dirty:
// these are LEAVING until they are written, and nobody gets them. Returns how many.
uint32_t object_give_back(struct pager *pager, struct object *object, uint32_t first, uint32_t end);
// Where to wait for a page that is FILLING or LEAVING.
struct pending **page_list_of(struct pager *pager, struct object *object, const struct page *page);
// Whether a page in [first, end) is being written.
bool object_is_writing(struct pager *pager, struct object *object, uint32_t first, uint32_t end);
// Makes all its shared mappings read-only.
void object_protect(const struct object *object);
// Unmaps one page everywhere; its bits are on the board.
void object_unmap_page(struct pager *pager, struct object *object, uint32_t index);

// Dirty state of a cached page.
void object_set_dirty(struct pager *pager, struct object *object, uint32_t frame);
void object_set_clean(struct pager *pager, struct object *object);
// Moves dirty bits of [first, end) from the board to the pages. With `harvest` those of pages
// that are still mapped, too. Returns whether a page of the range is dirty.
bool object_collect(struct pager *pager, struct object *object, uint32_t first, uint32_t end,
                    bool harvest);

// A page of an object without provider is back from swap: what was cut off meanwhile becomes zeros.
void object_came_back(struct pager *pager, struct object *object, uint32_t frame);
// The rest of the last page, behind the object's end, becomes zeros.
void object_zero_tail(struct pager *pager, struct object *object);

// The end of the pages of a region that its object has; accesses behind it are errors.
uint32_t object_region_end(const struct region *region);

void object_link(struct object *object, struct region *region);
void object_unlink(struct object *object, struct region *region);

#endif
