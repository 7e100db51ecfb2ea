// Memory objects: how the pager gets pages from whoever backs them, and gives them back.
//
// One ring of requests (pager to provider) and one of completions (provider to pager), in memory
// that both have mapped. After adding entries, a side notifies the other (NOTIFY_RING). Neither
// ever waits for the other: a full request ring leaves pages queued in the pager; the completion
// ring has a place for every request, so it is never full.
//
// Life of a request:
//   1. pager   fills slot i of request[], i free, and adds it to the ring   (head moves)
//   2. provider  takes it (tail moves), does it, in any order
//   3. provider  adds {tag, status} to completion[]
//   4. pager   takes the completion; a tag that is not out, or is answered twice, is the
//              provider's breach
//
// Frames belong to the pager all the time; the provider moves data between them and the store by
// physical address (fs: by DMA).
#ifndef PROTOCOLS_OBJECT_H
#define PROTOCOLS_OBJECT_H

#include <stdint.h>

#define OBJECT_REQUEST_PAGES 16u
#define OBJECT_RING_SLOTS 64u  // power of two

enum object_op {
  OBJECT_PAGE_IN = 1,   // fill the frames, which the pager has zeroed, with what the store has:
                        // where it has nothing, and beyond `bytes`, they are left as they are
  OBJECT_PAGE_OUT = 2,  // write the frames' first `bytes` bytes to the store
  OBJECT_ALLOCATE = 3,  // give store to the range, so that a later page-out cannot fail for
                        // want of space (-ENOSPC); first write to a page that came from a hole
  OBJECT_IDLE = 4,      // no mapping and no dirty page of a closed object is left; no answer data
};

// Flags of a completed OBJECT_PAGE_IN, or-ed into a status >= 0.
enum { OBJECT_HOLE = 1 };  // some page has no store yet: OBJECT_ALLOCATE before the first write

struct object_request {
  uint64_t cookie;  // the provider's name for the object, from PAGER_OBJECT_CREATE
  uint64_t page;    // first page's index in the object
  uint32_t op;      // enum object_op
  uint32_t tag;     // names the request in its completion
  uint32_t count;   // pages, 1..OBJECT_REQUEST_PAGES
  uint32_t bytes;   // of the range, <= count * PAGE_SIZE: less when the object ends in it
  uint32_t frame[OBJECT_REQUEST_PAGES];
};

struct object_completion {
  uint32_t tag;
  int32_t status;  // 0 or flags, or a negative errno for the whole request
};

struct object_ring {
  // Written by the pager.
  __attribute__((aligned(64))) uint32_t request_head;  // entries ever added
  uint32_t completion_tail;                            // entries ever taken
  // Written by the provider.
  __attribute__((aligned(64))) uint32_t request_tail;
  uint32_t completion_head;
  __attribute__((aligned(64))) struct object_request request[OBJECT_RING_SLOTS];
  struct object_completion completion[OBJECT_RING_SLOTS];
};

#endif
