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
// `mask` loses a signal, so that none is missed in between. It looks once more before it ends the
// wait: the process may have taken the signal at the end of one call and wait in the next.
//
// Faults. If the signal is in `handled`, not in `mask` and `busy` is 0, whoever the fault ends at
// (the pager, for exceptions proc) fills `signal`, `code` and `address`, sets `busy` and answers
// with an upcall. Else the process ends.
//
// Guarded accesses. If `guard` is not 0 and `busy` is 0, the pager sends a fault that it cannot
// serve there, whatever `handled` and `mask` say, and does nothing else.
#ifndef PROTOCOLS_SIGNAL_H
#define PROTOCOLS_SIGNAL_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/layout.h"

#define SIGNALS_MAX 64u
#define SIGNAL_BIT(signal) (1ull << ((signal)-1u))
#define SIGNAL_BY_KILL UINT64_MAX    // child_status
#define SIGNAL_INTERVAL_MIN 100000u  // nanoseconds

// As in <signal.h>: numbers, and what the servers give as si_code.
enum signal_number {
  SIGNAL_INT = 2,
  SIGNAL_ILL = 4,
  SIGNAL_TRAP = 5,
  SIGNAL_BUS = 7,
  SIGNAL_KILL = 9,
  SIGNAL_SEGV = 11,
  SIGNAL_PIPE = 13,
  SIGNAL_ALRM = 14,
  SIGNAL_CHLD = 17,
  SIGNAL_CONT = 18,
  SIGNAL_STOP = 19,
  SIGNAL_TSTP = 20,
  SIGNAL_TTIN = 21,
  SIGNAL_TTOU = 22,
  SIGNAL_URG = 23,
  SIGNAL_WINCH = 28,
};
enum signal_code {
  SIGNAL_ILLEGAL_OPCODE = 1,  // of SIGNAL_ILL
  SIGNAL_BREAKPOINT = 1,      // of SIGNAL_TRAP
  SIGNAL_MISALIGNED = 1,      // of SIGNAL_BUS
  SIGNAL_NO_ADDRESS = 2,      // behind the end of an object, or not to be read
  SIGNAL_NOT_MAPPED = 1,      // of SIGNAL_SEGV
  SIGNAL_NOT_ALLOWED = 2,
};

struct signal_page {
  // The kernel's: registers of the thread at its last upcall, and for SYS_RESUME.
  uint64_t pc;
  uint64_t x[31];  // x1..x31
  uint64_t fp;     // not 0: the thread has used floating-point registers
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
  uint64_t child_status;  // of SIGCHLD's sender, as wait reports it, or SIGNAL_BY_KILL
  uint64_t interval;      // proc's: PROC_ITIMER. It takes at least SIGNAL_INTERVAL_MIN
  uint64_t guard;         // where a refused access goes on, with the registers that it has
  // Of the process alone.
  uint64_t guard_sp;  // the stack there
  uint64_t pid;       // 0: not asked for yet
};

static_assert(offsetof(struct signal_page, entry) == UPCALL_BYTES, "behind the registers");
static_assert(sizeof(struct signal_page) <= PAGE_SIZE - UPCALL_OFFSET, "fits");

static inline struct signal_page *signal_page_in(void *message_page) {
  return (struct signal_page *)((char *)message_page + UPCALL_OFFSET);
}

// Whether a signal is there that the process has not taken, but would now. A server that is about
// to let the process wait answers -EINTR instead.
static inline bool signal_due(const volatile struct signal_page *page) {
  return (page->pending & ~page->mask) != 0;
}

// A fault of the process, which waits for the answer, is one for its handler: what the handler is
// to know is there now. => false: it has none, or cannot run it
static inline bool signal_take_over(volatile struct signal_page *page, uint32_t signal,
                                    int64_t code, uint64_t address) {
  const uint64_t bit = SIGNAL_BIT(signal);
  if (!(page->handled & bit) || (page->mask & bit) || page->entry == 0) return false;
  if (__atomic_exchange_n(&page->busy, 1, __ATOMIC_SEQ_CST) != 0) return false;
  page->signal = signal;
  page->code = code;
  page->address = address;
  return true;
}

// The upcall was refused, or nobody waits for it any more.
static inline void signal_take_back(volatile struct signal_page *page) {
  __atomic_store_n(&page->busy, 0, __ATOMIC_SEQ_CST);
}

#endif
