// Pages that a program has freed (MADV_FREE): there until memory is wanted, unless they are
// written.
#include "servers/pager/core/swap_fixture.h"

namespace {

TEST_F(SwapTest, FreedPagesAreThereUntilTheirFramesAreWanted) {
  uint64_t va = Filled(4);
  uint32_t free = pager_->free.count;
  EXPECT_EQ(Advise(va, 4, ADVICE_FREE), 0);
  EXPECT_EQ(pager_->free.count, free);
  for (uint32_t i = 0; i < 4; i++) EXPECT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), i);
  machine_.Write(space_, va + PAGE_SIZE, 50);
  Evict(4);
  EXPECT_EQ(machine_.store.page_outs, 1u) << "only what was written again is worth a slot";
  EXPECT_EQ(Swapped(space_), 1u);
  for (uint32_t i : {0, 2, 3}) EXPECT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Read(space_, va + PAGE_SIZE), 50);
}

// As on Linux, what is populated for writing is as if it were written; reading is not enough.
TEST_F(SwapTest, FreedPagesThatArePopulatedForWritingStay) {
  uint64_t va = Filled(3);
  EXPECT_EQ(Advise(va, 3, ADVICE_FREE), 0);
  EXPECT_EQ(Advise(va, 1, ADVICE_POPULATE_WRITE), (int64_t)PAGE_SIZE);
  EXPECT_EQ(Advise(va + PAGE_SIZE, 1, ADVICE_POPULATE_READ), (int64_t)PAGE_SIZE);
  EXPECT_EQ(pager_lock(pager_, space_, va + 2 * PAGE_SIZE, PAGE_SIZE, 0), 0);
  EXPECT_EQ(Advise(va + 2 * PAGE_SIZE, 1, ADVICE_POPULATE_LOCKED), (int64_t)PAGE_SIZE);
  EXPECT_EQ(pager_unlock(pager_, space_, va + 2 * PAGE_SIZE, PAGE_SIZE, 0), 0);
  *machine_.kernel.memory(machine_.kernel.Find(kBadge, (uint32_t)(va >> PAGE_SHIFT))->frame) = 7;
  Evict(3);
  EXPECT_EQ(machine_.Read(space_, va), 7);
  EXPECT_EQ(machine_.Read(space_, va + PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Read(space_, va + 2 * PAGE_SIZE), 2);
}

// PAGER_DIRTY takes the bit that says that a page must be kept.
TEST_F(SwapTest, FreedPagesThatWereWrittenStayWhenThatIsTold) {
  uint64_t va = Filled(2);
  const auto *told = static_cast<const uint8_t *>(pager_message(pager_, space_));
  EXPECT_EQ(Advise(va, 2, ADVICE_FREE), 0);
  EXPECT_EQ(pager_dirty(pager_, space_, va, 2 * PAGE_SIZE), 2);
  EXPECT_TRUE(told[0] && told[1]) << "before they were freed";
  machine_.Write(space_, va, 70);
  EXPECT_EQ(pager_dirty(pager_, space_, va, 2 * PAGE_SIZE), 2);
  EXPECT_TRUE(told[0] && !told[1]);
  Evict(2);
  EXPECT_EQ(machine_.Read(space_, va), 70);
  EXPECT_EQ(machine_.Read(space_, va + PAGE_SIZE), 0);
}

TEST_F(SwapTest, FreedPagesGoBeforeOthers) {
  uint64_t va = Filled(32);
  EXPECT_EQ(Advise(va + 20 * PAGE_SIZE, 8, ADVICE_FREE), 0);
  Evict(8);
  EXPECT_EQ(machine_.store.page_outs, 0u);
  EXPECT_EQ(Swapped(space_), 0u);
  for (uint32_t i = 0; i < 20; i++) EXPECT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), i);
  for (uint32_t i = 20; i < 28; i++) EXPECT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), 0);
}

TEST_F(SwapTest, FreedPagesInSwapGoAtOnce) {
  uint64_t va = Filled(4);
  Evict(2);
  EXPECT_EQ(machine_.Read(space_, va), 0);
  EXPECT_EQ(pager_->swap.area[0].used, 2u);
  EXPECT_EQ(Advise(va, 4, ADVICE_FREE), 0);
  EXPECT_EQ(pager_->swap.area[0].used, 0u) << "of pages in memory, too, and of those that are not";
  EXPECT_EQ(machine_.Read(space_, va + PAGE_SIZE), 0);
  EXPECT_EQ(machine_.store.page_ins, 1u);
}

// What a fork shares is given up by the one who frees it, and kept by the other.
TEST_F(SwapTest, FreedPagesOfOthersStay) {
  uint64_t va = Filled(2);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(Advise(va, 2, ADVICE_FREE), 0);
  EXPECT_EQ(machine_.Read(space_, va + PAGE_SIZE), 0);
  Evict(2);
  EXPECT_EQ(machine_.Read(child, va + PAGE_SIZE), 1);
  // Freed first, they may go from all who get them.
  uint64_t lazy = Filled(2);
  EXPECT_EQ(Advise(lazy, 2, ADVICE_FREE), 0);
  struct space *second = machine_.Fork(space_, kChild + 1);
  machine_.Write(second, lazy, 60);
  Evict(2);
  EXPECT_EQ(machine_.Read(second, lazy), 60);
  EXPECT_EQ(machine_.Read(second, lazy + PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Read(space_, lazy + PAGE_SIZE), 0);
}

}  // namespace
