// Calls of programs about their own memory, what is told of it, and memory at boot: results,
// errors, and that errors change nothing.
#include <csignal>

#include "protocols/proc.h"
#include "servers/pager/core/calls_fixture.h"

namespace {

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

TEST_F(CallsTest, DataThatRightsMakeIsLimited) {
  constexpr uint32_t kBoth = PROT_R | PROT_W;
  Map(kBase, 4 * PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  Map(2 * kBase, PAGE_SIZE, PAGER_PRIVATE | PAGER_FIXED);
  for (int i = 0; i < 4; i++) machine_.Write(space_, kBase + i * PAGE_SIZE, 1);
  machine_.Write(space_, 2 * kBase, 1);
  // Without a limit both single pages go the short ways.
  EXPECT_EQ(pager_protect(pager_, space_, kBase + PAGE_SIZE, PAGE_SIZE, PROT_R), 0);
  EXPECT_EQ(pager_protect(pager_, space_, 2 * kBase, PAGE_SIZE, PROT_R), 0);
  EXPECT_EQ(space_->data_pages, 3u);
  ASSERT_EQ(pager_limit(pager_, space_, LIMIT_DATA, 3 * PAGE_SIZE, LIMIT_NONE), 0);
  EXPECT_EQ(Regions().size(), 4u);
  EXPECT_EQ(pager_protect(pager_, space_, kBase + PAGE_SIZE, PAGE_SIZE, kBoth), -ENOMEM);
  EXPECT_EQ(pager_protect(pager_, space_, 2 * kBase, PAGE_SIZE, kBoth), -ENOMEM);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, 4 * PAGE_SIZE, kBoth), -ENOMEM);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, PAGE_SIZE, PROT_R), 0);
  EXPECT_EQ(pager_protect(pager_, space_, 2 * kBase, PAGE_SIZE, kBoth), 0);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, PAGE_SIZE, kBoth), -ENOMEM);
  EXPECT_EQ(space_->data_pages, 3u);
  EXPECT_EQ(machine_.Read(space_, kBase), 1);
  machine_.Write(space_, 2 * kBase, 2);
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
  EXPECT_EQ(regions[0].anonymous, 2u);
  EXPECT_EQ(regions[0].shared, 0u);
  EXPECT_EQ(regions[1].backing, (uint32_t)BACKING_FILE);
  EXPECT_EQ(regions[1].cookie, 33u);
  EXPECT_EQ(regions[1].resident, 2u);
  EXPECT_EQ(regions[1].anonymous, 0u);
  machine_.Fork(space_, kChild);
  EXPECT_EQ(Regions()[0].shared, 2u);
  EXPECT_EQ(pager_regions(pager_, space_, kChild, 0), 3);
  EXPECT_EQ(pager_regions(pager_, space_, 500, 0), -ESRCH);
  EXPECT_EQ(pager_regions(pager_, space_, ~0ull, 0), -ESRCH);
  EXPECT_EQ(pager_regions(pager_, space_, 0, ~0ull), 0);
}

TEST_F(CallsTest, RegionsTellCopiesFromPagesOfTheFile) {
  uint32_t file = machine_.MakeFile(33, 4);
  uint64_t map = machine_.MapFile(space_, file, 4, PROT_R | PROT_W, PAGER_PRIVATE);
  for (int i = 0; i < 4; i++) machine_.Read(space_, map + i * PAGE_SIZE);
  machine_.Write(space_, map, 1);
  EXPECT_EQ(Regions()[0].resident, 4u);
  EXPECT_EQ(Regions()[0].anonymous, 1u);
}

TEST_F(CallsTest, SharedMemoryCanBeReadOnlyForGood) {
  uint32_t flags = PAGER_SHARED | PAGER_FIXED | PAGER_READ_ONLY;
  EXPECT_EQ(pager_map(pager_, space_, kBase, PAGE_SIZE, PROT_R | PROT_W, flags), -EACCES);
  EXPECT_EQ(pager_map(pager_, space_, kBase, PAGE_SIZE, PROT_R, flags), (int64_t)kBase);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, PAGE_SIZE, PROT_R | PROT_W), -EACCES);
  EXPECT_EQ(pager_protect(pager_, space_, kBase, PAGE_SIZE, PROT_R | PROT_X), 0);
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
