// An address space: regions, private pages, and what the kernel was given for it.
//
// Private pages of all regions are in one forest indexed by page number: root[page >> 18] is a
// tree of height 3 for each GiB. Regions do not own pages; so splitting and merging them moves
// nothing, and fork shares a GiB of pages by one reference (node.h).
//
// Spaces that came from one another by fork, without exec since, are a family: a private page that
// several of them have is at the same address in all. So family and page number find all leaves
// that name a page.
//
// What may be mapped at a page (kernel page table), invariants:
//   S1  the frame in the forest; else, in a region with an object, its cached page; else the zero
//       frame
//   S2  writable only if the region is, and the frame is a private page that this space alone
//       owns, or a page of a shared region that is no hole
#ifndef SERVERS_PAGER_CORE_SPACE_H
#define SERVERS_PAGER_CORE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/layout.h"
#include "protocols/pager.h"
#include "servers/pager/core/ahead.h"
#include "servers/pager/core/region.h"

struct node;
struct object;
struct pager;
struct pending;
struct provider;

#define SPACE_HEIGHT 3u
#define SPACE_ROOT_SHIFT 18u
#define SPACE_ROOTS 256u
#define USER_PAGES (uint32_t)(USER_END >> PAGE_SHIFT)

// Pages whose rights are not their region's: odd.h.
struct odd_pages {
  struct region *region;  // that may have them; NULL: none
  uint32_t count;
  uint32_t first;     // all are in [first, first + ODD_SPAN)
  struct node *node;  // above the leaves of that range
  uint8_t prot;       // the rights of all of them
};

struct space {
  uint32_t badge;
  uint32_t slot;
  struct region *hit;   // last region found; never NULL
  uint32_t leaf_tag;    // page >> NODE_BITS of `leaf`, LEAF_NONE if none
  uint32_t touch_next;  // page after the last run of first touches
  struct node *leaf;    // owned by this space alone, and marked writable
  uint32_t touch_run;   // its length
  uint32_t new_page;    // refs_family of a new private page
  uint32_t empty_tag;   // page >> NODE_BITS where no private page is; LEAF_NONE if not known
  uint32_t resident;    // pages in memory but for those in `zeroed`: resident.h
  struct region *regions;
  uint64_t faults, zeroed, copied, major;
  uint32_t funded;       // frames that the kernel has for it, linked by page.next
  uint32_t tables;       // their number
  uint32_t break_start;  // page: [start, break_byte) is the heap
  uint32_t past_peak;    // of programs before the last exec
  uint64_t break_byte;
  uint64_t virtual_pages;  // of all regions
  uint64_t data_pages;     // of these, private and writable: RLIMIT_DATA
  uint64_t locked_pages;   // in regions that are REGION_LOCKED
  uint32_t resident_peak;  // the most pages in memory, and in regions, as far as noted
  uint32_t virtual_peak;
  struct odd_pages odd;
  struct pager_limit_value limit[LIMIT_COUNT];
  uint64_t rss_mark;   // LIMIT_RSS may be reached when so many pages were entered
  uint32_t rss_hand;   // page at which evicting for it goes on
  uint16_t new_flags;  // enum region_flag, of regions that are made from now on
  bool bounded;        // has limits that the short ways do not look at (limits.h): no leaf at hand
  struct ahead ahead;  // private pages from swap
  struct pending *pending;
  struct provider *provider;         // if it is one
  struct space *family_next;         // of the same family; NULL after the last
  uint64_t roots[SPACE_ROOTS / 64];  // bit i: root[i] != 0
  uint32_t root[SPACE_ROOTS];
};

static inline uint16_t space_family(const struct space *space) {
  return (uint16_t)(space->new_page >> 16);
}
// The number of a family that has no space, or `space` alone.
uint16_t space_new_family(const struct pager *pager, const struct space *space);
// Leaves its family, if any, for another one.
void space_enter_family(struct pager *pager, struct space *space, uint16_t family);
void space_leave_family(struct pager *pager, struct space *space);

// Makes space and thread in the kernel, with message page and nothing else; a region for it is
// reserved, for space_add_message or the parent's (fork). Errors as of pager_space_create.
int space_new(struct pager *pager, uint32_t badge, struct space **out);
void space_add_message(struct pager *pager, struct space *space);
// Undoes everything, from whatever state.
void space_delete(struct pager *pager, struct space *space);
// Gives the kernel `count` (1..FUND_FRAMES_MAX) more frames for tables.
bool space_fund(struct pager *pager, struct space *space, uint32_t count);
// kops_map that funds tables as needed. 0 or -ENOMEM.
int space_enter(struct pager *pager, struct space *space, uint32_t page, uint32_t prot,
                uint32_t count, const uint32_t *frames);

// The leaf above a page for reading; *owned as of node_find_leaf.
struct node *space_leaf(struct pager *pager, struct space *space, uint32_t page, bool *owned);
// The same; remembers the leaf as space_own_leaf does, if it is the space's alone.
struct node *space_reach_leaf(struct pager *pager, struct space *space, uint32_t page);
// The node above the leaf above a page. => there is one
struct node *space_node(struct pager *pager, struct space *space, uint32_t page);
// The leaf for changing; remembers it, unless the space is bounded. NULL if there is no memory.
struct node *space_own_leaf(struct pager *pager, struct space *space, uint32_t page);
// The first private page at or after *page and below end, in memory or swapped; moves *page there.
// 0 if there is none.
uint32_t space_next(struct pager *pager, struct space *space, uint32_t *page, uint32_t end);
// Takes the private pages of [start, end) out. => unmapped, SPACE_REMOVE_NODES reserved
#define SPACE_REMOVE_NODES (2 * SPACE_HEIGHT)
void space_remove_pages(struct pager *pager, struct space *space, uint32_t start, uint32_t end);
// The same where the region stays: what it shows from then on is as if they had never been.
void space_drop_pages(struct pager *pager, struct space *space, const struct region *region,
                      uint32_t start, uint32_t end);
// Gives all private pages up.
void space_release_pages(struct pager *pager, struct space *space);
// Removes all regions; dirty pages of shared ones start to be written. => nothing is mapped
void space_release_regions(struct pager *pager, struct space *space);
// Whether all of [start, end) is in regions, or none of it.
bool space_covers(const struct space *space, uint32_t start, uint32_t end);
bool space_is_free(const struct space *space, uint32_t start, uint32_t end);
// Makes a region and puts it into the space, joined with its neighbours where possible. => the
// range is free, one region is reserved
void space_add_region(struct pager *pager, struct space *space, const struct region *like);
// The same if the region is known in front of which it comes, NULL for the end. Returns the region
// that has the range now; NULL, if there is no memory for one, where none is reserved.
struct region *space_add_before(struct pager *pager, struct space *space, const struct region *like,
                                struct region *behind);
// Makes a region and the next one, `next`, into one if they are alike; any of them may be NULL.
// Returns whether they are one, `region`.
bool space_join(struct pager *pager, struct space *space, struct region *region,
                struct region *next);
// Makes `page` a border between regions. => one region is reserved
void space_split(struct pager *pager, struct space *space, uint32_t page);
// Makes [page, end) of a region one of its own and returns it. => page is inside the region, one
// is reserved
struct region *space_split_region(struct pager *pager, struct space *space, struct region *region,
                                  uint32_t page);
// Makes [start, end) of a region one of its own and returns it. => the range is in the region, two
// are reserved
struct region *space_cut_out(struct pager *pager, struct space *space, struct region *region,
                             uint32_t start, uint32_t end);
// Empties [start, end): regions, mappings, private pages. Starts writing dirty shared pages.
// => one region and SPACE_REMOVE_NODES nodes are reserved
void space_clear(struct pager *pager, struct space *space, uint32_t start, uint32_t end);
// The same if the first region that ends above `start` is known.
void space_clear_from(struct pager *pager, struct space *space, struct region *first,
                      uint32_t start, uint32_t end);
// Takes a whole region away. => it was never touched
void space_drop_region(struct pager *pager, struct space *space, struct region *region);
// The next region if it may start below `end`.
static inline struct region *region_behind(const struct region *region, uint32_t end) {
  return region->end < end ? region_next(region) : NULL;
}

// Counts `pages` more, or less, of such a region.
static inline void space_count(struct space *space, const struct region *like, int64_t pages) {
  space->virtual_pages += (uint64_t)pages;
  if (region_is_data(like)) space->data_pages += (uint64_t)pages;
  if (like->flags & REGION_LOCKED) space->locked_pages += (uint64_t)pages;
}

#endif
