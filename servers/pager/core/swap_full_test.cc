// Memory and swap areas that are full, or nearly: what waits, what goes, what must stay.
#include "servers/pager/core/swap_fixture.h"

namespace {

// A copy takes two frames: of the page that is read in, and its own. With swap full, nothing that
// came lately can go but the page read in; what can is a page that was wanted long ago.
TEST_F(SwapTest, WhatIsReadInToBeCopiedStaysUntilItIs) {
  uint64_t shared = Filled(2);
  struct space *child = machine_.Fork(space_, kChild);
  machine_.Write(child, shared + PAGE_SIZE, 1);  // it has a leaf of its own
  Filled(kSlots - 1);
  while (pager_->swap.free > 0) Evict(1);
  ASSERT_GE(Swapped(child), 1u);
  ASSERT_GE(pager_option(pager_, PAGER_POLICY, PAGER_POLICY_2Q), 0);
  uint32_t file = machine_.MakeFile(7, 1);
  machine_.Read(space_, machine_.MapFile(space_, file, 1, PROT_R, FakeMachine::kPrivate));
  struct object *object = static_cast<struct object *>(item_at(pager_, file));
  replacement_move(&pager_->replacement, LIST_SECOND, object_frame(pager_, object, 0));
  Filled(pager_->free.count - FRAMES_RESERVE - 20);
  std::vector<uint32_t> others;
  while (pager_->free.count > FRAMES_RESERVE + 1) others.push_back(frame_take(pager_));
  uint64_t page_ins = machine_.store.page_ins;
  machine_.Write(child, shared, 42);
  EXPECT_EQ(machine_.store.page_ins, page_ins + 1);
  EXPECT_EQ(object_frame(pager_, object, 0), FRAME_NONE) << "it made room";
  EXPECT_EQ(machine_.Read(child, shared), 42);
  for (uint32_t frame : others) frame_put(pager_, frame);
}

// A page of a file that has no data yet is written in two parts, and evicted while the second one
// is read from swap.
TEST_F(SwapTest, WhatAWriteHasBegunIsReadWhenItLeftMeanwhile) {
  uint64_t va = Filled(2);
  machine_.Write(space_, va + PAGE_SIZE - 1, 7);
  uint32_t page = (uint32_t)(va >> PAGE_SHIFT) + 1;
  uint32_t second = space_next(pager_, space_, &page, page + 1);
  evict_chosen(pager_, &second, 1);
  machine_.store.Drain();
  ASSERT_EQ(Swapped(space_), 1u);
  uint32_t file = machine_.MakeFile(7, 1);
  struct object *object = static_cast<struct object *>(item_at(pager_, file));
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_object_write(pager_, space_, token, file, 1, 0, va + PAGE_SIZE - 1, 2, 4712),
            PAGER_PARKED);
  ASSERT_NE(object_frame(pager_, object, 0), FRAME_NONE);
  machine_.store.Take();
  ASSERT_EQ(machine_.store.Waiting(), 1u);
  pager_object_flush(pager_, 0, machine_.kernel.NewToken(), 0, 0);
  machine_.store.Take();
  while (machine_.store.Waiting() > 1) machine_.store.Answer(1, 0);
  ASSERT_TRUE(evict_range(pager_, object_frame(pager_, object, 0), 1));
  ASSERT_EQ(object_frame(pager_, object, 0), FRAME_NONE);
  machine_.store.Answer(0, 0);
  EXPECT_EQ(machine_.Finish(PAGER_PARKED, token), 2);
  uint64_t shown = machine_.MapFile(space_, file, 1, PROT_R, FakeMachine::kPrivate);
  EXPECT_EQ(machine_.Read(space_, shown), 7);
  EXPECT_EQ(machine_.Read(space_, shown + 1), 1);
}

// What fork, spawn and exec wait for when they were refused.
TEST_F(SwapTest, CallsWaitForMemory) {
  token_t token = machine_.kernel.NewToken();
  EXPECT_EQ(pager_memory(pager_, space_, token), 0) << "it is there";
  EXPECT_TRUE(promise_end(pager_)) << "and set aside";
  uint32_t pages = pager_->free.count - FRAMES_RESERVE - 2;
  Filled(pages);
  ASSERT_LE(pager_->free.count, FRAMES_RESERVE + 32);
  token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_memory(pager_, space_, token), PAGER_PARKED);
  EXPECT_EQ(machine_.Finish(PAGER_PARKED, token), 0);
  EXPECT_TRUE(promise_end(pager_));
  EXPECT_GT(pager_->free.count, FRAMES_RESERVE + 32);
}

TEST_F(SwapTest, CallsDoNotWaitForMemoryThatNeverComes) {
  Filled(pager_->free.count - FRAMES_RESERVE - 2);
  for (uint32_t i = 0; i < kSlots && pager_->swap.free > 0; i++) Evict(1);
  ASSERT_EQ(pager_->swap.free, 0u);
  Filled(pager_->free.count - FRAMES_RESERVE - 2);
  EXPECT_EQ(pager_memory(pager_, space_, machine_.kernel.NewToken()), -ENOMEM);
  EXPECT_FALSE(pager_->evict.out_of_memory) << "nobody is ended for a call";
}

// Pages that come back and are changed do not keep the slots that others need.
TEST_F(SwapTest, MemoryAndSwapHoldAsManyPagesAsTheyHave) {
  constexpr uint32_t kForNodes = 64;
  for (uint64_t policy = 0; policy < PAGER_POLICY_COUNT; policy++) {
    ASSERT_GE(pager_option(pager_, PAGER_POLICY, policy), 0);
    uint32_t pages = pager_->free.count - FRAMES_RESERVE + kSlots - kForNodes;
    uint64_t va = machine_.MapAnonymous(space_, pages);
    for (uint32_t pass = 0; pass < 4; pass++) {
      for (uint32_t i = 0; i < pages; i++) {
        uint8_t before = pass > 0 ? (uint8_t)(i + pass - 1) : 0;
        ASSERT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), before) << "policy " << policy;
        // The last time most are only read.
        if (pass == 3 && i % 8) continue;
        machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)(i + pass));
        ASSERT_TRUE(machine_.ended.empty()) << "page " << i << ", pass " << pass;
      }
    }
    for (uint32_t i = 0; i < pages; i++) {
      ASSERT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), (uint8_t)(i + (i % 8 ? 2 : 3)));
    }
    ASSERT_TRUE(machine_.ended.empty());
    machine_.store.Drain();
    ASSERT_EQ(pager_unmap(pager_, space_, va, pages * PAGE_SIZE), 0);
  }
}

}  // namespace
