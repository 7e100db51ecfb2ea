// Frames for the next fork, spawn or exec of a program that was refused one for want of memory and
// has waited for it (PAGER_MEMORY). It calls again through proc and fs, and others would have taken
// by then what it waited for. There is one promise at a time; it ends after a second if the call
// does not come, or when somebody would be refused memory otherwise.
#ifndef SERVERS_PAGER_CORE_PROMISE_H
#define SERVERS_PAGER_CORE_PROMISE_H

#include <stdbool.h>
#include <stdint.h>

#include "servers/pager/core/frame.h"

struct pager;

struct promise {
  struct frame_list frames;  // PAGE_RESERVED; none: there is no promise
  uint32_t badge;            // whose it is
  uint64_t until;            // in ticks of kops_now
};

// Sets so many frames aside for the space with this badge, unless there is a promise to another.
// => so many are free beside the reserve
void promise_make(struct pager *pager, uint32_t badge, uint32_t frames);
// Its frames are free. False: there was none.
bool promise_end(struct pager *pager);
// From pager_tick.
void promise_tick(struct pager *pager, uint64_t now);
// promise_keep (state.h): the space with this badge makes its call, or never will.

#endif
