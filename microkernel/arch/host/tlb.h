// A model of what the harts' address-translation caches may hold (RISC-V privileged
// specification, "Supervisor Memory-Management Fence Instruction" and "Virtual Address
// Translation Process").
//
// An implementation may read page-table entries of the address space in satp at any time, for any
// address, keep every entry that it ever read, of every level, in any number of versions, and use
// any of them until a fence that covers it. The model does all of that at once: an address has a
// set of possible translations, not one.
//
// A fence of one address covers entries that end a walk (leaves and invalid ones), not pointers
// to tables; a fence of an address-space identifier covers all but global entries.
#ifndef MICROKERNEL_ARCH_HOST_TLB_H
#define MICROKERNEL_ARCH_HOST_TLB_H

#include <stdint.h>

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "microkernel/arch/host/headers.h"

namespace host {

class Tlb {
 public:
  explicit Tlb(uint32_t harts) : harts_(harts) {}

  void SetTranslation(uint32_t hart, uint64_t translation) {
    harts_[hart].translation = translation;
  }
  uint64_t translation(uint32_t hart) const { return harts_[hart].translation; }

  // The hart reads and keeps all it may for an address, in the space that it is in.
  void Speculate(uint32_t hart, uaddr_t address);

  // The fences, as one hart executes them.
  void FencePage(uint32_t hart, uaddr_t address, uint32_t asid);
  void FenceAsid(uint32_t hart, uint32_t asid);

  // All entries that could end a walk for this address if the hart were in that space.
  std::set<uint64_t> Possible(uint32_t hart, uint64_t translation, uaddr_t address) const;

  // Empty, or what the hart could still do with an address that its page table does not allow:
  // use another frame, or a right or an A or D bit that is not there.
  std::string Violation(uint32_t hart, uint64_t translation, uaddr_t address) const;

  static uint32_t Asid(uint64_t translation) { return (translation >> 44) & 0xffff; }

 private:
  // By level and the part of the address that the entry stands for.
  using Entries = std::unordered_map<uint64_t, std::vector<uint64_t>>;
  struct Hart {
    uint64_t translation = 0;
    std::map<uint32_t, Entries> cache;  // by ASID
  };

  static uint64_t Key(uaddr_t address, int level) {
    return (address >> (PAGE_SHIFT + 9 * level)) << 2 | static_cast<uint64_t>(level);
  }
  void Walk(const Entries &entries, uint64_t translation, uaddr_t address,
            std::vector<uint64_t> found[LEVELS]) const;

  std::vector<Hart> harts_;
};

}  // namespace host

#endif
