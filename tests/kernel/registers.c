// Registers survive whatever happens to their thread.

#include "tests/kernel/cases.h"
#include "tests/kernel/objects.h"

extern const char child_registers_a[], child_registers_b[], child_kept[], child_floats_a[],
    child_floats_b[], child_floats_zero[], child_forks[], child_caller[];

#define STOP 0x7d8u  // as in children.S

// Answers the fault of child_registers with the page at 0; returns its frame.
static uint32_t answer_first_fault(handle_t endpoint, const struct child *child) {
  struct event event = next_event(endpoint);
  uint32_t frame = user_frame();
  fund(child->space, 2);
  int64_t error = kcall(SYS_MAP_REPLY, event.token, (uint64_t)HANDLE_BOOT_RAM << 32,
                        0 | PROT_R | PROT_W, 1, frame, 0, 0);
  if (error) case_failed(__FILE__, __LINE__, "map", error, 0);
  return frame;
}

static void stop(uint32_t frame) { *((volatile uint64_t *)window(frame) + STOP / 8) = 1; }

CASE(Registers, SurviveAFault) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_registers_a, 0, 0);
  stop(answer_first_fault(endpoint, &child));
  struct event event = next_event(endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_CALL);
  CHECK_EQ(event.word[0], 0);
}

// More threads than harts, each time slice another.
CASE(Registers, SurvivePreemption) {
  enum { THREADS = 10 };
  struct child child[THREADS];
  uint32_t frame[THREADS];
  handle_t endpoint[THREADS];
  for (uint32_t i = 0; i < THREADS; i++) {
    endpoint[i] = new_endpoint();
    child[i] = new_child(i, endpoint[i]);
    start(&child[i], i & 1 ? child_registers_a : child_registers_b, 0, 0);
    frame[i] = answer_first_fault(endpoint[i], &child[i]);
  }
  pause(300);
  for (uint32_t i = 0; i < THREADS; i++) {
    stop(frame[i]);
    struct event event = next_event(endpoint[i]);
    CHECK_EQ(token_kind(event.token), EVENT_CALL);
    CHECK_EQ(event.word[0], 0);
  }
}

CASE(Registers, CallsKeepThePromisedOnes) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_kept, 3, 0);
  struct event event = next_event(endpoint);
  pause(1);
  CHECK_EQ(kcall_reply(event.token, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull), 0);
  event = next_event(endpoint);
  CHECK_EQ(event.word[0], 0);
}

CASE(Registers, FloatingPointStartsAtZero) {
  handle_t endpoint = new_endpoint();
  struct child first = new_child(1, endpoint);
  start(&first, child_floats_a, CHILD_DATA, 0x21);
  struct event event = next_event(endpoint);  // it has used the unit
  CHECK_EQ(event.word[0], 2);
  struct child second = new_child(2, endpoint);
  start(&second, child_floats_zero, 0, 0);
  event = next_event(endpoint);
  CHECK_EQ(event.word[0], 0);
  // A thread that starts anew starts at zero too.
  CHECK_EQ(kcall(SYS_REPLY_START, event.token, child_address(child_floats_zero), 0, 0, 0, 0, 0), 0);
  event = next_event(endpoint);
  CHECK_EQ(event.word[0], 0);
}

// Threads with floating-point values are preempted, wait for answers, and move between harts.
CASE(Registers, FloatingPointSurvives) {
  enum { THREADS = 6 };
  struct child child[THREADS];
  handle_t endpoint = new_endpoint();
  for (uint32_t i = 0; i < THREADS; i++) {
    child[i] = new_child(i, endpoint);
    start(&child[i], i & 1 ? child_floats_a : child_floats_b, CHILD_DATA, i << 5 | (3 * i + 1));
  }
  uint64_t end = rdtime() + boot->timebase / 3;
  uint32_t done = 0;
  while (done < THREADS) {
    struct event event = next_event(endpoint);
    CHECK_EQ(token_kind(event.token), EVENT_CALL);
    CHECK(event.word[0] != 1);
    if (event.word[0] == 0) done++;
    if (rdtime() > end)
      for (uint32_t i = 0; i < THREADS; i++) *(volatile uint64_t *)window(child[i].data) = 1;
    if (event.word[0]) CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);
  }
}

CASE(Registers, ACloneHasAllOfThem) {
  handle_t endpoint = new_endpoint();
  struct child parent = new_child(1, endpoint), child = new_child(2, endpoint);
  start(&parent, child_forks, 0, 0);
  struct event event = next_event(endpoint);
  CHECK_EQ(event.word[0], 1);
  CHECK_EQ(syscall3(SYS_THREAD_CLONE, child.thread, parent.thread, 22), 0);
  struct event cloned = next_event(endpoint);
  CHECK_EQ(badge_origin(cloned.badge), 2);
  CHECK_EQ(cloned.word[0], 22);
  CHECK_EQ(kcall_reply(event.token, 11, 0, 0, 0, 0), 0);
  event = next_event(endpoint);
  CHECK_EQ(badge_origin(event.badge), 1);
  CHECK_EQ(event.word[0], 11);
}
