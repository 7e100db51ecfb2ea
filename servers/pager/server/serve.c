// Two kernel entries a fault: the trap, and the one system call here that enters the mapping,
// resumes the faulter and receives the next event.
#include "servers/pager/server/serve.h"

#include <errno.h>
#include <stdbool.h>

#include "libsys/kcall.h"
#include "libsys/server_rt/panic.h"
#include "protocols/proc.h"
#include "protocols/server.h"
#include "servers/pager/core/fault_short.h"
#include "servers/pager/core/provider_short.h"
#include "servers/pager/core/signals.h"
#include "servers/pager/server/dispatch.h"
#include "servers/pager/server/handles.h"
#include "servers/pager/server/kernel.h"

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

#define FAULT_HANDLES (HANDLE_SELF | (uint64_t)HANDLE_BOOT_RAM << 32)

static void forward_fault(const struct event *event, const struct answer *answer,
                          struct event *next) {
  if (badge_slot(badge_origin(event->badge)) < SLOT_FIRST_PROGRAM) {
    server_failed(event, "page fault at");
  }
  kcall_forward_wait(event->token, HANDLE_SELF, HANDLE_TO_PROC, answer->word[0], answer->word[1],
                     answer->word[2], answer->word[3], answer->word[4], next);
}

// Into the program's handler; without a call buffer or at a bad address there is none.
static void upcall(struct pager *pager, const struct event *event, struct answer *answer,
                   struct event *next) {
  kcall_upcall_wait(event->token, HANDLE_SELF, answer->word[4], next);
  if ((int64_t)next->token != -EINVAL) return;
  struct space *space = pager_space(pager, badge_origin(event->badge));
  if (space) signals_refused(pager, space);
  answer->word[4] = 0;
  forward_fault(event, answer, next);
}

// Delivers an answer and receives the next event. => false: the mapping was refused, next->token
// is the error and nothing is answered
static inline bool answer_fault(struct pager *pager, const struct event *event,
                                struct answer *answer, struct event *next) {
  if (answer->kind == ANSWER_MAP) {
    kcall_event(SYS_MAP_REPLY_WAIT, event->token, FAULT_HANDLES, answer->word[0], answer->word[1],
                answer->word[2], answer->word[3], answer->word[4], next);
    return (int64_t)next->token >= 0;
  }
  if (answer->kind == ANSWER_RETRY) {
    kcall_reply_wait(event->token, HANDLE_SELF, 0, 0, 0, 0, 0, next);
  } else if (answer->kind == ANSWER_PARKED) {
    kcall_wait(HANDLE_SELF, next);
  } else if (answer->kind == ANSWER_UPCALL) {
    upcall(pager, event, answer, next);
  } else {
    forward_fault(event, answer, next);
  }
  received(next);
  return true;
}

static void finish_fault(struct pager *pager, const struct event *event, struct answer *answer,
                         struct event *next) {
  while (!answer_fault(pager, event, answer, next)) {
    pager_map_refused(pager, event, (int64_t)next->token, answer);
  }
}

// A page table is missing for a page: nothing is mapped there, so that it faults when it is used. A
// large page may have been, with rights that the call takes away.
__attribute__((noinline)) static void map_nothing(uint64_t badge, uint64_t va_prot) {
  uint64_t va = va_prot & ~PAGE_MASK;
  kops_unmap(badge_slot(badge_origin(badge)), va, va + PAGE_SIZE);
}

// Answers the caller with this badge, and enters the mapping that its call may have left to that.
static inline void answer_call(token_t token, uint64_t badge, int64_t result, struct event *next) {
  if (kernel_late_map.va_prot) {
    uint64_t va_prot = kernel_late_map.va_prot;
    kernel_late_map.va_prot = 0;
    kcall_event(SYS_MAP_REPLY_WAIT, token, FAULT_HANDLES, va_prot, 1, kernel_late_map.frame, 0, 0,
                next);
    if (__builtin_expect((int64_t)next->token >= 0, 1)) return;
    map_nothing(badge, va_prot);
  }
  kcall_reply_wait(token, HANDLE_SELF, (uint64_t)result, 0, 0, 0, 0, next);
}

static void serve_call(struct pager *pager, const struct event *event, struct event *next) {
  pager->evict.refused = false;
  int64_t result = dispatch_call(pager, event);
  bool failed = __builtin_expect(result < 0, 0);
  if (failed && result == -ENOMEM) result = pager_refused(pager, event);
  if (__builtin_expect(pager_is_short(pager), 0)) pager_between(pager);
  if (failed && result == PAGER_PARKED) {
    kcall_wait(HANDLE_SELF, next);
  } else {
    answer_call(event->token, event->badge, result, next);
  }
  received(next);
}

// Any event: the general way.
static void serve_any(struct pager *pager, const struct event *event, struct event *next) {
  enum event_kind kind = token_kind(event->token);
  if (kind == EVENT_FAULT) {
    struct answer answer;
    fault_long(pager, event, &answer);
    finish_fault(pager, event, &answer, next);
  } else if (kind == EVENT_CALL) {
    serve_call(pager, event, next);
  } else if (kind == EVENT_EXCEPTION) {
    server_failed(event, "exception");
  } else {
    if (event->badge & 1ull << NOTIFY_RING) pager_completions(pager);
    if (event->badge & NOTIFY_TIMER) pager_tick(pager);
    if (pager_is_short(pager)) pager_between(pager);
    kcall_wait(HANDLE_SELF, next);
    received(next);
  }
}

// What the short way found was refused, as when a page table is missing.
__attribute__((noinline)) static void serve_refused(struct pager *pager, const struct event *event,
                                                    struct fault_found found, struct event *next) {
  struct answer answer = {.kind = ANSWER_MAP, .word = {found.va_prot, 1, found.frame}};
  finish_fault(pager, event, &answer, next);
}

// What a provider waits with, and answers.
static inline bool is_serve(const struct event *event) {
  return token_kind(event->token) == EVENT_CALL && badge_via(event->badge) == VIA_PROGRAM &&
         (uint32_t)event->word[0] == PAGER_SERVE;
}

// Faults that programs answer, and their answers, in turn, as long as they go the short way: each
// is done by one system call, which also receives the next. *event becomes the first that does not.
// => false: it is the same
__attribute__((noinline)) static bool serve_providers(struct pager *pager, struct event *event) {
  struct event next = *event;
  bool any = false;
  for (;; any = true) {
    struct space *space = space_of(pager, badge_origin(next.badge));
    if (space && token_kind(next.token) == EVENT_FAULT) {
      struct provider_asked asked;
      if (!provider_short_fault(pager, space, next.token, next.word[0], next.word[1], next.word[2],
                                &asked)) {
        break;
      }
      kcall_reply_wait(asked.token, HANDLE_SELF, asked.word[0], asked.word[1], asked.word[2],
                       asked.word[3], 0, &next);
    } else if (space && is_serve(&next)) {
      struct provider_got got;
      if (!provider_short_answer(pager, space, next.token, next.word[1], next.word[2], next.word[3],
                                 &got)) {
        break;
      }
      kcall_event(SYS_MAP_REPLY_WAIT, got.token, FAULT_HANDLES, got.va_prot, 1, got.frame, 0, 0,
                  &next);
      if (__builtin_expect((int64_t)next.token < 0, 0)) {
        // A page table is missing, so nothing is mapped: it faults again, and finds the page.
        kcall_reply_wait(got.token, HANDLE_SELF, 0, 0, 0, 0, 0, &next);
      }
    } else {
      break;
    }
    received(&next);
  }
  *event = next;
  return any;
}

#define NOBODY UINT64_MAX

// Faults and calls that go a short way stay in registers: `event` has no address, what goes the
// general way is copied.
void serve(struct pager *pager) {
  struct event event, next, in_memory, received_next;
  uint64_t badge = NOBODY;  // whose `space` is at hand; only the general way ends spaces
  struct space *space = NULL;
  kcall_wait(HANDLE_SELF, &in_memory);
  received(&in_memory);
  event = in_memory;
  for (;;) {
    if (__builtin_expect(token_kind(event.token) == EVENT_FAULT, 1)) {
      if (__builtin_expect(event.badge != badge, 0)) {
        badge = event.badge;
        space = space_of(pager, badge_origin(badge));
      }
      struct fault_found found;
      enum fault_quick quick = FAULT_QUICK_NOT;
      if (space) quick = fault_quick(pager, space, event.word[0], event.word[1], &found);
      if (__builtin_expect(quick == FAULT_QUICK_FOUND, 1)) {
        kcall_event(SYS_MAP_REPLY_WAIT, event.token, FAULT_HANDLES, found.va_prot, 1, found.frame,
                    0, 0, &next);
        if (__builtin_expect((int64_t)next.token < 0, 0)) {
          in_memory = event;
          serve_refused(pager, &in_memory, found, &received_next);
          next = received_next;
        }
        event = next;
        continue;
      }
      // What only the program's own handler can repair goes there.
      uint64_t entry = 0;
      if (quick == FAULT_QUICK_FORBIDDEN) entry = signals_forbidden(pager, space, event.word[0]);
      if (entry != 0) {
        kcall_event(SYS_UPCALL_WAIT, event.token, HANDLE_SELF, entry, 0, 0, 0, 0, &next);
        if (__builtin_expect((int64_t)next.token != -EINVAL, 1)) {
          if (__builtin_expect((int64_t)next.token < 0, 0)) {
            received_next.token = next.token;
            received(&received_next);
            next = received_next;
          }
          event = next;
          continue;
        }
        signals_refused(pager, space);
      }
      if (space && provider_short_may(space)) {
        in_memory = event;
        if (serve_providers(pager, &in_memory)) {
          event = in_memory;
          continue;
        }
      }
    }
    if (token_kind(event.token) == EVENT_CALL && badge_via(event.badge) == VIA_PROGRAM) {
      if (event.badge != badge) {
        badge = event.badge;
        space = space_of(pager, badge_origin(badge));
      }
      int64_t result = NOT_QUICK;
      if (space) {
        result = dispatch_quick(pager, space, (uint32_t)event.word[0], event.word[1], event.word[2],
                                event.word[3]);
      }
      // What fails is done again the general way: it may have to wait for memory.
      if (result >= 0) {
        answer_call(event.token, event.badge, result, &next);
        if (__builtin_expect((int64_t)next.token < 0, 0)) {
          received_next.token = next.token;
          received(&received_next);
          next = received_next;
        }
        event = next;
        continue;
      }
      if ((uint32_t)event.word[0] == PAGER_SERVE) {
        in_memory = event;
        if (serve_providers(pager, &in_memory)) {
          event = in_memory;
          continue;
        }
      }
    }
    in_memory = event;
    serve_any(pager, &in_memory, &received_next);
    event = received_next;
    badge = NOBODY;
  }
}
