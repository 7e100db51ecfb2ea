// Pages of a region with other rights than it: what is put off, and what everybody sees all the
// same.
#include <csignal>

#include "protocols/proc.h"
#include "servers/pager/core/fake_machine.h"

extern "C" {
#include "servers/pager/core/odd.h"
}

namespace {

constexpr uint32_t kBadge = 8, kOther = 9;
constexpr uint32_t kPages = 200;

class OddTest : public testing::Test {
 protected:
  OddTest() : pager_(machine_.pager), space_(machine_.Start(kBadge)) {
    va_ = Written(kPages);
    items_ = machine_.ItemsInUse();
  }
  ~OddTest() override { machine_.kernel.Check(); }

  uint64_t Written(uint32_t pages) {
    uint64_t va = machine_.MapAnonymous(space_, pages);
    for (uint32_t i = 0; i < pages; i++) machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)i);
    return va;
  }
  uint64_t At(uint32_t page) const { return va_ + page * PAGE_SIZE; }
  uint32_t Number(uint32_t page) const { return (uint32_t)(At(page) >> PAGE_SHIFT); }

  void Protect(uint32_t page, uint32_t prot, uint32_t pages = 1) {
    ASSERT_EQ(pager_protect(pager_, space_, At(page), pages * PAGE_SIZE, prot), 0);
    machine_.kernel.Check();
  }

  // Of the mapping, as programs see them.
  struct Part {
    uint32_t start, end, prot;
    bool operator==(const Part &other) const {
      return start == other.start && end == other.end && prot == other.prot;
    }
  };
  std::vector<Part> Parts() {
    std::vector<Part> parts;
    const struct pager_region *found =
        static_cast<struct pager_region *>(pager_message(pager_, space_));
    int64_t count = pager_regions(pager_, space_, 0, 0);
    for (int64_t i = 0; i < count; i++) {
      if (found[i].start < va_ || found[i].end > At(kPages)) continue;
      parts.push_back({(uint32_t)((found[i].start - va_) >> PAGE_SHIFT),
                       (uint32_t)((found[i].end - va_) >> PAGE_SHIFT), found[i].prot});
    }
    return parts;
  }

  FakeMachine machine_;
  struct pager *pager_;
  struct space *space_;
  uint64_t va_;
  uint32_t items_;
};

constexpr uint32_t kR = PROT_R, kRW = PROT_R | PROT_W;

TEST_F(OddTest, OnePageIsNotCutOut) {
  const struct region *region = region_find(space_->regions, Number(50));
  Protect(50, kR);
  Protect(150, kR);
  EXPECT_EQ(region->end - region->start, kPages);
  EXPECT_EQ(space_->odd.region, region);
  EXPECT_EQ(space_->odd.count, 2u);
  uint32_t reason;
  EXPECT_EQ(machine_.Signal(space_, At(50), FAULT_WRITE, &reason), (uint32_t)SIGSEGV);
  EXPECT_EQ(reason, (uint32_t)FAULT_PROTECTED);
  EXPECT_EQ(machine_.Read(space_, At(50)), 50);
  machine_.Write(space_, At(49), 1);
  machine_.Write(space_, At(51), 1);
  Protect(50, kRW);
  Protect(150, kRW);
  EXPECT_EQ(space_->odd.count, 0u);
  machine_.kernel.Check();
  machine_.Write(space_, At(50), 1);
  EXPECT_EQ(machine_.ItemsInUse(), items_);
}

TEST_F(OddTest, WhoLooksSeesItCut) {
  for (uint32_t page : {0u, 5u, 6u, 63u, 64u, 199u}) Protect(page, kR);
  EXPECT_EQ(space_->odd.count, 6u);
  std::vector<Part> expected = {{0, 1, kR},   {1, 5, kRW},    {5, 7, kR},    {7, 63, kRW},
                                {63, 65, kR}, {65, 199, kRW}, {199, 200, kR}};
  EXPECT_EQ(Parts(), expected);
  EXPECT_EQ(space_->odd.region, nullptr);
  EXPECT_EQ(Parts(), expected);
  // Page by page it becomes one region again.
  for (uint32_t page : {0u, 5u, 6u, 63u, 64u, 199u}) Protect(page, kRW);
  expected = {{0, kPages, kRW}};
  EXPECT_EQ(Parts(), expected);
  EXPECT_EQ(machine_.ItemsInUse(), items_);
}

TEST_F(OddTest, AllPagesOfARegionMayBeOdd) {
  Protect(0, kR, kPages);
  for (uint32_t i = 0; i < kPages; i++) Protect((i * 37) % kPages, kRW);
  EXPECT_EQ(space_->odd.count, kPages);
  std::vector<Part> expected = {{0, kPages, kRW}};
  EXPECT_EQ(Parts(), expected);
  EXPECT_EQ(machine_.ItemsInUse(), items_);
}

TEST_F(OddTest, ThirdRightsAreCutOut) {
  Protect(10, kR);
  Protect(20, 0);
  EXPECT_EQ(space_->odd.region, nullptr);
  std::vector<Part> expected = {
      {0, 10, kRW}, {10, 11, kR}, {11, 20, kRW}, {20, 21, 0}, {21, kPages, kRW}};
  EXPECT_EQ(Parts(), expected);
  EXPECT_EQ(machine_.Signal(space_, At(20), FAULT_READ), (uint32_t)SIGSEGV);
}

TEST_F(OddTest, OneRegionAtATimeHasThem) {
  uint64_t gap = At(kPages / 2);
  ASSERT_EQ(pager_unmap(pager_, space_, gap, PAGE_SIZE), 0);
  Protect(10, kR);
  Protect(150, kR);  // in the other one
  std::vector<Part> expected = {{0, 10, kRW},    {10, 11, kR},   {11, 100, kRW},
                                {101, 150, kRW}, {150, 151, kR}, {151, kPages, kRW}};
  EXPECT_EQ(Parts(), expected);
}

TEST_F(OddTest, RangesAreCutFirst) {
  Protect(10, kR);
  Protect(12, kR);
  ASSERT_EQ(pager_unmap(pager_, space_, At(11), 2 * PAGE_SIZE), 0);
  std::vector<Part> expected = {{0, 10, kRW}, {10, 11, kR}, {13, kPages, kRW}};
  EXPECT_EQ(Parts(), expected);
  Protect(20, kR);
  Protect(15, kR, 10);
  expected = {{0, 10, kRW}, {10, 11, kR}, {13, 15, kRW}, {15, 25, kR}, {25, kPages, kRW}};
  EXPECT_EQ(Parts(), expected);
}

TEST_F(OddTest, AChildHasTheSameRights) {
  Protect(7, kR);
  struct space *child = machine_.Fork(space_, kOther);
  EXPECT_EQ(machine_.Signal(child, At(7), FAULT_WRITE), (uint32_t)SIGSEGV);
  machine_.Write(child, At(8), 1);
  Protect(7, kRW);
  machine_.Write(space_, At(7), 1);
  EXPECT_EQ(machine_.Read(child, At(7)), 7);
  EXPECT_EQ(machine_.Signal(child, At(7), FAULT_WRITE), (uint32_t)SIGSEGV);
  machine_.Kill(child);
}

TEST_F(OddTest, MovedPagesKeepTheirRights) {
  const uint32_t how = PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED;
  const uint64_t to = 5ull << 30;
  Protect(7, kR);
  Protect(8, kR);
  EXPECT_EQ(pager_remap(pager_, space_, At(0), 9 * PAGE_SIZE, 9 * PAGE_SIZE, how, to), -EFAULT);
  ASSERT_EQ(pager_remap(pager_, space_, At(7), 2 * PAGE_SIZE, 2 * PAGE_SIZE, how, to), (int64_t)to);
  EXPECT_EQ(machine_.Signal(space_, to, FAULT_WRITE), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Read(space_, to), 7);
  std::vector<Part> expected = {{0, 7, kRW}, {9, kPages, kRW}};
  EXPECT_EQ(Parts(), expected);
}

TEST_F(OddTest, RightsAreCounted) {
  uint64_t data = space_->data_pages;
  Protect(3, kR);
  Protect(4, kR);
  EXPECT_EQ(space_->data_pages, data - 2);
  Parts();
  EXPECT_EQ(space_->data_pages, data - 2);
  Protect(3, kRW);
  EXPECT_EQ(space_->data_pages, data - 1);
}

TEST_F(OddTest, RunsOfFirstTouchesEndAtThem) {
  uint64_t va = machine_.MapAnonymous(space_, 40);
  uint32_t first = (uint32_t)(va >> PAGE_SHIFT);
  machine_.Write(space_, va + 20 * PAGE_SIZE, 1);
  ASSERT_EQ(pager_protect(pager_, space_, va + 20 * PAGE_SIZE, PAGE_SIZE, kR), 0);
  EXPECT_GT(space_->odd.count, 0u);
  for (uint32_t i = 0; i < 40; i++) {
    if (i != 20) machine_.Write(space_, va + i * PAGE_SIZE, 1);
  }
  EXPECT_EQ(space_->odd.count, 1u);
  EXPECT_EQ(odd_rights(pager_, space_, region_find(space_->regions, first + 20), first + 20), kR);
  EXPECT_EQ(machine_.Signal(space_, va + 20 * PAGE_SIZE, FAULT_WRITE), (uint32_t)SIGSEGV);
}

TEST_F(OddTest, EndWithTheSpace) {
  Protect(7, kR);
  Protect(9, kR);
  machine_.Kill(space_);
  EXPECT_EQ(machine_.ItemsInUse(), 0u);
}

}  // namespace
