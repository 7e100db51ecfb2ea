// Odd pages: single pages of a region that have other rights than it.
//
// mprotect of one page does not cut its region at once: it marks the page in its leaf (node.h).
// Programs that open and close their memory page by page (A. Appel, K. Li, "Virtual Memory
// Primitives for User Programs", ASPLOS 1991) do that all the time, and to cut and join regions
// would be most of what it costs. A fault goes by odd_rights and odd_view; whoever else looks at
// rights or borders of a space's regions calls odd_settle first, which cuts them as mprotect would
// have done.
//
// Invariants:
//   O1  at most one region of a space has odd pages, space->odd.region; that region, and no other,
//       is REGION_ODD. It is private, touched, and does not grow down. When it has none any more it
//       stays what it is until a fault, or who settles, comes by.
//   O2  all odd pages of a space have the rights space->odd.prot, which are not the region's. A
//       page of the region is odd if and only if it is marked; no other page is marked.
//   O3  marked leaves are owned by the space alone; they are those of one node, odd.node.
//   O4  for each odd page ODD_REGIONS are set aside, so that odd_settle cannot fail.
//   O5  the space is not bounded (limits.h).
//   O6  the space's counts (space_count) are those of the pages' own rights.
#ifndef SERVERS_PAGER_CORE_ODD_H
#define SERVERS_PAGER_CORE_ODD_H

#include "servers/pager/core/state.h"

#define ODD_SPAN (NODE_WAYS * NODE_WAYS)  // 16 MiB: so much odd_settle cuts at most
#define ODD_REGIONS 2                     // that cutting one page out takes

// Gives one private page in memory, of this space alone, other rights, together with the answer to
// the call that is being served. False, and nothing changed, if it is not such a page or cannot be
// odd.
bool odd_protect(struct pager *pager, struct space *space, struct region *region, uint32_t page,
                 uint32_t prot);

// Cuts the region with odd pages, so that there are none. => space->odd.region
void odd_cut(struct pager *pager, struct space *space);
static inline void odd_settle(struct pager *pager, struct space *space) {
  if (__builtin_expect(space->odd.region != NULL, 0)) odd_cut(pager, space);
}

// The region goes away with all of its space: what was set aside is given back.
void odd_forget(struct pager *pager, struct space *space);

// space_reach_leaf for a page of a region that is REGION_ODD: most of its leaves are near.
static inline struct node *odd_leaf(struct pager *pager, struct space *space, uint32_t page) {
  const struct odd_pages *odd = &space->odd;
  if (space->leaf_tag == page >> NODE_BITS) return space->leaf;
  uint32_t ref = page - odd->first < ODD_SPAN ? odd->node->entry[node_way(page, 1)] : 0;
  if (ref == 0 || !node_at(pager, ref)->writable) return space_reach_leaf(pager, space, page);
  space->leaf = node_at(pager, ref);
  space->leaf_tag = page >> NODE_BITS;
  return space->leaf;
}

// The rights of a page of a region that is REGION_ODD, and of any.
static inline uint32_t odd_page_rights(struct pager *pager, struct space *space,
                                       const struct region *region, uint32_t page) {
  const struct node *leaf = odd_leaf(pager, space, page);
  bool is_odd = leaf && (leaf->odd >> (page & NODE_MASK) & 1);
  return is_odd ? space->odd.prot : region->prot;
}
static inline uint32_t odd_rights(struct pager *pager, struct space *space,
                                  const struct region *region, uint32_t page) {
  if (__builtin_expect(!(region->flags & REGION_ODD), 1)) return region->prot;
  return odd_page_rights(pager, space, region, page);
}

// What the region around a page would be if it were cut, as far as the page's leaf shows.
// => REGION_ODD
struct region odd_view(struct pager *pager, struct space *space, const struct region *region,
                       uint32_t page);

#endif
