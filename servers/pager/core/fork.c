// Copying a space: regions one by one, private pages by one reference for each GiB.
#include "servers/pager/core/bits.h"
#include "servers/pager/core/calls.h"
#include "servers/pager/core/limits.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/signals.h"
#include "servers/pager/core/state.h"

#define NOT_INHERITED (REGION_DONTFORK | REGION_WIPEONFORK)

struct cloning {
  struct space *child;
  uint16_t flags;  // of all regions, together
  bool failed;     // there is no memory
};

static struct region *clone_regions(struct pager *pager, struct cloning *cloning,
                                    const struct region *region) {
  if (!region || cloning->failed) return NULL;
  struct region *copy = slab_take(pager, SLAB_REGION);
  if (!copy) {
    cloning->failed = true;
    return NULL;
  }
  *copy = *region;
  cloning->flags |= region->flags;
  copy->flags &= (uint16_t)~REGION_LOCKED;
  copy->slot = (uint16_t)cloning->child->slot;
  if (copy->object) object_link(copy->object, copy);
  copy->parent = NULL;
  copy->left = clone_regions(pager, cloning, region->left);
  if (copy->left) copy->left->parent = copy;
  copy->right = clone_regions(pager, cloning, region->right);
  if (copy->right) copy->right->parent = copy;
  return copy;
}

// A range of pages to be made read-only, not yet told to the kernel.
struct range {
  uint32_t slot;
  uint32_t start, end;
};

static void protect_range(const struct range *range) {
  if (range->start == range->end) return;
  kops_protect(range->slot, (uint64_t)range->start << PAGE_SHIFT,
               (uint64_t)range->end << PAGE_SHIFT, PROT_R | PROT_X);
}

static void protect_leaf(struct node *leaf, uint32_t base, struct range *range) {
  if (leaf->present == 0) return;
  uint32_t start = base + bits_lowest(leaf->present);
  uint32_t end = base + bits_highest(leaf->present) + 1;
  if (range->end != start) {
    protect_range(range);
    range->start = start;
  }
  range->end = end;
}

// Makes all pages below a node read-only that may be mapped writable.
static void protect_below(struct pager *pager, struct node *node, uint32_t level, uint32_t base,
                          struct range *range) {
  node->writable = 0;
  if (level == 0) {
    protect_leaf(node, base, range);
    return;
  }
  for (uint64_t left = node->present; left; left &= left - 1) {
    uint32_t way = bits_lowest(left);
    struct node *child = node_at(pager, node->entry[way]);
    if (!child->writable) continue;
    protect_below(pager, child, level - 1, base + (way << (NODE_BITS * level)), range);
  }
}

static void share_pages(struct pager *pager, struct space *parent, struct space *child) {
  struct range range = {.slot = parent->slot};
  for (uint32_t word = 0; word < SPACE_ROOTS / 64; word++) {
    child->roots[word] = parent->roots[word];
    for (uint64_t left = parent->roots[word]; left; left &= left - 1) {
      uint32_t i = word * 64 + bits_lowest(left);
      struct node *root = node_at(pager, parent->root[i]);
      child->root[i] = parent->root[i];
      root->refs++;
      if (root->writable) {
        protect_below(pager, root, SPACE_HEIGHT - 1, i << SPACE_ROOT_SHIFT, &range);
      }
    }
  }
  protect_range(&range);
  parent->leaf_tag = LEAF_NONE;
}

// The child's message page is its own, at the same address as the parent's. *flags are those of all
// regions, together.
static bool copy_regions(struct pager *pager, struct space *parent, struct space *child,
                         uint16_t *flags) {
  struct cloning cloning = {.child = child};
  child->regions = clone_regions(pager, &cloning, parent->regions);
  child->virtual_pages = parent->virtual_pages;
  child->data_pages = parent->data_pages;
  child->resident = (uint32_t)parent->zeroed + parent->resident;
  limits_inherit(child, parent);
  child->break_start = parent->break_start;
  child->break_byte = parent->break_byte;
  space_enter_family(pager, child, space_family(parent));
  *flags = cloning.flags;
  return !cloning.failed;
}

// Takes from a child what madvise keeps from it. False if there is no memory.
static bool leave_out(struct pager *pager, struct space *child) {
  for (struct region *r = region_above(child->regions, 0), *next; r; r = next) {
    next = region_next(r);
    if (!(r->flags & NOT_INHERITED)) continue;
    if (!slab_reserve(pager, SLAB_NODE, SPACE_REMOVE_NODES)) return false;
    if (r->flags & REGION_DONTFORK) {
      space_clear_from(pager, child, r, r->start, r->end);
    } else {
      space_drop_pages(pager, child, r, r->start, r->end);
    }
  }
  child->resident_peak = child->virtual_peak = 0;  // it never had what it does not get
  return true;
}

int64_t pager_fork(struct pager *pager, uint32_t parent_badge, uint32_t child_badge) {
  struct space *parent = pager_space(pager, parent_badge);
  if (!parent || parent->slot < SLOT_FIRST_PROGRAM) return -ESRCH;
  if (badge_slot(child_badge) < SLOT_FIRST_PROGRAM) return -EINVAL;
  odd_settle(pager, parent);
  promise_keep(pager, parent_badge);
  struct space *child;
  int error = space_new(pager, child_badge, &child);
  if (error < 0) return error == -EEXIST ? -EAGAIN : error;
  uint16_t flags;
  bool copied = copy_regions(pager, parent, child, &flags);
  if (copied) share_pages(pager, parent, child);
  if (!copied || ((flags & NOT_INHERITED) && !leave_out(pager, child))) {
    space_delete(pager, child);
    return -ENOMEM;
  }
  error = signals_fork(pager, parent, child);
  if (error == 0) error = kops_thread_clone(child->slot, parent->slot, 0);
  if (error < 0) {
    space_delete(pager, child);
    return error;
  }
  pager->counts.forks++;
  return 0;
}

int64_t pager_kill(struct pager *pager, uint32_t badge, struct pager_usage *usage) {
  struct space *space = pager_space(pager, badge);
  if (!space) return -ESRCH;
  *usage = counts_usage(space);
  space_delete(pager, space);
  requests_kick(pager);
  return 0;
}
