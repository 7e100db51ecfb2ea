#include "microkernel/ipc_kernel.h"

namespace {

constexpr handle_t kEvents = 20;

class InterruptTest : public IpcTest {
 protected:
  InterruptTest() {
    timer_slice = 1000;
    timer_offer = 100;
    for (int i = 0; i < 3; i++) {
      endpoints_[i] = kernel_.Endpoint();
      drivers_[i] = NewThread(i + 1);
      Give(drivers_[i], kEvents, endpoints_[i], RIGHTS_ALL, i + 1);
    }
  }
  uint64_t Bits(int i) { return kernel_.Object<struct endpoint>(endpoints_[i])->bits; }
  void Tick(uint64_t time) {
    kernel_.machine().time = time;
    kernel_.Run(0, kernel_.boot_thread(0));
    kernel_.machine().Enter(0, [] { return schedule_preempt(timer_expire()); });
  }

  handle_t endpoints_[3];
  struct thread *drivers_[3];
};

TEST_F(InterruptTest, TimersFireInOrder) {
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[0], 300), 0);
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[1], 100), 0);
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[2], 200), 0);
  EXPECT_EQ(kernel_.machine().timer[0], 100u);
  Tick(99);
  EXPECT_EQ(Bits(1), 0u);
  Tick(100);
  EXPECT_EQ(Bits(1), NOTIFY_TIMER);
  EXPECT_EQ(Bits(2), 0u);
  EXPECT_EQ(kernel_.machine().timer[0], 200u);
  Tick(1000);
  EXPECT_EQ(Bits(0), NOTIFY_TIMER);
  EXPECT_EQ(Bits(2), NOTIFY_TIMER);
}

TEST_F(InterruptTest, TimersFireOnceAndCanBeChanged) {
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[0], 100), 0);
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[0], 200), 0);  // the last word counts
  Tick(150);
  EXPECT_EQ(Bits(0), 0u);
  Tick(200);
  EXPECT_EQ(Bits(0), NOTIFY_TIMER);
  Call(drivers_[0], SYS_WAIT, kEvents);
  EXPECT_EQ(Event(drivers_[0]).badge, NOTIFY_TIMER);
  Tick(400);
  EXPECT_EQ(Bits(0), 0u);
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[0], 500), 0);
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[0], ~0ull), 0);  // off
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[0], ~0ull), 0);
  Tick(600);
  EXPECT_EQ(Bits(0), 0u);
}

TEST_F(InterruptTest, ADestroyedEndpointHasNoTimer) {
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[0], 100), 0);
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[1], 100), 0);
  ASSERT_EQ(Destroy(endpoints_[0]), 0);
  Tick(100);
  EXPECT_EQ(Bits(1), NOTIFY_TIMER);
}

TEST_F(InterruptTest, ATimerWakesItsReceiver) {
  ASSERT_EQ(Call(drivers_[0], SYS_WAIT, kEvents), kBlocked);
  ASSERT_EQ(kernel_.Call(SYS_TIMER, endpoints_[0], 0), 0);
  Tick(1);
  EXPECT_EQ(Event(drivers_[0]).badge, NOTIFY_TIMER);
}

TEST_F(InterruptTest, ASliceEndsOnTime) {
  kernel_.machine().time = 5000;
  kernel_.machine().Enter(0, [] {
    timer_slice_start();
    return current;
  });
  EXPECT_EQ(kernel_.machine().timer[0], 6000u);
  kernel_.machine().time = 5999;
  EXPECT_FALSE(timer_expire());
  kernel_.machine().time = 6000;
  EXPECT_TRUE(timer_expire());
}

// Neither a timer of an endpoint nor its being set again and again puts off the end of a slice.
TEST_F(InterruptTest, TimersDoNotStretchASlice) {
  kernel_.machine().time = 5000;
  timer_slice_start();
  for (uint64_t t = 5000; t < 6000; t += 100) {
    kernel_.machine().time = t;
    kernel_.Call(SYS_TIMER, endpoints_[0], t + 50);
    kernel_.machine().time = t + 50;
    EXPECT_FALSE(timer_expire());
    EXPECT_LE(kernel_.machine().timer[0], 6000u);
  }
}

// While a thread waits for an idle hart, a deadline that comes earlier still counts.
TEST(InterruptHarts, AnOfferDoesNotPutOffADeadline) {
  HostKernel kernel(2);
  timer_slice = 1000;
  timer_offer = 100;
  handle_t endpoint = kernel.Endpoint();
  host::Machine &m = kernel.machine();
  m.while_idle = [&] {
    struct thread *idle = current;
    current = m.running(0);
    // Hart 1 idles; hart 0 has a thread in its queue and a deadline in 10 ticks.
    struct thread *thread = kernel.Object<struct thread>(kernel.Thread(HANDLE_BOOT_SPACE));
    EXPECT_EQ(thread_start(thread, 0x1000, 0, 0, 0), 0);
    EXPECT_EQ(kernel.Call(SYS_TIMER, endpoint, 10), 0);
    current = m.running(0);
    timer_slice_start();
    EXPECT_EQ(m.timer[0], 10u);
    current = idle;
  };
  m.Enter(1, [] {
    current->state = THREAD_INACTIVE;
    return schedule_next();
  });
  m.Enter(1, [] { return schedule_idle(); });
}

TEST_F(InterruptTest, InterruptsNotifyWhoIsBound) {
  kernel_.Call(SYS_DROP, endpoints_[0]);
  handle_t handle = kernel_.Slot();
  endpoints_[0] = kernel_.Endpoint();
  ASSERT_EQ(kernel_.Call(SYS_COPY, 0, handle, endpoints_[0], RIGHT_NOTIFY, 5), 0);
  ASSERT_EQ(kernel_.Call(SYS_IRQ_BIND, HANDLE_BOOT_IRQS, 10, handle), 0);
  EXPECT_EQ(kernel_.machine().enabled, std::vector<uint32_t>{10});
  irq_deliver(10);
  EXPECT_EQ(Bits(0), 1ull << 5);
  EXPECT_TRUE(kernel_.machine().completed.empty());  // masked until acknowledged
  ASSERT_EQ(kernel_.Call(SYS_IRQ_ACK, HANDLE_BOOT_IRQS, 10), 0);
  EXPECT_EQ(kernel_.machine().completed, std::vector<uint32_t>{10});
  // Unbound ones, and those whose endpoint has ended, are completed at once.
  irq_deliver(11);
  irq_deliver(IRQ_MAX);
  ASSERT_EQ(Destroy(endpoints_[0]), 0);
  irq_deliver(10);
  EXPECT_EQ(kernel_.machine().completed, (std::vector<uint32_t>{10, 11, IRQ_MAX, 10}));
}

TEST_F(InterruptTest, BindRefuses) {
  handle_t receive = kernel_.Slot();
  ASSERT_EQ(kernel_.Call(SYS_COPY, 0, receive, endpoints_[0], RIGHT_RECEIVE), 0);
  auto bind = [&](uint64_t irqs, uint64_t number, uint64_t endpoint) {
    return kernel_.Call(SYS_IRQ_BIND, irqs, number, endpoint);
  };
  EXPECT_EQ(bind(HANDLE_BOOT_RAM, 10, endpoints_[0]), -EBADF);
  EXPECT_EQ(bind(HANDLE_BOOT_IRQS, 0, endpoints_[0]), -EACCES);
  EXPECT_EQ(bind(HANDLE_BOOT_IRQS, IRQ_MAX, endpoints_[0]), -EACCES);
  EXPECT_EQ(bind(HANDLE_BOOT_IRQS, 1ull << 32 | 10, endpoints_[0]), -EACCES);
  EXPECT_EQ(bind(HANDLE_BOOT_IRQS, 10, 99), -EBADF);
  EXPECT_EQ(bind(HANDLE_BOOT_IRQS, 10, receive), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_IRQ_ACK, HANDLE_BOOT_IRQS, IRQ_MAX), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_IRQ_ACK, HANDLE_BOOT_RAM, 10), -EBADF);
  EXPECT_TRUE(kernel_.machine().enabled.empty());
}

}  // namespace
