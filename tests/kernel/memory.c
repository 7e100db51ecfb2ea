// Mappings as programs on other harts see them, and frames that are one thing at a time.

#include <errno.h>

#include "tests/kernel/cases.h"
#include "tests/kernel/objects.h"

extern const char child_counts[], child_load[], child_caller[];

static volatile uint64_t *counter(uint32_t frame) { return (volatile uint64_t *)window(frame); }

static bool counts_on(uint32_t frame) {
  uint64_t before = *counter(frame), end = rdtime() + 60 * boot->timebase;
  while (*counter(frame) == before && rdtime() < end) pause(1);
  return *counter(frame) != before;
}

// After an unmap has returned, no store reaches the frame any more.
CASE(Memory, UnmapIsSeenByOtherHarts) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_counts, CHILD_DATA, 0);
  uint32_t frame = child.data;
  for (uint32_t i = 0; i < 50; i++) {
    CHECK(counts_on(frame));
    CHECK_EQ(kcall(SYS_UNMAP, child.space, CHILD_DATA, CHILD_DATA + PAGE_SIZE, 0, 0, 0, 0),
             CHILD_DATA + PAGE_SIZE);
    uint64_t before = *counter(frame);
    uint32_t other = i & 1 ? child.data : user_frame();
    struct event event = next_event(endpoint);
    CHECK_EQ(token_kind(event.token), EVENT_FAULT);
    CHECK_EQ(event.word[0], CHILD_DATA);
    CHECK_EQ(*counter(frame), before);
    CHECK_EQ(kcall(SYS_MAP_REPLY, event.token, (uint64_t)HANDLE_BOOT_RAM << 32,
                   CHILD_DATA | PROT_R | PROT_W, 1, other, 0, 0),
             0);
    frame = other;
  }
}

CASE(Memory, ProtectIsSeenByOtherHarts) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_counts, CHILD_DATA, 0);
  for (uint32_t i = 0; i < 50; i++) {
    CHECK(counts_on(child.data));
    CHECK_EQ(kcall(SYS_PROTECT, child.space, CHILD_DATA, CHILD_DATA + PAGE_SIZE, PROT_R, 0, 0, 0),
             CHILD_DATA + PAGE_SIZE);
    uint64_t before = *counter(child.data);
    struct event event = next_event(endpoint);
    CHECK_EQ(event.word[1], FAULT_WRITE | FAULT_PRESENT);
    CHECK_EQ(*counter(child.data), before);
    CHECK_EQ(kcall(SYS_MAP_REPLY, event.token, (uint64_t)HANDLE_BOOT_RAM << 32,
                   CHILD_DATA | PROT_R | PROT_W, 1, child.data, 0, 0),
             0);
  }
}

// A page is replaced under a running program: from then on it counts in the new frame alone.
CASE(Memory, ReplaceIsSeenByOtherHarts) {
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_counts, CHILD_DATA, 0);
  uint32_t frame = child.data;
  for (uint32_t i = 0; i < 50; i++) {
    CHECK(counts_on(frame));
    uint32_t next = user_frame();
    CHECK_EQ(map(child.space, CHILD_DATA | PROT_R | PROT_W, next), 0);
    uint64_t before = *counter(frame);
    CHECK(counts_on(next));
    CHECK_EQ(*counter(frame), before);
    frame = next;
  }
}

// Writes are noted on the board, again and again.
CASE(Memory, HarvestFindsEveryWrite) {
  volatile uint8_t *board = (volatile uint8_t *)BOOT_BOARD;
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  uint32_t index = child.data - boot->ram.first;
  start(&child, child_counts, CHILD_DATA, 0);
  for (uint32_t i = 0; i < 20; i++) {
    CHECK(counts_on(child.data));
    CHECK_EQ(kcall(SYS_HARVEST, child.space, CHILD_DATA, CHILD_DATA + PAGE_SIZE, 0, 0, 0, 0),
             CHILD_DATA + PAGE_SIZE);
    CHECK_EQ(board[index], 3);
    board[index] = 0;
  }
}

// The next space with the same identifier does not see the last one's pages.
CASE(Memory, IdentifiersAreReused) {
  handle_t endpoint = new_endpoint();
  for (uint64_t i = 1; i <= 300; i++) {
    struct child child = new_child(1, endpoint);
    *counter(child.data) = i;
    start(&child, child_load, CHILD_DATA, 0);
    struct event event = next_event(endpoint);
    CHECK_EQ(event.word[0], i);
    CHECK_EQ(destroy(child.thread), 0);
    CHECK_EQ(destroy(child.space), 0);
    if (i % 10 == 0) objects_end(), endpoint = new_endpoint();
  }
}

// A frame that is a kernel object or a table is not mapped, nor retyped, nor used twice.
CASE(Memory, ObjectsAreNeverMapped) {
  uint32_t first = object_frame();
  handle_t endpoint = new_endpoint();
  struct child child = new_child(1, endpoint);
  start(&child, child_caller, 0, 0);
  uint32_t end = object_frame();
  handle_t slot = new_slot();
  for (uint32_t frame = first; frame < end; frame++) {
    CHECK_EQ(map(child.space, CHILD_UNMAPPED | PROT_R | PROT_W, frame), -EACCES);
    CHECK_EQ(map(HANDLE_BOOT_SPACE, 0x70000000 | PROT_R, frame), -EACCES);
    CHECK_EQ(syscall3(SYS_THREAD_BUFFER, child.thread, HANDLE_BOOT_RAM, frame), -EINVAL);
    if (frame == first) continue;  // nobody's yet
    CHECK_EQ(kcall(SYS_CREATE, OBJECT_ENDPOINT, HANDLE_BOOT_RAM, frame, slot, 0, 0, 0), -EINVAL);
    CHECK_EQ(kcall(SYS_FUND, child.space, HANDLE_BOOT_RAM, frame, FUND_TABLE, 0, 0, 0), -EINVAL);
  }
  uint32_t block = first & ~(LARGE_FRAMES - 1);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_USER), -EINVAL);
  CHECK_EQ(next_event(endpoint).word[0], 0);  // and the child is well
}

CASE(Memory, MappedFramesAreNotRetyped) {
  uint32_t block = user_block();
  struct child child = new_child(1, new_endpoint());
  CHECK_EQ(map(child.space, CHILD_DATA | PROT_R, block + 17), 0);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT), -EINVAL);
  CHECK_EQ(kcall(SYS_UNMAP, child.space, CHILD_DATA, CHILD_DATA + PAGE_SIZE, 0, 0, 0, 0),
           CHILD_DATA + PAGE_SIZE);
  CHECK_EQ(syscall3(SYS_THREAD_BUFFER, child.thread, HANDLE_BOOT_RAM, block + 18), 0);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT), -EINVAL);
  CHECK_EQ(destroy(child.thread), 0);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT), 0);
  CHECK_EQ(syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_USER), 0);
}

CASE(Memory, TheKernelIsNeverMapped) {
  handle_t space = new_space(1);
  uint32_t end = boot->kernel.first + boot->kernel.count;
  for (uint32_t frame = boot->kernel.first; frame < boot->kernel.first + 512; frame++)
    CHECK_EQ(map(space, CHILD_DATA | PROT_R, frame), -EACCES);
  CHECK_EQ(map(space, CHILD_DATA | PROT_R, end - 1), -EACCES);
  CHECK_EQ(
      kcall(SYS_MAP, space, HANDLE_BOOT_DEVICES, CHILD_DATA | PROT_R, 1, boot->ram.first, 0, 0),
      -EACCES);
}

CASE(Memory, TablesComeBack) {
  handle_t space = new_space(1);
  uint32_t frame = user_frame();
  for (uint32_t round = 0; round < 200; round++) {
    for (uint64_t gigabyte = 0; gigabyte < 2; gigabyte++)
      CHECK_EQ(map(space, (gigabyte + round % 100) << 30 | PROT_R, frame), 0);
    CHECK_EQ(map(space, 200ull << 30 | PROT_R, frame), -ENOMEM);
    CHECK_EQ(kcall(SYS_UNMAP, space, 0, USER_END, 0, 0, 0, 0), USER_END);
  }
}
