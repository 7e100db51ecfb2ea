// System calls of the first process, which may do everything, with arguments that are wrong.

#include <errno.h>

#include "abi/stats.h"
#include "tests/kernel/cases.h"
#include "tests/kernel/objects.h"

static const uint64_t bad_handles[] = {0, 15, 127, 128, 8191, 1ull << 32, 1ull << 32 | 8, ~0ull};

// Calls that name an object with their first argument.
CASE(Error, FirstArgumentIsNoHandle) {
  const long numbers[] = {
      SYS_CALL,     SYS_WAIT,         SYS_NOTIFY,       SYS_MAP,           SYS_UNMAP,
      SYS_PROTECT,  SYS_HARVEST,      SYS_RETYPE,       SYS_DESTROY,       SYS_FUND,
      SYS_DROP,     SYS_THREAD_START, SYS_THREAD_CLONE, SYS_THREAD_BUFFER, SYS_THREAD_PRIORITY,
      SYS_IRQ_BIND, SYS_IRQ_ACK,      SYS_TIMER,        SYS_STAT,          SYS_PUTC,
      SYS_HALT};
  for (uint32_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    for (uint32_t j = 0; j < sizeof bad_handles / sizeof *bad_handles; j++)
      CHECK_EQ(kcall(numbers[i], bad_handles[j], 0, 0, 0, 0, 0, 0), -EBADF);
}

// The same with a handle of another kind.
CASE(Error, FirstArgumentIsOfAnotherKind) {
  const long not_frames[] = {SYS_CALL,     SYS_WAIT,         SYS_NOTIFY,       SYS_MAP,
                             SYS_UNMAP,    SYS_PROTECT,      SYS_HARVEST,      SYS_FUND,
                             SYS_TIMER,    SYS_THREAD_START, SYS_THREAD_CLONE, SYS_THREAD_BUFFER,
                             SYS_IRQ_BIND, SYS_IRQ_ACK,      SYS_STAT,         SYS_HALT};
  for (uint32_t i = 0; i < sizeof not_frames / sizeof *not_frames; i++)
    CHECK_EQ(kcall(not_frames[i], HANDLE_BOOT_RAM, 0, 0, 0, 0, 0, 0), -EBADF);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_SPACE, 0, 0), -EBADF);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_DEVICES, 0, 0), -EBADF);
}

CASE(Error, RightsAreMissing) {
  handle_t endpoint = new_endpoint(), space = new_space(1), thread = new_thread(space);
  handle_t none = new_copy(endpoint, 0, 0), call = new_copy(endpoint, RIGHT_CALL, 0),
           receive = new_copy(endpoint, RIGHT_RECEIVE, 0),
           weak_space = new_copy(space, RIGHT_COPY, 0),
           weak_thread = new_copy(thread, RIGHT_COPY, 0),
           kernel = new_copy(HANDLE_KERNEL, RIGHT_RECEIVE, 0);
  CHECK_EQ(kcall_notify(none), -EACCES);
  CHECK_EQ(kcall_notify(receive), -EACCES);
  CHECK_EQ(kcall_notify(call), -EACCES);
  CHECK_EQ(kcall_call(receive, 0, 0, 0, 0, 0, 0).status, -EACCES);
  CHECK_EQ(syscall3(SYS_WAIT, call, 0, 0), -EACCES);
  CHECK_EQ(syscall3(SYS_REPLY_WAIT, 0, call, 0), -EACCES);
  CHECK_EQ(kcall_timer(call, 0), -EACCES);
  CHECK_EQ(destroy(call), -EACCES);
  CHECK_EQ(syscall3(SYS_UNMAP, weak_space, 0, 0), -EACCES);
  CHECK_EQ(destroy(weak_space), -EACCES);
  CHECK_EQ(syscall3(SYS_THREAD_START, weak_thread, 0, 0), -EACCES);
  CHECK_EQ(syscall3(SYS_THREAD_PRIORITY, weak_thread, 0, 0), -EACCES);
  CHECK_EQ(syscall3(SYS_PUTC, kernel, 'x', 0), -EACCES);
  CHECK_EQ(syscall3(SYS_HALT, kernel, 0, 0), -EACCES);
  CHECK_EQ(kcall(SYS_COPY, 0, new_slot(), call, RIGHTS_ALL, 0, 0, 0), -EACCES);
}

CASE(Error, Map) {
  handle_t space = new_space(1);
  uint64_t frame = user_frame();
  const struct {
    uint64_t where, count, frame;
    int64_t error;
  } cases[] = {
      {USER_END, 1, frame, -EINVAL},
      {CHILD_DATA | PROT_R, 0, frame, -EINVAL},
      {CHILD_DATA | PROT_R | 32, 1, frame, -EINVAL},
      {CHILD_DATA | PROT_R | 0x800, 1, frame, -EINVAL},
      {CHILD_DATA | PROT_R | MAP_RUN, 1025, frame, -EINVAL},
      {CHILD_DATA | PROT_R | MAP_RUN, ~0ull, frame, -EINVAL},
      {CHILD_DATA | PROT_R, 1ull << 32 | 1, frame, -EINVAL},
      {USER_END | PROT_R, 1, frame, -EINVAL},
      {(USER_END - PAGE_SIZE) | PROT_R | MAP_RUN, 2, frame, -EINVAL},
      {0xfffffffffffff000 | PROT_R | MAP_RUN, 2, frame, -EINVAL},
      {0xffffffc080200000 | PROT_R, 1, frame, -EINVAL},
      {CHILD_DATA | PROT_R, 1, boot->ram.first + boot->ram.count, -EACCES},
      {CHILD_DATA | PROT_R, 1, 0, -EACCES},
      {CHILD_DATA | PROT_R | MAP_RUN, 2, boot->ram.first + boot->ram.count - 1, -EACCES},
      {CHILD_DATA | PROT_R | MAP_RUN, 2, 0xffffffff, -EACCES},
  };
  for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++)
    CHECK_EQ(kcall(SYS_MAP, space, HANDLE_BOOT_RAM, cases[i].where, cases[i].count, cases[i].frame,
                   0, 0),
             cases[i].error);
  // Nothing is mapped: the frame's block can change its type.
  uint32_t block = user_block();
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT), 0);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_USER), 0);
}

CASE(Error, Ranges) {
  handle_t space = new_space(1);
  const struct {
    uint64_t start, end;
  } cases[] = {
      {1, PAGE_SIZE},
      {0, 1},
      {PAGE_SIZE, 0},
      {0, USER_END + PAGE_SIZE},
      {USER_END, ~0ull - PAGE_MASK},
      {0xfffffffffffff000, 0},
      {0xffffffc000000000, 0xffffffc000001000},
  };
  for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    CHECK_EQ(syscall3(SYS_UNMAP, space, cases[i].start, cases[i].end), -EINVAL);
    CHECK_EQ(syscall3(SYS_HARVEST, space, cases[i].start, cases[i].end), -EINVAL);
    CHECK_EQ(syscall3(SYS_PROTECT, space, cases[i].start, cases[i].end), -EINVAL);
  }
  CHECK_EQ(kcall(SYS_PROTECT, space, 0, PAGE_SIZE, 8, 0, 0, 0), -EINVAL);
  CHECK_EQ(kcall(SYS_PROTECT, space, 0, PAGE_SIZE, ~0ull, 0, 0, 0), -EINVAL);
  CHECK_EQ(syscall3(SYS_UNMAP, space, 0, USER_END), USER_END);
}

CASE(Error, Create) {
  uint32_t object = object_frame(), user = user_frame();
  handle_t slot = new_slot(), taken = new_endpoint();
  const struct {
    uint64_t type, frames, frame, slot, argument;
    int64_t error;
  } cases[] = {
      {OBJECT_NONE, HANDLE_BOOT_RAM, object, slot, 0, -EINVAL},
      {OBJECT_FRAMES, HANDLE_BOOT_RAM, object, slot, 0, -EINVAL},
      {~0ull, HANDLE_BOOT_RAM, object, slot, 0, -EINVAL},
      {OBJECT_ENDPOINT, HANDLE_BOOT_SPACE, object, slot, 0, -EBADF},
      {OBJECT_ENDPOINT, HANDLE_BOOT_RAM, user, slot, 0, -EINVAL},
      {OBJECT_ENDPOINT, HANDLE_BOOT_RAM, boot->kernel.first, slot, 0, -EINVAL},
      {OBJECT_ENDPOINT, HANDLE_BOOT_RAM, ~0ull, slot, 0, -EACCES},
      {OBJECT_ENDPOINT, HANDLE_BOOT_RAM, object, 0, 0, -EBADF},
      {OBJECT_ENDPOINT, HANDLE_BOOT_RAM, object, 128, 0, -EBADF},
      {OBJECT_ENDPOINT, HANDLE_BOOT_RAM, object, taken, 0, -EEXIST},
      {OBJECT_SPACE, HANDLE_BOOT_RAM, object, slot, 1ull << 32, -EINVAL},
      {OBJECT_THREAD, HANDLE_BOOT_RAM, object, slot, taken, -EBADF},
      {OBJECT_THREAD, HANDLE_BOOT_RAM, object, slot, 0, -EBADF},
  };
  for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++)
    CHECK_EQ(kcall(SYS_CREATE, cases[i].type, cases[i].frames, cases[i].frame, cases[i].slot,
                   cases[i].argument, 0, 0),
             cases[i].error);
  CHECK_EQ(syscall3(SYS_DROP, slot, 0, 0), -EBADF);
}

CASE(Error, Numbers) {
  handle_t endpoint = new_endpoint(), thread = new_thread(new_space(1));
  CHECK_EQ(syscall3(SYS_STAT, HANDLE_KERNEL, STAT_COUNT, 0), -EINVAL);
  CHECK_EQ(syscall3(SYS_STAT, HANDLE_KERNEL, ~0ull, 0), -EINVAL);
  CHECK_EQ(syscall3(SYS_HALT, HANDLE_KERNEL, 256, 0), -EINVAL);
  CHECK_EQ(syscall3(SYS_THREAD_PRIORITY, thread, 4, 0), -EINVAL);
  CHECK_EQ(syscall3(SYS_IRQ_BIND, HANDLE_BOOT_IRQS, 0, endpoint), -EACCES);
  CHECK_EQ(syscall3(SYS_IRQ_BIND, HANDLE_BOOT_IRQS, 128, endpoint), -EACCES);
  CHECK_EQ(syscall3(SYS_IRQ_BIND, HANDLE_BOOT_IRQS, ~0ull, endpoint), -EACCES);
  CHECK_EQ(syscall3(SYS_IRQ_ACK, HANDLE_BOOT_IRQS, 0, 0), -EACCES);
  CHECK_EQ(kcall(SYS_COPY, 0, new_slot(), endpoint, RIGHTS_ALL, 0x10000, 0, 0), -EINVAL);
  CHECK_EQ(kcall(SYS_COPY, 0, new_slot(), HANDLE_BOOT_RAM, RIGHTS_ALL, 0, 0, 0), -EINVAL);
  CHECK_EQ(kcall(SYS_COPY, 0, new_slot(), HANDLE_BOOT_RAM, RIGHTS_ALL, ~0ull, 0, 0), -EINVAL);
  CHECK_EQ(kcall(SYS_COPY, 0, new_slot(), endpoint, RIGHTS_ALL, 0, COPY_MAX, 0), -EINVAL);
  CHECK_EQ(kcall(SYS_COPY, 0, new_slot(), endpoint, RIGHTS_ALL, 0, ~0ull, 0), -EINVAL);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, boot->kernel.first, RETYPE_OBJECT), -EINVAL);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, user_block() + 1, RETYPE_OBJECT), -EINVAL);
}
