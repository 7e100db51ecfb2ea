#include "microkernel/space.h"

#include <errno.h>

#include "abi/syscall.h"
#include "microkernel/bits.h"
#include "microkernel/boot.h"
#include "microkernel/pte.h"
#include "microkernel/space_tables.h"
#include "microkernel/stats.h"

// Above so many pages a whole ASID is fenced.
#define FENCE_PAGES_MAX 16u

static uint64_t asid_used[4096 / 64] = {1};  // ASID 0 is the kernel's at boot

static int asid_allocate(uint32_t *asid) {
  for (uint32_t word = 0; word < sizeof asid_used / sizeof *asid_used; word++) {
    if (asid_used[word] == ~0ull) continue;
    uint32_t bit = lowest_bit(~asid_used[word]);
    if (word * 64 + bit >= arch_asid_count) break;
    asid_used[word] |= 1ull << bit;
    *asid = word * 64 + bit;
    return 0;
  }
  return -EAGAIN;
}

static void asid_free(uint32_t asid) {
  if (asid) asid_used[asid / 64] &= ~(1ull << (asid % 64));
}

// --- fences (S2) ---

// Of the other harts in step, those that run in the space; the rest fall out of step.
static uint64_t keep_running(struct space *space) {
  uint64_t running = 0;
  for (uint64_t rest = space->hart_mask & ~hart_bit(); rest; rest &= rest - 1) {
    const struct hart *hart = harts[lowest_bit(rest)];
    if (hart->current->space == space) running |= hart->bit;
  }
  space->hart_mask = running | (space->hart_mask & hart_bit());
  return running;
}

void space_fence(struct space *space, uaddr_t start, uaddr_t end) {
  hart_count(STAT_FENCES);
  if (end - start <= FENCE_PAGES_MAX * PAGE_SIZE) {
    for (uaddr_t a = start; a < end; a += PAGE_SIZE) arch_fence_page(a, space->asid);
  } else {
    // Only this fences pointers to tables too, which matters where tables were taken out: they
    // span more than FENCE_PAGES_MAX pages.
    arch_fence_asid(space->asid);
    start = end = 0;
  }
  uint64_t others = keep_running(space);
  if (others) {
    hart_count(STAT_SHOOTDOWNS);
    arch_fence_remote(others, start, end, space->asid);
  }
}

void space_fence_instructions(struct space *space) {
  arch_fence_instructions();
  uint64_t others = keep_running(space);
  if (others) arch_fence_instructions_remote(others);
}

void space_enter(struct space *space) {
  if (LIKELY(space->hart_mask & hart_bit())) return;
  space->hart_mask |= hart_bit();
  arch_fence_asid(space->asid);
  arch_fence_instructions();
}

// --- tables ---

// A table for `level`, 0 for leaves.
static uint64_t *pool_take(struct space *space, int level) {
  uint64_t *table = arch_frame_address(space->pool);
  frame_set_type(space->pool, level == 0 ? FRAME_LEAVES : FRAME_TABLE);
  space->pool = pte_frame(pte_load(table, 0));
  space->pool_count--;
  pte_store(table, 0, 0);
  return table;
}

// The table of a level for an address; tables are taken from the pool where one is missing, or a
// large leaf is in its place. NULL: the pool is empty, or the window is in the way.
static uint64_t *table_make(struct space *space, uaddr_t address, int lowest) {
  uint64_t *table = space->root;
  for (int level = LEVELS - 1; level > lowest; level--) {
    uint32_t index = pte_index(address, level);
    uint64_t pte = pte_load(table, index);
    if (UNLIKELY(!pte_is_table(pte))) {
      if (!space->pool || (pte && in_window(space, address))) return NULL;
      if (pte) {
        space_drop_large(space, &table[index]);
        space_fence(space, 0, USER_END);
      }
      uint64_t *made = pool_take(space, level - 1);
      pte = pte_make(arch_address_frame(made), PTE_V);
      pte_store(table, index, pte);
    }
    table = arch_table_address(pte);
  }
  return table;
}

static uint64_t *leaf_table_make(struct space *space, uaddr_t address) {
  return table_make(space, address, 0);
}

uint32_t table_next_used(const uint64_t *table, uint32_t index, uint32_t end) {
  const uint64_t *last = table + end;
  const uint64_t *t = table + index;
  for (; t < last; t++) {
    if ((uintptr_t)t % 128 == 0) {
      for (; t + 16 <= last; t += 16)
        if (t[0] | t[1] | t[2] | t[3] | t[4] | t[5] | t[6] | t[7] | t[8] | t[9] | t[10] | t[11] |
            t[12] | t[13] | t[14] | t[15])
          break;
      if (t == last) break;
    }
    if (*t) break;
  }
  return (uint32_t)(t - table);
}

// --- map ---

// The frames of the mapping that is being made, as they were checked: a call buffer can be
// written by its owner meanwhile.
static frame_t checked_frames[MAP_BUFFER_MAX];

// Reads the frames of the mapping once and checks them against the authority, whose first one has
// the entry `first` in the frame table; NULL for devices.
static int check_frames(const struct handle *authority, const struct mapping *mapping,
                        const struct frame *first) {
  const uint32_t *frames = mapping->frames, count = mapping->count;
  const frame_t run = mapping->run, low = authority->first, total = authority->count;
  for (uint32_t i = 0; i < count; i++) {
    frame_t frame = frames ? __atomic_load_n(&frames[i], __ATOMIC_RELAXED) : run + i;
    frame_t offset = frame - low;
    checked_frames[i] = frame;
    if (UNLIKELY(offset >= total)) return -EACCES;
    if (first && UNLIKELY((uint8_t)first[offset].type_generation != FRAME_USER)) return -EACCES;
  }
  return 0;
}

static int check_mapping(const struct space *space, const struct mapping *mapping) {
  if (!space->root) return -ENOMEM;
  if (mapping->address >= USER_END || mapping->count - 1 >= MAP_BUFFER_MAX ||
      mapping->address + (uint64_t)mapping->count * PAGE_SIZE > USER_END || mapping->prot > 7)
    return -EINVAL;
  return in_window(space, mapping->address) ? -EINVAL : 0;
}

// Sets leaves that follow each other in a table; `first` as above, of frame `low`. True if a valid
// one was replaced, which needs a fence.
static inline bool set_leaves(uint64_t *leaf, const frame_t *frames, uint32_t count, uint64_t bits,
                              frame_t low, struct frame *first) {
  bool replaced = false;
  for (const frame_t *end = frames + count; frames < end; frames++, leaf++) {
    frame_t frame = *frames;
    if (LIKELY(first)) first[frame - low].count++;
    if (LIKELY(!pte_load(leaf, 0))) {
      pte_store(leaf, 0, pte_make(frame, bits));
      continue;
    }
    space_drop_leaf(pte_exchange(leaf, 0, pte_make(frame, bits)));
    replaced = true;
  }
  return replaced;
}

// A block that is of type user, and so in the window.
static bool is_block(frame_t first) {
  return first % LARGE_FRAMES == 0 &&
         space_block(boot_space, BOOT_WINDOW + ((uint64_t)first << PAGE_SHIFT)) & PTE_LEAF;
}

static COLD int map_large(struct space *space, const struct handle *authority,
                          const struct mapping *mapping) {
  frame_t offset = mapping->run - authority->first;
  if (authority->type != OBJECT_FRAMES || mapping->address % LARGE_SIZE ||
      mapping->count != LARGE_FRAMES)
    return -EINVAL;
  if (offset >= authority->count || authority->count - offset < LARGE_FRAMES ||
      !is_block(mapping->run))
    return -EACCES;
  uint64_t *table = table_make(space, mapping->address, 1);
  if (!table) return -ENOMEM;
  uint32_t index = pte_index(mapping->address, 1);
  if (pte_load(table, index)) space_unmap(space, mapping->address, mapping->address + LARGE_SIZE);
  pte_store(table, index, pte_make(mapping->run, pte_leaf_bits(mapping->prot)));
  frame_entry(mapping->run)->count++;
  space->large++;
  if (mapping->prot & PROT_X) space_fence_instructions(space);
  return 0;
}

int space_map(struct space *space, const struct handle *authority, const struct mapping *mapping) {
  int error = check_mapping(space, mapping);
  if (UNLIKELY(error)) return error;
  uaddr_t address = mapping->address, end = address + (uint64_t)mapping->count * PAGE_SIZE;
  if (!mapping->prot) {
    space_unmap(space, address, end);  // not more tables than one call takes
    return 0;
  }
  if (UNLIKELY(mapping->large)) return map_large(space, authority, mapping);
  struct frame *first = authority->type == OBJECT_FRAMES ? frame_entry(authority->first) : NULL;
  error = check_frames(authority, mapping, first);
  if (UNLIKELY(error)) return error;
  // All tables first, so that nothing is mapped if one is missing.
  for (uaddr_t a = (address | (LARGE_SIZE - 1)) + 1; a < end; a += LARGE_SIZE)
    if (!leaf_table_make(space, a)) return -ENOMEM;
  uint64_t bits = pte_leaf_bits(mapping->prot);
  const frame_t low = authority->first;
  bool replaced = false;
  for (uint32_t i = 0, count; i < mapping->count; i += count, address += count * PAGE_SIZE) {
    uint64_t *table = leaf_table_make(space, address);
    if (UNLIKELY(!table)) return -ENOMEM;
    uint32_t index = pte_index(address, 0);
    count = mapping->count - i;
    if (count > TABLE_ENTRIES - index) count = TABLE_ENTRIES - index;
    replaced |= set_leaves(table + index, &checked_frames[i], count, bits, low, first);
  }
  if (replaced) space_fence(space, mapping->address, end);
  if (mapping->prot & PROT_X) space_fence_instructions(space);
  return 0;
}

// --- create, fund ---

int space_create(struct space *space, uint32_t badge) {
  int error = asid_allocate(&space->asid);
  if (error) return error;
  static uint64_t last_serial;
  space->serial = ++last_serial;
  space->epoch = LEAF_EPOCH;
  space->badge = badge;
  space->handle_count = HANDLES_INLINE;
  space->handles[0] = space->handles_inline;
  return 0;
}

static void fund_table(struct space *space, frame_t frame) {
  if (frame_type(frame) != FRAME_BLANK) frame_clear(frame, PAGE_SIZE);
  frame_set_type(frame, FRAME_TABLE);
  frame_entry(frame)->count = space->tables;
  space->tables = frame;
  if (space->root) {
    table_put(space, frame);
  } else {
    space->root = arch_frame_address(frame);
    arch_root_init(space->root);
    space->translation = arch_translation(frame, space->asid);
  }
}

static void fund_handles(struct space *space, frame_t frame) {
  uint32_t chunk = space->handle_count / HANDLES_INLINE;
  struct handle *handles = arch_frame_address(frame);
  frame_clear(frame, PAGE_SIZE);
  frame_set_type(frame, FRAME_HANDLES);
  space->handles[chunk] = handles;
  space->handles[chunk + 1] = handles + HANDLES_INLINE;
  space->handle_count += HANDLES_PER_FRAME;
}

// No frame twice: its type would no longer fit.
static int check_fund(const struct space *space, const uint64_t *frames, uint32_t count,
                      uint32_t purpose) {
  if (space->tables && !space->root) return -EBUSY;  // it is being destroyed
  if (purpose > FUND_HANDLES) return -EINVAL;
  if (purpose == FUND_HANDLES && space->handle_count + count * HANDLES_PER_FRAME > HANDLES_MAX)
    return -ENOSPC;
  for (uint32_t i = 0; i < count; i++) {
    if (!frame_exists(frames[i]) || !frame_is_free(frames[i])) return -EINVAL;
    for (uint32_t j = 0; j < i; j++)
      if (frames[i] == frames[j]) return -EINVAL;
  }
  return 0;
}

int space_fund(struct space *space, const uint64_t *frames, uint32_t count, uint32_t purpose) {
  int error = check_fund(space, frames, count, purpose);
  for (uint32_t i = 0; !error && i < count; i++) {
    if (purpose == FUND_TABLE)
      fund_table(space, (frame_t)frames[i]);
    else
      fund_handles(space, (frame_t)frames[i]);
  }
  return error;
}

// --- destroy ---

// Leaves the table blank.
static void drop_leaves(frame_t frame) {
  uint64_t *table = arch_frame_address(frame);
  for (uint32_t i = 0; (i = table_next_used(table, i, TABLE_ENTRIES)) < TABLE_ENTRIES; i++)
    space_drop_leaf(pte_exchange(table, i, 0));
}

// Drops the large leaves of a middle table, or of none if it is another one: the kernel's, in a
// root, are not the user's.
static COLD void drop_large_leaves(struct space *space, frame_t frame) {
  uint64_t *table = arch_frame_address(frame);
  for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
    if (table[i] & PTE_U) space_drop_large(space, &table[i]);
}

int space_destroy(struct space *space) {
  if (space->threads) return -EBUSY;
  // No hart is in the space any more, and from now on none can enter it, nor its tables be walked.
  // The ASID's next owner fences it on each hart that it enters; a machine's only hart does here.
  space->translation = 0;
  space->root = NULL;
  arch_fence_asid(space->asid);
  for (uint32_t i = 0; space->tables; i++) {
    if (i == RANGE_TABLES_MAX) return -EAGAIN;
    frame_t frame = space->tables;
    space->tables = frame_entry(frame)->count;
    frame_entry(frame)->count = 0;
    bool leaves = frame_type(frame) == FRAME_LEAVES;
    if (leaves)
      drop_leaves(frame);
    else if (space->large)
      drop_large_leaves(space, frame);
    frame_release(frame);
    if (leaves) frame_set_type(frame, FRAME_BLANK);
  }
  asid_free(space->asid);
  for (uint32_t i = 1; i < space->handle_count / HANDLES_INLINE; i += 2)
    frame_release(arch_address_frame(space->handles[i]));
  frame_release(arch_address_frame(space));
  return 0;
}

// --- faults ---

uint64_t *space_leaves(const struct space *space, uaddr_t address) {
  uint64_t pte = space_block(space, address);
  return pte_is_table(pte) ? arch_table_address(pte) : NULL;
}

bool space_absorb(struct space *space, uaddr_t address, uint64_t access, uint64_t entry) {
  if (!(entry & access)) return false;
  uint64_t bits = access == PTE_W ? PTE_A | PTE_D : PTE_A;
  if ((entry & bits) != bits) {
    uint64_t *block = space_block_entry(space, address);
    uint64_t pte = pte_load(block, 0);
    if (pte_is_table(pte))
      pte_set(arch_table_address(pte), pte_index(address, 0), bits);
    else
      pte_set(block, 0, bits);
  }
  arch_fence_page(address & ~PAGE_MASK, space->asid);
  return true;
}

// --- the boot space's window ---

COLD void space_window_set(struct space *space, frame_t first, bool present) {
  space->has_window = true;
  uaddr_t address = BOOT_WINDOW + ((uint64_t)first << PAGE_SHIFT);
  uint64_t *entry = &space->root[pte_index(address, 2)];
  if (!*entry) *entry = pte_make(arch_address_frame(pool_take(space, 1)), PTE_V);
  uint64_t bits = PTE_V | PTE_U | PTE_R | PTE_W | PTE_A | PTE_D;
  pte_store(arch_table_address(*entry), pte_index(address, 1), present ? pte_make(first, bits) : 0);
  space_fence(space, address, address + LARGE_SIZE);
}
