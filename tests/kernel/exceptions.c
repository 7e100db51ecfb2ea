// Everything that user mode can do wrong is a message (RISC-V privileged specification, table of
// scause values).

#include <errno.h>

#include "tests/kernel/cases.h"
#include "tests/kernel/objects.h"

enum {
  FETCH_ACCESS = 1,
  ILLEGAL = 2,
  BREAK = 3,
  LOAD_MISALIGNED = 4,
  LOAD_ACCESS = 5,
  STORE_MISALIGNED = 6,
  STORE_ACCESS = 7,
};

// Addresses with nothing behind them, below RAM.
#define HOLE_FRAME 0x8000u
#define HOLE 0x60000000ul

extern const char child_illegal[], child_break[], child_csr_read[], child_csr_write[], child_sret[],
    child_mret[], child_wfi[], child_fence[], child_misaligned_lr[], child_misaligned_amo[],
    child_counter_write[], child_system_call[], child_store[], child_load[], child_jump[],
    child_caller[];

// A child's first instruction raises this exception.
static void expect(const char *label, uint64_t a0, uint64_t cause) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, label, a0, 0);
  struct event event = next_event(endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_EXCEPTION);
  CHECK_EQ(event.word[0], cause);
  CHECK_EQ(event.word[2], child_address(label));
  CHECK_EQ(badge_origin(event.badge), 1);
  // The thread goes on at the same instruction.
  CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);
  struct event again = next_event(endpoint);
  CHECK_EQ(again.word[0], cause);
  CHECK_EQ(again.word[2], event.word[2]);
  // Or elsewhere.
  CHECK_EQ(kcall(SYS_REPLY_START, again.token, child_address(child_caller), 0, 77, 0, 0, 0), 0);
  event = next_event(endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_CALL);
  CHECK_EQ(event.word[0], 77);
}

CASE(Exception, IllegalInstruction) { expect(child_illegal, 0, ILLEGAL); }
CASE(Exception, Breakpoint) { expect(child_break, 0, BREAK); }
CASE(Exception, ReadsSupervisorRegister) { expect(child_csr_read, 0, ILLEGAL); }
CASE(Exception, WritesSupervisorRegister) { expect(child_csr_write, 0, ILLEGAL); }
CASE(Exception, WritesCounter) { expect(child_counter_write, 0, ILLEGAL); }
CASE(Exception, ReturnFromSupervisor) { expect(child_sret, 0, ILLEGAL); }
CASE(Exception, ReturnFromMachine) { expect(child_mret, 0, ILLEGAL); }
CASE(Exception, FencesTranslation) { expect(child_fence, 0, ILLEGAL); }

// Misaligned atomic operations must raise something, and which is the machine's choice.
static void expect_misaligned(const char *label) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, label, CHILD_DATA + 1, 0);
  struct event event = next_event(endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_EXCEPTION);
  uint64_t cause = event.word[0];
  CHECK(cause == LOAD_MISALIGNED || cause == STORE_MISALIGNED || cause == LOAD_ACCESS ||
        cause == STORE_ACCESS);
  CHECK_EQ(event.word[1], CHILD_DATA + 1);
}
CASE(Exception, MisalignedLoadReserved) { expect_misaligned(child_misaligned_lr); }
CASE(Exception, MisalignedAtomic) { expect_misaligned(child_misaligned_amo); }

// wfi may wait a bounded time in user mode, or be illegal.
CASE(Exception, WaitForInterrupt) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_wfi, 5, 0);
  struct event event = next_event(endpoint);
  CHECK(token_kind(event.token) == EVENT_CALL || event.word[0] == ILLEGAL);
}

// What is mapped, but not there on the bus.
static void expect_access(const char *label, uint64_t cause) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  fund(child.space, 2);
  CHECK_EQ(kcall(SYS_MAP, child.space, HANDLE_BOOT_DEVICES, HOLE | PROT_R | PROT_W | PROT_X, 1,
                 HOLE_FRAME, 0, 0),
           0);
  start(&child, label, HOLE, 0);
  struct event event = next_event(endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_EXCEPTION);
  CHECK_EQ(event.word[0], cause);
  CHECK_EQ(event.word[1], HOLE);
}
CASE(Exception, LoadAccess) { expect_access(child_load, LOAD_ACCESS); }
CASE(Exception, StoreAccess) { expect_access(child_store, STORE_ACCESS); }
CASE(Exception, FetchAccess) { expect_access(child_jump, FETCH_ACCESS); }

CASE(Exception, UnknownSystemCalls) {
  const uint64_t numbers[] = {15, 26, 27, 38, 39, 1000, 1ull << 32, 1ull << 63, ~0ull};
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_caller, 0, 0);
  for (uint32_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct event event = next_event(endpoint);
    CHECK_EQ(kcall(SYS_REPLY_START, event.token, child_address(child_system_call), 0, numbers[i], 0,
                   0, 0),
             0);
    event = next_event(endpoint);
    CHECK_EQ(event.word[0], -ENOSYS);
    CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);
  }
}

// Every system call of a space with nothing but its endpoint, with all arguments ~0.
CASE(Exception, SystemCallsWithoutAuthority) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_caller, 0, 0);
  for (uint64_t number = 1; number < SYS_COUNT; number++) {
    struct event event = next_event(endpoint);
    CHECK_EQ(
        kcall(SYS_REPLY_START, event.token, child_address(child_system_call), 0, number, 0, 0, 0),
        0);
    event = next_event(endpoint);
    CHECK_EQ(token_kind(event.token), EVENT_CALL);
    int64_t error = (int64_t)event.word[0];
    // SYS_RESUME takes no arguments.
    CHECK_EQ(error == -EINVAL, number == SYS_RESUME);
    CHECK(error == -EBADF || error == -ESRCH || error == -ENOSYS || error == -EINVAL);
    CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);
  }
}
