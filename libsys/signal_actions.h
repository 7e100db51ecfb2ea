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

// What is known of a signal that was taken out of those pending.
void signals_info(siginfo_t *info, int signal);

static inline bool signal_valid(int signal) { return signal >= 1 && signal <= (int)SIGNALS_MAX; }

#endif
