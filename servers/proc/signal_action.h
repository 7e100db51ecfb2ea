// What signals do to a process that has not asked for anything else, and which exceptions are
// which signals.
#ifndef SERVERS_PROC_SIGNAL_ACTION_H
#define SERVERS_PROC_SIGNAL_ACTION_H

#include <stdint.h>

enum signal_action {
  SIGNAL_INVALID = 0,  // no such signal, or SIGSTOP: there is no stopping
  SIGNAL_IGNORED = 1,
  SIGNAL_ENDS = 2,
};

// For signals 1..SIGNALS_MAX; SIGNAL_INVALID for any other number.
enum signal_action signal_default(uint64_t signal);

// The signal for an exception of user mode, by its scause, and its si_code.
struct exception_signal {
  uint32_t signal;
  int32_t code;
};
struct exception_signal signal_of_exception(uint64_t scause);

// Wait statuses, as the macros of <sys/wait.h> take them apart.
static inline uint32_t status_exited(uint32_t code) { return (code & 0xff) << 8; }
static inline uint32_t status_signaled(uint32_t signal) { return signal & 0x7f; }

#endif
