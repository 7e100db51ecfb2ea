// Copying a space: regions one by one, private pages by one reference for each GiB.
#include "servers/pager/core/bits.h"
#include "servers/pager/core/state.h"

static struct region *clone_regions(struct pager *pager, struct space *child,
                                    const struct region *region, bool *ok) {
  if (!region || !*ok) return NULL;
  struct region *copy = slab_take(pager, SLAB_REGION);
  if (!copy) {
    *ok = false;
    return NULL;
  }
  *copy = *region;
  copy->flags &= (uint16_t)~REGION_LOCKED;
  copy->slot = (uint16_t)child->slot;
  if (copy->object) object_link(copy->object, copy);
  copy->parent = NULL;
  copy->left = clone_regions(pager, child, region->left, ok);
  if (copy->left) copy->left->parent = copy;
  copy->right = clone_regions(pager, child, region->right, ok);
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

// The child's message page is its own: made with the space, like the region that shows it.
static bool copy_regions(struct pager *pager, struct space *parent, struct space *child) {
  bool ok = true;
  space_release_regions(pager, child);
  child->regions = clone_regions(pager, child, parent->regions, &ok);
  child->virtual_pages = parent->virtual_pages;
  child->data_pages = parent->data_pages;
  for (uint32_t i = 0; i < LIMIT_COUNT; i++) child->limit[i] = parent->limit[i];
  child->break_start = parent->break_start;
  child->break_page = parent->break_page;
  child->break_byte = parent->break_byte;
  space_enter_family(pager, child, space_family(parent));
  return ok;
}

int64_t pager_fork(struct pager *pager, uint32_t parent_badge, uint32_t child_badge) {
  struct space *parent = pager_space(pager, parent_badge);
  if (!parent || parent->slot < SLOT_FIRST_PROGRAM) return -ESRCH;
  if (badge_slot(child_badge) < SLOT_FIRST_PROGRAM) return -EINVAL;
  struct space *child;
  int error = space_new(pager, child_badge, &child);
  if (error < 0) return error == -EEXIST ? -EAGAIN : error;
  if (!copy_regions(pager, parent, child)) {
    space_delete(pager, child);
    return -ENOMEM;
  }
  share_pages(pager, parent, child);
  error = kops_thread_clone(child->slot, parent->slot, 0);
  if (error < 0) {
    space_delete(pager, child);
    return error;
  }
  pager->counts.forks++;
  return 0;
}

int64_t pager_kill(struct pager *pager, uint32_t badge) {
  struct space *space = pager_space(pager, badge);
  if (!space) return -ESRCH;
  space_delete(pager, space);
  requests_kick(pager);
  return 0;
}
