#include "servers/pager/core/random_model.h"

#include <algorithm>

#include "protocols/proc.h"
#include "servers/pager/core/fake_kernel.h"

uint32_t ModelFile::Pages() const { return (uint32_t)((size + PAGE_MASK) >> PAGE_SHIFT); }

void ModelFile::Resize(uint64_t to) {
  std::fill(bytes.begin() + (ptrdiff_t)std::min(to, size), bytes.end(), 0);
  size = to;
  bytes.resize((size_t)Pages() * PAGE_SIZE, 0);
}

// --- pages --------------------------------------------------------------------------------------

bool ModelPage::IsBehindMemory() const {
  return memory && ((size_t)index + 1) * PAGE_SIZE > memory->size();
}

const uint8_t *ModelPage::Expected() const {
  static const Bytes zeros(PAGE_SIZE, 0);
  if (own) return own->data();
  if (memory) return memory->data() + (size_t)index * PAGE_SIZE;
  if (file) return file->bytes.data() + (size_t)index * PAGE_SIZE;
  return zeros.data();
}

uint32_t ModelPage::KnownBytes() const {
  if (!file) return PAGE_SIZE;
  if (index >= file->Pages()) return 0;
  uint64_t left = file->size - (uint64_t)index * PAGE_SIZE;
  return left < PAGE_SIZE ? (uint32_t)left : (uint32_t)PAGE_SIZE;
}

uint8_t *ModelPage::Writable() {
  if (shared) return const_cast<uint8_t *>(Expected());
  if (!own || own.use_count() > 1) {
    own = std::make_shared<Bytes>(Expected(), Expected() + PAGE_SIZE);
  }
  return own->data();
}

void ModelPage::Settle(const uint8_t *shown) {
  if (!lazy || !std::all_of(shown, shown + PAGE_SIZE, [](uint8_t b) { return b == 0; })) return;
  own = nullptr;
  lazy = false;
}

ModelPage ModelPage::Later(uint32_t i) const {
  ModelPage page = *this;
  page.index += i;
  page.own = nullptr;
  page.lazy = false;
  return page;
}

// --- changes of a space -------------------------------------------------------------------------

void ModelSpace::Map(uint32_t start, uint32_t count, const ModelPage &first) {
  for (uint32_t i = 0; i < count; i++) pages[start + i] = first.Later(i);
}

void ModelSpace::MapPrivate(uint32_t start, uint32_t count) {
  ModelPage first;
  first.prot = PROT_R | PROT_W;
  Map(start, count, first);
}

void ModelSpace::Unmap(uint32_t start, uint32_t count) {
  for (uint32_t i = start; i < start + count; i++) pages.erase(i);
}

void ModelSpace::Move(uint32_t start, uint32_t old_count, uint32_t to, uint32_t new_count,
                      bool stays) {
  std::vector<ModelPage> moved;
  for (uint32_t i = 0; i < new_count; i++) {
    moved.push_back(i < old_count ? pages.at(start + i) : pages.at(start).Later(i));
  }
  for (uint32_t i = start; i < start + old_count; i++) {
    if (!stays) {
      pages.erase(i);
    } else if (!pages.at(i).shared) {
      pages.at(i).own = nullptr;
    }
  }
  for (uint32_t i = 0; i < new_count; i++) pages[to + i] = moved[i];
}

std::map<uint32_t, ModelPage> ModelSpace::Inherited() const {
  std::map<uint32_t, ModelPage> inherited;
  for (const auto &[number, page] : pages) {
    if (page.flags & REGION_DONTFORK) continue;
    ModelPage &copy = inherited[number] = page;
    if (page.flags & REGION_WIPEONFORK) copy.own = nullptr;
    copy.flags &= ~(uint32_t)REGION_LOCKED;
  }
  return inherited;
}

// --- questions ----------------------------------------------------------------------------------

uint32_t ModelSpace::ExpectedReason(uint32_t number, uint32_t access) const {
  auto at = pages.find(number);
  if (at == pages.end()) return FAULT_UNMAPPED;
  const ModelPage &page = at->second;
  if (!(page.prot & access)) return FAULT_PROTECTED;
  bool behind_file = page.file && page.index >= page.file->Pages();
  return behind_file || page.IsBehindMemory() ? FAULT_BEYOND_END : 0;
}

bool ModelSpace::Allows(uint64_t va, uint32_t bytes, uint32_t access) const {
  for (uint64_t p = va >> PAGE_SHIFT; p <= (va + bytes - 1) >> PAGE_SHIFT; p++) {
    if (ExpectedReason((uint32_t)p, access) != 0) return false;
  }
  return true;
}

bool ModelSpace::Shows(uint64_t va, uint32_t bytes, const ModelFile *file) const {
  for (uint64_t p = va >> PAGE_SHIFT; p <= (va + bytes - 1) >> PAGE_SHIFT; p++) {
    auto at = pages.find((uint32_t)p);
    if (at != pages.end() && at->second.file.get() == file) return true;
  }
  return false;
}

bool ModelSpace::IsLazy(uint64_t va, uint32_t bytes) const {
  for (uint64_t p = va >> PAGE_SHIFT; p <= (va + bytes - 1) >> PAGE_SHIFT; p++) {
    auto at = pages.find((uint32_t)p);
    if (at != pages.end() && at->second.lazy) return true;
  }
  return false;
}
