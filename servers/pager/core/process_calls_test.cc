// Fork, exec, spawn and the end of a program: results, errors, and that errors change nothing.
#include <csignal>

#include "protocols/proc.h"
#include "protocols/signal.h"
#include "protocols/spawn.h"
#include "servers/pager/core/calls_fixture.h"

namespace {

// --- fork, kill ---------------------------------------------------------------------------------

TEST_F(CallsTest, ForkRefusesWhatMakesNoSense) {
  EXPECT_EQ(pager_fork(pager_, 77, kChild), -ESRCH);
  EXPECT_EQ(pager_fork(pager_, kBadge | 1 << SLOT_BITS, kChild), -ESRCH) << "another generation";
  EXPECT_EQ(pager_fork(pager_, kBadge, kBadge), -EAGAIN);
  EXPECT_EQ(pager_fork(pager_, kBadge, SLOT_FS), -EINVAL);
  EXPECT_EQ(pager_fork(pager_, kBadge, SLOTS_MAX), -EINVAL);
  struct pager_usage usage;
  EXPECT_EQ(pager_kill(pager_, kChild, &usage), -ESRCH);
}

TEST_F(CallsTest, MessagePageOfAChildIsItsOwnAndEmpty) {
  machine_.Write(space_, MESSAGE_PAGE, 5);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(machine_.Read(child, MESSAGE_PAGE), 0);
  machine_.Write(child, MESSAGE_PAGE, 6);
  EXPECT_EQ(machine_.Read(space_, MESSAGE_PAGE), 5);
  machine_.Kill(child);
  struct space *next = machine_.Start(kChild | 1 << SLOT_BITS);
  EXPECT_EQ(machine_.Read(next, MESSAGE_PAGE), 0) << "of the slot's next process, too";
}

TEST_F(CallsTest, MessagePageStaysWritableBetweenPagesThatForkProtects) {
  const uint64_t below = MESSAGE_PAGE - PAGE_SIZE, above = MESSAGE_PAGE + PAGE_SIZE;
  for (uint64_t va : {below, above}) {
    EXPECT_EQ(Map(va, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), (int64_t)va);
    machine_.Write(space_, va, 1);
  }
  machine_.Write(space_, MESSAGE_PAGE, 5);
  struct space *child = machine_.Fork(space_, kChild);
  machine_.Write(space_, MESSAGE_PAGE + 1, 6);
  EXPECT_EQ(machine_.Read(space_, MESSAGE_PAGE), 5);
  machine_.Write(child, MESSAGE_PAGE, 7);
  machine_.Write(space_, below, 2);
  EXPECT_EQ(machine_.Read(child, below), 1);
  EXPECT_EQ(machine_.Read(space_, MESSAGE_PAGE), 5);
}

TEST_F(CallsTest, ServersSeeMessagePages) {
  struct space *fs = machine_.Start(SLOT_FS);
  struct space *child = machine_.Start(kChild);
  machine_.Write(child, MESSAGE_PAGE + 3, 42);
  EXPECT_EQ(machine_.Read(fs, MESSAGE_WINDOW + kChild * PAGE_SIZE + 3), 42);
  EXPECT_EQ(machine_.Read(fs, MESSAGE_WINDOW + kBadge * PAGE_SIZE), 0);
}

TEST_F(CallsTest, EverythingComesBackWhenASpaceEnds) {
  uint32_t frames = machine_.FramesInUse(), items = machine_.ItemsInUse();
  uint32_t objects = pager_->objects.count;
  for (int round = 0; round < 3; round++) {
    struct space *child = machine_.Fork(space_, kChild + 1);
    uint64_t va = machine_.MapAnonymous(child, 300);
    for (int i = 0; i < 300; i++) machine_.Write(child, va + i * PAGE_SIZE, 1);
    struct space *grandchild = machine_.Fork(child, kChild + 2);
    machine_.Write(grandchild, va, 2);
    machine_.Kill(child);
    EXPECT_EQ(machine_.Read(grandchild, va + PAGE_SIZE), 1);
    machine_.Kill(grandchild);
  }
  // The message pages of two slots stay.
  EXPECT_EQ(machine_.FramesInUse(), frames + 2);
  EXPECT_EQ(machine_.ItemsInUse(), items);
  EXPECT_EQ(pager_->objects.count, objects);
}

TEST_F(CallsTest, ForkWithoutMemoryChangesNothing) {
  uint64_t va = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, va, 1);
  while (pager_->objects.count > 1) pager_take_object(pager_);
  std::vector<uint32_t> taken;
  while (uint32_t frame = frame_take(pager_)) taken.push_back(frame);
  EXPECT_EQ(pager_fork(pager_, kBadge, kChild), -ENOMEM);
  EXPECT_EQ(pager_space(pager_, kChild), nullptr);
  machine_.Write(space_, va, 2);
  for (uint32_t frame : taken) frame_put(pager_, frame);
}

// --- exec ---------------------------------------------------------------------------------------

class ExecTest : public CallsTest {
 protected:
  ExecTest() : file_(machine_.MakeFile(1, 8)), arguments_(machine_.MapAnonymous(space_, 2)) {
    machine_.Write(space_, arguments_ + PAGE_SIZE, 123);
    image_.entry = 0x10010;
    image_.arguments = arguments_;
    image_.arguments_bytes = 2 * PAGE_SIZE;
    image_.stack_pointer = STACK_TOP - PAGE_SIZE;
    image_.segments = 2;
    image_.segment[0] = {0x10000, 2 * PAGE_SIZE, 0, 2 * PAGE_SIZE, PROT_R | PROT_X};
    image_.segment[1] = {0x12100, 3 * PAGE_SIZE, 2 * PAGE_SIZE + 0x100, 0x200, PROT_R | PROT_W};
  }

  int64_t Exec(uint32_t file) {
    std::memcpy(pager_message(pager_, space_), &image_, sizeof(image_));
    return pager_exec(pager_, space_, token_, file);
  }

  uint32_t file_;
  uint64_t arguments_;
  token_t token_ = 1000;
  struct exec_image image_ = {};
};

TEST_F(ExecTest, ReplacesTheProgram) {
  uint64_t old = machine_.MapAnonymous(space_, 3);
  machine_.Write(space_, old, 1);
  ASSERT_EQ(Exec(file_), PAGER_PARKED);
  Answer answer;
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token_, &answer));
  EXPECT_EQ(answer.kind, Answer::kStart);
  EXPECT_EQ(answer.address, image_.entry);
  EXPECT_EQ(answer.sp, image_.stack_pointer);
  const std::vector<uint8_t> &bytes = machine_.store.file(1).bytes;
  EXPECT_EQ(machine_.Signal(space_, old, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Read(space_, 0x10010), bytes[0x10]);
  EXPECT_EQ(machine_.Signal(space_, 0x10010, FAULT_WRITE), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Read(space_, 0x12100), bytes[0x2100]);
  EXPECT_EQ(machine_.Read(space_, 0x122ff), bytes[0x22ff]);
  EXPECT_EQ(machine_.Read(space_, 0x12300), 0) << "behind the data of the file";
  EXPECT_EQ(machine_.Read(space_, 0x14000), 0);
  EXPECT_EQ(machine_.Signal(space_, 0x16000, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Read(space_, STACK_TOP - PAGE_SIZE), 123) << "arguments moved";
  EXPECT_EQ(pager_break(pager_, space_, 0), 0x16000);
  machine_.Write(space_, STACK_TOP - 20 * PAGE_SIZE, 1);
}

TEST_F(ExecTest, ThePeakOfTheProcessStays) {
  uint64_t old = machine_.MapAnonymous(space_, 30);
  for (int i = 0; i < 30; i++) machine_.Write(space_, old + i * PAGE_SIZE, 1);
  const auto counts = [this] {
    EXPECT_EQ(pager_space_counts(pager_, space_, 0), 0);
    struct pager_space_counts all;
    std::memcpy(&all, pager_message(pager_, space_), sizeof(all));
    return all;
  };
  const struct pager_space_counts before = counts();
  EXPECT_GE(before.resident_peak, 30u);
  ASSERT_EQ(Exec(file_), PAGER_PARKED);
  machine_.kernel.Check();
  const struct pager_space_counts after = counts();
  EXPECT_EQ(after.resident_peak, after.resident);
  EXPECT_EQ(after.virtual_peak, after.virtual_pages);
  EXPECT_EQ(after.faults, 0u);
  EXPECT_EQ(after.usage.peak, before.resident_peak);
  EXPECT_EQ(after.usage.faults, 0u);
}

TEST_F(ExecTest, RefusesBadImagesAndChangesNothing) {
  const struct exec_image good = image_;
  auto refused = [&](const char *what) {
    EXPECT_EQ(Exec(file_), -EINVAL) << what;
    image_ = good;
  };
  image_.segments = 0;
  refused("no segments");
  image_.segments = EXEC_SEGMENTS_MAX + 1;
  refused("too many segments");
  image_.entry = 0x12100;
  refused("entry is not executable");
  image_.entry = 0x10011;
  refused("entry is odd");
  image_.segment[1].address = 0x11100;
  refused("segments overlap");
  image_.segment[1].file_offset++;
  refused("offset does not match the address");
  image_.segment[1].file_bytes = 4 * PAGE_SIZE;
  refused("more file than memory");
  image_.segment[1].memory_bytes = ~0ull;
  refused("segment wraps");
  image_.segment[1].prot = 9;
  refused("unknown rights");
  image_.arguments = 0x5000;
  refused("arguments are not mapped");
  image_.arguments++;
  refused("arguments are not aligned");
  image_.arguments_bytes = STACK_MAX;
  refused("arguments are too long");
  image_.arguments_bytes = 0;
  refused("no arguments");
  image_.stack_pointer += 8;
  refused("stack pointer is not aligned");
  image_.stack_pointer = STACK_TOP - 3 * PAGE_SIZE;
  refused("stack pointer is outside of the arguments");
  EXPECT_EQ(Exec(0), -EINVAL);
  EXPECT_EQ(Exec(file_ + 16), -EINVAL);
  EXPECT_EQ(machine_.Read(space_, arguments_ + PAGE_SIZE), 123);
}

TEST_F(ExecTest, AfterForkTheParentKeepsItsMemory) {
  struct space *parent = space_;
  space_ = machine_.Fork(parent, kChild);
  ASSERT_EQ(Exec(file_), PAGER_PARKED);
  EXPECT_EQ(machine_.Read(parent, arguments_ + PAGE_SIZE), 123);
  machine_.Write(space_, STACK_TOP - PAGE_SIZE, 7);
  EXPECT_EQ(machine_.Read(parent, arguments_ + PAGE_SIZE), 123);
}

TEST_F(ExecTest, UnmapsAroundTheMessagePage) {
  uint64_t last = USER_END - PAGE_SIZE;
  ASSERT_EQ(pager_map(pager_, space_, last, PAGE_SIZE, 3, PAGER_PRIVATE | PAGER_FIXED),
            (int64_t)last);
  ASSERT_EQ(pager_map(pager_, space_, MESSAGE_PAGE - PAGE_SIZE, PAGE_SIZE, 3,
                      PAGER_PRIVATE | PAGER_FIXED),
            (int64_t)(MESSAGE_PAGE - PAGE_SIZE));
  machine_.Write(space_, last, 1);
  machine_.Write(space_, MESSAGE_PAGE - PAGE_SIZE, 1);
  ASSERT_EQ(Exec(file_), PAGER_PARKED);
  uint32_t page = (uint32_t)(MESSAGE_PAGE >> PAGE_SHIFT);
  EXPECT_NE(machine_.kernel.Find(kBadge, page), nullptr);
  EXPECT_EQ(machine_.kernel.Find(kBadge, page - 1), nullptr);
  EXPECT_EQ(machine_.kernel.Find(kBadge, page + 1), nullptr);
}

TEST_F(ExecTest, ArgumentsInTheMessagePageAreCopied) {
  image_.arguments = MESSAGE_PAGE + EXEC_INLINE;
  image_.arguments_bytes = EXEC_INLINE_BYTES;
  image_.stack_pointer = STACK_TOP - EXEC_INLINE_BYTES;
  auto *page = static_cast<uint8_t *>(pager_message(pager_, space_));
  for (uint32_t i = 0; i < EXEC_INLINE_BYTES; i++) page[EXEC_INLINE + i] = (uint8_t)(i * 7 + 1);
  ASSERT_EQ(Exec(file_), PAGER_PARKED);
  for (uint32_t i = 0; i < EXEC_INLINE_BYTES; i++) {
    ASSERT_EQ(machine_.Read(space_, STACK_TOP - EXEC_INLINE_BYTES + i), (uint8_t)(i * 7 + 1));
  }
  EXPECT_EQ(machine_.Read(space_, STACK_TOP - PAGE_SIZE), 0);
}

TEST_F(ExecTest, RefusesBadBlocksInTheMessagePage) {
  image_.stack_pointer = STACK_TOP;
  image_.arguments = MESSAGE_PAGE + EXEC_INLINE;
  for (uint64_t bytes : {0ull, 8ull, 17ull, EXEC_INLINE_BYTES + 16ull, PAGE_SIZE + 0ull, ~15ull}) {
    image_.arguments_bytes = bytes;
    EXPECT_EQ(Exec(file_), -EINVAL) << bytes;
  }
  image_.arguments_bytes = 64;
  image_.stack_pointer = STACK_TOP - 80;
  EXPECT_EQ(Exec(file_), -EINVAL);
  image_.stack_pointer = STACK_TOP - 64;
  image_.arguments += 16;
  EXPECT_EQ(Exec(file_), -EINVAL);
  image_.arguments = MESSAGE_PAGE;
  image_.arguments_bytes = PAGE_SIZE;
  EXPECT_EQ(Exec(file_), -EINVAL) << "servers see it";
}

// --- spawn --------------------------------------------------------------------------------------

class SpawnTest : public ExecTest {
 protected:
  int64_t Spawn(uint32_t file) {
    std::memcpy(pager_message(pager_, space_), &image_, sizeof(image_));
    return pager_spawn(pager_, kBadge, kChild, file);
  }
};

TEST_F(SpawnTest, MakesANewProgramAndLeavesTheParentAlone) {
  uint64_t old = machine_.MapAnonymous(space_, 3);
  machine_.Write(space_, old, 1);
  uint64_t faults = pager_->counts.faults, copied = pager_->counts.pages_copied;
  ASSERT_EQ(Spawn(file_), 0);
  struct space *child = pager_space(pager_, kChild);
  ASSERT_NE(child, nullptr);
  machine_.Write(space_, old, 2);
  EXPECT_EQ(pager_->counts.faults, faults) << "still writable, no page shared";
  EXPECT_EQ(pager_->counts.pages_copied, copied);
  EXPECT_EQ(machine_.Signal(space_, arguments_, FAULT_READ), (uint32_t)SIGSEGV) << "moved";
  EXPECT_EQ(machine_.Read(child, STACK_TOP - PAGE_SIZE), 123);
  EXPECT_EQ(machine_.Read(child, 0x10010), machine_.store.file(1).bytes[0x10]);
  EXPECT_EQ(machine_.Signal(child, old, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(pager_break(pager_, child, 0), 0x16000);
  machine_.Kill(child);
}

TEST_F(SpawnTest, ChildHasTheSignalsOfTheRequest) {
  spawn_request request = {};
  request.mask = 5;
  request.ignored = 6;
  std::memcpy(static_cast<char *>(pager_message(pager_, space_)) + SPAWN_REQUEST, &request,
              sizeof(request));
  signal_page_in(pager_message(pager_, space_))->handled = 7;
  ASSERT_EQ(Spawn(file_), 0);
  struct signal_page *signals = signal_page_in(pager_message(pager_, pager_space(pager_, kChild)));
  EXPECT_EQ(signals->mask, 5u);
  EXPECT_EQ(signals->ignored, 6u);
  EXPECT_EQ(signals->handled, 0u);
  EXPECT_EQ(signals->pending, 0u);
}

TEST_F(SpawnTest, FromTheMessagePageTakesNothing) {
  image_.arguments = MESSAGE_PAGE + EXEC_INLINE;
  image_.arguments_bytes = 64;
  image_.stack_pointer = STACK_TOP - 64;
  ASSERT_EQ(Spawn(file_), 0);
  EXPECT_EQ(machine_.Read(space_, arguments_ + PAGE_SIZE), 123);
  EXPECT_EQ(Spawn(file_), -EAGAIN) << "the slot is in use";
}

TEST_F(SpawnTest, RefusalsChangeNothing) {
  EXPECT_EQ(Spawn(0), -EINVAL);
  EXPECT_EQ(Spawn(file_ + 16), -EINVAL);
  EXPECT_EQ(pager_spawn(pager_, kChild, kBadge, file_), -ESRCH);
  EXPECT_EQ(pager_spawn(pager_, kBadge, SLOT_FS, file_), -EINVAL);
  image_.entry = 1;
  EXPECT_EQ(Spawn(file_), -EINVAL);
  EXPECT_EQ(pager_space(pager_, kChild), nullptr);
  EXPECT_EQ(machine_.Read(space_, arguments_ + PAGE_SIZE), 123);
}

TEST_F(SpawnTest, WithoutMemoryThereIsNoChild) {
  std::vector<uint32_t> taken;
  for (uint32_t frame; (frame = frame_take(pager_)) != FRAME_NONE;) taken.push_back(frame);
  int64_t status = -ENOMEM;
  size_t tries = 0;
  while ((status = Spawn(file_)) == -ENOMEM && !taken.empty()) {
    ASSERT_EQ(pager_space(pager_, kChild), nullptr);
    ASSERT_EQ(machine_.Read(space_, arguments_ + PAGE_SIZE), 123);
    frame_put(pager_, taken.back());
    taken.pop_back();
    tries++;
  }
  EXPECT_EQ(status, 0);
  EXPECT_GT(tries, 0u);
  for (uint32_t frame : taken) frame_put(pager_, frame);
}

TEST_F(SpawnTest, LeavesNoPageBehind) {
  ASSERT_EQ(Spawn(file_), 0);
  machine_.Read(pager_space(pager_, kChild), 0x10010);
  machine_.Kill(pager_space(pager_, kChild));
  arguments_ = machine_.MapAnonymous(space_, 2);
  image_.arguments = arguments_;
  uint32_t free = pager_->free.count;
  for (int i = 0; i < 50; i++) {
    ASSERT_EQ(Spawn(file_), 0);
    machine_.Read(pager_space(pager_, kChild), 0x12100);
    machine_.Kill(pager_space(pager_, kChild));
    image_.arguments = machine_.MapAnonymous(space_, 2);
  }
  EXPECT_GE(pager_->free.count + 4, free);
}

}  // namespace
