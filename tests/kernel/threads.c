// Scheduling, priorities, harts, and the end of threads.

#include <errno.h>

#include "abi/stats.h"
#include "tests/kernel/cases.h"
#include "tests/kernel/objects.h"

extern const char child_counts[], child_meets[], child_caller[], child_receives[], child_asks[];

static uint64_t count_of(const struct child *child) {
  return *(volatile uint64_t *)window(child->data);
}

// Waits until a spinning child has counted on.
static bool counts_on(const struct child *child) {
  uint64_t before = count_of(child), end = rdtime() + 60 * boot->timebase;
  while (count_of(child) == before && rdtime() < end) pause(1);
  return count_of(child) != before;
}

CASE(Thread, SpinningThreadsArePreempted) {
  struct child child[6];
  handle_t endpoint = new_endpoint();
  for (uint32_t i = 0; i < 6; i++) {
    child[i] = new_child(i, endpoint);
    start(&child[i], child_counts, CHILD_DATA, 0);
  }
  for (uint32_t round = 0; round < 3; round++)
    for (uint32_t i = 0; i < 6; i++) CHECK(counts_on(&child[i]));
}

CASE(Thread, HigherPriorityRunsFirst) {
  if (boot->harts > 1) return;  // on several both run
  handle_t endpoint = new_endpoint();
  struct child low = new_child(1, endpoint), high = new_child(2, endpoint);
  CHECK_EQ(syscall3(SYS_THREAD_PRIORITY, high.thread, 2, 0), 0);
  start(&low, child_counts, CHILD_DATA, 0);
  CHECK(counts_on(&low));
  start(&high, child_counts, CHILD_DATA, 0);
  CHECK(counts_on(&high));
  uint64_t before = count_of(&low);
  pause(50);
  CHECK_EQ(count_of(&low), before);
  CHECK_EQ(syscall3(SYS_THREAD_PRIORITY, high.thread, 0, 0), 0);
  CHECK(counts_on(&low));
}

// One thread of each priority, each waiting for all: on fewer harts than threads the lowest
// would never come, for the higher ones do not give way.
CASE(Thread, AllHartsRunThreads) {
  uint32_t harts = boot->harts < 4 ? boot->harts : 4;
  CHECK_EQ(syscall3(SYS_STAT, HANDLE_KERNEL, STAT_HARTS, 0), boot->harts);
  handle_t endpoint = new_endpoint();
  uint32_t shared = user_frame();
  for (uint32_t i = 0; i < harts; i++) {
    struct child child = new_child(i, endpoint);
    CHECK_EQ(map(child.space, CHILD_DATA | PROT_R | PROT_W, shared), 0);
    CHECK_EQ(syscall3(SYS_THREAD_PRIORITY, child.thread, 3 - i, 0), 0);
    start(&child, child_meets, CHILD_DATA, harts);
  }
  for (uint32_t i = 0; i < harts; i++) CHECK_EQ(token_kind(next_event(endpoint).token), EVENT_CALL);
}

CASE(Thread, StartedOnce) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  CHECK_EQ(kcall(SYS_THREAD_START, child.thread, USER_END, 0, 0, 0, 0, 0), -EINVAL);
  start(&child, child_caller, 0, 0);
  CHECK_EQ(kcall(SYS_THREAD_START, child.thread, CHILD_CODE, 0, 0, 0, 0, 0), -EBUSY);
  struct event event = next_event(endpoint);
  CHECK_EQ(kcall(SYS_THREAD_START, child.thread, CHILD_CODE, 0, 0, 0, 0, 0), -EBUSY);
  CHECK_EQ(event.word[0], 0);
}

CASE(Thread, KilledWhileInactive) {
  struct child child = new_child(1, new_endpoint());
  CHECK_EQ(destroy(child.thread), 0);
  CHECK_EQ(kcall(SYS_DESTROY, child.thread, 0, 0, 0, 0, 0, 0), -EBADF);
}

// On another hart, where there is one.
CASE(Thread, KilledWhileRunning) {
  handle_t endpoint = new_endpoint();
  for (uint32_t i = 0; i < 30; i++) {
    struct child child = new_child(i, endpoint);
    start(&child, child_counts, CHILD_DATA, 0);
    if (i % 10 == 0) CHECK(counts_on(&child));
    CHECK_EQ(destroy(child.thread), 0);
    uint64_t before = count_of(&child);
    if (i % 10 == 0) pause(1);
    CHECK_EQ(count_of(&child), before);
    CHECK_EQ(destroy(child.space), 0);
    if (i % 10 == 9) objects_end(), endpoint = new_endpoint();
  }
}

CASE(Thread, KilledWhileSending) {
  handle_t endpoint = new_endpoint(), other = new_endpoint();
  struct child first = new_child(1, endpoint), second = new_child(2, endpoint);
  give(&first, CHILD_OTHER, other, RIGHT_CALL);
  give(&second, CHILD_OTHER, other, RIGHT_CALL);
  start(&first, child_asks, 10, 0);
  start(&second, child_asks, 20, 0);
  pause(5);
  CHECK_EQ(destroy(first.thread), 0);
  struct event event = next_event(other);
  CHECK_EQ(event.word[0], 20);
}

CASE(Thread, KilledWhileItWaitsForAnAnswer) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_caller, 0, 0);
  struct event event = next_event(endpoint);
  CHECK_EQ(destroy(child.thread), 0);
  CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), -ESRCH);
}

CASE(Thread, KilledWhileReceiving) {
  handle_t endpoint = new_endpoint(), other = new_endpoint();
  struct child child = new_child(1, endpoint), asker = new_child(2, endpoint);
  give(&child, CHILD_OTHER, other, RIGHT_RECEIVE);
  give(&asker, CHILD_OTHER, other, RIGHT_CALL);
  start(&child, child_receives, 0, 0);
  pause(5);
  CHECK_EQ(destroy(child.thread), 0);
  start(&asker, child_asks, 30, 0);
  struct event event = next_event(other);
  CHECK_EQ(event.word[0], 30);
}

CASE(Thread, DoesNotEndItself) {
  CHECK_EQ(kcall(SYS_DESTROY, HANDLE_BOOT_THREAD, 0, 0, 0, 0, 0, 0), -EBUSY);
  CHECK_EQ(kcall(SYS_DESTROY, HANDLE_BOOT_SPACE, 0, 0, 0, 0, 0, 0), -EBUSY);
}

CASE(Thread, CloneNeedsAWaitingCaller) {
  handle_t endpoint = new_endpoint();
  struct child one = new_child(1, endpoint), two = new_child(2, endpoint);
  CHECK_EQ(syscall3(SYS_THREAD_CLONE, two.thread, one.thread, 0), -EBUSY);
  CHECK_EQ(syscall3(SYS_THREAD_CLONE, two.thread, 99, 0), -EBADF);
  start(&one, child_caller, 5, 0);
  next_event(endpoint);
  CHECK_EQ(syscall3(SYS_THREAD_CLONE, two.thread, one.thread, 6), 0);
  CHECK_EQ(next_event(endpoint).word[0], 6);
  CHECK_EQ(syscall3(SYS_THREAD_CLONE, two.thread, one.thread, 6), -EBUSY);
}
