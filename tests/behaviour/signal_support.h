// What the tests of signals share.
#ifndef TESTS_BEHAVIOUR_SIGNAL_SUPPORT_H
#define TESTS_BEHAVIOUR_SIGNAL_SUPPORT_H

#include "tests/behaviour/support.h"

typedef void signal_handler(int, siginfo_t *, void *);

// What the last handler was told, and how many have run since one was set.
extern volatile struct signal_seen {
  int count, signal, code, status;
  pid_t pid;
  sigset_t mask;  // while it ran
} signal_seen;

// A handler that only takes note.
signal_handler signal_note;

// Sets a handler; SA_SIGINFO is added. `also`: a signal for sa_mask, or 0.
void signal_handle(int signal, signal_handler *handler, int flags, int also);

void signal_block(int signal);
void signal_unblock(int signal);
bool signal_is_pending(int signal);

#endif
