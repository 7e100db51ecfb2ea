// What is done to all leaves of a range: unmap, protect, harvest. One walk, inlined where it is
// worth its size, visits them.
#include <errno.h>

#include "microkernel/space_tables.h"

// What is done to one valid leaf. True if a fence is due.
typedef bool leaf_visit(uint64_t *table, uint32_t index, uint64_t pte, uint64_t argument);

struct walk {
  struct space *space;
  uaddr_t start, end;
  leaf_visit *visit;
  uint64_t argument;
  bool reclaim;     // tables all of whose span is in the range are empty afterwards
  bool changed;     // a fence is due
  bool large;       // it is due for all of the space
  bool window;      // the middle table has large leaves of the window
  uint32_t tables;  // leaf tables visited
};

static bool range_is_valid(uaddr_t start, uaddr_t end) {
  return start <= end && end <= USER_END && !((start | end) & PAGE_MASK);
}

static inline uaddr_t least(uaddr_t a, uaddr_t b) { return a < b ? a : b; }

// Takes a table out of its entry, back to the pool.
static void reclaim_table(struct walk *walk, uint64_t *entry) {
  if (walk->space->epoch != LEAF_EPOCH_LAST) walk->space->epoch += LEAF_EPOCH;
  table_put(walk->space, pte_frame(*entry));
  pte_store(entry, 0, 0);
  walk->changed = true;
}

// The valid leaves of [address, end), all in one table.
static inline __attribute__((always_inline)) void walk_leaves(struct walk *walk, uint64_t *table,
                                                              uaddr_t address, uaddr_t end) {
  uint32_t index = pte_index(address, 0);
  uint32_t last = index + (uint32_t)((end - address) >> PAGE_SHIFT);
  while (index < last) {
    uint64_t pte = pte_load(table, index++);
    if (LIKELY(pte))
      walk->changed |= walk->visit(table, index - 1, pte, walk->argument);
    else
      index = table_next_used(table, index, last);
  }
}

// Keeps on the board what the hardware noted in a large leaf: of any of its frames.
static COLD void note_block(uint64_t pte) {
  uint32_t bits = ((uint32_t)(pte >> 6) & 3) * 0x01010101;
  uint32_t *word = (uint32_t *)(void *)(frame_board + (pte_frame(pte) - frame_first));
  for (uint32_t i = 0; bits && i < LARGE_FRAMES / 4; i++)
    __atomic_fetch_or(&word[i], bits, __ATOMIC_RELAXED);
}

COLD void space_drop_large(struct space *space, uint64_t *entry) {
  uint64_t pte = pte_exchange(entry, 0, 0);
  frame_entry(pte_frame(pte))->count--;
  space->large--;
  note_block(pte);
}

static leaf_visit visit_protect, visit_harvest;

// A large leaf, all or a part of which is in the range.
static COLD void visit_large(struct walk *walk, uint64_t *entry, bool whole) {
  uint64_t taken = walk->argument;
  walk->changed = walk->large = true;
  if (whole && walk->visit == visit_harvest)
    note_block(pte_clear(entry, 0, PTE_A | PTE_D));
  else if (whole && walk->visit == visit_protect && (pte_load(entry, 0) & PTE_LEAF & ~taken))
    pte_clear(entry, 0, taken);
  else
    space_drop_large(walk->space, entry);
}

// The leaf tables of [address, end), all below the same root entry. Returns where it stopped.
static inline __attribute__((always_inline)) uaddr_t walk_middle(struct walk *walk,
                                                                 uint64_t *middle, uaddr_t address,
                                                                 uaddr_t end) {
  uaddr_t base = address & ~(SPAN(2) - 1);
  uint32_t last = (uint32_t)((end - base + SPAN(1) - 1) / SPAN(1));
  for (uint32_t i = pte_index(address, 1);; i++) {
    i = table_next_used(middle, i, last);
    if (i == last) return end;
    uaddr_t from = base + i * SPAN(1) > address ? base + i * SPAN(1) : address;
    uaddr_t to = least(base + (i + 1) * SPAN(1), end);
    bool table = pte_is_table(middle[i]);
    if (UNLIKELY(!table && in_window(walk->space, from))) {
      walk->window = true;
      continue;
    }
    if (walk->tables++ == RANGE_TABLES_MAX) return from;
    if (UNLIKELY(!table)) {
      visit_large(walk, &middle[i], to - from == SPAN(1));
      continue;
    }
    walk_leaves(walk, arch_table_address(middle[i]), from, to);
    if (walk->reclaim && to - from == SPAN(1)) reclaim_table(walk, &middle[i]);
  }
}

// A range that one leaf table covers, but not all of that table's span: no search.
static inline __attribute__((always_inline)) uaddr_t walk_short(struct walk *walk) {
  uint64_t pte = pte_load(walk->space->root, pte_index(walk->start, 2));
  if (!pte) return walk->end;
  uint64_t *entry = arch_table_address(pte) + pte_index(walk->start, 1);
  pte = pte_load(entry, 0);
  if (LIKELY(pte_is_table(pte)))
    walk_leaves(walk, arch_table_address(pte), walk->start, walk->end);
  else if (pte && !in_window(walk->space, walk->start))
    visit_large(walk, entry, false);
  return walk->end;
}

// Visits the valid leaves of the range, in a bounded number of tables. Returns where it stopped.
static inline __attribute__((always_inline)) uaddr_t walk_range(struct walk *walk) {
  uint64_t *root = walk->space->root;
  if (!root || walk->start == walk->end) return walk->end;
  if (walk->start / SPAN(1) == (walk->end - 1) / SPAN(1) && walk->end - walk->start < SPAN(1))
    return walk_short(walk);
  uint32_t last = (uint32_t)((walk->end + SPAN(2) - 1) / SPAN(2));
  for (uint32_t i = pte_index(walk->start, 2);; i++) {
    i = table_next_used(root, i, last);
    if (i == last) return walk->end;
    uaddr_t from = i * SPAN(2) > walk->start ? i * SPAN(2) : walk->start;
    uaddr_t to = least((i + 1) * SPAN(2), walk->end);
    walk->window = false;
    uaddr_t stop = walk_middle(walk, arch_table_address(root[i]), from, to);
    if (stop != to) return stop;
    if (walk->reclaim && to - from == SPAN(2) && !walk->window) reclaim_table(walk, &root[i]);
  }
}

// The same, compiled once for all visits but the one that fork makes of each page.
static __attribute__((noinline)) uaddr_t walk_range_any(struct walk *walk) {
  return walk_range(walk);
}

// Fences what the walk has changed.
static int64_t finish(const struct walk *walk, uaddr_t stop) {
  if (walk->changed)
    space_fence(walk->space, walk->large ? 0 : walk->start, walk->large ? USER_END : stop);
  return (int64_t)stop;
}

static bool visit_unmap(uint64_t *table, uint32_t index, uint64_t pte, uint64_t argument) {
  (void)pte, (void)argument;
  space_drop_leaf(pte_exchange(table, index, 0));
  return true;
}

int64_t space_unmap(struct space *space, uaddr_t start, uaddr_t end) {
  if (!range_is_valid(start, end)) return -EINVAL;
  struct walk walk = {
      .space = space, .start = start, .end = end, .visit = visit_unmap, .reclaim = true};
  return finish(&walk, walk_range_any(&walk));
}

static bool visit_protect(uint64_t *table, uint32_t index, uint64_t pte, uint64_t taken) {
  uint64_t rights = pte & PTE_LEAF & ~taken;
  if (rights == (pte & PTE_LEAF)) return false;
  if (rights)
    pte_clear(table, index, taken);
  else
    space_drop_leaf(pte_exchange(table, index, 0));  // no rights: no entry
  return true;
}

int64_t space_protect(struct space *space, uaddr_t start, uaddr_t end, uint32_t prot) {
  if (!range_is_valid(start, end) || prot > (PROT_R | PROT_W | PROT_X)) return -EINVAL;
  uint64_t keep = (uint64_t)prot << 1;
  if (keep & PTE_W) keep |= PTE_R;
  if (!(keep & PTE_R)) keep &= PTE_X;
  struct walk walk = {.space = space,
                      .start = start,
                      .end = end,
                      .visit = visit_protect,
                      .argument = PTE_LEAF & ~keep};
  return finish(&walk, walk_range(&walk));
}

static bool visit_harvest(uint64_t *table, uint32_t index, uint64_t pte, uint64_t argument) {
  (void)argument;
  if (!(pte & (PTE_A | PTE_D)) || !frame_exists(pte_frame(pte))) return false;
  uint64_t old = pte_clear(table, index, PTE_A | PTE_D);
  frame_board_set(pte_frame(old), (uint32_t)(old >> 6) & 3);
  return true;
}

int64_t space_harvest(struct space *space, uaddr_t start, uaddr_t end) {
  if (!range_is_valid(start, end)) return -EINVAL;
  struct walk walk = {.space = space, .start = start, .end = end, .visit = visit_harvest};
  return finish(&walk, walk_range_any(&walk));
}
