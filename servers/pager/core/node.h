// Persistent radix trees from page index to frame, 64 ways at each level.
//
// Nodes are shared between trees: `refs` counts the parents. A node is changed only where it and
// all above it have one parent; node_own_leaf copies what is shared on the way. So a copy of a
// whole tree is one more reference to its root, and no page is touched. Node references are
// physical address >> 4; 0 is none. Entries of leaves (level 0) are pages: nothing, a frame, or a
// swap slot; one reference each.
//
// `writable` marks nodes under which pages may be mapped writable. Invariants:
//   N1  writable implies refs == 1 and a writable parent
//   N2  bit i of present is set if and only if entry[i] != 0
//   N3  a page is owned by one space alone if and only if all nodes above it and the page itself
//       have one reference
#ifndef SERVERS_PAGER_CORE_NODE_H
#define SERVERS_PAGER_CORE_NODE_H

#include <stdbool.h>
#include <stdint.h>

struct pager;

#define NODE_BITS 6u
#define NODE_WAYS 64u
#define NODE_MASK 63u
#define NODE_HEIGHT_MAX 6u  // 36 bits of index: more than 32

struct node {
  uint64_t present;
  uint64_t odd;  // of a leaf: pages whose rights are not their region's (odd.h)
  uint32_t refs;
  uint32_t writable;
  uint32_t entry[NODE_WAYS];
};

// What an entry of a leaf names. Who reads one says which of the three it takes.
#define ENTRY_SWAPPED 0x80000000u  // | swap slot

static inline bool entry_is_frame(uint32_t entry) { return (int32_t)entry > 0; }
static inline bool entry_is_swapped(uint32_t entry) { return (int32_t)entry < 0; }
// => entry_is_swapped
static inline uint32_t entry_slot(uint32_t entry) { return entry & ~ENTRY_SWAPPED; }

// Which entry leads to `index`, in a node `level` levels above the leaves.
static inline uint32_t node_way(uint32_t index, uint32_t level) {
  return (uint32_t)((uint64_t)index >> (NODE_BITS * level)) & NODE_MASK;
}

// The leaf above `index` in the tree of this height (1: the root is a leaf), NULL if there is
// none. *owned: no node on the way is shared.
struct node *node_find_leaf(struct pager *pager, uint32_t root, uint32_t height, uint32_t index,
                            bool *owned);
// The same for changing it: makes and copies nodes as needed and marks them writable. NULL if
// there is no memory; the tree has the same content then.
struct node *node_own_leaf(struct pager *pager, uint32_t *root, uint32_t height, uint32_t index);
// Gives up one reference to a tree.
void node_release(struct pager *pager, uint32_t root, uint32_t height);
// Takes the entries [start, end) out. At most 2 * height nodes are copied: reserve them first.
void node_remove(struct pager *pager, uint32_t *root, uint32_t height, uint64_t start,
                 uint64_t end);
// Adds a level at the top. False if there is no memory.
bool node_grow(struct pager *pager, uint32_t *root);
// The first entry at or after *index and below end, whatever it names; moves *index there. 0 if
// there is none.
uint32_t node_next(struct pager *pager, uint32_t root, uint32_t height, uint32_t *index,
                   uint64_t end);

#endif
