// The system calls of abi/syscall.h as C functions.
#ifndef LIBSYS_KCALL_H
#define LIBSYS_KCALL_H

#include <stdint.h>

#include "abi/event.h"
#include "abi/handle.h"
#include "abi/syscall.h"

// The answer to a call: five words, the first a result or a negative errno.
struct reply {
  int64_t status;
  uint64_t word[REPLY_WORDS - 1];
};

#define KCALL_CLOBBERS "t0", "t1", "t2", "t3", "t4", "t5", "t6", "memory"

// Any system call with up to seven arguments whose one result is in a0.
static inline int64_t kcall(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                            uint64_t f, uint64_t g) {
  register uint64_t a0 __asm__("a0") = a;
  register uint64_t a1 __asm__("a1") = b;
  register uint64_t a2 __asm__("a2") = c;
  register uint64_t a3 __asm__("a3") = d;
  register uint64_t a4 __asm__("a4") = e;
  register uint64_t a5 __asm__("a5") = f;
  register uint64_t a6 __asm__("a6") = g;
  register long a7 __asm__("a7") = number;
  __asm__ volatile("ecall"
                   : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6), "+r"(a7)
                   :
                   : KCALL_CLOBBERS);
  return (int64_t)a0;
}

// Calls an endpoint and waits for the answer.
static inline struct reply kcall_call(handle_t endpoint, uint64_t w0, uint64_t w1, uint64_t w2,
                                      uint64_t w3, uint64_t w4, uint64_t w5) {
  register uint64_t a0 __asm__("a0") = endpoint;
  register uint64_t a1 __asm__("a1") = w0;
  register uint64_t a2 __asm__("a2") = w1;
  register uint64_t a3 __asm__("a3") = w2;
  register uint64_t a4 __asm__("a4") = w3;
  register uint64_t a5 __asm__("a5") = w4;
  register uint64_t a6 __asm__("a6") = w5;
  register long a7 __asm__("a7") = SYS_CALL;
  __asm__ volatile("ecall"
                   : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6), "+r"(a7)
                   :
                   : KCALL_CLOBBERS);
  return (struct reply){(int64_t)a0, {a1, a2, a3, a4}};
}

// The calls that end in waiting for the next event: all eight argument registers come back.
static inline void kcall_event(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                               uint64_t e, uint64_t f, uint64_t g, struct event *event) {
  register uint64_t a0 __asm__("a0") = a;
  register uint64_t a1 __asm__("a1") = b;
  register uint64_t a2 __asm__("a2") = c;
  register uint64_t a3 __asm__("a3") = d;
  register uint64_t a4 __asm__("a4") = e;
  register uint64_t a5 __asm__("a5") = f;
  register uint64_t a6 __asm__("a6") = g;
  register uint64_t a7 __asm__("a7") = (uint64_t)number;
  __asm__ volatile("ecall"
                   : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6), "+r"(a7)
                   :
                   : KCALL_CLOBBERS);
  event->token = a0;
  event->badge = a1;
  event->word[0] = a2;
  event->word[1] = a3;
  event->word[2] = a4;
  event->word[3] = a5;
  event->word[4] = a6;
  event->word[5] = a7;
}

// An event's token is negative when the call itself was refused (a negative errno).
static inline void kcall_wait(handle_t endpoint, struct event *event) {
  kcall_event(SYS_WAIT, endpoint, 0, 0, 0, 0, 0, 0, event);
}

static inline void kcall_reply_wait(token_t token, handle_t endpoint, uint64_t r0, uint64_t r1,
                                    uint64_t r2, uint64_t r3, uint64_t r4, struct event *event) {
  kcall_event(SYS_REPLY_WAIT, token, endpoint, r0, r1, r2, r3, r4, event);
}

static inline int64_t kcall_reply(token_t token, uint64_t r0, uint64_t r1, uint64_t r2, uint64_t r3,
                                  uint64_t r4) {
  return kcall(SYS_REPLY, token, r0, r1, r2, r3, r4, 0);
}

static inline int64_t kcall_forward(token_t token, handle_t to, uint64_t w0, uint64_t w1,
                                    uint64_t w2, uint64_t w3, uint64_t w4) {
  return kcall(SYS_FORWARD, token, to, w0, w1, w2, w3, w4);
}

static inline void kcall_forward_wait(token_t token, handle_t endpoint, handle_t to, uint64_t w0,
                                      uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4,
                                      struct event *event) {
  kcall_event(SYS_FORWARD_WAIT, token, endpoint | (uint64_t)to << 32, w0, w1, w2, w3, w4, event);
}

// Answers a fault or exception by an upcall, and waits.
static inline void kcall_upcall_wait(token_t token, handle_t endpoint, uint64_t pc,
                                     struct event *event) {
  kcall_event(SYS_UPCALL_WAIT, token, endpoint, pc, 0, 0, 0, 0, event);
}

static inline int64_t kcall_reply_upcall(token_t token, uint64_t pc) {
  return kcall(SYS_REPLY_UPCALL, token, pc, 0, 0, 0, 0, 0);
}

static inline int64_t kcall_thread_upcall(handle_t thread, uint64_t pc) {
  return kcall(SYS_THREAD_UPCALL, thread, pc, 0, 0, 0, 0, 0);
}

// Goes on with the registers in the call buffer; returns only on error.
static inline int64_t kcall_resume(void) { return kcall(SYS_RESUME, 0, 0, 0, 0, 0, 0, 0); }

static inline int64_t kcall_notify(handle_t endpoint) {
  return kcall(SYS_NOTIFY, endpoint, 0, 0, 0, 0, 0, 0);
}

// Deadline in ticks of rdtime; ~0 turns the timer off.
static inline int64_t kcall_timer(handle_t endpoint, uint64_t deadline) {
  return kcall(SYS_TIMER, endpoint, deadline, 0, 0, 0, 0, 0);
}

static inline uint64_t rdtime(void) {
  uint64_t value;
  __asm__ volatile("rdtime %0" : "=r"(value));
  return value;
}

static inline uint64_t rdinstret(void) {
  uint64_t value;
  __asm__ volatile("rdinstret %0" : "=r"(value));
  return value;
}

#endif
