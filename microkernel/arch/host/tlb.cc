#include "microkernel/arch/host/tlb.h"

#include <algorithm>
#include <sstream>

#include "microkernel/arch/host/machine.h"

namespace host {
namespace {

void Insert(std::vector<uint64_t> *set, uint64_t value) {
  if (std::find(set->begin(), set->end(), value) == set->end()) set->push_back(value);
}

// The table that an entry points to, or NULL where there is no memory (an access fault).
const uint64_t *Table(frame_t frame) {
  return frame_exists(frame) ? static_cast<uint64_t *>(host_frame_address(frame)) : nullptr;
}

}  // namespace

// All entries that a walk may meet at each level, read now or kept from before.
void Tlb::Walk(const Entries &entries, uint64_t translation, uaddr_t address,
               std::vector<uint64_t> found[LEVELS]) const {
  std::vector<frame_t> tables = {static_cast<frame_t>(translation & ((1ull << 44) - 1))};
  for (int level = LEVELS - 1; level >= 0; level--) {
    for (frame_t table : tables) {
      if (const uint64_t *entry = Table(table)) {
        Insert(&found[level], pte_load(entry, pte_index(address, level)));
      }
    }
    auto kept = entries.find(Key(address, level));
    if (kept != entries.end()) {
      for (uint64_t pte : kept->second) Insert(&found[level], pte);
    }
    tables.clear();
    for (uint64_t pte : found[level]) {
      if (pte_is_table(pte)) tables.push_back(pte_frame(pte));
    }
  }
}

void Tlb::Speculate(uint32_t hart, uaddr_t address) {
  Hart &h = harts_[hart];
  if (h.translation == 0) return;
  Entries &entries = h.cache[Asid(h.translation)];
  std::vector<uint64_t> found[LEVELS];
  Walk(entries, h.translation, address, found);
  for (int level = 0; level < LEVELS; level++) {
    std::vector<uint64_t> &kept = entries[Key(address, level)];
    for (uint64_t pte : found[level]) Insert(&kept, pte);
  }
}

void Tlb::FencePage(uint32_t hart, uaddr_t address, uint32_t asid) {
  Entries &entries = harts_[hart].cache[asid];
  for (int level = 0; level < LEVELS; level++) {
    auto kept = entries.find(Key(address, level));
    if (kept == entries.end()) continue;
    std::vector<uint64_t> &set = kept->second;
    auto covered = [level](uint64_t pte) {
      return !(pte & PTE_G) && (level == 0 || !pte_is_table(pte));
    };
    set.erase(std::remove_if(set.begin(), set.end(), covered), set.end());
  }
}

void Tlb::FenceAsid(uint32_t hart, uint32_t asid) {
  Entries &entries = harts_[hart].cache[asid];
  for (auto it = entries.begin(); it != entries.end();) {
    std::vector<uint64_t> &set = it->second;
    set.erase(std::remove_if(set.begin(), set.end(), [](uint64_t pte) { return !(pte & PTE_G); }),
              set.end());
    it = set.empty() ? entries.erase(it) : std::next(it);
  }
}

std::set<uint64_t> Tlb::Possible(uint32_t hart, uint64_t translation, uaddr_t address) const {
  static const Entries none;
  auto cache = harts_[hart].cache.find(Asid(translation));
  std::vector<uint64_t> found[LEVELS];
  Walk(cache == harts_[hart].cache.end() ? none : cache->second, translation, address, found);
  std::set<uint64_t> ends;
  for (int level = 0; level < LEVELS; level++) {
    for (uint64_t pte : found[level]) {
      if (level > 0 && pte_is_table(pte)) continue;
      // A large leaf stands for the frames behind its first.
      frame_t inside = static_cast<frame_t>(address >> PAGE_SHIFT) & ((1u << (9 * level)) - 1);
      if ((pte & PTE_V) && inside) pte = pte_make(pte_frame(pte) + inside, pte & 0x3ff);
      ends.insert(pte & PTE_V ? pte : 0);
    }
  }
  return ends;
}

std::string Tlb::Violation(uint32_t hart, uint64_t translation, uaddr_t address) const {
  static const Tlb fresh(1);
  std::set<uint64_t> now = fresh.Possible(0, translation, address);
  uint64_t entry = now.empty() ? 0 : *now.begin();
  for (uint64_t pte : Possible(hart, translation, address)) {
    if (!(pte & PTE_V)) continue;
    bool same_frame = (entry & PTE_V) && pte_frame(pte) == pte_frame(entry);
    uint64_t extra = pte & ~entry & 0xff;
    if (same_frame && extra == 0) continue;
    std::ostringstream why;
    why << std::hex << "hart " << hart << " may use entry " << pte << " for address " << address
        << " of asid " << Asid(translation) << ", where the table has " << entry;
    return why.str();
  }
  return "";
}

}  // namespace host
