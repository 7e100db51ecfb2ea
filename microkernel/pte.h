// Page-table entries of Sv39 (RISC-V privileged specification, "Sv39: Page-Based 39-bit
// Virtual-Memory System"). All access to tables goes through pte_load and pte_store.
#ifndef MICROKERNEL_PTE_H
#define MICROKERNEL_PTE_H

#include "abi/syscall.h"
#include "microkernel/types.h"

#define PTE_V 0x01ull
#define PTE_R 0x02ull
#define PTE_W 0x04ull
#define PTE_X 0x08ull
#define PTE_U 0x10ull
#define PTE_G 0x20ull
#define PTE_A 0x40ull
#define PTE_D 0x80ull
#define PTE_FRAME_SHIFT 10
#define PTE_LEAF (PTE_R | PTE_W | PTE_X)

#define TABLE_ENTRIES 512u
#define LEVELS 3
#define USER_ROOT_ENTRIES 256u  // the lower half of the root

// The hardware sets A and D of an entry at any time, hence the relaxed atomics.
static inline uint64_t pte_load(const uint64_t *table, uint32_t index) {
  return __atomic_load_n(&table[index], __ATOMIC_RELAXED);
}

static inline void pte_store(uint64_t *table, uint32_t index, uint64_t value) {
  __atomic_store_n(&table[index], value, __ATOMIC_RELAXED);
}

// Stores value and returns what the entry was at that moment, A and D included.
static inline uint64_t pte_exchange(uint64_t *table, uint32_t index, uint64_t value) {
  return __atomic_exchange_n(&table[index], value, __ATOMIC_RELAXED);
}

static inline void pte_set(uint64_t *table, uint32_t index, uint64_t bits) {
  __atomic_fetch_or(&table[index], bits, __ATOMIC_RELAXED);
}

// Clears bits and returns what the entry was.
static inline uint64_t pte_clear(uint64_t *table, uint32_t index, uint64_t bits) {
  return __atomic_fetch_and(&table[index], ~bits, __ATOMIC_RELAXED);
}

static inline frame_t pte_frame(uint64_t pte) { return (frame_t)(pte >> PTE_FRAME_SHIFT); }
static inline uint64_t pte_make(frame_t frame, uint64_t bits) {
  return (uint64_t)frame << PTE_FRAME_SHIFT | bits;
}
static inline bool pte_is_table(uint64_t pte) { return (pte & (PTE_V | PTE_LEAF)) == PTE_V; }

// Bits of a valid user leaf with rights PROT_*.
static inline uint64_t pte_leaf_bits(uint64_t prot) {
  _Static_assert(PROT_R << 1 == PTE_R && PROT_W << 1 == PTE_W && PROT_X << 1 == PTE_X, "shift");
  uint64_t bits = prot << 1;
  bits |= (bits & PTE_W) >> 1;  // write without read is reserved
  return bits | PTE_V | PTE_U;
}

// Index into the table of `level` (2: root) for an address.
static inline uint32_t pte_index(uaddr_t address, int level) {
  return (address >> (PAGE_SHIFT + 9 * level)) & (TABLE_ENTRIES - 1);
}

// What would be a page's entry in a large leaf that has its address, or 0 for 0.
static inline uint64_t pte_large_page(uint64_t pte, uaddr_t address) {
  return pte ? pte + ((uint64_t)pte_index(address, 0) << PTE_FRAME_SHIFT) : 0;
}

#endif
