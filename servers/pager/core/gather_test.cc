// Blocks for the kernel's objects where memory is full: pages move, and are what they were.
#include "servers/pager/core/fake_machine.h"

namespace {

constexpr uint32_t kBadge = 8;
constexpr uint32_t kChild = 9;
constexpr uint64_t kSwap = 77;
constexpr uint64_t kFile = 5;
constexpr uint32_t kSlots = 4096;

class GatherTest : public testing::Test {
 protected:
  GatherTest() : space_(machine_.Start(kBadge)), pager_(machine_.pager) { machine_.OnePage(); }
  ~GatherTest() override { machine_.kernel.Check(); }

  void AddSwap(uint32_t slots = kSlots) {
    machine_.store.Make(kSwap, slots, 0);
    ASSERT_EQ(pager_swap_add(pager_, kSwap, slots, 0), 1);
  }

  static uint8_t Value(uint32_t page) { return (uint8_t)(page * 7 + page / 256); }

  uint64_t Filled(uint32_t pages, uint32_t flags = FakeMachine::kPrivate) {
    uint64_t va = machine_.MapAnonymous(space_, pages, FakeMachine::kReadWrite, flags);
    for (uint32_t i = 0; i < pages; i++) machine_.Write(space_, va + i * PAGE_SIZE, Value(i));
    return va;
  }

  void ExpectFilled(struct space *space, uint64_t va, uint32_t pages) {
    for (uint32_t i = 0; i < pages; i++) {
      ASSERT_EQ(machine_.Read(space, va + i * PAGE_SIZE), Value(i)) << "page " << i;
    }
  }

  // Fills all memory but `left` frames.
  uint64_t Full(uint32_t *pages, uint32_t left = 2) {
    *pages = pager_->free.count - FRAMES_RESERVE - left - pager_->free.count / NODE_WAYS;
    return Filled(*pages);
  }

  // As if processes had them all. => no block is free
  void TakeAllObjects() {
    while (pager_take_object(pager_) != FRAME_NONE) {
    }
    EXPECT_EQ(pager_->objects.count, 0u);
  }

  int64_t WaitForMemory() {
    token_t token = machine_.kernel.NewToken();
    return machine_.Finish(pager_memory(pager_, space_, token), token);
  }

  FakeMachine machine_{16384};  // blocks enough that some have no frame of the pager's own
  struct space *space_;
  struct pager *pager_;
};

TEST_F(GatherTest, ACallGetsABlockOfFullMemory) {
  AddSwap();
  uint32_t pages;
  uint64_t va = Full(&pages);
  TakeAllObjects();
  EXPECT_EQ(pager_fork(pager_, kBadge, kChild), -ENOMEM);
  EXPECT_EQ(WaitForMemory(), 0);
  EXPECT_EQ(pager_->objects.count, LARGE_FRAMES);
  EXPECT_EQ(pager_->gather.held, 0u);
  struct space *child = machine_.Fork(space_, kChild);
  ExpectFilled(child, va, pages);
  ExpectFilled(space_, va, pages);
}

TEST_F(GatherTest, AFaultThatLacksATableWaits) {
  AddSwap();
  uint64_t far = machine_.MapAnonymous(space_, 1);
  uint64_t at = (uint64_t)3 << 30;
  ASSERT_EQ(pager_map(pager_, space_, at, PAGE_SIZE, FakeMachine::kReadWrite,
                      FakeMachine::kPrivate | PAGER_FIXED),
            (int64_t)at);
  uint32_t pages;
  uint64_t va = Full(&pages);
  TakeAllObjects();
  machine_.Write(space_, at, 42);
  machine_.Write(space_, far, 43);
  EXPECT_GT(pager_->objects.count, 0u);
  EXPECT_EQ(machine_.Read(space_, at), 42);
  ExpectFilled(space_, va, pages);
}

TEST_F(GatherTest, PagesOfSeveralSpacesStayShared) {
  AddSwap();
  uint64_t va = Filled(200);
  struct space *child = machine_.Fork(space_, kChild);
  uint32_t pages;
  Full(&pages);
  TakeAllObjects();
  uint64_t copied = machine_.counts->pages_copied;
  EXPECT_EQ(WaitForMemory(), 0);
  ExpectFilled(child, va, 200);
  ExpectFilled(space_, va, 200);
  EXPECT_EQ(machine_.counts->pages_copied, copied) << "nobody has written";
  machine_.Write(child, va, 99);
  EXPECT_EQ(machine_.Read(space_, va), Value(0));
  EXPECT_EQ(machine_.counts->pages_copied, copied + 1);
}

TEST_F(GatherTest, SharedMemoryAndDirtyPagesOfFilesMove) {
  AddSwap();
  uint64_t va = Filled(100, FakeMachine::kShared);
  uint32_t object = machine_.MakeFile(kFile, 100);
  uint64_t file =
      machine_.MapFile(space_, object, 100, FakeMachine::kReadWrite, FakeMachine::kShared);
  for (uint32_t i = 0; i < 100; i++) machine_.Write(space_, file + i * PAGE_SIZE, Value(i));
  uint32_t pages;
  Full(&pages);
  TakeAllObjects();
  EXPECT_EQ(WaitForMemory(), 0);
  ExpectFilled(space_, va, 100);
  ExpectFilled(space_, file, 100);
  EXPECT_EQ(machine_.Sync(space_, file, 100 * PAGE_SIZE), 0);
}

// Without swap nothing can make room for a whole block.
TEST_F(GatherTest, WhatCannotBeHadIsRefused) {
  uint32_t pages;
  uint64_t va = Full(&pages);
  TakeAllObjects();
  uint32_t free = pager_->free.count, reserved = pager_->frames_reserved;
  EXPECT_EQ(pager_fork(pager_, kBadge, kChild), -ENOMEM);
  EXPECT_EQ(WaitForMemory(), -ENOMEM);
  EXPECT_EQ(pager_->free.count, free) << "what was held is free again";
  EXPECT_EQ(pager_->frames_reserved, reserved);
  ExpectFilled(space_, va, pages);
}

TEST_F(GatherTest, WhatIsHeldIsGivenBackWhenWhoWaitsEnds) {
  AddSwap();
  struct space *child = machine_.Fork(space_, kChild);
  uint32_t pages;
  uint64_t va = Full(&pages);
  TakeAllObjects();
  EXPECT_EQ(pager_fork(pager_, kBadge, kChild + 1), -ENOMEM);
  uint32_t reserved = pager_->frames_reserved;
  ASSERT_EQ(pager_memory(pager_, child, machine_.kernel.NewToken()), PAGER_PARKED);
  EXPECT_GT(pager_->gather.first, FRAME_NONE);
  machine_.Kill(child);
  EXPECT_EQ(pager_->gather.first, FRAME_NONE);
  EXPECT_EQ(pager_->frames_reserved, reserved);
  machine_.store.Drain();
  ExpectFilled(space_, va, pages);
}

}  // namespace
