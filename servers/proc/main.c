// The proc server: its event loop.
#include "libsys/kcall.h"
#include "libsys/server_rt/panic.h"
#include "libsys/server_rt/server_rt.h"
#include "protocols/server.h"
#include "servers/proc/processes.h"

static void notified(uint64_t bits) {
  if (bits & (1ull << NOTIFY_INTERRUPT)) processes_interrupt();
  if (bits & (1ull << NOTIFY_OOM)) processes_out_of_memory();
  if (bits & NOTIFY_TIMER) processes_tick();
}

void server_main(const struct server_info *info) {
  struct event event;
  struct answer answer;
  (void)info;
  processes_init();
  kcall_wait(HANDLE_SELF, &event);
  for (;;) {
    if ((int64_t)event.token < 0) panic("proc: wait: error %ld\n", (int64_t)event.token);
    if (token_kind(event.token) == EVENT_NOTIFY) {
      notified(event.badge);
      kcall_wait(HANDLE_SELF, &event);
      continue;
    }
    processes_call(&event, &answer);
    if (answer.status == ANSWER_LATER) {
      kcall_wait(HANDLE_SELF, &event);
    } else {
      kcall_reply_wait(event.token, HANDLE_SELF, (uint64_t)answer.status, answer.word[0],
                       answer.word[1], answer.word[2], 0, &event);
    }
  }
}
