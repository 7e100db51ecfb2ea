#include "servers/pager/core/odd.h"

#include "servers/pager/core/bits.h"
#include "servers/pager/core/protect.h"

// The number of consecutive bits set from the lowest one up, and from the highest one down.
static uint32_t run_up(uint64_t bits) { return ~bits ? bits_lowest(~bits) : NODE_WAYS; }
static uint32_t run_down(uint64_t bits) { return ~bits ? 63 - bits_highest(~bits) : NODE_WAYS; }

// --- marks --------------------------------------------------------------------------------------

// From now on pages of this region can be odd. => none is
__attribute__((noinline)) static void begin(struct pager *pager, struct space *space,
                                            struct region *region, uint32_t page) {
  if (space->odd.region) space->odd.region->flags &= (uint16_t)~REGION_ODD;
  region->flags |= REGION_ODD;
  space->odd = (struct odd_pages){
      .region = region, .first = page & ~(ODD_SPAN - 1), .node = space_node(pager, space, page)};
}

// Marks a page, or takes its mark away, as these rights want it. False if neither gives them to it.
// => ODD_REGIONS are free
static inline bool set_rights(struct pager *pager, struct space *space, struct region *region,
                              struct node *leaf, uint32_t page, uint32_t prot) {
  struct odd_pages *odd = &space->odd;
  uint64_t bit = 1ull << (page & NODE_MASK);
  uint32_t old = region->prot;
  if (leaf->odd & bit) {
    if (prot == odd->prot) return true;
    if (prot != old) return false;
    old = odd->prot;
    odd->count--;
    slab_set_aside(pager, SLAB_REGION, -ODD_REGIONS);
  } else {
    if (prot == old) return true;
    if (odd->count > 0 && odd->prot != prot) return false;
    if (odd->region != region || page - odd->first >= ODD_SPAN) {
      if (odd->count > 0) return false;
      begin(pager, space, region, page);
    }
    odd->prot = (uint8_t)prot;
    odd->count++;
    slab_set_aside(pager, SLAB_REGION, ODD_REGIONS);
  }
  leaf->odd ^= bit;
  // What may be odd is data if it can be written to.
  space->data_pages += (uint64_t)(prot / PROT_W & 1) - (old / PROT_W & 1);
  return true;
}

// What is missing for it to go on at once: the leaf at hand, or memory.
__attribute__((noinline)) static bool prepare_and_protect(struct pager *pager, struct space *space,
                                                          struct region *region, uint32_t page,
                                                          uint32_t prot) {
  if (region->flags & REGION_ODD) {
    odd_leaf(pager, space, page);
  } else {
    space_reach_leaf(pager, space, page);
  }
  if (space->leaf_tag != page >> NODE_BITS) return false;
  if (!slab_reserve(pager, SLAB_REGION, ODD_REGIONS)) return false;
  return odd_protect(pager, space, region, page, prot);
}

bool odd_protect(struct pager *pager, struct space *space, struct region *region, uint32_t page,
                 uint32_t prot) {
  const uint16_t others = REGION_SHARED | REGION_FIXTURE | REGION_STACK | REGION_GROWSDOWN;
  if ((region->flags & (others | REGION_TOUCHED)) != REGION_TOUCHED) return false;
  if (prot & ~(uint32_t)region->prot_max) return false;
  if (space->leaf_tag != page >> NODE_BITS || pager->slab[SLAB_REGION].free < ODD_REGIONS) {
    return prepare_and_protect(pager, space, region, page, prot);
  }
  uint32_t frame = space->leaf->entry[page & NODE_MASK];
  if (!entry_is_frame(frame) || page_of(pager, frame)->refs != 1) return false;
  if (!set_rights(pager, space, region, space->leaf, page, prot)) return false;
  kops_map_with_answer(space->slot, (uint64_t)page << PAGE_SHIFT | prot, frame);
  return true;
}

// --- cutting ------------------------------------------------------------------------------------

// Undoes all but the marks.
static struct odd_pages take_away(struct pager *pager, struct space *space) {
  struct odd_pages odd = space->odd;
  struct region *region = odd.region;
  region->flags &= (uint16_t)~REGION_ODD;
  space->data_pages +=
      (uint64_t)odd.count * (region->prot / PROT_W & 1) - odd.count * (odd.prot / PROT_W & 1);
  space->odd = (struct odd_pages){0};
  slab_set_aside(pager, SLAB_REGION, -ODD_REGIONS * (int32_t)odd.count);
  return odd;
}

void odd_cut(struct pager *pager, struct space *space) {
  struct odd_pages odd = take_away(pager, space);
  uint32_t start = 0, end = 0;  // a run that may go on in the next leaf
  for (uint64_t left = odd.count ? odd.node->present : 0; left; left &= left - 1) {
    uint32_t way = bits_lowest(left);
    struct node *leaf = node_at(pager, odd.node->entry[way]);
    uint32_t base = odd.first + way * NODE_WAYS;
    uint64_t marks = leaf->odd;
    leaf->odd = 0;
    while (marks) {
      uint32_t first = bits_lowest(marks);
      uint32_t count = run_up(marks >> first);
      marks &= first + count < NODE_WAYS ? ~0ull << (first + count) : 0;
      if (base + first != end) {
        if (start < end) protect_part(pager, space, start, end, odd.prot);
        start = base + first;
      }
      end = base + first + count;
    }
  }
  if (start < end) protect_part(pager, space, start, end, odd.prot);
}

void odd_forget(struct pager *pager, struct space *space) {
  if (space->odd.region) take_away(pager, space);
}

// --- faults -------------------------------------------------------------------------------------

struct region odd_view(struct pager *pager, struct space *space, const struct region *region,
                       uint32_t page) {
  const struct node *leaf = odd_leaf(pager, space, page);
  uint32_t way = page & NODE_MASK;
  uint64_t marks = leaf ? leaf->odd : 0;
  bool is_odd = marks >> way & 1;
  uint64_t alike = is_odd ? marks : ~marks;
  uint32_t start = page + 1 - run_down(alike << (NODE_MASK - way));
  uint32_t end = page + run_up(alike >> way);
  struct region view = *region;
  if (is_odd) view.prot = space->odd.prot;
  if (start > view.start) {
    view.start = start;
    view.offset += start - region->start;
  }
  if (end < view.end) {
    view.end = end;
    view.tail = 0;
  }
  view.flags &= (uint16_t)~REGION_ODD;
  return view;
}
