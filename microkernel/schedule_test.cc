#include "microkernel/ipc_kernel.h"

namespace {

class ScheduleTest : public IpcTest {
 protected:
  ScheduleTest() : IpcTest(2) {
    for (uint32_t i = 0; i < 4; i++) {
      threads_[i] = NewThread(i + 1);
      EXPECT_EQ(kernel_.Call(SYS_THREAD_START, handles_[threads_[i]], 0x1000), 0);
    }
  }
  void Priority(int i, uint64_t priority) {
    ASSERT_EQ(kernel_.Call(SYS_THREAD_PRIORITY, handles_[threads_[i]], priority), 0);
  }
  // Which of the threads a hart runs, or -1.
  int Running(uint32_t hart) {
    for (int i = 0; i < 4; i++)
      if (kernel_.machine().running(hart) == threads_[i]) return i;
    return -1;
  }
  void Preempt(uint32_t hart, bool expired) {
    kernel_.machine().Enter(hart, [=] { return schedule_preempt(expired); });
  }
  // The hart's thread stops for good.
  void Block(uint32_t hart) {
    kernel_.machine().Enter(hart, [] {
      current->state = THREAD_INACTIVE;
      return schedule_next();
    });
  }

  struct thread *threads_[4];
};

TEST_F(ScheduleTest, FirstComeFirstServed) {
  Block(0);
  EXPECT_EQ(Running(0), 0);
  for (int i : {1, 2, 3, 0, 1}) {
    Preempt(0, true);
    EXPECT_EQ(Running(0), i);
    EXPECT_EQ(invariants_.Check(), "");
  }
}

TEST_F(ScheduleTest, HigherPriorityFirst) {
  Priority(2, 3);
  Priority(3, 2);
  Priority(0, 0);
  for (int i : {2, 3, 1, 0}) {
    Block(0);
    EXPECT_EQ(Running(0), i);
  }
  Block(0);
  EXPECT_EQ(kernel_.machine().running(0), &kernel_.machine().hart(0).idle);
}

TEST_F(ScheduleTest, OnlyTheEndOfTheSliceGivesWayToEquals) {
  Block(0);
  Preempt(0, false);
  EXPECT_EQ(Running(0), 0);
  // A better one comes at any interrupt.
  Block(1);
  Priority(3, 2);
  EXPECT_EQ(invariants_.Check(), "");
}

TEST_F(ScheduleTest, ABetterThreadPreempts) {
  Block(0);
  ASSERT_EQ(Running(0), 0);
  schedule_remove(threads_[3]);
  threads_[3]->priority = 2;
  current = kernel_.machine().running(0);
  schedule_ready(threads_[3]);
  Preempt(0, false);
  EXPECT_EQ(Running(0), 3);
  EXPECT_EQ(threads_[0]->state, THREAD_READY);
  Preempt(0, true);  // none as good
  EXPECT_EQ(Running(0), 3);
}

TEST_F(ScheduleTest, IdleHartsTakeFromOthers) {
  Block(1);  // its own queue is empty
  EXPECT_EQ(Running(1), 0);
  EXPECT_EQ(threads_[0]->hart, &kernel_.machine().hart(1));
  Block(1);
  EXPECT_EQ(Running(1), 1);
}

TEST_F(ScheduleTest, PriorityRefuses) {
  EXPECT_EQ(kernel_.Call(SYS_THREAD_PRIORITY, handles_[threads_[0]], 4), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_THREAD_PRIORITY, handles_[threads_[0]], ~0ull), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_THREAD_PRIORITY, 99, 1), -EBADF);
  EXPECT_EQ(threads_[0]->priority, 1);
}

TEST_F(ScheduleTest, AnIdleHartWaitsUntilThereIsWork) {
  for (int i = 0; i < 4; i++) ASSERT_EQ(Kill(threads_[i]), 0);
  struct thread *late = NewThread(9);
  Block(1);
  ASSERT_EQ(kernel_.machine().running(1), &kernel_.machine().hart(1).idle);
  int waits = 0;
  kernel_.machine().while_idle = [&] {
    if (++waits < 3) return;
    struct thread *idle = current;
    current = kernel_.machine().running(0);
    EXPECT_EQ(thread_start(late, 0x1000, 0, 0, 0), 0);
    current = idle;
  };
  kernel_.machine().Enter(1, [] { return schedule_idle(); });
  EXPECT_EQ(waits, 3);
  EXPECT_EQ(kernel_.machine().running(1), late);
}

// A thread that runs elsewhere is interrupted there and ends.
TEST_F(ScheduleTest, KillsAThreadThatRunsElsewhere) {
  Block(1);
  ASSERT_EQ(Running(1), 0);
  EXPECT_EQ(Kill(threads_[0]), 0);
  EXPECT_EQ(kernel_.machine().interrupts, std::vector<uint32_t>{1});
  EXPECT_NE(Running(1), 0);
}

// While one hart waits for the thread to stop, another may have ended it.
TEST_F(ScheduleTest, KillsOnceWhenTwoHartsTry) {
  Block(1);
  ASSERT_EQ(Running(1), 0);
  host::Machine &m = kernel_.machine();
  uint32_t generation = 0;
  m.on_interrupt = [&](uint32_t hart) {
    m.Enter(hart, [] { return schedule_preempt(false); });
    generation = frame_entry(arch_address_frame(threads_[0]))->type_generation >> 8;
    struct thread *killer = current;
    EXPECT_EQ(thread_kill(threads_[0]), 0);  // as if by a third hart
    current = killer;
  };
  EXPECT_EQ(Kill(threads_[0]), -EBADF);
  EXPECT_EQ(frame_entry(arch_address_frame(threads_[0]))->type_generation >> 8, generation + 1);
  EXPECT_EQ(invariants_.Check(), "");
}

// Two harts that kill each other's threads: one gives up.
TEST_F(ScheduleTest, TheKilledKillerGivesUp) {
  Block(1);
  ASSERT_EQ(Running(1), 0);
  host::Machine &m = kernel_.machine();
  m.on_interrupt = [&](uint32_t) { kernel_.boot_thread(0)->dying = 1; };
  EXPECT_EQ(Kill(threads_[0]), -EAGAIN);
  EXPECT_EQ(frame_type(arch_address_frame(threads_[0])), OBJECT_THREAD);
  kernel_.boot_thread(0)->dying = 0;
  // The other thread stops all the same, and may be started again.
  Preempt(1, false);
  EXPECT_EQ(threads_[0]->state, THREAD_INACTIVE);
  EXPECT_EQ(kernel_.Call(SYS_THREAD_START, handles_[threads_[0]], 0x1000), 0);
  EXPECT_EQ(threads_[0]->dying, 0);
}

TEST_F(ScheduleTest, KillLeavesASlotAloneThatHasGotAnotherHandle) {
  Block(1);
  ASSERT_EQ(Running(1), 0);
  host::Machine &m = kernel_.machine();
  handle_t slot = handles_[threads_[0]];
  m.on_interrupt = [&](uint32_t hart) {
    m.Enter(hart, [] { return schedule_preempt(false); });
    // As if by another thread of the killer's space, on a third hart.
    handle_drop(boot_space, slot);
    EXPECT_EQ(handle_copy(boot_space, slot, boot_space, HANDLE_KERNEL, RIGHTS_ALL, 0), 0);
  };
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, slot), 0);
  EXPECT_EQ(handle_slot(boot_space, slot)->type, OBJECT_KERNEL);
}

TEST_F(ScheduleTest, FloatingPointIsLeftOnlyByWhoUsedIt) {
  Block(0);
  EXPECT_TRUE(kernel_.machine().fp_left.empty());
  kernel_.machine().Enter(0, [] {
    EXPECT_TRUE(arch_fp_enable(current));
    return current;
  });
  Preempt(0, true);
  EXPECT_EQ(kernel_.machine().fp_left, std::vector<const struct thread *>{threads_[0]});
  Preempt(0, true);
  EXPECT_EQ(kernel_.machine().fp_left.size(), 1u);
}

}  // namespace
