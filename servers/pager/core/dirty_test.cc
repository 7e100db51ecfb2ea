// PAGER_DIRTY: nothing that was written is missed, and where a page is one's own, nothing else
// told.
#include <random>
#include <set>

#include "servers/pager/core/fake_machine.h"

namespace {

constexpr uint32_t kBadge = 8;
constexpr uint32_t kPages = 20;

class DirtyTest : public testing::Test {
 protected:
  DirtyTest() : pager_(machine_.pager), space_(machine_.Start(kBadge)) {
    machine_.OnePage();
    area_ = machine_.MapAnonymous(space_, kPages);
  }
  ~DirtyTest() override { machine_.kernel.Check(); }

  // The numbers of the pages that are told.
  std::vector<uint32_t> Dirty(struct space *space, uint64_t va, uint32_t pages = kPages) {
    uint64_t harvests = machine_.kernel.harvest_calls;
    EXPECT_EQ(pager_dirty(pager_, space, va, pages * PAGE_SIZE), pages);
    EXPECT_EQ(machine_.kernel.harvest_calls, harvests + 1) << "one shoot-down";
    const uint8_t *told = static_cast<const uint8_t *>(pager_message(pager_, space));
    std::vector<uint32_t> all;
    for (uint32_t i = 0; i < pages; i++) {
      if (told[i]) all.push_back(i);
    }
    return all;
  }

  using Pages = std::vector<uint32_t>;

  FakeMachine machine_;
  struct pager *pager_;
  struct space *space_;
  uint64_t area_;
};

TEST_F(DirtyTest, PrivatePagesAreToldOnceForEachTime) {
  EXPECT_EQ(Dirty(space_, area_), Pages{});
  for (uint32_t i : {3u, 4u, 19u}) machine_.Write(space_, area_ + i * PAGE_SIZE, 1);
  machine_.Read(space_, area_ + 7 * PAGE_SIZE);
  EXPECT_EQ(Dirty(space_, area_), (Pages{3, 4, 19}));
  EXPECT_EQ(Dirty(space_, area_), Pages{});
  machine_.Write(space_, area_ + 4 * PAGE_SIZE, 2);
  machine_.Read(space_, area_ + 3 * PAGE_SIZE);
  EXPECT_EQ(Dirty(space_, area_), Pages{4});
}

TEST_F(DirtyTest, RightsThatComeAndGoLoseNothing) {
  machine_.Write(space_, area_, 1);
  EXPECT_EQ(pager_protect(pager_, space_, area_, PAGE_SIZE, 0), 0);
  EXPECT_EQ(pager_protect(pager_, space_, area_, PAGE_SIZE, PROT_R | PROT_W), 0);
  EXPECT_EQ(Dirty(space_, area_), Pages{0});
}

TEST_F(DirtyTest, ReadIntoAPageIsAWrite) {
  uint32_t file = machine_.MakeFile(1, 1);
  machine_.Write(space_, area_, 1);
  EXPECT_EQ(Dirty(space_, area_), Pages{0});
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, area_, 10), 10);
  EXPECT_EQ(Dirty(space_, area_), Pages{0});
}

TEST_F(DirtyTest, NobodyTakesWhatOthersHaveNotSeen) {
  machine_.Write(space_, area_, 1);
  struct space *child = machine_.Fork(space_, kBadge + 1);
  EXPECT_EQ(Dirty(space_, area_), Pages{0});
  EXPECT_EQ(Dirty(space_, area_), Pages{0}) << "the child may want to know";
  machine_.Write(child, area_, 2);
  EXPECT_EQ(Dirty(child, area_), Pages{0});
  EXPECT_EQ(Dirty(child, area_), Pages{}) << "the copy is its own";
  EXPECT_EQ(Dirty(space_, area_), Pages{0}) << "and so is the page";
  EXPECT_EQ(Dirty(space_, area_), Pages{});
}

TEST_F(DirtyTest, SharedPagesAreToldThoughTheyAreStored) {
  uint32_t file = machine_.MakeFile(1, kPages);
  uint64_t map = machine_.MapFile(space_, file, kPages, PROT_R | PROT_W, PAGER_SHARED);
  for (uint32_t i = 0; i < kPages; i++) machine_.Read(space_, map + i * PAGE_SIZE);
  EXPECT_EQ(Dirty(space_, map).size(), kPages) << "it is not known what was before";
  EXPECT_EQ(Dirty(space_, map), Pages{});
  machine_.Write(space_, map + 5 * PAGE_SIZE, 1);
  EXPECT_EQ(machine_.Sync(space_, map, kPages * PAGE_SIZE), 0);
  EXPECT_EQ(Dirty(space_, map), Pages{5});
  machine_.Write(space_, map + 6 * PAGE_SIZE, 1);
  EXPECT_EQ(Dirty(space_, map), Pages{6});
  machine_.Write(space_, map + 6 * PAGE_SIZE, 2);
  EXPECT_EQ(Dirty(space_, map), Pages{6}) << "though it was not stored in between";
  EXPECT_EQ(machine_.Sync(space_, map, kPages * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[6 * PAGE_SIZE], 2) << "who stores misses nothing";
}

TEST_F(DirtyTest, SharedMemory) {
  uint64_t map = machine_.MapAnonymous(space_, kPages, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, map + PAGE_SIZE, 1);
  EXPECT_EQ(Dirty(space_, map), Pages{1});
  EXPECT_EQ(Dirty(space_, map), Pages{});
}

// --- with swap ----------------------------------------------------------------------------------

class DirtySwapTest : public DirtyTest, public testing::WithParamInterface<uint32_t> {
 protected:
  DirtySwapTest() {
    machine_.store.Make(kSwap, kSlots, 0);
    EXPECT_EQ(pager_swap_add(pager_, kSwap, kSlots, 0), 1);
    area_ = machine_.MapAnonymous(space_, kPages, FakeMachine::kReadWrite, GetParam());
  }

  void Evict(uint32_t pages) { machine_.Evict(pages); }

  static constexpr uint64_t kSwap = 77;
  static constexpr uint32_t kSlots = 100;
};

TEST_P(DirtySwapTest, SwapForgetsNothingAndMakesNothingUp) {
  std::mt19937 random(7);
  std::set<uint32_t> written;
  for (int i = 0; i < 5000; i++) {
    uint32_t page = random() % kPages;
    uint64_t va = area_ + page * PAGE_SIZE;
    switch (random() % 5) {
      case 0:
        machine_.Write(space_, va, (uint8_t)i);
        written.insert(page);
        break;
      case 1:
        machine_.Read(space_, va);
        break;
      case 2:
        Evict(1 + random() % kPages);
        break;
      case 3: {  // a part
        uint32_t pages = 1 + random() % (kPages - page);
        Pages expected;
        for (uint32_t j = 0; j < pages; j++) {
          if (written.erase(page + j)) expected.push_back(j);
        }
        ASSERT_EQ(Dirty(space_, va, pages), expected) << i;
        break;
      }
      default:
        break;
    }
  }
  EXPECT_GT(machine_.counts->pages_swapped_in, 100u);
  EXPECT_EQ(Dirty(space_, area_), Pages(written.begin(), written.end()));
}

TEST_P(DirtySwapTest, WhatWasForgottenIsStoredAllTheSame) {
  machine_.Write(space_, area_, 1);
  Evict(2 * kPages);
  EXPECT_EQ(machine_.Read(space_, area_), 1);  // its copy stays in swap, if it is private
  machine_.Write(space_, area_, 2);
  EXPECT_EQ(Dirty(space_, area_), Pages{0});
  Evict(2 * kPages);
  EXPECT_EQ(Dirty(space_, area_), Pages{});
  EXPECT_EQ(machine_.Read(space_, area_), 2);
}

INSTANTIATE_TEST_SUITE_P(Memory, DirtySwapTest,
                         testing::Values(FakeMachine::kPrivate, FakeMachine::kShared));

TEST_F(DirtyTest, RefusesWhatMakesNoSense) {
  EXPECT_EQ(pager_dirty(pager_, space_, area_ + 1, PAGE_SIZE), -EINVAL);
  EXPECT_EQ(pager_dirty(pager_, space_, area_, (kPages + 1) * PAGE_SIZE), -ENOMEM);
  EXPECT_EQ(pager_dirty(pager_, space_, USER_END, PAGE_SIZE), -ENOMEM);
  EXPECT_EQ(pager_dirty(pager_, space_, area_, ~0ull), -ENOMEM);
  EXPECT_EQ(pager_dirty(pager_, space_, area_, 0), 0);
}

}  // namespace
