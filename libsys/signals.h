// What libsys keeps about signals, beside struct signal_page. A program that has no handlers links
// none of it but signals_look.
#ifndef LIBSYS_SIGNALS_H
#define LIBSYS_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/signal.h"

static inline volatile struct signal_page *signals_page(void) {
  return signal_page_in((void *)MESSAGE_PAGE);
}

// Runs the handlers of signals that are due; NULL in a program without. `message`: the message page
// is not free.
extern void (*signals_deliver)(bool message);

// Signals dealt with so far, in the low half; those by handlers without SA_RESTART, in the high
// half.
extern uint64_t signals_counts;
#define SIGNALS_TAKEN 1ull
#define SIGNALS_FINAL (1ull << 32)

// Asynchronous signals wait until the next signals_check.
extern uint32_t signals_held;

// A signal of `set` that is pending: the lowest. => 0: none
int signals_first(uint64_t set);

// Takes it out of those pending: from now on proc may write what is known of the next one.
void signals_taken(int signal);

// Both. => 0: none
int signals_take(uint64_t set);

// Does by proc what a signal without a handler does. What was due is so no more.
void signals_default(int signal);

// A signal is due.
void signals_look(bool message);

// To be called when the process may be sent a signal that it would take: after each call, and
// when the mask changes.
static inline void signals_check(bool message) {
  if (__builtin_expect(signal_due(signals_page()), 0)) signals_look(message);
}

// To be called before a call that fails with EINTR when a signal comes.
static inline uint64_t signals_mark(void) { return signals_counts; }

// Whether a handler without SA_RESTART has run since.
static inline bool signals_final(uint64_t mark) { return signals_counts >> 32 != mark >> 32; }

// Whether a call that failed with EINTR is to be made again: some signal came since, and all that
// came were without a handler or have SA_RESTART.
static inline bool signals_restart(uint64_t *mark) {
  uint64_t before = *mark;
  *mark = signals_counts;
  return *mark != before && !signals_final(before);
}

#endif
