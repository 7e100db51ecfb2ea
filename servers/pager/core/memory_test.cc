// Calls of programs that find no frame: they wait until eviction has found one, each of them.
#include <csignal>
#include <functional>

#include "protocols/proc.h"
#include "servers/pager/core/fake_machine.h"

namespace {

constexpr uint32_t kBadge = 9;  // not the first program, which is spared
constexpr uint64_t kSwap = 77, kFile = 7;
constexpr uint32_t kSlots = 100;
constexpr uint32_t kPages = 200;         // in memory, and written to
constexpr uint64_t kPlace = 5ull << 30;  // where nothing is

class MemoryTest : public testing::Test {
 protected:
  MemoryTest() : machine_(800, 64), pager_(machine_.pager), space_(machine_.Start(kBadge)) {
    pager_set_break(pager_, space_, 1 << 20);
    file_ = machine_.MakeFile(kFile, 4);
    va_ = machine_.MapAnonymous(space_, kPages);
    for (uint32_t i = 0; i < kPages; i++) machine_.Write(space_, va_ + i * PAGE_SIZE, (uint8_t)i);
  }

  ~MemoryTest() override {
    for (auto [number, item] : items_) slab_put(pager_, number, item);
    for (uint32_t frame : frames_) frame_put(pager_, frame);
    machine_.store.Drain();
    machine_.kernel.Check();
  }

  void AddSwap() {
    machine_.store.Make(kSwap, kSlots, 0);
    ASSERT_EQ(pager_swap_add(pager_, kSwap, kSlots, 0), 1);
  }

  // Takes all frames but the reserve, and all that the pager has made of others.
  void UseUp() {
    for (enum slab_number number : {SLAB_REGION, SLAB_NODE}) {
      while (pager_->slab[number].free > 0) items_.emplace_back(number, slab_take(pager_, number));
    }
    while (uint32_t frame = frame_take(pager_)) frames_.push_back(frame);
    ASSERT_EQ(pager_->free.count, FRAMES_RESERVE);
  }

  int64_t Call(const std::function<int64_t()> &call) {
    token_t token = machine_.kernel.NewToken();
    return machine_.Finish(machine_.Call(space_, token, call), token);
  }

  // One page in the middle of the mapping.
  uint64_t Middle() const { return va_ + kPages / 2 * PAGE_SIZE; }

  struct Waiting {
    const char *name;
    std::function<int64_t()> call;
    int64_t result;
  };

  std::vector<Waiting> Calls() {
    const uint32_t fixed = PAGER_PRIVATE | PAGER_FIXED;
    const int64_t place = (int64_t)kPlace;
    return {
        {"map", [=, this] { return pager_map(pager_, space_, kPlace, PAGE_SIZE, PROT_R, fixed); },
         place},
        {"map shared memory",
         [=, this] {
           return pager_map(pager_, space_, kPlace, PAGE_SIZE, PROT_R, PAGER_SHARED | PAGER_FIXED);
         },
         place},
        {"map over a mapping",
         [=, this] { return pager_map(pager_, space_, Middle(), PAGE_SIZE, PROT_R, fixed); },
         (int64_t)Middle()},
        {"map a file",
         [=, this] {
           return pager_object_map(pager_, space_, file_, 0, kPlace, PAGE_SIZE, PROT_R, fixed, 7);
         },
         place},
        {"unmap", [this] { return pager_unmap(pager_, space_, Middle(), PAGE_SIZE); }, 0},
        {"protect", [this] { return pager_protect(pager_, space_, Middle(), PAGE_SIZE, PROT_R); },
         0},
        {"protect more",
         [this] { return pager_protect(pager_, space_, Middle(), 2 * PAGE_SIZE, PROT_R); }, 0},
        {"remap",
         [this] {
           return pager_remap(pager_, space_, Middle(), PAGE_SIZE, 2 * PAGE_SIZE,
                              PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED, kPlace);
         },
         place},
        {"remap smaller",
         [this] { return pager_remap(pager_, space_, Middle(), 2 * PAGE_SIZE, PAGE_SIZE, 0, 0); },
         (int64_t)Middle()},
        {"advise",
         [this] { return pager_advise(pager_, space_, 0, Middle(), PAGE_SIZE, ADVICE_SEQUENTIAL); },
         0},
        {"discard",
         [this] { return pager_advise(pager_, space_, 0, Middle(), PAGE_SIZE, ADVICE_DONTNEED); },
         0},
        {"lock", [this] { return pager_lock(pager_, space_, Middle(), PAGE_SIZE, 0); }, 0},
        {"lock all", [this] { return pager_lock(pager_, space_, 0, 0, PAGER_LOCK_CURRENT); }, 0},
        {"unlock", [this] { return pager_unlock(pager_, space_, Middle(), PAGE_SIZE, 0); }, 0},
        {"break", [this] { return pager_break(pager_, space_, 2 << 20); }, 2 << 20},
        {"provider", [this] { return pager_provider(pager_, space_) < 0 ? -ENOMEM : 0; }, 0},
    };
  }

  FakeMachine machine_;
  struct pager *pager_;
  struct space *space_;
  uint32_t file_ = 0;
  uint64_t va_ = 0;
  std::vector<uint32_t> frames_;
  std::vector<std::pair<enum slab_number, void *>> items_;
};

// Each in a machine of its own.
class EachCallTest : public MemoryTest, public testing::WithParamInterface<size_t> {};

TEST_P(EachCallTest, WaitsForEviction) {
  const Waiting waiting = Calls()[GetParam()];
  SCOPED_TRACE(waiting.name);
  AddSwap();
  UseUp();
  ASSERT_EQ(waiting.call(), -ENOMEM) << "it needs no memory";
  token_t token = machine_.kernel.NewToken();
  int64_t result = machine_.Call(space_, token, waiting.call);
  EXPECT_EQ(result, PAGER_PARKED);
  EXPECT_EQ(machine_.Finish(result, token), waiting.result);
  EXPECT_GT(machine_.store.page_outs, 0u);
  EXPECT_EQ(pager_->evict.waiting, nullptr);
}

TEST_P(EachCallTest, FailsWithoutAnythingToEvict) {
  const Waiting waiting = Calls()[GetParam()];
  SCOPED_TRACE(waiting.name);
  UseUp();
  EXPECT_EQ(Call(waiting.call), -ENOMEM);
  EXPECT_FALSE(pager_->evict.out_of_memory) << "nobody is ended for a call";
  // It has changed nothing.
  for (uint32_t i = 0; i < kPages; i++) {
    ASSERT_EQ(machine_.Read(space_, va_ + i * PAGE_SIZE), (uint8_t)i);
  }
}

INSTANTIATE_TEST_SUITE_P(Calls, EachCallTest, testing::Range<size_t>(0, 16));

TEST_F(MemoryTest, WhatFailsForSomethingElseDoesNotWait) {
  AddSwap();
  UseUp();
  EXPECT_EQ(Call([this] { return pager_unmap(pager_, space_, va_ + 1, PAGE_SIZE); }), -EINVAL);
  EXPECT_EQ(Call([this] { return pager_resident(pager_, space_, kPlace, PAGE_SIZE); }), -ENOMEM);
  EXPECT_EQ(machine_.store.page_outs, 0u);
}

// A hole is no want of memory, though a frame was asked for on the way there.
TEST_F(MemoryTest, WaitsAndFails) {
  AddSwap();
  UseUp();
  uint64_t last = va_ + (kPages - 1) * PAGE_SIZE;
  EXPECT_EQ(Call([&] { return pager_protect(pager_, space_, last, 2 * PAGE_SIZE, PROT_R); }),
            -ENOMEM);
  EXPECT_GT(machine_.store.page_outs, 0u);
  EXPECT_EQ(machine_.Signal(space_, last, FAULT_WRITE), (uint32_t)SIGSEGV) << "done up to there";
}

// Proc and fs would not serve others meanwhile, and exec has more to it than its answer.
TEST_F(MemoryTest, ServersDoNotWait) {
  AddSwap();
  UseUp();
  for (struct event event : {event{1, SLOT_FS, {PAGER_MAP}}, event{2, SLOT_PROC, {PAGER_FORK}},
                             event{3, kBadge, {PAGER_EXEC}}}) {
    pager_->evict.refused = true;
    EXPECT_EQ(pager_refused(pager_, &event), -ENOMEM);
    EXPECT_FALSE(pager_->evict.refused);
  }
  int64_t object = pager_object_create(pager_, 8, PAGE_SIZE, OBJECT_OF_FILE, 0, 0);
  EXPECT_GT(object, 0) << "fs gets it from the reserve";
  EXPECT_EQ(machine_.store.page_outs, 0u);
}

TEST_F(MemoryTest, WhoWaitsCanBeKilled) {
  AddSwap();
  UseUp();
  int64_t result = machine_.Call(space_, machine_.kernel.NewToken(),
                                 [this] { return pager_unmap(pager_, space_, Middle(), 1); });
  ASSERT_EQ(result, PAGER_PARKED);
  ASSERT_NE(pager_->evict.waiting, nullptr);
  machine_.Kill(space_);
  EXPECT_EQ(pager_->evict.waiting, nullptr);
}

// Nobody has memory of his own that could be taken: it is the faulter that ends, and calls fail.
TEST_F(MemoryTest, WithoutAVictimNobodyWaitsForEver) {
  ASSERT_EQ(pager_unmap(pager_, space_, va_, kPages * PAGE_SIZE), 0);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  UseUp();
  token_t token = machine_.kernel.NewToken();
  Answer answer;
  bool answered;
  ASSERT_EQ(machine_.kernel.Access(space_->slot, va, FAULT_WRITE, token, &answer, &answered),
            nullptr);
  ASSERT_FALSE(answered);
  ASSERT_TRUE(machine_.kernel.out_of_memory);
  EXPECT_EQ(pager_oom_victim(pager_), 0);
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.signal, (uint32_t)SIGKILL);
  EXPECT_EQ(answer.reason, (uint32_t)FAULT_NO_MEMORY);
  EXPECT_EQ(pager_->evict.waiting, nullptr);
}

// Reads have all the requests: when one is done, something can be written.
TEST_F(MemoryTest, WaitsForARequest) {
  AddSwap();
  UseUp();
  struct object *area = pager_->swap.area[0].object;
  std::vector<struct request *> reads;
  while (struct request *read = request_take(pager_, area, OBJECT_PAGE_IN, 0)) {
    reads.push_back(read);
  }
  token_t token = machine_.kernel.NewToken();
  int64_t result =
      machine_.Call(space_, token, [this] { return pager_unmap(pager_, space_, Middle(), 1); });
  EXPECT_EQ(result, PAGER_PARKED);
  for (struct request *read : reads) request_cancel(read);
  pager_between(pager_);
  EXPECT_EQ(machine_.Finish(result, token), 0);
}

// A store that fails is no help; what was mapped stays.
TEST_F(MemoryTest, FailsIfNothingCanBeWritten) {
  AddSwap();
  UseUp();
  token_t token = machine_.kernel.NewToken();
  int64_t result =
      machine_.Call(space_, token, [this] { return pager_unmap(pager_, space_, Middle(), 1); });
  ASSERT_EQ(result, PAGER_PARKED);
  Answer answer;
  while (!machine_.kernel.TakeAnswer(token, &answer)) {
    machine_.store.Take();
    ASSERT_GT(machine_.store.Waiting(), 0u) << "it waits for nothing";
    machine_.store.Answer(0, -EIO);
  }
  EXPECT_EQ(answer.status, -ENOMEM);
  EXPECT_EQ(machine_.Read(space_, Middle()), (uint8_t)(kPages / 2));
}

// --- what is promised to a fork ------------------------------------------------------------------

constexpr uint32_t kChild = 10, kOther = 11;

class PromiseTest : public MemoryTest {
 protected:
  PromiseTest() {
    AddSwap();
    UseUp();
    EXPECT_EQ(pager_fork(pager_, kBadge, kChild), -ENOMEM) << "it needs no memory";
    EXPECT_EQ(Memory(), 0);
    EXPECT_GT(pager_->promise.frames.count, 0u);
  }

  int64_t Memory() {
    token_t token = machine_.kernel.NewToken();
    return machine_.Finish(
        machine_.Call(space_, token, [&] { return pager_memory(pager_, space_, token); }), token);
  }

  // Others take all that is free.
  void UseUpAgain() {
    while (uint32_t frame = frame_take(pager_)) frames_.push_back(frame);
  }
};

TEST_F(PromiseTest, IsKept) {
  UseUpAgain();
  EXPECT_EQ(pager_fork(pager_, kBadge, kChild), 0);
  EXPECT_EQ(pager_->promise.frames.count, 0u);
  UseUpAgain();
  EXPECT_EQ(pager_fork(pager_, kBadge, kOther), -ENOMEM) << "it was for one";
}

TEST_F(PromiseTest, IsNotForOthers) {
  space_ = machine_.Fork(space_, kChild);
  EXPECT_EQ(Memory(), 0);
  uint32_t promised = pager_->promise.frames.count;
  EXPECT_GT(promised, 0u);
  UseUpAgain();
  EXPECT_EQ(pager_fork(pager_, kBadge, kOther), -ENOMEM);
  EXPECT_EQ(pager_->promise.frames.count, promised);
  space_ = pager_space(pager_, kBadge);
}

TEST_F(PromiseTest, EndsWithTheProgram) {
  uint32_t free = pager_->free.count;
  machine_.Kill(space_);
  EXPECT_EQ(pager_->promise.frames.count, 0u);
  EXPECT_GT(pager_->free.count, free);
}

TEST_F(PromiseTest, EndsWithTime) {
  uint32_t promised = pager_->promise.frames.count;
  uint32_t free = pager_->free.count, reserved = pager_->frames_reserved;
  machine_.kernel.now += timer_ticks(pager_, 500);
  pager_tick(pager_);
  EXPECT_EQ(pager_->promise.frames.count, promised);
  machine_.kernel.now = pager_->timer.deadline;
  pager_tick(pager_);
  EXPECT_EQ(pager_->promise.frames.count, 0u);
  EXPECT_EQ(pager_->free.count, free + promised);
  EXPECT_EQ(pager_->frames_reserved, reserved - promised);
}

// Nothing can be evicted: the promise goes before anybody is ended or refused.
TEST_F(MemoryTest, PromiseEndsWhereMemoryDoes) {
  ASSERT_EQ(pager_memory(pager_, space_, machine_.kernel.NewToken()), 0);
  uint32_t promised = pager_->promise.frames.count;
  ASSERT_GT(promised, 0u);
  UseUp();
  uint64_t va = (uint64_t)Call(
      [this] { return pager_map(pager_, space_, 0, PAGE_SIZE, PROT_R | PROT_W, PAGER_PRIVATE); });
  machine_.Write(space_, va, 1);
  EXPECT_EQ(pager_->promise.frames.count, 0u);
  EXPECT_GT(pager_->free.count, FRAMES_RESERVE);
  EXPECT_FALSE(pager_->evict.out_of_memory);
}

}  // namespace
