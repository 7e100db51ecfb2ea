#include "microkernel/host_kernel.h"
#include "microkernel/invariants.h"

namespace {

constexpr uaddr_t kPage = 0x10000;
constexpr uint64_t kRw = PROT_R | PROT_W;

class SpaceTest : public KernelTest {
 protected:
  SpaceTest() : space_(kernel_.Space(5)) { first_ = kernel_.UserFrame(); }
  ~SpaceTest() override { EXPECT_EQ(invariants_.Check(), ""); }

  struct space *space() {
    return kernel_.Object<struct space>(space_);
  }
  int64_t Map(uint64_t where, uint64_t count, uint64_t f0, uint64_t f1 = 0, uint64_t f2 = 0) {
    return kernel_.Call(SYS_MAP, space_, HANDLE_BOOT_RAM, where, count, f0, f1, f2);
  }
  int64_t Unmap(uaddr_t start, uaddr_t end) { return kernel_.Call(SYS_UNMAP, space_, start, end); }
  uint64_t Entry(uaddr_t address) { return space_lookup(space(), address); }
  uint32_t Count(frame_t frame) { return frame_entry(frame)->count; }

  handle_t space_;
  frame_t first_;  // of the user frames
  Invariants invariants_;
};

uint64_t Pair(frame_t low, frame_t high) { return low | static_cast<uint64_t>(high) << 32; }

TEST_F(SpaceTest, MapsOnePage) {
  ASSERT_EQ(Map(kPage | kRw, 1, first_), 0);
  EXPECT_EQ(Entry(kPage), pte_make(first_, PTE_V | PTE_U | PTE_R | PTE_W));
  EXPECT_EQ(Entry(kPage + PAGE_SIZE), 0u);
  EXPECT_EQ(Entry(kPage - PAGE_SIZE), 0u);
  EXPECT_EQ(Count(first_), 1u);
}

TEST_F(SpaceTest, MappingWithoutRightsRemoves) {
  ASSERT_EQ(Map(kPage | PROT_R | MAP_RUN, 8, first_), 0);
  ASSERT_EQ(Map((kPage + 2 * PAGE_SIZE) | MAP_RUN, 3, 0), 0);
  ASSERT_EQ(Map(kPage, 1, 0), 0);
  ASSERT_EQ(Map(kPage, 1, 0), 0);
  for (uint32_t i = 0; i < 8; i++) {
    bool gone = i == 0 || (i >= 2 && i < 5);
    EXPECT_EQ(Entry(kPage + i * PAGE_SIZE) == 0, gone) << i;
    EXPECT_EQ(Count(first_ + i), gone ? 0u : 1u);
  }
}

TEST_F(SpaceTest, MapsListsAndRuns) {
  ASSERT_EQ(
      Map(kPage | PROT_R, 5, Pair(first_ + 4, first_ + 3), Pair(first_ + 2, first_ + 1), first_),
      0);
  for (uint32_t i = 0; i < 5; i++)
    EXPECT_EQ(pte_frame(Entry(kPage + i * PAGE_SIZE)), first_ + 4 - i);
  EXPECT_EQ(Entry(kPage + 5 * PAGE_SIZE), 0u);
  // A run over the end of a table and of its gigabyte.
  uaddr_t edge = (1ull << 30) - 2 * PAGE_SIZE;
  ASSERT_EQ(Map(edge | PROT_R | MAP_RUN, 4, first_ + 10), 0);
  for (uint32_t i = 0; i < 4; i++)
    EXPECT_EQ(pte_frame(Entry(edge + i * PAGE_SIZE)), first_ + 10 + i);
}

TEST_F(SpaceTest, MapsFromTheCallBuffer) {
  EXPECT_EQ(Map(kPage | PROT_R, 7, first_), -EINVAL);  // none yet
  frame_t buffer = kernel_.UserFrame();
  ASSERT_EQ(kernel_.Call(SYS_THREAD_BUFFER, HANDLE_BOOT_THREAD, HANDLE_BOOT_RAM, buffer), 0);
  uint32_t *entries = static_cast<uint32_t *>(arch_frame_address(buffer));
  for (uint32_t i = 0; i < MAP_BUFFER_MAX; i++) entries[i] = first_ + 1000 - i % 500;
  ASSERT_EQ(Map(kPage | PROT_R, MAP_BUFFER_MAX, 0), 0);
  for (uint32_t i = 0; i < MAP_BUFFER_MAX; i++)
    ASSERT_EQ(pte_frame(Entry(kPage + i * PAGE_SIZE)), entries[i]) << i;
  EXPECT_EQ(Map(kPage | PROT_R, MAP_BUFFER_MAX + 1, 0), -EINVAL);
  entries[1023] = frame_first;  // reserved
  EXPECT_EQ(Map((kPage + (8 << 20)) | PROT_R, MAP_BUFFER_MAX, 0), -EACCES);
  EXPECT_EQ(Entry(kPage + (8 << 20)), 0u);
}

TEST_F(SpaceTest, WriteImpliesRead) {
  ASSERT_EQ(Map(kPage | PROT_W, 1, first_), 0);
  EXPECT_EQ(Entry(kPage) & PTE_LEAF, PTE_R | PTE_W);
  ASSERT_EQ(Map((kPage + PAGE_SIZE) | PROT_X, 1, first_), 0);
  EXPECT_EQ(Entry(kPage + PAGE_SIZE) & PTE_LEAF, PTE_X);
}

TEST_F(SpaceTest, MapRefuses) {
  const struct {
    uint64_t where, count, f0;
    int error;
  } cases[] = {
      {USER_END, 1, first_, -EINVAL},                                   // no rights
      {kPage, 0, first_, -EINVAL},                                      //
      {kPage | PROT_R | 32, 1, first_, -EINVAL},                        // unknown flags
      {kPage | PROT_R | 0x800, 1, first_, -EINVAL},                     //
      {kPage | PROT_R, 0, first_, -EINVAL},                             // no pages
      {kPage | PROT_R, 1ull << 32 | 1, first_, -EINVAL},                //
      {kPage | PROT_R | MAP_RUN, 1025, first_, -EINVAL},                // too many
      {kPage | PROT_R | MAP_RUN, ~0ull, first_, -EINVAL},               //
      {USER_END | PROT_R, 1, first_, -EINVAL},                          // not the user's
      {(USER_END - PAGE_SIZE) | PROT_R | MAP_RUN, 2, first_, -EINVAL},  // runs over the end
      {0xffffffc080200000 | PROT_R, 1, first_, -EINVAL},                // the kernel's
      {0xfffffffffffff000 | PROT_R | MAP_RUN, 2, first_, -EINVAL},      // wraps
      {0x8000000000000000 | PROT_R, 1, first_, -EINVAL},                // not canonical
      {kPage | PROT_R, 1, frame_first, -EACCES},                        // reserved
      {kPage | PROT_R, 1, frame_first + LARGE_FRAMES - 1, -EACCES},     // of type object
      {kPage | PROT_R, 1, frame_first + frame_total, -EACCES},          // no RAM
      {kPage | PROT_R, 1, 0, -EACCES},                                  // a device
      {kPage | PROT_R | MAP_RUN, 2, frame_first + frame_total - 1, -EACCES},
      {kPage | PROT_R | MAP_RUN, 2, 0xffffffff, -EACCES},
      {kPage | PROT_R, 2, Pair(first_, 0xffffffff), -EACCES},
  };
  for (const auto &c : cases) {
    EXPECT_EQ(Map(c.where, c.count, c.f0), c.error) << std::hex << c.where << " " << c.count;
    EXPECT_EQ(Entry(kPage), 0u);
    EXPECT_EQ(Count(first_), 0u);
  }
}

TEST_F(SpaceTest, MapNeedsTheRightHandles) {
  auto map = [&](handle_t space, handle_t frames) {
    return kernel_.Call(SYS_MAP, space, frames, kPage | PROT_R, 1, first_);
  };
  handle_t weak_space = kernel_.Slot(), weak_ram = kernel_.Slot(), one = kernel_.Slot();
  kernel_.Call(SYS_COPY, 0, weak_space, space_, RIGHT_COPY);
  kernel_.Call(SYS_COPY, 0, weak_ram, HANDLE_BOOT_RAM, RIGHT_COPY, Pair(first_, 8));
  kernel_.Call(SYS_COPY, 0, one, HANDLE_BOOT_RAM, RIGHTS_ALL, Pair(first_ + 1, 1));
  EXPECT_EQ(map(100, HANDLE_BOOT_RAM), -EBADF);
  EXPECT_EQ(map(HANDLE_BOOT_RAM, HANDLE_BOOT_RAM), -EBADF);
  EXPECT_EQ(map(weak_space, HANDLE_BOOT_RAM), -EACCES);
  EXPECT_EQ(map(space_, 100), -EBADF);
  EXPECT_EQ(map(space_, HANDLE_KERNEL), -EBADF);
  EXPECT_EQ(map(space_, one), -EACCES);  // another frame
  EXPECT_NE(map(space_, weak_ram), 0);
  EXPECT_EQ(Entry(kPage), 0u);
}

TEST_F(SpaceTest, MapsDevicesUncounted) {
  ASSERT_EQ(kernel_.Call(SYS_MAP, space_, HANDLE_BOOT_DEVICES, kPage | kRw, 1, 0x10000), 0);
  EXPECT_EQ(pte_frame(Entry(kPage)), 0x10000u);
  EXPECT_EQ(kernel_.Call(SYS_MAP, space_, HANDLE_BOOT_DEVICES, kPage | kRw, 1, first_), -EACCES);
  EXPECT_EQ(kernel_.Call(SYS_MAP, space_, HANDLE_BOOT_DEVICES, kPage | kRw, 1, frame_first),
            -EACCES);
  ASSERT_EQ(Map(kPage | kRw, 1, first_), 0);  // replaced by RAM
  ASSERT_EQ(kernel_.Call(SYS_MAP, space_, HANDLE_BOOT_DEVICES, kPage | kRw, 1, 1), 0);
  EXPECT_EQ(Count(first_), 0u);
  EXPECT_EQ(Unmap(kPage, kPage + PAGE_SIZE), static_cast<int64_t>(kPage + PAGE_SIZE));
}

TEST_F(SpaceTest, ReplacingCountsBothFrames) {
  ASSERT_EQ(Map(kPage | kRw, 1, first_), 0);
  ASSERT_EQ(Map(kPage | PROT_R, 1, first_ + 1), 0);
  EXPECT_EQ(Count(first_), 0u);
  EXPECT_EQ(Count(first_ + 1), 1u);
  ASSERT_EQ(Map(kPage | PROT_R, 1, first_ + 1), 0);  // by itself
  EXPECT_EQ(Count(first_ + 1), 1u);
  ASSERT_EQ(Map((kPage + PAGE_SIZE) | PROT_R, 1, first_ + 1), 0);
  EXPECT_EQ(Count(first_ + 1), 2u);
}

TEST_F(SpaceTest, NothingMappedWithoutTables) {
  handle_t poor = kernel_.Space(6, 3);  // root, middle, leaf
  auto map = [&](uint64_t where, uint64_t count) {
    return kernel_.Call(SYS_MAP, poor, HANDLE_BOOT_RAM, where, count, first_);
  };
  uaddr_t edge = LARGE_SIZE - PAGE_SIZE;
  EXPECT_EQ(map(edge | PROT_R | MAP_RUN, 2), -ENOMEM);
  EXPECT_EQ(Count(first_), 0u);
  struct space *space = kernel_.Object<struct space>(poor);
  EXPECT_EQ(space_lookup(space, edge), 0u);
  EXPECT_EQ(space_lookup(space, edge + PAGE_SIZE), 0u);
  EXPECT_EQ(kernel_.Call(SYS_FUND, poor, HANDLE_BOOT_RAM, kernel_.ObjectFrame(), FUND_TABLE), 0);
  EXPECT_EQ(map(edge | PROT_R | MAP_RUN, 2), 0);
  handle_t bare = kernel_.Space(7, 0);
  EXPECT_EQ(kernel_.Call(SYS_MAP, bare, HANDLE_BOOT_RAM, kPage | PROT_R, 1, first_), -ENOMEM);
  EXPECT_EQ(kernel_.Call(SYS_UNMAP, bare, 0, USER_END), static_cast<int64_t>(USER_END));
}

TEST_F(SpaceTest, FundRefuses) {
  frame_t object = kernel_.ObjectFrame();
  auto fund = [&](handle_t space, handle_t frames, uint64_t frame, uint64_t purpose) {
    return kernel_.Call(SYS_FUND, space, frames, frame, purpose);
  };
  EXPECT_EQ(fund(space_, HANDLE_BOOT_RAM, object, 2), -EINVAL);
  EXPECT_EQ(fund(space_, HANDLE_BOOT_RAM, object, ~0ull), -EINVAL);
  EXPECT_EQ(fund(space_, HANDLE_BOOT_RAM, first_, FUND_TABLE), -EINVAL);
  EXPECT_EQ(fund(space_, HANDLE_BOOT_RAM, frame_first, FUND_TABLE), -EINVAL);
  EXPECT_EQ(fund(space_, HANDLE_BOOT_RAM, arch_address_frame(space()), FUND_TABLE), -EINVAL);
  EXPECT_EQ(fund(space_, HANDLE_BOOT_RAM, arch_address_frame(space()->root), FUND_HANDLES),
            -EINVAL);
  EXPECT_EQ(fund(space_, HANDLE_BOOT_RAM, frame_first + frame_total, FUND_TABLE), -EACCES);
  EXPECT_EQ(fund(space_, HANDLE_BOOT_DEVICES, 1, FUND_TABLE), -EBADF);
  EXPECT_EQ(fund(HANDLE_BOOT_RAM, HANDLE_BOOT_RAM, object, FUND_TABLE), -EBADF);
  EXPECT_EQ(frame_type(object), FRAME_OBJECT);
}

TEST_F(SpaceTest, UnmapMovesAccessedAndDirtyToTheBoard) {
  for (uint32_t i = 0; i < 4; i++) ASSERT_EQ(Map((kPage + i * PAGE_SIZE) | kRw, 1, first_ + i), 0);
  uint64_t bits[] = {0, PTE_A, PTE_A | PTE_D, PTE_D};
  uint64_t *table = arch_table_address(pte_load(arch_table_address(pte_load(space()->root, 0)), 0));
  for (uint32_t i = 0; i < 4; i++) table[pte_index(kPage, 0) + i] |= bits[i];
  uaddr_t end = kPage + 4 * PAGE_SIZE;
  EXPECT_EQ(kernel_.Call(SYS_HARVEST, space_, kPage, kPage + 2 * PAGE_SIZE),
            static_cast<int64_t>(kPage + 2 * PAGE_SIZE));
  EXPECT_EQ(Entry(kPage + PAGE_SIZE) & (PTE_A | PTE_D), 0u);
  EXPECT_EQ(Unmap(kPage, end), static_cast<int64_t>(end));
  for (uint32_t i = 0; i < 4; i++) {
    EXPECT_EQ(frame_board[first_ + i - frame_first], bits[i] >> 6) << i;
    EXPECT_EQ(Entry(kPage + i * PAGE_SIZE), 0u);
    EXPECT_EQ(Count(first_ + i), 0u);
  }
}

TEST_F(SpaceTest, ProtectOnlyTakesAway) {
  const struct {
    uint64_t had, asked, left;
  } cases[] = {
      {PTE_R | PTE_W, PROT_R, PTE_R},
      {PTE_R, PROT_R | PROT_W, PTE_R},
      {PTE_R | PTE_W | PTE_X, PROT_R | PROT_X, PTE_R | PTE_X},
      {PTE_R | PTE_W | PTE_X, PROT_X, PTE_X},
      {PTE_R | PTE_W | PTE_X, PROT_W, PTE_R | PTE_W},
      {PTE_R | PTE_W, PROT_X, 0},
      {PTE_X, PROT_R, 0},
      {PTE_R | PTE_W | PTE_X, 0, 0},
  };
  for (const auto &c : cases) {
    ASSERT_EQ(Map(kPage | c.had >> 1, 1, first_), 0);
    EXPECT_EQ(kernel_.Call(SYS_PROTECT, space_, kPage, kPage + PAGE_SIZE, c.asked),
              static_cast<int64_t>(kPage + PAGE_SIZE));
    EXPECT_EQ(Entry(kPage) & PTE_LEAF, c.left) << c.had << " " << c.asked;
    EXPECT_EQ(Count(first_), c.left ? 1u : 0u);
    EXPECT_EQ(Entry(kPage) == 0, c.left == 0);
  }
}

TEST_F(SpaceTest, RangesRefuse) {
  ASSERT_EQ(Map(kPage | kRw, 1, first_), 0);
  const struct {
    uaddr_t start, end;
  } cases[] = {
      {kPage + 1, kPage + PAGE_SIZE},  {kPage, kPage + 1},
      {kPage + PAGE_SIZE, kPage},      {kPage, USER_END + PAGE_SIZE},
      {USER_END, ~0ull & ~PAGE_MASK},  {0xffffffc000000000, 0xfffffffffffff000},
      {0xfffffffffffff000, PAGE_SIZE},
  };
  for (const auto &c : cases) {
    EXPECT_EQ(Unmap(c.start, c.end), -EINVAL) << std::hex << c.start;
    EXPECT_EQ(kernel_.Call(SYS_HARVEST, space_, c.start, c.end), -EINVAL);
    EXPECT_EQ(kernel_.Call(SYS_PROTECT, space_, c.start, c.end, 0), -EINVAL);
  }
  EXPECT_EQ(kernel_.Call(SYS_PROTECT, space_, kPage, kPage + PAGE_SIZE, 8), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_PROTECT, space_, kPage, kPage + PAGE_SIZE, 1ull << 32), -EINVAL);
  EXPECT_EQ(Unmap(kPage, kPage), static_cast<int64_t>(kPage));
  EXPECT_EQ(Unmap(USER_END, USER_END), static_cast<int64_t>(USER_END));
  for (uint64_t number : {SYS_UNMAP, SYS_PROTECT, SYS_HARVEST}) {
    EXPECT_EQ(kernel_.Call(number, 100, 0, USER_END), -EBADF);
    EXPECT_EQ(kernel_.Call(number, HANDLE_BOOT_THREAD, 0, USER_END), -EBADF);
  }
  EXPECT_NE(Entry(kPage), 0u);
}

TEST_F(SpaceTest, UnmapGivesTablesBack) {
  uint32_t pool = space()->pool_count;
  ASSERT_EQ(Map(kPage | kRw, 1, first_), 0);
  ASSERT_EQ(Map((kPage + (5ull << 30)) | kRw, 1, first_), 0);
  EXPECT_EQ(space()->pool_count, pool - 4);
  // Only tables whose whole span is named go back.
  Unmap(0, LARGE_SIZE - PAGE_SIZE);
  EXPECT_EQ(space()->pool_count, pool - 4);
  Unmap(0, LARGE_SIZE);
  EXPECT_EQ(space()->pool_count, pool - 3);
  EXPECT_EQ(Unmap(0, USER_END), static_cast<int64_t>(USER_END));
  EXPECT_EQ(space()->pool_count, pool);
  EXPECT_EQ(Count(first_), 0u);
}

TEST_F(SpaceTest, UnmapStopsAfterABoundedAmountOfWork) {
  for (uint32_t i = 0; i < 40; i++)
    ASSERT_EQ(kernel_.Call(SYS_FUND, space_, HANDLE_BOOT_RAM, kernel_.ObjectFrame(), FUND_TABLE),
              0);
  for (uint64_t i = 0; i < 40; i++) ASSERT_EQ(Map(i * LARGE_SIZE | PROT_R, 1, first_), 0);
  int64_t stop = Unmap(0, USER_END);
  ASSERT_GT(stop, 0);
  ASSERT_LT(stop, static_cast<int64_t>(USER_END));
  EXPECT_EQ(Entry(static_cast<uaddr_t>(stop) - LARGE_SIZE), 0u);
  EXPECT_NE(Entry(static_cast<uaddr_t>(stop)), 0u);
  EXPECT_EQ(invariants_.Check(), "");
  EXPECT_EQ(Unmap(static_cast<uaddr_t>(stop), USER_END), static_cast<int64_t>(USER_END));
  EXPECT_EQ(Count(first_), 0u);
}

TEST_F(SpaceTest, AbsorbsWhatTheEntryAllows) {
  ASSERT_EQ(Map(kPage | kRw, 1, first_), 0);
  EXPECT_TRUE(space_absorb(space(), kPage + 5, PTE_R, Entry(kPage)));
  EXPECT_EQ(Entry(kPage) & (PTE_A | PTE_D), PTE_A);
  EXPECT_TRUE(space_absorb(space(), kPage + 5, PTE_W, Entry(kPage)));
  EXPECT_EQ(Entry(kPage) & (PTE_A | PTE_D), PTE_A | PTE_D);
  EXPECT_FALSE(space_absorb(space(), kPage, PTE_X, Entry(kPage)));
  EXPECT_FALSE(space_absorb(space(), kPage + PAGE_SIZE, PTE_R, Entry(kPage + PAGE_SIZE)));
}

TEST_F(SpaceTest, DestroyDropsMappingsButNotThreads) {
  handle_t thread = kernel_.Thread(space_);
  ASSERT_EQ(Map(kPage | kRw, 1, first_), 0);
  space_absorb(space(), kPage, PTE_W, Entry(kPage));
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, space_), -EBUSY);
  EXPECT_EQ(Count(first_), 1u);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, thread), 0);
  frame_t root = arch_address_frame(space()->root);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, space_), 0);
  EXPECT_EQ(Count(first_), 0u);
  EXPECT_EQ(frame_board[first_ - frame_first], BOARD_ACCESSED | BOARD_DIRTY);
  EXPECT_EQ(frame_type(root), FRAME_OBJECT);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, space_), -EBADF);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, HANDLE_BOOT_SPACE), -EBUSY);
}

TEST_F(SpaceTest, DestroyStopsAfterABoundedAmountOfWork) {
  auto fund = [&] {
    return kernel_.Call(SYS_FUND, space_, HANDLE_BOOT_RAM, kernel_.ObjectFrame(), FUND_TABLE);
  };
  for (uint32_t i = 0; i < 40; i++) ASSERT_EQ(fund(), 0);
  for (uint64_t i = 0; i < 40; i++) ASSERT_EQ(Map(i * LARGE_SIZE | PROT_R, 1, first_), 0);
  ASSERT_EQ(kernel_.Call(SYS_DESTROY, space_), -EAGAIN);
  EXPECT_EQ(invariants_.Check(), "");
  // Half a space can only be destroyed.
  EXPECT_EQ(Map(kPage | kRw, 1, first_), -ENOMEM);
  EXPECT_EQ(fund(), -EBUSY);
  EXPECT_EQ(Unmap(0, USER_END), static_cast<int64_t>(USER_END));
  handle_t thread = kernel_.Thread(space_);
  EXPECT_EQ(kernel_.Call(SYS_THREAD_START, thread, 0x1000), -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, space_), -EBUSY);
  EXPECT_EQ(kernel_.Call(SYS_DESTROY, thread), 0);
  while (kernel_.Call(SYS_DESTROY, space_) == -EAGAIN) EXPECT_EQ(invariants_.Check(), "");
  EXPECT_EQ(Count(first_), 0u);
  EXPECT_EQ(handle_slot(boot_space, space_)->type, OBJECT_NONE);
}

TEST_F(SpaceTest, CreateRefuses) {
  frame_t frame = kernel_.ObjectFrame();
  handle_t slot = kernel_.Slot();
  auto create = [&](uint64_t type, uint64_t from, uint64_t where, uint64_t to, uint64_t argument) {
    return kernel_.Call(SYS_CREATE, type, from, where, to, argument);
  };
  EXPECT_EQ(create(OBJECT_NONE, HANDLE_BOOT_RAM, frame, slot, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_FRAMES, HANDLE_BOOT_RAM, frame, slot, 0), -EINVAL);
  EXPECT_EQ(create(1ull << 32 | OBJECT_SPACE, HANDLE_BOOT_RAM, frame, slot, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_DEVICES, 1, slot, 0), -EBADF);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_RAM, first_, slot, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_RAM, frame_first, slot, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_RAM, arch_address_frame(space()), slot, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_RAM, frame_first + frame_total, slot, 0), -EACCES);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_RAM, frame | 1ull << 32, slot, 0), -EACCES);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_RAM, frame, 0, 0), -EBADF);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_RAM, frame, 5000, 0), -EBADF);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_RAM, frame, space_, 0), -EEXIST);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_RAM, frame, slot, 1ull << 32), -EINVAL);
  EXPECT_EQ(create(OBJECT_THREAD, HANDLE_BOOT_RAM, frame, slot, HANDLE_BOOT_RAM), -EBADF);
  EXPECT_EQ(create(OBJECT_THREAD, HANDLE_BOOT_RAM, frame, slot, 0), -EBADF);
  EXPECT_EQ(frame_type(frame), FRAME_OBJECT);
  EXPECT_EQ(create(OBJECT_SPACE, HANDLE_BOOT_RAM, frame, slot, 0xffffffff), 0);
}

TEST(SpaceAsid, EndAndComeBack) {
  HostKernel kernel(1, 2, 4);  // one is the kernel's, one the boot space's
  handle_t a = kernel.Space(1, 1), b = kernel.Space(2, 1);
  frame_t frame = kernel.ObjectFrame();
  handle_t slot = kernel.Slot();
  EXPECT_EQ(kernel.Call(SYS_CREATE, OBJECT_SPACE, HANDLE_BOOT_RAM, frame, slot, 3), -EAGAIN);
  EXPECT_EQ(frame_type(frame), FRAME_OBJECT);
  EXPECT_EQ(handle_slot(boot_space, slot)->type, OBJECT_NONE);
  uint32_t asid = kernel.Object<struct space>(a)->asid;
  EXPECT_NE(asid, kernel.Object<struct space>(b)->asid);
  EXPECT_EQ(kernel.Call(SYS_DESTROY, a), 0);
  EXPECT_EQ(kernel.Call(SYS_CREATE, OBJECT_SPACE, HANDLE_BOOT_RAM, frame, slot, 3), 0);
  EXPECT_EQ(kernel.Object<struct space>(slot)->asid, asid);
}

TEST_F(SpaceTest, WindowStaysWhole) {
  uint64_t block = frame_first + LARGE_FRAMES;
  uaddr_t address = BOOT_WINDOW + (block << PAGE_SHIFT);
  auto window = [&] {
    return *kernel_.machine().tlb.Possible(0, boot_space->translation, address).rbegin();
  };
  ASSERT_EQ(pte_frame(window()), block);
  // Neither an unmap of all nor a mapping takes it away.
  EXPECT_EQ(kernel_.Call(SYS_UNMAP, HANDLE_BOOT_SPACE, BOOT_WINDOW, BOOT_WINDOW + (4ull << 30)),
            static_cast<int64_t>(BOOT_WINDOW + (4ull << 30)));
  EXPECT_EQ(pte_frame(window()), block);
  EXPECT_NE(kernel_.Call(SYS_MAP, HANDLE_BOOT_SPACE, HANDLE_BOOT_RAM, address | PROT_R, 1, first_),
            0);
  ASSERT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block + LARGE_FRAMES, RETYPE_OBJECT), 0);
  EXPECT_EQ(kernel_.Call(SYS_MAP, HANDLE_BOOT_SPACE, HANDLE_BOOT_RAM,
                         (address + LARGE_SIZE) | PROT_R, 1, first_),
            -EINVAL);
  EXPECT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block + LARGE_FRAMES, RETYPE_USER), 0);
  EXPECT_EQ(invariants_.Check(), "");
}

}  // namespace
