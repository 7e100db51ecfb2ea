// For tests of the calls of programs, fs and proc: a machine with one program.
#ifndef SERVERS_PAGER_CORE_CALLS_FIXTURE_H_
#define SERVERS_PAGER_CORE_CALLS_FIXTURE_H_

#include <vector>

#include "servers/pager/core/fake_machine.h"

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

#endif  // SERVERS_PAGER_CORE_CALLS_FIXTURE_H_
