#include "servers/pager/core/evict.h"

#include "servers/pager/core/state.h"

// The oldest page that may be dirty after all: it is if a mapping wrote to it.
static bool drop(struct pager *pager, uint32_t frame) {
  const struct page *page = page_of(pager, frame);
  struct object *object = item_at(pager, page->object);
  if (object->regions) object_unmap_page(pager, object, page->index);
  if (*board_of(pager, frame) & BOARD_DIRTY) {
    *board_of(pager, frame) = 0;
    object_set_dirty(pager, object, frame);
    return false;
  }
  object_remove(pager, object, page->index);
  pager->evicted++;
  return true;
}

uint32_t evict_clean(struct pager *pager, uint32_t count) {
  uint32_t dropped = 0;
  for (uint32_t looked_at = pager->clean.count; looked_at > 0 && dropped < count; looked_at--) {
    uint32_t frame = pager->clean.head;
    if (frame == pager->pinned) {
      frame_list_remove(pager, &pager->clean, frame);
      frame_list_append(pager, &pager->clean, frame);
    } else if (drop(pager, frame)) {
      dropped++;
    }
  }
  return dropped;
}

static bool is_evictable(const struct page *page) {
  return page->state == PAGE_CACHED && !(page->flags & (PAGE_DIRTY | PAGE_WRITING));
}

bool evict_range(struct pager *pager, uint32_t first, uint32_t count) {
  for (uint32_t frame = first; frame < first + count; frame++) {
    const struct page *page = page_of(pager, frame);
    if (page->state != PAGE_FREE && (!is_evictable(page) || frame == pager->pinned)) return false;
  }
  for (uint32_t frame = first; frame < first + count; frame++) {
    if (page_of(pager, frame)->state == PAGE_CACHED && !drop(pager, frame)) return false;
  }
  return true;
}

struct pending **evict_dirty(struct pager *pager) {
  for (struct object *object = pager->all_objects; object; object = object->next) {
    if (object->dirty > 0 && !object->writeback.active) {
      writeback_start(pager, object, 0, object->pages);
    }
  }
  return pager->writebacks > 0 ? &pager->short_of_memory : NULL;
}
