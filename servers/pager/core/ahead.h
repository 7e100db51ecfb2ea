// Reading ahead: how many pages to read when one is missing. The window doubles while each miss is
// where the last window ended.
#ifndef SERVERS_PAGER_CORE_AHEAD_H
#define SERVERS_PAGER_CORE_AHEAD_H

#include <stdint.h>

#include "protocols/object.h"
#include "servers/pager/core/fault.h"

struct ahead {
  uint32_t next;    // page after the last ones that were read
  uint32_t window;  // how many were wanted then, 0: none were read yet
};

// Pages to read from `index` on, 1..most (PAGER_READ_AHEAD): `start` if it is not where the last
// ones ended. `how`: ACCESS_ALONE, ACCESS_FAR.
static inline uint32_t ahead_pages(const struct ahead *ahead, uint32_t index, uint32_t start,
                                   uint32_t how, uint32_t most) {
  uint32_t window = start;
  if (index == ahead->next && ahead->window > 0) window = 2 * ahead->window;
  if (how & ACCESS_FAR) window = OBJECT_REQUEST_PAGES;
  if (how & ACCESS_ALONE) window = 1;
  return window < most ? window : most;
}

#endif
