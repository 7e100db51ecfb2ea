#include "microkernel/ipc_kernel.h"

namespace {

constexpr handle_t kService = 20;
constexpr uaddr_t kEntry = 0x7000;

// A client whose faults go to a server's endpoint, and a second hart.
class UpcallTest : public IpcTest {
 protected:
  UpcallTest() : IpcTest(2) {
    endpoint_ = kernel_.Endpoint();
    client_ = NewThread(1);
    server_ = NewThread(2);
    Give(client_, HANDLE_PAGER, endpoint_, RIGHT_CALL);
    Give(client_, kService, endpoint_, RIGHT_CALL);
    Give(server_, kService, endpoint_, RIGHTS_ALL);
    buffer_ = kernel_.UserFrame();
    EXPECT_EQ(kernel_.Call(SYS_THREAD_BUFFER, handles_[client_], HANDLE_BOOT_RAM, buffer_), 0);
  }
  struct upcall_registers *saved() {
    char *buffer = static_cast<char *>(arch_frame_address(buffer_));
    return reinterpret_cast<struct upcall_registers *>(buffer + UPCALL_OFFSET);
  }
  static void SetRegisters(struct thread *thread, uint64_t k) {
    for (uint64_t i = 0; i < 32; i++) thread->x[i] = k + i;
  }
  // The client faults with registers that start at k.
  void Fault(uint64_t k) {
    Unqueue(client_);
    kernel_.Run(0, client_);
    SetRegisters(client_, k);
    client_->resume = RESUME_ALL;
    client_->fp_used = k % 200 == 0;
    kernel_.machine().Enter(0, [] { return fault_page(0x5000, PTE_W); });
  }
  // The server receives a fault.
  struct event Fault() {
    EXPECT_EQ(Call(server_, SYS_WAIT, kService), kBlocked);
    Fault(100);
    return Event(server_);
  }
  void ExpectSaved(uint64_t k) {
    EXPECT_EQ(saved()->pc, k);
    EXPECT_EQ(saved()->fp, client_->fp_used);
    for (uint64_t i = 1; i < 32; i++) EXPECT_EQ(saved()->x[i - 1], k + i);
    EXPECT_EQ(client_->x[REG_PC], kEntry);
    for (uint64_t i = 1; i < 32; i++) EXPECT_EQ(client_->x[i], k + i);
  }
  int64_t Upcall(uaddr_t pc) { return kernel_.Call(SYS_THREAD_UPCALL, handles_[client_], pc); }
  void RunElsewhere() {
    Unqueue(client_);
    kernel_.Run(1, client_);
    SetRegisters(client_, 300);
  }

  handle_t endpoint_;
  struct thread *client_, *server_;
  frame_t buffer_;
};

TEST_F(UpcallTest, AnswersAFaultAndWaits) {
  struct event event = Fault();
  EXPECT_EQ(Call(server_, SYS_UPCALL_WAIT, event.token, kService, kEntry), kBlocked);
  EXPECT_EQ(kernel_.machine().running(0), client_);
  ExpectSaved(100);
  EXPECT_EQ(server_->state, THREAD_RECEIVING);
  // The token is used up.
  Unqueue(client_);
  EXPECT_EQ(Call(client_, SYS_NULL), 0);
  EXPECT_EQ(Call(client_, SYS_CALL, kService), kBlocked);
  EXPECT_EQ(Call(server_, SYS_UPCALL_WAIT, event.token, kService, kEntry + 2), kBlocked);
  EXPECT_EQ(client_->state, THREAD_REPLY);
}

TEST_F(UpcallTest, AnswersAFaultAndTakesWhatWaits) {
  struct event event = Fault();
  kernel_.Call(SYS_NOTIFY, endpoint_);
  Call(server_, SYS_UPCALL_WAIT, event.token, kService, kEntry);
  EXPECT_EQ(token_kind(Event(server_).token), EVENT_NOTIFY);
  EXPECT_EQ(client_->state, THREAD_READY);
  ExpectSaved(100);
}

TEST_F(UpcallTest, AnswersAnExceptionWithoutWaiting) {
  Give(client_, HANDLE_EXCEPTION, endpoint_, RIGHT_CALL);
  EXPECT_EQ(Call(server_, SYS_WAIT, kService), kBlocked);
  kernel_.Run(0, client_);
  SetRegisters(client_, 100);
  client_->resume = RESUME_ALL;
  kernel_.machine().Enter(0, [] { return fault_exception(2, 0); });
  uint64_t token = Event(server_).token;
  EXPECT_EQ(Call(server_, SYS_REPLY_UPCALL, token, kEntry), 0);
  ExpectSaved(100);
  EXPECT_EQ(Call(server_, SYS_REPLY_UPCALL, token, kEntry), -ESRCH);
}

TEST_F(UpcallTest, AnswersRefuse) {
  struct event event = Fault();
  EXPECT_EQ(Call(server_, SYS_UPCALL_WAIT, event.token, kService, USER_END), -EINVAL);
  EXPECT_EQ(Call(server_, SYS_UPCALL_WAIT, event.token, kService, ~0ull), -EINVAL);
  EXPECT_EQ(Call(server_, SYS_REPLY_UPCALL, event.token, USER_END), -EINVAL);
  EXPECT_EQ(Call(server_, SYS_UPCALL_WAIT, event.token, 99, kEntry), -EBADF);
  EXPECT_EQ(Call(server_, SYS_UPCALL_WAIT, event.token, 1ull << 33 | kService, kEntry), -EBADF);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token), 0);
  // Who made a call is not sent elsewhere.
  EXPECT_EQ(Call(server_, SYS_WAIT, kService), kBlocked);
  EXPECT_EQ(Call(client_, SYS_CALL, kService), kBlocked);
  event = Event(server_);
  EXPECT_EQ(Call(server_, SYS_UPCALL_WAIT, event.token, kService, kEntry), -EINVAL);
  EXPECT_EQ(Call(server_, SYS_REPLY_UPCALL, event.token, kEntry), -EINVAL);
  EXPECT_EQ(client_->state, THREAD_REPLY);
}

TEST_F(UpcallTest, NeedsABuffer) {
  EXPECT_EQ(Call(client_, SYS_CALL, kService), kBlocked);
  Call(server_, SYS_WAIT, kService);
  struct thread *bare = NewThread(3);
  Give(bare, HANDLE_PAGER, endpoint_, RIGHT_CALL);
  kernel_.Run(0, bare);
  bare->resume = RESUME_ALL;
  kernel_.machine().Enter(0, [] { return fault_page(0x5000, PTE_W); });
  Call(server_, SYS_WAIT, kService);
  uint64_t token = Event(server_).token;
  EXPECT_EQ(Call(server_, SYS_UPCALL_WAIT, token, kService, kEntry), -EINVAL);
  EXPECT_EQ(Call(server_, SYS_REPLY_UPCALL, token, kEntry), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_THREAD_UPCALL, handles_[bare], kEntry), -EINVAL);
  EXPECT_EQ(bare->state, THREAD_REPLY);
  EXPECT_EQ(Call(server_, SYS_RESUME), -EINVAL);
}

TEST_F(UpcallTest, ResumeBringsAllRegistersBack) {
  saved()->pc = 0x1234;
  for (uint64_t i = 1; i < 32; i++) saved()->x[i - 1] = 900 + i;
  Call(client_, SYS_RESUME);
  EXPECT_EQ(kernel_.machine().running(0), client_);
  EXPECT_EQ(client_->resume, RESUME_ALL);
  EXPECT_EQ(client_->x[REG_PC], 0x1234u);
  for (uint64_t i = 1; i < 32; i++) EXPECT_EQ(client_->x[i], 900 + i);
  saved()->pc = USER_END;
  EXPECT_EQ(Call(client_, SYS_RESUME), -EINVAL);
  EXPECT_EQ(client_->x[1], 901u);
}

TEST_F(UpcallTest, ReachesAThreadThatFaulted) {
  struct event event = Fault();
  EXPECT_EQ(Upcall(kEntry), 0);
  ExpectSaved(100);
  EXPECT_EQ(client_->state, THREAD_READY);
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token), -ESRCH);
}

TEST_F(UpcallTest, ReachesAThreadWhoseFaultNobodyHasReceived) {
  Fault(200);
  EXPECT_EQ(client_->state, THREAD_SENDING);
  EXPECT_EQ(Upcall(kEntry), 0);
  ExpectSaved(200);
  EXPECT_EQ(client_->state, THREAD_READY);
  EXPECT_EQ(invariants_.Check(), "");
  EXPECT_EQ(Call(server_, SYS_WAIT, kService), kBlocked);  // the message is gone
}

TEST_F(UpcallTest, ReachesAReadyThread) {
  ASSERT_EQ(kernel_.Call(SYS_THREAD_START, handles_[client_], 0x1000), 0);
  SetRegisters(client_, 400);
  EXPECT_EQ(Upcall(kEntry), 0);
  ExpectSaved(400);
  EXPECT_EQ(client_->state, THREAD_READY);
}

TEST_F(UpcallTest, LeavesAloneWhoWaitsForSomethingElse) {
  EXPECT_EQ(Upcall(kEntry), -EBUSY);  // not started
  EXPECT_EQ(Call(client_, SYS_CALL, kService), kBlocked);
  EXPECT_EQ(Upcall(kEntry), -EBUSY);
  Call(server_, SYS_WAIT, kService);
  EXPECT_EQ(Upcall(kEntry), -EBUSY);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_EQ(Upcall(USER_END), -EINVAL);
  Give(client_, kService + 1, kernel_.Endpoint(), RIGHTS_ALL);
  EXPECT_EQ(Call(server_, SYS_REPLY, Event(server_).token), 0);
  EXPECT_EQ(Call(client_, SYS_WAIT, kService + 1), kBlocked);
  EXPECT_EQ(Upcall(kEntry), -EBUSY);
  EXPECT_EQ(client_->state, THREAD_RECEIVING);
  EXPECT_EQ(saved()->pc, 0u);
  struct thread *boot = kernel_.boot_thread(0);
  boot->buffer = client_->buffer;
  EXPECT_EQ(kernel_.Call(SYS_THREAD_UPCALL, HANDLE_BOOT_THREAD, kEntry), -EBUSY);  // itself
  boot->buffer = nullptr;
}

TEST_F(UpcallTest, ReachesAThreadOnAnotherHart) {
  RunElsewhere();
  EXPECT_EQ(Upcall(kEntry), 0);
  EXPECT_EQ(kernel_.machine().interrupts, std::vector<uint32_t>{1});
  ExpectSaved(300);
  EXPECT_EQ(client_->upcall_due, 0);
  EXPECT_EQ(client_->state, THREAD_RUNNING);
}

// The other hart enters the kernel for something else first.
TEST_F(UpcallTest, TheThreadOnAnotherHartMakesACall) {
  RunElsewhere();
  host::Machine &m = kernel_.machine();
  m.on_interrupt = [&](uint32_t hart) { m.Call(hart, SYS_CALL, kService); };
  EXPECT_EQ(Upcall(kEntry), -EBUSY);
  EXPECT_EQ(client_->state, THREAD_SENDING);
  EXPECT_EQ(client_->upcall_due, 0);
}

TEST_F(UpcallTest, TheThreadOnAnotherHartFaults) {
  RunElsewhere();
  host::Machine &m = kernel_.machine();
  m.on_interrupt = [&](uint32_t hart) {
    m.running(hart)->resume = RESUME_ALL;
    m.Enter(hart, [] { return fault_page(0x5000, PTE_W); });
  };
  EXPECT_EQ(Upcall(kEntry), 0);
  ExpectSaved(300);
  EXPECT_EQ(client_->state, THREAD_READY);
}

TEST_F(UpcallTest, TheThreadOnAnotherHartEnds) {
  RunElsewhere();
  host::Machine &m = kernel_.machine();
  m.on_interrupt = [&](uint32_t hart) {
    client_->dying = 1;
    m.Enter(hart, [] { return schedule_preempt(false); });
    struct thread *sender = current;
    EXPECT_EQ(thread_kill(client_), 0);  // as if by a third hart
    current = sender;
  };
  EXPECT_EQ(Upcall(kEntry), -EBADF);
}

// Of two harts that send each other's threads elsewhere, at least one gives way.
TEST_F(UpcallTest, TheSenderThatIsSentGivesWay) {
  RunElsewhere();
  host::Machine &m = kernel_.machine();
  struct thread *boot = kernel_.boot_thread(0);
  m.on_interrupt = [&](uint32_t) { boot->upcall_due = 1; };
  EXPECT_EQ(Upcall(kEntry), -EAGAIN);
  EXPECT_EQ(client_->upcall_due, 0);
  boot->upcall_due = 0;
  m.on_interrupt = [&](uint32_t) { boot->dying = 1; };
  EXPECT_EQ(Upcall(kEntry), -EAGAIN);
  EXPECT_EQ(client_->upcall_due, 0);
  boot->dying = 0;
  // One at a time.
  client_->upcall_due = 1;
  EXPECT_EQ(Upcall(kEntry), -EAGAIN);
  client_->upcall_due = 0;
  EXPECT_EQ(saved()->pc, 0u);
}

}  // namespace
