// Signals: the last bytes of a process's message page.
//
// The process writes here what it wants done with signals; proc, fs and console read it through
// MESSAGE_WINDOW, the pager through its own window. Nobody believes it: whatever is in here can
// only hurt the process itself, and SIGKILL never asks. Sets have bit signal - 1.
//
// Asynchronous signals. proc adds to `pending`; if the signal is not in `mask` and in `handled`,
// the process is made to look: by an upcall if it runs (PAGER_INTERRUPT), by -EINTR if it waits in
// a call that may be interrupted (PROC_*, FS_INTERRUPT, CONSOLE_INTERRUPT). Each server looks at
// `pending` & ~`mask` before it lets a process wait, and libsys after each call and whenever
// `mask` loses a signal, so that none is missed in between.
//
// Faults. If the signal is in `handled`, not in `mask` and `busy` is 0, whoever the fault ends at
// (the pager, for exceptions proc) fills `signal`, `code` and `address`, sets `busy` and answers
// with an upcall. Else the process ends.
#ifndef PROTOCOLS_SIGNAL_H
#define PROTOCOLS_SIGNAL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/layout.h"

#define SIGNALS_MAX 64u

struct signal_page {
  // The kernel's: registers of the thread at its last upcall, and for SYS_RESUME.
  uint64_t pc;
  uint64_t x[31];  // x1..x31
  // The process's.
  uint64_t entry;    // where upcalls go; 0: none are possible
  uint64_t handled;  // set of signals
  uint64_t ignored;
  uint64_t mask;
  uint64_t pending;  // set by proc, cleared by the process: atomically
  // 1 from an upcall until the process has taken the registers and what follows into its own
  // memory. Set by atomic exchange.
  uint64_t busy;
  // Of the upcall. `signal` 0: an asynchronous one, look at `pending`.
  uint64_t signal;
  int64_t code;  // si_code
  uint64_t address;
  // Of pending signals: pid of the sender, 0: the system. [signal - 1]
  uint16_t sender[SIGNALS_MAX];
  uint64_t child_status;  // of SIGCHLD's sender, as wait reports it; ~0: it was sent by kill
};

static_assert(offsetof(struct signal_page, entry) == UPCALL_BYTES, "behind the registers");
static_assert(sizeof(struct signal_page) <= PAGE_SIZE - UPCALL_OFFSET, "fits");

#define SIGNAL_BIT(signal) (1ull << ((signal)-1u))

static inline struct signal_page *signal_page_in(void *message_page) {
  return (struct signal_page *)((char *)message_page + UPCALL_OFFSET);
}

#endif
