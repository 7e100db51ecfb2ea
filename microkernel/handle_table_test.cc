#include "microkernel/host_kernel.h"

namespace {

class HandleTest : public KernelTest {
 protected:
  struct handle *Get(handle_t slot) {
    return handle_slot(boot_space, slot);
  }
  int64_t Copy(handle_t to, handle_t from, uint64_t rights, uint64_t badge = 0) {
    return kernel_.Call(SYS_COPY, HANDLE_NONE, to, from, rights, badge);
  }
  int64_t CopyTo(handle_t space, handle_t to, handle_t from, uint64_t rights, uint64_t badge = 0) {
    return kernel_.Call(SYS_COPY, space, to, from, rights, badge);
  }
};

uint64_t Range(uint32_t first, uint32_t count) {
  return first | static_cast<uint64_t>(count) << 32;
}

TEST_F(HandleTest, SlotsHaveBounds) {
  EXPECT_EQ(Get(HANDLE_NONE), nullptr);
  EXPECT_NE(Get(1), nullptr);
  EXPECT_NE(Get(HANDLES_INLINE - 1), nullptr);
  EXPECT_EQ(handle_slot(boot_space, HANDLES_INLINE), nullptr);
  EXPECT_EQ(handle_slot(boot_space, ~0ull), nullptr);
  EXPECT_EQ(handle_slot(boot_space, 1ull << 32 | 1), nullptr);
}

TEST_F(HandleTest, FundingAddsSlots) {
  handle_t endpoint = kernel_.Endpoint();
  EXPECT_EQ(Copy(HANDLES_INLINE, endpoint, RIGHTS_ALL), -EBADF);
  ASSERT_EQ(kernel_.Call(SYS_FUND, HANDLE_BOOT_SPACE, HANDLE_BOOT_RAM, kernel_.ObjectFrame(),
                         FUND_HANDLES),
            0);
  for (handle_t slot : {HANDLES_INLINE, 2 * HANDLES_INLINE, HANDLES_INLINE + HANDLES_PER_FRAME - 1})
    EXPECT_EQ(Copy(slot, endpoint, RIGHTS_ALL), 0) << slot;
  EXPECT_EQ(Copy(HANDLES_INLINE + HANDLES_PER_FRAME, endpoint, RIGHTS_ALL), -EBADF);
  EXPECT_EQ(kernel_.Call(SYS_NOTIFY, HANDLES_INLINE), 0);
}

TEST_F(HandleTest, AdjacentHandlesAreCopiedTogether) {
  constexpr handle_t kFrom = 40, kTo = 60;
  for (uint32_t i = 0; i < COPY_MAX; i++)
    ASSERT_EQ(Copy(kFrom + i, kernel_.Endpoint(), RIGHTS_ALL, i + 1), 0);
  auto copy = [this](handle_t to, uint64_t more) {
    return kernel_.Call(SYS_COPY, HANDLE_NONE, to, kFrom, RIGHT_CALL, 0, more);
  };
  EXPECT_EQ(copy(kTo, COPY_MAX), -EINVAL);
  EXPECT_EQ(copy(kTo, ~0ull), -EINVAL);
  EXPECT_EQ(Get(kTo)->type, OBJECT_NONE);
  ASSERT_EQ(copy(kTo, COPY_MAX - 1), 0);
  for (uint32_t i = 0; i < COPY_MAX; i++) {
    EXPECT_EQ(Get(kTo + i)->object, Get(kFrom + i)->object);
    EXPECT_EQ(Get(kTo + i)->badge, i + 1);
    EXPECT_EQ(Get(kTo + i)->rights, RIGHT_CALL);
  }
  EXPECT_EQ(Get(kTo + COPY_MAX)->type, OBJECT_NONE);
  // Up to the first error.
  EXPECT_EQ(copy(kTo - 2, 5), -EEXIST);
  EXPECT_EQ(Get(kTo - 1)->object, Get(kFrom + 1)->object);
  EXPECT_EQ(copy(HANDLES_INLINE - 1, 1), -EBADF);
  EXPECT_EQ(Get(HANDLES_INLINE - 1)->object, Get(kFrom)->object);
}

TEST_F(HandleTest, FundingEndsAtTheMaximum) {
  uint32_t count = HANDLES_INLINE;
  int64_t result = 0;
  while (result == 0) {
    frame_t frame = kernel_.ObjectFrame();
    result = kernel_.Call(SYS_FUND, HANDLE_BOOT_SPACE, HANDLE_BOOT_RAM, frame, FUND_HANDLES);
    if (result == 0) count += HANDLES_PER_FRAME;
    if (result) {
      EXPECT_EQ(frame_type(frame), FRAME_OBJECT);
    }
  }
  EXPECT_EQ(result, -ENOSPC);
  EXPECT_LE(count, HANDLES_MAX);
  EXPECT_GT(count + HANDLES_PER_FRAME, HANDLES_MAX);
  EXPECT_NE(handle_slot(boot_space, count - 1), nullptr);
  EXPECT_EQ(handle_slot(boot_space, count), nullptr);
}

TEST_F(HandleTest, RightsOnlyShrink) {
  handle_t endpoint = kernel_.Endpoint(), copy = kernel_.Slot(), again = kernel_.Slot();
  ASSERT_EQ(Copy(copy, endpoint, RIGHT_CALL | RIGHT_COPY), 0);
  EXPECT_EQ(Get(copy)->rights, RIGHT_CALL | RIGHT_COPY);
  ASSERT_EQ(Copy(again, copy, ~0ull), 0);
  EXPECT_EQ(Get(again)->rights, RIGHT_CALL | RIGHT_COPY);
  EXPECT_EQ(kernel_.Call(SYS_TIMER, copy, 0), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, copy), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_NOTIFY, copy), -EACCES);
}

TEST_F(HandleTest, NoCopyWithoutTheRight) {
  handle_t endpoint = kernel_.Endpoint(), copy = kernel_.Slot();
  ASSERT_EQ(Copy(copy, endpoint, RIGHT_CALL), 0);
  EXPECT_EQ(Copy(kernel_.Slot(), copy, RIGHT_CALL), -EACCES);
}

TEST_F(HandleTest, EachRightAloneIsAHandle) {
  handle_t endpoint = kernel_.Endpoint();
  handle_t call = kernel_.Slot(), receive = kernel_.Slot(), manage = kernel_.Slot();
  ASSERT_EQ(Copy(call, endpoint, RIGHT_CALL), 0);
  ASSERT_EQ(Copy(receive, endpoint, RIGHT_RECEIVE), 0);
  ASSERT_EQ(Copy(manage, endpoint, RIGHT_MANAGE), 0);
  EXPECT_EQ(Copy(manage, endpoint, RIGHT_MANAGE), -EEXIST);
  handle_t notify = kernel_.Slot();
  ASSERT_EQ(Copy(notify, endpoint, RIGHT_NOTIFY), 0);
  EXPECT_EQ(kernel_.Call(SYS_NOTIFY, notify), 0);
  for (handle_t other : {call, receive, manage})
    EXPECT_EQ(kernel_.Call(SYS_NOTIFY, other), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_IRQ_BIND, HANDLE_BOOT_IRQS, 5, call), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_IRQ_BIND, HANDLE_BOOT_IRQS, 5, notify), 0);
  kernel_.Object<struct endpoint>(endpoint)->bits = 0;
  irq_deliver(5);
  EXPECT_EQ(kernel_.Object<struct endpoint>(endpoint)->bits, 1u);
  EXPECT_FALSE(handle_may_call(Get(notify)));
  EXPECT_FALSE(handle_may_receive(Get(notify)));
  EXPECT_EQ(kernel_.Call(SYS_TIMER, call, 0), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_TIMER, manage, 0), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_TIMER, receive, ~0ull), 0);
  EXPECT_FALSE(handle_may_call(Get(receive)));
  EXPECT_FALSE(handle_may_call(Get(manage)));
  EXPECT_FALSE(handle_may_receive(Get(call)));
  EXPECT_FALSE(handle_may_receive(Get(manage)));
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, manage), 0);
  EXPECT_EQ(kernel_.Call(SYS_NOTIFY, call), -EBADF);
}

TEST_F(HandleTest, ABadgeOnceGivenStays) {
  handle_t endpoint = kernel_.Endpoint(), first = kernel_.Slot(), second = kernel_.Slot();
  ASSERT_EQ(Copy(first, endpoint, RIGHTS_ALL, 7), 0);
  ASSERT_EQ(Copy(second, first, RIGHTS_ALL, 9), 0);
  EXPECT_EQ(Get(first)->badge, 7);
  EXPECT_EQ(Get(second)->badge, 7);
  EXPECT_EQ(Copy(kernel_.Slot(), endpoint, RIGHTS_ALL, 0x10000), -EINVAL);
  EXPECT_EQ(Copy(kernel_.Slot(), endpoint, RIGHTS_ALL, ~0ull), -EINVAL);
}

TEST_F(HandleTest, RangesNarrow) {
  handle_t part = kernel_.Slot(), half = kernel_.Slot();
  frame_t first = frame_first + 1000;
  ASSERT_EQ(Copy(part, HANDLE_BOOT_RAM, RIGHTS_ALL, Range(first, 10)), 0);
  EXPECT_EQ(Copy(half, part, RIGHTS_ALL, Range(first - 1, 2)), -EINVAL);
  EXPECT_EQ(Copy(half, part, RIGHTS_ALL, Range(first, 11)), -EINVAL);
  EXPECT_EQ(Copy(half, part, RIGHTS_ALL, Range(first + 10, 1)), -EINVAL);
  EXPECT_EQ(Copy(half, part, RIGHTS_ALL, Range(first, 0)), -EINVAL);
  EXPECT_EQ(Copy(half, part, RIGHTS_ALL, Range(first + 5, 0xffffffff)), -EINVAL);
  EXPECT_EQ(Get(half)->type, OBJECT_NONE);
  EXPECT_EQ(Copy(half, part, RIGHTS_ALL, Range(first + 5, 5)), 0);
  EXPECT_EQ(Get(half)->first, first + 5);
  EXPECT_EQ(Get(half)->count, 5u);
}

TEST_F(HandleTest, CopyErrors) {
  handle_t endpoint = kernel_.Endpoint(), space = kernel_.Space(1), free = kernel_.Slot();
  EXPECT_EQ(Copy(endpoint, HANDLE_KERNEL, RIGHTS_ALL), -EEXIST);
  EXPECT_EQ(Copy(endpoint, endpoint, RIGHTS_ALL), -EEXIST);
  EXPECT_EQ(Copy(0, endpoint, RIGHTS_ALL), -EBADF);
  EXPECT_EQ(Copy(free, free, RIGHTS_ALL), -EBADF);
  EXPECT_EQ(Copy(free, 0, RIGHTS_ALL), -EBADF);
  EXPECT_EQ(Copy(free, 5000, RIGHTS_ALL), -EBADF);
  EXPECT_EQ(CopyTo(space, 5000, endpoint, RIGHTS_ALL), -EBADF);
  EXPECT_EQ(CopyTo(endpoint, 20, endpoint, RIGHTS_ALL), -EBADF);
  EXPECT_EQ(CopyTo(space, 20, endpoint, RIGHTS_ALL), 0);
  EXPECT_EQ(CopyTo(space, 20, endpoint, RIGHTS_ALL), -EEXIST);
  handle_t weak = kernel_.Slot();
  ASSERT_EQ(Copy(weak, space, RIGHT_COPY), 0);
  EXPECT_EQ(CopyTo(weak, 21, endpoint, RIGHTS_ALL), -EACCES);
}

TEST_F(HandleTest, StaleHandlesFitNothing) {
  frame_t frame = kernel_.ObjectFrame();
  handle_t old = kernel_.Slot(), copy = kernel_.Slot(), next = kernel_.Slot();
  ASSERT_EQ(kernel_.Call(SYS_CREATE, OBJECT_ENDPOINT, HANDLE_BOOT_RAM, frame, old, 0), 0);
  ASSERT_EQ(Copy(copy, old, RIGHTS_ALL, 3), 0);
  ASSERT_EQ(kernel_.Call(SYS_DESTROY, old), 0);
  EXPECT_EQ(Get(old)->type, OBJECT_NONE);
  EXPECT_EQ(kernel_.Call(SYS_NOTIFY, copy), -EBADF);
  ASSERT_EQ(kernel_.Call(SYS_CREATE, OBJECT_ENDPOINT, HANDLE_BOOT_RAM, frame, next, 0), 0);
  EXPECT_EQ(kernel_.Call(SYS_NOTIFY, next), 0);
  EXPECT_EQ(kernel_.Call(SYS_NOTIFY, copy), -EBADF);
  EXPECT_EQ(kernel_.Call(SYS_TIMER, copy, 1), -EBADF);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, copy), -EBADF);
  EXPECT_EQ(Copy(kernel_.Slot(), copy, RIGHTS_ALL), -EBADF);
  // Its slot may be used again at once.
  EXPECT_EQ(Copy(copy, next, RIGHTS_ALL), 0);
}

TEST_F(HandleTest, DropForgetsTheHandleNotTheObject) {
  handle_t endpoint = kernel_.Endpoint(), copy = kernel_.Slot();
  ASSERT_EQ(Copy(copy, endpoint, RIGHTS_ALL), 0);
  EXPECT_EQ(kernel_.Call(SYS_DROP, endpoint), 0);
  EXPECT_EQ(kernel_.Call(SYS_DROP, endpoint), -EBADF);
  EXPECT_EQ(kernel_.Call(SYS_DROP, 0), -EBADF);
  EXPECT_EQ(kernel_.Call(SYS_DROP, ~0ull), -EBADF);
  EXPECT_EQ(kernel_.Call(SYS_NOTIFY, copy), 0);
}

TEST_F(HandleTest, RangesAndTheKernelAreNotDestroyed) {
  for (handle_t h : {HANDLE_BOOT_RAM, HANDLE_BOOT_DEVICES, HANDLE_BOOT_IRQS, HANDLE_KERNEL})
    EXPECT_EQ(kernel_.Call(SYS_DESTROY, h), -EINVAL) << h;
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, HANDLE_NONE), -EBADF);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, 100), -EBADF);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, ~0ull), -EBADF);
}

}  // namespace
