#include <algorithm>
#include <cstring>

#include "servers/pager/core/random_operations.h"

namespace {

constexpr uint64_t kGarbage = 0xee;  // in store that is new

}  // namespace

// A range of pages in the process for a copy, mapped or not.
uint64_t RandomFiles::Buffer(Process *process, uint32_t bytes) {
  uint32_t number =
      RandomWorld::kArena + world_.Below(RandomWorld::kArenaPages - bytes / PAGE_SIZE - 2);
  if (!process->pages.empty() && world_.Chance(90)) {
    auto at = process->pages.lower_bound(number);
    if (at != process->pages.end()) number = at->first;
  }
  return ((uint64_t)number << PAGE_SHIFT) + (world_.Chance(50) ? world_.Below(PAGE_SIZE) : 0);
}

void RandomFiles::CopyOut(Process *process, uint64_t va, const uint8_t *from, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes;) {
    uint32_t number = (uint32_t)((va + i) >> PAGE_SHIFT);
    ModelPage *page = &process->pages.at(number);
    if (page->lazy) world_.AdoptPage(process, number, page);
    page->lazy = false;
    uint32_t offset = (va + i) & PAGE_MASK;
    uint32_t count = std::min(bytes - i, (uint32_t)PAGE_SIZE - offset);
    std::memcpy(page->Writable() + offset, from + i, count);
    i += count;
  }
}

void RandomFiles::Read(Process *process) {
  ModelFile *file = world_.AnyFile();
  if (file->size == 0) return;
  uint64_t offset = world_.Below((uint32_t)file->size);
  uint32_t length = 1 + world_.Below(std::min<uint32_t>((uint32_t)(file->size - offset), 20000));
  uint64_t va = Buffer(process, length);
  if (process->Shows(va, length, file)) return;
  token_t token = machine_.kernel.NewToken();
  int64_t result = world_.Await(pager_object_read(machine_.pager, process->space, token,
                                                  file->object, offset, va, length, 4711),
                                token, process);
  if (process->ended) return world_.AdoptBuffer(process, va, length);
  if (!process->Allows(va, length, FAULT_WRITE)) {
    EXPECT_LT(result, (int64_t)length);
    world_.AdoptBuffer(process, va, length);
  } else if (result < (int64_t)length) {
    EXPECT_TRUE(world_.errors || result >= 0 || result == -ENOMEM) << result;
    world_.AdoptBuffer(process, va, length);
  } else {
    EXPECT_EQ(result, (int64_t)length);
    CopyOut(process, va, &file->bytes[offset], length);
  }
}

// What fs does before it forwards a write. *fresh: how many pages hold no data yet. False if the
// file cannot grow now.
bool RandomFiles::Prepare(ModelFile *file, uint64_t offset, uint32_t length, uint32_t *fresh) {
  uint64_t end = offset + length;
  uint32_t old_pages = file->Pages();
  uint32_t first = (uint32_t)(offset >> PAGE_SHIFT);
  uint32_t end_page = (uint32_t)((end + PAGE_MASK) >> PAGE_SHIFT);
  FakeStore::File &stored = machine_.store.file(file->cookie);
  if (end > file->size) {
    if (pager_object_resize(machine_.pager, file->object, end) < 0) return false;
    // What fs has to do before the end moves over the rest of the last block.
    std::fill(stored.bytes.begin() + (ptrdiff_t)file->size, stored.bytes.end(), 0);
    machine_.store.Resize(file->cookie, end);
    file->Resize(end);
  }
  *fresh = end_page - std::max(first, std::min(old_pages, end_page));
  for (uint32_t i = first; i < end_page; i++) {
    if (stored.allocated[i]) continue;
    stored.allocated[i] = true;
    std::memset(&stored.bytes[(size_t)i * PAGE_SIZE], i >= old_pages ? kGarbage : 0, PAGE_SIZE);
  }
  return true;
}

void RandomFiles::Write(Process *process) {
  ModelFile *file = world_.AnyFile();
  uint64_t offset = world_.Below((uint32_t)std::min<uint64_t>(file->size + 9000, 180000));
  uint32_t length = 1 + world_.Below(20000);
  uint64_t va = Buffer(process, length);
  if (process->Shows(va, length, file) || process->IsLazy(va, length)) return;
  uint32_t fresh = 0;
  if (!Prepare(file, offset, length, &fresh)) return;
  token_t token = machine_.kernel.NewToken();
  int64_t result = world_.Await(pager_object_write(machine_.pager, process->space, token,
                                                   file->object, fresh, offset, va, length, 4712),
                                token, process);
  if (process->ended) return world_.AdoptWritten(file, offset, length);
  bool ok = process->Allows(va, length, FAULT_READ);
  if (!ok || result < (int64_t)length) {
    EXPECT_LT(result, (int64_t)length);
    EXPECT_TRUE(!ok || world_.errors || result >= 0 || result == -ENOMEM) << result;
    world_.AdoptWritten(file, offset, length);
    return;
  }
  EXPECT_EQ(result, (int64_t)length);
  for (uint32_t i = 0; i < length; i++) {
    const ModelPage &page = process->pages.at((uint32_t)((va + i) >> PAGE_SHIFT));
    file->bytes[offset + i] = page.Expected()[(va + i) & PAGE_MASK];
  }
}

void RandomFiles::Truncate() {
  ModelFile *file = world_.AnyFile();
  uint64_t size = world_.Below(RandomWorld::kFilePages * (uint32_t)PAGE_SIZE);
  if (world_.Chance(30)) size &= ~PAGE_MASK;
  int64_t result = pager_object_resize(machine_.pager, file->object, size);
  if (result == -EBUSY) return;
  ASSERT_EQ(result, 0);
  uint64_t least = std::min(size, file->size);
  machine_.store.Resize(file->cookie, size);
  Bytes &stored = machine_.store.file(file->cookie).bytes;
  std::fill(stored.begin() + (ptrdiff_t)least, stored.end(), 0);
  file->Resize(size);
  for (auto &[badge, process] : world_.processes) {
    for (auto &[number, page] : process.pages) {
      if (page.file.get() == file && page.index >= file->Pages()) page.own = nullptr;
    }
  }
}

void RandomFiles::Sync(Process *process) {
  uint32_t start, pages;
  world_.Range(&start, &pages);
  token_t token = machine_.kernel.NewToken();
  uint64_t va = (uint64_t)start << PAGE_SHIFT, length = (uint64_t)pages << PAGE_SHIFT;
  uint32_t flags = world_.Chance(30) ? PAGER_SYNC_ASYNC : PAGER_SYNC_SYNC;
  bool hole = false;
  for (uint32_t i = start; i < start + pages; i++) hole |= !process->pages.count(i);
  uint32_t badge = process->space->badge;
  int64_t result = pager_sync(machine_.pager, process->space, token, va, length, flags);
  if (result == PAGER_PARKED && world_.Chance(10)) {
    world_.Kill(badge);
    return;
  }
  result = world_.Await(result, token, process);
  if (process->ended) return;
  bool io_error = world_.had_errors && (result == -EIO || result == -ENOSPC);
  if (hole) {
    EXPECT_TRUE(result == -ENOMEM || io_error) << result;
  } else if (result != -ENOMEM && !world_.had_errors) {
    EXPECT_EQ(result, 0);
  }
}

void RandomFiles::Flush() {
  const ModelFile *file = world_.AnyFile();
  token_t token = machine_.kernel.NewToken();
  uint32_t id = world_.Chance(80) ? file->object : 0;
  int64_t result = world_.Await(
      pager_object_flush(machine_.pager, world_.processes.begin()->first, token, id, 0), token,
      &world_.processes.begin()->second);
  EXPECT_TRUE(result == 0 || world_.errors || result == -ENOMEM) << result;
}

void RandomFiles::Replace() {
  uint32_t i = world_.Below(RandomWorld::kFiles);
  std::shared_ptr<ModelFile> file = files_[i];
  int64_t result = pager_object_destroy(machine_.pager, file->object, 1);
  if (result == -EBUSY) return;
  ASSERT_EQ(result, 0);
  file->size = 0;
  EXPECT_EQ(pager_object_resize(machine_.pager, file->object, 0), -EINVAL);
  std::shared_ptr<ModelFile> fresh;
  while (!(fresh = world_.NewFile())) {
    if (world_.processes.empty()) return;
    world_.Kill(world_.processes.begin()->first);
  }
  files_[i] = fresh;
}
