#include "servers/pager/core/random_operations.h"

void RandomMappings::Map(Process *process) {
  uint32_t start, pages;
  world_.Range(&start, &pages);
  uint32_t prot = world_.Prot();
  bool shared = world_.Chance(30);
  std::shared_ptr<ModelFile> file =
      world_.Chance(50) ? files_[world_.Below(RandomWorld::kFiles)] : nullptr;
  uint32_t flags = (shared ? PAGER_SHARED : PAGER_PRIVATE) |
                   (uint32_t)(world_.Chance(70) ? PAGER_FIXED : PAGER_FIXED_NOREPLACE);
  uint64_t va = (uint64_t)start << PAGE_SHIFT, length = (uint64_t)pages << PAGE_SHIFT;
  uint32_t index = file ? world_.Below(RandomWorld::kFilePages) : 0;
  uint32_t prot_max = shared && world_.Chance(20) ? PROT_R : 7;
  bool taken = false;
  for (uint32_t i = start; i < start + pages; i++) taken |= process->pages.count(i) != 0;
  int64_t result;
  if (!world_.Ask(process, &result, [&] {
        return file ? pager_object_map(machine_.pager, process->space, file->object,
                                       (uint64_t)index << PAGE_SHIFT, va, length, prot, flags,
                                       prot_max)
                    : pager_map(machine_.pager, process->space, va, length, prot, flags);
      }))
    return;
  if (file && (prot & ~prot_max)) {
    EXPECT_EQ(result, -EACCES);
  } else if (taken && (flags & PAGER_FIXED_NOREPLACE)) {
    EXPECT_TRUE(result == -EEXIST || (result == -ENOMEM && world_.MemoryIsOut())) << result;
  } else if (result == -ENOMEM) {
    EXPECT_TRUE(world_.MemoryIsOut());
  } else {
    ASSERT_EQ(result, (int64_t)va);
    ModelPage first;
    first.prot = prot;
    first.shared = shared;
    first.file = file;
    if (file) first.prot_max = prot_max;
    if (shared && !file) first.memory = std::make_shared<Bytes>((size_t)length, 0);
    first.index = index;
    process->Map(start, pages, first);
  }
}

void RandomMappings::Unmap(Process *process) {
  uint32_t start, pages;
  world_.Range(&start, &pages);
  int64_t result;
  if (!world_.Ask(process, &result, [&] {
        return pager_unmap(machine_.pager, process->space, (uint64_t)start << PAGE_SHIFT,
                           (uint64_t)pages << PAGE_SHIFT);
      }))
    return;
  if (result == -ENOMEM) {
    EXPECT_TRUE(world_.MemoryIsOut());
    return;
  }
  ASSERT_EQ(result, 0);
  process->Unmap(start, pages);
}

void RandomMappings::Remap(Process *process) {
  uint32_t start, old_pages, to, new_pages;
  world_.Range(&start, &old_pages);
  world_.Range(&to, &new_pages);
  if (world_.Chance(60) && !process->pages.empty()) {  // part of a mapping, more likely
    auto at = process->pages.lower_bound(start);
    if (at == process->pages.end()) at = process->pages.begin();
    start = at->first;
    old_pages = 1;
    while (process->pages.count(start + old_pages) && world_.Chance(90)) old_pages++;
  }
  if (world_.Chance(20)) new_pages = old_pages;
  if (world_.Chance(5)) old_pages = 0;
  static const uint32_t kFlags[] = {
      0,
      PAGER_REMAP_MAYMOVE,
      PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED,
      PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED,
      PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED,
      PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED | PAGER_REMAP_DONTUNMAP};
  uint32_t flags = kFlags[world_.Below(6)];
  if (flags & PAGER_REMAP_DONTUNMAP) new_pages = old_pages;
  int64_t result;
  if (!world_.Ask(process, &result, [&] {
        return pager_remap(machine_.pager, process->space, (uint64_t)start << PAGE_SHIFT,
                           (uint64_t)old_pages << PAGE_SHIFT, (uint64_t)new_pages << PAGE_SHIFT,
                           flags, (uint64_t)to << PAGE_SHIFT);
      }))
    return;
  if (result < 0) {
    bool stays = !(flags & PAGER_REMAP_MAYMOVE);
    EXPECT_TRUE(result == -EINVAL || result == -EFAULT ||
                (result == -ENOMEM && (stays || world_.MemoryIsOut())))
        << result;
    return;
  }
  ASSERT_TRUE(process->pages.count(start)) << "step " << world_.step;
  ASSERT_TRUE(!(flags & PAGER_REMAP_FIXED) || result == (int64_t)to << PAGE_SHIFT);
  bool stays = old_pages == 0 || (flags & PAGER_REMAP_DONTUNMAP);
  if (!(flags & PAGER_REMAP_FIXED) && new_pages <= old_pages) {
    ASSERT_EQ(result, (int64_t)start << PAGE_SHIFT);
    process->Unmap(start + new_pages, old_pages - new_pages);
    return;
  }
  process->Move(start, old_pages, (uint32_t)(result >> PAGE_SHIFT), new_pages, stays);
}

void RandomMappings::Sweep(Process *process) {
  const uint32_t start = RandomWorld::kSweep, pages = RandomWorld::kSweepPages;
  int64_t va = (int64_t)start << PAGE_SHIFT;
  int64_t result;
  if (!world_.Ask(process, &result, [&] {
        return pager_map(machine_.pager, process->space, (uint64_t)va,
                         (uint64_t)pages << PAGE_SHIFT, PROT_R | PROT_W,
                         PAGER_PRIVATE | PAGER_FIXED);
      }))
    return;
  if (result == -ENOMEM) {
    EXPECT_TRUE(world_.MemoryIsOut());
    return;
  }
  ASSERT_EQ(result, va);
  process->MapPrivate(start, pages);
  size_t dying = world_.Dying();
  machine_.kernel.spurious_every = 0;  // it would break the run
  for (uint32_t i = start; i < start + pages; i++) {
    world_.AccessPage(process, i, FAULT_WRITE);
    if (process->waiting || world_.Dying() != dying) break;
  }
  machine_.kernel.spurious_every = RandomWorld::kSpuriousEvery;
}
