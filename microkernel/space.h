// Address spaces: a page table, an address-space identifier, a handle table.
//
// Invariants:
//   S1  a leaf of the user half maps a FRAME_USER frame (counted, F1) or a device register, with
//       PTE_U; a large one, of 2 MiB, a block that is in the boot space's window; tables are
//       FRAME_TABLE frames donated to this space alone.
//   S2  an entry's rights are only taken away, or its frame replaced, with a fence on every hart
//       that runs in the space before the call returns. Other harts fall out of step instead:
//       they fence the whole ASID when they enter the space again (space_enter). Entries made valid
//       or wider need none: a hart that still has the old one faults, and the fault is absorbed
//       (space_absorb).
//   S3  all FRAME_TABLE frames of a space are in its list `tables`; frames in the pool of tables
//   are zero but for the link in their first word, which is an
//       invalid entry.
//   S4  a hart fetches no instruction older than the page's entry: the same rule.
// Guarded by the kernel lock.
#ifndef MICROKERNEL_SPACE_H
#define MICROKERNEL_SPACE_H

#include "abi/handle.h"
#include "microkernel/arch.h"
#include "microkernel/handle_table.h"
#include "microkernel/pte.h"
#include "microkernel/stats.h"
#include "microkernel/types.h"

struct space {
  uint64_t translation;  // satp; 0 until the root table is donated
  uint64_t *root;
  uint64_t hart_mask;  // harts in step: they hold no translation that is no longer true
  uint64_t serial;     // never used twice
  uint64_t epoch;      // LEAF_EPOCH more whenever a table goes back to the pool, up to the last
  uint32_t badge;
  uint32_t asid;
  uint32_t threads;
  uint32_t pool_count;
  uint32_t has_window;  // the boot space's, at BOOT_WINDOW
  uint32_t large;       // large leaves, but for the window's
  frame_t pool;         // first frame of the pool of tables, 0: none
  frame_t tables;       // all frames donated for tables, linked by their frame entries' count
  uint32_t handle_count;
  struct handle *handles[HANDLES_MAX / HANDLES_INLINE];
  struct handle handles_inline[HANDLES_INLINE];
};
_Static_assert(sizeof(struct space) <= PAGE_SIZE, "an object is a frame");

// Authority over the frames of a mapping: a handle of type OBJECT_FRAMES or OBJECT_DEVICES.
struct mapping {
  uaddr_t address;         // page-aligned
  uint32_t prot;           // PROT_*
  uint32_t count;          // pages, 1..MAP_BUFFER_MAX
  const uint32_t *frames;  // count frames, or NULL:
  frame_t run;             // consecutive frames from here
  bool large;              // one large leaf for LARGE_FRAMES of them
};

// Makes a space in a zeroed frame of type OBJECT_SPACE. EAGAIN: no ASID free
int space_create(struct space *space, uint32_t badge);
// Ends it with all its mappings, whose accessed and dirty bits go to the board. EBUSY while it has
// threads; EAGAIN after a bounded amount of work
int space_destroy(struct space *space);
// Donates FRAME_OBJECT frames, all or none: FUND_TABLE (the first ever is the root), FUND_HANDLES.
// EINVAL; ENOSPC: HANDLES_MAX; EBUSY: it is being destroyed
int space_fund(struct space *space, const uint64_t *frames, uint32_t count, uint32_t purpose);

// Maps, or with prot 0 removes what is mapped there; on error nothing is done. EINVAL: address
// (also in the boot space's window), count, prot; EACCES: a frame is not in the range of the handle
// or not FRAME_USER; ENOMEM: the pool lacks tables.
int space_map(struct space *space, const struct handle *authority, const struct mapping *mapping);

// The rest works on page-aligned [start, end) below USER_END, EINVAL otherwise, and returns where
// it stopped: after a bounded number of tables, else `end`. What would change a part of a large
// leaf takes all of it away.
int64_t space_unmap(struct space *space, uaddr_t start, uaddr_t end);
int64_t space_protect(struct space *space, uaddr_t start, uaddr_t end, uint32_t prot);
int64_t space_harvest(struct space *space, uaddr_t start, uaddr_t end);

// Newly mapped instructions can be fetched (S4).
void space_fence_instructions(struct space *space);
// This hart is about to run in the space: it comes in step.
void space_enter(struct space *space);

// Names the leaf table of an address, which may be any, for as long as no table of the space goes
// away: 43 bits of the address below as many of the epoch as are left. When those are used up,
// which takes two million tables, no thread keeps a table any more.
#define LEAF_EPOCH (1ull << 43)
#define LEAF_EPOCH_LAST (~0ull << 43)
static inline uint64_t space_leaf_key(const struct space *space, uaddr_t address) {
  return space->epoch | address >> LARGE_SHIFT;
}
// The leaf table of an address is this one: its thread finds it at once next time.
static inline void thread_keep_leaf(struct thread *thread, uaddr_t address, uint64_t *table) {
  thread->leaf = table;
  if (thread->space->epoch != LEAF_EPOCH_LAST)
    thread->leaf_key = space_leaf_key(thread->space, address);
}
// The entry for the 2 MiB around an address: its place, NULL if there is none; and what is in it,
// a table of leaves, a large leaf, or 0.
static inline uint64_t *space_block_entry(const struct space *space, uaddr_t address) {
  if (UNLIKELY(address >= USER_END || !space->root)) return NULL;
  uint64_t pte = pte_load(space->root, pte_index(address, 2));
  return pte ? arch_table_address(pte) + pte_index(address, 1) : NULL;
}
static inline uint64_t space_block(const struct space *space, uaddr_t address) {
  const uint64_t *entry = space_block_entry(space, address);
  return entry ? pte_load(entry, 0) : 0;
}
// The leaf table for an address, or NULL.
uint64_t *space_leaves(const struct space *space, uaddr_t address);

// A leaf is gone or replaced: undoes its count, keeps what the hardware noted.
static inline void space_drop_leaf(uint64_t pte) {
  frame_t frame = pte_frame(pte);
  if (UNLIKELY(!frame_exists(frame))) return;  // a device
  frame_entry(frame)->count--;
  uint32_t bits = (uint32_t)(pte >> 6) & 3;  // A and D, in the board's order
  _Static_assert(PTE_A >> 6 == BOARD_ACCESSED && PTE_D >> 6 == BOARD_DIRTY, "order");
  if (bits) frame_board_set(frame, bits);
}

// The common case of answering a thread in few steps: one page of RAM where nothing is, in the leaf
// table that it faulted in last. In any other case nothing is done.
enum map_one {
  MAP_ONE_DONE,
  MAP_ONE_REPLACES,   // space_replace_one may do it
  MAP_ONE_ELSEWHERE,  // thread_keep_leaf helps, if the page has a leaf table
  MAP_ONE_NOT,
};
static inline enum map_one space_map_one(struct thread *thread, const struct handle *authority,
                                         uint64_t address_prot, frame_t frame) {
  uint64_t prot = address_prot & PAGE_MASK;
  if (UNLIKELY(prot > 7 || !handle_is(authority, OBJECT_FRAMES, RIGHT_MANAGE) ||
               frame - authority->first >= authority->count))
    return MAP_ONE_NOT;
  if (UNLIKELY(thread->leaf_key != space_leaf_key(thread->space, address_prot)))
    return MAP_ONE_ELSEWHERE;
  uint64_t *table = thread->leaf;
  uint32_t index = pte_index(address_prot, 0);
  struct frame *entry = frame_entry(frame);
  if (UNLIKELY((prot & PROT_X) || !prot || pte_load(table, index))) return MAP_ONE_REPLACES;
  if (UNLIKELY((uint8_t)entry->type_generation != FRAME_USER)) return MAP_ONE_NOT;
  entry->count++;
  pte_store(table, index, pte_make(frame, pte_leaf_bits(prot)));
  return MAP_ONE_DONE;
}
// The same where something is mapped, for an executable page, and for prot 0, which takes away what
// is there; where no other hart may need a fence. An entry that stays on its frame keeps A and D.
// False, and nothing done, otherwise. => space_map_one said so
static inline bool space_replace_one(struct thread *thread, uint64_t address_prot, frame_t frame) {
  uint64_t *table = thread->leaf;
  uint32_t index = pte_index(address_prot, 0);
  uint64_t prot = address_prot & PAGE_MASK;
  uint64_t old = pte_load(table, index);
  uint64_t made = pte_make(frame, pte_leaf_bits(prot));
  if (LIKELY(prot && !((old ^ made) >> PTE_FRAME_SHIFT))) {
    uint64_t taken = old & PTE_LEAF & ~made;
    if (UNLIKELY((taken | (made & ~old & PTE_X)) && this_hart()->shares_kernel)) return false;
    pte_set(table, index, made);
    if (taken) pte_clear(table, index, taken);
  } else {
    if (UNLIKELY(this_hart()->shares_kernel || (prot && frame_type(frame) != FRAME_USER)))
      return false;
    if (prot) frame_entry(frame)->count++;
    old = pte_exchange(table, index, prot ? made : 0);
    if (old) space_drop_leaf(old);
  }
  arch_fence_page(address_prot, thread->space->asid);
  if (prot & PROT_X) arch_fence_instructions();
  hart_count(STAT_FENCES);
  return true;
}

// True if a fault with this access (PTE_R, PTE_W or PTE_X) needs no answer: the entry allows it.
// Sets A and D where the hardware leaves that to us (Svade), and fences.
bool space_absorb(struct space *space, uaddr_t address, uint64_t access, uint64_t entry);

// The boot space's window of 2 MiB leaves at BOOT_WINDOW: maps or removes one block.
// => the pool has a table if this is the first block in its gigabyte
void space_window_set(struct space *space, frame_t first, bool present);

#endif
