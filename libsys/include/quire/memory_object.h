// Programs as pagers: a program makes memory objects and answers, for those who map, read or write
// them, where their pages come from and go to. docs/programs_as_pagers.md tells how.
//
//   struct memory_request request = {0};
//   while (memory_object_serve(&request) == 0) {
//     switch (request.op) {
//       case MEMORY_PAGE_IN:   fill request.data; break;
//       case MEMORY_PAGE_OUT:  keep request.data; break;
//     }
//     request.error = 0;
//   }
//
// Functions return -1 and set errno where they fail, as POSIX functions do.
#ifndef QUIRE_MEMORY_OBJECT_H
#define QUIRE_MEMORY_OBJECT_H

#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum memory_request_op {
  MEMORY_NOTHING = 0,   // what a program that has not been asked anything answers
  MEMORY_PAGE_IN = 1,   // fill `count` pages at `data`
  MEMORY_PAGE_OUT = 2,  // keep the first `bytes` bytes of them
};

struct memory_request {
  uint32_t op;      // enum memory_request_op
  uint32_t tag;     // the pager's; not to be changed
  uint64_t object;  // which one: what memory_object_create said
  uint64_t page;    // its first page
  uint32_t count;   // pages: 1..16
  uint32_t bytes;   // of them that the object has: less if it ends there
  void *data;       // in the buffer: valid until the request is answered
  int error;        // the answer: 0 or an errno
};

// Makes the caller a provider, if it is none, and an object of `size` bytes. Others reach it as
// /dev/shm/NAME (shm_open), or by the descriptor where they inherit it; without a name by that
// alone. Clients wait for an answer for at most `bound` ms, 1..600000. Returns the descriptor, and
// in *object the object's name in requests. EINVAL EEXIST EFBIG ENOMEM ENAMETOOLONG EMFILE ENFILE
// ENOSPC
int memory_object_create(const char *name, off_t size, unsigned bound, uint64_t *object);

// Answers *request, unless it is MEMORY_NOTHING, and waits for the next one. An answer that comes
// too late is let go. EINTR: a signal came, and its handler ran, before there was one; *request has
// been answered. EINVAL: not a provider, or *request is not what was asked, and has failed. In both
// cases it is MEMORY_NOTHING then.
int memory_object_serve(struct memory_request *request);
// The same without waiting. EAGAIN: nothing is asked.
int memory_object_poll(struct memory_request *request);

// Takes pages of an object away from all who have them. Dirty ones come back first as
// MEMORY_PAGE_OUT; returns how many. Who accesses such a page waits for that, and asks again.
// ENOENT EINVAL
long memory_object_invalidate(uint64_t object, uint64_t page, uint64_t count);

// Gives an object up: its clients get SIGBUS and EIO. ENOENT
int memory_object_detach(uint64_t object);

#ifdef __cplusplus
}
#endif

#endif
