// The calls of programs, fs and proc: results, errors, and that errors change nothing.
#include <csignal>

#include "protocols/proc.h"
#include "protocols/signal.h"
#include "protocols/spawn.h"
#include "servers/pager/core/fake_machine.h"

namespace {

constexpr uint32_t kBadge = 8;
constexpr uint32_t kChild = 9;
constexpr uint64_t kBase = 0x20000000;

class CallsTest : public testing::Test {
 protected:
  CallsTest() : pager_(machine_.pager), space_(machine_.Start(kBadge)) { machine_.OnePage(); }
  ~CallsTest() override { machine_.kernel.Check(); }

  int64_t Map(uint64_t address, uint64_t length, uint32_t flags, uint32_t prot = 3) {
    return pager_map(pager_, space_, address, length, prot, flags);
  }

  // The regions of the space, without its message page.
  std::vector<struct pager_region> Regions() {
    std::vector<struct pager_region> all;
    for (;;) {
      int64_t count = pager_regions(pager_, space_, 0, all.size());
      if (count <= 0) break;
      auto *at = static_cast<struct pager_region *>(pager_message(pager_, space_));
      all.insert(all.end(), at, at + count);
    }
    EXPECT_EQ(all.back().start, MESSAGE_PAGE);
    all.pop_back();
    return all;
  }

  FakeMachine machine_;
  struct pager *pager_;
  struct space *space_;
};

// --- mmap ---------------------------------------------------------------------------------------

TEST_F(CallsTest, MapRefusesWhatMakesNoSense) {
  EXPECT_EQ(Map(0, 0, PAGER_PRIVATE), -EINVAL);
  EXPECT_EQ(Map(0, PAGE_SIZE, 0), -EINVAL);
  EXPECT_EQ(Map(0, PAGE_SIZE, PAGER_PRIVATE | PAGER_SHARED), -EINVAL);
  EXPECT_EQ(Map(0, PAGE_SIZE, PAGER_PRIVATE | 0x80), -EINVAL);
  EXPECT_EQ(Map(0, PAGE_SIZE, PAGER_PRIVATE, 8), -EINVAL);
  EXPECT_EQ(Map(0, ~0ull, PAGER_PRIVATE), -ENOMEM);
  EXPECT_EQ(Map(kBase + 1, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), -EINVAL);
  EXPECT_EQ(Map(0, PAGE_SIZE, PAGER_SHARED | PAGER_GROWSDOWN), -EINVAL);
  EXPECT_EQ(Map(0, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), -EPERM);
  EXPECT_EQ(Map(USER_END, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), -ENOMEM);
  EXPECT_EQ(Map(USER_END - PAGE_SIZE, 2 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), -ENOMEM);
  EXPECT_EQ(Map(~PAGE_MASK, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), -ENOMEM);
  EXPECT_EQ(Map(MESSAGE_PAGE, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), -EINVAL);
  EXPECT_EQ(Map(0, USER_END, PAGER_PRIVATE), -ENOMEM);
  EXPECT_TRUE(Regions().empty());
}

TEST_F(CallsTest, MapWithoutAddressTakesTheLowestGap) {
  EXPECT_EQ(Map(0, 2 * PAGE_SIZE, PAGER_PRIVATE), (int64_t)MMAP_BASE);
  EXPECT_EQ(Map(0, PAGE_SIZE, PAGER_SHARED), (int64_t)(MMAP_BASE + 2 * PAGE_SIZE));
  EXPECT_EQ(pager_unmap(pager_, space_, MMAP_BASE, PAGE_SIZE), 0);
  EXPECT_EQ(Map(0, 1, PAGER_PRIVATE), (int64_t)MMAP_BASE);
}

TEST_F(CallsTest, MapTakesAFreeHintAndLeavesATakenOne) {
  EXPECT_EQ(Map(kBase + 5, PAGE_SIZE, PAGER_PRIVATE), (int64_t)kBase);
  EXPECT_EQ(Map(kBase, PAGE_SIZE, PAGER_PRIVATE), (int64_t)MMAP_BASE);
  EXPECT_EQ(Map(kBase, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED_NOREPLACE), -EEXIST);
}

TEST_F(CallsTest, NeighboursThatAreAlikeBecomeOneRegion) {
  for (int i = 0; i < 8; i++) Map(0, PAGE_SIZE, PAGER_PRIVATE);
  ASSERT_EQ(Regions().size(), 1u);
  EXPECT_EQ(Regions()[0].end - Regions()[0].start, 8 * PAGE_SIZE);
  Map(0, PAGE_SIZE, PAGER_PRIVATE, PROT_R);
  EXPECT_EQ(Regions().size(), 2u);
}

TEST_F(CallsTest, FixedReplacesWhatIsThere) {
  ASSERT_EQ(Map(kBase, 3 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), (int64_t)kBase);
  for (int i = 0; i < 3; i++) machine_.Write(space_, kBase + i * PAGE_SIZE, 5);
  ASSERT_EQ(Map(kBase + PAGE_SIZE, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED),
            (int64_t)(kBase + PAGE_SIZE));
  EXPECT_EQ(machine_.Read(space_, kBase), 5);
  EXPECT_EQ(machine_.Read(space_, kBase + PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Read(space_, kBase + 2 * PAGE_SIZE), 5);
}

// --- munmap -------------------------------------------------------------------------------------

TEST_F(CallsTest, UnmapInTheMiddleLeavesBothSides) {
  Map(kBase, 10 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  for (int i = 0; i < 10; i++) machine_.Write(space_, kBase + i * PAGE_SIZE, (uint8_t)(i + 1));
  uint32_t before = machine_.FramesInUse();
  EXPECT_EQ(pager_unmap(pager_, space_, kBase + 4 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.FramesInUse(), before - 2);
  EXPECT_EQ(Regions().size(), 2u);
  EXPECT_EQ(machine_.Signal(space_, kBase + 4 * PAGE_SIZE, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Signal(space_, kBase + 6 * PAGE_SIZE - 1, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Read(space_, kBase + 6 * PAGE_SIZE), 7);
  EXPECT_EQ(machine_.Read(space_, kBase + 3 * PAGE_SIZE), 4);
}

TEST_F(CallsTest, UnmapRefusesBadRangesAndTheMessagePage) {
  EXPECT_EQ(pager_unmap(pager_, space_, kBase + 1, PAGE_SIZE), -EINVAL);
  EXPECT_EQ(pager_unmap(pager_, space_, kBase, 0), -EINVAL);
  EXPECT_EQ(pager_unmap(pager_, space_, USER_END, PAGE_SIZE), -EINVAL);
  EXPECT_EQ(pager_unmap(pager_, space_, kBase, ~0ull), -EINVAL);
  EXPECT_EQ(pager_unmap(pager_, space_, PAGE_SIZE, USER_END - PAGE_SIZE), -EINVAL);
  EXPECT_EQ(pager_unmap(pager_, space_, 0, PAGE_SIZE), 0);
  EXPECT_EQ(pager_unmap(pager_, space_, kBase, PAGE_SIZE), 0) << "nothing is there: no error";
}

TEST_F(CallsTest, UnmapOfUntouchedMemoryNeedsNoKernel) {
  int64_t at = Map(0, PAGE_SIZE, PAGER_PRIVATE);
  uint64_t calls = machine_.kernel.unmap_calls;
  EXPECT_EQ(pager_unmap(pager_, space_, (uint64_t)at, PAGE_SIZE), 0);
  EXPECT_EQ(machine_.kernel.unmap_calls, calls);
}

// --- mprotect -----------------------------------------------------------------------------------

TEST_F(CallsTest, ProtectSplitsAndJoins) {
  Map(kBase, 16 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  for (int i = 0; i < 16; i++) machine_.Write(space_, kBase + i * PAGE_SIZE, 1);
  EXPECT_EQ(pager_protect(pager_, space_, kBase + 5 * PAGE_SIZE, PAGE_SIZE, PROT_R), 0);
  EXPECT_EQ(Regions().size(), 3u);
  EXPECT_EQ(machine_.Signal(space_, kBase + 5 * PAGE_SIZE, FAULT_WRITE), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Read(space_, kBase + 5 * PAGE_SIZE), 1);
  uint64_t faults = machine_.counts->faults;
  EXPECT_EQ(pager_protect(pager_, space_, kBase + 5 * PAGE_SIZE, PAGE_SIZE, PROT_R | PROT_W), 0);
  EXPECT_EQ(Regions().size(), 1u);
  machine_.Write(space_, kBase + 5 * PAGE_SIZE, 2);
  EXPECT_EQ(machine_.counts->faults, faults) << "its own page comes back without a fault";
}

TEST_F(CallsTest, ProtectToNothingKeepsTheBytes) {
  Map(kBase, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  machine_.Write(space_, kBase, 9);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, PAGE_SIZE, 0), 0);
  EXPECT_EQ(machine_.Signal(space_, kBase, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, PAGE_SIZE, PROT_R), 0);
  EXPECT_EQ(machine_.Read(space_, kBase), 9);
}

TEST_F(CallsTest, ProtectDoesNotMakeSharedPagesWritable) {
  Map(kBase, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  machine_.Write(space_, kBase, 1);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, PAGE_SIZE, PROT_R), 0);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, PAGE_SIZE, PROT_R | PROT_W), 0);
  machine_.Write(space_, kBase, 2);
  EXPECT_EQ(machine_.Read(child, kBase), 1);
}

TEST_F(CallsTest, ProtectRefusesHolesBadRightsAndFixtures) {
  Map(kBase, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  EXPECT_EQ(pager_protect(pager_, space_, kBase - PAGE_SIZE, 2 * PAGE_SIZE, PROT_R), -ENOMEM);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, ~PAGE_MASK, PROT_R), -ENOMEM);
  EXPECT_EQ(pager_protect(pager_, space_, kBase + 1, PAGE_SIZE, PROT_R), -EINVAL);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, PAGE_SIZE, 8), -EINVAL);
  EXPECT_EQ(pager_protect(pager_, space_, MESSAGE_PAGE, PAGE_SIZE, PROT_R), -EINVAL);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, 0, PROT_R), 0);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, 0, 8), 0);
  EXPECT_EQ(Regions()[0].prot, (uint32_t)(PROT_R | PROT_W));
  uint32_t file = machine_.MakeFile(1, 1);
  int64_t at =
      pager_object_map(pager_, space_, file, 0, 0, PAGE_SIZE, PROT_R, PAGER_SHARED, PROT_R);
  EXPECT_EQ(pager_protect(pager_, space_, (uint64_t)at, PAGE_SIZE, PROT_R | PROT_W), -EACCES);
}

TEST_F(CallsTest, ProtectChangesWhatIsInFrontOfAHole) {
  Map(kBase, 2 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  Map(kBase + 3 * PAGE_SIZE, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  machine_.Write(space_, kBase + PAGE_SIZE, 1);
  EXPECT_EQ(pager_protect(pager_, space_, kBase + PAGE_SIZE, 3 * PAGE_SIZE, PROT_R), -ENOMEM);
  EXPECT_EQ(Regions()[0].prot, (uint32_t)(PROT_R | PROT_W));
  EXPECT_EQ(Regions()[1].prot, (uint32_t)PROT_R);
  EXPECT_EQ(Regions()[2].prot, (uint32_t)(PROT_R | PROT_W));
  EXPECT_EQ(machine_.Signal(space_, kBase + PAGE_SIZE, FAULT_WRITE), (uint32_t)SIGSEGV);
}

TEST_F(CallsTest, ProtectTakesAStackAsAWhole) {
  Map(kBase, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED | PAGER_GROWSDOWN);
  machine_.Write(space_, kBase - 4 * PAGE_SIZE, 1);
  uint32_t how = PROT_R | PAGER_PROT_GROWSDOWN;
  EXPECT_EQ(pager_protect(pager_, space_, kBase, PAGE_SIZE, how), 0);
  EXPECT_EQ(Regions().size(), 1u);
  EXPECT_EQ(machine_.Signal(space_, kBase - 4 * PAGE_SIZE, FAULT_WRITE), (uint32_t)SIGSEGV);
  Map(kBase + PAGE_SIZE, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  EXPECT_EQ(pager_protect(pager_, space_, kBase + PAGE_SIZE, PAGE_SIZE, how), -EINVAL);
}

// --- limits -------------------------------------------------------------------------------------

TEST_F(CallsTest, LimitsOnlyGoDownForGood) {
  auto limit = [&](uint64_t which, uint64_t soft, uint64_t hard) {
    return pager_limit(pager_, space_, which, soft, hard);
  };
  EXPECT_EQ(limit(LIMIT_COUNT, 0, 0), -EINVAL);
  EXPECT_EQ(limit(LIMIT_AS, 2, 1), -EINVAL);
  EXPECT_EQ(limit(LIMIT_AS, 1 << 20, 2 << 20), 0);
  EXPECT_EQ(limit(LIMIT_AS, 1 << 20, 3 << 20), -EPERM);
  EXPECT_EQ(limit(LIMIT_ASK, 0, 0), 0);
  auto *all = static_cast<struct pager_limit_value *>(pager_message(pager_, space_));
  EXPECT_EQ(all[LIMIT_AS].soft, 1u << 20);
  EXPECT_EQ(all[LIMIT_AS].hard, 2u << 20);
  EXPECT_EQ(all[LIMIT_STACK].soft, (uint64_t)STACK_MAX);
  EXPECT_EQ(all[LIMIT_DATA].hard, LIMIT_NONE);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(child->limit[LIMIT_AS].hard, 2u << 20);
}

TEST_F(CallsTest, AddressSpaceIsLimited) {
  uint64_t pages = space_->virtual_pages;
  ASSERT_EQ(pager_limit(pager_, space_, LIMIT_AS, (pages + 4) * PAGE_SIZE, LIMIT_NONE), 0);
  EXPECT_EQ(Map(kBase, 5 * PAGE_SIZE, PAGER_PRIVATE), -ENOMEM);
  EXPECT_EQ(Map(kBase, 4 * PAGE_SIZE, PAGER_SHARED | PAGER_FIXED), (int64_t)kBase);
  EXPECT_EQ(Map(kBase, 4 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), (int64_t)kBase)
      << "what is replaced does not count";
  EXPECT_EQ(Map(kBase, 5 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), -ENOMEM);
  EXPECT_EQ(Regions().size(), 1u) << "nothing has changed";
  EXPECT_EQ(pager_unmap(pager_, space_, kBase, PAGE_SIZE), 0);
  EXPECT_EQ(Map(kBase, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), (int64_t)kBase);
}

TEST_F(CallsTest, DataIsLimited) {
  ASSERT_EQ(pager_limit(pager_, space_, LIMIT_DATA, 3 * PAGE_SIZE, LIMIT_NONE), 0);
  EXPECT_EQ(Map(kBase, 4 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), -ENOMEM);
  EXPECT_EQ(Map(kBase, 4 * PAGE_SIZE, PAGER_SHARED | PAGER_FIXED), (int64_t)kBase);
  EXPECT_EQ(Map(2 * kBase, 4 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED, PROT_R),
            (int64_t)(2 * kBase));
  pager_set_break(pager_, space_, 4 * kBase);
  uint64_t top = 4 * kBase + 3 * PAGE_SIZE;
  EXPECT_EQ(pager_break(pager_, space_, top + 1), (int64_t)(4 * kBase));
  EXPECT_EQ(pager_break(pager_, space_, top), (int64_t)top);
  EXPECT_EQ(space_->data_pages, 3u);
  EXPECT_EQ(pager_protect(pager_, space_, 4 * kBase, PAGE_SIZE, PROT_R), 0);
  EXPECT_EQ(space_->data_pages, 2u);
}

TEST_F(CallsTest, StacksAreLimited) {
  Map(kBase, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED | PAGER_GROWSDOWN);
  ASSERT_EQ(pager_limit(pager_, space_, LIMIT_STACK, 8 * PAGE_SIZE, LIMIT_NONE), 0);
  machine_.Write(space_, kBase - 7 * PAGE_SIZE, 1);
  uint32_t reason = 0;
  EXPECT_EQ(machine_.Signal(space_, kBase - 7 * PAGE_SIZE - 1, FAULT_WRITE, &reason),
            (uint32_t)SIGSEGV);
  EXPECT_EQ(reason, (uint32_t)FAULT_STACK);
}

// --- brk ----------------------------------------------------------------------------------------

TEST_F(CallsTest, BreakGrowsAndShrinks) {
  pager_set_break(pager_, space_, kBase + 100);
  EXPECT_EQ(pager_break(pager_, space_, 0), (int64_t)(kBase + PAGE_SIZE));
  uint64_t top = kBase + 3 * PAGE_SIZE + 5;
  EXPECT_EQ(pager_break(pager_, space_, top), (int64_t)top);
  machine_.Write(space_, top, 7);
  EXPECT_EQ(pager_break(pager_, space_, kBase + PAGE_SIZE), (int64_t)(kBase + PAGE_SIZE));
  EXPECT_EQ(machine_.Signal(space_, top, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(pager_break(pager_, space_, top), (int64_t)top);
  EXPECT_EQ(machine_.Read(space_, top), 0) << "memory that comes back is zeroed";
}

TEST_F(CallsTest, BreakStaysWhereItCannotMove) {
  pager_set_break(pager_, space_, kBase);
  Map(kBase + 4 * PAGE_SIZE, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  EXPECT_EQ(pager_break(pager_, space_, kBase + 5 * PAGE_SIZE), (int64_t)kBase);
  EXPECT_EQ(pager_break(pager_, space_, kBase - PAGE_SIZE), (int64_t)kBase);
  EXPECT_EQ(pager_break(pager_, space_, ~0ull), (int64_t)kBase);
  EXPECT_EQ(pager_break(pager_, space_, kBase + 4 * PAGE_SIZE), (int64_t)(kBase + 4 * PAGE_SIZE));
}

// --- files: mapping, reading, writing -----------------------------------------------------------

TEST_F(CallsTest, FileMapRefusesWhatMakesNoSense) {
  uint32_t file = machine_.MakeFile(1, 4);
  auto map = [&](uint32_t object, uint64_t offset, uint64_t length, uint32_t prot, uint32_t max) {
    return pager_object_map(pager_, space_, object, offset, 0, length, prot, PAGER_SHARED, max);
  };
  EXPECT_EQ(map(0, 0, PAGE_SIZE, PROT_R, 7), -EINVAL);
  EXPECT_EQ(map(file + 1, 0, PAGE_SIZE, PROT_R, 7), -EINVAL);
  EXPECT_EQ(map(~0u, 0, PAGE_SIZE, PROT_R, 7), -EINVAL);
  EXPECT_EQ(map(file, 1, PAGE_SIZE, PROT_R, 7), -EINVAL);
  EXPECT_EQ(map(file, ~PAGE_MASK, PAGE_SIZE, PROT_R, 7), -EOVERFLOW);
  EXPECT_EQ(map(file, 0, 0, PROT_R, 7), -EINVAL);
  EXPECT_EQ(map(file, 0, PAGE_SIZE, PROT_R | PROT_W, PROT_R), -EACCES);
  EXPECT_GT(map(file, 0, 100 * PAGE_SIZE, PROT_R, 7), 0) << "behind the end is allowed";
}

TEST_F(CallsTest, ReadCopiesOnceAndDoesNotMap) {
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t va = machine_.MapAnonymous(space_, 4);
  machine_.Write(space_, va, 1);
  uint64_t faults = machine_.counts->faults;
  EXPECT_EQ(machine_.ReadFile(space_, file, 100, va + 10, 50), 50);
  EXPECT_EQ(machine_.counts->faults, faults);
  const FakeStore::File &f = machine_.store.file(1);
  for (uint32_t i = 0; i < 50; i++) EXPECT_EQ(machine_.Read(space_, va + 10 + i), f.bytes[100 + i]);
  EXPECT_EQ(machine_.Read(space_, va), 1);
  EXPECT_EQ(machine_.Read(space_, va + 60), 0);
}

TEST_F(CallsTest, ReadReplacesTheZeroPageAtOnce) {
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  EXPECT_EQ(machine_.Read(space_, va), 0);  // the zero page is mapped
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, va, PAGE_SIZE), (int64_t)PAGE_SIZE);
  EXPECT_EQ(machine_.Read(space_, va + 1), machine_.store.file(1).bytes[1]);
}

TEST_F(CallsTest, ReadBreaksCopyOnWrite) {
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, va, 1);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(machine_.Read(space_, va), 1);
  EXPECT_EQ(machine_.ReadFile(space_, file, 7, va, 1), 1);
  EXPECT_EQ(machine_.Read(space_, va), machine_.store.file(1).bytes[7]);
  EXPECT_EQ(machine_.Read(child, va), 1);
}

TEST_F(CallsTest, ReadAndWriteCheckTheBuffer) {
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t va = machine_.MapAnonymous(space_, 1, PROT_R);
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, va, 10), -EFAULT) << "not writable";
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, 0, 10), -EFAULT);
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, ~0ull - 5, 10), -EFAULT);
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, USER_END - 5, 10), -EFAULT);
  EXPECT_EQ(machine_.ReadFile(space_, file, 4 * PAGE_SIZE - 5, va, 10), -EINVAL);
  EXPECT_EQ(machine_.ReadFile(space_, 77, 0, va, 10), -EINVAL);
  EXPECT_EQ(machine_.WriteFile(space_, file, 0, va + PAGE_SIZE - 5, 10), 5);
  EXPECT_EQ(machine_.WriteFile(space_, file, 0, va + PAGE_SIZE, 10), -EFAULT);
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, va, 0), 0);
}

TEST_F(CallsTest, WriteIsSeenByMappingsAndStoredByFlush) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R, PAGER_SHARED);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, va, 99);
  EXPECT_EQ(machine_.WriteFile(space_, file, PAGE_SIZE + 3, va, 1), 1);
  EXPECT_EQ(machine_.Read(space_, map + PAGE_SIZE + 3), 99);
  EXPECT_NE(machine_.store.file(1).bytes[PAGE_SIZE + 3], 99);
  token_t token = machine_.kernel.NewToken();
  EXPECT_EQ(machine_.Finish(pager_object_flush(pager_, kBadge, token, file, 0), token), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[PAGE_SIZE + 3], 99);
}

TEST_F(CallsTest, WriteOverAWholePageReadsNothing) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, va, 3);
  EXPECT_EQ(machine_.WriteFile(space_, file, 0, va, PAGE_SIZE), (int64_t)PAGE_SIZE);
  EXPECT_EQ(machine_.store.page_ins, 0u);
  EXPECT_EQ(machine_.WriteFile(space_, file, PAGE_SIZE, va, 10), 10);
  EXPECT_EQ(machine_.store.page_ins, 1u);
}

TEST_F(CallsTest, WriteToFreshPagesReadsNothingAndLeavesNoGarbage) {
  uint32_t file = machine_.MakeFile(1, 1);
  machine_.store.Make(1, 4, 0xee);  // what new blocks happen to hold
  ASSERT_EQ(pager_object_resize(pager_, file, 3 * PAGE_SIZE + 100), 0);
  uint64_t va = machine_.MapAnonymous(space_, 3);
  machine_.Write(space_, va, 3);
  EXPECT_EQ(machine_.WriteFile(space_, file, 3 * PAGE_SIZE, va, 1, 1), 1);
  // This one ends in the middle: its buffer does.
  EXPECT_EQ(machine_.WriteFile(space_, file, PAGE_SIZE, va + 2 * PAGE_SIZE, 2 * PAGE_SIZE, 2),
            (int64_t)PAGE_SIZE);
  EXPECT_EQ(machine_.store.page_ins, 0u);
  uint64_t map = machine_.MapFile(space_, file, 4, PROT_R, PAGER_SHARED);
  for (uint32_t i = 1; i < 4; i++) EXPECT_EQ(machine_.Read(space_, map + i * PAGE_SIZE + 50), 0);
  EXPECT_EQ(machine_.Read(space_, map + 3 * PAGE_SIZE), 3);
  EXPECT_EQ(machine_.store.page_ins, 0u);
}

TEST_F(CallsTest, CopyBetweenAFileAndItsOwnMapping) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  std::vector<uint8_t> bytes = machine_.store.file(1).bytes;
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, map + 100, 1000), 1000);
  for (uint32_t i = 0; i < 1000; i++) ASSERT_EQ(machine_.Read(space_, map + 100 + i), bytes[i]);
  EXPECT_EQ(machine_.Sync(space_, map, 2 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[100], bytes[0]);
}

// --- objects ------------------------------------------------------------------------------------

TEST_F(CallsTest, ObjectNumbersThatAreNotInUseAreRefused) {
  uint32_t file = machine_.MakeFile(1, 1);
  for (uint32_t id : {0u, 1u, file - 1, file + 16, 0x800000u, 0x8000000u, ~0u}) {
    if (id == file) continue;
    EXPECT_EQ(pager_object_resize(pager_, id, 0), -EINVAL) << id;
    EXPECT_EQ(pager_object_close(pager_, id), -EINVAL);
    EXPECT_EQ(pager_object_destroy(pager_, id, 1), -EINVAL);
  }
  EXPECT_EQ(pager_object_destroy(pager_, file, 0), 0);
  EXPECT_EQ(pager_object_destroy(pager_, file, 0), -EINVAL);
  EXPECT_EQ(pager_object_create(pager_, 1, ~0ull, OBJECT_OF_FILE, 0, 0), -EFBIG);
}

TEST_F(CallsTest, ObjectCreateRefusesWhatMakesNoSense) {
  auto create = [&](uint32_t kind, uint32_t provider, uint64_t bound) {
    return pager_object_create(pager_, 1, PAGE_SIZE, (enum object_kind)kind, provider, bound);
  };
  EXPECT_EQ(create(3, 0, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_OF_FILE, kBadge, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_OF_MEMORY, 0, 1), -EINVAL);
  EXPECT_EQ(create(OBJECT_OF_PROGRAM, kBadge, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_OF_PROGRAM, kBadge, PAGER_BOUND_MAX + 1), -EINVAL);
  EXPECT_EQ(create(OBJECT_OF_PROGRAM, kBadge, 1), -ESRCH) << "it is not a provider";
}

TEST_F(CallsTest, NamedMemoryStaysUntilItIsDestroyed) {
  uint32_t frames = machine_.FramesInUse();
  int64_t id = pager_object_create(pager_, 5, 4 * PAGE_SIZE, OBJECT_OF_MEMORY, 0, 0);
  ASSERT_GT(id, 0);
  uint32_t object = (uint32_t)id;
  uint64_t map = machine_.MapFile(space_, object, 4, PROT_R | PROT_W, PAGER_SHARED);
  uint64_t copy = machine_.MapFile(space_, object, 4, PROT_R | PROT_W, PAGER_PRIVATE);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  EXPECT_EQ(machine_.Read(space_, copy + 3 * PAGE_SIZE), 0);
  machine_.Write(space_, map + 5, 7);
  EXPECT_EQ(machine_.Read(space_, copy + 5), 7);
  machine_.Write(space_, copy + 5, 8);
  EXPECT_EQ(machine_.ReadFile(space_, object, 5, va, 1), 1);
  EXPECT_EQ(machine_.Read(space_, va), 7);
  machine_.Write(space_, va, 9);
  EXPECT_EQ(machine_.WriteFile(space_, object, 2 * PAGE_SIZE, va, 1), 1);
  EXPECT_EQ(machine_.ReadFile(space_, object, PAGE_SIZE, va, 1), 1);
  EXPECT_EQ(machine_.Read(space_, va), 0);
  EXPECT_EQ(machine_.Read(space_, map + 2 * PAGE_SIZE), 9);
  EXPECT_EQ(machine_.Sync(space_, map, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_object_close(pager_, object), 1);
  EXPECT_EQ(pager_unmap(pager_, space_, map, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_unmap(pager_, space_, copy, 4 * PAGE_SIZE), 0);
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.idle, 1u);
  map = machine_.MapFile(space_, object, 4, PROT_R, PAGER_SHARED);
  EXPECT_EQ(machine_.Read(space_, map + 5), 7) << "a name is enough to keep the pages";
  EXPECT_EQ(pager_object_resize(pager_, object, 5), 0);
  EXPECT_EQ(pager_object_resize(pager_, object, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Read(space_, map + 5), 0);
  EXPECT_EQ(machine_.Read(space_, map + 2 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_object_destroy(pager_, object, 0), -EBUSY);
  EXPECT_EQ(pager_unmap(pager_, space_, map, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_unmap(pager_, space_, va, PAGE_SIZE), 0);
  EXPECT_EQ(pager_object_destroy(pager_, object, 0), 0);
  EXPECT_EQ(machine_.FramesInUse(), frames);
  EXPECT_EQ(machine_.store.page_ins + machine_.store.page_outs, 0u);
}

TEST_F(CallsTest, ResizeCutsMappingsAndZeroesTheRest) {
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t map = machine_.MapFile(space_, file, 4, PROT_R | PROT_W, PAGER_SHARED);
  for (int i = 0; i < 4; i++) machine_.Write(space_, map + i * PAGE_SIZE + 200, 1);
  EXPECT_EQ(pager_object_resize(pager_, file, PAGE_SIZE + 100), 0);
  EXPECT_EQ(machine_.Read(space_, map + PAGE_SIZE + 200), 0);
  EXPECT_EQ(machine_.Signal(space_, map + 2 * PAGE_SIZE, FAULT_READ), (uint32_t)SIGBUS);
  // What is written behind the end does not become part of the file.
  machine_.Write(space_, map + PAGE_SIZE + 300, 9);
  EXPECT_EQ(pager_object_resize(pager_, file, 2 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Read(space_, map + PAGE_SIZE + 300), 0);
}

TEST_F(CallsTest, ResizeWaitsForPagesThatAreBeingWritten) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, map + PAGE_SIZE, 1);
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_sync(pager_, space_, token, map, 2 * PAGE_SIZE, PAGER_SYNC_SYNC), PAGER_PARKED);
  EXPECT_EQ(pager_object_resize(pager_, file, PAGE_SIZE), -EBUSY);
  EXPECT_EQ(pager_object_destroy(pager_, file, 1), -EBUSY);
  EXPECT_EQ(machine_.Read(space_, map + PAGE_SIZE), 1);
  machine_.store.Drain();
  EXPECT_EQ(pager_object_resize(pager_, file, PAGE_SIZE), 0);
}

TEST_F(CallsTest, CloseTellsWhenTheObjectIsIdle) {
  uint32_t file = machine_.MakeFile(1, 2);
  EXPECT_EQ(pager_object_close(pager_, file), 0);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, map, 77);
  EXPECT_EQ(pager_object_close(pager_, file), 1);
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.idle, 0u) << "it is still mapped";
  EXPECT_EQ(pager_unmap(pager_, space_, map, 2 * PAGE_SIZE), 0);
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.idle, 1u);
  EXPECT_EQ(machine_.store.file(1).bytes[0], 77);
  EXPECT_EQ(pager_object_destroy(pager_, file, 0), 0);
}

TEST_F(CallsTest, DestroyedObjectLeavesMappingsThatFault) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, map, 77);
  EXPECT_EQ(pager_object_destroy(pager_, file, 0), -EBUSY);
  EXPECT_EQ(pager_object_destroy(pager_, file, 1), 0);
  EXPECT_EQ(machine_.Signal(space_, map, FAULT_READ), (uint32_t)SIGBUS);
  EXPECT_EQ(pager_unmap(pager_, space_, map, 2 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_->frames_dirty, 0u);
}

TEST_F(CallsTest, FailedWriteBackIsReportedAndTriedAgain) {
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t map = machine_.MapFile(space_, file, 1, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, map, 5);
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_sync(pager_, space_, token, map, PAGE_SIZE, PAGER_SYNC_SYNC), PAGER_PARKED);
  machine_.store.Take();
  machine_.store.Answer(0, -ENOSPC);
  Answer answer;
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.status, -ENOSPC);
  EXPECT_EQ(machine_.Sync(space_, map, PAGE_SIZE), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[0], 5);
}

TEST_F(CallsTest, LongWriteBackGoesInFullRequests) {
  pager_option(pager_, PAGER_DIRTY_LIMIT, 90);  // nothing starts by itself
  uint32_t file = machine_.MakeFile(1, 512);
  uint64_t map = machine_.MapFile(space_, file, 512, PROT_R | PROT_W, PAGER_SHARED);
  for (uint32_t i = 0; i < 512; i++) machine_.Write(space_, map + i * PAGE_SIZE, (uint8_t)(i + 3));
  EXPECT_EQ(machine_.Sync(space_, map, 512 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.counts->requests_out, 32u);
  for (uint32_t i = 0; i < 512; i++) {
    ASSERT_EQ(machine_.store.file(1).bytes[i * PAGE_SIZE], (uint8_t)(i + 3));
  }
}

TEST_F(CallsTest, SyncRefusesBadFlagsAndHoles) {
  uint64_t va = machine_.MapAnonymous(space_, 1);
  EXPECT_EQ(machine_.Sync(space_, va, PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Sync(space_, va, 2 * PAGE_SIZE), -ENOMEM);
  EXPECT_EQ(machine_.Sync(space_, va + 1, PAGE_SIZE), -EINVAL);
  EXPECT_EQ(pager_sync(pager_, space_, 1, va, PAGE_SIZE, 8), -EINVAL);
  EXPECT_EQ(pager_sync(pager_, space_, 1, va, PAGE_SIZE, PAGER_SYNC_SYNC | PAGER_SYNC_ASYNC),
            -EINVAL);
}

// --- fork, kill ---------------------------------------------------------------------------------

TEST_F(CallsTest, ForkRefusesWhatMakesNoSense) {
  EXPECT_EQ(pager_fork(pager_, 77, kChild), -ESRCH);
  EXPECT_EQ(pager_fork(pager_, kBadge | 1 << SLOT_BITS, kChild), -ESRCH) << "another generation";
  EXPECT_EQ(pager_fork(pager_, kBadge, kBadge), -EAGAIN);
  EXPECT_EQ(pager_fork(pager_, kBadge, SLOT_FS), -EINVAL);
  EXPECT_EQ(pager_fork(pager_, kBadge, SLOTS_MAX), -EINVAL);
  EXPECT_EQ(pager_kill(pager_, kChild), -ESRCH);
}

TEST_F(CallsTest, MessagePageOfAChildIsItsOwnAndEmpty) {
  machine_.Write(space_, MESSAGE_PAGE, 5);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(machine_.Read(child, MESSAGE_PAGE), 0);
  machine_.Write(child, MESSAGE_PAGE, 6);
  EXPECT_EQ(machine_.Read(space_, MESSAGE_PAGE), 5);
  machine_.Kill(child);
  struct space *next = machine_.Start(kChild | 1 << SLOT_BITS);
  EXPECT_EQ(machine_.Read(next, MESSAGE_PAGE), 0) << "of the slot's next process, too";
}

TEST_F(CallsTest, MessagePageStaysWritableBetweenPagesThatForkProtects) {
  const uint64_t below = MESSAGE_PAGE - PAGE_SIZE, above = MESSAGE_PAGE + PAGE_SIZE;
  for (uint64_t va : {below, above}) {
    EXPECT_EQ(Map(va, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED), (int64_t)va);
    machine_.Write(space_, va, 1);
  }
  machine_.Write(space_, MESSAGE_PAGE, 5);
  struct space *child = machine_.Fork(space_, kChild);
  machine_.Write(space_, MESSAGE_PAGE + 1, 6);
  EXPECT_EQ(machine_.Read(space_, MESSAGE_PAGE), 5);
  machine_.Write(child, MESSAGE_PAGE, 7);
  machine_.Write(space_, below, 2);
  EXPECT_EQ(machine_.Read(child, below), 1);
  EXPECT_EQ(machine_.Read(space_, MESSAGE_PAGE), 5);
}

TEST_F(CallsTest, ServersSeeMessagePages) {
  struct space *fs = machine_.Start(SLOT_FS);
  struct space *child = machine_.Start(kChild);
  machine_.Write(child, MESSAGE_PAGE + 3, 42);
  EXPECT_EQ(machine_.Read(fs, MESSAGE_WINDOW + kChild * PAGE_SIZE + 3), 42);
  EXPECT_EQ(machine_.Read(fs, MESSAGE_WINDOW + kBadge * PAGE_SIZE), 0);
}

TEST_F(CallsTest, EverythingComesBackWhenASpaceEnds) {
  uint32_t frames = machine_.FramesInUse(), items = machine_.ItemsInUse();
  uint32_t objects = pager_->objects.count;
  for (int round = 0; round < 3; round++) {
    struct space *child = machine_.Fork(space_, kChild + 1);
    uint64_t va = machine_.MapAnonymous(child, 300);
    for (int i = 0; i < 300; i++) machine_.Write(child, va + i * PAGE_SIZE, 1);
    struct space *grandchild = machine_.Fork(child, kChild + 2);
    machine_.Write(grandchild, va, 2);
    machine_.Kill(child);
    EXPECT_EQ(machine_.Read(grandchild, va + PAGE_SIZE), 1);
    machine_.Kill(grandchild);
  }
  // The message pages of two slots stay.
  EXPECT_EQ(machine_.FramesInUse(), frames + 2);
  EXPECT_EQ(machine_.ItemsInUse(), items);
  EXPECT_EQ(pager_->objects.count, objects);
}

TEST_F(CallsTest, ForkWithoutMemoryChangesNothing) {
  uint64_t va = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, va, 1);
  while (pager_->objects.count > 1) pager_take_object(pager_);
  std::vector<uint32_t> taken;
  while (uint32_t frame = frame_take(pager_)) taken.push_back(frame);
  EXPECT_EQ(pager_fork(pager_, kBadge, kChild), -ENOMEM);
  EXPECT_EQ(pager_space(pager_, kChild), nullptr);
  machine_.Write(space_, va, 2);
  for (uint32_t frame : taken) frame_put(pager_, frame);
}

// --- exec ---------------------------------------------------------------------------------------

class ExecTest : public CallsTest {
 protected:
  ExecTest() : file_(machine_.MakeFile(1, 8)), arguments_(machine_.MapAnonymous(space_, 2)) {
    machine_.Write(space_, arguments_ + PAGE_SIZE, 123);
    image_.entry = 0x10010;
    image_.arguments = arguments_;
    image_.arguments_bytes = 2 * PAGE_SIZE;
    image_.stack_pointer = STACK_TOP - PAGE_SIZE;
    image_.segments = 2;
    image_.segment[0] = {0x10000, 2 * PAGE_SIZE, 0, 2 * PAGE_SIZE, PROT_R | PROT_X};
    image_.segment[1] = {0x12100, 3 * PAGE_SIZE, 2 * PAGE_SIZE + 0x100, 0x200, PROT_R | PROT_W};
  }

  int64_t Exec(uint32_t file) {
    std::memcpy(pager_message(pager_, space_), &image_, sizeof(image_));
    return pager_exec(pager_, space_, token_, file);
  }

  uint32_t file_;
  uint64_t arguments_;
  token_t token_ = 1000;
  struct exec_image image_ = {};
};

TEST_F(ExecTest, ReplacesTheProgram) {
  uint64_t old = machine_.MapAnonymous(space_, 3);
  machine_.Write(space_, old, 1);
  ASSERT_EQ(Exec(file_), PAGER_PARKED);
  Answer answer;
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token_, &answer));
  EXPECT_EQ(answer.kind, Answer::kStart);
  EXPECT_EQ(answer.address, image_.entry);
  EXPECT_EQ(answer.sp, image_.stack_pointer);
  const std::vector<uint8_t> &bytes = machine_.store.file(1).bytes;
  EXPECT_EQ(machine_.Signal(space_, old, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Read(space_, 0x10010), bytes[0x10]);
  EXPECT_EQ(machine_.Signal(space_, 0x10010, FAULT_WRITE), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Read(space_, 0x12100), bytes[0x2100]);
  EXPECT_EQ(machine_.Read(space_, 0x122ff), bytes[0x22ff]);
  EXPECT_EQ(machine_.Read(space_, 0x12300), 0) << "behind the data of the file";
  EXPECT_EQ(machine_.Read(space_, 0x14000), 0);
  EXPECT_EQ(machine_.Signal(space_, 0x16000, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(machine_.Read(space_, STACK_TOP - PAGE_SIZE), 123) << "arguments moved";
  EXPECT_EQ(pager_break(pager_, space_, 0), 0x16000);
  machine_.Write(space_, STACK_TOP - 20 * PAGE_SIZE, 1);
}

TEST_F(ExecTest, RefusesBadImagesAndChangesNothing) {
  const struct exec_image good = image_;
  auto refused = [&](const char *what) {
    EXPECT_EQ(Exec(file_), -EINVAL) << what;
    image_ = good;
  };
  image_.segments = 0;
  refused("no segments");
  image_.segments = EXEC_SEGMENTS_MAX + 1;
  refused("too many segments");
  image_.entry = 0x12100;
  refused("entry is not executable");
  image_.entry = 0x10011;
  refused("entry is odd");
  image_.segment[1].address = 0x11100;
  refused("segments overlap");
  image_.segment[1].file_offset++;
  refused("offset does not match the address");
  image_.segment[1].file_bytes = 4 * PAGE_SIZE;
  refused("more file than memory");
  image_.segment[1].memory_bytes = ~0ull;
  refused("segment wraps");
  image_.segment[1].prot = 9;
  refused("unknown rights");
  image_.arguments = 0x5000;
  refused("arguments are not mapped");
  image_.arguments++;
  refused("arguments are not aligned");
  image_.arguments_bytes = STACK_MAX;
  refused("arguments are too long");
  image_.arguments_bytes = 0;
  refused("no arguments");
  image_.stack_pointer += 8;
  refused("stack pointer is not aligned");
  image_.stack_pointer = STACK_TOP - 3 * PAGE_SIZE;
  refused("stack pointer is outside of the arguments");
  EXPECT_EQ(Exec(0), -EINVAL);
  EXPECT_EQ(Exec(file_ + 16), -EINVAL);
  EXPECT_EQ(machine_.Read(space_, arguments_ + PAGE_SIZE), 123);
}

TEST_F(ExecTest, AfterForkTheParentKeepsItsMemory) {
  struct space *parent = space_;
  space_ = machine_.Fork(parent, kChild);
  ASSERT_EQ(Exec(file_), PAGER_PARKED);
  EXPECT_EQ(machine_.Read(parent, arguments_ + PAGE_SIZE), 123);
  machine_.Write(space_, STACK_TOP - PAGE_SIZE, 7);
  EXPECT_EQ(machine_.Read(parent, arguments_ + PAGE_SIZE), 123);
}

TEST_F(ExecTest, UnmapsAroundTheMessagePage) {
  uint64_t last = USER_END - PAGE_SIZE;
  ASSERT_EQ(pager_map(pager_, space_, last, PAGE_SIZE, 3, PAGER_PRIVATE | PAGER_FIXED),
            (int64_t)last);
  ASSERT_EQ(pager_map(pager_, space_, MESSAGE_PAGE - PAGE_SIZE, PAGE_SIZE, 3,
                      PAGER_PRIVATE | PAGER_FIXED),
            (int64_t)(MESSAGE_PAGE - PAGE_SIZE));
  machine_.Write(space_, last, 1);
  machine_.Write(space_, MESSAGE_PAGE - PAGE_SIZE, 1);
  ASSERT_EQ(Exec(file_), PAGER_PARKED);
  uint32_t page = (uint32_t)(MESSAGE_PAGE >> PAGE_SHIFT);
  EXPECT_NE(machine_.kernel.Find(kBadge, page), nullptr);
  EXPECT_EQ(machine_.kernel.Find(kBadge, page - 1), nullptr);
  EXPECT_EQ(machine_.kernel.Find(kBadge, page + 1), nullptr);
}

TEST_F(ExecTest, ArgumentsInTheMessagePageAreCopied) {
  image_.arguments = MESSAGE_PAGE + EXEC_INLINE;
  image_.arguments_bytes = EXEC_INLINE_BYTES;
  image_.stack_pointer = STACK_TOP - EXEC_INLINE_BYTES;
  auto *page = static_cast<uint8_t *>(pager_message(pager_, space_));
  for (uint32_t i = 0; i < EXEC_INLINE_BYTES; i++) page[EXEC_INLINE + i] = (uint8_t)(i * 7 + 1);
  ASSERT_EQ(Exec(file_), PAGER_PARKED);
  for (uint32_t i = 0; i < EXEC_INLINE_BYTES; i++) {
    ASSERT_EQ(machine_.Read(space_, STACK_TOP - EXEC_INLINE_BYTES + i), (uint8_t)(i * 7 + 1));
  }
  EXPECT_EQ(machine_.Read(space_, STACK_TOP - PAGE_SIZE), 0);
}

TEST_F(ExecTest, RefusesBadBlocksInTheMessagePage) {
  image_.stack_pointer = STACK_TOP;
  image_.arguments = MESSAGE_PAGE + EXEC_INLINE;
  for (uint64_t bytes : {0ull, 8ull, 17ull, EXEC_INLINE_BYTES + 16ull, PAGE_SIZE + 0ull, ~15ull}) {
    image_.arguments_bytes = bytes;
    EXPECT_EQ(Exec(file_), -EINVAL) << bytes;
  }
  image_.arguments_bytes = 64;
  image_.stack_pointer = STACK_TOP - 80;
  EXPECT_EQ(Exec(file_), -EINVAL);
  image_.stack_pointer = STACK_TOP - 64;
  image_.arguments += 16;
  EXPECT_EQ(Exec(file_), -EINVAL);
  image_.arguments = MESSAGE_PAGE;
  image_.arguments_bytes = PAGE_SIZE;
  EXPECT_EQ(Exec(file_), -EINVAL) << "servers see it";
}

// --- spawn --------------------------------------------------------------------------------------

class SpawnTest : public ExecTest {
 protected:
  int64_t Spawn(uint32_t file) {
    std::memcpy(pager_message(pager_, space_), &image_, sizeof(image_));
    return pager_spawn(pager_, kBadge, kChild, file);
  }
};

TEST_F(SpawnTest, MakesANewProgramAndLeavesTheParentAlone) {
  uint64_t old = machine_.MapAnonymous(space_, 3);
  machine_.Write(space_, old, 1);
  uint64_t faults = pager_->counts.faults, copied = pager_->counts.pages_copied;
  ASSERT_EQ(Spawn(file_), 0);
  struct space *child = pager_space(pager_, kChild);
  ASSERT_NE(child, nullptr);
  machine_.Write(space_, old, 2);
  EXPECT_EQ(pager_->counts.faults, faults) << "still writable, no page shared";
  EXPECT_EQ(pager_->counts.pages_copied, copied);
  EXPECT_EQ(machine_.Signal(space_, arguments_, FAULT_READ), (uint32_t)SIGSEGV) << "moved";
  EXPECT_EQ(machine_.Read(child, STACK_TOP - PAGE_SIZE), 123);
  EXPECT_EQ(machine_.Read(child, 0x10010), machine_.store.file(1).bytes[0x10]);
  EXPECT_EQ(machine_.Signal(child, old, FAULT_READ), (uint32_t)SIGSEGV);
  EXPECT_EQ(pager_break(pager_, child, 0), 0x16000);
  machine_.Kill(child);
}

TEST_F(SpawnTest, ChildHasTheSignalsOfTheRequest) {
  spawn_request request = {};
  request.mask = 5;
  request.ignored = 6;
  std::memcpy(static_cast<char *>(pager_message(pager_, space_)) + SPAWN_REQUEST, &request,
              sizeof(request));
  signal_page_in(pager_message(pager_, space_))->handled = 7;
  ASSERT_EQ(Spawn(file_), 0);
  struct signal_page *signals = signal_page_in(pager_message(pager_, pager_space(pager_, kChild)));
  EXPECT_EQ(signals->mask, 5u);
  EXPECT_EQ(signals->ignored, 6u);
  EXPECT_EQ(signals->handled, 0u);
  EXPECT_EQ(signals->pending, 0u);
}

TEST_F(SpawnTest, FromTheMessagePageTakesNothing) {
  image_.arguments = MESSAGE_PAGE + EXEC_INLINE;
  image_.arguments_bytes = 64;
  image_.stack_pointer = STACK_TOP - 64;
  ASSERT_EQ(Spawn(file_), 0);
  EXPECT_EQ(machine_.Read(space_, arguments_ + PAGE_SIZE), 123);
  EXPECT_EQ(Spawn(file_), -EAGAIN) << "the slot is in use";
}

TEST_F(SpawnTest, RefusalsChangeNothing) {
  EXPECT_EQ(Spawn(0), -EINVAL);
  EXPECT_EQ(Spawn(file_ + 16), -EINVAL);
  EXPECT_EQ(pager_spawn(pager_, kChild, kBadge, file_), -ESRCH);
  EXPECT_EQ(pager_spawn(pager_, kBadge, SLOT_FS, file_), -EINVAL);
  image_.entry = 1;
  EXPECT_EQ(Spawn(file_), -EINVAL);
  EXPECT_EQ(pager_space(pager_, kChild), nullptr);
  EXPECT_EQ(machine_.Read(space_, arguments_ + PAGE_SIZE), 123);
}

TEST_F(SpawnTest, WithoutMemoryThereIsNoChild) {
  std::vector<uint32_t> taken;
  for (uint32_t frame; (frame = frame_take(pager_)) != FRAME_NONE;) taken.push_back(frame);
  int64_t status = -ENOMEM;
  size_t tries = 0;
  while ((status = Spawn(file_)) == -ENOMEM && !taken.empty()) {
    ASSERT_EQ(pager_space(pager_, kChild), nullptr);
    ASSERT_EQ(machine_.Read(space_, arguments_ + PAGE_SIZE), 123);
    frame_put(pager_, taken.back());
    taken.pop_back();
    tries++;
  }
  EXPECT_EQ(status, 0);
  EXPECT_GT(tries, 0u);
  for (uint32_t frame : taken) frame_put(pager_, frame);
}

TEST_F(SpawnTest, LeavesNoPageBehind) {
  ASSERT_EQ(Spawn(file_), 0);
  machine_.Read(pager_space(pager_, kChild), 0x10010);
  machine_.Kill(pager_space(pager_, kChild));
  arguments_ = machine_.MapAnonymous(space_, 2);
  image_.arguments = arguments_;
  uint32_t free = pager_->free.count;
  for (int i = 0; i < 50; i++) {
    ASSERT_EQ(Spawn(file_), 0);
    machine_.Read(pager_space(pager_, kChild), 0x12100);
    machine_.Kill(pager_space(pager_, kChild));
    image_.arguments = machine_.MapAnonymous(space_, 2);
  }
  EXPECT_GE(pager_->free.count + 4, free);
}

// --- boot ---------------------------------------------------------------------------------------

TEST_F(CallsTest, LoadedMemoryIsThereWithoutAFault) {
  std::vector<uint8_t> data(6000);
  for (size_t i = 0; i < data.size(); i++) data[i] = (uint8_t)(i * 3);
  struct space *server = machine_.Start(SLOT_PROC);
  ASSERT_EQ(pager_load(pager_, server, 0x10000, data.data(), 6000, 6000, PROT_R | PROT_X), 0);
  ASSERT_EQ(pager_load(pager_, server, 0x11800, nullptr, 0, 300000, PROT_R | PROT_W), 0);
  uint64_t faults = machine_.counts->faults;
  for (uint32_t i = 0; i < 6000; i += 7) ASSERT_EQ(machine_.Read(server, 0x10000 + i), data[i]);
  machine_.Write(server, 0x11900, 4);
  machine_.Write(server, 0x11800 + 299999, 4);
  EXPECT_EQ(machine_.Read(server, 0x20000), 0);
  EXPECT_EQ(machine_.counts->faults, faults);
  EXPECT_EQ(pager_load(pager_, server, 0, nullptr, 0, 10, PROT_R), -EINVAL);
  EXPECT_EQ(pager_load(pager_, server, USER_END - 5, nullptr, 0, 10, PROT_R), -EINVAL);
  EXPECT_EQ(pager_load(pager_, server, 0x10000, data.data(), 11, 10, PROT_R), -EINVAL);
}

TEST_F(CallsTest, AdjacentFramesForDma) {
  uint32_t first = pager_take_frames(pager_, 128);
  ASSERT_NE(first, 0u);
  ASSERT_EQ(pager_map_frames(pager_, space_, kBase, first, 128, PROT_R | PROT_W), 0);
  EXPECT_EQ(machine_.kernel.Find(kBadge, (uint32_t)(kBase >> 12) + 127)->frame, first + 127);
  EXPECT_EQ(pager_map_frames(pager_, space_, kBase, first, 1, PROT_R), -EEXIST);
  EXPECT_EQ(pager_unmap(pager_, space_, kBase, PAGE_SIZE), -EINVAL) << "a fixture stays";
  EXPECT_EQ(pager_take_frames(pager_, 1 << 20), 0u);
}

TEST_F(CallsTest, KernelObjectsComeFromWholeBlocks) {
  FakeMachine machine(2048, 4);
  struct space *space = machine.Start(kBadge);
  ASSERT_NE(space, nullptr);
  for (uint32_t i = 1; i < 20; i++) ASSERT_NE(machine.Fork(space, kBadge + i), nullptr);
  EXPECT_GE(machine.pager->objects.count, 370u);
  machine.kernel.Check();
}

// --- counts -------------------------------------------------------------------------------------

TEST_F(CallsTest, RegionsSayWhatIsResidentSharedAndDirty) {
  uint32_t file = machine_.MakeFile(33, 4);
  Map(kBase, 4 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  machine_.Write(space_, kBase, 1);
  machine_.Write(space_, kBase + PAGE_SIZE, 1);
  uint64_t map = machine_.MapFile(space_, file, 4, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Read(space_, map);
  machine_.Write(space_, map + PAGE_SIZE, 1);
  EXPECT_EQ(pager_sync(pager_, space_, 1, map, PAGE_SIZE, PAGER_SYNC_ASYNC), 0);
  auto regions = Regions();
  ASSERT_EQ(regions.size(), 2u);
  EXPECT_EQ(regions[0].backing, (uint32_t)BACKING_ANONYMOUS);
  EXPECT_EQ(regions[0].resident, 2u);
  EXPECT_EQ(regions[0].shared, 0u);
  EXPECT_EQ(regions[1].backing, (uint32_t)BACKING_FILE);
  EXPECT_EQ(regions[1].cookie, 33u);
  EXPECT_EQ(regions[1].resident, 2u);
  machine_.Fork(space_, kChild);
  EXPECT_EQ(Regions()[0].shared, 2u);
  EXPECT_EQ(pager_regions(pager_, space_, kChild, 0), 3);
  EXPECT_EQ(pager_regions(pager_, space_, 500, 0), -ESRCH);
  EXPECT_EQ(pager_regions(pager_, space_, ~0ull, 0), -ESRCH);
  EXPECT_EQ(pager_regions(pager_, space_, 0, ~0ull), 0);
}

TEST_F(CallsTest, CountsAddUp) {
  uint64_t va = machine_.MapAnonymous(space_, 10);
  for (int i = 0; i < 10; i++) machine_.Write(space_, va + i * PAGE_SIZE, 1);
  ASSERT_EQ(pager_counts(pager_, space_), 0);
  struct pager_counts counts;
  std::memcpy(&counts, pager_message(pager_, space_), sizeof(counts));
  EXPECT_EQ(counts.frames_total, 2048u);
  EXPECT_EQ(counts.frames_anonymous, 10u);
  EXPECT_EQ(counts.frames_total, counts.frames_free + counts.frames_cache +
                                     counts.frames_anonymous + counts.frames_kernel);
  ASSERT_EQ(pager_space_counts(pager_, space_, 0), 0);
  struct pager_space_counts own;
  std::memcpy(&own, pager_message(pager_, space_), sizeof(own));
  EXPECT_EQ(own.faults, 10u);
  EXPECT_EQ(own.zeroed, 10u);
  EXPECT_EQ(own.resident, 11u) << "with the message page";
  EXPECT_EQ(own.virtual_pages, 11u);
  EXPECT_EQ(pager_space_counts(pager_, space_, 99), -ESRCH);
}

}  // namespace
