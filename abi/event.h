// What a receiver gets, in registers.
//
//   a0  token: who waits for the answer, and the kind of event. Negative: an errno.
//   a1  badge: low 32 bits, the badge of the space whose thread waits for the answer (its origin,
//       however often the call was forwarded); high 32 bits, the badge of the endpoint handle
//       that the last hop was sent through. For EVENT_NOTIFY: the bits.
//   a2..a7  six message words.
//
// The caller gets the answer in a0..a4: five words, the first by convention a result or a
// negative errno. The kernel's own refusals come the same way.
#ifndef ABI_EVENT_H
#define ABI_EVENT_H

#include <stdint.h>

typedef uint64_t token_t;

#define CALL_WORDS 6
#define REPLY_WORDS 5

enum event_kind {
  EVENT_CALL = 1,
  EVENT_FAULT = 2,      // page fault: words below
  EVENT_EXCEPTION = 3,  // any other exception
  EVENT_NOTIFY = 4,
};

#define TOKEN_KIND_SHIFT 56

static inline enum event_kind token_kind(token_t token) {
  return (enum event_kind)(token >> TOKEN_KIND_SHIFT);
}

static inline uint32_t badge_origin(uint64_t badge) { return (uint32_t)badge; }
static inline uint32_t badge_via(uint64_t badge) { return (uint32_t)(badge >> 32); }

struct event {
  token_t token;
  uint64_t badge;
  uint64_t word[CALL_WORDS];
};

// EVENT_FAULT words:
//   word[0]  faulting address, exact
//   word[1]  enum fault_access, | FAULT_PRESENT if a valid mapping was there
//   word[2]  program counter
//   word[3]  FAULT_PRESENT: the frame number mapped there; else 0
enum fault_access {
  FAULT_READ = 1,
  FAULT_WRITE = 2,
  FAULT_EXECUTE = 4,
  FAULT_PRESENT = 8,
};

// EVENT_EXCEPTION words:
//   word[0]  scause (RISC-V privileged specification, table of scause values)
//   word[1]  stval
//   word[2]  program counter

// Notification bits. 0..62 are the badge of the handle that was notified; 63 is the timer.
#define NOTIFY_TIMER (1ull << 63)

#endif
