// Pages that go to swap and come back, with exact counts.
#include <csignal>

#include "protocols/proc.h"
#include "servers/pager/core/swap_fixture.h"

namespace {

TEST_F(SwapTest, PagesGoAndComeBack) {
  uint64_t va = Filled(32);
  uint32_t free = pager_->free.count;
  Evict(16);
  EXPECT_EQ(pager_->free.count, free + 16);
  EXPECT_EQ(machine_.store.page_outs, 16u);
  EXPECT_EQ(machine_.counts->requests_out, 1u) << "adjacent slots, one request";
  EXPECT_EQ(Swapped(space_), 16u);
  for (uint32_t i = 0; i < 32; i++) ASSERT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), i);
  EXPECT_EQ(Swapped(space_), 0u);
  EXPECT_EQ(machine_.store.page_ins, 16u);
}

TEST_F(SwapTest, ALaterBurstHarvestsAgain) {
  Filled(NODE_WAYS);
  Evict(16);
  uint64_t harvests = machine_.kernel.harvest_calls;
  Evict(16);
  EXPECT_EQ(machine_.kernel.harvest_calls, harvests + 1);
}

TEST_F(SwapTest, WhatWasNotChangedGoesAgainWithoutAWrite) {
  uint64_t va = Filled(1);
  Evict(1);
  EXPECT_EQ(machine_.Read(space_, va), 0);
  Evict(1);
  EXPECT_EQ(Swapped(space_), 1u);
  EXPECT_EQ(machine_.store.page_outs, 1u);
  machine_.Write(space_, va, 9);
  Evict(1);
  EXPECT_EQ(machine_.store.page_outs, 2u);
  EXPECT_EQ(machine_.Read(space_, va), 9);
}

// The window doubles while pages are missed in order, of programs as of objects.
TEST_F(SwapTest, ReadingAheadAdapts) {
  pager_option(pager_, PAGER_READ_AHEAD, 16);
  for (uint32_t flags : {FakeMachine::kPrivate, FakeMachine::kShared}) {
    uint64_t va = Filled(32, flags);
    Evict(32);
    uint64_t requests = machine_.counts->requests_in;
    for (uint32_t i = 0; i < 32; i++) ASSERT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), i);
    EXPECT_EQ(machine_.counts->requests_in - requests, 6u) << "1, 2, 4, 8, 16 pages, and the last";
    Evict(32);
    requests = machine_.counts->requests_in;
    uint64_t pages = machine_.store.page_ins;
    for (uint32_t i : {21, 5, 29, 13}) ASSERT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), i);
    EXPECT_EQ(machine_.counts->requests_in - requests, 4u);
    EXPECT_EQ(machine_.store.page_ins - pages, 4u) << "out of order, none is read in vain";
    EXPECT_EQ(pager_unmap(pager_, space_, va, 32 * PAGE_SIZE), 0);
  }
}

// Pages that are adjacent in memory are read together wherever their slots are, and others in
// memory may be between them.
TEST_F(SwapTest, ReadingAheadFindsWhatIsElsewhere) {
  pager_option(pager_, PAGER_READ_AHEAD, 16);
  for (uint32_t flags : {FakeMachine::kPrivate, FakeMachine::kShared}) {
    uint64_t va = machine_.MapAnonymous(space_, 32, FakeMachine::kReadWrite, flags);
    for (uint32_t first : {0, 1}) {
      for (uint32_t i = first; i < 32; i += 2) {
        machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)i);
      }
    }
    Evict(32);
    uint64_t waits = machine_.counts->faults_major, pages = machine_.store.page_ins;
    ReadInOrder(va, 32);
    EXPECT_EQ(machine_.counts->faults_major - waits, 6u) << "1, 2, 4, 8, 16 pages, and the last";
    EXPECT_EQ(machine_.store.page_ins - pages, 32u);
    Evict(32);
    for (uint32_t i = 1; i < 32; i += 2) machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)i);
    waits = machine_.counts->faults_major;
    ReadInOrder(va, 32);
    EXPECT_EQ(machine_.counts->faults_major - waits, 5u) << "at pages 0, 2, 4, 8, 16";
    EXPECT_EQ(pager_unmap(pager_, space_, va, 32 * PAGE_SIZE), 0);
  }
}

TEST_F(SwapTest, TheFirstMissIsReadAlone) {
  uint64_t va = machine_.MapAnonymous(space_, 2, FakeMachine::kReadWrite, FakeMachine::kShared);
  machine_.Write(space_, va + PAGE_SIZE, 1);
  machine_.Write(space_, va, 0);
  Evict(1);
  EXPECT_EQ(machine_.Read(space_, va + PAGE_SIZE), 1) << "behind a page in memory";
  EXPECT_EQ(machine_.store.page_ins, 1u);
}

// Each object has a window of its own.
TEST_F(SwapTest, ObjectsAreReadAheadSideBySide) {
  pager_option(pager_, PAGER_READ_AHEAD, 16);
  uint64_t one = Filled(32, FakeMachine::kShared);
  Evict(32);
  uint64_t two = Filled(32, FakeMachine::kShared);
  Evict(32);
  uint64_t requests = machine_.counts->requests_in;
  for (uint32_t i = 0; i < 31; i++) {
    ASSERT_EQ(machine_.Read(space_, one + i * PAGE_SIZE), i);
    ASSERT_EQ(machine_.Read(space_, two + i * PAGE_SIZE), i);
  }
  EXPECT_EQ(machine_.counts->requests_in - requests, 10u) << "1, 2, 4, 8, 16 pages of each";
}

// One page after the other is taken while what was evicted is still being written.
TEST_F(SwapTest, PagesAreWrittenByWholeRequests) {
  Filled(200);
  uint64_t va = machine_.MapAnonymous(space_, 200);
  pager_->free_low = pager_->free.count - 1;
  pager_->evict.high = pager_->free_low + 64;
  uint64_t requests = machine_.counts->requests_out, pages = machine_.counts->pages_swapped_out;
  for (uint32_t i = 0; i < 60; i++) machine_.Write(space_, va + i * PAGE_SIZE, 1);
  pages = machine_.counts->pages_swapped_out - pages;
  EXPECT_GE(pages, 64u);
  EXPECT_LE(machine_.counts->requests_out - requests, pages / OBJECT_REQUEST_PAGES + 1);
  evict_set_limits(pager_);
  machine_.store.Drain();
}

// All that an object has is given up at once: pages, slots, and what is on its way.
TEST_F(SwapTest, SharedMemoryIsGivenUp) {
  uint32_t used = machine_.FramesInUse(), slots = pager_->swap.free;
  uint64_t va = Filled(100, FakeMachine::kShared);
  Evict(32);
  EXPECT_EQ(machine_.Read(space_, va), 0);
  pager_->free_low = pager_->free.count + 1;
  pager_->evict.high = pager_->free.count + 16;
  pager_between(pager_);
  evict_set_limits(pager_);
  EXPECT_EQ(pager_->swap.writing, 16u);
  EXPECT_EQ(pager_unmap(pager_, space_, va, 100 * PAGE_SIZE), 0);
  machine_.store.Drain();
  EXPECT_EQ(machine_.FramesInUse(), used);
  EXPECT_EQ(pager_->swap.free, slots);
}

TEST_F(SwapTest, LockedPagesAreSetAsideUntilTheyAreUnlocked) {
  uint64_t va = Filled(8);
  const uint32_t *aside = &pager_->replacement.count[LIST_ASIDE];
  ASSERT_EQ(pager_lock(pager_, space_, va, 4 * PAGE_SIZE, 0), 0);
  Evict(8);
  EXPECT_EQ(Swapped(space_), 4u);
  EXPECT_EQ(*aside, 4u);
  ASSERT_EQ(pager_unlock(pager_, space_, va + 2 * PAGE_SIZE, 2 * PAGE_SIZE, 0), 0);
  for (uint32_t i = 0; i < 3; i++) Evict(4);
  EXPECT_EQ(Swapped(space_), 6u);
  EXPECT_EQ(*aside, 2u);
  EXPECT_EQ(pager_unmap(pager_, space_, va, PAGE_SIZE), 0);
  EXPECT_EQ(*aside, 1u);
}

TEST_F(SwapTest, UnlockedPagesAreFoundWhenMemoryIsNeededAtOnce) {
  space_->limit[LIMIT_MEMLOCK].soft = UINT64_MAX;
  uint32_t pages = pager_->free.count - FRAMES_RESERVE - 20;
  uint64_t va = Filled(pages, FakeMachine::kPrivate | PAGER_LOCKED);
  for (uint32_t i = 0; i < pages; i++) pager_between(pager_);
  EXPECT_EQ(pager_->replacement.count[LIST_ASIDE], pages);
  ASSERT_EQ(pager_unlock(pager_, space_, va + (pages - 90) * PAGE_SIZE, 90 * PAGE_SIZE, 0), 0);
  Filled(100);
  EXPECT_TRUE(machine_.ended.empty());
  EXPECT_GT(Swapped(space_), 0u);
}

// A machine whose pages were all used, with a burst of eviction in which no write is answered.
class BurstTest : public testing::Test {
 protected:
  BurstTest() : pager_(machine_.pager) {
    struct space *space = machine_.Start(kBadge);
    machine_.OnePage();
    machine_.store.Make(kSwap, kPages, 0);
    EXPECT_EQ(pager_swap_add(pager_, kSwap, kPages, 0), 1);
    EXPECT_GE(pager_option(pager_, PAGER_POLICY, PAGER_POLICY_CLOCK), 0);
    uint64_t va = machine_.MapAnonymous(space, kPages);
    for (uint32_t i = 0; i < kPages; i++) machine_.Write(space, va + i * PAGE_SIZE, 1);
  }
  ~BurstTest() override {
    evict_set_limits(pager_);
    machine_.store.Drain();
    machine_.kernel.Check();
  }

  void Begin(uint32_t pages) { machine_.BeginToEvict(pages); }
  uint64_t Harvests() const { return machine_.kernel.harvest_calls; }

  static constexpr uint32_t kPages = 3000;
  FakeMachine machine_{4096};
  struct pager *pager_;
};

// The clock looks at four pages for each that goes, so at a leaf for sixteen: once, though steps
// begin within one.
TEST_F(BurstTest, HarvestsALeafOnce) {
  constexpr uint32_t kEvicted = 512, kLooks = 4 * kEvicted;
  Begin(8);
  uint32_t next = replacement_next(&pager_->replacement);
  ASSERT_NE(page_of(pager_, next)->index % NODE_WAYS, 0u);
  uint64_t harvests = Harvests();
  Begin(8 + kEvicted);
  while (pager_->evict.active) pager_between(pager_);
  EXPECT_EQ(pager_->swap.writing, 8 + kEvicted);
  EXPECT_LE(Harvests() - harvests, kLooks / NODE_WAYS + 2) << "2: the first, the last";
}

// Looking would only take the accessed bits of pages that cannot be written.
TEST_F(BurstTest, LooksAtNothingWhileAllWritesAreOut) {
  constexpr uint32_t kRequests = OBJECT_RING_SLOTS - OBJECT_RING_SLOTS / REQUESTS_FOR_READING_PART;
  Begin(kRequests * OBJECT_REQUEST_PAGES + 200);
  while (request_is_free(pager_, OBJECT_PAGE_OUT)) pager_between(pager_);
  EXPECT_EQ(pager_->swap.writing, kRequests * OBJECT_REQUEST_PAGES);
  uint64_t harvests = Harvests();
  uint32_t next = replacement_next(&pager_->replacement);
  for (uint32_t i = 0; i < 100; i++) pager_between(pager_);
  EXPECT_TRUE(pager_->evict.active);
  EXPECT_EQ(Harvests(), harvests);
  EXPECT_EQ(replacement_next(&pager_->replacement), next);
  machine_.store.Take();
  machine_.store.Answer(0);
  EXPECT_EQ(pager_->swap.writing, kRequests * OBJECT_REQUEST_PAGES) << "it went on at once";
}

// Pages read from swap for a hot set of a quarter of memory, of which a page is touched for each
// one of a scan of four times memory, again and again; counted in the later half. Most of the
// machine's memory is locked, or taken away.
uint64_t HotPagesRead(enum pager_policy policy, bool locked) {
  constexpr uint32_t kMemory = 400, kHot = kMemory / 4, kCold = 4 * kMemory, kScans = 6;
  FakeMachine machine(4096);
  struct space *space = machine.Start(kBadge);
  struct pager *pager = machine.pager;
  machine.OnePage();
  machine.store.Make(kSwap, 4096, 0);
  EXPECT_EQ(pager_swap_add(pager, kSwap, 4096, 0), 1);
  EXPECT_GE(pager_option(pager, PAGER_POLICY, policy), 0);
  uint32_t rest = pager->free_low + kMemory;
  if (locked) {
    space->limit[LIMIT_MEMLOCK].soft = UINT64_MAX;
    uint32_t pages = pager->free.count - rest - 60;
    uint64_t va = machine.MapAnonymous(space, pages, FakeMachine::kReadWrite,
                                       FakeMachine::kPrivate | PAGER_LOCKED);
    for (uint32_t i = 0; i < pages; i++) machine.Write(space, va + i * PAGE_SIZE, 1);
  }
  while (pager->free.count > rest) {
    page_of(pager, frame_take(pager))->state = PAGE_RESERVED;
    pager->frames_reserved++;
  }
  uint64_t hot = machine.MapAnonymous(space, kHot), cold = machine.MapAnonymous(space, kCold);
  uint64_t read = 0;
  for (uint32_t i = 0; i < kScans * kCold; i++) {
    machine.Write(space, cold + i % kCold * PAGE_SIZE, 1);
    pager_between(pager);
    uint64_t before = machine.store.page_ins;
    machine.Write(space, hot + i % kHot * PAGE_SIZE, 2);
    if (i >= kScans * kCold / 2) read += machine.store.page_ins - before;
    pager_between(pager);
    machine.store.Drain();
  }
  EXPECT_GT(machine.store.page_ins, (uint64_t)kScans * kCold / 2) << "memory is short";
  return read;
}

TEST(SwapScan, TwoQueuesKeepAHotSet) {
  constexpr uint64_t kHotTouches = 3 * 1600;
  for (bool locked : {false, true}) {
    EXPECT_LT(HotPagesRead(PAGER_POLICY_2Q, locked), 10u) << "locked " << locked;
    EXPECT_GT(HotPagesRead(PAGER_POLICY_FIFO, locked), kHotTouches / 5) << "locked " << locked;
  }
}

TEST_F(SwapTest, AForkSharesSlots) {
  uint64_t va = Filled(4);
  Evict(4);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(Swapped(child), 4u);
  machine_.Write(child, va, 50);
  EXPECT_EQ(machine_.store.page_ins, 1u);
  EXPECT_EQ(machine_.Read(space_, va), 0) << "the copy is the child's alone";
  EXPECT_EQ(machine_.Read(child, va), 50);
  EXPECT_EQ(machine_.store.page_ins, 1u) << "read once for both";
  machine_.Kill(child);
  EXPECT_EQ(machine_.Read(space_, va + 3 * PAGE_SIZE), 3);
}

TEST_F(SwapTest, ExitGivesSlotsBack) {
  struct space *child = machine_.Fork(space_, kChild);
  uint64_t va = machine_.MapAnonymous(child, 8);
  for (uint32_t i = 0; i < 8; i++) machine_.Write(child, va + i * PAGE_SIZE, 1);
  Evict(8);
  EXPECT_EQ(pager_->swap.area[0].used, 8u);
  EXPECT_EQ(pager_unmap(pager_, child, va, PAGE_SIZE), 0);
  EXPECT_EQ(pager_->swap.area[0].used, 7u);
  machine_.Kill(child);
  EXPECT_EQ(pager_->swap.area[0].used, 0u);
}

TEST_F(SwapTest, WhatIsUsedWhileItIsWrittenStays) {
  uint64_t va = Filled(2);
  pager_->free_low = pager_->free.count + 1;
  pager_->evict.high = pager_->free.count + 2;
  pager_between(pager_);
  evict_set_limits(pager_);
  uint64_t faults = machine_.counts->faults;
  machine_.Write(space_, va, 42);
  EXPECT_EQ(machine_.counts->faults, faults) << "it is still mapped";
  machine_.store.Drain();
  EXPECT_EQ(Swapped(space_), 1u);
  EXPECT_EQ(machine_.Read(space_, va), 42);
  EXPECT_EQ(pager_->swap.area[0].used, 1u) << "what was written is not what is there";
}

// Pages of parent and child that are written in one run, the child's in a leaf that it alone has.
TEST_F(SwapTest, ARunOfAFamilyGoesFromAllWhoHaveAPartOfIt) {
  uint64_t va = machine_.MapAnonymous(space_, 3 * NODE_WAYS);
  uint64_t border = ((va >> PAGE_SHIFT | NODE_MASK) + 1) << PAGE_SHIFT;
  struct space *child = machine_.Fork(space_, kChild);
  machine_.Write(space_, border - PAGE_SIZE, 1);
  machine_.Write(child, border, 2);
  Evict(2);
  EXPECT_EQ(machine_.counts->requests_out, 1u);
  EXPECT_EQ(machine_.kernel.Find(kBadge, (uint32_t)(border >> PAGE_SHIFT) - 1), nullptr);
  EXPECT_EQ(machine_.kernel.Find(kChild, (uint32_t)(border >> PAGE_SHIFT)), nullptr);
  EXPECT_EQ(machine_.Read(space_, border - PAGE_SIZE), 1);
  EXPECT_EQ(machine_.Read(child, border), 2);
}

TEST_F(SwapTest, PageThatCannotBeReadIsABusError) {
  uint64_t va = Filled(1);
  Evict(1);
  token_t token = machine_.kernel.NewToken();
  Answer answer = {};
  bool answered;
  EXPECT_EQ(machine_.kernel.Access(kBadge, va, FAULT_READ, token, &answer, &answered), nullptr);
  machine_.store.Take();
  machine_.store.Answer(0, -EIO);
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.signal, (uint32_t)SIGBUS);
  EXPECT_EQ(answer.reason, (uint32_t)FAULT_IO_ERROR);
  EXPECT_EQ(machine_.Read(space_, va), 0) << "the next time it can be read";
}

TEST_F(SwapTest, PageThatCannotBeWrittenStaysAndGoesElsewhere) {
  uint64_t va = Filled(1);
  Evict(1, -EIO);
  EXPECT_EQ(Swapped(space_), 0u);
  EXPECT_EQ(pager_->swap.area[0].bad, 1u);
  Evict(1);
  EXPECT_EQ(Swapped(space_), 1u);
  EXPECT_EQ(machine_.Read(space_, va), 0);
}

// Of pages that are written together only the slot that fails alone is given up.
TEST_F(SwapTest, OnlyTheSlotThatFailsIsBad) {
  uint64_t va = Filled(16);
  machine_.store.bad_page = 5;
  Evict(16);
  machine_.store.Drain();
  EXPECT_EQ(machine_.counts->requests_out, 1u + 16u);
  EXPECT_EQ(pager_->swap.area[0].bad, 1u);
  EXPECT_EQ(pager_->swap.writing, 0u);
  EXPECT_EQ(Swapped(space_), 15u);
  Evict(1);
  EXPECT_EQ(Swapped(space_), 16u) << "it has gone elsewhere";
  for (uint32_t i = 0; i < 16; i++) ASSERT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), i);
}

// Without a request for each the rest stays, in slots that are not blamed.
TEST_F(SwapTest, WhatCannotBeWrittenAloneStays) {
  Filled(64);
  machine_.store.bad_page = 5;
  pager_->free_low = pager_->free.count + 1;
  pager_->evict.high = pager_->free.count + 16;
  pager_between(pager_);
  machine_.store.Take();
  std::vector<struct request *> taken;
  while (request_is_free(pager_, OBJECT_PAGE_OUT)) {
    taken.push_back(request_take(pager_, pager_->swap.area[0].object, OBJECT_PAGE_OUT, 100));
  }
  evict_set_limits(pager_);
  machine_.store.Answer(0);
  for (struct request *request : taken) request_cancel(request);
  machine_.store.Drain();
  // The failed request is still taken while its pages are written again.
  EXPECT_EQ(Swapped(space_), 0u);
  EXPECT_EQ(pager_->swap.area[0].used, 0u);
  EXPECT_EQ(pager_->swap.writing, 0u);
}

// --- advice --------------------------------------------------------------------------------------

TEST_F(SwapTest, WillNeedReadsWhatIsSwapped) {
  for (uint32_t flags : {FakeMachine::kPrivate, FakeMachine::kShared}) {
    uint64_t va = Filled(32, flags);
    Evict(32);
    uint64_t waits = machine_.counts->faults_major, pages = machine_.store.page_ins;
    EXPECT_EQ(Advise(va, 20, ADVICE_WILLNEED), 0);
    EXPECT_EQ(Advise(va, 20, ADVICE_WILLNEED), 0) << "what is being read is not read again";
    machine_.store.Drain();
    EXPECT_EQ(machine_.store.page_ins - pages, 20u);
    for (uint32_t i = 0; i < 20; i++) ASSERT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), i);
    EXPECT_EQ(machine_.counts->faults_major, waits);
    EXPECT_EQ(pager_unmap(pager_, space_, va, 32 * PAGE_SIZE), 0);
  }
}

TEST_F(SwapTest, WillNeedReadsNothingWhileMemoryIsShort) {
  uint64_t va = Filled(32);
  Evict(32);
  pager_->free_low = pager_->free.count - 3;
  EXPECT_EQ(Advise(va, 32, ADVICE_WILLNEED), 0);
  evict_set_limits(pager_);
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.page_ins, 3u);
}

TEST_F(SwapTest, AreasAreCheckedAndRemoved) {
  EXPECT_EQ(pager_swap_add(pager_, 1, 0, 0), -EINVAL);
  EXPECT_EQ(pager_swap_add(pager_, 1, 1, PAGER_SWAP_PRIORITY_MAX + 1), -EINVAL);
  for (uint32_t i = 2; i <= PAGER_SWAP_AREAS_MAX; i++) {
    EXPECT_EQ(pager_swap_add(pager_, 100 + i, 5, i), i);
  }
  EXPECT_EQ(pager_swap_add(pager_, 1, 5, 0), -EPERM);
  EXPECT_EQ(pager_swaps(pager_, space_), (int64_t)PAGER_SWAP_AREAS_MAX);
  const struct pager_swap *swaps = (const struct pager_swap *)pager_message(pager_, space_);
  EXPECT_EQ(swaps[0].area, PAGER_SWAP_AREAS_MAX) << "the highest priority first";
  for (uint32_t i = 2; i <= PAGER_SWAP_AREAS_MAX; i++) {
    EXPECT_EQ(pager_swap_remove(pager_, kBadge, 0, i, 0), 0);
  }
  EXPECT_EQ(pager_swap_remove(pager_, kBadge, 0, 2, 0), -EINVAL);
  EXPECT_EQ(pager_swap_remove(pager_, kBadge, 0, 0, 0), -EINVAL);
  uint64_t va = Filled(10);
  Evict(10);
  token_t token = machine_.kernel.NewToken();
  EXPECT_EQ(machine_.Finish(pager_swap_remove(pager_, kBadge, token, 1, 0), token), 0);
  EXPECT_EQ(Swapped(space_), 0u);
  EXPECT_EQ(machine_.Read(space_, va + 9 * PAGE_SIZE), 9);
  EXPECT_EQ(pager_->swap.free, 0u);
}

}  // namespace
