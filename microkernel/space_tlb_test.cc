// S2 against the model of the translation caches: once a call has returned, no hart that runs in
// the space can use what the call took away, nor can one that enters it later.

#include "microkernel/host_kernel.h"
#include "microkernel/invariants.h"

namespace {

constexpr uint32_t kHarts = 3;
constexpr uaddr_t kBase = 0x40000000;
constexpr uint64_t kRw = PROT_R | PROT_W;

class SpaceTlbTest : public KernelTest {
 protected:
  SpaceTlbTest() : KernelTest(kHarts), space_(kernel_.Space(5, 8)) {
    for (uint32_t i = 0; i < 8; i++) frame_[i] = kernel_.UserFrame();
    MakeThreads();
    Speculate({});
    kernel_.machine().before_fence = [this] { EverybodyLooks(); };
  }
  ~SpaceTlbTest() override { kernel_.machine().before_fence = nullptr; }

  struct space *space() {
    return kernel_.Object<struct space>(space_);
  }
  void MakeThreads() {
    for (uint32_t i = 1; i < kHarts; i++)
      threads_[i] = kernel_.Object<struct thread>(kernel_.Thread(space_));
  }
  // Harts 1 and 2 run threads of the space from here on.
  void RunOthers() {
    for (uint32_t i = 1; i < kHarts; i++) kernel_.Run(i, threads_[i]);
  }
  // From here on harts look at these addresses whenever they may, as often as it helps.
  void Speculate(std::vector<uaddr_t> addresses) {
    addresses_ = std::move(addresses);
    EverybodyLooks();
  }
  void EverybodyLooks() {
    for (uint32_t hart = 0; hart < kHarts; hart++)
      for (uaddr_t a : addresses_) kernel_.machine().tlb.Speculate(hart, a);
  }
  void ExpectClean(struct space *space) {
    int there = 0;
    for (uint32_t hart = 0; hart < kHarts; hart++) {
      if (kernel_.machine().tlb.translation(hart) != space->translation) continue;
      there++;
      for (uaddr_t a : addresses_)
        EXPECT_EQ(kernel_.machine().tlb.Violation(hart, space->translation, a), "");
    }
    EXPECT_GT(there, 0);
    EXPECT_EQ(Invariants().Check(), "");
  }
  void Map(uint64_t where, frame_t frame) {
    ASSERT_EQ(kernel_.Call(SYS_MAP, space_, HANDLE_BOOT_RAM, where, 1, frame), 0);
  }

  handle_t space_;
  struct thread *threads_[kHarts] = {};
  frame_t frame_[8];
  std::vector<uaddr_t> addresses_;
};

// The model itself: without a fence the old entry stays, so these tests can fail.
TEST_F(SpaceTlbTest, ModelKeepsStaleEntries) {
  RunOthers();
  Map(kBase | kRw, frame_[0]);
  Speculate({kBase});
  uint64_t *table = arch_table_address(pte_load(arch_table_address(pte_load(space()->root, 1)), 0));
  uint64_t old = pte_exchange(table, 0, 0);
  EXPECT_NE(kernel_.machine().tlb.Violation(1, space()->translation, kBase), "");
  EXPECT_EQ(kernel_.machine().tlb.Violation(0, space()->translation, kBase),
            "");  // never was there
  kernel_.machine().tlb.FencePage(1, kBase, space()->asid + 1);
  EXPECT_NE(kernel_.machine().tlb.Violation(1, space()->translation, kBase), "");
  kernel_.machine().tlb.FencePage(1, kBase + PAGE_SIZE, space()->asid);
  EXPECT_NE(kernel_.machine().tlb.Violation(1, space()->translation, kBase), "");
  kernel_.machine().tlb.FencePage(1, kBase, space()->asid);
  EXPECT_EQ(kernel_.machine().tlb.Violation(1, space()->translation, kBase), "");
  EXPECT_NE(kernel_.machine().tlb.Violation(2, space()->translation, kBase), "");
  kernel_.machine().tlb.FenceAsid(2, space()->asid);
  pte_store(table, 0, old);
}

// A pointer to a table outlives a fence of one address.
TEST_F(SpaceTlbTest, ModelKeepsPointersToTables) {
  RunOthers();
  Map(kBase | kRw, frame_[0]);
  Speculate({kBase});
  uint64_t *middle = arch_table_address(pte_load(space()->root, 1));
  uint64_t old = pte_exchange(middle, 0, 0);
  kernel_.machine().tlb.FencePage(1, kBase, space()->asid);
  EXPECT_NE(kernel_.machine().tlb.Violation(1, space()->translation, kBase), "");
  kernel_.machine().tlb.FenceAsid(1, space()->asid);
  EXPECT_EQ(kernel_.machine().tlb.Violation(1, space()->translation, kBase), "");
  pte_store(middle, 0, old);
}

TEST_F(SpaceTlbTest, Unmap) {
  RunOthers();
  Map(kBase | kRw, frame_[0]);
  Map((kBase + PAGE_SIZE) | kRw, frame_[1]);
  Speculate({kBase, kBase + PAGE_SIZE});
  kernel_.Call(SYS_UNMAP, space_, kBase, kBase + PAGE_SIZE);
  ExpectClean(space());
  kernel_.Call(SYS_UNMAP, space_, 0, USER_END);
  ExpectClean(space());
}

// The tables of an unmapped range are used again elsewhere at once.
TEST_F(SpaceTlbTest, UnmapAndReuseOfTables) {
  RunOthers();
  std::vector<uaddr_t> all = {kBase, kBase + PAGE_SIZE, kBase + LARGE_SIZE, 0, 7ull << 30};
  Map(kBase | kRw, frame_[0]);
  Map((kBase + LARGE_SIZE) | kRw, frame_[1]);
  Speculate(all);
  kernel_.Call(SYS_UNMAP, space_, kBase, kBase + LARGE_SIZE);
  ExpectClean(space());
  EverybodyLooks();
  ExpectClean(space());
  kernel_.Call(SYS_UNMAP, space_, kBase, kBase + (1ull << 30));
  EverybodyLooks();
  for (uaddr_t a : {uaddr_t{0}, uaddr_t{7ull << 30}}) Map(a | kRw, frame_[2]);
  EverybodyLooks();
  ExpectClean(space());
}

// While tables go back to the pool, other harts still reach them: what they find must never be a
// translation that nobody made.
TEST_F(SpaceTlbTest, TablesInThePoolTranslateNothing) {
  RunOthers();
  Map(kBase | kRw, frame_[0]);
  Map((kBase + LARGE_SIZE) | kRw, frame_[1]);
  addresses_ = {kBase, kBase + LARGE_SIZE};
  EverybodyLooks();
  kernel_.machine().before_fence = [this] {
    EverybodyLooks();
    for (uaddr_t a : addresses_)
      for (uint64_t pte : kernel_.machine().tlb.Possible(1, space()->translation, a))
        EXPECT_TRUE(!pte || pte_frame(pte) == frame_[0] || pte_frame(pte) == frame_[1]) << pte;
  };
  kernel_.Call(SYS_UNMAP, space_, kBase, kBase + (1ull << 30));
  ExpectClean(space());
}

TEST_F(SpaceTlbTest, Protect) {
  RunOthers();
  for (uint64_t prot : {kRw, uint64_t{PROT_R}, uint64_t{0}}) {
    Map(kBase | kRw | PROT_X, frame_[0]);
    Speculate({kBase});
    kernel_.Call(SYS_PROTECT, space_, kBase, kBase + PAGE_SIZE, prot);
    ExpectClean(space());
  }
}

TEST_F(SpaceTlbTest, Harvest) {
  RunOthers();
  Map(kBase | kRw, frame_[0]);
  Speculate({kBase});
  space_absorb(space(), kBase, PTE_W, space_lookup(space(), kBase));
  EverybodyLooks();
  kernel_.Call(SYS_HARVEST, space_, kBase, kBase + PAGE_SIZE);
  ExpectClean(space());
  EXPECT_EQ(frame_board[frame_[0] - frame_first], BOARD_ACCESSED | BOARD_DIRTY);
}

TEST_F(SpaceTlbTest, Replace) {
  RunOthers();
  Map(kBase | kRw, frame_[0]);
  Speculate({kBase});
  Map(kBase | kRw, frame_[1]);
  ExpectClean(space());
  Map(kBase | PROT_R, frame_[1]);
  ExpectClean(space());
}

TEST_F(SpaceTlbTest, LargeRangesToo) {
  RunOthers();
  std::vector<uaddr_t> all;
  for (uint64_t i = 0; i < 40; i++) all.push_back(kBase + i * PAGE_SIZE);
  for (uaddr_t a : all) Map(a | kRw, frame_[0]);
  Speculate(all);
  kernel_.Call(SYS_PROTECT, space_, all.front(), all.back() + PAGE_SIZE, PROT_R);
  ExpectClean(space());
  kernel_.Call(SYS_UNMAP, space_, all.front(), all.back() + PAGE_SIZE);
  ExpectClean(space());
}

// Harts that left the space may keep its entries until they come back.
TEST_F(SpaceTlbTest, HartsThatWereThere) {
  RunOthers();
  Map(kBase | kRw, frame_[0]);
  Speculate({kBase});
  for (uint32_t i = 1; i < kHarts; i++) kernel_.Run(i, kernel_.boot_thread(i));
  kernel_.Call(SYS_UNMAP, space_, kBase, kBase + PAGE_SIZE);
  RunOthers();
  ExpectClean(space());
}

TEST_F(SpaceTlbTest, ReuseOfTheAsid) {
  RunOthers();
  std::vector<uaddr_t> all = {kBase, kBase + LARGE_SIZE, 0};
  Map(kBase | kRw, frame_[0]);
  Map(kRw, frame_[1]);
  Speculate(all);
  for (uint32_t i = 1; i < kHarts; i++) kernel_.Run(i, kernel_.boot_thread(i));
  kernel_.Call(SYS_UNMAP, space_, 0, USER_END);
  uint32_t asid = space()->asid;
  for (uint32_t i = 1; i < kHarts; i++) thread_kill(threads_[i]);
  frame_t root = arch_address_frame(space()->root);
  ASSERT_EQ(kernel_.Call(SYS_DESTROY, space_), 0);
  space_ = kernel_.Space(6, 8);
  ASSERT_EQ(space()->asid, asid);
  ASSERT_NE(arch_address_frame(space()->root), root);
  MakeThreads();
  RunOthers();
  ExpectClean(space());
  Map(kBase | PROT_R, frame_[2]);
  ExpectClean(space());
}

// A wider or new entry needs no fence; who meets the old one has its fault absorbed.
TEST_F(SpaceTlbTest, StaleNarrowEntriesAreAbsorbed) {
  RunOthers();
  Speculate({kBase});
  Map(kBase | PROT_R, frame_[0]);
  std::set<uint64_t> possible = kernel_.machine().tlb.Possible(1, space()->translation, kBase);
  EXPECT_EQ(possible.count(0), 1u);  // still invalid there
  ExpectClean(space());
  host::Machine &m = kernel_.machine();
  struct thread *next = m.Enter(1, [] { return fault_page(kBase, PTE_R); });
  EXPECT_EQ(next, threads_[1]);
  for (uint64_t pte : m.tlb.Possible(1, space()->translation, kBase)) EXPECT_NE(pte & PTE_R, 0u);
}

TEST_F(SpaceTlbTest, RetypeTakesTheWindowAway) {
  uint64_t block = frame_first + 2 * LARGE_FRAMES;
  uaddr_t address = BOOT_WINDOW + (block << PAGE_SHIFT);
  Speculate({address, address + 5 * PAGE_SIZE});
  kernel_.Run(1, threads_[1]);
  ASSERT_EQ(kernel_.Call(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT), 0);
  ExpectClean(boot_space);
  kernel_.Run(1, kernel_.boot_thread(1));
  ExpectClean(boot_space);
}

// S4: who may fetch from a new executable page has fenced instructions.
TEST_F(SpaceTlbTest, ExecutableMappingsFenceInstructions) {
  RunOthers();
  kernel_.machine().fetch_fences = 0;
  Map(kBase | kRw, frame_[0]);
  EXPECT_EQ(kernel_.machine().fetch_fences, 0u);
  Map(kBase | PROT_R | PROT_X, frame_[0]);
  EXPECT_EQ(kernel_.machine().fetch_fences, 7u);
  // A hart that is elsewhere does it when it comes back.
  kernel_.Run(1, kernel_.boot_thread(1));
  kernel_.machine().fetch_fences = 0;
  Map((kBase + PAGE_SIZE) | PROT_X, frame_[1]);
  EXPECT_EQ(kernel_.machine().fetch_fences, 5u);
  RunOthers();
  EXPECT_EQ(kernel_.machine().fetch_fences, 7u);
}

}  // namespace
