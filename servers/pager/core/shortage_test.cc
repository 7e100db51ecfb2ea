// When memory is short: what the store has already goes, what it has not is written first.
#include <csignal>
#include <functional>
#include <vector>

#include "protocols/proc.h"
#include "servers/pager/core/fake_machine.h"

namespace {

constexpr uint32_t kBadge = 8;
constexpr uint64_t kFile = 7;
constexpr uint32_t kFrames = 600;

class ShortageTest : public testing::Test {
 protected:
  explicit ShortageTest(uint32_t frames = kFrames, uint32_t objects = 64)
      : machine_(frames, objects), space_(machine_.Start(kBadge)) {
    pager_option(machine_.pager, PAGER_DIRTY_LIMIT, 90);
  }
  ~ShortageTest() override { machine_.kernel.Check(); }

  // Writes this many whole pages of a new file, each its number, without waiting for the store.
  uint32_t WriteFile(uint32_t pages) {
    uint64_t va = machine_.MapAnonymous(space_, 1);
    uint32_t object = machine_.MakeFile(kFile, pages);
    for (uint32_t i = 0; i < pages; i++) {
      machine_.Write(space_, va + 9, (uint8_t)i);
      EXPECT_EQ(machine_.WriteFile(space_, object, (uint64_t)i * PAGE_SIZE, va, PAGE_SIZE),
                (int64_t)PAGE_SIZE);
    }
    return object;
  }

  FakeMachine machine_;
  struct space *space_;
};

TEST_F(ShortageTest, MoreThanMemoryIsWritten) {
  constexpr uint32_t kPages = 3 * kFrames;
  uint32_t object = WriteFile(kPages);
  EXPECT_GT(machine_.store.page_outs, kPages - kFrames);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  for (uint32_t i = 0; i < kPages; i++) {
    ASSERT_EQ(machine_.ReadFile(space_, object, (uint64_t)i * PAGE_SIZE, va, PAGE_SIZE),
              (int64_t)PAGE_SIZE);
    ASSERT_EQ(machine_.Read(space_, va + 9), (uint8_t)i);
  }
}

TEST_F(ShortageTest, MoreThanMemoryIsWrittenThroughAMapping) {
  constexpr uint32_t kPages = 2 * kFrames;
  uint32_t object = machine_.MakeFile(kFile, kPages);
  uint64_t va =
      machine_.MapFile(space_, object, kPages, FakeMachine::kReadWrite, FakeMachine::kShared);
  for (uint32_t i = 0; i < kPages; i++) machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)i);
  for (uint32_t i = 0; i < kPages; i++)
    ASSERT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), (uint8_t)i);
}

// A page of an object takes a frame, and another one for its nodes: where one more is free than the
// reserve, each try must get further than the one before.
TEST_F(ShortageTest, TheLastFreeFrameIsEnoughToGoOn) {
  struct pager *pager = machine_.pager;
  WriteFile(300);
  machine_.store.Drain();
  uint64_t data = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, data, 7);
  uint32_t large = machine_.MakeFile(kFile + 1, 9000);
  uint64_t file =
      machine_.MapFile(space_, large, 9000, FakeMachine::kReadWrite, FakeMachine::kShared);
  uint64_t shared = machine_.MapAnonymous(space_, 1, FakeMachine::kReadWrite, FakeMachine::kShared);
  std::function<void()> touches[] = {
      [&] { machine_.Write(space_, shared, 1); },
      [&] { EXPECT_EQ(machine_.Read(space_, file), (uint8_t)(kFile + 1)); },
      [&] {
        EXPECT_EQ(machine_.WriteFile(space_, large, 8000 * PAGE_SIZE, data, PAGE_SIZE),
                  (int64_t)PAGE_SIZE);
      },
  };
  for (const auto &touch : touches) {
    std::vector<uint32_t> frames;
    std::vector<void *> nodes;
    while (pager->slab[SLAB_NODE].free > 0) nodes.push_back(slab_take(pager, SLAB_NODE));
    while (pager->free.count > FRAMES_RESERVE + 1) frames.push_back(frame_take(pager));
    touch();
    for (void *node : nodes) slab_put(pager, SLAB_NODE, node);
    for (uint32_t frame : frames) frame_put(pager, frame);
  }
}

TEST_F(ShortageTest, ProgramsGetTheFramesOfDirtyPages) {
  WriteFile(400);
  EXPECT_GT(machine_.pager->frames_dirty, 300u);
  uint64_t va = machine_.MapAnonymous(space_, 400);
  for (uint32_t i = 0; i < 400; i++) machine_.Write(space_, va + i * PAGE_SIZE, 1);
}

// What is read by calls alone is wanted as well as what is mapped.
TEST_F(ShortageTest, PagesThatAreReadOftenStayUnderTwoQueues) {
  constexpr uint32_t kPages = 4 * kFrames, kHot = 50;
  machine_.OnePage();
  uint64_t reads[PAGER_POLICY_COUNT];
  for (enum pager_policy policy : {PAGER_POLICY_CLOCK, PAGER_POLICY_2Q}) {
    pager_option(machine_.pager, PAGER_POLICY, policy);
    uint32_t object = machine_.MakeFile(kFile + policy, kPages);
    uint64_t va = machine_.MapAnonymous(space_, 1);
    reads[policy] = 0;
    for (uint32_t i = kHot; i < kPages; i++) {
      uint64_t before = machine_.store.page_ins;
      machine_.ReadFile(space_, object, (uint64_t)(i % kHot) * PAGE_SIZE, va, 10);
      reads[policy] += machine_.store.page_ins - before;
      machine_.ReadFile(space_, object, (uint64_t)i * PAGE_SIZE, va, 10);
      pager_between(machine_.pager);
    }
  }
  EXPECT_LE(reads[PAGER_POLICY_2Q], 2 * kHot);
  EXPECT_GT(reads[PAGER_POLICY_CLOCK], 3 * kHot);
}

TEST_F(ShortageTest, BrokenStoreEndsWhoNeedsMemory) {
  WriteFile(400);
  uint64_t va = machine_.MapAnonymous(space_, 400);
  Answer answer = {};
  for (uint32_t i = 0; i < 400 && answer.kind != Answer::kSignal; i++) {
    token_t token = machine_.kernel.NewToken();
    bool answered;
    uint8_t *at =
        machine_.kernel.Access(kBadge, va + i * PAGE_SIZE, FAULT_WRITE, token, &answer, &answered);
    if (at) continue;
    for (machine_.store.Take(); machine_.store.Waiting() > 0; machine_.store.Take())
      machine_.store.Answer(0, -EIO);
    ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  }
  EXPECT_EQ(answer.kind, Answer::kSignal);
  EXPECT_EQ(answer.signal, (uint32_t)SIGKILL);
  EXPECT_EQ(answer.reason, (uint32_t)FAULT_NO_MEMORY);
  EXPECT_GT(machine_.pager->frames_dirty, 300u) << "what could not be stored is still wanted";
}

TEST_F(ShortageTest, WhoWaitsForMemoryCanBeKilled) {
  WriteFile(400);
  uint64_t va = machine_.MapAnonymous(space_, 400);
  uint8_t *at = &machine_.kernel.memory(machine_.pager->zero_frame)[0];
  for (uint32_t i = 0; at; i++) {
    Answer answer;
    bool answered;
    at = machine_.kernel.Access(kBadge, va + i * PAGE_SIZE, FAULT_WRITE, machine_.kernel.NewToken(),
                                &answer, &answered);
    EXPECT_FALSE(!at && answered);
  }
  EXPECT_NE(machine_.pager->evict.waiting, nullptr);
  machine_.Kill(space_);
  EXPECT_EQ(machine_.pager->evict.waiting, nullptr);
  machine_.store.Drain();
}

class ObjectShortageTest : public ShortageTest {
 protected:
  ObjectShortageTest() : ShortageTest(4096, 16) {}
};

TEST_F(ObjectShortageTest, KernelObjectsGetTheFramesOfCachedPages) {
  constexpr uint32_t kPages = 6000;
  uint32_t object = machine_.MakeFile(kFile, kPages);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  for (uint32_t i = 0; i < kPages; i++) {
    ASSERT_EQ(machine_.ReadFile(space_, object, (uint64_t)i * PAGE_SIZE, va, PAGE_SIZE),
              (int64_t)PAGE_SIZE);
  }
  ASSERT_LT(machine_.pager->free.count, LARGE_FRAMES);
  for (uint32_t slot = kBadge + 1; slot < kBadge + 41; slot++) {
    EXPECT_EQ(pager_space_create(machine_.pager, slot), 0) << slot;
  }
}

}  // namespace
