// The short way of a fault that a program answers: one page, read alone and wanted by one faulter,
// of a shared mapping, or of a private one to be read, and a provider that waits for a request when
// it is asked and for the next one when it has answered. It is entered alone, too: cached
// neighbours are as a rule those that the faulter had before, and if not, the next fault enters
// them all. Everything else that the general way would find to do is known not to be there; else
// the general way is taken.
//
// The caller delivers the results, so that they go with a wait for the next event.
#ifndef SERVERS_PAGER_CORE_PROVIDER_SHORT_H
#define SERVERS_PAGER_CORE_PROVIDER_SHORT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/event.h"
#include "servers/pager/core/state.h"

// For whom, and kops_serve's words.
struct provider_asked {
  token_t token;
  uint64_t word[4];
};

// The five words of a faulter's answer, as kops_map_reply takes them for one page. If that is
// refused, kops_reply lets it fault again: the page is cached now.
struct provider_got {
  token_t token;
  uint64_t va_prot;
  uint32_t slot;
  uint32_t frame;
};

// kops_serve's words for a request.
void provider_words(const struct request *request, uint64_t word[4]);

// Whether it is worth trying for a fault of the space, which is not to be found at hand.
static inline bool provider_short_may(const struct space *space) {
  return space->hit->object && space->hit->object->provider;
}

// EVENT_FAULT of a space: it is parked, and *asked is to be delivered. => false: nothing has
// changed
bool provider_short_fault(struct pager *pager, struct space *space, token_t token, uint64_t address,
                          uint64_t access, uint64_t pc, struct provider_asked *asked);

// PAGER_SERVE: it is parked, and *got is to be delivered before anything else is done.
// => false: nothing has changed
bool provider_short_answer(struct pager *pager, struct space *space, token_t token, uint64_t tag,
                           uint64_t status, uint64_t flags, struct provider_got *got);

#endif
