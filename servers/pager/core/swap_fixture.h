// A machine with one process and a swap area, for tests of pages that go there.
#ifndef SERVERS_PAGER_CORE_SWAP_FIXTURE_H
#define SERVERS_PAGER_CORE_SWAP_FIXTURE_H

#include "servers/pager/core/fake_machine.h"

constexpr uint32_t kBadge = 8;
constexpr uint32_t kChild = 9;
constexpr uint64_t kSwap = 77;
constexpr uint32_t kSlots = 300;

class SwapTest : public testing::Test {
 protected:
  SwapTest() : space_(machine_.Start(kBadge)), pager_(machine_.pager) {
    machine_.OnePage();
    machine_.store.Make(kSwap, kSlots, 0);
    EXPECT_EQ(pager_swap_add(pager_, kSwap, kSlots, 0), 1);
    EXPECT_GE(pager_option(pager_, PAGER_POLICY, PAGER_POLICY_FIFO), 0);
  }
  ~SwapTest() override { machine_.kernel.Check(); }

  // Memory whose page i has the content i.
  uint64_t Filled(uint32_t pages, uint32_t flags = FakeMachine::kPrivate) {
    uint64_t va = machine_.MapAnonymous(space_, pages, FakeMachine::kReadWrite, flags);
    for (uint32_t i = 0; i < pages; i++) machine_.Write(space_, va + i * PAGE_SIZE, (uint8_t)i);
    return va;
  }

  void Evict(uint32_t pages, int32_t error = 0) { machine_.Evict(pages, error); }

  // Whatever is read ahead has come when the next page is touched.
  void ReadInOrder(uint64_t va, uint32_t pages) {
    for (uint32_t i = 0; i < pages; i++) {
      ASSERT_EQ(machine_.Read(space_, va + i * PAGE_SIZE), i);
      machine_.store.Drain();
    }
  }

  int64_t Advise(uint64_t va, uint32_t pages, enum pager_advice advice) {
    return pager_advise(pager_, space_, machine_.kernel.NewToken(), va, pages * PAGE_SIZE, advice);
  }

  uint64_t Swapped(struct space *space) {
    EXPECT_EQ(pager_space_counts(pager_, space, 0), 0);
    struct pager_space_counts counts;
    std::memcpy(&counts, pager_message(pager_, space), sizeof(counts));
    return counts.swapped;
  }

  FakeMachine machine_;
  struct space *space_;
  struct pager *pager_;
};

#endif
