// Memory objects: how the pager gets pages from whoever backs them, and gives them back.
//
// A provider is fs, for files, or a program (PAGER_PROVIDER). The requests are the same; how they
// travel, and where the data is, differs:
//
//               request                        answer                     data
//   fs          struct object_request, ring    struct object_completion   in the frames
//   program     answer of PAGER_SERVE          words of the next          in the provider's buffer,
//                                              PAGER_SERVE                page i of the request at
//                                              i
//
// Life of a request:
//   1. pager     adds it: fs, to the ring (head moves); a program, to its queue
//   2. provider  takes it: fs (tail moves), several at a time, done in any order; a program, one
//   3. provider  does it and answers {tag, status}
//   4. pager     takes the answer; a tag that is not out, or is answered twice, is the provider's
//                breach
//
// fs: one ring of requests and one of completions, in memory that both have mapped. After adding
// entries, a side notifies the other (NOTIFY_RING). Neither ever waits for the other: a full
// request ring leaves pages queued in the pager; the completion ring has a place for every request,
// so it is never full. Frames belong to the pager all the time; fs moves data between them and the
// store by physical address (DMA). Its breaches are counted and ignored.
//
// A program: a page-out's data is in its buffer when it gets the request; a page-in's is taken from
// there when it answers, all pages of the request. So it has no frame of anybody. It gets
// OBJECT_PAGE_IN and OBJECT_PAGE_OUT alone. A breach fails the request that is out; so does an
// answer later than the bound that the object's creator has set, counted from when the pager asked.
// A failed page-in is SIGBUS or EIO for who waits; pages whose page-out failed stay dirty, are
// tried again later, and dropped when nobody has the object open or mapped.
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
