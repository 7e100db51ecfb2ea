#include "microkernel/ipc_kernel.h"

namespace {

constexpr handle_t kService = 20;  // slot of the endpoint in every space

// A client (badge 1), a server (2) and a third space (3), all with the same endpoint.
class EndpointTest : public IpcTest {
 protected:
  EndpointTest() {
    endpoint_ = kernel_.Endpoint();
    other_ = kernel_.Endpoint();
    client_ = NewThread(1);
    server_ = NewThread(2);
    third_ = NewThread(3);
    for (struct thread *t : {client_, server_, third_}) {
      Give(t, kService, endpoint_, RIGHTS_ALL, 40 + t->badge);
      Give(t, kService + 1, other_, RIGHTS_ALL, 50 + t->badge);
    }
  }
  // The server waits, the client calls.
  struct event Request() {
    EXPECT_EQ(Call(server_, SYS_WAIT, kService), kBlocked);
    EXPECT_EQ(Call(client_, SYS_CALL, kService, 1, 2, 3, 4, 5, 6), kBlocked);
    return Event(server_);
  }

  handle_t endpoint_, other_;
  struct thread *client_, *server_, *third_;
};

TEST_F(EndpointTest, CallReachesAWaitingServerAtOnce) {
  struct event event = Request();
  EXPECT_EQ(kernel_.machine().running(0), server_);  // direct switch
  EXPECT_EQ(token_kind(event.token), EVENT_CALL);
  EXPECT_EQ(badge_origin(event.badge), 1u);
  EXPECT_EQ(badge_via(event.badge), 41u);
  for (uint64_t i = 0; i < CALL_WORDS; i++) EXPECT_EQ(event.word[i], i + 1);
  EXPECT_EQ(client_->state, THREAD_REPLY);
}

TEST_F(EndpointTest, CallsWaitInOrder) {
  EXPECT_EQ(Call(client_, SYS_CALL, kService, 1), kBlocked);
  EXPECT_EQ(Call(third_, SYS_CALL, kService, 2), kBlocked);
  EXPECT_EQ(client_->state, THREAD_SENDING);
  Call(server_, SYS_WAIT, kService);
  EXPECT_EQ(Event(server_).word[0], 1u);
  Call(server_, SYS_WAIT, kService);
  EXPECT_EQ(Event(server_).word[0], 2u);
  EXPECT_EQ(badge_via(Event(server_).badge), 43u);
}

TEST_F(EndpointTest, ReplyAnswersOnce) {
  struct event event = Request();
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token, 7, 8, 9, 10, 11), 0);
  EXPECT_EQ(client_->state, THREAD_READY);
  for (uint64_t i = 0; i < REPLY_WORDS; i++) EXPECT_EQ(client_->x[REG_A0 + i], 7 + i);
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token, 0), -ESRCH);
  EXPECT_EQ(Call(server_, SYS_REPLY_START, event.token, 0x1000), -ESRCH);
  EXPECT_EQ(Call(server_, SYS_FORWARD, event.token, kService), -ESRCH);
  EXPECT_EQ(Call(server_, SYS_MAP_REPLY, event.token), -ESRCH);
  EXPECT_EQ(client_->x[REG_A0], 7u);
}

TEST_F(EndpointTest, ReplyWaitSwitchesBack) {
  struct event event = Request();
  EXPECT_EQ(Call(server_, SYS_REPLY_WAIT, event.token, kService, 7, 8, 9, 10, 11), kBlocked);
  EXPECT_EQ(kernel_.machine().running(0), client_);
  EXPECT_EQ(client_->x[REG_A0], 7u);
  EXPECT_EQ(client_->x[REG_A0 + 4], 11u);
  // A stale token is ignored.
  Call(client_, SYS_CALL, kService, 3);
  EXPECT_EQ(Call(server_, SYS_REPLY_WAIT, event.token, kService, 99), kBlocked);
  EXPECT_EQ(client_->state, THREAD_REPLY);
}

TEST_F(EndpointTest, ReplyWaitTakesTheNextCall) {
  struct event event = Request();
  Call(third_, SYS_CALL, kService, 33);
  EXPECT_NE(Call(server_, SYS_REPLY_WAIT, event.token, kService, 7), kBlocked);
  EXPECT_EQ(Event(server_).word[0], 33u);
  EXPECT_EQ(client_->state, THREAD_READY);
  EXPECT_EQ(client_->x[REG_A0], 7u);
}

TEST_F(EndpointTest, OnlyTheServersSpaceMayAnswer) {
  struct event event = Request();
  for (struct thread *forger : {third_, client_}) {
    if (forger == client_) continue;  // it waits
    EXPECT_EQ(Call(forger, SYS_REPLY, event.token, 66), -ESRCH);
    EXPECT_EQ(Call(forger, SYS_REPLY_START, event.token, 0x1000), -ESRCH);
    EXPECT_EQ(Call(forger, SYS_FORWARD, event.token, kService), -ESRCH);
    EXPECT_EQ(Call(forger, SYS_MAP_REPLY, event.token), -ESRCH);
  }
  EXPECT_EQ(client_->state, THREAD_REPLY);
  struct thread *sibling = ThreadIn(spaces_[server_]);
  EXPECT_EQ(Call(sibling, SYS_REPLY, event.token, 5), 0);
  EXPECT_EQ(client_->x[REG_A0], 5u);
}

TEST_F(EndpointTest, ForgedTokens) {
  struct event event = Request();
  const uint64_t forged[] = {0,
                             ~0ull,
                             event.token + 1,
                             event.token ^ 1ull << 32,
                             event.token ^ 1ull << 56,
                             event.token ^ 1ull << 63,
                             (event.token & ~0xffffffffull) | frame_first,
                             (event.token & ~0xffffffffull) | arch_address_frame(server_),
                             (event.token & ~0xffffffffull) | (frame_first + frame_total),
                             (event.token & ~0xffffffffull) | arch_address_frame(boot_space)};
  for (uint64_t token : forged) EXPECT_EQ(Call(server_, SYS_REPLY, token, 1), -ESRCH) << token;
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token, 1), 0);
}

TEST_F(EndpointTest, TokensOfAnEndedThreadNeverComeBack) {
  struct event event = Request();
  Kill(client_);
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token, 1), -ESRCH);
  // A new thread in the same frame, with its first call.
  frame_t frame = static_cast<uint32_t>(event.token);
  handle_t slot = kernel_.Slot();
  ASSERT_EQ(kernel_.Call(SYS_CREATE, OBJECT_THREAD, HANDLE_BOOT_RAM, frame, slot, spaces_[client_]),
            0);
  client_ = kernel_.Object<struct thread>(slot);
  Call(client_, SYS_CALL, kService, 2);
  Call(server_, SYS_WAIT, kService);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_NE(Event(server_).token, event.token);
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token, 1), -ESRCH);
}

TEST_F(EndpointTest, ForwardKeepsTheOrigin) {
  struct event event = Request();
  EXPECT_EQ(Call(third_, SYS_WAIT, kService + 1), kBlocked);
  EXPECT_EQ(Call(server_, SYS_FORWARD, event.token, kService + 1, 11, 12, 13, 14, 15), 0);
  struct event forwarded = Event(third_);
  EXPECT_EQ(badge_origin(forwarded.badge), 1u);
  EXPECT_EQ(badge_via(forwarded.badge), 52u);
  for (uint64_t i = 0; i < 5; i++) EXPECT_EQ(forwarded.word[i], 11 + i);
  EXPECT_EQ(forwarded.word[5], 0u);
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token, 1), -ESRCH);
  EXPECT_EQ(Call(server_, SYS_REPLY, forwarded.token, 1), -ESRCH);
  EXPECT_EQ(Call(third_, SYS_REPLY, forwarded.token, 21), 0);
  EXPECT_EQ(client_->x[REG_A0], 21u);
}

TEST_F(EndpointTest, ForwardQueuesAndRefuses) {
  struct event event = Request();
  EXPECT_EQ(Call(server_, SYS_FORWARD, event.token, 99), -EBADF);
  EXPECT_EQ(Call(server_, SYS_FORWARD, event.token, ~0ull), -EBADF);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_EQ(Call(server_, SYS_FORWARD, event.token, kService + 1, 11), 0);
  EXPECT_EQ(client_->state, THREAD_SENDING);
  EXPECT_EQ(Call(server_, SYS_FORWARD, event.token, kService + 1, 11), -ESRCH);
  Call(third_, SYS_WAIT, kService + 1);
  EXPECT_EQ(Event(third_).word[0], 11u);
}

TEST_F(EndpointTest, ForwardWait) {
  struct event event = Request();
  EXPECT_EQ(Call(server_, SYS_FORWARD_WAIT, event.token, kService | 99ull << 32), -EBADF);
  EXPECT_EQ(Call(server_, SYS_FORWARD_WAIT, event.token, 99 | (kService + 1ull) << 32), -EBADF);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_EQ(Call(server_, SYS_FORWARD_WAIT, event.token, kService | (kService + 1ull) << 32, 11),
            kBlocked);
  EXPECT_EQ(client_->state, THREAD_SENDING);
  EXPECT_EQ(server_->state, THREAD_RECEIVING);
}

TEST_F(EndpointTest, NotificationsAddUp) {
  EXPECT_EQ(Call(client_, SYS_NOTIFY, kService), 0);
  EXPECT_EQ(Call(client_, SYS_NOTIFY, kService), 0);
  EXPECT_EQ(Call(third_, SYS_NOTIFY, kService), 0);
  Call(client_, SYS_CALL, kService, 1);
  Call(server_, SYS_WAIT, kService);
  EXPECT_EQ(token_kind(Event(server_).token), EVENT_NOTIFY);
  EXPECT_EQ(Event(server_).badge, 1ull << 41 | 1ull << 43);
  EXPECT_EQ(Call(server_, SYS_REPLY, Event(server_).token, 1), -ESRCH);
  Call(server_, SYS_WAIT, kService);  // the call comes after the bits
  EXPECT_EQ(Event(server_).word[0], 1u);
  Call(server_, SYS_WAIT, kService);
  EXPECT_EQ(Call(third_, SYS_NOTIFY, kService), 0);
  EXPECT_EQ(Event(server_).badge, 1ull << 43);
  EXPECT_EQ(server_->state, THREAD_READY);
}

TEST_F(EndpointTest, RightsAreAsked) {
  Give(client_, 30, endpoint_, RIGHT_RECEIVE);
  Give(server_, 31, endpoint_, RIGHT_CALL);
  EXPECT_EQ(Call(client_, SYS_CALL, 30), -EACCES);
  EXPECT_EQ(Call(client_, SYS_NOTIFY, 30), -EACCES);
  EXPECT_EQ(Call(server_, SYS_WAIT, 31), -EACCES);
  EXPECT_EQ(Call(server_, SYS_REPLY_WAIT, 0, 31), -EACCES);
  EXPECT_EQ(Call(server_, SYS_FORWARD_WAIT, 0, 31 | 31ull << 32), -EACCES);
  EXPECT_EQ(Call(server_, SYS_MAP_REPLY_WAIT, 0, 31), -EACCES);
  for (uint64_t bad : {0ull, 99ull, 127ull, 128ull, 8191ull, 1ull << 32, ~0ull}) {
    EXPECT_EQ(Call(client_, SYS_CALL, bad), -EBADF) << bad;
    EXPECT_EQ(Call(client_, SYS_WAIT, bad), -EBADF) << bad;
    EXPECT_EQ(Call(client_, SYS_NOTIFY, bad), -EBADF) << bad;
    EXPECT_EQ(Call(client_, SYS_REPLY_WAIT, 0, bad), -EBADF) << bad;
    EXPECT_EQ(Call(client_, SYS_TIMER, bad, 0), -EBADF) << bad;
  }
}

// A refused reply_wait must not have answered.
TEST_F(EndpointTest, RefusedReplyWaitAnswersNobody) {
  struct event event = Request();
  EXPECT_EQ(Call(server_, SYS_REPLY_WAIT, event.token, 99, 7), -EBADF);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token, 7), 0);
}

TEST_F(EndpointTest, DestroyRefusesWhoWaits) {
  Call(client_, SYS_CALL, kService, 1);
  Call(third_, SYS_WAIT, kService + 1);
  struct event event;
  Call(server_, SYS_WAIT, kService);
  event = Event(server_);
  EXPECT_EQ(Call(server_, SYS_FORWARD, event.token, kService), 0);  // back in the queue
  EXPECT_EQ(Destroy(endpoint_), 0);
  EXPECT_EQ(Result(client_), -EPIPE);
  EXPECT_EQ(client_->state, THREAD_READY);
  EXPECT_EQ(Destroy(other_), 0);
  EXPECT_EQ(Result(third_), -EPIPE);
  EXPECT_EQ(Call(client_, SYS_CALL, kService), -EBADF);
  EXPECT_EQ(Call(third_, SYS_WAIT, kService), -EBADF);
}

// Who waits for an answer waits for its server, not for the endpoint.
TEST_F(EndpointTest, AnswersOutliveTheEndpoint) {
  struct event event = Request();
  EXPECT_EQ(Destroy(endpoint_), 0);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token, 5), 0);
  EXPECT_EQ(Result(client_), 5);
}

TEST_F(EndpointTest, KillInEveryState) {
  struct thread *inactive = ThreadIn(spaces_[third_]);
  EXPECT_EQ(Kill(inactive), 0);
  struct thread *ready = ThreadIn(spaces_[third_]);
  ASSERT_EQ(kernel_.Call(SYS_THREAD_START, handles_[ready], 0x1000), 0);
  EXPECT_EQ(Kill(ready), 0);
  EXPECT_EQ(invariants_.Check(), "");
  Call(client_, SYS_CALL, kService, 1);
  EXPECT_EQ(Kill(client_), 0);  // SENDING
  EXPECT_EQ(Call(server_, SYS_WAIT, kService), kBlocked);
  Call(third_, SYS_CALL, kService, 2);
  uint64_t token = Event(server_).token;
  EXPECT_EQ(Kill(third_), 0);  // REPLY
  EXPECT_EQ(server_->caller, nullptr);
  EXPECT_EQ(Call(server_, SYS_REPLY_WAIT, token, kService, 1), kBlocked);
  EXPECT_EQ(Kill(server_), 0);  // RECEIVING
  EXPECT_EQ(kernel_.Object<struct endpoint>(endpoint_)->receivers, nullptr);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, HANDLE_BOOT_THREAD), -EBUSY);  // itself
}

// The receiver of a message may end before the answer.
TEST_F(EndpointTest, AnotherThreadAnswersForAnEndedReceiver) {
  struct event event = Request();
  struct thread *sibling = ThreadIn(spaces_[server_]);
  kernel_.Run(0, kernel_.boot_thread(0));
  EXPECT_EQ(Kill(server_), 0);
  EXPECT_EQ(Call(sibling, SYS_REPLY, event.token, 5), 0);
  EXPECT_EQ(Result(client_), 5);
}

TEST_F(EndpointTest, CloneRunsAsIfAnswered) {
  struct event event = Request();
  client_->x[18] = 1234;
  struct thread *clone = ThreadIn(spaces_[third_]);
  auto copy = [&](uint64_t of) { return kernel_.Call(SYS_THREAD_CLONE, handles_[clone], of, 77); };
  EXPECT_EQ(copy(99), -EBADF);
  EXPECT_EQ(copy(handles_[third_]), -EBUSY);  // not waiting
  EXPECT_EQ(copy(handles_[client_]), 0);
  EXPECT_EQ(copy(handles_[client_]), -EBUSY);  // runs by now
  EXPECT_EQ(clone->state, THREAD_READY);
  EXPECT_EQ(clone->x[REG_A0], 77u);
  EXPECT_EQ(clone->x[18], 1234u);
  EXPECT_EQ(clone->x[REG_PC], client_->x[REG_PC]);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  (void)event;
}

TEST_F(EndpointTest, StartAndReplyStart) {
  struct event event = Request();
  EXPECT_EQ(Call(server_, SYS_REPLY_START, event.token, USER_END), -EINVAL);
  EXPECT_EQ(Call(server_, SYS_REPLY_START, event.token, ~0ull), -EINVAL);
  client_->x[5] = 5;
  EXPECT_EQ(Call(server_, SYS_REPLY_START, event.token, 0x1000, 2, 3, 4), 0);
  EXPECT_EQ(client_->state, THREAD_READY);
  EXPECT_EQ(client_->x[REG_PC], 0x1000u);
  EXPECT_EQ(client_->x[REG_SP], 2u);
  EXPECT_EQ(client_->x[REG_A0], 3u);
  EXPECT_EQ(client_->x[REG_A0 + 1], 4u);
  EXPECT_EQ(client_->x[5], 0u);
  EXPECT_EQ(client_->resume, RESUME_ALL);
  handle_t handle = handles_[client_];
  EXPECT_EQ(kernel_.Call(SYS_THREAD_START, handle, 0x1000), -EBUSY);
  EXPECT_EQ(kernel_.Call(SYS_THREAD_START, handle, USER_END), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_THREAD_START, 99, 0x1000), -EBADF);
  handle_t bare = kernel_.Space(9, 0);
  EXPECT_EQ(kernel_.Call(SYS_THREAD_START, kernel_.Thread(bare), 0x1000), -EINVAL);
}

TEST_F(EndpointTest, ThreadBufferPinsItsFrame) {
  frame_t frame = kernel_.UserFrame();
  handle_t thread = handles_[client_];
  auto buffer = [&](uint64_t t, uint64_t frames, uint64_t f) {
    return kernel_.Call(SYS_THREAD_BUFFER, t, frames, f);
  };
  EXPECT_EQ(buffer(99, HANDLE_BOOT_RAM, frame), -EBADF);
  EXPECT_EQ(buffer(thread, HANDLE_BOOT_DEVICES, 1), -EBADF);
  EXPECT_EQ(buffer(thread, HANDLE_BOOT_RAM, 1), -EACCES);
  EXPECT_EQ(buffer(thread, HANDLE_BOOT_RAM, frame_first), -EINVAL);
  EXPECT_EQ(buffer(thread, HANDLE_BOOT_RAM, arch_address_frame(client_)), -EINVAL);
  EXPECT_EQ(buffer(thread, HANDLE_BOOT_RAM, frame), 0);
  EXPECT_EQ(buffer(thread, HANDLE_BOOT_RAM, frame), -EEXIST);
  EXPECT_EQ(frame_entry(frame)->count, 1u);
  EXPECT_EQ(Kill(client_), 0);
  EXPECT_EQ(frame_entry(frame)->count, 0u);
}

TEST_F(EndpointTest, FaultsAreCalls) {
  handle_t pager = kernel_.Endpoint();
  Give(client_, HANDLE_PAGER, pager, RIGHT_CALL, 9);
  Give(server_, kService + 2, pager, RIGHT_RECEIVE);
  ASSERT_EQ(Call(server_, SYS_WAIT, kService + 2), kBlocked);
  kernel_.Run(0, client_);
  client_->x[REG_PC] = 0x1234;
  client_->resume = RESUME_ALL;
  host::Machine &m = kernel_.machine();
  m.Enter(0, [] { return fault_page(0x5678, PTE_W); });
  struct event event = Event(server_);
  EXPECT_EQ(token_kind(event.token), EVENT_FAULT);
  EXPECT_EQ(event.badge, 1 | 9ull << 32);
  EXPECT_EQ(event.word[0], 0x5678u);
  EXPECT_EQ(event.word[1], static_cast<uint64_t>(FAULT_WRITE));
  EXPECT_EQ(event.word[2], 0x1234u);
  uint64_t before[32];
  for (int i = 0; i < 32; i++) before[i] = client_->x[i];
  EXPECT_EQ(Call(server_, SYS_REPLY, event.token, 77), 0);
  for (int i = 0; i < 32; i++) EXPECT_EQ(client_->x[i], before[i]);  // no register is an answer
}

TEST_F(EndpointTest, WithoutAPagerTheThreadStops) {
  kernel_.Run(0, client_);
  kernel_.machine().Enter(0, [] { return fault_page(0x5678, PTE_R); });
  EXPECT_EQ(client_->state, THREAD_DEAD);
  kernel_.Run(0, third_);
  kernel_.machine().Enter(0, [] { return fault_exception(2, 0); });
  EXPECT_EQ(third_->state, THREAD_DEAD);
  EXPECT_EQ(kernel_.Call(SYS_THREAD_START, handles_[client_], 0x1000), -EBUSY);
  EXPECT_EQ(Kill(client_), 0);
  EXPECT_EQ(Kill(third_), 0);
}

TEST_F(EndpointTest, FirstProcessWithoutAPagerStopsTheMachine) {
  EXPECT_EXIT(
      {
        kernel_.Run(0, kernel_.boot_thread(0));
        kernel_.machine().Enter(0, [] { return fault_page(0x5678, PTE_R); });
      },
      testing::ExitedWithCode(PANIC_STATUS), "first process: page fault at 0x5678");
}

TEST_F(EndpointTest, HaltEndsTheMachine) {
  EXPECT_EQ(kernel_.Call(SYS_HALT, HANDLE_KERNEL, 256), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_HALT, HANDLE_BOOT_RAM, 0), -EBADF);
  EXPECT_EXIT(kernel_.Call(SYS_HALT, HANDLE_KERNEL, 7), testing::ExitedWithCode(7), "");
  handle_t weak = kernel_.Slot();
  ASSERT_EQ(kernel_.Call(SYS_COPY, 0, weak, HANDLE_KERNEL, RIGHT_CALL), 0);
  EXPECT_EQ(kernel_.Call(SYS_HALT, weak, 0), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_PUTC, weak, 'x'), 0);
  EXPECT_EQ(kernel_.machine().console, "x");
  EXPECT_EQ(kernel_.Call(SYS_STAT, weak, STAT_COUNT), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_STAT, weak, ~0ull), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_STAT, weak, STAT_HARTS), 1);
  EXPECT_EQ(kernel_.Call(SYS_STAT, HANDLE_BOOT_RAM, STAT_HARTS), -EBADF);
}

TEST_F(EndpointTest, UnknownNumbers) {
  for (uint64_t number : {15ull, 26ull, 27ull, 38ull, 39ull, 1ull << 32, ~0ull})
    EXPECT_EQ(kernel_.Call(number), -ENOSYS) << number;
  EXPECT_EQ(kernel_.Call(SYS_NULL), 0);
}

}  // namespace
