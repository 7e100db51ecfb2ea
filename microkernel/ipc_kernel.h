// Threads of several spaces that send each other messages, on the model machine.
#ifndef MICROKERNEL_IPC_KERNEL_H
#define MICROKERNEL_IPC_KERNEL_H

#include "microkernel/host_kernel.h"
#include "microkernel/invariants.h"

constexpr int64_t kBlocked = 1ll << 40;  // IpcTest::Call: the thread went on to wait

class IpcTest : public KernelTest {
 protected:
  explicit IpcTest(uint32_t harts = 1) : KernelTest(harts) {}
  ~IpcTest() override { EXPECT_EQ(invariants_.Check(), ""); }

  // A thread in a new space with a badge, INACTIVE.
  struct thread *NewThread(uint32_t badge) {
    handle_t space = kernel_.Space(badge, 2);
    return ThreadIn(space);
  }
  struct thread *ThreadIn(handle_t space) {
    handle_t handle = kernel_.Thread(space);
    struct thread *thread = kernel_.Object<struct thread>(handle);
    handles_[thread] = handle;
    spaces_[thread] = space;
    return thread;
  }
  // Gives the space of a thread an endpoint.
  void Give(struct thread *thread, handle_t slot, handle_t endpoint, uint64_t rights,
            uint64_t badge = 0) {
    ASSERT_EQ(kernel_.Call(SYS_COPY, spaces_[thread], slot, endpoint, rights, badge), 0);
  }
  // A system call of a thread, which is made to run on the hart: its result, or kBlocked.
  int64_t Call(struct thread *thread, uint64_t number, uint64_t a0 = 0, uint64_t a1 = 0,
               uint64_t a2 = 0, uint64_t a3 = 0, uint64_t a4 = 0, uint64_t a5 = 0,
               uint64_t a6 = 0) {
    Unqueue(thread);
    kernel_.Run(0, thread);
    kernel_.machine().Call(0, number, a0, a1, a2, a3, a4, a5, a6);
    bool goes_on = thread->state == THREAD_RUNNING || thread->state == THREAD_READY;
    return goes_on ? Result(thread) : kBlocked;
  }
  // So that Run can take it.
  void Unqueue(struct thread *thread) {
    if (thread->state == THREAD_READY) schedule_remove(thread);
    if (thread->state == THREAD_READY) thread->state = THREAD_INACTIVE;
  }
  int64_t Result(const struct thread *thread) { return static_cast<int64_t>(thread->x[REG_A0]); }
  // The event in a thread's registers.
  struct event Event(const struct thread *thread) {
    struct event event = {};
    event.token = thread->x[REG_A0];
    event.badge = thread->x[REG_A0 + 1];
    for (uint32_t i = 0; i < CALL_WORDS; i++) event.word[i] = thread->x[REG_A0 + 2 + i];
    return event;
  }
  int64_t Destroy(handle_t handle) { return kernel_.Call(SYS_DESTROY, handle); }
  int64_t Kill(struct thread *thread) { return Destroy(handles_[thread]); }

  std::map<struct thread *, handle_t> handles_, spaces_;
  Invariants invariants_;
};

#endif
