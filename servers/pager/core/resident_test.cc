// How many pages a space has in memory at most: every way in which they go. That the counts are
// right at each moment, invariants.h looks at in every test.
#include "servers/pager/core/calls_fixture.h"

namespace {

constexpr uint64_t kSwap = 77;

class ResidentTest : public CallsTest {
 protected:
  struct pager_space_counts Counts(struct space *space) {
    machine_.kernel.Check();
    EXPECT_EQ(pager_space_counts(pager_, space, 0), 0);
    struct pager_space_counts counts;
    std::memcpy(&counts, pager_message(pager_, space), sizeof(counts));
    EXPECT_GE(counts.resident_peak, counts.resident);
    EXPECT_GE(counts.virtual_peak, counts.virtual_pages);
    EXPECT_GE(counts.usage.peak, counts.resident_peak);
    return counts;
  }
  // Without the message page.
  uint64_t Now(struct space *space) { return Counts(space).resident - 1; }
  uint64_t Most(struct space *space) { return Counts(space).resident_peak - 1; }

  uint64_t Fill(struct space *space, uint32_t pages) {
    uint64_t va = machine_.MapAnonymous(space, pages);
    Write(space, va, pages);
    return va;
  }
  void Write(struct space *space, uint64_t va, uint32_t pages) {
    for (uint32_t i = 0; i < pages; i++) machine_.Write(space, va + i * PAGE_SIZE, 1);
  }
};

TEST_F(ResidentTest, OnlyWhatIsWrittenCounts) {
  uint64_t va = machine_.MapAnonymous(space_, 10);
  machine_.Read(space_, va);
  EXPECT_EQ(Most(space_), 0u) << "the zero page is nobody's";
  Write(space_, va, 4);
  EXPECT_EQ(Most(space_), 4u);
  EXPECT_EQ(Counts(space_).virtual_peak, 11u);
}

TEST_F(ResidentTest, WhatGoesStaysInThePeak) {
  uint64_t va = Fill(space_, 10);
  EXPECT_EQ(pager_unmap(pager_, space_, va, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(Now(space_), 6u);
  EXPECT_EQ(Most(space_), 10u);
  uint64_t more = Fill(space_, 6);
  EXPECT_EQ(pager_advise(pager_, space_, 1, more, 6 * PAGE_SIZE, ADVICE_DONTNEED), 0);
  EXPECT_EQ(Now(space_), 6u);
  EXPECT_EQ(Most(space_), 12u);
  EXPECT_EQ(Counts(space_).virtual_peak, 1 + 6 + 6u);
  Write(space_, more, 5);
  EXPECT_EQ(Most(space_), 12u) << "fewer than before";
  EXPECT_EQ(pager_remap(pager_, space_, more, 6 * PAGE_SIZE, PAGE_SIZE, 0, 0), (int64_t)more);
  EXPECT_EQ(Now(space_), 7u);
  EXPECT_EQ(Most(space_), 12u);
}

TEST_F(ResidentTest, MovedPagesCountOnce) {
  uint32_t file = machine_.MakeFile(33, 8);
  uint64_t under = machine_.MapFile(space_, file, 8, PROT_R | PROT_W, PAGER_PRIVATE);
  Write(space_, under, 5);
  for (int i = 0; i < 8; i++) machine_.Read(space_, under + i * PAGE_SIZE);
  EXPECT_EQ(Now(space_), 8u) << "a private page hides that of the file";
  int64_t to = pager_remap(pager_, space_, under, 8 * PAGE_SIZE, 8 * PAGE_SIZE,
                           PAGER_REMAP_MAYMOVE | PAGER_REMAP_DONTUNMAP, 0);
  ASSERT_GT(to, 0);
  EXPECT_EQ(Now(space_), 16u) << "at the old place there is the file";
  EXPECT_EQ(Most(space_), 16u);
  EXPECT_EQ(pager_advise(pager_, space_, 1, (uint64_t)to, 8 * PAGE_SIZE, ADVICE_DONTNEED), 0);
  EXPECT_EQ(Now(space_), 16u);
  EXPECT_EQ(pager_remap(pager_, space_, under, 8 * PAGE_SIZE, 2 * PAGE_SIZE, 0, 0), (int64_t)under);
  EXPECT_EQ(Now(space_), 10u);
  EXPECT_EQ(Most(space_), 16u);
}

TEST_F(ResidentTest, PagesOfAnObjectComeAndGoForAllThatMapIt) {
  uint32_t file = machine_.MakeFile(33, 20);
  struct space *other = machine_.Start(kChild);
  uint64_t all = machine_.MapFile(space_, file, 20, PROT_R, PAGER_SHARED);
  machine_.MapFile(other, file, 5, PROT_R, PAGER_PRIVATE, 10 * PAGE_SIZE);
  for (int i = 0; i < 20; i++) machine_.Read(space_, all + i * PAGE_SIZE);
  EXPECT_EQ(Now(space_), 20u);
  EXPECT_EQ(Now(other), 5u) << "all that it can reach";
  EXPECT_EQ(pager_object_resize(pager_, file, 12 * PAGE_SIZE), 0);
  EXPECT_EQ(Now(space_), 12u);
  EXPECT_EQ(Now(other), 2u);
  EXPECT_EQ(pager_option(pager_, PAGER_DROP_CACHES, 1), 0);
  EXPECT_EQ(Now(space_), 0u);
  EXPECT_EQ(Most(space_), 20u);
  EXPECT_EQ(Most(other), 5u);
}

TEST_F(ResidentTest, AChildBeginsWithWhatItsParentHas) {
  uint64_t va = Fill(space_, 10);
  EXPECT_EQ(pager_unmap(pager_, space_, va, 3 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_advise(pager_, space_, 1, va + 3 * PAGE_SIZE, PAGE_SIZE, ADVICE_DONTFORK), 0);
  EXPECT_EQ(pager_advise(pager_, space_, 1, va + 4 * PAGE_SIZE, PAGE_SIZE, ADVICE_WIPEONFORK), 0);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(Now(child), 5u);
  Write(child, va + 4 * PAGE_SIZE, 6);
  EXPECT_EQ(Now(child), 6u) << "a copy takes the place of what was shared";
  const uint64_t faults = Counts(child).faults;
  const struct pager_usage usage = machine_.Kill(child);
  EXPECT_EQ(usage.peak, 6u + 1);
  EXPECT_EQ(usage.faults, faults);
  EXPECT_EQ(usage.major, 0u);
  EXPECT_EQ(Now(space_), 7u);
  EXPECT_EQ(Most(space_), 10u);
}

TEST_F(ResidentTest, SwappedPagesAreOutForTheWholeFamily) {
  machine_.store.Make(kSwap, 100, 0);
  ASSERT_EQ(pager_swap_add(pager_, kSwap, 100, 0), 1);
  uint64_t va = Fill(space_, 10);
  struct space *child = machine_.Fork(space_, kChild);
  machine_.Write(child, va, 2);  // a leaf of its own, pages in common
  struct space *third = machine_.Fork(child, kChild + 1);
  std::vector<uint32_t> frames;
  for (uint32_t i = 1; i < 10; i++) {
    bool owned;
    uint32_t page = (uint32_t)(va >> PAGE_SHIFT) + i;
    frames.push_back(space_leaf(pager_, space_, page, &owned)->entry[page & NODE_MASK]);
  }
  evict_chosen(pager_, frames.data(), (uint32_t)frames.size());
  machine_.store.Drain();
  for (struct space *space : {space_, child, third}) {
    EXPECT_EQ(Now(space), 1u);
    EXPECT_EQ(Most(space), 10u);
  }
  machine_.Read(third, va + 5 * PAGE_SIZE);
  for (struct space *space : {space_, child, third}) EXPECT_EQ(Now(space), 2u);
}

// What each space has of pages that it shares adds up to the pages that there are.
TEST_F(ResidentTest, SharedPagesCountInParts) {
  const auto part = [this](struct space *space) {
    uint64_t sum = 0;
    int64_t count = pager_regions(pager_, space, 0, 0);
    const auto *region = static_cast<const struct pager_region *>(pager_message(pager_, space));
    for (int64_t i = 0; i < count; i++) sum += region[i].proportional;
    return sum - PAGE_SIZE;  // the message page
  };
  uint64_t va = Fill(space_, 10);
  EXPECT_EQ(part(space_), 10 * PAGE_SIZE);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(part(space_), 5 * PAGE_SIZE);
  EXPECT_EQ(part(child), 5 * PAGE_SIZE);
  machine_.Write(child, va, 2);
  EXPECT_EQ(part(space_), 9 * PAGE_SIZE / 2 + PAGE_SIZE);
  EXPECT_EQ(part(child), 9 * PAGE_SIZE / 2 + PAGE_SIZE);
  struct space *third = machine_.Fork(child, kChild + 1);
  EXPECT_EQ(part(space_), 3 * PAGE_SIZE + PAGE_SIZE);
  EXPECT_EQ(part(third), 3 * PAGE_SIZE + PAGE_SIZE / 2);
  EXPECT_EQ(part(space_) + part(child) + part(third), 11 * PAGE_SIZE);
  // Of a file, with a private page that hides one of its pages.
  uint32_t file = machine_.MakeFile(33, 4);
  uint64_t shared = machine_.MapFile(space_, file, 4, PROT_R, PAGER_SHARED);
  uint64_t copies = machine_.MapFile(third, file, 4, PROT_R | PROT_W, PAGER_PRIVATE);
  for (int i = 0; i < 4; i++) machine_.Read(space_, shared + i * PAGE_SIZE);
  EXPECT_EQ(part(space_), (4 + 2) * PAGE_SIZE);
  machine_.Write(third, copies, 1);
  EXPECT_EQ(part(space_), (4 + 1) * PAGE_SIZE + 3 * PAGE_SIZE / 2);
  EXPECT_EQ(part(space_) + part(child) + part(third), (11 + 4 + 1) * PAGE_SIZE);
  machine_.Kill(child);
  EXPECT_EQ(part(space_) + part(third), (11 + 4 + 1) * PAGE_SIZE);
}

}  // namespace
