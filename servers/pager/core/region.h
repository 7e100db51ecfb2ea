// Regions of a space: an AVL tree ordered by address, which also knows its gaps.
// Addresses are page numbers.
#ifndef SERVERS_PAGER_CORE_REGION_H
#define SERVERS_PAGER_CORE_REGION_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/syscall.h"

struct object;
struct space;

enum region_flag {
  REGION_SHARED = 1,  // pages are the object's; otherwise private pages over it
  REGION_GROWSDOWN = 2,
  REGION_STACK = 4,
  REGION_HEAP = 8,
  REGION_MESSAGE = 16,  // message pages: frames that belong to process slots
  REGION_DEVICE = 32,   // registers, rings, DMA: mapped once, no pages behind it
  REGION_TOUCHED = 64,  // something may be mapped or private pages exist in it
  // What mlock and madvise ask for.
  REGION_LOCKED = 128,       // its pages stay in memory
  REGION_SEQUENTIAL = 256,   // read far ahead
  REGION_RANDOM = 512,       // neither read ahead nor enter neighbours
  REGION_DONTFORK = 1024,    // a forked child does not get it
  REGION_WIPEONFORK = 2048,  // a forked child gets it empty
  REGION_ODD = 4096,         // some of its pages have other rights (odd.h)
};
#define REGION_ADVICE (REGION_SEQUENTIAL | REGION_RANDOM)
// Made at start, for ever: neither unmapped nor protected.
#define REGION_FIXTURE (REGION_MESSAGE | REGION_DEVICE)

struct region {
  uint32_t start, end;  // [start, end)
  struct region *left, *right, *parent;
  uint32_t before;  // free pages between the region in front, or 0, and this one
  uint32_t gap;     // the largest `before` of its subtree
  uint8_t height;
  uint8_t prot;           // PROT_*; W implies R
  uint8_t prot_max;       // what mprotect may set
  uint32_t offset;        // object page at `start`
  struct object *object;  // NULL: anonymous
  uint16_t flags;         // enum region_flag
  uint16_t tail;  // > 0: of the last page only these bytes come from the object (private only)
  uint16_t slot;  // whose space
  struct region *object_next, *object_prev;  // the object's regions
};

// Whether its pages count as data: RLIMIT_DATA.
static inline bool region_is_data(const struct region *region) {
  return (region->prot & PROT_W) && !(region->flags & (REGION_SHARED | REGION_STACK));
}

// The region that contains the page, NULL if there is none.
static inline struct region *region_find(struct region *root, uint32_t page) {
  struct region *region = root;
  while (region) {
    if (page < region->start) {
      region = region->left;
    } else if (page >= region->end) {
      region = region->right;
    } else {
      break;
    }
  }
  return region;
}

// The next region, and the one in front; NULL if there is none.
static inline struct region *region_next(const struct region *region) {
  struct region *next = region->right;
  if (next) {
    while (next->left) next = next->left;
    return next;
  }
  for (next = region->parent; next && next->right == region; next = next->parent) region = next;
  return next;
}

static inline struct region *region_prev(const struct region *region) {
  struct region *prev = region->left;
  if (prev) {
    while (prev->right) prev = prev->right;
    return prev;
  }
  for (prev = region->parent; prev && prev->left == region; prev = prev->parent) region = prev;
  return prev;
}

// The lowest region whose end is above the page.
struct region *region_above(struct region *root, uint32_t page);
// The region in front of `behind`; NULL stands for the end of the tree. NULL if there is none.
struct region *region_in_front(struct region *root, const struct region *behind);
// Puts a region in front of `behind`, the region_above its start. => overlaps no region
void region_insert(struct region **root, struct region *region, struct region *behind);
void region_remove(struct region **root, struct region *region);
// Makes [page, end) of a region one of its own, `upper`, whose other fields the caller has set.
void region_split(struct region **root, struct region *region, uint32_t page, struct region *upper);
// Makes [start, end), which is inside a region, one of its own, `middle`, and what is behind it,
// `upper`. => the caller has set their other fields
void region_split_out(struct region **root, struct region *region, uint32_t start, uint32_t end,
                      struct region *middle, struct region *upper);
// Takes `next`, which begins where `region` ends, out of the tree; `region` ends where it did.
void region_absorb(struct region **root, struct region *region, struct region *next);
// Move one end of a region. => the order of the regions stays the same
void region_move_start(struct region **root, struct region *region, uint32_t start);
void region_move_end(struct region **root, struct region *region, uint32_t end);
// The lowest run of `count` free pages in [low, high), and the region behind it, NULL if there is
// none; 0 if there is no such run. low > 0.
uint32_t region_gap(struct region *root, uint32_t low, uint32_t high, uint32_t count,
                    struct region **behind);
// Whether `right` continues `left`, so that both can be one.
bool region_joins(const struct region *left, const struct region *right);

#endif
