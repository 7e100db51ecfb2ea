// One test for each line of the case table in fault.c, with exact counts.
#include <csignal>

#include "protocols/proc.h"
#include "servers/pager/core/fake_machine.h"

extern "C" {
#include "servers/pager/core/fault_short.h"
}

namespace {

constexpr uint32_t kBadge = 8;
constexpr uint32_t kChild = 9;

class FaultTest : public testing::Test {
 protected:
  FaultTest() : space_(machine_.Start(kBadge)), counts_(machine_.counts) { machine_.OnePage(); }
  ~FaultTest() override { machine_.kernel.Check(); }

  FakeMachine machine_;
  struct space *space_;
  Counters &counts_;
};

TEST_F(FaultTest, MappingAloneTakesNoMemory) {
  uint32_t before = machine_.FramesInUse();
  machine_.MapAnonymous(space_, 100000);
  EXPECT_EQ(machine_.FramesInUse(), before);
  EXPECT_EQ(counts_->faults, 0u);
}

TEST_F(FaultTest, ReadOfUntouchedMemoryShowsTheZeroPage) {
  uint64_t va = machine_.MapAnonymous(space_, 4);
  EXPECT_EQ(machine_.Read(space_, va + 5), 0);
  EXPECT_EQ(machine_.Read(space_, va + PAGE_SIZE), 0);
  EXPECT_EQ(counts_->faults, 2u);
  EXPECT_EQ(counts_->faults_zero_read, 2u);
  EXPECT_EQ(counts_->pages_zeroed, 0u);
  EXPECT_EQ(machine_.kernel.Find(kBadge, (uint32_t)(va >> 12))->frame, machine_.pager->zero_frame);
}

TEST_F(FaultTest, WriteOfUntouchedMemoryTakesOneZeroedPage) {
  uint64_t va = machine_.MapAnonymous(space_, 4);
  machine_.Write(space_, va + 7, 1);
  machine_.Write(space_, va + 8, 2);
  EXPECT_EQ(machine_.Read(space_, va + 7), 1);
  EXPECT_EQ(machine_.Read(space_, va + 6), 0);
  EXPECT_EQ(counts_->faults, 1u);
  EXPECT_EQ(counts_->faults_anonymous, 1u);
  EXPECT_EQ(counts_->pages_zeroed, 1u);
}

TEST_F(FaultTest, WriteAfterReadReplacesTheZeroPage) {
  uint64_t va = machine_.MapAnonymous(space_, 1);
  EXPECT_EQ(machine_.Read(space_, va), 0);
  machine_.Write(space_, va, 9);
  EXPECT_EQ(machine_.Read(space_, va), 9);
  EXPECT_EQ(counts_->faults, 2u);
  EXPECT_EQ(counts_->pages_zeroed, 1u);
  EXPECT_EQ(counts_->pages_copied, 0u);
}

TEST_F(FaultTest, AscendingFirstTouchesComeInGrowingRuns) {
  pager_option(machine_.pager, PAGER_BATCH_MAX, 16);
  uint64_t va = machine_.MapAnonymous(space_, 64);
  for (uint32_t i = 0; i < 63; i++) machine_.Write(space_, va + i * PAGE_SIZE, 1);
  // 1 + 2 + 4 + 8 + 16 + 16 + 16 = 63
  EXPECT_EQ(counts_->faults, 7u);
  EXPECT_EQ(counts_->pages_zeroed, 63u);
}

TEST_F(FaultTest, ScatteredFirstTouchesTakeOnePageEach) {
  pager_option(machine_.pager, PAGER_BATCH_MAX, 16);
  uint64_t va = machine_.MapAnonymous(space_, 64);
  for (uint32_t i = 0; i < 64; i += 2) machine_.Write(space_, va + i * PAGE_SIZE, 1);
  EXPECT_EQ(counts_->pages_zeroed, 32u);
  EXPECT_EQ(counts_->faults, 32u);
}

TEST_F(FaultTest, ForkCopiesNoPage) {
  uint64_t va = machine_.MapAnonymous(space_, 200);
  for (uint32_t i = 0; i < 200; i++) machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)i);
  uint64_t copied = counts_->pages_copied;
  uint32_t protects = (uint32_t)machine_.kernel.protect_calls;
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(counts_->pages_copied, copied);
  EXPECT_EQ(machine_.kernel.protect_calls - protects, 1u);
  for (uint32_t i = 0; i < 200; i++) {
    EXPECT_EQ(machine_.Read(child, va + i * PAGE_SIZE), (uint8_t)i);
  }
  EXPECT_EQ(counts_->pages_copied, copied);
  // A second fork without a write in between has nothing to protect.
  protects = (uint32_t)machine_.kernel.protect_calls;
  machine_.Fork(space_, 10);
  EXPECT_EQ(machine_.kernel.protect_calls, protects);
}

TEST_F(FaultTest, WriteAfterForkCopiesOnceAndTheLastOwnerReuses) {
  uint64_t va = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, va, 1);
  struct space *child = machine_.Fork(space_, kChild);
  machine_.Write(child, va, 2);
  EXPECT_EQ(counts_->faults_cow_copy, 1u);
  EXPECT_EQ(counts_->pages_copied, 1u);
  EXPECT_EQ(machine_.Read(space_, va), 1);
  machine_.Write(space_, va, 3);
  EXPECT_EQ(counts_->faults_cow_reuse, 1u);
  EXPECT_EQ(counts_->pages_copied, 1u);
  EXPECT_EQ(machine_.Read(child, va), 2);
  EXPECT_EQ(machine_.Read(space_, va), 3);
}

TEST_F(FaultTest, PagesAreReusedAfterTheChildIsGone) {
  uint64_t va = machine_.MapAnonymous(space_, 100);
  for (uint32_t i = 0; i < 100; i++) machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)i);
  uint64_t faults = counts_->faults;
  machine_.Kill(machine_.Fork(space_, kChild));
  for (uint32_t i = 0; i < 100; i++) machine_.Write(space_, va + i * PAGE_SIZE, 77);
  EXPECT_EQ(counts_->pages_copied, 0u);
  EXPECT_EQ(counts_->faults - faults, 100u);
  EXPECT_EQ(counts_->faults_cow_reuse, 100u);
}

TEST_F(FaultTest, ChainOfForksKeepsEveryOnesBytes) {
  uint64_t va = machine_.MapAnonymous(space_, 2);
  machine_.Write(space_, va, 1);
  std::vector<struct space *> spaces = {space_};
  for (uint32_t i = 1; i < 20; i++) {
    spaces.push_back(machine_.Fork(spaces.back(), kBadge + i));
    machine_.Write(spaces.back(), va, (uint8_t)(i + 1));
  }
  for (uint32_t i = 0; i < 20; i++) EXPECT_EQ(machine_.Read(spaces[i], va), (int)i + 1);
  EXPECT_EQ(counts_->pages_copied, 19u);
}

TEST_F(FaultTest, AccessOutsideOfRegionsIsSegmentationFault) {
  uint32_t reason = 0;
  EXPECT_EQ(machine_.Signal(space_, 0x5000, FAULT_READ, &reason), (uint32_t)SIGSEGV);
  EXPECT_EQ(reason, (uint32_t)FAULT_UNMAPPED);
  EXPECT_EQ(machine_.Signal(space_, 0, FAULT_WRITE), (uint32_t)SIGSEGV);
  EXPECT_EQ(counts_->faults_error, 2u);
}

TEST_F(FaultTest, AccessWithoutRightIsSegmentationFault) {
  uint64_t va = machine_.MapAnonymous(space_, 1, PROT_R);
  uint32_t reason = 0;
  EXPECT_EQ(machine_.Read(space_, va), 0);
  EXPECT_EQ(machine_.Signal(space_, va, FAULT_WRITE, &reason), (uint32_t)SIGSEGV);
  EXPECT_EQ(reason, (uint32_t)FAULT_PROTECTED);
  EXPECT_EQ(machine_.Signal(space_, va, FAULT_EXECUTE), (uint32_t)SIGSEGV);
  uint64_t none = machine_.MapAnonymous(space_, 1, 0);
  EXPECT_EQ(machine_.Signal(space_, none, FAULT_READ), (uint32_t)SIGSEGV);
}

TEST_F(FaultTest, StackGrowsDownToItsLimit) {
  ASSERT_EQ(pager_add_stack(machine_.pager, space_), 0);
  machine_.Write(space_, STACK_TOP - 1, 1);
  machine_.Write(space_, STACK_TOP - 100 * PAGE_SIZE, 2);
  machine_.Write(space_, STACK_TOP - STACK_MAX, 3);
  EXPECT_EQ(machine_.Read(space_, STACK_TOP - 100 * PAGE_SIZE), 2);
  EXPECT_EQ(counts_->pages_zeroed, 3u);
  uint32_t reason = 0;
  EXPECT_EQ(machine_.Signal(space_, STACK_TOP - STACK_MAX - 1, FAULT_WRITE, &reason),
            (uint32_t)SIGSEGV);
  EXPECT_EQ(reason, (uint32_t)FAULT_STACK);
}

TEST_F(FaultTest, FilePageIsReadOnceAndShared) {
  uint32_t file = machine_.MakeFile(1, 8);
  uint64_t va = machine_.MapFile(space_, file, 8, PROT_R, PAGER_PRIVATE);
  const FakeStore::File &f = machine_.store.file(1);
  EXPECT_EQ(machine_.Read(space_, va + 10), f.bytes[10]);
  EXPECT_EQ(counts_->faults_major, 1u);
  EXPECT_EQ(counts_->pages_in, 1u);
  struct space *other = machine_.Start(kChild);
  uint64_t va2 = machine_.MapFile(other, file, 8, PROT_R, PAGER_SHARED);
  EXPECT_EQ(machine_.Read(other, va2 + 11), f.bytes[11]);
  EXPECT_EQ(counts_->pages_in, 1u);
  EXPECT_EQ(counts_->pages_copied, 0u);
  EXPECT_EQ(counts_->faults, 2u);
}

// The way of middle length finds cached pages of private mappings that are read, and nothing else.
TEST_F(FaultTest, CachedPagesAreFoundAtOnceWhereNothingElseMayBeThere) {
  uint32_t file = machine_.MakeFile(77, 3);
  uint64_t va = machine_.MapFile(space_, file, 4, PROT_R | PROT_W, PAGER_PRIVATE);
  uint64_t shared = machine_.MapFile(space_, file, 1, PROT_R | PROT_W, PAGER_SHARED);
  uint64_t hidden = machine_.MapFile(space_, file, 1, 0, PAGER_PRIVATE);
  uint64_t memory = machine_.MapAnonymous(space_, 1);
  auto frame = [&](uint64_t address, uint32_t access) {
    return fault_cached(machine_.pager, space_, address, access).frame;
  };
  EXPECT_EQ(frame(va, FAULT_READ), FRAME_NONE) << "not cached";
  machine_.Read(space_, va);
  uint64_t faults = machine_.counts->faults_file;
  struct fault_found found = fault_cached(machine_.pager, space_, va + 5, FAULT_READ);
  EXPECT_NE(found.frame, FRAME_NONE);
  EXPECT_EQ(found.va_prot, va | PROT_R);
  EXPECT_EQ(machine_.counts->faults_file, faults + 1);
  EXPECT_EQ(frame(va, FAULT_WRITE), FRAME_NONE) << "a copy";
  EXPECT_EQ(frame(va, FAULT_EXECUTE), FRAME_NONE) << "no right";
  EXPECT_EQ(frame(va + 3 * PAGE_SIZE, FAULT_READ), FRAME_NONE) << "behind the end";
  EXPECT_EQ(frame(shared, FAULT_READ), FRAME_NONE) << "shared";
  EXPECT_EQ(frame(hidden, FAULT_READ), FRAME_NONE) << "no right";
  EXPECT_EQ(frame(memory, FAULT_READ), FRAME_NONE) << "no file";
  EXPECT_EQ(frame(0, FAULT_READ), FRAME_NONE);
  EXPECT_EQ(frame(MESSAGE_PAGE, FAULT_READ), FRAME_NONE);
  EXPECT_EQ(frame(USER_END, FAULT_READ), FRAME_NONE);
  EXPECT_EQ(frame(~0ull, FAULT_READ), FRAME_NONE);
  machine_.Write(space_, va, 1);
  EXPECT_EQ(frame(va, FAULT_READ), FRAME_NONE) << "a private page is there";
  machine_.Read(space_, va + PAGE_SIZE);
  pager_option(machine_.pager, PAGER_FAULT_AROUND, 16);
  EXPECT_EQ(frame(va + PAGE_SIZE, FAULT_READ), FRAME_NONE) << "neighbours are wanted";
}

TEST_F(FaultTest, NeighboursThatAreCachedComeAlong) {
  pager_option(machine_.pager, PAGER_FAULT_AROUND, 16);
  uint32_t file = machine_.MakeFile(1, 40);
  uint64_t va = machine_.MapFile(space_, file, 40, PROT_R, PAGER_PRIVATE);
  for (uint32_t i = 0; i < 40; i++) machine_.Read(space_, va + i * PAGE_SIZE);
  struct space *other = machine_.Start(kChild);
  uint64_t va2 = machine_.MapFile(other, file, 40, PROT_R, PAGER_PRIVATE);
  uint64_t faults = counts_->faults;
  for (uint32_t i = 0; i < 40; i++) machine_.Read(other, va2 + i * PAGE_SIZE);
  EXPECT_EQ(counts_->faults - faults, 3u);
}

TEST_F(FaultTest, SequentialReadingLooksAhead) {
  pager_option(machine_.pager, PAGER_READ_AHEAD, 16);
  uint32_t file = machine_.MakeFile(1, 64);
  uint64_t va = machine_.MapFile(space_, file, 64, PROT_R, PAGER_PRIVATE);
  for (uint32_t i = 0; i < 60; i++) machine_.Read(space_, va + i * PAGE_SIZE);
  // 4 + 8 + 16 + 16 + 16
  EXPECT_EQ(counts_->requests_in, 5u);
  EXPECT_EQ(counts_->pages_in, 60u);
}

TEST_F(FaultTest, PrivateWriteToFileCopiesAndLeavesTheFile) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t va = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_PRIVATE);
  uint8_t old = machine_.store.file(1).bytes[0];
  machine_.Write(space_, va, (uint8_t)(old + 1));
  EXPECT_EQ(counts_->pages_copied, 1u);
  struct space *other = machine_.Start(kChild);
  uint64_t va2 = machine_.MapFile(other, file, 2, PROT_R, PAGER_SHARED);
  EXPECT_EQ(machine_.Read(other, va2), old);
  EXPECT_EQ(machine_.pager->frames_dirty, 0u);
}

TEST_F(FaultTest, SharedWriteIsSeenByAllAndStoredBySync) {
  uint32_t file = machine_.MakeFile(1, 4);
  struct space *other = machine_.Start(kChild);
  uint64_t va = machine_.MapFile(space_, file, 4, PROT_R | PROT_W, PAGER_SHARED);
  uint64_t va2 = machine_.MapFile(other, file, 4, PROT_R, PAGER_SHARED);
  machine_.Write(space_, va + PAGE_SIZE, 200);
  EXPECT_EQ(machine_.Read(other, va2 + PAGE_SIZE), 200);
  EXPECT_NE(machine_.store.file(1).bytes[PAGE_SIZE], 200);
  EXPECT_EQ(machine_.Sync(space_, va, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[PAGE_SIZE], 200);
  EXPECT_EQ(counts_->pages_out, 1u);
  // Clean now: nothing to write, until it is written to again, without a fault.
  uint64_t faults = counts_->faults;
  EXPECT_EQ(machine_.Sync(space_, va, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(counts_->pages_out, 1u);
  machine_.Write(space_, va + PAGE_SIZE, 201);
  EXPECT_EQ(counts_->faults, faults);
  EXPECT_EQ(machine_.Sync(space_, va, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(counts_->pages_out, 2u);
  EXPECT_EQ(machine_.store.file(1).bytes[PAGE_SIZE], 201);
}

TEST_F(FaultTest, PageWrittenWhileItIsStoredIsStoredAgain) {
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t va = machine_.MapFile(space_, file, 1, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, va, 1);
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_sync(machine_.pager, space_, token, va, PAGE_SIZE, PAGER_SYNC_SYNC),
            PAGER_PARKED);
  machine_.store.Take();
  machine_.Write(space_, va, 2);
  machine_.store.Drain();
  Answer answer;
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  machine_.Write(space_, va + 1, 3);
  EXPECT_EQ(machine_.Sync(space_, va, PAGE_SIZE), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[0], 2);
  EXPECT_EQ(machine_.store.file(1).bytes[1], 3);
}

TEST_F(FaultTest, UnmapAndExitWriteSharedPagesBack) {
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t va = machine_.MapFile(space_, file, 4, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, va, 42);
  machine_.Write(space_, va + PAGE_SIZE, 43);
  EXPECT_EQ(pager_unmap(machine_.pager, space_, va, PAGE_SIZE), 0);
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.file(1).bytes[0], 42);
  machine_.Kill(space_);
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.file(1).bytes[PAGE_SIZE], 43);
  EXPECT_EQ(machine_.pager->frames_dirty, 0u);
}

TEST_F(FaultTest, HoleGetsStoreBeforeItsFirstWrite) {
  uint32_t file = machine_.MakeFile(1, 2);
  machine_.store.file(1).allocated[1] = false;
  uint64_t va = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  EXPECT_EQ(machine_.Read(space_, va + PAGE_SIZE), 0);
  EXPECT_EQ(machine_.store.allocates, 0u);
  machine_.Write(space_, va + PAGE_SIZE, 5);
  EXPECT_EQ(machine_.store.allocates, 1u);
  EXPECT_EQ(machine_.Sync(space_, va, 2 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[PAGE_SIZE], 5);
}

TEST_F(FaultTest, HoleWithoutSpaceIsBusError) {
  uint32_t file = machine_.MakeFile(1, 1);
  machine_.store.file(1).allocated[0] = false;
  machine_.store.full = true;
  uint64_t va = machine_.MapFile(space_, file, 1, PROT_R | PROT_W, PAGER_SHARED);
  EXPECT_EQ(machine_.Signal(space_, va, FAULT_WRITE), (uint32_t)SIGBUS);
  EXPECT_EQ(machine_.Read(space_, va), 0);
}

TEST_F(FaultTest, AccessBehindTheEndIsBusError) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t va = machine_.MapFile(space_, file, 4, PROT_R | PROT_W, PAGER_SHARED);
  uint64_t va2 = machine_.MapFile(space_, file, 4, PROT_R | PROT_W, PAGER_PRIVATE);
  uint32_t reason = 0;
  EXPECT_EQ(machine_.Signal(space_, va + 2 * PAGE_SIZE, FAULT_READ, &reason), (uint32_t)SIGBUS);
  EXPECT_EQ(reason, (uint32_t)FAULT_BEYOND_END);
  EXPECT_EQ(machine_.Signal(space_, va2 + 2 * PAGE_SIZE, FAULT_WRITE), (uint32_t)SIGBUS);
  machine_.Read(space_, va + PAGE_SIZE);
  EXPECT_EQ(pager_object_resize(machine_.pager, file, PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Signal(space_, va + PAGE_SIZE, FAULT_READ), (uint32_t)SIGBUS);
}

TEST_F(FaultTest, FailedReadIsBusErrorForThatPageAlone) {
  pager_option(machine_.pager, PAGER_READ_AHEAD, 16);
  uint32_t file = machine_.MakeFile(1, 8);
  uint64_t va = machine_.MapFile(space_, file, 8, PROT_R, PAGER_PRIVATE);
  token_t token = machine_.kernel.NewToken();
  Answer answer;
  bool answered;
  ASSERT_EQ(machine_.kernel.Access(kBadge, va, FAULT_READ, token, &answer, &answered), nullptr);
  machine_.store.Take();
  ASSERT_EQ(machine_.store.Waiting(), 1u);
  EXPECT_EQ(machine_.store.At(0).count, 4u);
  machine_.store.Answer(0, -EIO);
  EXPECT_FALSE(machine_.kernel.TakeAnswer(token, &answer));
  machine_.store.Take();
  ASSERT_EQ(machine_.store.Waiting(), 1u);
  EXPECT_EQ(machine_.store.At(0).count, 1u);
  machine_.store.Answer(0, -EIO);
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.kind, Answer::kSignal);
  EXPECT_EQ(answer.signal, (uint32_t)SIGBUS);
  EXPECT_EQ(answer.reason, (uint32_t)FAULT_IO_ERROR);
  EXPECT_EQ(machine_.Read(space_, va), machine_.store.file(1).bytes[0]);
}

TEST_F(FaultTest, TwoFaultsOnOnePageMakeOneRequest) {
  uint32_t file = machine_.MakeFile(1, 1);
  struct space *other = machine_.Start(kChild);
  uint64_t va = machine_.MapFile(space_, file, 1, PROT_R, PAGER_PRIVATE);
  uint64_t va2 = machine_.MapFile(other, file, 1, PROT_R, PAGER_PRIVATE);
  Answer answer;
  bool answered;
  token_t a = machine_.kernel.NewToken(), b = machine_.kernel.NewToken();
  machine_.kernel.Access(kBadge, va, FAULT_READ, a, &answer, &answered);
  machine_.kernel.Access(kChild, va2, FAULT_READ, b, &answer, &answered);
  machine_.store.Drain();
  EXPECT_TRUE(machine_.kernel.TakeAnswer(a, &answer));
  EXPECT_TRUE(machine_.kernel.TakeAnswer(b, &answer));
  EXPECT_EQ(counts_->requests_in, 1u);
}

TEST_F(FaultTest, FaultOfAnEndedSpaceIsForgotten) {
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t va = machine_.MapFile(space_, file, 1, PROT_R, PAGER_PRIVATE);
  Answer answer;
  bool answered;
  token_t token = machine_.kernel.NewToken();
  machine_.kernel.Access(kBadge, va, FAULT_READ, token, &answer, &answered);
  machine_.Kill(space_);
  machine_.store.Drain();
  EXPECT_FALSE(machine_.kernel.TakeAnswer(token, &answer));
}

TEST_F(FaultTest, SharedAnonymousMemoryIsSharedOverFork) {
  uint64_t va = machine_.MapAnonymous(space_, 3, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, va, 1);
  struct space *child = machine_.Fork(space_, kChild);
  machine_.Write(child, va, 2);
  machine_.Write(child, va + PAGE_SIZE, 3);
  EXPECT_EQ(machine_.Read(space_, va), 2);
  EXPECT_EQ(machine_.Read(space_, va + PAGE_SIZE), 3);
  EXPECT_EQ(counts_->pages_copied, 0u);
  EXPECT_EQ(counts_->pages_zeroed, 2u);
}

TEST_F(FaultTest, AscendingFirstTouchesOfSharedMemoryComeInGrowingRuns) {
  pager_option(machine_.pager, PAGER_BATCH_MAX, 16);
  uint64_t va = machine_.MapAnonymous(space_, 64, FakeMachine::kReadWrite, FakeMachine::kShared);
  machine_.Write(space_, va + 20 * PAGE_SIZE, 20);
  uint64_t faults = counts_->faults, zeroed = counts_->pages_zeroed;
  for (uint32_t i = 0; i < 20; i++) machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)i);
  EXPECT_EQ(counts_->faults - faults, 5u) << "1 + 2 + 4 + 8 pages, and up to one that is there";
  for (uint32_t i = 21; i < 64; i++) machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)i);
  EXPECT_EQ(counts_->pages_zeroed - zeroed, 63u);
  for (uint32_t i = 0; i < 64; i++) EXPECT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), i);
}

TEST_F(FaultTest, MissingPageTablesAreFunded) {
  uint64_t va = machine_.MapAnonymous(space_, 1 << 20);
  for (uint32_t i = 0; i < 8; i++) machine_.Write(space_, va + (uint64_t)i * (128ul << 20), 1);
  EXPECT_GE(space_->tables, 8u);
}

TEST_F(FaultTest, OutOfMemoryEndsTheLargestProgramAndNobodyElse) {
  struct space *large = machine_.Start(kChild);
  struct space *other = machine_.Start(kChild + 1);
  uint64_t va = machine_.MapAnonymous(large, 1000);
  for (uint32_t i = 0; i < 1000; i++) machine_.Write(large, va + i * PAGE_SIZE, 1);
  // The other one asks for what is missing, and gets it.
  uint64_t va2 = machine_.MapAnonymous(other, 900);
  for (uint32_t i = 0; i < 900; i++) machine_.Write(other, va2 + i * PAGE_SIZE, 7);
  EXPECT_EQ(machine_.ended, std::vector<uint32_t>{kChild});
  EXPECT_EQ(machine_.Read(other, va2), 7);
  EXPECT_EQ(pager_oom_victim(machine_.pager), 0);
}

TEST_F(FaultTest, WithoutMemoryOrProgramsTheFaulterEnds) {
  uint64_t va = machine_.MapAnonymous(space_, 4096);
  uint32_t signal = 0, reason = 0;
  for (uint32_t i = 0; i < 4096 && signal == 0; i++) {
    signal = machine_.Signal(space_, va + i * PAGE_SIZE, FAULT_WRITE, &reason);
  }
  EXPECT_EQ(signal, (uint32_t)SIGKILL);
  EXPECT_EQ(reason, (uint32_t)FAULT_NO_MEMORY);
}

TEST_F(FaultTest, CleanCachePagesMakeRoom) {
  uint32_t file = machine_.MakeFile(1, 1000);
  uint64_t va = machine_.MapFile(space_, file, 1000, PROT_R, PAGER_SHARED);
  for (uint32_t i = 0; i < 1000; i++) machine_.Read(space_, va + i * PAGE_SIZE);
  uint64_t memory = machine_.MapAnonymous(space_, 1500);
  for (uint32_t i = 0; i < 1500; i++) machine_.Write(space_, memory + i * PAGE_SIZE, 1);
  EXPECT_EQ(machine_.Read(space_, va), machine_.store.file(1).bytes[0]);
}

TEST_F(FaultTest, WrongCompletionsAreCountedAndIgnored) {
  machine_.store.Breach(12345, 0);
  machine_.store.Breach(0, -EIO);
  EXPECT_EQ(machine_.pager->requests.breaches, 2u);
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t va = machine_.MapFile(space_, file, 1, PROT_R, PAGER_PRIVATE);
  EXPECT_EQ(machine_.Read(space_, va), machine_.store.file(1).bytes[0]);
}

}  // namespace
