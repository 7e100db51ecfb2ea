// Upcalls: a thread goes on elsewhere and comes back with all its registers.

#include <errno.h>

#include "tests/kernel/cases.h"
#include "tests/kernel/objects.h"

extern const char child_registers_a[], child_floats_a[], child_floats_alone[], child_counts[],
    child_caller[], child_echo[], child_store[], child_illegal[], child_system_call[],
    child_upcall[], child_upcall_end[];

#define STOP 0x7d8u      // as in children.S
#define UPCALL_WORD 77u  // what child_upcall calls with

struct target {
  handle_t endpoint;
  struct child child;
  struct upcall_registers *saved;  // in its call buffer
};

static struct target new_target(void) {
  struct target t = {.endpoint = new_endpoint()};
  t.child = new_child(1, t.endpoint);
  uint32_t frame = user_frame();
  int64_t error = syscall3(SYS_THREAD_BUFFER, t.child.thread, HANDLE_BOOT_RAM, frame);
  if (error) case_failed(__FILE__, __LINE__, "buffer", error, 0);
  t.saved = (struct upcall_registers *)(void *)((char *)window(frame) + UPCALL_OFFSET);
  return t;
}

static uint64_t entry(void) { return child_address(child_upcall); }

static bool in_upcall(uint64_t pc) { return pc >= entry() && pc < child_address(child_upcall_end); }

// What child_registers_a has in x(i).
static uint64_t expected(uint32_t i) { return (uint64_t)i * 0x01010101 + 0x1234567; }

CASE(Upcall, AnswersAFaultWithAllRegistersSaved) {
  struct target t = new_target();
  fund(t.child.space, 2);
  start(&t.child, child_registers_a, 0, 0);
  struct event event = next_event(t.endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_FAULT);
  uint64_t pc = event.word[2], stale = event.token;
  kcall_upcall_wait(event.token, t.endpoint, entry(), &event);
  CHECK_EQ(token_kind(event.token), EVENT_CALL);
  CHECK_EQ(event.word[0], UPCALL_WORD);
  CHECK_EQ(t.saved->pc, pc);
  for (uint32_t i = 1; i < 32; i++) CHECK_EQ(t.saved->x[i - 1], expected(i));
  // It tries its store again.
  kcall_reply_wait(event.token, t.endpoint, 0, 0, 0, 0, 0, &event);
  CHECK_EQ(token_kind(event.token), EVENT_FAULT);
  CHECK_EQ(event.word[2], pc);
  uint32_t frame = user_frame();
  *((uint64_t *)window(frame) + STOP / 8) = 1;
  CHECK_EQ(kcall_reply_upcall(stale, entry()), -ESRCH);
  kcall_event(SYS_MAP_REPLY_WAIT, event.token, t.endpoint | (uint64_t)HANDLE_BOOT_RAM << 32,
              0 | PROT_R | PROT_W, 1, frame, 0, 0, &event);
  CHECK_EQ(event.word[0], 0);
}

CASE(Upcall, AnswersAnException) {
  struct target t = new_target();
  start(&t.child, child_illegal, 5, 6);
  struct event event = next_event(t.endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_EXCEPTION);
  CHECK_EQ(kcall_reply_upcall(event.token, entry()), 0);
  event = next_event(t.endpoint);
  CHECK_EQ(event.word[0], UPCALL_WORD);
  CHECK_EQ(t.saved->pc, child_address(child_illegal));
  // The registers may be changed before they come back.
  t.saved->pc = child_address(child_caller);
  t.saved->x[9] = 4713;  // a0
  CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);
  event = next_event(t.endpoint);
  CHECK_EQ(event.word[0], 4713);
}

// Sends a running child elsewhere again and again, wherever it is and on whatever hart; at last
// what it checks all the time must be right. One that calls now and then, and is found in its call,
// is sent as soon as it has the answer: given time, it might be in its next call each time.
static void disturb(struct target *t, uint32_t rounds) {
  struct upcall_registers real = {0};
  while (rounds) {
    int64_t error = kcall_thread_upcall(t->child.thread, entry());
    CHECK(error == 0 || error == -EBUSY);
    struct event event = next_event(t->endpoint);
    CHECK_EQ(token_kind(event.token), EVENT_CALL);
    bool sent = event.word[0] == UPCALL_WORD;
    bool late = sent && in_upcall(t->saved->pc);  // the one before had not come back yet
    CHECK(sent ? error == 0 : event.word[0] == 2);
    if (late)
      *t->saved = real;
    else if (sent)
      real = *t->saved, rounds--;
    CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);
    if (late || (sent && rounds % 8 == 0)) pause(1);
  }
}

CASE(Upcall, SendsARunningThread) {
  struct target t = new_target();
  fund(t.child.space, 2);
  start(&t.child, child_registers_a, 0, 0);
  struct event event = next_event(t.endpoint);
  uint32_t frame = user_frame();
  CHECK_EQ(kcall(SYS_MAP_REPLY, event.token, (uint64_t)HANDLE_BOOT_RAM << 32, 0 | PROT_R | PROT_W,
                 1, frame, 0, 0),
           0);
  disturb(&t, 200);
  if (case_has_failed()) return;
  *((volatile uint64_t *)window(frame) + STOP / 8) = 1;
  event = next_event(t.endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_CALL);
  CHECK_EQ(event.word[0], 0);
}

static void disturb_floats(const char *label) {
  struct target t = new_target();
  start(&t.child, label, CHILD_DATA, 0x21);
  disturb(&t, 100);
  if (case_has_failed()) return;
  *(volatile uint64_t *)window(t.child.data) = 1;
  struct event event;
  do {
    event = next_event(t.endpoint);
    CHECK_EQ(token_kind(event.token), EVENT_CALL);
    CHECK(event.word[0] != 1);
    if (event.word[0]) CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);
  } while (event.word[0]);
}

CASE(Upcall, LeavesFloatingPointAlone) { disturb_floats(child_floats_alone); }
CASE(Upcall, LeavesFloatingPointOfACallerAlone) { disturb_floats(child_floats_a); }

CASE(Upcall, TakesAFaultBack) {
  struct target t = new_target();
  start(&t.child, child_store, CHILD_UNMAPPED, 1);
  struct event event = next_event(t.endpoint);
  CHECK_EQ(kcall_thread_upcall(t.child.thread, entry()), 0);
  uint64_t stale = event.token;
  event = next_event(t.endpoint);
  CHECK_EQ(event.word[0], UPCALL_WORD);
  CHECK_EQ(kcall_reply(stale, 0, 0, 0, 0, 0), -ESRCH);
  CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);
  event = next_event(t.endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_FAULT);
  CHECK_EQ(event.word[0], CHILD_UNMAPPED);
}

CASE(Upcall, TakesBackAFaultThatNobodyHasReceived) {
  struct target t = new_target();
  start(&t.child, child_store, CHILD_UNMAPPED, 1);
  pause(5);
  CHECK_EQ(kcall_thread_upcall(t.child.thread, entry()), 0);
  CHECK_EQ(next_event(t.endpoint).word[0], UPCALL_WORD);
}

CASE(Upcall, NotWhileTheThreadWaitsForSomethingElse) {
  struct target t = new_target();
  CHECK_EQ(kcall_thread_upcall(t.child.thread, entry()), -EBUSY);  // not started
  start(&t.child, child_caller, 7, 0);
  struct event event = next_event(t.endpoint);
  CHECK_EQ(kcall_thread_upcall(t.child.thread, entry()), -EBUSY);
  CHECK_EQ(kcall_reply_upcall(event.token, entry()), -EINVAL);  // it has called
  struct event refused;
  kcall_upcall_wait(event.token, t.endpoint, entry(), &refused);
  CHECK_EQ(refused.token, -EINVAL);
  CHECK_EQ(kcall_reply(event.token, 8, 0, 0, 0, 0), 0);
  CHECK_EQ(next_event(t.endpoint).word[0], 8);
  struct target receiver = new_target();
  handle_t other = new_endpoint();
  give(&receiver.child, CHILD_OTHER, other, RIGHT_RECEIVE);
  start(&receiver.child, child_echo, 0, 0);
  CHECK_EQ(kcall(SYS_CALL, other, 9, 0, 0, 0, 0, 0), 9);  // it has answered, and waits again
  CHECK_EQ(kcall_thread_upcall(receiver.child.thread, entry()), -EBUSY);
  CHECK_EQ(kcall_thread_upcall(HANDLE_BOOT_THREAD, entry()), -EBUSY);  // itself
}

CASE(Upcall, Refuses) {
  struct target t = new_target();
  handle_t bare_endpoint = new_endpoint();
  struct child bare = new_child(2, bare_endpoint);
  start(&bare, child_store, CHILD_UNMAPPED, 1);
  start(&t.child, child_store, CHILD_UNMAPPED, 1);
  struct event event = next_event(bare_endpoint), refused;
  kcall_upcall_wait(event.token, bare_endpoint, entry(), &refused);
  CHECK_EQ(refused.token, -EINVAL);
  CHECK_EQ(kcall_reply_upcall(event.token, entry()), -EINVAL);
  CHECK_EQ(kcall_thread_upcall(bare.thread, entry()), -EINVAL);
  event = next_event(t.endpoint);
  const uint64_t bad[] = {USER_END, 1ull << 63, ~0ull};
  for (uint32_t i = 0; i < 3; i++) {
    kcall_upcall_wait(event.token, t.endpoint, bad[i], &refused);
    CHECK_EQ(refused.token, -EINVAL);
    CHECK_EQ(kcall_reply_upcall(event.token, bad[i]), -EINVAL);
    CHECK_EQ(kcall_thread_upcall(t.child.thread, bad[i]), -EINVAL);
  }
  kcall_upcall_wait(event.token, 99, entry(), &refused);
  CHECK_EQ(refused.token, -EBADF);
  CHECK_EQ(kcall_thread_upcall(99, entry()), -EBADF);
  CHECK_EQ(kcall_thread_upcall(t.child.space, entry()), -EBADF);
  CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);  // it waited all the time
  CHECK_EQ(token_kind(next_event(t.endpoint).token), EVENT_FAULT);
}

// SYS_RESUME without a buffer, and with a program counter that is no user's.
CASE(Upcall, ResumeRefuses) {
  handle_t endpoint = new_endpoint();
  struct child bare = new_child(1, endpoint);
  start(&bare, child_system_call, SYS_RESUME, 0);
  CHECK_EQ(next_event(endpoint).word[0], -EINVAL);
  struct target t = new_target();
  t.saved->pc = USER_END;
  start(&t.child, child_system_call, SYS_RESUME, 0);
  CHECK_EQ(next_event(t.endpoint).word[0], -EINVAL);
}
