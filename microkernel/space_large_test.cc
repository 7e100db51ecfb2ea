// Mappings of 2 MiB: one entry, which what concerns a part of it takes away.

#include "microkernel/host_kernel.h"
#include "microkernel/invariants.h"

namespace {

constexpr uaddr_t kBase = 5 * LARGE_SIZE;
constexpr uint64_t kRw = PROT_R | PROT_W;

class SpaceLargeTest : public KernelTest {
 protected:
  SpaceLargeTest() : space_(kernel_.Space(5)), block_(frame_first + LARGE_FRAMES) {}
  ~SpaceLargeTest() override { EXPECT_EQ(invariants_.Check(), ""); }

  struct space *space() {
    return kernel_.Object<struct space>(space_);
  }
  int64_t Map(uint64_t where, frame_t first, uint64_t count = LARGE_FRAMES) {
    return kernel_.Call(SYS_MAP, space_, HANDLE_BOOT_RAM, where | MAP_LARGE, count, first);
  }
  int64_t Small(uaddr_t page, frame_t frame) {
    return kernel_.Call(SYS_MAP, space_, HANDLE_BOOT_RAM, page | kRw, 1, frame);
  }
  void Range(uint64_t call, uaddr_t start, uaddr_t end, uint64_t argument = 0) {
    EXPECT_EQ(kernel_.Call(call, space_, start, end, argument), static_cast<int64_t>(end));
  }
  uint64_t Entry(uaddr_t address) { return space_lookup(space(), address); }
  void Use(uint64_t bits) { pte_set(space_large(space(), kBase), 0, bits); }
  // The board's bits of each frame of the block, if they are the same; it is cleared.
  uint32_t Board() {
    uint8_t *board = frame_board + (block_ - frame_first);
    uint32_t bits = board[0];
    EXPECT_EQ(board[-1], 0);
    EXPECT_EQ(board[LARGE_FRAMES], 0);
    for (uint32_t i = 0; i < LARGE_FRAMES; i++) {
      EXPECT_EQ(board[i], bits) << i;
      board[i] = 0;
    }
    return bits;
  }

  handle_t space_;
  frame_t block_;
  Invariants invariants_;
};

TEST_F(SpaceLargeTest, MapsABlock) {
  uint32_t tables = space()->pool_count;
  ASSERT_EQ(Map(kBase | kRw, block_), 0);
  EXPECT_EQ(space()->pool_count, tables - 1);  // no leaf table
  for (uint32_t i : {0u, 1u, 511u})
    EXPECT_EQ(Entry(kBase + i * PAGE_SIZE), pte_make(block_ + i, PTE_V | PTE_U | PTE_R | PTE_W));
  EXPECT_EQ(Entry(kBase - 1), 0u);
  EXPECT_EQ(Entry(kBase + LARGE_SIZE), 0u);
  EXPECT_EQ(frame_entry(block_)->count, 1u);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block_, RETYPE_OBJECT), -EINVAL);
  Range(SYS_UNMAP, kBase, kBase + LARGE_SIZE);
  EXPECT_EQ(Entry(kBase), 0u);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block_, RETYPE_OBJECT), 0);
  EXPECT_EQ(Map(kBase | kRw, block_), -EACCES);  // no longer of type user
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block_, RETYPE_USER), 0);
}

TEST_F(SpaceLargeTest, Refuses) {
  EXPECT_EQ(Map((kBase + PAGE_SIZE) | kRw, block_), -EINVAL);
  EXPECT_EQ(Map(kBase | kRw, block_, 1), -EINVAL);
  EXPECT_EQ(Map(kBase | kRw, block_, LARGE_FRAMES - 1), -EINVAL);
  EXPECT_EQ(Map(kBase | kRw, block_, 2 * LARGE_FRAMES), -EINVAL);
  EXPECT_EQ(Map(USER_END | kRw, block_), -EINVAL);
  EXPECT_EQ(Map(kBase | kRw | 32, block_), -EINVAL);
  EXPECT_EQ(Map(kBase | kRw, block_ + 1), -EACCES);
  EXPECT_EQ(Map(kBase | kRw, frame_first), -EACCES);  // the kernel's
  EXPECT_EQ(Map(kBase | kRw, frame_first + frame_total), -EACCES);
  EXPECT_EQ(Map(kBase | kRw, frame_first + frame_total - 1), -EACCES);
  handle_t part = kernel_.Slot();
  ASSERT_EQ(kernel_.Call(SYS_COPY, 0, part, HANDLE_BOOT_RAM, RIGHTS_ALL,
                         block_ | static_cast<uint64_t>(LARGE_FRAMES - 1) << 32),
            0);
  uint64_t where = kBase | kRw | MAP_LARGE;
  EXPECT_EQ(kernel_.Call(SYS_MAP, space_, part, where, LARGE_FRAMES, block_), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_MAP, space_, HANDLE_BOOT_DEVICES, where, LARGE_FRAMES, LARGE_FRAMES),
            -EINVAL);
  where = BOOT_WINDOW | kRw | MAP_LARGE;
  EXPECT_EQ(kernel_.Call(SYS_MAP, HANDLE_BOOT_SPACE, HANDLE_BOOT_RAM, where, LARGE_FRAMES, block_),
            -EINVAL);
  EXPECT_EQ(Entry(kBase), 0u);
  EXPECT_EQ(frame_entry(block_)->count, 0u);
}

TEST_F(SpaceLargeTest, WhatConcernsAPartTakesItAway) {
  for (uint64_t call : {SYS_UNMAP, SYS_PROTECT, SYS_HARVEST}) {
    ASSERT_EQ(Map(kBase | kRw, block_), 0);
    Use(PTE_A | PTE_D);
    Range(call, kBase + 7 * PAGE_SIZE, kBase + 9 * PAGE_SIZE, PROT_R);
    EXPECT_EQ(space()->large, 0u);
    EXPECT_EQ(Entry(kBase), 0u);
    EXPECT_EQ(Board(), static_cast<uint32_t>(BOARD_ACCESSED | BOARD_DIRTY));
    EXPECT_EQ(invariants_.Check(), "");
  }
  // A longer range with a part of it at its end.
  ASSERT_EQ(Map(kBase | kRw, block_), 0);
  Range(SYS_PROTECT, 0, kBase + PAGE_SIZE, PROT_R);
  EXPECT_EQ(Entry(kBase), 0u);
}

TEST_F(SpaceLargeTest, ASmallPageTakesItAway) {
  ASSERT_EQ(Map(kBase | kRw, block_), 0);
  Use(PTE_A);
  ASSERT_EQ(Small(kBase + 3 * PAGE_SIZE, block_ + 7), 0);
  EXPECT_EQ(pte_frame(Entry(kBase + 3 * PAGE_SIZE)), block_ + 7);
  EXPECT_EQ(Entry(kBase), 0u);
  EXPECT_EQ(Board(), static_cast<uint32_t>(BOARD_ACCESSED));
  EXPECT_EQ(frame_entry(block_)->count, 0u);
}

TEST_F(SpaceLargeTest, ReplacesPagesAndItsLike) {
  ASSERT_EQ(Small(kBase + 3 * PAGE_SIZE, block_ + LARGE_FRAMES), 0);
  uint32_t tables = space()->pool_count;
  ASSERT_EQ(Map(kBase | PROT_R, block_), 0);
  EXPECT_EQ(space()->pool_count, tables + 1);
  EXPECT_EQ(frame_entry(block_ + LARGE_FRAMES)->count, 0u);
  ASSERT_EQ(Map(kBase | kRw, block_ + LARGE_FRAMES), 0);
  EXPECT_EQ(pte_frame(Entry(kBase)), block_ + LARGE_FRAMES);
  EXPECT_EQ(space()->large, 1u);
  EXPECT_EQ(frame_entry(block_)->count, 0u);
}

TEST_F(SpaceLargeTest, WholeRangesActOnTheEntry) {
  ASSERT_EQ(Map(kBase | kRw, block_), 0);
  Use(PTE_A | PTE_D);
  Range(SYS_HARVEST, 0, USER_END);
  EXPECT_EQ(Board(), static_cast<uint32_t>(BOARD_ACCESSED | BOARD_DIRTY));
  EXPECT_EQ(Entry(kBase) & (PTE_A | PTE_D), 0u);
  Range(SYS_PROTECT, kBase, kBase + LARGE_SIZE, PROT_R);
  EXPECT_EQ(Entry(kBase) & PTE_LEAF, PTE_R);
  Range(SYS_PROTECT, 0, USER_END, PROT_X);
  EXPECT_EQ(Entry(kBase), 0u);
}

TEST_F(SpaceLargeTest, NeedsAMiddleTable) {
  handle_t bare = kernel_.Space(6, 1);
  EXPECT_EQ(
      kernel_.Call(SYS_MAP, bare, HANDLE_BOOT_RAM, kBase | kRw | MAP_LARGE, LARGE_FRAMES, block_),
      -ENOMEM);
}

// Nothing can be put in its place without a table: it stays.
TEST_F(SpaceLargeTest, StaysWhenAPartCannotBeMapped) {
  handle_t bare = kernel_.Space(6, 2);
  ASSERT_EQ(
      kernel_.Call(SYS_MAP, bare, HANDLE_BOOT_RAM, kBase | kRw | MAP_LARGE, LARGE_FRAMES, block_),
      0);
  EXPECT_EQ(kernel_.Call(SYS_MAP, bare, HANDLE_BOOT_RAM, kBase | kRw, 1, block_), -ENOMEM);
  EXPECT_NE(space_large(kernel_.Object<struct space>(bare), kBase), nullptr);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, bare), 0);
  EXPECT_EQ(frame_entry(block_)->count, 0u);
}

TEST_F(SpaceLargeTest, EndsWithItsSpace) {
  ASSERT_EQ(Map(kBase | kRw, block_), 0);
  ASSERT_EQ(Map((kBase + (3ull << 30)) | PROT_R, block_), 0);
  EXPECT_EQ(frame_entry(block_)->count, 2u);
  Use(PTE_D);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, space_), 0);
  EXPECT_EQ(frame_entry(block_)->count, 0u);
  EXPECT_EQ(Board(), static_cast<uint32_t>(BOARD_DIRTY));
}

TEST_F(SpaceLargeTest, AbsorbsFaultsOnIt) {
  ASSERT_EQ(Map(kBase | kRw, block_), 0);
  uaddr_t address = kBase + 77 * PAGE_SIZE + 5;
  EXPECT_TRUE(space_absorb(space(), address, PTE_W, Entry(address)));
  EXPECT_EQ(Entry(kBase) & (PTE_A | PTE_D), PTE_A | PTE_D);
  EXPECT_FALSE(space_absorb(space(), address, PTE_X, Entry(address)));
}

}  // namespace
