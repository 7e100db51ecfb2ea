#include "microkernel/host_kernel.h"

namespace {

using FrameTest = KernelTest;

TEST_F(FrameTest, ExistsOnlyInRam) {
  EXPECT_TRUE(frame_exists(frame_first));
  EXPECT_TRUE(frame_exists(frame_first + frame_total - 1));
  EXPECT_FALSE(frame_exists(frame_first - 1));
  EXPECT_FALSE(frame_exists(frame_first + frame_total));
  EXPECT_FALSE(frame_exists(0));
  EXPECT_FALSE(frame_exists(~0ull));
  EXPECT_FALSE(frame_exists(frame_first + (1ull << 32)));
}

TEST_F(FrameTest, TypeAndGenerationAreApart) {
  frame_t frame = kernel_.ObjectFrame();
  uint32_t before = frame_entry(frame)->type_generation;
  frame_set_type(frame, OBJECT_THREAD);
  EXPECT_EQ(frame_type(frame), OBJECT_THREAD);
  EXPECT_EQ(frame_entry(frame)->type_generation >> 8, before >> 8);
  frame_release(frame);
  EXPECT_EQ(frame_type(frame), FRAME_OBJECT);
  EXPECT_EQ(frame_entry(frame)->type_generation >> 8, (before >> 8) + 1);
}

TEST_F(FrameTest, GenerationsWrapWithoutTouchingTheType) {
  frame_t frame = kernel_.ObjectFrame();
  frame_entry(frame)->type_generation = 0xffffff00u | OBJECT_THREAD;
  frame_release(frame);
  EXPECT_EQ(frame_entry(frame)->type_generation, static_cast<uint32_t>(FRAME_OBJECT));
}

TEST_F(FrameTest, BoardKeepsNeighbours) {
  for (frame_t i = 0; i < 8; i++) frame_board[i] = 0;
  frame_board_set(frame_first + 2, BOARD_DIRTY);
  frame_board_set(frame_first + 2, BOARD_ACCESSED);
  frame_board_set(frame_first + 5, BOARD_ACCESSED);
  const uint8_t expected[8] = {0, 0, 3, 0, 0, 1, 0, 0};
  for (int i = 0; i < 8; i++) EXPECT_EQ(frame_board[i], expected[i]) << i;
}

TEST_F(FrameTest, RetypesWholeUnusedBlocksOnly) {
  frame_t block = frame_first + 2 * LARGE_FRAMES;
  EXPECT_EQ(frame_retype(block + 1, FRAME_USER, FRAME_OBJECT), -EINVAL);
  EXPECT_EQ(frame_retype(block, FRAME_OBJECT, FRAME_USER), -EINVAL);
  EXPECT_EQ(frame_retype(frame_first, FRAME_OBJECT, FRAME_USER), -EINVAL);  // holds the kernel
  EXPECT_EQ(frame_retype(frame_first + frame_total, FRAME_USER, FRAME_OBJECT), -EINVAL);
  EXPECT_EQ(frame_retype(0xfffffe00u, FRAME_USER, FRAME_OBJECT), -EINVAL);
  frame_entry(block + 511)->count = 1;
  EXPECT_EQ(frame_retype(block, FRAME_USER, FRAME_OBJECT), -EINVAL);
  for (frame_t f = block; f < block + LARGE_FRAMES; f++) EXPECT_EQ(frame_type(f), FRAME_USER);
  frame_entry(block + 511)->count = 0;
  EXPECT_EQ(frame_retype(block, FRAME_USER, FRAME_OBJECT), 0);
  for (frame_t f = block; f < block + LARGE_FRAMES; f++) EXPECT_EQ(frame_type(f), FRAME_OBJECT);
  EXPECT_EQ(frame_retype(block, FRAME_OBJECT, FRAME_USER), 0);
}

// SYS_RETYPE: F2, only user blocks are in the window.
TEST_F(FrameTest, WindowFollowsRetype) {
  frame_t block = frame_first + 2 * LARGE_FRAMES;
  uaddr_t address = BOOT_WINDOW + (static_cast<uint64_t>(block) << PAGE_SHIFT);
  auto window = [&] {
    return *kernel_.machine().tlb.Possible(0, boot_space->translation, address).rbegin();
  };
  EXPECT_EQ(pte_frame(window()), block);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT), 0);
  EXPECT_EQ(window(), 0u);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_USER), 0);
  EXPECT_EQ(pte_frame(window()), block);
}

TEST_F(FrameTest, RetypeRefuses) {
  frame_t block = frame_first + 2 * LARGE_FRAMES;
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block, 2), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block, ~0ull), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block + 1, RETYPE_OBJECT), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, 0, RETYPE_OBJECT), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, ~0ull, RETYPE_OBJECT), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block | 1ull << 32, RETYPE_OBJECT), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_DEVICES, 0, RETYPE_OBJECT), -EBADF);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_SPACE, block, RETYPE_OBJECT), -EBADF);
  // The last frame of the block must be in the handle's range too.
  handle_t part = kernel_.Slot();
  ASSERT_EQ(kernel_.Call(SYS_COPY, 0, part, HANDLE_BOOT_RAM, RIGHTS_ALL, block | 511ull << 32), 0);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, part, block, RETYPE_OBJECT), -EACCES);
  // A call buffer pins its frame.
  ASSERT_EQ(kernel_.Call(SYS_THREAD_BUFFER, HANDLE_BOOT_THREAD, HANDLE_BOOT_RAM, block + 7), 0);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT), -EINVAL);
}

}  // namespace
