// Dirty pages reach the store by age, by the limit and on request; what fails is kept and told.
#include <csignal>

#include "servers/pager/core/fake_machine.h"

namespace {

constexpr uint32_t kBadge = 8;
constexpr uint32_t kFrames = 1000;
constexpr uint64_t kAge = 5000;

class WritebackTest : public testing::Test {
 protected:
  WritebackTest() : machine_(kFrames, 64), pager_(machine_.pager), space_(machine_.Start(kBadge)) {
    machine_.OnePage();
    buffer_ = machine_.MapAnonymous(space_, 1);
  }
  ~WritebackTest() override { machine_.kernel.Check(); }

  // A file with a page of it mapped, shared and writable.
  uint32_t MakeMapped(uint64_t cookie, uint32_t pages, uint64_t *va) {
    uint32_t file = machine_.MakeFile(cookie, pages);
    *va = machine_.MapFile(space_, file, pages, PROT_R | PROT_W, PAGER_SHARED);
    return file;
  }

  // Starts to write a page of `value`: the answer is 0 if it waits.
  int64_t WritePage(uint32_t file, uint32_t page, uint8_t value, token_t token) {
    machine_.Write(space_, buffer_, value);
    int64_t result = pager_object_write(pager_, space_, token, file, 0, (uint64_t)page * PAGE_SIZE,
                                        buffer_, PAGE_SIZE, PAGE_SIZE);
    return result == PAGER_PARKED ? 0 : result;
  }

  // Answers everything that is asked of the store with an error.
  void FailAll(int32_t error) {
    for (machine_.store.Take(); machine_.store.Waiting() > 0; machine_.store.Take()) {
      machine_.store.Answer(0, error);
    }
  }

  int64_t Flush(uint32_t file) {
    token_t token = machine_.kernel.NewToken();
    return machine_.Finish(pager_object_flush(pager_, kBadge, token, file, 0), token);
  }

  uint8_t Stored(uint64_t cookie, uint32_t page) {
    return machine_.store.file(cookie).bytes[(size_t)page * PAGE_SIZE];
  }

  FakeMachine machine_;
  struct pager *pager_;
  struct space *space_;
  uint64_t buffer_;
};

// --- age ----------------------------------------------------------------------------------------

TEST_F(WritebackTest, NothingIsTimedWhileNothingIsDirty) {
  uint32_t file = machine_.MakeFile(1, 2);
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, buffer_, PAGE_SIZE), (int64_t)PAGE_SIZE);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R, PAGER_SHARED);
  machine_.Read(space_, map);
  machine_.kernel.Advance(100 * kAge);
  EXPECT_EQ(machine_.kernel.ticks, 0u);
}

TEST_F(WritebackTest, WrittenPagesAreStoredByAge) {
  uint32_t file = machine_.MakeFile(1, 2);
  ASSERT_GT(WritePage(file, 1, 77, 1), 0);
  machine_.kernel.Advance(kAge - 1);
  machine_.store.Take();
  EXPECT_EQ(machine_.store.Waiting(), 0u);
  machine_.kernel.Advance(1);
  machine_.store.Drain();
  EXPECT_EQ(Stored(1, 1), 77);
  machine_.kernel.Advance(kAge);
  uint64_t ticks = machine_.kernel.ticks;
  machine_.kernel.Advance(100 * kAge);
  EXPECT_EQ(machine_.kernel.ticks, ticks) << "then time does not matter any more";
}

TEST_F(WritebackTest, MappedWritesAreFoundByAgeAgainAndAgain) {
  uint64_t map;
  MakeMapped(1, 4, &map);
  for (uint8_t round = 1; round < 5; round++) {
    machine_.Write(space_, map + 3 * PAGE_SIZE, round);
    machine_.kernel.Advance(kAge);
    machine_.store.Drain();
    EXPECT_EQ(Stored(1, 3), round) << "while it stays mapped";
  }
  machine_.kernel.Advance(2 * kAge);
  EXPECT_EQ(pager_->aging.handed, 0u);
  uint64_t ticks = machine_.kernel.ticks;
  machine_.kernel.Advance(100 * kAge);
  EXPECT_EQ(machine_.kernel.ticks, ticks);
  machine_.Write(space_, map + 3 * PAGE_SIZE, 99);
  machine_.kernel.Advance(kAge);
  machine_.store.Drain();
  EXPECT_EQ(Stored(1, 3), 99) << "after it was idle";
}

TEST_F(WritebackTest, AgeIsAnOption) {
  uint32_t file = machine_.MakeFile(1, 1);
  ASSERT_GT(WritePage(file, 0, 5, 1), 0);
  pager_option(pager_, PAGER_DIRTY_AGE, 10);
  machine_.kernel.Advance(10);
  machine_.store.Drain();
  EXPECT_EQ(Stored(1, 0), 5);
}

TEST_F(WritebackTest, DestroyedObjectsDoNotAge) {
  uint64_t map;
  uint32_t file = MakeMapped(1, 1, &map);
  machine_.Write(space_, map, 1);
  EXPECT_EQ(pager_object_destroy(pager_, file, 1), 0);
  EXPECT_EQ(pager_->aging.handed, 0u);
  machine_.kernel.Advance(10 * kAge);
  machine_.store.Take();
  EXPECT_EQ(machine_.store.Waiting(), 0u);
}

// --- the limit ----------------------------------------------------------------------------------

TEST_F(WritebackTest, WritersWaitAboveTheLimit) {
  uint32_t limit = pager_->aging.limit;
  ASSERT_EQ(limit, pager_->frames_total / 5);
  uint32_t file = machine_.MakeFile(1, kFrames);
  uint32_t page = 0;
  token_t token = machine_.kernel.NewToken();
  while (WritePage(file, page, (uint8_t)page, token) > 0 && page < kFrames) page++;
  EXPECT_LE(pager_->frames_dirty, limit + 1);
  EXPECT_GE(pager_->frames_dirty, limit);
  EXPECT_NE(pager_->aging.throttled, nullptr);
  Answer answer;
  machine_.store.Take();
  EXPECT_FALSE(machine_.kernel.TakeAnswer(token, &answer));
  while (!machine_.kernel.TakeAnswer(token, &answer)) {
    ASSERT_GT(machine_.store.Waiting(), 0u);
    machine_.store.Answer(0);
    machine_.store.Take();
  }
  EXPECT_EQ(answer.status, (int64_t)PAGE_SIZE);
  machine_.store.Drain();
}

TEST_F(WritebackTest, MappedWritersWaitAboveTheLimit) {
  uint64_t map;
  MakeMapped(1, kFrames, &map);
  bool waited = false;
  for (uint32_t i = 0; i < kFrames / 2; i++) machine_.Read(space_, map + i * PAGE_SIZE);
  for (uint32_t i = 0; i < kFrames / 2; i++) {
    Answer answer;
    bool answered;
    token_t token = machine_.kernel.NewToken();
    uint8_t *at =
        machine_.kernel.Access(kBadge, map + i * PAGE_SIZE, FAULT_WRITE, token, &answer, &answered);
    if (!at) {
      waited = true;
      EXPECT_NE(pager_->aging.throttled, nullptr);
      EXPECT_GT(pager_->frames_dirty, pager_->aging.limit);
      machine_.store.Drain();
      ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
      at = machine_.kernel.Access(kBadge, map + i * PAGE_SIZE, FAULT_WRITE, 1, &answer, &answered);
    }
    *at = (uint8_t)(i + 1);
    EXPECT_LE(pager_->aging.dirty + pager_->aging.handed, 3 * pager_->aging.limit / 2 + 1);
  }
  EXPECT_TRUE(waited);
  EXPECT_EQ(machine_.Sync(space_, map, kFrames / 2 * PAGE_SIZE), 0);
  for (uint32_t i = 0; i < kFrames / 2; i++) ASSERT_EQ(Stored(1, i), (uint8_t)(i + 1));
}

TEST_F(WritebackTest, WriterThatWaitsCanBeKilledAndOthersGoOn) {
  uint32_t file = machine_.MakeFile(1, kFrames);
  uint32_t page = 0;
  while (WritePage(file, page, 1, machine_.kernel.NewToken()) > 0) page++;
  struct space *other = machine_.Start(kBadge + 1);
  uint64_t va = machine_.MapAnonymous(other, 100);
  for (uint32_t i = 0; i < 100; i++) machine_.Write(other, va + i * PAGE_SIZE, 1);
  EXPECT_EQ(machine_.ReadFile(other, file, 0, va, PAGE_SIZE), (int64_t)PAGE_SIZE);
  machine_.Kill(space_);
  EXPECT_EQ(pager_->aging.throttled, nullptr);
  machine_.store.Drain();
}

TEST_F(WritebackTest, NobodyWaitsForAStoreThatFails) {
  uint32_t file = machine_.MakeFile(1, kFrames);
  uint32_t page = 0;
  token_t token = machine_.kernel.NewToken();
  while (WritePage(file, page, 1, token) > 0) page++;
  FailAll(-EIO);
  Answer answer;
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.status, (int64_t)PAGE_SIZE);
  for (uint32_t i = 1; i <= 50; i++) {
    EXPECT_GT(WritePage(file, page + i, 1, machine_.kernel.NewToken()), 0);
  }
  EXPECT_EQ(Flush(file), -EIO) << "of the passes before; what is out now succeeds";
  EXPECT_EQ(Flush(file), 0);
  EXPECT_EQ(Stored(1, page), 1);
}

// --- errors -------------------------------------------------------------------------------------

TEST_F(WritebackTest, ErrorsThatNobodyWaitedForAreToldOnce) {
  uint64_t map;
  uint32_t file = MakeMapped(1, 2, &map);
  for (int32_t error : {-EIO, -ENOSPC}) {
    machine_.Write(space_, map, 42);
    machine_.kernel.Advance(kAge);
    FailAll(error);
    EXPECT_NE(Stored(1, 0), 42);
    EXPECT_EQ(machine_.Sync(space_, map, PAGE_SIZE), error);
    EXPECT_EQ(Stored(1, 0), 42) << "and the page was tried again";
    EXPECT_EQ(machine_.Sync(space_, map, PAGE_SIZE), 0);
    EXPECT_EQ(Flush(file), 0);
    machine_.Write(space_, map, 0);
    EXPECT_EQ(Flush(file), 0);
  }
}

TEST_F(WritebackTest, LaterPassesTryAgainWithoutBeingAsked) {
  uint32_t file = machine_.MakeFile(1, 1);
  ASSERT_GT(WritePage(file, 0, 9, 1), 0);
  for (int i = 0; i < 3; i++) {
    machine_.kernel.Advance(kAge);
    FailAll(-EIO);
  }
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, buffer_, 1), 1);
  EXPECT_EQ(machine_.Read(space_, buffer_), 9) << "the data is kept";
  machine_.kernel.Advance(kAge);
  machine_.store.Drain();
  EXPECT_EQ(Stored(1, 0), 9);
  EXPECT_EQ(Flush(file), -EIO) << "it is told even if nothing is dirty any more";
  EXPECT_EQ(Flush(file), 0);
}

TEST_F(WritebackTest, WhoWaitsForThePassGetsItsErrorAndNobodyElse) {
  uint32_t file = machine_.MakeFile(1, 1), other = machine_.MakeFile(2, 1);
  ASSERT_GT(WritePage(file, 0, 1, 1), 0);
  ASSERT_GT(WritePage(other, 0, 1, 1), 0);
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_object_flush(pager_, kBadge, token, file, 0), PAGER_PARKED);
  FailAll(-EIO);
  Answer answer;
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.status, -EIO);
  EXPECT_EQ(Flush(other), 0);
  EXPECT_EQ(Flush(file), 0);
}

// --- while pages are being written --------------------------------------------------------------

TEST_F(WritebackTest, WhatIsWrittenDuringWritebackIsNotLost) {
  uint64_t map;
  uint32_t file = MakeMapped(1, 1, &map);
  machine_.Write(space_, map, 1);
  machine_.kernel.Advance(kAge);
  machine_.store.Take();
  ASSERT_EQ(machine_.store.Waiting(), 1u);
  machine_.Write(space_, map, 2);                             // through the mapping
  ASSERT_GT(WritePage(file, 0, 3, 1), 0);                     // by a call
  EXPECT_EQ(pager_unmap(pager_, space_, map, PAGE_SIZE), 0);  // which asks for another pass
  machine_.store.Answer(0, -EIO);                             // the first one fails
  machine_.store.Drain();
  EXPECT_EQ(Stored(1, 0), 3);
  EXPECT_EQ(pager_->frames_dirty, 0u);
}

TEST_F(WritebackTest, SyncDoesNotWaitForWhatIsWrittenLater) {
  uint32_t file[2] = {machine_.MakeFile(1, 1), machine_.MakeFile(2, 1)};
  ASSERT_GT(WritePage(file[0], 0, 1, 1), 0);
  token_t sync = machine_.kernel.NewToken();
  ASSERT_EQ(pager_object_flush(pager_, kBadge, sync, 0, 0), PAGER_PARKED);
  Answer answer;
  bool done = false;
  // There is never a moment at which nothing is being written.
  for (uint8_t round = 0; round < 4 && !done; round++) {
    uint32_t next = file[1 - round % 2];
    ASSERT_GT(WritePage(next, 0, round, 1), 0);
    token_t token = machine_.kernel.NewToken();
    ASSERT_EQ(pager_object_flush(pager_, kBadge, token, next, 0), PAGER_PARKED);
    machine_.store.Take();
    machine_.store.Answer(0);
    EXPECT_TRUE(round == 0 || machine_.kernel.TakeAnswer(token - 1, &answer));
    done = machine_.kernel.TakeAnswer(sync, &answer);
    EXPECT_GT(pager_->writebacks, 0u);
  }
  EXPECT_TRUE(done);
  EXPECT_EQ(answer.status, 0);
  machine_.store.Drain();
}

TEST_F(WritebackTest, TwoSyncsAtOnceBothEnd) {
  uint32_t file[3] = {machine_.MakeFile(1, 1), machine_.MakeFile(2, 1), machine_.MakeFile(3, 1)};
  token_t sync[3];
  for (uint32_t i = 0; i < 3; i++) {
    ASSERT_GT(WritePage(file[i], 0, 7, 1), 0);
    sync[i] = machine_.kernel.NewToken();
    ASSERT_EQ(pager_object_flush(pager_, kBadge, sync[i], 0, 0), PAGER_PARKED);
  }
  machine_.store.Take();
  machine_.store.Answer(2, -EIO);
  machine_.store.Drain();
  Answer answer;
  ASSERT_TRUE(machine_.kernel.TakeAnswer(sync[0], &answer));
  EXPECT_EQ(answer.status, 0) << "the page that failed was written after it was called";
  for (uint32_t i : {1u, 2u}) ASSERT_TRUE(machine_.kernel.TakeAnswer(sync[i], &answer));
}

TEST_F(WritebackTest, AllocationOfAPageThatIsGoneConcernsNoOther) {
  uint32_t file = machine_.MakeFile(1, 1);
  machine_.store.Resize(1, 2 * PAGE_SIZE);
  ASSERT_EQ(pager_object_resize(pager_, file, 2 * PAGE_SIZE), 0);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  EXPECT_EQ(machine_.Read(space_, map + PAGE_SIZE), 0);
  Answer answer;
  bool answered;
  token_t token = machine_.kernel.NewToken();
  machine_.kernel.Access(kBadge, map + PAGE_SIZE, FAULT_WRITE, token, &answer, &answered);
  machine_.store.Take();
  ASSERT_EQ(machine_.store.At(0).op, (uint32_t)OBJECT_ALLOCATE);
  // The page goes, and comes back as a hole.
  ASSERT_EQ(pager_object_resize(pager_, file, PAGE_SIZE), 0);
  ASSERT_EQ(pager_object_resize(pager_, file, 2 * PAGE_SIZE), 0);
  struct space *other = machine_.Start(kBadge + 1);
  uint64_t theirs = machine_.MapFile(other, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  token_t read = machine_.kernel.NewToken();
  machine_.kernel.Access(kBadge + 1, theirs + PAGE_SIZE, FAULT_READ, read, &answer, &answered);
  machine_.store.Take();
  ASSERT_EQ(machine_.store.Waiting(), 2u);
  machine_.store.Answer(1);
  ASSERT_TRUE(machine_.kernel.TakeAnswer(read, &answer));
  machine_.store.Answer(0);
  uint32_t frame = object_frame(pager_, object_of(pager_, file), 1);
  EXPECT_TRUE(page_of(pager_, frame)->flags & PAGE_HOLE);
  machine_.store.Drain();
}

TEST_F(WritebackTest, CloseSaysWhatIsLeft) {
  uint64_t map;
  uint32_t file = MakeMapped(1, 1, &map);
  EXPECT_EQ(pager_object_close(pager_, file), 1) << "it is mapped";
  machine_.Write(space_, map, 1);
  EXPECT_EQ(pager_unmap(pager_, space_, map, PAGE_SIZE), 0);
  EXPECT_EQ(pager_object_close(pager_, file), 2) << "it is dirty";
  EXPECT_EQ(machine_.store.idle, 0u);
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.idle, 1u);
  EXPECT_EQ(pager_object_close(pager_, file), 0);
}

// --- a store that never answers -----------------------------------------------------------------

TEST_F(WritebackTest, SilentStoreHoldsUpOnlyWhoNeedsIt) {
  uint32_t file = machine_.MakeFile(1, 8), cached = machine_.MakeFile(2, 1);
  EXPECT_EQ(machine_.ReadFile(space_, cached, 0, buffer_, 1), 1);
  struct space *victim = machine_.Start(kBadge + 1);
  uint64_t map = machine_.MapFile(victim, file, 8, PROT_R, PAGER_SHARED);
  Answer answer;
  bool answered;
  EXPECT_EQ(machine_.kernel.Access(kBadge + 1, map, FAULT_READ, machine_.kernel.NewToken(), &answer,
                                   &answered),
            nullptr);
  ASSERT_GT(WritePage(cached, 0, 1, 1), 0);
  machine_.kernel.Advance(10 * kAge);
  EXPECT_EQ(machine_.ReadFile(space_, cached, 0, buffer_, 1), 1);
  uint64_t va = machine_.MapAnonymous(space_, 50);
  for (uint32_t i = 0; i < 50; i++) machine_.Write(space_, va + i * PAGE_SIZE, 1);
  machine_.Kill(victim);
  struct space *next = machine_.Start(kBadge + 1);
  EXPECT_EQ(machine_.Read(next, MESSAGE_PAGE), 0);
  machine_.store.Drain();
}

}  // namespace
