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
static bool update(struct region *region) {
  const struct region *left = region->left;
  const struct region *right = region->right;
  uint32_t first = region->start;
  uint32_t last = region->end;
  uint32_t gap = 0;
  uint32_t height = 0;
  if (left) {
    first = left->first;
    height = left->height;
    gap = max32(left->gap, region->start - left->last);
  }
  if (right) {
    last = right->last;
    height = max32(height, right->height);
    gap = max32(gap, max32(right->gap, right->first - region->end));
  }
  height++;
  uint32_t changed = (region->first ^ first) | (region->last ^ last) | (region->gap ^ gap) |
                     (region->height ^ height);
  region->first = first;
  region->last = last;
  region->gap = gap;
  region->height = (uint8_t)height;
  return changed != 0;
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

// The path to the region that starts at `start`, or to where it would be.
static struct region **descend(struct region **root, uint32_t start, struct path *path) {
  struct region **link = root;
  path->depth = 0;
  while (*link && (*link)->start != start) {
    path->link[path->depth++] = link;
    link = start < (*link)->start ? &(*link)->left : &(*link)->right;
  }
  return link;
}

static void hang_in(struct region **link, struct region *region) {
  region->left = NULL;
  region->right = NULL;
  region->first = region->start;
  region->last = region->end;
  region->gap = 0;
  region->height = 1;
  *link = region;
}

void region_insert(struct region **root, struct region *region) {
  struct path path;
  hang_in(descend(root, region->start, &path), region);
  repair(&path, path.depth);
}

void region_split(struct region **root, struct region *region, uint32_t page,
                  struct region *upper) {
  struct path path;
  upper->start = page;
  upper->end = region->end;
  region->end = page;
  hang_in(descend(root, page, &path), upper);
  // The region is the one in front of it, so it is on the path.
  uint32_t depth = path.depth;
  while (*path.link[depth - 1] != region) depth--;
  repair(&path, depth - 1);
}

void region_remove(struct region **root, struct region *region) {
  struct path path;
  struct region **link = descend(root, region->start, &path);
  uint32_t depth = path.depth;
  if (!region->left || !region->right) {
    *link = region->left ? region->left : region->right;
    repair(&path, depth);
    return;
  }
  // The next region takes its place.
  path.link[path.depth++] = link;
  struct region **next = &region->right;
  while ((*next)->left) {
    path.link[path.depth++] = next;
    next = &(*next)->left;
  }
  struct region *heir = *next;
  *next = heir->right;
  heir->left = region->left;
  heir->right = region->right;
  // What those above know of is the region's; repair compares with that.
  heir->first = region->first;
  heir->last = region->last;
  heir->gap = region->gap;
  heir->height = region->height;
  *link = heir;
  if (path.depth > depth + 1) path.link[depth + 1] = &heir->right;
  repair(&path, depth);
}

void region_refresh(struct region **root, const struct region *region) {
  struct path path;
  struct region **link = descend(root, region->start, &path);
  path.link[path.depth++] = link;
  repair(&path, path.depth);
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
