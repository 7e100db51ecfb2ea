// Regions of a space: an AVL tree ordered by address, which also knows its gaps.
// Addresses are page numbers.
#ifndef SERVERS_PAGER_CORE_REGION_H
#define SERVERS_PAGER_CORE_REGION_H

#include <stdbool.h>
#include <stdint.h>

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
};
#define REGION_ADVICE (REGION_SEQUENTIAL | REGION_RANDOM)
// Made at start, for ever: neither unmapped nor protected.
#define REGION_FIXTURE (REGION_MESSAGE | REGION_DEVICE)

struct region {
  uint32_t start, end;  // [start, end)
  struct region *left, *right;
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

// The lowest region whose end is above the page.
struct region *region_above(struct region *root, uint32_t page);
// The highest region that starts below the page.
struct region *region_below(struct region *root, uint32_t page);
// The last region that starts at or below the page, and the next one; NULL where there is none.
void region_neighbours(struct region *root, uint32_t page, struct region **in_front,
                       struct region **behind);
// => overlaps no region of the tree.
void region_insert(struct region **root, struct region *region);
void region_remove(struct region **root, struct region *region);
// Makes [page, end) of a region one of its own, `upper`, whose other fields the caller has set.
void region_split(struct region **root, struct region *region, uint32_t page, struct region *upper);
// Takes `next`, which begins where `region` ends, out of the tree; `region` ends where it did.
void region_absorb(struct region **root, struct region *region, struct region *next);
// Move one end of a region. => the order of the regions stays the same
void region_move_start(struct region **root, struct region *region, uint32_t start);
void region_move_end(struct region **root, struct region *region, uint32_t end);
// The lowest run of `count` free pages in [low, high); 0 if there is none. low > 0.
uint32_t region_gap(struct region *root, uint32_t low, uint32_t high, uint32_t count);
// Whether [start, end) overlaps no region.
bool region_is_free(struct region *root, uint32_t start, uint32_t end);
// Whether `right` continues `left`, so that both can be one.
bool region_joins(const struct region *left, const struct region *right);

#endif
