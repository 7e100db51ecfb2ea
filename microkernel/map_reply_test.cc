// SYS_MAP_REPLY_WAIT with one page: its short ways do what SYS_MAP and SYS_REPLY_WAIT together do,
// whatever is there already, for faults and calls, on one hart and on two.

#include <random>

#include "microkernel/ipc_kernel.h"

namespace {

constexpr handle_t kService = 20;
constexpr uaddr_t kPage = 0x40000000;
constexpr uint32_t kFrames = 4;

class MapReplyTest : public IpcTest {
 protected:
  explicit MapReplyTest(uint32_t harts = 1) : IpcTest(harts) {
    endpoint_ = kernel_.Endpoint();
    handle_t space = kernel_.Space(1, 8);
    client_ = ThreadIn(space);
    other_ = ThreadIn(space);
    server_ = NewThread(2);
    third_ = NewThread(3);
    Give(client_, HANDLE_PAGER, endpoint_, RIGHT_CALL);
    Give(third_, kService, endpoint_, RIGHT_CALL);
    Give(server_, kService, endpoint_, RIGHTS_ALL);
    Give(server_, HANDLE_BOOT_RAM, HANDLE_BOOT_RAM, RIGHTS_ALL,
         frame_first | static_cast<uint64_t>(frame_total) << 32);
    for (frame_t &frame : frames_) frame = kernel_.UserFrame();
  }
  struct space *space() {
    return client_->space;
  }

  // The server has a message of the client, a fault on the page or a call.
  struct event Message(bool fault, uaddr_t page) {
    if (server_->state != THREAD_RECEIVING) Call(server_, SYS_WAIT, kService);
    Unqueue(client_);
    kernel_.Run(0, client_);
    if (fault) {
      client_->resume = RESUME_ALL;
      kernel_.machine().Enter(0, [=] { return fault_page(page, PTE_X); });
    } else {
      kernel_.machine().Call(0, SYS_CALL, HANDLE_PAGER, 1, 2, 3, 4, 5, 6);
    }
    return Event(server_);
  }
  int64_t Answer(uint64_t token, uint64_t where, frame_t frame) {
    return Call(server_, SYS_MAP_REPLY_WAIT, token,
                kService | static_cast<uint64_t>(HANDLE_BOOT_RAM) << 32, where, 1, frame);
  }
  // The server, which has a message, gets a call of another thread besides.
  struct event SecondMessage() {
    Call(server_, SYS_WAIT, kService);
    Call(third_, SYS_CALL, kService, 7);
    return Event(server_);
  }
  uint32_t Board(frame_t frame) {
    uint32_t bits = frame_board[frame - frame_first];
    frame_board[frame - frame_first] = 0;
    return bits;
  }

  handle_t endpoint_;
  struct thread *client_, *other_, *server_, *third_;
  frame_t frames_[kFrames];
};

TEST_F(MapReplyTest, AnswersACallWithZeros) {
  struct event event = Message(false, 0);
  EXPECT_EQ(Answer(event.token, kPage | PROT_R, frames_[0]), kBlocked);
  EXPECT_EQ(kernel_.machine().running(0), client_);
  for (uint32_t i = 0; i < REPLY_WORDS; i++) EXPECT_EQ(client_->x[REG_A0 + i], 0u);
  EXPECT_EQ(pte_frame(space_lookup(space(), kPage)), frames_[0]);
}

TEST_F(MapReplyTest, NothingHappensOnError) {
  struct event event = Message(true, kPage);
  EXPECT_EQ(Answer(event.token, kPage | PROT_R, frames_[0]), kBlocked);
  event = Message(true, kPage);
  EXPECT_EQ(Answer(event.token, kPage | PROT_R, frame_first), -EACCES);
  EXPECT_EQ(Answer(event.token, kPage | PROT_R, frame_first + frame_total), -EACCES);
  EXPECT_EQ(Answer(event.token, kPage | 32, frames_[0]), -EINVAL);
  EXPECT_EQ(Answer(event.token, kPage | 1ull << 53 | PROT_R, frames_[0]), -EINVAL);
  EXPECT_EQ(Answer(event.token, kPage | 1ull << 43, frames_[0]), -EINVAL);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_EQ(space_lookup(space(), kPage), pte_make(frames_[0], PTE_V | PTE_U | PTE_R));
}

TEST_F(MapReplyTest, AnswersAnotherThanTheLastToCall) {
  struct event fault = Message(true, kPage);
  struct event call = SecondMessage();
  EXPECT_EQ(Answer(fault.token, kPage | PROT_R, frames_[0]), kBlocked);
  EXPECT_EQ(kernel_.machine().running(0), client_);
  EXPECT_EQ(pte_frame(space_lookup(space(), kPage)), frames_[0]);
  EXPECT_EQ(third_->state, THREAD_REPLY);
  // Now the other way round, without a mapping.
  fault = Message(true, kPage + PAGE_SIZE);
  EXPECT_EQ(Call(server_, SYS_REPLY_WAIT, call.token, kService, 5, 6, 7, 8, 9), kBlocked);
  EXPECT_EQ(kernel_.machine().running(0), third_);
  for (uint32_t i = 0; i < REPLY_WORDS; i++) EXPECT_EQ(third_->x[REG_A0 + i], 5 + i);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_EQ(invariants_.Check(), "");
}

TEST_F(MapReplyTest, AnotherThanTheLastThatMayNotBeAnswered) {
  struct event fault = Message(true, kPage);
  struct event call = SecondMessage();
  EXPECT_EQ(Call(server_, SYS_REPLY, fault.token), 0);
  // Its token is not valid any more: it is ignored, with its mapping.
  EXPECT_EQ(Answer(fault.token, kPage | PROT_R, frames_[0]), kBlocked);
  EXPECT_EQ(space_lookup(space(), kPage), 0u);
  EXPECT_EQ(third_->state, THREAD_REPLY);
  // A refusal answers nobody.
  Message(true, kPage);
  EXPECT_EQ(Answer(call.token, kPage | PROT_R, frame_first), -EACCES);
  EXPECT_EQ(client_->state, THREAD_REPLY);
  EXPECT_EQ(third_->state, THREAD_REPLY);
  EXPECT_EQ(Call(server_, SYS_REPLY, call.token), 0);
}

// A thread answers what a sibling has received.
TEST_F(MapReplyTest, AnotherReceiverThanTheOneThatAnswers) {
  struct event fault = Message(true, kPage);
  struct thread *sibling = ThreadIn(spaces_[server_]);
  Call(sibling, SYS_WAIT, kService);
  Call(third_, SYS_CALL, kService, 7);
  EXPECT_EQ(
      Call(sibling, SYS_MAP_REPLY_WAIT, fault.token,
           kService | static_cast<uint64_t>(HANDLE_BOOT_RAM) << 32, kPage | PROT_R, 1, frames_[0]),
      kBlocked);
  EXPECT_EQ(client_->state, THREAD_RUNNING);
  EXPECT_EQ(pte_frame(space_lookup(space(), kPage)), frames_[0]);
  EXPECT_EQ(server_->caller, nullptr);
  EXPECT_EQ(invariants_.Check(), "");
}

// The last epoch of a space: its threads keep no leaf table, and nothing else changes.
TEST_F(MapReplyTest, WhenEpochsAreUsedUp) {
  space()->epoch = LEAF_EPOCH_LAST - LEAF_EPOCH;
  for (uint32_t i = 0; i < 4; i++) {
    struct event event = Message(true, kPage);
    EXPECT_EQ(Answer(event.token, kPage | PROT_R, frames_[i]), kBlocked);
    EXPECT_EQ(pte_frame(space_lookup(space(), kPage)), frames_[i]);
    EXPECT_EQ(space_unmap(space(), 0, USER_END), static_cast<int64_t>(USER_END));
    EXPECT_EQ(space_lookup(space(), kPage), 0u);
    EXPECT_NE(client_->leaf_key, space_leaf_key(space(), kPage));
  }
  EXPECT_EQ(space()->epoch, LEAF_EPOCH_LAST);
}

class MapReplyRandomTest : public MapReplyTest, public testing::WithParamInterface<uint32_t> {
 protected:
  MapReplyRandomTest() : MapReplyTest(GetParam()) {}
};

TEST_P(MapReplyRandomTest, DoesWhatTheCallsApartWouldDo) {
  std::mt19937 random(GetParam());
  auto below = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  std::map<uaddr_t, std::pair<frame_t, uint64_t>> model;  // frame and rights
  std::map<frame_t, uint32_t> noted;                      // A and D that must not get lost
  host::Machine &machine = kernel_.machine();
  uint32_t replaced = 0;
  token_t pending = 0;  // of the third thread
  for (int step = 0; step < 20000; step++) {
    // Pages in two leaf tables; another thread of the space may be on another hart.
    uaddr_t page = kPage + below(3) * PAGE_SIZE + (below(4) == 0 ? LARGE_SIZE : 0);
    frame_t frame = model.count(page) && below(2) ? model[page].first : frames_[below(kFrames)];
    uint64_t prot = below(8);
    if (GetParam() > 1) {
      Unqueue(other_);
      if (machine.running(1) != other_ && below(2)) kernel_.Run(1, other_);
      if (machine.running(1) == other_ && below(4) == 0) kernel_.Run(1, kernel_.boot_thread(1));
      for (auto &[address, entry] : model) machine.tlb.Speculate(1, address);
    }
    // The hardware notes a use.
    uint64_t *table = space_leaves(space(), page);
    if (model.count(page) && below(2)) {
      uint32_t bits = 1 + below(3);
      pte_set(table, pte_index(page, 0), static_cast<uint64_t>(bits) << 6);
      noted[model[page].first] |= bits;
    }
    bool executable = model.count(page) && model[page].second & PTE_X;
    struct event event = Message(below(2) && !executable, page);
    // Sometimes the client is not the last to call.
    if (pending) {
      ASSERT_EQ(Call(server_, SYS_REPLY, pending), 0);
      pending = 0;
    } else if (below(3) == 0) {
      pending = SecondMessage().token;
    }
    replaced += model.count(page) && prot;
    ASSERT_EQ(Answer(event.token, page | prot, frame), kBlocked);
    ASSERT_EQ(client_->state, THREAD_RUNNING);
    model[page] = {frame, (prot << 1) | (prot & PROT_W ? PTE_R : 0)};
    if (!prot) model.erase(page);
    std::map<frame_t, uint32_t> counts;
    for (auto &[address, entry] : model) {
      uint64_t pte = space_lookup(space(), address);
      ASSERT_EQ(pte & ~(PTE_A | PTE_D), pte_make(entry.first, entry.second | PTE_V | PTE_U));
      counts[entry.first]++;
      if (GetParam() > 1 && machine.running(1) == other_) {
        ASSERT_EQ(machine.tlb.Violation(1, space()->translation, address), "");
      }
      ASSERT_EQ(machine.tlb.Violation(0, space()->translation, address), "");
    }
    if (!model.count(page)) {
      ASSERT_EQ(space_lookup(space(), page), 0u);
    }
    for (frame_t f : frames_) ASSERT_EQ(frame_entry(f)->count, counts[f]);
    if (step % 64 == 0) {
      ASSERT_EQ(space_harvest(space(), 0, USER_END), static_cast<int64_t>(USER_END));
      for (frame_t f : frames_) ASSERT_EQ(Board(f), noted[f]) << step;
      noted.clear();
      ASSERT_EQ(invariants_.Check(), "");
    }
  }
  EXPECT_GT(replaced, 1000u);
}

INSTANTIATE_TEST_SUITE_P(Harts, MapReplyRandomTest, testing::Values(1, 2));

}  // namespace
