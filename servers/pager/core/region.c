#include "servers/pager/core/region.h"

#include <stddef.h>

#define DEPTH_MAX 48u  // of an AVL tree with more regions than there are pages

// The links from the root down to a region: *link[0] is the root.
struct path {
  struct region **link[DEPTH_MAX];
  uint32_t depth;
};

static uint32_t max32(uint32_t a, uint32_t b) { return a > b ? a : b; }

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

// Restores the AVL balance of a region whose subtrees are balanced and differ by two.
static struct region *rotate(struct region *region, int lean) {
  if (lean > 0) {
    if (height_of(region->left->left) < height_of(region->left->right)) {
      region->left = rotate_left(region->left);
    }
    return rotate_right(region);
  }
  if (height_of(region->right->right) < height_of(region->right->left)) {
    region->right = rotate_right(region->right);
  }
  return rotate_left(region);
}

// Goes up the path and makes everything right again, until nothing changes any more; but at least
// to depth `least`.
static void repair(struct path *path, uint32_t least) {
  for (uint32_t i = path->depth; i-- > 0;) {
    struct region *region = *path->link[i];
    int lean = height_of(region->left) - height_of(region->right);
    if (lean > 1 || lean < -1) {
      *path->link[i] = rotate(region, lean);
    } else if (!update(region) && i <= least) {
      return;
    }
  }
}

#define NOWHERE 0xffffffffu

// Goes down to the region that starts at `start`, or to where it would be. *behind is the depth of
// the lowest region above it that is behind it, *in_front likewise; NOWHERE if there is none.
static struct region **descend(struct region **root, uint32_t start, struct path *path,
                               uint32_t *in_front, uint32_t *behind) {
  struct region **link = root;
  path->depth = 0;
  *in_front = *behind = NOWHERE;
  while (*link && (*link)->start != start) {
    path->link[path->depth] = link;
    if (start < (*link)->start) {
      *behind = path->depth++;
      link = &(*link)->left;
    } else {
      *in_front = path->depth++;
      link = &(*link)->right;
    }
  }
  return link;
}

void region_neighbours(struct region *root, uint32_t page, struct region **in_front,
                       struct region **behind) {
  *in_front = *behind = NULL;
  while (root) {
    if (page < root->start) {
      *behind = root;
      root = root->left;
    } else {
      *in_front = root;
      root = root->right;
    }
  }
}

void region_insert(struct region **root, struct region *region) {
  struct path path;
  uint32_t in_front, behind;
  struct region **link = descend(root, region->start, &path, &in_front, &behind);
  // Its neighbours are above it.
  region->before = region->start;
  if (in_front != NOWHERE) region->before -= (*path.link[in_front])->end;
  region->left = NULL;
  region->right = NULL;
  region->gap = region->before;
  region->height = 1;
  *link = region;
  uint32_t least = path.depth;
  if (behind != NOWHERE) {
    struct region *next = *path.link[behind];
    uint32_t before = next->start - region->end;
    if (next->before != before) least = behind;
    next->before = before;
  }
  repair(&path, least);
}

// Adds to the path the way from a link down to the lowest region of that subtree.
static struct region **descend_left(struct region **link, struct path *path) {
  while ((*link)->left) {
    path->link[path->depth++] = link;
    link = &(*link)->left;
  }
  return link;
}

// Takes a region out; the next one gets `freed` more free pages in front of it.
static void take_out(struct region **root, struct region *region, uint32_t freed) {
  struct path path;
  uint32_t in_front, behind;
  struct region **link = descend(root, region->start, &path, &in_front, &behind);
  uint32_t depth = path.depth;
  uint32_t least = depth;
  if (!region->right) {
    *link = region->left;
    if (behind != NOWHERE && freed > 0) {
      (*path.link[behind])->before += freed;
      least = behind;
    }
  } else if (!region->left) {
    *link = region->right;
    struct region **next = descend_left(link, &path);
    (*next)->before += freed;
    path.link[path.depth++] = next;
  } else {
    // The next region takes its place.
    path.link[path.depth++] = link;
    struct region **next = descend_left(&region->right, &path);
    struct region *heir = *next;
    *next = heir->right;
    heir->before += freed;
    heir->left = region->left;
    heir->right = region->right;
    // What those above know of is the region's; repair compares with that.
    heir->gap = region->gap;
    heir->height = region->height;
    *link = heir;
    if (path.depth > depth + 1) path.link[depth + 1] = &heir->right;
  }
  repair(&path, least);
}

void region_remove(struct region **root, struct region *region) {
  take_out(root, region, region->before + (region->end - region->start));
}

void region_split(struct region **root, struct region *region, uint32_t page,
                  struct region *upper) {
  upper->start = page;
  upper->end = region->end;
  region->end = page;
  region_insert(root, upper);
}

void region_absorb(struct region **root, struct region *region, struct region *next) {
  take_out(root, next, 0);
  region->end = next->end;
}

static void refresh(struct region **root, struct region *region) {
  struct path path;
  uint32_t in_front, behind;
  struct region **link = descend(root, region->start, &path, &in_front, &behind);
  path.link[path.depth++] = link;
  repair(&path, path.depth);
}

void region_move_start(struct region **root, struct region *region, uint32_t start) {
  region->before += start - region->start;
  region->start = start;
  refresh(root, region);
}

void region_move_end(struct region **root, struct region *region, uint32_t end) {
  struct region *next = region_above(*root, region->end);
  region->end = end;
  if (!next) return;
  next->before = next->start - end;
  refresh(root, next);
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

// The lowest region that has `count` free pages in front of it, all at or after `low`.
static struct region *behind_gap(struct region *root, uint32_t low, uint32_t count) {
  while (root && root->gap >= count) {
    if (root->start >= low + count) {
      struct region *found = behind_gap(root->left, low, count);
      if (found) return found;
      if (root->before >= count) return root;
    }
    root = root->right;
  }
  return NULL;
}

uint32_t region_gap(struct region *root, uint32_t low, uint32_t high, uint32_t count) {
  const struct region *behind = behind_gap(root, low, count);
  uint32_t floor = 0;
  if (behind) {
    floor = behind->start - behind->before;
  } else {
    for (const struct region *r = root; r; r = r->right) floor = r->end;
  }
  if (floor < low) floor = low;
  return floor < high && high - floor >= count ? floor : 0;
}

bool region_is_free(struct region *root, uint32_t start, uint32_t end) {
  const struct region *above = region_above(root, start);
  return !above || above->start >= end;
}

bool region_joins(const struct region *left, const struct region *right) {
  return left->end == right->start && left->object == right->object && left->prot == right->prot &&
         left->prot_max == right->prot_max && left->tail == 0 &&
         ((left->flags ^ right->flags) & ~REGION_TOUCHED) == 0 &&
         (!left->object || left->offset + (left->end - left->start) == right->offset);
}
