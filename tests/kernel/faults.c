// Page faults: what the message says, and what an answer does.

#include <errno.h>

#include "tests/kernel/cases.h"
#include "tests/kernel/objects.h"

extern const char child_store[], child_load[], child_jump[], child_illegal[];

static struct event fault(struct child *child, handle_t endpoint, const char *label,
                          uint64_t address) {
  *child = new_child(6, endpoint);
  fund(child->space, 3);
  start(child, label, address, 0x5a);
  return next_event(endpoint);
}

static void expect(const char *label, uint64_t address, uint64_t access) {
  handle_t endpoint = new_endpoint();
  struct child child;
  struct event event = fault(&child, endpoint, label, address);
  CHECK_EQ(token_kind(event.token), EVENT_FAULT);
  CHECK_EQ(badge_origin(event.badge), 6);
  CHECK_EQ(event.word[0], address);
  CHECK_EQ(event.word[1], access);
  CHECK_EQ(event.word[2], access == FAULT_EXECUTE ? address : child_address(label));
  CHECK_EQ(event.word[3], 0);
}

CASE(Fault, Load) { expect(child_load, CHILD_UNMAPPED + 8, FAULT_READ); }
CASE(Fault, Store) { expect(child_store, CHILD_UNMAPPED + 9, FAULT_WRITE); }
CASE(Fault, Fetch) { expect(child_jump, CHILD_UNMAPPED, FAULT_EXECUTE); }
CASE(Fault, NullLoad) { expect(child_load, 0, FAULT_READ); }
CASE(Fault, NullStore) { expect(child_store, 0, FAULT_WRITE); }
CASE(Fault, NullFetch) { expect(child_jump, 0, FAULT_EXECUTE); }
CASE(Fault, KernelLoad) { expect(child_load, 0xffffffc080200000, FAULT_READ); }
CASE(Fault, KernelStore) { expect(child_store, 0xffffffc080200000, FAULT_WRITE); }
CASE(Fault, KernelFetch) { expect(child_jump, 0xffffffc080200000, FAULT_EXECUTE); }
CASE(Fault, EndLoad) { expect(child_load, USER_END, FAULT_READ); }
CASE(Fault, EndStore) { expect(child_store, USER_END, FAULT_WRITE); }
CASE(Fault, NonCanonicalLoad) { expect(child_load, 0x8000000000000, FAULT_READ); }
CASE(Fault, NonCanonicalStore) { expect(child_store, 1ull << 62, FAULT_WRITE); }
CASE(Fault, NonCanonicalFetch) { expect(child_jump, 0x8000000000000, FAULT_EXECUTE); }
CASE(Fault, LastByte) { expect(child_store, ~0ull, FAULT_WRITE); }

CASE(Fault, ProtectedPage) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(6, endpoint);
  CHECK_EQ(kcall(SYS_PROTECT, child.space, CHILD_DATA, CHILD_DATA + PAGE_SIZE, PROT_R, 0, 0, 0),
           CHILD_DATA + PAGE_SIZE);
  start(&child, child_store, CHILD_DATA, 0x5a);
  struct event event = next_event(endpoint);
  CHECK_EQ(event.word[1], FAULT_WRITE | FAULT_PRESENT);
  CHECK_EQ(event.word[3], child.data);
  // Read-only data cannot be executed.
  CHECK_EQ(kcall(SYS_REPLY_START, event.token, CHILD_DATA, 0, 0, 0, 0, 0), 0);
  event = next_event(endpoint);
  CHECK_EQ(event.word[1], FAULT_EXECUTE | FAULT_PRESENT);
}

CASE(Fault, AnsweredWithAMapping) {
  handle_t endpoint = new_endpoint();
  struct child child;
  struct event event = fault(&child, endpoint, child_store, CHILD_UNMAPPED + 3);
  uint32_t frame = user_frame();
  kcall_event(SYS_MAP_REPLY_WAIT, event.token, endpoint | (uint64_t)HANDLE_BOOT_RAM << 32,
              CHILD_UNMAPPED | PROT_R | PROT_W, 1, frame, 0, 0, &event);
  CHECK_EQ(token_kind(event.token), EVENT_CALL);
  CHECK_EQ(((const char *)window(frame))[3], 0x5a);
}

// Bits that no address has do not lead to a page that the thread has used.
CASE(Fault, NonCanonicalNextToAPage) {
  handle_t endpoint = new_endpoint();
  struct child child;
  struct event event = fault(&child, endpoint, child_store, CHILD_UNMAPPED);
  for (uint32_t bit = 39; bit < 64; bit++) {
    uint64_t address = CHILD_UNMAPPED | 1ull << bit;
    kcall_event(SYS_MAP_REPLY_WAIT, event.token, endpoint | (uint64_t)HANDLE_BOOT_RAM << 32,
                CHILD_UNMAPPED | PROT_R | PROT_W, 1, user_frame(), 0, 0, &event);
    CHECK_EQ(token_kind(event.token), EVENT_CALL);
    CHECK_EQ(kcall(SYS_REPLY_START, event.token, child_address(child_load), 0, address, 0, 0, 0),
             0);
    event = next_event(endpoint);
    CHECK_EQ(token_kind(event.token), EVENT_FAULT);
    CHECK_EQ(event.word[0], address);
    CHECK_EQ(event.word[1], FAULT_READ);
    CHECK_EQ(kcall(SYS_UNMAP, child.space, CHILD_UNMAPPED, CHILD_UNMAPPED + PAGE_SIZE, 0, 0, 0, 0),
             CHILD_UNMAPPED + PAGE_SIZE);
    CHECK_EQ(
        kcall(SYS_REPLY_START, event.token, child_address(child_store), 0, CHILD_UNMAPPED, 0, 0, 0),
        0);
    event = next_event(endpoint);
  }
}

// What a server does to answer a call that changes the rights of one page, in one call of its own.
CASE(Fault, CallAnsweredWithOtherRights) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(6, endpoint);
  uint64_t both = endpoint | (uint64_t)HANDLE_BOOT_RAM << 32;
  start(&child, child_store, CHILD_DATA, 0x5a);
  struct event event = next_event(endpoint);
  for (uint32_t round = 0; round < 3; round++) {
    const struct {
      uint64_t prot;
      const char *label;
      uint64_t access;
    } refused[] = {{PROT_R, child_store, FAULT_WRITE | FAULT_PRESENT}, {0, child_load, FAULT_READ}};
    for (uint32_t i = 0; i < 2; i++) {
      kcall_event(SYS_MAP_REPLY_WAIT, event.token, both, CHILD_DATA | refused[i].prot, 1,
                  child.data, 0, 0, &event);
      CHECK_EQ(event.word[0], 0);  // what it was answered
      CHECK_EQ(kcall(SYS_REPLY_START, event.token, child_address(refused[i].label), 0, CHILD_DATA,
                     0x5b, 0, 0),
               0);
      event = next_event(endpoint);
      CHECK_EQ(token_kind(event.token), EVENT_FAULT);
      CHECK_EQ(event.word[1], refused[i].access);
      kcall_event(SYS_MAP_REPLY_WAIT, event.token, both, CHILD_DATA | PROT_R | PROT_W, 1,
                  child.data, 0, 0, &event);
      CHECK_EQ(token_kind(event.token), EVENT_CALL);
    }
  }
}

#define CHILD_LARGE (CHILD_UNMAPPED & ~(LARGE_SIZE - 1))

CASE(Fault, AnsweredWithALargePage) {
  handle_t endpoint = new_endpoint();
  struct child child;
  uint64_t address = CHILD_LARGE + 300 * PAGE_SIZE + 5;
  struct event event = fault(&child, endpoint, child_store, address);
  uint32_t block = user_block();
  uint64_t both = endpoint | (uint64_t)HANDLE_BOOT_RAM << 32;
  kcall_event(SYS_MAP_REPLY_WAIT, event.token, both, CHILD_LARGE | PROT_R | PROT_W | MAP_LARGE,
              LARGE_FRAMES, block, 0, 0, &event);
  CHECK_EQ(token_kind(event.token), EVENT_CALL);
  CHECK_EQ(((const char *)window(block + 300))[5], 0x5a);
  // Read-only as a whole.
  CHECK_EQ(kcall(SYS_PROTECT, child.space, CHILD_LARGE, CHILD_LARGE + LARGE_SIZE, PROT_R, 0, 0, 0),
           CHILD_LARGE + LARGE_SIZE);
  CHECK_EQ(kcall(SYS_REPLY_START, event.token, child_address(child_store), 0, address, 1, 0, 0), 0);
  event = next_event(endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_FAULT);
  CHECK_EQ(event.word[1], FAULT_WRITE | FAULT_PRESENT);
  CHECK_EQ(event.word[3], block + 300);
  CHECK_EQ(kcall(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT, 0, 0, 0, 0), -EINVAL);
  // What concerns a part takes it away.
  CHECK_EQ(kcall(SYS_UNMAP, child.space, CHILD_LARGE, CHILD_LARGE + PAGE_SIZE, 0, 0, 0, 0),
           CHILD_LARGE + PAGE_SIZE);
  CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);
  event = next_event(endpoint);
  CHECK_EQ(event.word[1], FAULT_WRITE);
  kcall_event(SYS_MAP_REPLY_WAIT, event.token, both,
              (CHILD_LARGE + 300 * PAGE_SIZE) | PROT_R | PROT_W, 1, block + 300, 0, 0, &event);
  CHECK_EQ(token_kind(event.token), EVENT_CALL);
  CHECK_EQ(((const char *)window(block + 300))[5], 1);
}

CASE(Fault, AnsweredWithSixFrames) {
  handle_t endpoint = new_endpoint();
  struct child child;
  struct event event = fault(&child, endpoint, child_load, CHILD_UNMAPPED + 5 * PAGE_SIZE);
  uint64_t f[6];
  for (uint32_t i = 0; i < 6; i++) f[i] = user_frame();
  *(uint64_t *)window((uint32_t)f[5]) = 4711;
  CHECK_EQ(
      kcall(SYS_MAP_REPLY, event.token, (uint64_t)HANDLE_BOOT_RAM << 32, CHILD_UNMAPPED | PROT_R, 6,
            f[0] | f[1] << 32, f[2] | f[3] << 32, f[4] | f[5] << 32),
      0);
  event = next_event(endpoint);
  CHECK_EQ(event.word[0], 4711);
}

CASE(Fault, AnsweredFromTheCallBuffer) {
  handle_t endpoint = new_endpoint();
  struct child child;
  struct event event = fault(&child, endpoint, child_load, CHILD_UNMAPPED + 999 * PAGE_SIZE);
  uint32_t *buffer = (uint32_t *)BOOT_BUFFER;
  uint32_t frame = user_frame(), last = user_frame();
  for (uint32_t i = 0; i < 999; i++) buffer[i] = frame;
  buffer[999] = last;
  *(uint64_t *)window(last) = 4712;
  CHECK_EQ(kcall(SYS_MAP_REPLY, event.token, (uint64_t)HANDLE_BOOT_RAM << 32,
                 CHILD_UNMAPPED | PROT_R, 1000, 0, 0, 0),
           0);
  event = next_event(endpoint);
  CHECK_EQ(event.word[0], 4712);
}

CASE(Fault, RefusedMappingAnswersNobody) {
  handle_t endpoint = new_endpoint();
  struct child child;
  struct event event = fault(&child, endpoint, child_store, CHILD_UNMAPPED);
  uint64_t both = endpoint | (uint64_t)HANDLE_BOOT_RAM << 32;
  uint64_t where = CHILD_UNMAPPED | PROT_R | PROT_W;
  struct event refused;
  kcall_event(SYS_MAP_REPLY_WAIT, event.token, both, where, 1, boot->kernel.first, 0, 0, &refused);
  CHECK_EQ(refused.token, -EACCES);
  kcall_event(SYS_MAP_REPLY_WAIT, event.token, both, where, 0, user_frame(), 0, 0, &refused);
  CHECK_EQ(refused.token, -EINVAL);
  kcall_event(SYS_MAP_REPLY_WAIT, event.token, endpoint | 99ull << 32, where, 1, user_frame(), 0, 0,
              &refused);
  CHECK_EQ(refused.token, -EBADF);
  CHECK_EQ(kcall_reply(event.token, 0, 0, 0, 0, 0), 0);  // it waited all the time
  event = next_event(endpoint);
  CHECK_EQ(token_kind(event.token), EVENT_FAULT);
}

// A thread whose space has no pager stops, and can be ended.
CASE(Fault, WithoutAPager) {
  struct child child = new_child(6, new_endpoint());
  CHECK_EQ(kcall(SYS_UNMAP, child.space, 0, USER_END, 0, 0, 0, 0), USER_END);
  handle_t space = new_space(8);
  handle_t thread = new_thread(space);
  CHECK_EQ(kcall(SYS_THREAD_START, thread, CHILD_CODE, 0, 0, 0, 0, 0), 0);
  pause(5);
  CHECK_EQ(kcall(SYS_THREAD_START, thread, CHILD_CODE, 0, 0, 0, 0, 0), -EBUSY);
  CHECK_EQ(destroy(thread), 0);
  CHECK_EQ(destroy(space), 0);
}

// The same for its exceptions.
CASE(Fault, WithoutAnExceptionEndpoint) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(6, endpoint);
  CHECK_EQ(destroy(endpoint), 0);
  start(&child, child_illegal, 0, 0);
  pause(5);
  CHECK_EQ(destroy(child.thread), 0);
}
