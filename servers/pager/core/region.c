#include "servers/pager/core/region.h"

#include <stddef.h>

#include "servers/pager/core/min_max.h"

static int height_of(const struct region *region) { return region ? region->height : 0; }

// Computes what a region knows of its subtree from its children. Returns whether it changed.
__attribute__((always_inline)) static inline bool update(struct region *region) {
  const struct region *left = region->left;
  const struct region *right = region->right;
  uint32_t gap = region->before;
  uint32_t height = 0;
  if (left) {
    height = left->height;
    gap = max32(gap, left->gap);
  }
  if (right) {
    height = max32(height, right->height);
    gap = max32(gap, right->gap);
  }
  height++;
  bool changed = region->gap != gap || region->height != height;
  region->gap = gap;
  region->height = (uint8_t)height;
  return changed;
}

// Puts `with`, NULL for nothing, where `region` is below its parent.
static void replace(struct region **root, const struct region *region, struct region *with) {
  struct region *parent = region->parent;
  if (with) with->parent = parent;
  if (!parent) {
    *root = with;
  } else if (parent->left == region) {
    parent->left = with;
  } else {
    parent->right = with;
  }
}

static struct region *rotate_right(struct region **root, struct region *region) {
  struct region *top = region->left;
  replace(root, region, top);
  region->left = top->right;
  if (top->right) top->right->parent = region;
  top->right = region;
  region->parent = top;
  update(region);
  update(top);
  return top;
}

static struct region *rotate_left(struct region **root, struct region *region) {
  struct region *top = region->right;
  replace(root, region, top);
  region->right = top->left;
  if (top->left) top->left->parent = region;
  top->left = region;
  region->parent = top;
  update(region);
  update(top);
  return top;
}

// Restores the AVL balance of a region whose subtrees are balanced and differ by two. Returns what
// is in its place now.
__attribute__((noinline)) static struct region *rotate(struct region **root, struct region *region,
                                                       int lean) {
  if (lean > 0) {
    if (height_of(region->left->left) < height_of(region->left->right)) {
      rotate_left(root, region->left);
    }
    return rotate_right(root, region);
  }
  if (height_of(region->right->right) < height_of(region->right->left)) {
    rotate_right(root, region->right);
  }
  return rotate_left(root, region);
}

// The same as update where the heights below have not changed.
static inline bool update_gap(struct region *region) {
  const struct region *left = region->left;
  const struct region *right = region->right;
  uint32_t gap = region->before;
  if (left) gap = max32(gap, left->gap);
  if (right) gap = max32(gap, right->gap);
  if (region->gap == gap) return false;
  region->gap = gap;
  return true;
}

// Goes up from a region and makes everything right again, until nothing changes any more; but at
// least up to `through`, if that is not NULL. First heights and gaps, then only gaps.
static void repair(struct region **root, struct region *region, const struct region *through) {
  while (region) {
    uint8_t height = region->height;
    if (region == through) through = NULL;
    int lean = height_of(region->left) - height_of(region->right);
    bool changed = true;
    if (lean > 1 || lean < -1) {
      region = rotate(root, region, lean);
    } else {
      changed = update(region);
    }
    bool same_height = region->height == height;
    region = region->parent;
    if (!changed && !through) return;
    if (same_height) break;
  }
  for (; region && (update_gap(region) || through); region = region->parent) {
    if (region == through) through = NULL;
  }
}

struct region *region_in_front(struct region *root, const struct region *behind) {
  if (behind) return region_prev(behind);
  while (root && root->right) root = root->right;
  return root;
}

// Makes a region whose `before` is known a leaf below its parent.
static void link_leaf(struct region **link, struct region *region, struct region *parent) {
  region->left = NULL;
  region->right = NULL;
  region->parent = parent;
  region->gap = region->before;
  region->height = 1;
  *link = region;
}

void region_insert(struct region **root, struct region *region, struct region *behind) {
  struct region *parent = behind;
  struct region **link;
  if (behind && !behind->left) {
    link = &behind->left;
  } else {
    parent = region_in_front(*root, behind);
    link = parent ? &parent->right : root;
  }
  if (behind) {
    region->before = region->start - (behind->start - behind->before);
    behind->before = behind->start - region->end;
  } else {
    region->before = region->start - (parent ? parent->end : 0);
  }
  link_leaf(link, region, parent);
  repair(root, parent, behind);
}

void region_split(struct region **root, struct region *region, uint32_t page,
                  struct region *upper) {
  upper->start = page;
  upper->end = region->end;
  upper->before = 0;
  region->end = page;
  struct region *parent = region;
  struct region **link = &region->right;
  while (*link) {
    parent = *link;
    link = &parent->left;
  }
  link_leaf(link, upper, parent);
  repair(root, parent, NULL);
}

// Two regions go to a free place at once, one below the other: that makes the subtree of their
// parent higher by one, as one would.
void region_split_out(struct region **root, struct region *region, uint32_t start, uint32_t end,
                      struct region *middle, struct region *upper) {
  upper->start = end;
  upper->end = region->end;
  middle->start = start;
  middle->end = end;
  middle->before = upper->before = 0;
  region->end = start;
  if (!region->right) {
    link_leaf(&region->right, middle, region);
    link_leaf(&middle->right, upper, middle);
    middle->height = 2;
    repair(root, region, NULL);
    return;
  }
  struct region *parent = region->right;
  while (parent->left) parent = parent->left;
  link_leaf(&parent->left, upper, parent);
  link_leaf(&upper->left, middle, upper);
  upper->height = 2;
  repair(root, parent, NULL);
}

// Takes a region with two children out: the next one takes its place.
static void take_out_inner(struct region **root, struct region *region, struct region *heir) {
  struct region *from = heir;
  if (heir->parent != region) {
    from = heir->parent;
    from->left = heir->right;
    if (heir->right) heir->right->parent = from;
    heir->right = region->right;
    heir->right->parent = heir;
  }
  heir->left = region->left;
  heir->left->parent = heir;
  // What those above know of is the region's; repair compares with that.
  heir->gap = region->gap;
  heir->height = region->height;
  replace(root, region, heir);
  repair(root, from, heir);
}

// Takes a region out; the next one gets `freed` more free pages in front of it.
static void take_out(struct region **root, struct region *region, uint32_t freed) {
  struct region *next = freed > 0 || region->right ? region_next(region) : NULL;
  if (next) next->before += freed;
  if (region->left && region->right) {
    take_out_inner(root, region, next);
  } else if (region->right) {
    // The next one, a leaf, takes its place, and for those above what it was.
    next->gap = region->gap;
    next->height = region->height;
    replace(root, region, next);
    repair(root, next, NULL);
  } else {
    replace(root, region, region->left);
    repair(root, region->parent, next);
  }
}

void region_remove(struct region **root, struct region *region) {
  take_out(root, region, region->before + (region->end - region->start));
}

void region_absorb(struct region **root, struct region *region, struct region *next) {
  take_out(root, next, 0);
  region->end = next->end;
}

void region_move_start(struct region **root, struct region *region, uint32_t start) {
  region->before += start - region->start;
  region->start = start;
  repair(root, region, NULL);
}

void region_move_end(struct region **root, struct region *region, uint32_t end) {
  struct region *next = region_next(region);
  region->end = end;
  if (!next) return;
  next->before = next->start - end;
  repair(root, next, NULL);
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

// The lowest region of a subtree with `count` free pages in front of it. => it has one
static struct region *first_behind_gap(struct region *region, uint32_t count) {
  for (;;) {
    if (region->left && region->left->gap >= count) {
      region = region->left;
    } else if (region->before >= count) {
      return region;
    } else {
      region = region->right;
    }
  }
}

// The lowest region that has `count` free pages in front of it, all at or after `low`. What begins
// early enough for that is on the right of the way down to the place low + count.
static struct region *behind_gap(struct region *root, uint32_t low, uint32_t count) {
  struct region *found = NULL;
  while (root) {
    if (root->start < low + count) {
      root = root->right;
    } else {
      if (root->before >= count || (root->right && root->right->gap >= count)) found = root;
      root = root->left;
    }
  }
  if (!found || found->before >= count) return found;
  return first_behind_gap(found->right, count);
}

uint32_t region_gap(struct region *root, uint32_t low, uint32_t high, uint32_t count,
                    struct region **behind) {
  *behind = behind_gap(root, low, count);
  uint32_t floor;
  if (*behind) {
    floor = (*behind)->start - (*behind)->before;
  } else {
    const struct region *last = region_in_front(root, NULL);
    floor = last ? last->end : 0;
  }
  if (floor < low) floor = low;
  return floor < high && high - floor >= count ? floor : 0;
}

bool region_joins(const struct region *left, const struct region *right) {
  return left->end == right->start && left->object == right->object && left->prot == right->prot &&
         left->prot_max == right->prot_max && left->tail == 0 &&
         ((left->flags ^ right->flags) & ~REGION_TOUCHED) == 0 &&
         (!left->object || left->offset + (left->end - left->start) == right->offset);
}
