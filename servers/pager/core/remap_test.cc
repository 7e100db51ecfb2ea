// mremap, madvise, mlock, mincore: results, errors, and that errors change nothing.
#include <csignal>

#include "servers/pager/core/fake_machine.h"

namespace {

constexpr uint32_t kBadge = 8;
constexpr uint32_t kChild = 9;
constexpr uint64_t kBase = 0x20000000;
constexpr uint64_t kOther = 0x30000000;
constexpr uint64_t P = PAGE_SIZE;

class RemapTest : public testing::Test {
 protected:
  RemapTest() : pager_(machine_.pager), space_(machine_.Start(kBadge)) { machine_.OnePage(); }
  ~RemapTest() override { machine_.kernel.Check(); }

  void Map(uint64_t address, uint64_t pages, uint32_t flags = PAGER_PRIVATE, uint32_t prot = 3) {
    ASSERT_EQ(pager_map(pager_, space_, address, pages * P, prot, flags | PAGER_FIXED),
              (int64_t)address);
  }
  // Maps memory and writes 1, 2, ... to its pages.
  void MapWritten(uint64_t address, uint64_t pages, uint32_t flags = PAGER_PRIVATE) {
    Map(address, pages, flags);
    for (uint64_t i = 0; i < pages; i++) machine_.Write(space_, address + i * P, (uint8_t)(i + 1));
  }
  void ExpectWritten(struct space *space, uint64_t address, uint64_t pages, int first = 1) {
    for (uint64_t i = 0; i < pages; i++) {
      EXPECT_EQ(machine_.Read(space, address + i * P), first + (int)i);
    }
  }
  int64_t Remap(uint64_t address, uint64_t old_pages, uint64_t new_pages, uint64_t flags = 0,
                uint64_t to = 0) {
    return pager_remap(pager_, space_, address, old_pages * P, new_pages * P, flags, to);
  }
  bool IsMapped(uint64_t address) {
    return region_find(space_->regions, (uint32_t)(address >> PAGE_SHIFT)) != nullptr;
  }
  int64_t Advise(uint64_t address, uint64_t pages, uint64_t advice) {
    token_t token = machine_.kernel.NewToken();
    return machine_.Finish(pager_advise(pager_, space_, token, address, pages * P, advice), token);
  }
  int64_t Lock(uint64_t address, uint64_t length, uint32_t how = 0) {
    return pager_lock(pager_, space_, address, length, how);
  }
  uint16_t FlagsAt(uint64_t address) {
    return region_find(space_->regions, (uint32_t)(address >> PAGE_SHIFT))->flags;
  }
  uint64_t Faults() { return machine_.kernel.faults; }

  FakeMachine machine_;
  struct pager *pager_;
  struct space *space_;
};

// --- mremap -------------------------------------------------------------------------------------

TEST_F(RemapTest, RefusesWhatMakesNoSense) {
  constexpr uint64_t kMove = PAGER_REMAP_MAYMOVE, kFixed = kMove | PAGER_REMAP_FIXED;
  MapWritten(kBase, 4);
  EXPECT_EQ(Remap(kBase, 4, 8, 8), -EINVAL);
  EXPECT_EQ(Remap(kBase, 4, 8, PAGER_REMAP_FIXED, kOther), -EINVAL);
  EXPECT_EQ(Remap(kBase, 4, 4, PAGER_REMAP_DONTUNMAP), -EINVAL);
  EXPECT_EQ(Remap(kBase, 4, 8, kMove | PAGER_REMAP_DONTUNMAP), -EINVAL);
  EXPECT_EQ(Remap(kBase + 1, 4, 8), -EINVAL);
  EXPECT_EQ(Remap(kBase, 4, 0), -EINVAL);
  EXPECT_EQ(Remap(kOther, 4, 8), -EFAULT) << "nothing is there";
  EXPECT_EQ(Remap(kBase, 5, 8), -EFAULT) << "more than the region";
  EXPECT_EQ(Remap(kBase, 0, 4, kMove), -EINVAL) << "only of shared mappings";
  EXPECT_EQ(Remap(kBase, 4, 4, kFixed, kOther + 1), -EINVAL);
  EXPECT_EQ(Remap(kBase, 4, 4, kFixed, kBase + 2 * P), -EINVAL) << "overlap";
  EXPECT_EQ(Remap(kBase, 4, 4, kFixed, USER_END - P), -EINVAL);
  EXPECT_EQ(Remap(kBase, 4, 4, kFixed, 0), -EPERM);
  EXPECT_EQ(Remap(kBase, 4, 4, kFixed, MESSAGE_PAGE), -EINVAL);
  EXPECT_EQ(Remap(MESSAGE_PAGE, 1, 2, kMove), -EFAULT);
  EXPECT_EQ(Remap(kBase, 4, USER_END / P, kMove), -ENOMEM);
  EXPECT_EQ(pager_remap(pager_, space_, kBase, 4 * P, ~0ull, kMove, 0), -ENOMEM);
  EXPECT_EQ(pager_remap(pager_, space_, kBase, ~0ull, P, 0, 0), -EINVAL);
  ExpectWritten(space_, kBase, 4);
}

TEST_F(RemapTest, ShrinksWhereItIs) {
  MapWritten(kBase, 4);
  EXPECT_EQ(Remap(kBase, 4, 2), (int64_t)kBase);
  EXPECT_FALSE(IsMapped(kBase + 2 * P));
  EXPECT_EQ(Remap(kBase, 2, 2), (int64_t)kBase);
  ExpectWritten(space_, kBase, 2);
}

TEST_F(RemapTest, GrowsWhereItIs) {
  MapWritten(kBase, 2);
  EXPECT_EQ(Remap(kBase, 2, 5), (int64_t)kBase);
  EXPECT_EQ(machine_.Read(space_, kBase + 4 * P), 0);
  ExpectWritten(space_, kBase, 2);
  Map(kBase + 7 * P, 1);
  EXPECT_EQ(Remap(kBase, 5, 8), -ENOMEM) << "something is behind it";
  EXPECT_EQ(Remap(kBase, 5, 7), (int64_t)kBase);
  EXPECT_EQ(Remap(kBase, 3, 4), -ENOMEM) << "the region goes on behind the range";
}

TEST_F(RemapTest, MovesWithItsPages) {
  MapWritten(kBase, 70);
  Map(kBase + 70 * P, 1, PAGER_PRIVATE, PROT_R);
  uint32_t frames = machine_.FramesInUse();
  uint64_t copied = space_->copied;
  int64_t to = Remap(kBase, 70, 80, PAGER_REMAP_MAYMOVE);
  ASSERT_EQ(to, (int64_t)MMAP_BASE);
  EXPECT_EQ(machine_.FramesInUse(), frames);
  EXPECT_EQ(space_->copied, copied);
  ExpectWritten(space_, (uint64_t)to, 70);
  EXPECT_EQ(machine_.Read(space_, (uint64_t)to + 79 * P), 0);
  EXPECT_FALSE(IsMapped(kBase));
  EXPECT_EQ(machine_.Signal(space_, kBase, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_TRUE(IsMapped(kBase + 70 * P));
}

TEST_F(RemapTest, MovesAPartToWhereTheCallerSays) {
  MapWritten(kBase, 10);
  MapWritten(kOther - P, 10);
  EXPECT_EQ(Remap(kBase + 3 * P, 4, 4, PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED, kOther),
            (int64_t)kOther);
  ExpectWritten(space_, kBase, 3);
  EXPECT_FALSE(IsMapped(kBase + 3 * P));
  EXPECT_FALSE(IsMapped(kBase + 6 * P));
  ExpectWritten(space_, kBase + 7 * P, 3, 8);
  EXPECT_EQ(machine_.Read(space_, kOther - P), 1);
  ExpectWritten(space_, kOther, 4, 4);
  ExpectWritten(space_, kOther + 4 * P, 4, 6);
  EXPECT_EQ(Remap(kOther, 4, 2, PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED, kBase + 3 * P),
            (int64_t)(kBase + 3 * P));
  ExpectWritten(space_, kBase, 5);
  EXPECT_FALSE(IsMapped(kOther));
  EXPECT_FALSE(IsMapped(kOther + 3 * P)) << "what is not moved goes";
}

TEST_F(RemapTest, PagesThatOthersHaveAreCopied) {
  MapWritten(kBase, 3);
  struct space *child = machine_.Fork(space_, kChild);
  machine_.Write(space_, kBase + P, 2);  // copied here already
  uint64_t copied = space_->copied;
  ASSERT_EQ(Remap(kBase, 3, 3, PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED, kOther), (int64_t)kOther);
  EXPECT_EQ(space_->copied, copied + 2);
  ExpectWritten(space_, kOther, 3);
  ExpectWritten(child, kBase, 3);
  machine_.Write(child, kBase, 77);
  ExpectWritten(space_, kOther, 3);
}

TEST_F(RemapTest, DontUnmapLeavesAnEmptyMapping) {
  MapWritten(kBase, 3);
  int64_t to = Remap(kBase, 3, 3, PAGER_REMAP_MAYMOVE | PAGER_REMAP_DONTUNMAP);
  ASSERT_EQ(to, (int64_t)MMAP_BASE);
  ExpectWritten(space_, (uint64_t)to, 3);
  EXPECT_EQ(machine_.Read(space_, kBase), 0);
  machine_.Write(space_, kBase, 9);
  ExpectWritten(space_, (uint64_t)to, 3);
}

TEST_F(RemapTest, OldSizeZeroMakesAnotherMappingOfASharedOne) {
  MapWritten(kBase, 3, PAGER_SHARED);
  int64_t to = Remap(kBase + P, 0, 2, PAGER_REMAP_MAYMOVE);
  ASSERT_EQ(to, (int64_t)MMAP_BASE);
  machine_.Write(space_, (uint64_t)to + P, 50);
  EXPECT_EQ(machine_.Read(space_, kBase + 2 * P), 50);
  EXPECT_EQ(machine_.Read(space_, (uint64_t)to), 2);
  EXPECT_EQ(Remap(kBase, 0, 2, PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED, kBase), -EINVAL);
  ExpectWritten(space_, kBase, 2);
}

TEST_F(RemapTest, FilesMoveWithWhatWasWritten) {
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t at = machine_.MapFile(space_, file, 4, 3, PAGER_SHARED);
  machine_.Write(space_, at + P, 99);
  ASSERT_EQ(Remap(at, 4, 4, PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED, kOther), (int64_t)kOther);
  EXPECT_EQ(machine_.Read(space_, kOther + P), 99);
  EXPECT_EQ(machine_.Sync(space_, kOther, 4 * P), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[P], 99);
}

TEST_F(RemapTest, LimitsHold) {
  MapWritten(kBase, 2);
  uint64_t pages = space_->virtual_pages;
  ASSERT_EQ(pager_limit(pager_, space_, LIMIT_AS, (pages + 1) * P, LIMIT_NONE), 0);
  EXPECT_EQ(Remap(kBase, 2, 4), -ENOMEM);
  EXPECT_EQ(Remap(kBase, 2, 3), (int64_t)kBase);
  EXPECT_EQ(Remap(kBase, 3, 3, PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED, kOther), (int64_t)kOther);
  EXPECT_EQ(space_->virtual_pages, pages + 1);
  EXPECT_EQ(space_->data_pages, 3u);
}

// --- madvise ------------------------------------------------------------------------------------

TEST_F(RemapTest, AdviseRefusesWhatMakesNoSense) {
  Map(kBase, 2);
  Map(kOther, 1, PAGER_SHARED);
  EXPECT_EQ(Advise(kBase, 2, 5), -EINVAL);
  EXPECT_EQ(Advise(kBase, 2, ~0ull), -EINVAL);
  EXPECT_EQ(Advise(kBase + 1, 2, ADVICE_DONTNEED), -EINVAL);
  EXPECT_EQ(Advise(kBase, 0, ADVICE_DONTNEED), 0);
  EXPECT_EQ(pager_advise(pager_, space_, 1, kBase, ~0ull, ADVICE_NORMAL), -EINVAL);
  EXPECT_EQ(pager_advise(pager_, space_, 1, kBase, ~PAGE_MASK, ADVICE_NORMAL), -EINVAL);
  EXPECT_EQ(Advise(kOther, 1, ADVICE_FREE), -EINVAL);
  EXPECT_EQ(Advise(kOther, 1, ADVICE_WIPEONFORK), -EINVAL);
  EXPECT_EQ(Advise(MESSAGE_PAGE, 1, ADVICE_DONTNEED), -EINVAL);
  EXPECT_EQ(Advise(MESSAGE_PAGE, 1, ADVICE_DONTFORK), -EINVAL);
  EXPECT_EQ(Advise(USER_END, 1, ADVICE_NORMAL), -ENOMEM);
}

TEST_F(RemapTest, DontNeedForgets) {
  MapWritten(kBase, 4);
  uint32_t frames = machine_.FramesInUse();
  EXPECT_EQ(Advise(kBase + P, 2, ADVICE_DONTNEED), 0);
  EXPECT_EQ(machine_.FramesInUse(), frames - 2);
  EXPECT_EQ(machine_.Read(space_, kBase), 1);
  EXPECT_EQ(machine_.Read(space_, kBase + P), 0);
  EXPECT_EQ(machine_.Read(space_, kBase + 3 * P), 4);
  machine_.Write(space_, kBase + P, 8);
  EXPECT_EQ(Advise(kBase, 1, ADVICE_FREE), 0);
  EXPECT_EQ(machine_.Read(space_, kBase + P), 8);
}

TEST_F(RemapTest, DontNeedShowsTheFileAgain) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t at = machine_.MapFile(space_, file, 2, 3, PAGER_PRIVATE);
  int before = machine_.Read(space_, at);
  machine_.Write(space_, at, (uint8_t)(before + 1));
  EXPECT_EQ(Advise(at, 2, ADVICE_DONTNEED), 0);
  EXPECT_EQ(machine_.Read(space_, at), before);
}

TEST_F(RemapTest, DontNeedKeepsWhatIsShared) {
  MapWritten(kBase, 2, PAGER_SHARED);
  EXPECT_EQ(Advise(kBase, 2, ADVICE_DONTNEED), 0);
  ExpectWritten(space_, kBase, 2);
  MapWritten(kOther, 2);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(Advise(kOther, 2, ADVICE_DONTNEED), 0);
  EXPECT_EQ(machine_.Read(space_, kOther), 0);
  ExpectWritten(child, kOther, 2);
}

TEST_F(RemapTest, AdviceGoesOverHoles) {
  MapWritten(kBase, 1);
  MapWritten(kBase + 2 * P, 1);
  EXPECT_EQ(Advise(kBase, 3, ADVICE_DONTNEED), -ENOMEM);
  EXPECT_EQ(machine_.Read(space_, kBase), 0);
  EXPECT_EQ(machine_.Read(space_, kBase + 2 * P), 0);
}

TEST_F(RemapTest, AdviceSplitsAndJoins) {
  Map(kBase, 4);
  EXPECT_EQ(Advise(kBase + P, 1, ADVICE_RANDOM), 0);
  EXPECT_EQ(FlagsAt(kBase + P) & REGION_ADVICE, REGION_RANDOM);
  EXPECT_EQ(FlagsAt(kBase) & REGION_ADVICE, 0);
  EXPECT_EQ(FlagsAt(kBase + 2 * P) & REGION_ADVICE, 0);
  EXPECT_EQ(Advise(kBase, 4, ADVICE_SEQUENTIAL), 0);
  EXPECT_EQ(region_find(space_->regions, kBase >> PAGE_SHIFT)->end, (kBase >> PAGE_SHIFT) + 4);
  EXPECT_EQ(FlagsAt(kBase) & REGION_ADVICE, REGION_SEQUENTIAL);
}

TEST_F(RemapTest, WillNeedReadsAhead) {
  uint32_t file = machine_.MakeFile(1, 8);
  uint64_t at = machine_.MapFile(space_, file, 8, PROT_R, PAGER_PRIVATE);
  EXPECT_EQ(Advise(at, 8, ADVICE_WILLNEED), 0);
  machine_.store.Drain();
  for (uint32_t i = 0; i < 8; i++) {
    EXPECT_EQ(pager_resident(pager_, space_, at + i * P, P), 1);
    EXPECT_EQ(*static_cast<uint8_t *>(pager_message(pager_, space_)), 1);
  }
}

TEST_F(RemapTest, AdviceChangesReadAhead) {
  pager_option(pager_, PAGER_READ_AHEAD, 16);
  pager_option(pager_, PAGER_FAULT_AROUND, 16);
  uint32_t file = machine_.MakeFile(1, 64);
  uint64_t at = machine_.MapFile(space_, file, 64, PROT_R, PAGER_SHARED);
  EXPECT_EQ(Advise(at, 16, ADVICE_RANDOM), 0);
  EXPECT_EQ(Advise(at + 32 * P, 16, ADVICE_SEQUENTIAL), 0);
  auto read_by = [&](uint64_t page) {
    uint64_t before = pager_->counts.pages_in;
    machine_.Read(space_, at + page * P);
    return pager_->counts.pages_in - before;
  };
  EXPECT_EQ(read_by(0), 1u);
  EXPECT_EQ(read_by(1), 1u);
  EXPECT_EQ(read_by(20), 4u);
  EXPECT_EQ(read_by(40), 16u);
  uint32_t entries = machine_.kernel.Entries(space_->slot);
  machine_.Read(space_, at + 50 * P);
  EXPECT_GT(machine_.kernel.Entries(space_->slot), entries + 1) << "neighbours";
  EXPECT_EQ(Advise(at, 64, ADVICE_RANDOM), 0);
  machine_.store.Drain();
  entries = machine_.kernel.Entries(space_->slot);
  machine_.Read(space_, at + 22 * P);
  EXPECT_LE(machine_.kernel.Entries(space_->slot), entries + 1);
}

TEST_F(RemapTest, ForkLeavesOutWhatIsAdvised) {
  MapWritten(kBase, 3);
  MapWritten(kOther, 2);
  EXPECT_EQ(Advise(kBase + P, 1, ADVICE_DONTFORK), 0);
  EXPECT_EQ(Advise(kOther, 1, ADVICE_WIPEONFORK), 0);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(machine_.Read(child, kBase), 1);
  EXPECT_EQ(machine_.Signal(child, kBase + P, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Read(child, kBase + 2 * P), 3);
  EXPECT_EQ(machine_.Read(child, kOther), 0);
  EXPECT_EQ(machine_.Read(child, kOther + P), 2);
  ExpectWritten(space_, kBase, 3);
  ExpectWritten(space_, kOther, 2);
  machine_.Kill(child);
  EXPECT_EQ(Advise(kBase, 3, ADVICE_DOFORK), 0);
  EXPECT_EQ(Advise(kOther, 2, ADVICE_KEEPONFORK), 0);
  child = machine_.Fork(space_, kChild);
  ExpectWritten(child, kBase, 3);
  ExpectWritten(child, kOther, 2);
}

TEST_F(RemapTest, PopulatedPagesDoNotFault) {
  Map(kBase, 300);
  EXPECT_EQ(Advise(kBase, 300, ADVICE_POPULATE_WRITE), (int64_t)(256 * P)) << "a part each call";
  EXPECT_EQ(Advise(kBase + 256 * P, 44, ADVICE_POPULATE_WRITE), (int64_t)(44 * P));
  uint64_t faults = Faults();
  for (uint64_t i = 0; i < 300; i++) machine_.Write(space_, kBase + i * P, 1);
  EXPECT_EQ(Faults(), faults);
}

TEST_F(RemapTest, PopulatedPagesAreTheRightOnes) {
  Map(kBase, 4);
  machine_.Write(space_, kBase + P, 7);
  ASSERT_EQ(pager_fork(pager_, kBadge, kChild), 0);
  ASSERT_EQ(Advise(kBase, 4, ADVICE_POPULATE_READ), 4 * (int64_t)P);
  EXPECT_EQ(machine_.Read(space_, kBase), 0);
  EXPECT_EQ(machine_.Read(space_, kBase + P), 7);
  EXPECT_EQ(machine_.Read(space_, kBase + 2 * P), 0);
}

TEST_F(RemapTest, PopulateReadsFiles) {
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t at = machine_.MapFile(space_, file, 4, PROT_R, PAGER_SHARED);
  EXPECT_EQ(Advise(at, 4, ADVICE_POPULATE_READ), (int64_t)(4 * P));
  uint64_t faults = Faults();
  for (uint64_t i = 0; i < 4; i++) machine_.Read(space_, at + i * P);
  EXPECT_EQ(Faults(), faults);
  EXPECT_EQ(Advise(at, 4, ADVICE_POPULATE_WRITE), -EINVAL);
  at = machine_.MapFile(space_, file, 6, PROT_R, PAGER_SHARED);
  EXPECT_EQ(Advise(at, 6, ADVICE_POPULATE_READ), -EFAULT) << "behind the end";
  EXPECT_EQ(Advise(at, 7, ADVICE_POPULATE_READ), -EFAULT);
  EXPECT_EQ(Advise(kBase, 1, ADVICE_POPULATE_READ), -ENOMEM);
  Map(kBase, 1, PAGER_PRIVATE, 0);
  EXPECT_EQ(Advise(kBase, 1, ADVICE_POPULATE_READ), -EINVAL);
}

TEST_F(RemapTest, PopulateEndsWhenMemoryDoes) {
  Map(kBase, 8192);
  int64_t done = 1;
  uint64_t at = kBase;
  for (; done > 0 && at < kBase + 8192 * P; at += (uint64_t)done) {
    done = Advise(at, (kBase + 8192 * P - at) / P, ADVICE_POPULATE_WRITE);
  }
  EXPECT_EQ(done, -ENOMEM);
}

// --- mlock --------------------------------------------------------------------------------------

TEST_F(RemapTest, LockMarksWholePages) {
  Map(kBase, 4);
  EXPECT_EQ(Lock(kBase + P + 1, P), 0);
  EXPECT_FALSE(FlagsAt(kBase) & REGION_LOCKED);
  EXPECT_TRUE(FlagsAt(kBase + P) & REGION_LOCKED);
  EXPECT_TRUE(FlagsAt(kBase + 2 * P) & REGION_LOCKED);
  EXPECT_FALSE(FlagsAt(kBase + 3 * P) & REGION_LOCKED);
  EXPECT_EQ(space_->locked_pages, 2u);
  EXPECT_EQ(Advise(kBase, 4, ADVICE_POPULATE_LOCKED), (int64_t)(4 * P));
  uint64_t faults = Faults();
  machine_.Write(space_, kBase + P, 1);
  EXPECT_EQ(Faults(), faults);
  machine_.Write(space_, kBase, 1);
  EXPECT_EQ(Faults(), faults + 1);
  EXPECT_EQ(Advise(kBase, 4, ADVICE_DONTNEED), -EINVAL);
  EXPECT_EQ(pager_unlock(pager_, space_, kBase, 4 * P, 0), 0);
  EXPECT_EQ(space_->locked_pages, 0u);
  EXPECT_EQ(Advise(kBase, 4, ADVICE_DONTNEED), 0);
}

TEST_F(RemapTest, LockRefuses) {
  Map(kBase, 2);
  Map(kBase + 3 * P, 1);
  EXPECT_EQ(Lock(kBase, ~0ull), -EINVAL);
  EXPECT_EQ(Lock(kBase, ~0ull - kBase), -EINVAL);
  EXPECT_EQ(Lock(kBase, 0, 8), -EINVAL);
  EXPECT_EQ(Lock(kBase, 0), 0);
  EXPECT_EQ(Lock(kOther, P), -ENOMEM);
  EXPECT_EQ(Lock(kBase, 4 * P), -ENOMEM) << "a hole";
  EXPECT_TRUE(FlagsAt(kBase) & REGION_LOCKED) << "up to there it is done";
  EXPECT_EQ(space_->locked_pages, 2u);
  EXPECT_EQ(pager_unlock(pager_, space_, kBase, 4 * P, 0), -ENOMEM);
  EXPECT_EQ(space_->locked_pages, 0u);
  EXPECT_EQ(pager_unlock(pager_, space_, kBase, P, PAGER_LOCK_FUTURE), -EINVAL);
}

TEST_F(RemapTest, LockedMemoryIsLimited) {
  Map(kBase, 8);
  ASSERT_EQ(pager_limit(pager_, space_, LIMIT_MEMLOCK, 3 * P, LIMIT_NONE), 0);
  EXPECT_EQ(Lock(kBase, 4 * P), -ENOMEM);
  EXPECT_EQ(Lock(kBase, 3 * P), 0);
  EXPECT_EQ(Lock(kBase + P, 2 * P), 0) << "locked already";
  EXPECT_EQ(Lock(kBase + 3 * P, P), -ENOMEM);
  EXPECT_EQ(pager_map(pager_, space_, 0, P, 3, PAGER_PRIVATE | PAGER_LOCKED), -EAGAIN);
  EXPECT_EQ(Lock(0, 0, PAGER_LOCK_CURRENT), -ENOMEM);
  EXPECT_EQ(pager_unlock(pager_, space_, kBase, 8 * P, 0), 0);
  EXPECT_EQ(pager_map(pager_, space_, 0, P, 3, PAGER_PRIVATE | PAGER_LOCKED), (int64_t)MMAP_BASE);
  ASSERT_EQ(pager_limit(pager_, space_, LIMIT_MEMLOCK, 0, LIMIT_NONE), 0);
  EXPECT_EQ(Lock(kBase, P), -EPERM);
  EXPECT_EQ(Lock(0, 0, PAGER_LOCK_FUTURE), -EPERM);
  EXPECT_EQ(pager_map(pager_, space_, 0, P, 3, PAGER_PRIVATE | PAGER_LOCKED), -EPERM);
}

TEST_F(RemapTest, LockAllLocksWhatComes) {
  Map(kBase, 2);
  EXPECT_EQ(Lock(0, 0, PAGER_LOCK_CURRENT | PAGER_LOCK_FUTURE), 0);
  EXPECT_TRUE(FlagsAt(kBase) & REGION_LOCKED);
  Map(kOther, 2);
  EXPECT_TRUE(FlagsAt(kOther) & REGION_LOCKED);
  EXPECT_EQ(space_->locked_pages, 4u);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(child->locked_pages, 0u);
  EXPECT_EQ(region_find(child->regions, kBase >> PAGE_SHIFT)->flags & REGION_LOCKED, 0);
  EXPECT_EQ(pager_unlock(pager_, space_, 0, 0, PAGER_LOCK_CURRENT), 0);
  EXPECT_EQ(space_->locked_pages, 0u);
  Map(kBase + 8 * P, 1);
  EXPECT_FALSE(FlagsAt(kBase + 8 * P) & REGION_LOCKED);
}

TEST_F(RemapTest, PopulateAllPassesOverWhatItCannotReach) {
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t at = machine_.MapFile(space_, file, 3, PROT_R, PAGER_SHARED);
  Map(kBase, 1, PAGER_PRIVATE, 0);
  Map(kOther, 1);
  ASSERT_EQ(Lock(0, 0, PAGER_LOCK_CURRENT), 0);
  EXPECT_EQ(Advise(0, USER_END / P, ADVICE_POPULATE_ALL), (int64_t)USER_END);
  uint64_t faults = Faults();
  machine_.Write(space_, kOther, 1);
  machine_.Read(space_, at);
  EXPECT_EQ(Faults(), faults);
  EXPECT_EQ(Advise(kBase, 1, ADVICE_POPULATE_LOCKED), -EFAULT);
  EXPECT_EQ(Advise(at, 3, ADVICE_POPULATE_LOCKED), -EFAULT);
}

TEST_F(RemapTest, SyncInvalidateRefusesLockedPages) {
  Map(kBase, 2);
  ASSERT_EQ(Lock(kBase + P, P), 0);
  EXPECT_EQ(pager_sync(pager_, space_, 1, kBase, 2 * P, PAGER_SYNC_SYNC), 0);
  EXPECT_EQ(pager_sync(pager_, space_, 1, kBase, P, PAGER_SYNC_INVALIDATE), 0);
  EXPECT_EQ(pager_sync(pager_, space_, 1, kBase, 2 * P, PAGER_SYNC_INVALIDATE), -EBUSY);
}

// --- mincore ------------------------------------------------------------------------------------

TEST_F(RemapTest, ResidentTellsEachPage) {
  Map(kBase, 3);
  machine_.Write(space_, kBase + P, 1);
  auto *out = static_cast<uint8_t *>(pager_message(pager_, space_));
  EXPECT_EQ(pager_resident(pager_, space_, kBase, 3 * P), 3);
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[1], 1);
  EXPECT_EQ(out[2], 0);
  EXPECT_EQ(pager_resident(pager_, space_, kBase, 4 * P), -ENOMEM);
  EXPECT_EQ(pager_resident(pager_, space_, kBase + 1, P), -EINVAL);
  EXPECT_EQ(pager_resident(pager_, space_, kBase, ~0ull), -ENOMEM);
  EXPECT_EQ(pager_resident(pager_, space_, kBase, 0), 0);
  Map(kOther, MESSAGE_BYTES + 5);
  EXPECT_EQ(pager_resident(pager_, space_, kOther, (MESSAGE_BYTES + 5) * P),
            (int64_t)MESSAGE_BYTES);
}

}  // namespace
