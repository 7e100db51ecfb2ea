// Messages against a model: random threads of several spaces on two harts call, wait, answer,
// forward, notify, fault, send each other elsewhere and end each other; the model says who waits
// for whom, and which token may be answered, once, by whom.

#include <algorithm>
#include <deque>
#include <random>

#include "microkernel/host_kernel.h"
#include "microkernel/invariants.h"

namespace {

constexpr uint32_t kHarts = 2;
constexpr int kSpaces = 4;
constexpr int kThreads = 10;
constexpr int kEndpoints = 3;
constexpr handle_t kSlot = 20;  // of the first endpoint, in every space
constexpr int kNobody = -1;

enum class Does { kRun, kSend, kReceive, kReply };

struct ThreadModel {
  struct thread *thread;
  int space;
  Does does = Does::kRun;
  int endpoint = 0;      // sends to, receives from
  uint64_t token = 0;    // kReply
  int server = kNobody;  // kReply: space that may answer
  uint64_t kind = EVENT_CALL;
  uint32_t via = 0;
  std::vector<uint64_t> words;
};

struct EndpointModel {
  handle_t handle = 0;
  std::deque<int> senders;
  std::vector<int> receivers;
  uint64_t bits = 0;
};

class Model {
 public:
  explicit Model(uint32_t seed) : random_(seed), kernel_(kHarts, 2, 64) {
    for (handle_t &space : spaces_) space = kernel_.Space(++badge_, 2);
    for (int e = 0; e < kEndpoints; e++) MakeEndpoint(e, kernel_.ObjectFrame());
    for (int t = 0; t < kThreads; t++) {
      buffers_[t] = kernel_.UserFrame();
      threads_[t].space = t % kSpaces;
      MakeThread(t, kernel_.ObjectFrame());
    }
    for (uint32_t hart = 0; hart < kHarts; hart++) Leave(hart);
  }

  void Step() {
    uint32_t hart = Random(kHarts);
    int t = RunningOn(hart);
    if (t == kNobody) return Idle(hart);
    switch (Random(27)) {
      case 0 ... 5:
        return Call(hart, t);
      case 6 ... 8:
        return Wait(hart, t);
      case 9 ... 11:
        return Reply(hart, t);
      case 12 ... 15:
        return ReplyWait(hart, t);
      case 16:
        return Forward(hart, t);
      case 17:
        return ForwardWait(hart, t);
      case 18:
        return Notify(hart, t);
      case 19:
        return Fault(hart, t);
      case 20 ... 21:
        return Preempt(hart);
      case 22:
        return UpcallWait(hart, t);
      case 23:
        return Upcall(hart, t);
      case 24:
        return Resume(hart, t);
      case 25:
        return Random(4) ? Preempt(hart) : Kill(hart);
      default:
        return Random(8) ? Preempt(hart) : DestroyEndpoint(hart);
    }
  }

  size_t messages() const { return tokens_.size(); }

  void Check() {
    ASSERT_EQ(invariants_.Check(), "");
    for (int t = 0; t < kThreads; t++) {
      const ThreadModel &m = threads_[t];
      uint8_t state = m.thread->state;
      bool runs = state == THREAD_READY || state == THREAD_RUNNING;
      ASSERT_EQ(runs, m.does == Does::kRun) << "thread " << t;
      ASSERT_EQ(state == THREAD_SENDING, m.does == Does::kSend) << "thread " << t;
      ASSERT_EQ(state == THREAD_RECEIVING, m.does == Does::kReceive) << "thread " << t;
      ASSERT_EQ(state == THREAD_REPLY, m.does == Does::kReply) << "thread " << t;
      if (m.does == Does::kReply) {
        ASSERT_EQ(m.thread->token, m.token);
      }
    }
    for (const EndpointModel &m : endpoints_)
      ASSERT_EQ(kernel_.Object<struct endpoint>(m.handle)->bits, m.bits);
  }

 private:
  uint32_t Random(uint32_t below) { return random_() % below; }
  host::Machine &machine() { return kernel_.machine(); }

  int RunningOn(uint32_t hart) {
    for (int t = 0; t < kThreads; t++)
      if (machine().running(hart) == threads_[t].thread) return t;
    return kNobody;
  }
  void Leave(uint32_t hart) {
    machine().Enter(hart, [] {
      current->state = THREAD_INACTIVE;
      return schedule_next();
    });
  }

  // Kernel objects are made behind the back of the threads, in a given frame.
  void MakeThread(int t, frame_t frame) {
    frame_set_type(frame, OBJECT_THREAD);
    frame_clear(frame, sizeof(struct thread));
    threads_[t].thread = static_cast<struct thread *>(arch_frame_address(frame));
    threads_[t].does = Does::kRun;
    thread_create(threads_[t].thread, kernel_.Object<struct space>(spaces_[threads_[t].space]));
    ASSERT_EQ(thread_start(threads_[t].thread, 0x1000, 0, 0, 0), 0);
    if (t % 3 == 0) return;
    threads_[t].thread->buffer = static_cast<uint32_t *>(arch_frame_address(buffers_[t]));
    frame_entry(buffers_[t])->count++;
  }
  void MakeEndpoint(int e, frame_t frame) {
    EndpointModel &m = endpoints_[e];
    m = EndpointModel();
    m.handle = kSlot + static_cast<handle_t>(e) + 40;
    frame_set_type(frame, OBJECT_ENDPOINT);
    frame_clear(frame, sizeof(struct endpoint));
    ASSERT_EQ(handle_put(boot_space, m.handle, OBJECT_ENDPOINT, frame), 0);
    for (int s = 0; s < kSpaces; s++) {
      struct space *space = kernel_.Object<struct space>(spaces_[s]);
      handle_t slot = kSlot + static_cast<handle_t>(e);
      ASSERT_EQ(handle_copy(space, slot, boot_space, m.handle, RIGHTS_ALL, Badge(s, e)), 0);
      if (e > 0) continue;
      handle_drop(space, HANDLE_PAGER);
      ASSERT_EQ(handle_copy(space, HANDLE_PAGER, boot_space, m.handle, RIGHT_CALL, 60), 0);
    }
  }
  static uint32_t Badge(int space, int endpoint) {
    return 1 + static_cast<uint32_t>(10 * space + endpoint);
  }

  // --- what messages do, in the model ---

  int64_t Result(int t) { return static_cast<int64_t>(threads_[t].thread->x[REG_A0]); }

  // The receiver has the sender's message in its registers, under a token that never was.
  void ExpectDelivered(int receiver, int sender) {
    ThreadModel &s = threads_[sender];
    const uint64_t *a = &threads_[receiver].thread->x[REG_A0];
    s.does = Does::kReply;
    s.token = a[0];
    s.server = threads_[receiver].space;
    threads_[receiver].does = Does::kRun;
    ASSERT_TRUE(tokens_.insert(a[0]).second) << "a token came twice";
    ASSERT_EQ(token_kind(a[0]), s.kind);
    ASSERT_EQ(badge_origin(a[1]), kernel_.Object<struct space>(spaces_[s.space])->badge);
    ASSERT_EQ(badge_via(a[1]), s.via);
    for (size_t i = 0; i < s.words.size(); i++) ASSERT_EQ(a[2 + i], s.words[i]) << i;
  }

  void Send(int sender, int e) {
    EndpointModel &m = endpoints_[e];
    if (m.receivers.empty()) {
      threads_[sender].does = Does::kSend;
      threads_[sender].endpoint = e;
      m.senders.push_back(sender);
      return;
    }
    int receiver = m.receivers.back();
    m.receivers.pop_back();
    ExpectDelivered(receiver, sender);
  }

  void ExpectBits(int t, EndpointModel *m) {
    const uint64_t *a = &threads_[t].thread->x[REG_A0];
    ASSERT_EQ(token_kind(a[0]), EVENT_NOTIFY);
    ASSERT_EQ(a[1], m->bits);
    m->bits = 0;
    threads_[t].does = Does::kRun;
  }

  void Receive(int t, int e) {
    EndpointModel &m = endpoints_[e];
    if (m.bits) return ExpectBits(t, &m);
    if (m.senders.empty()) {
      threads_[t].does = Does::kReceive;
      threads_[t].endpoint = e;
      m.receivers.push_back(t);
      return;
    }
    int sender = m.senders.front();
    m.senders.pop_front();
    ExpectDelivered(t, sender);
  }

  // The thread that waits under a token if a thread of that space may answer it.
  int Waiting(uint64_t token, int space) {
    for (int t = 0; t < kThreads; t++)
      if (threads_[t].does == Does::kReply && threads_[t].token == token &&
          threads_[t].server == space)
        return t;
    return kNobody;
  }

  // Mostly one that may be answered, else of somebody else, an old one, or none at all.
  uint64_t Token(int t) {
    std::vector<uint64_t> mine, others;
    for (const ThreadModel &m : threads_)
      if (m.does == Does::kReply)
        (m.server == threads_[t].space ? mine : others).push_back(m.token);
    uint32_t choice = Random(8);
    if (choice == 0 && !tokens_.empty()) {
      auto it = tokens_.lower_bound(static_cast<uint64_t>(random_()) << 32);
      return it == tokens_.end() ? *tokens_.begin() : *it;
    }
    if (choice == 1 && !others.empty()) return others[Random(static_cast<uint32_t>(others.size()))];
    if (mine.empty()) return random_();
    return mine[Random(static_cast<uint32_t>(mine.size()))];
  }

  void ExpectAnswered(int t, uint64_t r0) {
    threads_[t].does = Does::kRun;
    if (threads_[t].kind != EVENT_CALL) return;
    for (uint64_t i = 0; i < REPLY_WORDS; i++) ASSERT_EQ(threads_[t].thread->x[REG_A0 + i], r0 + i);
  }

  // --- operations ---

  void Idle(uint32_t hart) {
    bool all_wait = true;
    for (const ThreadModel &m : threads_) all_wait &= m.does != Does::kRun;
    if (all_wait) Kill(hart);
    machine().Enter(hart, [] { return schedule_next(); });
  }
  void Preempt(uint32_t hart) {
    machine().Enter(hart, [] { return schedule_preempt(true); });
  }

  void SetMessage(int t, int e, uint64_t kind, uint64_t w0) {
    threads_[t].kind = kind;
    threads_[t].via = Badge(threads_[t].space, e);
    threads_[t].words = {w0, w0 + 1, w0 + 2, w0 + 3, w0 + 4, w0 + 5};
  }

  void Call(uint32_t hart, int t) {
    int e = static_cast<int>(Random(kEndpoints));
    uint64_t w = random_();
    SetMessage(t, e, EVENT_CALL, w);
    machine().Call(hart, SYS_CALL, kSlot + e, w, w + 1, w + 2, w + 3, w + 4, w + 5);
    Send(t, e);
  }

  void Wait(uint32_t hart, int t) {
    int e = static_cast<int>(Random(kEndpoints));
    machine().Call(hart, SYS_WAIT, kSlot + e);
    Receive(t, e);
  }

  void Reply(uint32_t hart, int t) {
    uint64_t token = Token(t), r = random_();
    int caller = Waiting(token, threads_[t].space);
    machine().Call(hart, SYS_REPLY, token, r, r + 1, r + 2, r + 3, r + 4);
    ASSERT_EQ(Result(t), caller == kNobody ? -ESRCH : 0);
    if (caller != kNobody) ExpectAnswered(caller, r);
  }

  void ReplyWait(uint32_t hart, int t) {
    uint64_t token = Token(t), r = random_();
    int e = static_cast<int>(Random(kEndpoints));
    int caller = Waiting(token, threads_[t].space);
    machine().Call(hart, SYS_REPLY_WAIT, token, kSlot + e, r, r + 1, r + 2, r + 3, r + 4);
    if (caller != kNobody) ExpectAnswered(caller, r);
    Receive(t, e);
  }

  // What a forwarded thread sends from now on: five words, and its kind.
  void SetForwarded(int caller, int by, int to, uint64_t w) {
    uint64_t kind = threads_[caller].kind;
    SetMessage(caller, to, kind, w);
    threads_[caller].words[5] = 0;
    threads_[caller].via = Badge(threads_[by].space, to);
  }

  void Forward(uint32_t hart, int t) {
    uint64_t token = Token(t), w = random_();
    int to = static_cast<int>(Random(kEndpoints));
    int caller = Waiting(token, threads_[t].space);
    machine().Call(hart, SYS_FORWARD, token, kSlot + to, w, w + 1, w + 2, w + 3, w + 4);
    ASSERT_EQ(Result(t), caller == kNobody ? -ESRCH : 0);
    if (caller == kNobody) return;
    SetForwarded(caller, t, to, w);
    Send(caller, to);
  }

  void ForwardWait(uint32_t hart, int t) {
    uint64_t token = Token(t), w = random_();
    int to = static_cast<int>(Random(kEndpoints)), e = static_cast<int>(Random(kEndpoints));
    int caller = Waiting(token, threads_[t].space);
    uint64_t slots = static_cast<uint64_t>(kSlot + e) | static_cast<uint64_t>(kSlot + to) << 32;
    machine().Call(hart, SYS_FORWARD_WAIT, token, slots, w, w + 1, w + 2, w + 3, w + 4);
    if (caller != kNobody) {
      SetForwarded(caller, t, to, w);
      Send(caller, to);
    }
    Receive(t, e);
  }

  void Notify(uint32_t hart, int t) {
    int e = static_cast<int>(Random(kEndpoints));
    EndpointModel &m = endpoints_[e];
    machine().Call(hart, SYS_NOTIFY, kSlot + e);
    ASSERT_EQ(Result(t), 0);
    m.bits |= 1ull << (Badge(threads_[t].space, e) & 63);
    if (m.receivers.empty()) return;
    int receiver = m.receivers.back();
    m.receivers.pop_back();
    ExpectBits(receiver, &m);
  }

  void Fault(uint32_t hart, int t) {
    uaddr_t address = random_();
    uint64_t pc = threads_[t].thread->x[REG_PC];
    threads_[t].thread->resume = RESUME_ALL;
    machine().Enter(hart, [=] { return fault_page(address, PTE_W); });
    threads_[t].kind = EVENT_FAULT;
    threads_[t].via = 60;
    threads_[t].words = {address, FAULT_WRITE, pc, 0, 0, 0};
    Send(t, 0);
  }

  // A thread that is sent elsewhere: what the buffer must hold, and that it does.
  std::vector<uint64_t> Registers(int t) {
    return std::vector<uint64_t>(threads_[t].thread->x, threads_[t].thread->x + 32);
  }
  uint64_t *Saved(int t) {
    char *buffer = static_cast<char *>(arch_frame_address(buffers_[t]));
    return reinterpret_cast<uint64_t *>(buffer + UPCALL_OFFSET);
  }
  void ExpectUpcall(int t, const std::vector<uint64_t> &before, uaddr_t pc) {
    ASSERT_EQ(std::vector<uint64_t>(Saved(t), Saved(t) + 32), before);
    ASSERT_EQ(threads_[t].thread->x[REG_PC], pc);
    threads_[t].does = Does::kRun;
  }
  uaddr_t EntryPoint() { return Random(8) ? random_() : USER_END + random_(); }

  void UpcallWait(uint32_t hart, int t) {
    uint64_t token = Token(t);
    uaddr_t pc = EntryPoint();
    int e = static_cast<int>(Random(kEndpoints));
    int waiter = Waiting(token, threads_[t].space);
    bool fits = waiter != kNobody && threads_[waiter].kind != EVENT_CALL && waiter % 3 != 0 &&
                pc < USER_END;
    std::vector<uint64_t> before;
    if (waiter != kNobody) before = Registers(waiter);
    bool waits = Random(2);
    if (waits)
      machine().Call(hart, SYS_UPCALL_WAIT, token, kSlot + e, pc);
    else
      machine().Call(hart, SYS_REPLY_UPCALL, token, pc);
    if (fits) ExpectUpcall(waiter, before, pc);
    if (waiter != kNobody && !fits) {
      ASSERT_EQ(Result(t), -EINVAL);
    } else if (waits) {
      Receive(t, e);
    } else {
      ASSERT_EQ(Result(t), fits ? 0 : -ESRCH);
    }
  }

  void Upcall(uint32_t hart, int t) {
    int victim = static_cast<int>(Random(kThreads));
    const ThreadModel &m = threads_[victim];
    uaddr_t pc = EntryPoint();
    std::vector<uint64_t> before = Registers(victim);
    int expected = 0;
    if (victim % 3 == 0 || pc >= USER_END)
      expected = -EINVAL;
    else if (victim == t || m.does == Does::kReceive ||
             (m.does != Does::kRun && m.kind == EVENT_CALL))
      expected = -EBUSY;
    int result = 0;
    machine().Enter(hart, [&] {
      result = upcall_send(m.thread, pc);
      return current;
    });
    ASSERT_EQ(result, expected);
    if (expected) return;
    Forget(victim);
    ExpectUpcall(victim, before, pc);
  }

  void Resume(uint32_t hart, int t) {
    uint64_t pc = Saved(t)[0] = EntryPoint();
    machine().Call(hart, SYS_RESUME);
    if (t % 3 == 0 || pc >= USER_END) {
      ASSERT_EQ(Result(t), -EINVAL);
    } else {
      ASSERT_EQ(Registers(t), std::vector<uint64_t>(Saved(t), Saved(t) + 32));
    }
  }

  void Forget(int t) {
    ThreadModel &m = threads_[t];
    std::deque<int> &senders = endpoints_[m.endpoint].senders;
    std::vector<int> &receivers = endpoints_[m.endpoint].receivers;
    if (m.does == Does::kSend) senders.erase(std::find(senders.begin(), senders.end(), t));
    if (m.does == Does::kReceive) receivers.erase(std::find(receivers.begin(), receivers.end(), t));
  }

  // The victim's frame gets a new thread at once.
  void Kill(uint32_t hart) {
    int victim = static_cast<int>(Random(kThreads));
    if (machine().running(hart) == threads_[victim].thread) return;
    machine().Enter(hart, [&] {
      EXPECT_EQ(thread_kill(threads_[victim].thread), 0);
      return current;
    });
    Forget(victim);
    machine().Enter(hart, [&] {
      MakeThread(victim, arch_address_frame(threads_[victim].thread));
      return current;
    });
  }

  void DestroyEndpoint(uint32_t hart) {
    int e = static_cast<int>(Random(kEndpoints));
    EndpointModel old = endpoints_[e];
    struct endpoint *endpoint = kernel_.Object<struct endpoint>(old.handle);
    machine().Enter(hart, [&] {
      endpoint_destroy(endpoint);
      return current;
    });
    for (int t : old.senders) ExpectRefused(t);
    for (int t : old.receivers) ExpectRefused(t);
    MakeEndpoint(e, arch_address_frame(endpoint));
  }
  void ExpectRefused(int t) {
    threads_[t].does = Does::kRun;
    if (threads_[t].thread->resume == RESUME_CALL) {
      ASSERT_EQ(Result(t), -EPIPE);
    }
  }

  std::mt19937 random_;
  HostKernel kernel_;
  Invariants invariants_;
  uint32_t badge_ = 0;
  handle_t spaces_[kSpaces];
  ThreadModel threads_[kThreads];
  EndpointModel endpoints_[kEndpoints];
  frame_t buffers_[kThreads];
  std::set<uint64_t> tokens_;  // all that ever were
};

class EndpointRandomTest : public testing::TestWithParam<uint32_t> {};

TEST_P(EndpointRandomTest, FollowsTheModel) {
  constexpr int kSteps = 50000;
  printf("seed %u\n", GetParam());
  Model model(GetParam());
  for (int step = 0; step < kSteps; step++) {
    model.Step();
    if (step % 16 == 0) model.Check();
    if (HasFailure()) FAIL() << "at step " << step << " with seed " << GetParam();
  }
  EXPECT_GT(model.messages(), 5000u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, EndpointRandomTest, testing::Values(1, 2, 3));

}  // namespace
