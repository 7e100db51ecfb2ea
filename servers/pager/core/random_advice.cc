#include "servers/pager/core/random_operations.h"

namespace {

constexpr uint32_t kModelFlags =
    REGION_LOCKED | REGION_ADVICE | REGION_DONTFORK | REGION_WIPEONFORK;

struct FlagAdvice {
  uint32_t advice, set, clear;
};

// What an advice that sets flags refuses to do with a page.
int64_t FlagError(const ModelPage &page, uint32_t advice) {
  return advice == ADVICE_WIPEONFORK && !page.IsPrivateMemory() ? -EINVAL : 0;
}

int64_t DropError(const ModelPage &page, uint32_t advice) {
  if (page.flags & REGION_LOCKED) return -EINVAL;
  return advice == ADVICE_FREE && !page.IsPrivateMemory() ? -EINVAL : 0;
}

}  // namespace

// Flags as they are, after a call without memory.
void RandomAdvice::AdoptFlags(Process *process, uint32_t start, uint32_t pages) {
  for (uint32_t i = start; i < start + pages; i++) {
    auto at = process->pages.find(i);
    if (at == process->pages.end()) continue;
    at->second.flags = region_find(process->space->regions, i)->flags & kModelFlags;
    if (!at->second.shared) world_.AdoptPage(process, i, &at->second);
  }
}

void RandomAdvice::Advise(Process *process) {
  static const FlagAdvice kAdvices[] = {{ADVICE_DONTNEED, 0, 0},
                                        {ADVICE_DONTNEED, 0, 0},
                                        {ADVICE_FREE, 0, 0},
                                        {ADVICE_WILLNEED, 0, 0},
                                        {ADVICE_NORMAL, 0, REGION_ADVICE},
                                        {ADVICE_RANDOM, REGION_RANDOM, REGION_ADVICE},
                                        {ADVICE_SEQUENTIAL, REGION_SEQUENTIAL, REGION_ADVICE},
                                        {ADVICE_DONTFORK, REGION_DONTFORK, 0},
                                        {ADVICE_DOFORK, 0, REGION_DONTFORK},
                                        {ADVICE_WIPEONFORK, REGION_WIPEONFORK, 0},
                                        {ADVICE_KEEPONFORK, 0, REGION_WIPEONFORK}};
  const FlagAdvice &a = kAdvices[world_.Below(sizeof(kAdvices) / sizeof(kAdvices[0]))];
  bool drops = a.advice == ADVICE_DONTNEED || a.advice == ADVICE_FREE;
  uint32_t start, pages;
  world_.Range(&start, &pages);
  int64_t expected = 0, error = 0;
  uint32_t end = start;
  for (; end < start + pages; end++) {
    auto at = process->pages.find(end);
    if (at == process->pages.end()) {
      expected = -ENOMEM;
      continue;
    }
    error = drops ? DropError(at->second, a.advice) : FlagError(at->second, a.advice);
    if (error) break;
  }
  if (error) expected = error;
  int64_t result;
  if (!world_.Ask(process, &result, [&] {
        return pager_advise(machine_.pager, process->space, machine_.kernel.NewToken(),
                            (uint64_t)start << PAGE_SHIFT, (uint64_t)pages << PAGE_SHIFT, a.advice);
      }))
    return;
  if (a.advice == ADVICE_FREE) {
    for (uint32_t i = start; i < end; i++) {
      auto at = process->pages.find(i);
      if (at != process->pages.end()) at->second.lazy = at->second.own != nullptr;
    }
  }
  if (result == -ENOMEM) {
    EXPECT_TRUE(expected == -ENOMEM || world_.MemoryIsOut());
    AdoptFlags(process, start, pages);
    return;
  }
  ASSERT_EQ(result, expected) << "step " << world_.step << " advice " << a.advice;
  for (uint32_t i = start; i < end; i++) {
    auto at = process->pages.find(i);
    if (at == process->pages.end()) continue;
    if (a.advice == ADVICE_DONTNEED && !at->second.shared) at->second.own = nullptr;
    at->second.flags = (at->second.flags & ~a.clear) | a.set;
  }
  // Some of what may go is wanted again.
  if (a.advice == ADVICE_FREE && end > start) world_.AccessPage(process, start, FAULT_WRITE);
}

void RandomAdvice::PopulateRange(Process *process, uint32_t start, uint32_t pages,
                                 uint32_t advice) {
  uint32_t badge = process->space->badge;
  token_t token = machine_.kernel.NewToken();
  int64_t result =
      pager_advise(machine_.pager, process->space, token, (uint64_t)start << PAGE_SHIFT,
                   (uint64_t)pages << PAGE_SHIFT, advice);
  if (result == PAGER_PARKED && world_.Chance(5)) {
    world_.Kill(badge);
    return;
  }
  result = world_.Await(result, token, process);
  if (process->ended) return;
  // How far it got where it failed is not known: takes over what private copies there are, which
  // must have the bytes that were there.
  for (uint32_t i = start; i < start + pages && advice != ADVICE_POPULATE_READ; i++) {
    auto at = process->pages.find(i);
    if (at == process->pages.end() || at->second.shared) continue;
    ModelPage &page = at->second;
    ModelPage before = page;
    world_.AdoptPage(process, i, &page);
    if (!page.own) continue;
    before.Settle(page.own->data());
    page.lazy = before.lazy;
    uint32_t known = before.KnownBytes();
    if (known == 0) continue;
    ASSERT_EQ(std::memcmp(page.own->data(), before.Expected(), known), 0) << "step " << world_.step;
  }
  EXPECT_TRUE(result > 0 || result == -ENOMEM || result == -EINVAL || result == -EFAULT);
}

void RandomAdvice::Populate(Process *process) {
  static const uint32_t kAdvices[] = {ADVICE_POPULATE_READ, ADVICE_POPULATE_WRITE,
                                      ADVICE_POPULATE_LOCKED, ADVICE_POPULATE_ALL};
  uint32_t start, pages;
  world_.Range(&start, &pages);
  PopulateRange(process, start, pages, kAdvices[world_.Below(4)]);
}

void RandomAdvice::Lock(Process *process) {
  uint32_t start, pages;
  world_.Range(&start, &pages);
  bool locks = world_.Chance(30);
  if (locks && pages > 8) pages = 8;
  int64_t expected = 0;
  uint32_t end = start;
  while (end < start + pages && process->pages.count(end)) end++;
  if (end < start + pages) expected = -ENOMEM;
  uint64_t va = (uint64_t)start << PAGE_SHIFT, length = (uint64_t)pages << PAGE_SHIFT;
  int64_t result;
  if (!world_.Ask(process, &result, [&] {
        return locks ? pager_lock(machine_.pager, process->space, va, length, 0)
                     : pager_unlock(machine_.pager, process->space, va, length, 0);
      }))
    return;
  if (result == -ENOMEM) {
    EXPECT_TRUE(expected == -ENOMEM || world_.MemoryIsOut());
    AdoptFlags(process, start, pages);
    return;
  }
  ASSERT_EQ(result, expected);
  for (uint32_t i = start; i < end; i++) {
    uint32_t &flags = process->pages.at(i).flags;
    flags = locks ? flags | REGION_LOCKED : flags & ~(uint32_t)REGION_LOCKED;
  }
  if (locks) PopulateRange(process, start, pages, ADVICE_POPULATE_LOCKED);
}

void RandomAdvice::LimitResident(Process *process) {
  uint64_t bytes = world_.Chance(30) ? LIMIT_NONE : (uint64_t)world_.Below(100) << PAGE_SHIFT;
  ASSERT_EQ(pager_limit(machine_.pager, process->space, LIMIT_RSS, bytes, LIMIT_NONE), 0);
}
