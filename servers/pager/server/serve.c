// Two kernel entries a fault: the trap, and the one system call here that enters the mapping,
// resumes the faulter and receives the next event.
#include "servers/pager/server/serve.h"

#include <stdbool.h>

#include "libsys/kcall.h"
#include "libsys/server_rt/panic.h"
#include "protocols/proc.h"
#include "protocols/server.h"
#include "servers/pager/server/dispatch.h"
#include "servers/pager/server/handles.h"

static const char *server_name(uint32_t slot) {
  switch (slot) {
    case SLOT_FS:
      return "fs";
    case SLOT_PROC:
      return "proc";
    case SLOT_CONSOLE:
      return "console";
    default:
      return "server";
  }
}

// Faults of servers and exceptions of proc end the system: there is nobody to repair them.
static _Noreturn void server_failed(const struct event *event, const char *what) {
  panic("%s: %s 0x%lx, pc 0x%lx", server_name(badge_slot(badge_origin(event->badge))), what,
        event->word[0], event->word[2]);
}

// Waits if what should have ended in waiting was refused (the caller is gone).
static inline void received(struct event *event) {
  if (__builtin_expect((int64_t)event->token < 0, 0)) {
    kcall_wait(HANDLE_SELF, event);
    if ((int64_t)event->token < 0) panic("pager: wait: error %ld", (int64_t)event->token);
  }
}

static void forward_fault(const struct event *event, const struct answer *answer,
                          struct event *next) {
  if (badge_slot(badge_origin(event->badge)) < SLOT_FIRST_PROGRAM) {
    server_failed(event, "page fault at");
  }
  kcall_forward_wait(event->token, HANDLE_SELF, HANDLE_TO_PROC, answer->word[0], answer->word[1],
                     answer->word[2], answer->word[3], answer->word[4], next);
}

// Delivers an answer and receives the next event. => false: the mapping was refused, next->token
// is the error and nothing is answered
static inline bool answer_fault(const struct event *event, const struct answer *answer,
                                struct event *next) {
  if (__builtin_expect(answer->kind == ANSWER_MAP, 1)) {
    kcall_event(SYS_MAP_REPLY_WAIT, event->token, HANDLE_SELF | (uint64_t)HANDLE_BOOT_RAM << 32,
                answer->word[0], answer->word[1], answer->word[2], answer->word[3], answer->word[4],
                next);
    return (int64_t)next->token >= 0;
  }
  if (answer->kind == ANSWER_RETRY) {
    kcall_reply_wait(event->token, HANDLE_SELF, 0, 0, 0, 0, 0, next);
  } else if (answer->kind == ANSWER_PARKED) {
    kcall_wait(HANDLE_SELF, next);
  } else {
    forward_fault(event, answer, next);
  }
  received(next);
  return true;
}

static inline void serve_fault(struct pager *pager, const struct event *event, struct event *next) {
  struct answer answer;
  pager_fault(pager, event, &answer);
  while (__builtin_expect(!answer_fault(event, &answer, next), 0)) {
    pager_map_refused(pager, event, (int64_t)next->token, &answer);
  }
}

static void serve_call(struct pager *pager, const struct event *event, struct event *next) {
  int64_t result = dispatch_call(pager, event);
  if (result == PAGER_PARKED) {
    kcall_wait(HANDLE_SELF, next);
  } else {
    kcall_reply_wait(event->token, HANDLE_SELF, (uint64_t)result, 0, 0, 0, 0, next);
  }
  received(next);
}

void serve(struct pager *pager) {
  // The event and the one received by answering it change places.
  struct event events[2];
  struct event *event = &events[0];
  struct event *next = &events[1];
  kcall_wait(HANDLE_SELF, event);
  received(event);
  for (;;) {
    enum event_kind kind = token_kind(event->token);
    if (__builtin_expect(kind == EVENT_FAULT, 1)) {
      serve_fault(pager, event, next);
    } else if (kind == EVENT_CALL) {
      serve_call(pager, event, next);
    } else if (kind == EVENT_EXCEPTION) {
      server_failed(event, "exception");
    } else {
      if (event->badge & 1ull << NOTIFY_RING) pager_completions(pager);
      kcall_wait(HANDLE_SELF, next);
      received(next);
    }
    struct event *served = event;
    event = next;
    next = served;
  }
}
