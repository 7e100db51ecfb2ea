// What the counts say is in use: nothing twice, nothing that cannot come back.
#include "servers/pager/core/swap_fixture.h"

namespace {

constexpr uint32_t kPages = 32;

class CountsTest : public SwapTest {
 protected:
  struct pager_counts Counts() {
    EXPECT_EQ(pager_counts(pager_, space_), 0);
    struct pager_counts counts;
    std::memcpy(&counts, pager_message(pager_, space_), sizeof(counts));
    return counts;
  }

  // Pages of private and shared memory, wherever they are.
  uint64_t Pages() {
    EXPECT_GE(pager_option(pager_, PAGER_DROP_CACHES, 1), 0);
    struct pager_counts counts = Counts();
    return counts.frames_anonymous + counts.swap_used;
  }
};

TEST_F(CountsTest, PagesCountOnceInMemoryInSwapOrInBoth) {
  uint64_t before = Pages();
  for (uint32_t flags : {FakeMachine::kPrivate, FakeMachine::kShared}) {
    uint64_t va = Filled(kPages, flags);
    EXPECT_EQ(Pages(), before + kPages);
    Evict(kPages / 2);
    EXPECT_GE(Counts().swap_used, kPages / 2);
    EXPECT_EQ(Pages(), before + kPages);
    for (uint32_t i = 0; i < kPages / 4; i++) {
      EXPECT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), (int)i);
    }
    EXPECT_EQ(Pages(), before + kPages);
    EXPECT_EQ(pager_unmap(pager_, space_, va, kPages * PAGE_SIZE), 0);
    EXPECT_EQ(Pages(), before);
    EXPECT_EQ(Counts().swap_used, 0u);
  }
}

// The page is no longer what its slot has, so it must be written when it goes again.
TEST_F(CountsTest, DropCachesGivesUpSlotsOfPagesInMemory) {
  uint64_t va = Filled(kPages);
  Evict(kPages);
  EXPECT_EQ(machine_.Read(space_, va + PAGE_SIZE), 1);
  EXPECT_EQ(Counts().swap_used, kPages);
  EXPECT_GE(pager_option(pager_, PAGER_DROP_CACHES, 1), 0);
  EXPECT_EQ(Counts().swap_used, kPages - 1);
  machine_.kernel.Check();
  uint64_t written = machine_.store.page_outs;
  Evict(1);
  EXPECT_EQ(machine_.store.page_outs, written + 1);
  for (uint32_t i = 0; i < kPages; i++) {
    EXPECT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), (int)i);
  }
}

// Pages that are being written, or read, are counted as soon as that is done.
TEST_F(CountsTest, DropCachesLeavesRequestsAlone) {
  uint64_t before = Pages();
  Filled(kPages);
  machine_.BeginToEvict(kPages);
  evict_set_limits(pager_);
  EXPECT_GT(pager_->swap.writing, 0u);
  Pages();
  machine_.kernel.Check();
  machine_.store.Drain();
  EXPECT_EQ(Pages(), before + kPages);
}

TEST_F(CountsTest, SlotsThatCannotBeWrittenAreNotUsed) {
  machine_.store.bad_page = 5;
  Filled(kPages);
  Evict(kPages);
  Evict(kPages);
  ASSERT_EQ(pager_->swap.area[0].bad, 1u);
  EXPECT_EQ(Counts().swap_used, kPages);
  EXPECT_EQ(Counts().swap_slots, kSlots - 1);
  ASSERT_EQ(pager_swaps(pager_, space_), 1);
  const auto *swap = static_cast<const struct pager_swap *>(pager_message(pager_, space_));
  EXPECT_EQ(swap->used, kPages);
  EXPECT_EQ(swap->slots, kSlots - 1);
}

TEST_F(CountsTest, ObjectsAreThoseOfPrograms) {
  EXPECT_EQ(Counts().objects, 0u) << "but there is a swap area";
  machine_.MakeFile(1, 4);
  EXPECT_EQ(Counts().objects, 0u);
  uint64_t va = Filled(kPages, FakeMachine::kShared);
  EXPECT_EQ(Counts().objects, 1u);
  int64_t memory = pager_object_create(pager_, 5, PAGE_SIZE, OBJECT_OF_MEMORY, 0, 0);
  ASSERT_GT(memory, 0);
  EXPECT_EQ(Counts().objects, 2u);
  struct space *other = machine_.Start(kBadge + 1);
  ASSERT_GT(pager_provider(pager_, other), 0);
  int64_t provided = pager_object_create(pager_, 6, PAGE_SIZE, OBJECT_OF_PROGRAM, kBadge + 1, 100);
  ASSERT_GT(provided, 0);
  EXPECT_EQ(Counts().objects, 3u);
  machine_.Kill(other);
  EXPECT_EQ(Counts().objects, 3u) << "until nobody names it";
  EXPECT_EQ(pager_unmap(pager_, space_, va, kPages * PAGE_SIZE), 0);
  EXPECT_EQ(pager_object_destroy(pager_, (uint32_t)memory, 1), 0);
  EXPECT_EQ(pager_object_destroy(pager_, (uint32_t)provided, 1), 0);
  EXPECT_EQ(Counts().objects, 0u);
}

TEST_F(CountsTest, ReservedFramesAreThoseOfServersAndProviders) {
  uint64_t before = Counts().frames_reserved;
  struct space *other = machine_.Start(kBadge + 1);
  EXPECT_GE(pager_option(pager_, PAGER_POLICY, PAGER_POLICY_2Q), 0);
  uint32_t free = pager_->free.count;
  ASSERT_GT(pager_swap_add(pager_, kSwap, 4000, 0), 0);
  EXPECT_LT(pager_->free.count, free);
  EXPECT_EQ(Counts().frames_reserved, before);
  ASSERT_GT(pager_provider(pager_, other), 0);
  EXPECT_EQ(Counts().frames_reserved, before + OBJECT_REQUEST_PAGES + 1);
  machine_.Kill(other);
  EXPECT_EQ(Counts().frames_reserved, before);
}

}  // namespace
