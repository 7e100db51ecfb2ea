// The file server's event loop.
//
// Each event is handled without waiting. What has to wait for the disk is done by fibers, which run
// between two events. The answer to a caller and the wait for the next event are one system call.
#include <errno.h>

#include "libsys/kcall.h"
#include "libsys/server_rt/panic.h"
#include "libsys/server_rt/server_rt.h"
#include "servers/fs/clock.h"
#include "servers/fs/disk.h"
#include "servers/fs/dispatch.h"
#include "servers/fs/page_io.h"
#include "servers/fs/process.h"
#include "servers/fs/timer.h"
#include "servers/fs/volume.h"

static void mount(struct work *work) {
  (void)work;
  volume_mount();
}

static void start(const struct server_info *info) {
  static struct work mounting = {.run = mount};
  clock_start(info);
  vnodes_init();
  processes_init();
  if (disks_start(info) > 0) {
    // It gets the lock first, so whoever calls meanwhile waits until it is done.
    work_submit(&mounting, WORK_CALL);
  } else {
    debug_print("fs: there is no disk\n");
  }
}

static void notified(uint64_t bits) {
  if ((bits & 1ull << NOTIFY_IRQ) != 0) disks_interrupt();
  if ((bits & 1ull << NOTIFY_RING) != 0) page_io_take();
  if ((bits & NOTIFY_TIMER) != 0) timers_due();
  page_io_notify();
}

// Gives the last caller its answer and waits for the next event.
static void answer_and_wait(token_t token, const struct answer *answer, struct event *event) {
  const uint64_t *word = answer->word;
  switch (answer->kind) {
    case ANSWER_REPLY:
      kcall_reply_wait(token, HANDLE_SELF, word[0], word[1], word[2], word[3], word[4], event);
      break;
    case ANSWER_FORWARD:
      kcall_forward_wait(token, HANDLE_SELF, answer->to, word[0], word[1], word[2], word[3],
                         word[4], event);
      // Refused: nothing has been answered.
      if ((int64_t)event->token < 0) kcall_reply(token, (uint64_t)-EIO, 0, 0, 0, 0);
      break;
    case ANSWER_NONE:
      kcall_wait(HANDLE_SELF, event);
      break;
  }
}

static void handle(const struct event *event, struct answer *answer) {
  answer->kind = ANSWER_NONE;
  if ((int64_t)event->token < 0) return;
  switch (token_kind(event->token)) {
    case EVENT_CALL:
      dispatch(event, answer);
      break;
    case EVENT_NOTIFY:
      notified(event->badge);
      break;
    default:
      break;
  }
}

void server_main(const struct server_info *info) {
  struct event event = {.token = 0};
  struct answer answer = {.kind = ANSWER_NONE};
  start(info);
  for (;;) {
    if (fibers_ready()) {
      answer_deliver(event.token, &answer);
      answer.kind = ANSWER_NONE;
      fibers_run();
      page_io_notify();
    }
    answer_and_wait(event.token, &answer, &event);
    handle(&event, &answer);
  }
}
