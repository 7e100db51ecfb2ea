// A program's dispositions, and what its functions about signals share.
#ifndef LIBSYS_SIGNAL_ACTIONS_H
#define LIBSYS_SIGNAL_ACTIONS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocols/signal.h"

// Signals that nobody can block, handle or ignore.
#define SIGNALS_ALWAYS (1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1))

extern struct sigaction signals_action[SIGNALS_MAX];  // [signal - 1]

// The mask that the next frame leads back to, if it is not the one in force.
extern struct signals_after {
  bool set;
  uint64_t mask;
} signals_after;

// Takes a signal out of `set` that is pending, with what is known of it. => 0: none
int signals_take_info(uint64_t set, siginfo_t *info);

static inline bool signal_valid(int signal) { return signal >= 1 && signal <= (int)SIGNALS_MAX; }

#endif
