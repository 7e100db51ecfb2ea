#include "servers/pager/core/random_operations.h"

extern "C" {
#include "servers/pager/core/odd.h"
}

namespace {

constexpr uint32_t kManyPages = 90;  // whose rights change one by one

}  // namespace

uint32_t RandomRights::ProtOf(const Process &process, uint32_t number) {
  const struct region *region = region_find(process.space->regions, number);
  return odd_rights(machine_.pager, process.space, region, number);
}

void RandomRights::Protect(Process *process) {
  uint32_t start, pages;
  world_.Range(&start, &pages);
  if (world_.Chance(70)) pages = 1 + world_.Below(3);
  uint32_t prot = world_.Prot();
  // Up to a hole, or to what cannot have these rights, they change.
  int64_t expected = 0;
  uint32_t end = start;
  for (; end < start + pages && expected == 0; end++) {
    auto at = process->pages.find(end);
    if (at == process->pages.end()) expected = -ENOMEM;
    if (expected == 0 && (prot & ~at->second.prot_max)) expected = -EACCES;
    if (expected < 0) break;
  }
  int64_t result;
  if (!world_.Ask(process, &result, [&] {
        return pager_protect(machine_.pager, process->space, (uint64_t)start << PAGE_SHIFT,
                             (uint64_t)pages << PAGE_SHIFT, prot);
      }))
    return;
  // ENOMEM may also be for want of memory: then nothing has changed.
  ASSERT_TRUE(result == expected || (result == -ENOMEM && world_.MemoryIsOut())) << result;
  bool changed = result == expected && (end == start || ProtOf(*process, end - 1) == prot);
  for (uint32_t i = start; i < end && changed; i++) process->pages[i].prot = prot;
}

// A private mapping, written here and there; or what is there.
uint32_t RandomRights::ManyPages(Process *process) {
  uint32_t start = RandomWorld::kArena + world_.Below(RandomWorld::kArenaPages - kManyPages);
  if (world_.Chance(30)) return start;
  uint64_t va = (uint64_t)start << PAGE_SHIFT;
  int64_t result = pager_map(machine_.pager, process->space, va, kManyPages << PAGE_SHIFT,
                             PROT_R | PROT_W, PAGER_PRIVATE | PAGER_FIXED);
  if (result == -ENOMEM) return start;
  EXPECT_EQ(result, (int64_t)va);
  process->MapPrivate(start, kManyPages);
  for (uint32_t i = 0; i < kManyPages && !process->waiting && world_.Dying() == 0; i++) {
    world_.AccessPage(process, start + world_.Below(kManyPages), FAULT_WRITE);
  }
  return start;
}

void RandomRights::ProtectPage(Process *process, uint32_t number, ModelPage *page, uint32_t prot) {
  int64_t expected = prot & ~page->prot_max ? -EACCES : 0;
  int64_t result = pager_protect(machine_.pager, process->space, (uint64_t)number << PAGE_SHIFT,
                                 PAGE_SIZE, prot);
  ASSERT_TRUE(result == expected || result == -ENOMEM) << result;
  if (result == 0) page->prot = prot;
}

void RandomRights::CheckRights(const Process &process) {
  for (const auto &[number, page] : process.pages) {
    ASSERT_EQ(ProtOf(process, number), page.prot) << "step " << world_.step << " page " << number;
  }
}

void RandomRights::ProtectOneByOne(Process *process) {
  uint32_t start = ManyPages(process);
  const uint32_t prots[] = {world_.Prot(), world_.Prot()};
  for (uint32_t left = world_.Below(150); left > 0 && !process->waiting && world_.Dying() == 0;
       left--) {
    uint32_t number = start + world_.Below(kManyPages);
    auto at = process->pages.find(number);
    if (at == process->pages.end()) continue;
    if (world_.Chance(40)) {
      world_.AccessPage(process, number, world_.Chance(50) ? FAULT_WRITE : FAULT_READ);
    } else {
      ProtectPage(process, number, &at->second, prots[world_.Below(2)]);
    }
    world_.MayEvict();
    if (process->space->odd.count > 0) with_odd_++;
    if (world_.Chance(5)) machine_.kernel.Check();
  }
  CheckRights(*process);
}
