// Random system calls with random arguments from a space that has much authority: over its own
// space and thread, over frames and interrupts. The kernel must stand, and serve others after it.

#include "libsys/server_rt/panic.h"
#include "tests/kernel/cases.h"
#include "tests/kernel/objects.h"

#define CALLS 100000u
#define CHILDREN_MAX 30u

extern const char child_fuzz[], child_caller[], child_asks[];

static struct child new_fuzzer(handle_t endpoint, uint32_t block, uint64_t seed) {
  struct child child = new_child(1, endpoint);
  give(&child, 8, child.space, RIGHTS_ALL);
  give(&child, 9, child.thread, RIGHTS_ALL);
  int64_t error = kcall(SYS_COPY, child.space, 10, HANDLE_BOOT_RAM, RIGHTS_ALL,
                        block | 2ull * LARGE_FRAMES << 32, 0, 0);
  if (!error)
    error = kcall(SYS_COPY, child.space, 12, HANDLE_BOOT_IRQS, RIGHTS_ALL, 100 | 10ull << 32, 0, 0);
  if (error) case_failed(__FILE__, __LINE__, "copy", error, 0);
  start(&child, child_fuzz, seed, block);
  return child;
}

// Runs one child until it faults, waits for ever, or has done enough. Returns its calls.
static uint64_t run_fuzzer(handle_t endpoint, uint32_t block, uint64_t seed) {
  struct child child = new_fuzzer(endpoint, block, seed);
  const volatile uint64_t *count = window(child.data);
  uint64_t before = ~0ull;
  while (*count < CALLS / 8 && *count != before) {
    before = *count;
    struct event event;
    kcall_timer(endpoint, rdtime() + boot->timebase / 50);
    kcall_wait(endpoint, &event);
    if (token_kind(event.token) == EVENT_CALL)
      kcall_reply(event.token, 0, 0, 0, 0, 0);
    else if (token_kind(event.token) != EVENT_NOTIFY)
      break;  // it has pulled the floor from under itself
  }
  uint64_t calls = *count;
  kcall_timer(endpoint, ~0ull);
  destroy(child.thread);
  return calls;
}

CASE(Fuzz, RandomSystemCalls) {
  handle_t endpoint = new_endpoint();
  uint32_t block = user_block(), objects = user_block();
  CHECK_EQ(objects, block + LARGE_FRAMES);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, objects, RETYPE_OBJECT), 0);
  uint64_t calls = 0;
  for (uint64_t i = 1; i <= CHILDREN_MAX && calls < CALLS; i++) {
    calls += run_fuzzer(endpoint, block, i * 0x9e3779b97f4a7c15);
    objects_abandon();
    endpoint = new_endpoint();
  }
  debug_print("%lu random system calls\n", calls);
  CHECK(calls > 1000);
  // All is well with the rest.
  struct child asker = new_child(1, endpoint);
  handle_t other = new_endpoint();
  give(&asker, CHILD_OTHER, other, RIGHT_CALL);
  start(&asker, child_asks, 100, 0);
  struct event event = next_event(other);
  CHECK_EQ(event.word[5], 105);
}
