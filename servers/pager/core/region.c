#include "servers/pager/core/region.h"

#include <stddef.h>

static uint32_t max32(uint32_t a, uint32_t b) { return a > b ? a : b; }

static int height_of(const struct region *region) { return region ? region->height : 0; }

// Computes what a region knows of its subtree from its children.
static void update(struct region *region) {
  const struct region *left = region->left;
  const struct region *right = region->right;
  uint32_t gap = 0;
  region->height = (uint8_t)(1 + max32((uint32_t)height_of(left), (uint32_t)height_of(right)));
  region->first = region->start;
  region->last = region->end;
  if (left) {
    region->first = left->first;
    gap = max32(left->gap, region->start - left->last);
  }
  if (right) {
    region->last = right->last;
    gap = max32(gap, max32(right->gap, right->first - region->end));
  }
  region->gap = gap;
}

static struct region *rotate_right(struct region *region) {
  struct region *top = region->left;
  region->left = top->right;
  top->right = region;
  update(region);
  update(top);
  return top;
}

static struct region *rotate_left(struct region *region) {
  struct region *top = region->right;
  region->right = top->left;
  top->left = region;
  update(region);
  update(top);
  return top;
}

// Restores the AVL balance of a region whose subtrees are balanced and differ by at most two.
static struct region *balance(struct region *region) {
  int lean = height_of(region->left) - height_of(region->right);
  if (lean > 1) {
    if (height_of(region->left->left) < height_of(region->left->right)) {
      region->left = rotate_left(region->left);
    }
    return rotate_right(region);
  }
  if (lean < -1) {
    if (height_of(region->right->right) < height_of(region->right->left)) {
      region->right = rotate_right(region->right);
    }
    return rotate_left(region);
  }
  update(region);
  return region;
}

static struct region *insert_below(struct region *root, struct region *region) {
  if (!root) return region;
  if (region->start < root->start) {
    root->left = insert_below(root->left, region);
  } else {
    root->right = insert_below(root->right, region);
  }
  return balance(root);
}

void region_insert(struct region **root, struct region *region) {
  region->left = NULL;
  region->right = NULL;
  update(region);
  *root = insert_below(*root, region);
}

// Takes the lowest region out of a subtree.
static struct region *take_lowest(struct region *root, struct region **lowest) {
  if (!root->left) {
    *lowest = root;
    return root->right;
  }
  root->left = take_lowest(root->left, lowest);
  return balance(root);
}

static struct region *remove_below(struct region *root, struct region *region) {
  if (root == region) {
    if (!root->right) return root->left;
    struct region *next;
    struct region *right = take_lowest(root->right, &next);
    next->left = root->left;
    next->right = right;
    return balance(next);
  }
  if (region->start < root->start) {
    root->left = remove_below(root->left, region);
  } else {
    root->right = remove_below(root->right, region);
  }
  return balance(root);
}

void region_remove(struct region **root, struct region *region) {
  *root = remove_below(*root, region);
}

void region_refresh(struct region *root, const struct region *region) {
  if (root != region) {
    region_refresh(region->start < root->start ? root->left : root->right, region);
  }
  update(root);
}

struct region *region_above(struct region *root, uint32_t page) {
  struct region *found = NULL;
  while (root) {
    if (page < root->end) {
      found = root;
      root = root->left;
    } else {
      root = root->right;
    }
  }
  return found;
}

struct region *region_below(struct region *root, uint32_t page) {
  struct region *found = NULL;
  while (root) {
    if (root->start < page) {
      found = root;
      root = root->right;
    } else {
      root = root->left;
    }
  }
  return found;
}

// Looks for `count` free pages at or after *floor, in front of or between the regions of a
// subtree. If there are none, *floor moves behind the subtree.
static uint32_t gap_below(const struct region *root, uint32_t *floor, uint32_t count) {
  if (!root || root->last <= *floor) return 0;
  bool in_front = root->first > *floor && root->first - *floor >= count;
  if (root->gap < count && !in_front) {
    *floor = root->last;
    return 0;
  }
  uint32_t found = gap_below(root->left, floor, count);
  if (found) return found;
  if (root->start > *floor && root->start - *floor >= count) return *floor;
  *floor = max32(*floor, root->end);
  return gap_below(root->right, floor, count);
}

uint32_t region_gap(struct region *root, uint32_t low, uint32_t high, uint32_t count) {
  uint32_t floor = low;
  uint32_t found = gap_below(root, &floor, count);
  if (!found) found = floor;
  return found < high && high - found >= count ? found : 0;
}

bool region_is_free(struct region *root, uint32_t start, uint32_t end) {
  const struct region *above = region_above(root, start);
  return !above || above->start >= end;
}

bool region_joins(const struct region *left, const struct region *right) {
  const uint8_t ignored = REGION_TOUCHED;
  return left->end == right->start && left->object == right->object && left->prot == right->prot &&
         left->prot_max == right->prot_max && left->tail == 0 &&
         ((left->flags ^ right->flags) & (uint8_t)~ignored) == 0 &&
         (!left->object || left->offset + (left->end - left->start) == right->offset);
}
