#include "servers/pager/core/rmap.h"

#include "servers/pager/core/resident.h"
#include "servers/pager/core/state.h"

static struct space *first_of_family(struct pager *pager, const struct page *page) {
  uint32_t slot = pager->family[page->family];
  return slot == SLOT_NONE ? NULL : pager->space[slot];
}

static bool is_private(const struct page *page) { return page->family != 0; }

static struct object *object_of_page(struct pager *pager, const struct page *page) {
  return item_at(pager, page->object);
}

static uint64_t address_of(uint64_t page) { return page << PAGE_SHIFT; }

// Calls `change` for what each region of an object shows of [first, end).
static void for_regions(const struct object *object, uint64_t first, uint64_t end,
                        void (*change)(uint32_t slot, uint64_t start, uint64_t end)) {
  for (const struct region *r = object->regions; r; r = r->object_next) {
    uint64_t region_end = (uint64_t)r->offset + (r->end - r->start);
    if (!(r->flags & REGION_TOUCHED) || end <= r->offset || first >= region_end) continue;
    uint64_t low = first > r->offset ? first - r->offset : 0;
    uint64_t high = (end < region_end ? end : region_end) - r->offset;
    change(r->slot, address_of(r->start + low), address_of(r->start + high));
  }
}

static bool has_leaf(struct pager *pager, struct space *space, uint64_t page) {
  bool owned;
  return space_leaf(pager, space, (uint32_t)page, &owned) != NULL;
}

void rmap_harvest(struct pager *pager, const struct page *page) {
  uint32_t first = page->index & ~NODE_MASK;
  if (!is_private(page)) {
    for_regions(object_of_page(pager, page), first, (uint64_t)first + NODE_WAYS, kops_harvest);
    return;
  }
  for (struct space *s = first_of_family(pager, page); s; s = s->family_next) {
    if (!has_leaf(pager, s, page->index)) continue;
    kops_harvest(s->slot, address_of(first), address_of((uint64_t)first + NODE_WAYS));
  }
}

void rmap_unmap(struct pager *pager, const struct page *page, uint32_t count) {
  uint64_t end = (uint64_t)page->index + count;
  if (!is_private(page)) {
    for_regions(object_of_page(pager, page), page->index, end, kops_unmap);
    return;
  }
  for (struct space *s = first_of_family(pager, page); s; s = s->family_next) {
    // The pages are in one leaf or in two, of which a space may have either.
    if (!has_leaf(pager, s, page->index) && !has_leaf(pager, s, end - 1)) continue;
    kops_unmap(s->slot, address_of(page->index), address_of(end));
  }
}

bool rmap_is_locked(struct pager *pager, const struct page *page) {
  if (is_private(page)) {
    for (struct space *s = first_of_family(pager, page); s; s = s->family_next) {
      if (s->locked_pages == 0) continue;
      const struct region *region = region_find(s->regions, page->index);
      if (region && (region->flags & REGION_LOCKED)) return true;
    }
    return false;
  }
  for (const struct region *r = object_of_page(pager, page)->regions; r; r = r->object_next) {
    if (!(r->flags & REGION_LOCKED) || page->index < r->offset) continue;
    if (page->index - r->offset < r->end - r->start) return true;
  }
  return false;
}

static uint32_t replace_in(struct node *leaf, uint32_t index, uint32_t from, uint32_t to) {
  uint32_t *entry = leaf ? &leaf->entry[index & NODE_MASK] : NULL;
  if (!entry || *entry != from) return 0;
  *entry = to;
  if (to == FRAME_NONE) leaf->present &= ~(1ull << (index & NODE_MASK));
  return 1;
}

// Pages come or go for each space of the family that has the entry, whosever the leaf is.
static void count_private(struct pager *pager, const struct page *page, uint32_t from,
                          int32_t change) {
  bool owned;
  for (struct space *s = first_of_family(pager, page); s; s = s->family_next) {
    const struct node *leaf = space_leaf(pager, s, page->index, &owned);
    if (leaf && leaf->entry[page->index & NODE_MASK] == from) resident_change(s, change);
  }
}

uint32_t rmap_replace(struct pager *pager, const struct page *page, uint32_t from, uint32_t to) {
  const int32_t change = (int32_t)entry_is_frame(to) - (int32_t)entry_is_frame(from);
  bool owned;
  if (!is_private(page)) {
    struct object *object = object_of(pager, page->object);
    if (!object) return 0;
    struct node *leaf = node_find_leaf(pager, object->root, object->height, page->index, &owned);
    uint32_t count = replace_in(leaf, page->index, from, to);
    if (count && change) resident_object_page(pager, object, page->index, change);
    return count;
  }
  if (change) count_private(pager, page, from, change);
  uint32_t count = 0;
  for (struct space *s = first_of_family(pager, page); s; s = s->family_next) {
    struct node *leaf = space_leaf(pager, s, page->index, &owned);
    count += replace_in(leaf, page->index, from, to);
  }
  return count;
}
