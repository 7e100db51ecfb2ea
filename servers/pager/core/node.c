#include "servers/pager/core/node.h"

#include "servers/pager/core/bits.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/state.h"

static struct node *node_new(struct pager *pager) {
  struct node *node = slab_take(pager, SLAB_NODE);
  if (!node) return NULL;
  node->present = 0;
  node->odd = 0;
  node->refs = 1;
  node->writable = 0;
  bytes_zero(node->entry, sizeof(node->entry));
  return node;
}

// A copy for one of the parents of a shared node: what it names gets a reference more.
static struct node *node_copy(struct pager *pager, struct node *node, uint32_t level) {
  struct node *copy = slab_take(pager, SLAB_NODE);
  if (!copy) return NULL;
  _Static_assert(sizeof(node->entry) == 256, "block_copy");
  block_copy(copy->entry, node->entry);
  copy->present = node->present;
  copy->odd = node->odd;
  copy->refs = 1;
  copy->writable = 0;
  for (uint64_t left = copy->present; left; left &= left - 1) {
    uint32_t entry = copy->entry[bits_lowest(left)];
    if (level > 0) {
      node_at(pager, entry)->refs++;
    } else if (entry_is_swapped(entry)) {
      swap_add_reference(pager, entry_slot(entry));
    } else {
      page_of(pager, entry)->refs++;
    }
  }
  node->refs--;
  return copy;
}

struct node *node_find_leaf(struct pager *pager, uint32_t root, uint32_t height, uint32_t index,
                            bool *owned) {
  uint32_t refs = 1;
  uint32_t ref = root;
  for (uint32_t level = height; ref && level-- > 0;) {
    struct node *node = node_at(pager, ref);
    refs |= node->refs;
    if (level == 0) {
      *owned = refs == 1;
      return node;
    }
    ref = node->entry[node_way(index, level)];
  }
  *owned = false;
  return NULL;
}

struct node *node_own_leaf(struct pager *pager, uint32_t *root, uint32_t height, uint32_t index) {
  struct node *parent = NULL;
  uint32_t *slot = root;
  uint64_t bit = 0;
  for (uint32_t level = height; level-- > 0;) {
    struct node *node = *slot ? node_at(pager, *slot) : NULL;
    if (!node || node->refs > 1) {
      node = node ? node_copy(pager, node, level) : node_new(pager);
      if (!node) return NULL;
      *slot = item_ref(pager, node);
      if (parent) parent->present |= bit;
    }
    node->writable = 1;
    uint32_t way = node_way(index, level);
    bit = 1ull << way;
    slot = &node->entry[way];
    parent = node;
  }
  return parent;
}

void node_release(struct pager *pager, uint32_t root, uint32_t height) {
  struct node *node = node_at(pager, root);
  if (--node->refs > 0) return;
  if (height == 1) {
    for (uint64_t left = node->present; left; left &= left - 1) {
      entry_release(pager, node->entry[bits_lowest(left)]);
    }
  } else {
    for (uint64_t left = node->present; left; left &= left - 1) {
      node_release(pager, node->entry[bits_lowest(left)], height - 1);
    }
  }
  slab_put(pager, SLAB_NODE, node);
}

// Bits first..last of a bitmap, both within 0..63.
static uint64_t bit_range(uint32_t first, uint32_t last) {
  return (~0ull << first) & (~0ull >> (63 - last));
}

// `base` is the first index below *slot.
static void remove_below(struct pager *pager, uint32_t *slot, uint32_t level, uint64_t base,
                         uint64_t start, uint64_t end) {
  uint64_t span = 1ull << (NODE_BITS * level);
  if (start <= base && base + span * NODE_WAYS <= end) {
    node_release(pager, *slot, level + 1);
    *slot = 0;
    return;
  }
  struct node *node = node_at(pager, *slot);
  uint32_t first = start > base ? (uint32_t)((start - base) >> (NODE_BITS * level)) : 0;
  uint64_t last = (end - 1 - base) >> (NODE_BITS * level);
  uint64_t hit = node->present & bit_range(first, last < 63 ? (uint32_t)last : 63);
  if (!hit) return;
  if (node->refs > 1) {
    node = node_copy(pager, node, level);
    *slot = item_ref(pager, node);
  }
  for (; hit; hit &= hit - 1) {
    uint32_t way = bits_lowest(hit);
    if (level == 0) {
      entry_release(pager, node->entry[way]);
      node->entry[way] = 0;
    } else {
      remove_below(pager, &node->entry[way], level - 1, base + way * span, start, end);
    }
    if (node->entry[way] == 0) node->present &= ~(1ull << way);
  }
  if (node->present == 0) {
    slab_put(pager, SLAB_NODE, node);
    *slot = 0;
  }
}

void node_remove(struct pager *pager, uint32_t *root, uint32_t height, uint64_t start,
                 uint64_t end) {
  if (*root && start < end) remove_below(pager, root, height - 1, 0, start, end);
}

bool node_grow(struct pager *pager, uint32_t *root) {
  if (*root == 0) return true;
  struct node *node = node_new(pager);
  if (!node) return false;
  node->entry[0] = *root;
  node->present = 1;
  node->writable = node_at(pager, *root)->writable;
  *root = item_ref(pager, node);
  return true;
}

static uint32_t next_below(struct pager *pager, uint32_t ref, uint32_t level, uint64_t base,
                           uint64_t *index, uint64_t end) {
  const struct node *node = node_at(pager, ref);
  uint32_t shift = NODE_BITS * level;
  uint32_t first = *index > base ? (uint32_t)((*index - base) >> shift) : 0;
  for (uint64_t left = node->present & bit_range(first, 63); left; left &= left - 1) {
    uint32_t way = bits_lowest(left);
    uint64_t start = base + ((uint64_t)way << shift);
    if (start >= end) return 0;
    if (level == 0) {
      *index = start;
      return node->entry[way];
    }
    uint32_t frame = next_below(pager, node->entry[way], level - 1, start, index, end);
    if (frame) return frame;
  }
  return 0;
}

uint32_t node_next(struct pager *pager, uint32_t root, uint32_t height, uint32_t *index,
                   uint64_t end) {
  uint64_t at = *index;
  if (root == 0 || at >= end || at >> (NODE_BITS * height)) return 0;
  uint32_t frame = next_below(pager, root, height - 1, 0, &at, end);
  if (frame) *index = (uint32_t)at;
  return frame;
}
