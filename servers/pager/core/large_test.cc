// Large pages are entered where they fit, and the pages of one are as others in all that follows.
#include "servers/pager/core/fake_machine.h"

namespace {

constexpr uint32_t kBadge = 8;
constexpr uint32_t kChild = 9;
constexpr uint32_t kPages = 3 * LARGE_FRAMES;

class LargeTest : public testing::Test {
 protected:
  LargeTest() : machine_(8 * LARGE_FRAMES), space_(machine_.Start(kBadge)) {}
  ~LargeTest() override { machine_.kernel.Check(); }

  uint64_t Fill(uint32_t pages) {
    uint64_t va = machine_.MapAnonymous(space_, pages);
    EXPECT_EQ(va % LARGE_SIZE, 0u);
    for (uint32_t i = 0; i < pages; i++) machine_.Write(space_, va + i * PAGE_SIZE, Value(i));
    return va;
  }
  static uint8_t Value(uint32_t i) { return (uint8_t)(i * 7 + i / 256 + 1); }
  void Expect(struct space *space, uint64_t va, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++)
      ASSERT_EQ(machine_.Read(space, va + i * PAGE_SIZE), Value(i)) << i;
  }
  size_t Large() { return machine_.kernel.Large(kBadge); }

  FakeMachine machine_;
  struct space *space_;
};

TEST_F(LargeTest, ALongRunOfFirstTouchesEntersLargePages) {
  uint64_t faults = machine_.counts->faults;
  uint64_t va = Fill(kPages);
  EXPECT_EQ(Large(), 2u);  // the first 2 MiB showed the pattern
  // 1, 2, 4, 8 and 16 pages up to the first large one; it, and the next.
  EXPECT_LT(machine_.counts->faults - faults, 40u);
  EXPECT_EQ(machine_.counts->pages_zeroed, kPages);
  EXPECT_EQ(space_->zeroed, kPages);
  Expect(space_, va, 0, kPages);
}

TEST_F(LargeTest, NotWhenSwitchedOff) {
  EXPECT_EQ(pager_option(machine_.pager, PAGER_LARGE_PAGES, 0), 1);
  Fill(kPages);
  EXPECT_EQ(Large(), 0u);
}

TEST_F(LargeTest, NotAcrossTheEndOfTheRegion) {
  Fill(2 * LARGE_FRAMES - 1);
  EXPECT_EQ(Large(), 0u);
}

TEST_F(LargeTest, NotWhereAPageIs) {
  uint64_t va = machine_.MapAnonymous(space_, kPages);
  machine_.Write(space_, va + (LARGE_FRAMES + 300) * PAGE_SIZE, 99);
  for (uint32_t i = 0; i < kPages; i++)
    if (i != LARGE_FRAMES + 300) machine_.Write(space_, va + i * PAGE_SIZE, Value(i));
  EXPECT_EQ(Large(), 1u);  // the third
  EXPECT_EQ(machine_.Read(space_, va + (LARGE_FRAMES + 300) * PAGE_SIZE), 99);
  Expect(space_, va, 0, LARGE_FRAMES + 300);
  Expect(space_, va, LARGE_FRAMES + 301, kPages);
}

TEST_F(LargeTest, NotWhenMemoryIsNotPlentiful) {
  uint64_t va = machine_.MapAnonymous(space_, 7 * LARGE_FRAMES);
  for (uint32_t i = 0; i < 6 * LARGE_FRAMES; i++)
    machine_.Write(space_, va + i * PAGE_SIZE, Value(i));
  EXPECT_GE(Large(), 1u);
  EXPECT_LT(Large(), 5u);
  Expect(space_, va, 0, 6 * LARGE_FRAMES);
}

TEST_F(LargeTest, PagesOfItAreSharedAndCopiedAlone) {
  uint64_t va = Fill(kPages);
  struct space *child = machine_.Fork(space_, kChild);
  uint64_t copied = machine_.counts->pages_copied;
  machine_.Write(child, va + (LARGE_FRAMES + 5) * PAGE_SIZE, 0xee);
  EXPECT_EQ(machine_.counts->pages_copied, copied + 1);
  machine_.Write(space_, va + (2 * LARGE_FRAMES + 5) * PAGE_SIZE, 0xdd);
  EXPECT_EQ(machine_.counts->pages_copied, copied + 2);
  EXPECT_EQ(machine_.Read(space_, va + (LARGE_FRAMES + 5) * PAGE_SIZE), Value(LARGE_FRAMES + 5));
  EXPECT_EQ(machine_.Read(child, va + (2 * LARGE_FRAMES + 5) * PAGE_SIZE),
            Value(2 * LARGE_FRAMES + 5));
  Expect(space_, va, 0, 2 * LARGE_FRAMES);
  Expect(child, va, 2 * LARGE_FRAMES + 6, kPages);
  machine_.Kill(child);
  Expect(space_, va, LARGE_FRAMES, 2 * LARGE_FRAMES);
}

TEST_F(LargeTest, PartsAreProtectedAndRemoved) {
  uint64_t va = Fill(kPages);
  uint64_t part = va + (LARGE_FRAMES + 10) * PAGE_SIZE;
  ASSERT_EQ(pager_protect(machine_.pager, space_, part, 5 * PAGE_SIZE, PROT_R), 0);
  EXPECT_EQ(Large(), 1u);
  EXPECT_NE(machine_.Signal(space_, part, FAULT_WRITE), 0u);
  machine_.Write(space_, part - PAGE_SIZE, Value(LARGE_FRAMES + 9));
  Expect(space_, va, 0, kPages);
  uint32_t before = machine_.FramesInUse();
  part = va + (2 * LARGE_FRAMES + 100) * PAGE_SIZE;
  ASSERT_EQ(pager_unmap(machine_.pager, space_, part, 50 * PAGE_SIZE), 0);
  EXPECT_EQ(Large(), 0u);
  EXPECT_EQ(machine_.FramesInUse(), before - 50);
  EXPECT_NE(machine_.Signal(space_, part, FAULT_READ), 0u);
  Expect(space_, va, 0, 2 * LARGE_FRAMES + 100);
  Expect(space_, va, 2 * LARGE_FRAMES + 150, kPages);
}

TEST_F(LargeTest, BlocksComeBack) {
  uint32_t before = machine_.FramesInUse();
  for (uint32_t round = 0; round < 5; round++) {
    uint64_t va = Fill(kPages);
    EXPECT_EQ(Large(), 2u) << round;
    ASSERT_EQ(pager_unmap(machine_.pager, space_, va, kPages * PAGE_SIZE), 0);
    EXPECT_LE(machine_.FramesInUse(), before + 8);  // slabs
  }
}

}  // namespace
