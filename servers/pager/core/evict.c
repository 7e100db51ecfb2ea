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
