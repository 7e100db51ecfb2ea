// RLIMIT_RSS: a limited program evicts its own pages, and no others.
#include "servers/pager/core/fake_machine.h"

namespace {

constexpr uint32_t kBadge = 8;
constexpr uint32_t kOther = 9;
constexpr uint64_t kSwap = 77;
constexpr uint32_t kSlots = 1000;
constexpr uint64_t kLimit = 64;
constexpr uint64_t kBatch = 32;

class RssTest : public testing::Test {
 protected:
  RssTest() : space_(machine_.Start(kBadge)), pager_(machine_.pager) { machine_.OnePage(); }
  ~RssTest() override { machine_.kernel.Check(); }

  void AddSwap() {
    machine_.store.Make(kSwap, kSlots, 0);
    ASSERT_EQ(pager_swap_add(pager_, kSwap, kSlots, 0), 1);
  }

  void Limit(struct space *space, uint64_t pages) {
    ASSERT_EQ(pager_limit(pager_, space, LIMIT_RSS, pages * PAGE_SIZE, LIMIT_NONE), 0);
  }

  struct pager_space_counts Counts(struct space *space) {
    EXPECT_EQ(pager_space_counts(pager_, space, 0), 0);
    struct pager_space_counts counts;
    std::memcpy(&counts, pager_message(pager_, space), sizeof(counts));
    return counts;
  }

  // Private pages; the message page is none.
  uint64_t Resident(struct space *space) { return Counts(space).resident - 1; }

  void Fill(struct space *space, uint64_t va, uint32_t pages, uint64_t most = UINT64_MAX) {
    for (uint32_t i = 0; i < pages; i++) {
      machine_.Write(space, va + i * PAGE_SIZE, (uint8_t)(i * 7));
      ASSERT_LE(Resident(space), most) << i;
    }
  }

  void CheckFilled(struct space *space, uint64_t va, uint32_t pages, uint64_t most = UINT64_MAX) {
    for (uint32_t i = 0; i < pages; i++) {
      ASSERT_EQ(machine_.Read(space, va + i * PAGE_SIZE), (uint8_t)(i * 7));
      ASSERT_LE(Resident(space), most) << i;
    }
  }

  FakeMachine machine_;
  struct space *space_;
  struct pager *pager_;
};

TEST_F(RssTest, FourTimesTheLimitStaysBelowIt) {
  AddSwap();
  struct space *other = machine_.Start(kOther);
  uint64_t theirs = machine_.MapAnonymous(other, 200);
  Fill(other, theirs, 200);
  Limit(space_, kLimit);
  uint64_t va = machine_.MapAnonymous(space_, 4 * kLimit);
  for (int pass = 0; pass < 2; pass++) {
    Fill(space_, va, 4 * kLimit, kLimit + kBatch);
    EXPECT_GE(Counts(space_).swapped, 3 * kLimit - kBatch);
    CheckFilled(space_, va, 4 * kLimit, kLimit + kBatch);
  }
  EXPECT_EQ(Counts(other).swapped, 0u);
  EXPECT_EQ(Resident(other), 200u);
  CheckFilled(other, theirs, 200);
}

TEST_F(RssTest, RunsAndReadAheadExceedItByNoMoreThanABatch) {
  pager_option(pager_, PAGER_BATCH_MAX, 16);
  pager_option(pager_, PAGER_READ_AHEAD, 16);
  pager_option(pager_, PAGER_LARGE_PAGES, 1);
  AddSwap();
  Limit(space_, kLimit);
  uint64_t va = machine_.MapAnonymous(space_, 600);
  Fill(space_, va, 600, kLimit + kBatch);
  CheckFilled(space_, va, 600, kLimit + kBatch);
}

TEST_F(RssTest, WithoutALimitNothingGoes) {
  AddSwap();
  uint64_t va = machine_.MapAnonymous(space_, 4 * kLimit);
  Fill(space_, va, 4 * kLimit);
  EXPECT_EQ(Resident(space_), 4 * kLimit);
  EXPECT_EQ(machine_.store.page_outs, 0u);
}

TEST_F(RssTest, ALimitBelowWhatIsThereTakesEffectWithTheNextPage) {
  AddSwap();
  uint64_t va = machine_.MapAnonymous(space_, 201);
  Fill(space_, va, 200);
  Limit(space_, kLimit);
  EXPECT_EQ(Resident(space_), 200u);
  machine_.Write(space_, va + 200 * PAGE_SIZE, (uint8_t)(200 * 7));
  EXPECT_LE(Resident(space_), kLimit);
  CheckFilled(space_, va, 201, kLimit + kBatch);
}

TEST_F(RssTest, WithoutSwapTheProgramGoesOn) {
  Limit(space_, kLimit);
  uint64_t va = machine_.MapAnonymous(space_, 4 * kLimit);
  Fill(space_, va, 4 * kLimit);
  EXPECT_EQ(Resident(space_), 4 * kLimit);
  CheckFilled(space_, va, 4 * kLimit);
}

TEST_F(RssTest, WhatCannotBeWrittenStaysAndTheProgramGoesOn) {
  AddSwap();
  Limit(space_, kLimit);
  uint64_t va = machine_.MapAnonymous(space_, 2 * kLimit);
  for (uint32_t i = 0; i < 2 * kLimit; i++) {
    Answer answer = {};
    bool answered = false;
    token_t token = machine_.kernel.NewToken();
    uint8_t *at =
        machine_.kernel.Access(kBadge, va + i * PAGE_SIZE, FAULT_WRITE, token, &answer, &answered);
    while (!at && !machine_.kernel.TakeAnswer(token, &answer)) {
      machine_.store.Take();
      ASSERT_GT(machine_.store.Waiting(), 0u);
      machine_.store.Answer(0, -EIO);
    }
    ASSERT_NE(answer.kind, Answer::kSignal);
    machine_.store.Take();
    while (machine_.store.Waiting() > 0) machine_.store.Answer(0, -EIO);
    machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)(i * 7));
  }
  EXPECT_GT(pager_->swap.area[0].bad, 0u);
  EXPECT_EQ(Resident(space_), 2 * kLimit);
  CheckFilled(space_, va, 2 * kLimit);
}

TEST_F(RssTest, LockedPagesStay) {
  AddSwap();
  Limit(space_, kLimit);
  uint64_t locked = machine_.MapAnonymous(space_, 20);
  Fill(space_, locked, 20);
  ASSERT_EQ(pager_lock(pager_, space_, locked, 20 * PAGE_SIZE, 0), 0);
  uint64_t va = machine_.MapAnonymous(space_, 4 * kLimit);
  Fill(space_, va, 4 * kLimit, kLimit + kBatch);
  ASSERT_EQ(pager_resident(pager_, space_, locked, 20 * PAGE_SIZE), 20);
  const uint8_t *resident = static_cast<const uint8_t *>(pager_message(pager_, space_));
  for (int i = 0; i < 20; i++) EXPECT_EQ(resident[i], 1);
  CheckFilled(space_, va, 4 * kLimit, kLimit + kBatch);
}

TEST_F(RssTest, PagesOfAForkStayForBothAndTheLimitIsInherited) {
  AddSwap();
  Limit(space_, kLimit);
  uint64_t va = machine_.MapAnonymous(space_, 40);
  Fill(space_, va, 40);
  struct space *child = machine_.Fork(space_, kOther);
  uint64_t own = machine_.MapAnonymous(child, 4 * kLimit);
  Fill(child, own, 4 * kLimit, kLimit + kBatch);
  EXPECT_EQ(Resident(space_), 40u);
  CheckFilled(child, own, 4 * kLimit, kLimit + kBatch);
  CheckFilled(child, va, 40, kLimit + kBatch);
  CheckFilled(space_, va, 40);
}

TEST_F(RssTest, NoLimitIsTooLowToRun) {
  AddSwap();
  Limit(space_, 0);
  uint64_t va = machine_.MapAnonymous(space_, 100);
  Fill(space_, va, 100, kBatch);
  CheckFilled(space_, va, 100, kBatch);
}

TEST_F(RssTest, WhoWaitsCanBeKilled) {
  AddSwap();
  Limit(space_, kLimit);
  uint64_t va = machine_.MapAnonymous(space_, 2 * kLimit);
  Fill(space_, va, kLimit);
  Answer answer = {};
  bool answered = false;
  EXPECT_EQ(machine_.kernel.Access(kBadge, va + kLimit * PAGE_SIZE, FAULT_WRITE,
                                   machine_.kernel.NewToken(), &answer, &answered),
            nullptr);
  EXPECT_FALSE(answered);
  machine_.Kill(space_);
  machine_.store.Drain();
  EXPECT_EQ(pager_->swap.free, kSlots);
}

}  // namespace
