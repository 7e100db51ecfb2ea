// Callers that wait for the terminal, first come, first served.
#ifndef SERVERS_CONSOLE_WAITERS_H
#define SERVERS_CONSOLE_WAITERS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/event.h"
#include "protocols/server.h"

struct waiter {
  token_t token;
  uint32_t badge;
  uint32_t length;
};

struct waiters {
  uint32_t count;
  struct waiter waiter[SLOTS_MAX];  // the first at 0
};

// false: no room.
bool waiters_add(struct waiters *waiters, struct waiter waiter);

// Takes the first out. There must be one.
struct waiter waiters_take(struct waiters *waiters);

// Takes the first one of this badge out. false: there is none.
bool waiters_take_badge(struct waiters *waiters, uint32_t badge, struct waiter *taken);

#endif
