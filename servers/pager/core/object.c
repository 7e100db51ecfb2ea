#include "servers/pager/core/object.h"

#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/provider.h"
#include "servers/pager/core/resident.h"
#include "servers/pager/core/state.h"

_Static_assert(sizeof(struct object) <= OBJECT_ITEM_BYTES, "object_of checks alignment");

struct object *object_new(struct pager *pager, enum object_backing backing, uint64_t cookie,
                          uint64_t size) {
  struct object *object = slab_take(pager, SLAB_OBJECT);
  if (!object) return NULL;
  *object = (struct object){.backing = (uint8_t)backing,
                            .cookie = cookie,
                            .size = size,
                            .pages = (uint32_t)((size + PAGE_MASK) >> PAGE_SHIFT),
                            .leaf_tag = LEAF_NONE,
                            .height = 1,
                            .next = pager->all_objects};
  object->id = item_ref(pager, object);
  if (object->next) object->next->prev = object;
  pager->all_objects = object;
  return object;
}

struct object *object_of(struct pager *pager, uint32_t id) {
  uint32_t frame = id >> (PAGE_SHIFT - 4);
  if (frame < pager->ram_first || frame >= pager->ram_end) return NULL;
  const struct page *page = page_of(pager, frame);
  if (page->state != PAGE_SLAB || page->index != SLAB_OBJECT) return NULL;
  if ((id << 4) & (OBJECT_ITEM_BYTES - 1)) return NULL;
  struct object *object = item_at(pager, id);
  return object->id == id && !object->dead ? object : NULL;
}

void object_reap(struct pager *pager, struct object *object) {
  if (!object->dead || object->regions || object->requests || object->waiters || object->queued) {
    return;
  }
  provider_remove(object);
  object->id = 0;
  slab_put(pager, SLAB_OBJECT, object);
}

// Tells the provider of a closed object that its last page is clean and unmapped.
static void tell_idle(struct pager *pager, struct object *object) {
  if (!object->closed || object->dead || object->regions || object->dirty) return;
  struct request *request = request_take(pager, object, OBJECT_IDLE, 0);
  if (!request) {
    request_starve(&pager->requests, object);
    return;
  }
  object->closed = false;
  request_send(pager, request);
}

void object_run(struct pager *pager, struct object *object) {
  object->waiters++;  // so that it is still there afterwards
  writeback_step(pager, object);
  object->waiters--;
  tell_idle(pager, object);
  object_reap(pager, object);
}

void object_kill(struct pager *pager, struct object *object) {
  object_truncate(pager, object, 0);
  object->size = 0;
  object->pages = 0;
  object->dead = true;
  aging_forget(pager, object);
  object->waiters++;  // so that it is still there afterwards
  pending_wake(pager, &object->leaving, 0, false);
  object->waiters--;
  if (object->next) object->next->prev = object->prev;
  if (object->prev) {
    object->prev->next = object->next;
  } else {
    pager->all_objects = object->next;
  }
  object_reap(pager, object);
}

static struct node *leaf_of(struct pager *pager, struct object *object, uint32_t index) {
  uint32_t tag = index >> NODE_BITS;
  if (object->leaf_tag == tag) return object->leaf;
  if ((uint64_t)index >> (NODE_BITS * object->height)) return NULL;
  bool owned;
  struct node *leaf = node_find_leaf(pager, object->root, object->height, index, &owned);
  if (leaf) {
    object->leaf = leaf;
    object->leaf_tag = tag;
  }
  return leaf;
}

uint32_t object_frame_far(struct pager *pager, struct object *object, uint32_t index) {
  const struct node *leaf = leaf_of(pager, object, index);
  return leaf ? leaf->entry[index & NODE_MASK] : FRAME_NONE;
}

// The leaf for a new page. => the nodes that it may take are reserved
static struct node *make_leaf(struct pager *pager, struct object *object, uint32_t index) {
  while ((uint64_t)index >> (NODE_BITS * object->height)) {
    node_grow(pager, &object->root);
    object->height++;
  }
  struct node *leaf = leaf_of(pager, object, index);
  return leaf ? leaf : node_own_leaf(pager, &object->root, object->height, index);
}

uint32_t object_new_page(struct pager *pager, struct object *object, uint32_t index,
                         uint8_t state) {
  // Before any node is looked at: to get memory, cache pages and their nodes may have to go. And
  // before the frame: the last one that is free goes to the nodes, and stays with them.
  if (!slab_reserve(pager, SLAB_NODE, 2 * NODE_HEIGHT_MAX)) return FRAME_NONE;
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) return FRAME_NONE;
  struct node *leaf = make_leaf(pager, object, index);
  leaf->entry[index & NODE_MASK] = frame;
  leaf->present |= 1ull << (index & NODE_MASK);
  object->cached++;
  struct page *page = page_of(pager, frame);
  page->state = state;
  page->flags = 0;
  page->object = object->id;
  page->index = index;
  if (state != PAGE_SHARED_MEMORY) pager->frames_cache++;
  if (state != PAGE_FILLING) {
    page_list(pager, frame);
    resident_object_page(pager, object, index, 1);
  }
  return frame;
}

uint32_t object_zero_page(struct pager *pager, struct object *object, uint32_t index) {
  uint32_t frame = object_new_page(pager, object, index, PAGE_SHARED_MEMORY);
  if (frame != FRAME_NONE) page_zero(frame_pointer(pager, frame));
  return frame;
}

// What the dirty limit is about are files: a program's pages have a limit of their own.
static void count_dirty(struct pager *pager, struct object *object, int more) {
  object->dirty += (uint32_t)more;
  pager->frames_dirty += (uint32_t)more;
  if (!object->provider) pager->aging.dirty += (uint32_t)more;
}

void object_remove(struct pager *pager, struct object *object, uint32_t index) {
  uint32_t frame = object_frame(pager, object, index);
  if (entry_is_swapped(frame)) {
    if (object->cut_page == index) object->cut_bytes = 0;
    object->cached--;
    object->leaf_tag = LEAF_NONE;
    node_remove(pager, &object->root, object->height, index, (uint64_t)index + 1);
    return;
  }
  struct page *page = page_of(pager, frame);
  if (page->state == PAGE_CACHED && (page->flags & (PAGE_DIRTY | PAGE_WRITING))) {
    count_dirty(pager, object, -1);
  }
  if (page->state != PAGE_SHARED_MEMORY) pager->frames_cache--;
  if (page->state == PAGE_FILLING) {
    page->flags |= PAGE_DROPPED;
    page->refs++;  // its request's
  } else {
    resident_object_page(pager, object, index, -1);
  }
  object->cached--;
  object->leaf_tag = LEAF_NONE;
  node_remove(pager, &object->root, object->height, index, (uint64_t)index + 1);
}

// Calls `count` for each region of the object.
static void count_mappings(struct pager *pager, const struct object *object,
                           void (*count)(struct pager *pager, struct space *space,
                                         const struct region *region, uint32_t start,
                                         uint32_t end)) {
  for (const struct region *r = object->regions; r; r = r->object_next) {
    struct space *space = pager->space[r->slot];
    if (space) count(pager, space, r, r->start, r->end);
  }
}

// As object_remove of each page: of memory there is nothing else to count.
static void remove_all(struct pager *pager, struct object *object) {
  count_mappings(pager, object, resident_leave);
  node_remove(pager, &object->root, object->height, 0, 1ull << 32);
  object->leaf_tag = LEAF_NONE;
  object->cached = 0;
  object->cut_bytes = 0;
  count_mappings(pager, object, resident_enter);
}

void object_truncate(struct pager *pager, struct object *object, uint32_t first) {
  for (struct region *r = object->regions; r; r = r->object_next) {
    uint64_t end = (uint64_t)r->offset + (r->end - r->start);
    if (!(r->flags & REGION_TOUCHED) || first >= end) continue;
    uint32_t skip = first > r->offset ? first - r->offset : 0;
    kops_unmap(r->slot, (uint64_t)(r->start + skip) << PAGE_SHIFT, (uint64_t)r->end << PAGE_SHIFT);
    // Private copies go as well, as on Linux; POSIX leaves open what becomes of them, so without
    // memory for nodes they may stay. Those of a space that is being ended go with it.
    struct space *space = pager->space[r->slot];
    if (!(r->flags & REGION_SHARED) && space &&
        slab_reserve(pager, SLAB_NODE, SPACE_REMOVE_NODES)) {
      space_drop_pages(pager, space, r, r->start + skip, r->end);
    }
  }
  if (first == 0 && object->backing == BACKED_BY_NOTHING) {
    remove_all(pager, object);
    return;
  }
  uint32_t index = first;
  while (node_next(pager, object->root, object->height, &index, 1ull << 32)) {
    object_remove(pager, object, index);
  }
}

static void unmap_range(const struct object *object, uint32_t first, uint32_t end) {
  for (const struct region *r = object->regions; r; r = r->object_next) {
    uint64_t region_end = (uint64_t)r->offset + (r->end - r->start);
    if (!(r->flags & REGION_TOUCHED) || end <= r->offset || first >= region_end) continue;
    uint32_t skip = first > r->offset ? first - r->offset : 0;
    uint32_t count = (end < region_end ? end : (uint32_t)region_end) - r->offset;
    kops_unmap(r->slot, (uint64_t)(r->start + skip) << PAGE_SHIFT,
               (uint64_t)(r->start + count) << PAGE_SHIFT);
  }
}

static bool is_clean(const struct page *page) {
  return page->state == PAGE_CACHED && !(page->flags & (PAGE_DIRTY | PAGE_WRITING));
}

uint32_t object_give_back(struct pager *pager, struct object *object, uint32_t first,
                          uint32_t end) {
  unmap_range(object, first, end);
  object_collect(pager, object, first, end, false);
  uint32_t dirty = 0;
  uint32_t frame;
  for (uint32_t i = first; (frame = node_next(pager, object->root, object->height, &i, end)); i++) {
    struct page *page = page_of(pager, frame);
    if (is_clean(page)) {
      object_remove(pager, object, i);
    } else if (page->state == PAGE_CACHED) {
      page->flags |= PAGE_LEAVING;
      dirty++;
    }
  }
  return dirty;
}

struct pending **page_list_of(struct pager *pager, struct object *object, const struct page *page) {
  return page->state == PAGE_FILLING ? &request_of(pager, page)->waiting : &object->leaving;
}

bool object_is_writing(struct pager *pager, struct object *object, uint32_t first, uint32_t end) {
  if (object->writeback.out == 0) return false;
  uint32_t frame;
  for (uint32_t i = first; (frame = node_next(pager, object->root, object->height, &i, end)); i++) {
    if (!entry_is_frame(frame)) continue;
    if (page_of(pager, frame)->flags & PAGE_WRITING) return true;
  }
  return false;
}

void object_unmap_page(struct pager *pager, struct object *object, uint32_t index) {
  (void)pager;
  for (struct region *r = object->regions; r; r = r->object_next) {
    if (index < r->offset || index - r->offset >= r->end - r->start) continue;
    if (!(r->flags & REGION_TOUCHED)) continue;
    uint64_t va = (uint64_t)(r->start + (index - r->offset)) << PAGE_SHIFT;
    kops_unmap(r->slot, va, va + PAGE_SIZE);
  }
}

void object_set_dirty(struct pager *pager, struct object *object, uint32_t frame) {
  struct page *page = page_of(pager, frame);
  page->flags |= PAGE_WRITTEN;
  if (page->state != PAGE_CACHED || (page->flags & PAGE_DIRTY)) return;
  if (!(page->flags & PAGE_WRITING)) {
    count_dirty(pager, object, 1);
    if (object->dirty == 1) aging_dirtied(pager, object);
  }
  page->flags |= PAGE_DIRTY;
}

void object_set_clean(struct pager *pager, struct object *object) {
  count_dirty(pager, object, -1);
}

void object_protect(const struct object *object) {
  for (const struct region *r = object->regions; r; r = r->object_next) {
    if (!(r->flags & REGION_SHARED) || !(r->flags & REGION_TOUCHED) || !(r->prot & PROT_W))
      continue;
    kops_protect(r->slot, (uint64_t)r->start << PAGE_SHIFT, (uint64_t)r->end << PAGE_SHIFT,
                 r->prot & ~(uint32_t)PROT_W);
  }
}

static void harvest(const struct object *object, uint32_t first, uint32_t end) {
  for (const struct region *r = object->regions; r; r = r->object_next) {
    uint64_t region_end = (uint64_t)r->offset + (r->end - r->start);
    if (!(r->flags & REGION_SHARED) || !(r->flags & REGION_TOUCHED)) continue;
    if (!(r->prot_max & PROT_W) || end <= r->offset || first >= region_end) continue;
    uint32_t skip = first > r->offset ? first - r->offset : 0;
    uint32_t count = (end < region_end ? end : (uint32_t)region_end) - r->offset;
    kops_harvest(r->slot, (uint64_t)(r->start + skip) << PAGE_SHIFT,
                 (uint64_t)(r->start + count) << PAGE_SHIFT);
  }
}

// Moves one page's dirty bit from the board. Returns whether the page is dirty.
static bool collect_page(struct pager *pager, struct object *object, uint32_t frame) {
  uint8_t *board = board_of(pager, frame);
  if (*board & BOARD_DIRTY) {
    *board &= (uint8_t)~BOARD_DIRTY;
    object_set_dirty(pager, object, frame);
  }
  return (page_of(pager, frame)->flags & (PAGE_DIRTY | PAGE_WRITING)) != 0;
}

bool object_collect(struct pager *pager, struct object *object, uint32_t first, uint32_t end,
                    bool mapped) {
  if (object->backing != BACKED_BY_PROVIDER) return false;
  if (mapped) harvest(object, first, end);
  bool dirty = false;
  uint32_t i = first;
  while (i < end && node_next(pager, object->root, object->height, &i, end) != FRAME_NONE) {
    uint32_t stop = (i | NODE_MASK) < end - 1 ? (i | NODE_MASK) : end - 1;
    const struct node *leaf = leaf_of(pager, object, i);
    for (;; i++) {
      uint32_t frame = leaf->entry[i & NODE_MASK];
      if (frame != FRAME_NONE) dirty |= collect_page(pager, object, frame);
      if (i == stop) break;
    }
    if (i++ == UINT32_MAX) break;
  }
  return dirty;
}

uint32_t object_region_end(const struct region *region) {
  const struct object *object = region->object;
  if (!object) return region->end;
  uint32_t pages = object->pages > region->offset ? object->pages - region->offset : 0;
  return pages < region->end - region->start ? region->start + pages : region->end;
}

void object_link(struct object *object, struct region *region) {
  region->object_prev = NULL;
  region->object_next = object->regions;
  if (object->regions) object->regions->object_prev = region;
  object->regions = region;
}

void object_unlink(struct object *object, struct region *region) {
  if (region->object_next) region->object_next->object_prev = region->object_prev;
  if (region->object_prev) {
    region->object_prev->object_next = region->object_next;
  } else {
    object->regions = region->object_next;
  }
}
