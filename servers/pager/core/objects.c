// What fs does with its objects.
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/provider.h"
#include "servers/pager/core/state.h"

int64_t pager_object_create(struct pager *pager, uint64_t cookie, uint64_t size,
                            enum object_kind kind, uint32_t provider, uint64_t bound) {
  struct provider *program = NULL;
  if (kind > OBJECT_OF_PROGRAM) return -EINVAL;
  if (kind == OBJECT_OF_PROGRAM) {
    if (bound == 0 || bound > PAGER_BOUND_MAX) return -EINVAL;
    const struct space *space = space_of(pager, provider);
    program = space ? space->provider : NULL;
    if (!program) return -ESRCH;
  } else if (provider != 0 || bound != 0) {
    return -EINVAL;
  }
  if (size > OBJECT_BYTES_MAX) return -EFBIG;
  enum object_backing backing = kind == OBJECT_OF_MEMORY ? BACKED_BY_NOTHING : BACKED_BY_PROVIDER;
  struct object *object = object_new(pager, backing, cookie, size);
  if (!object) return -ENOMEM;
  object->named = true;
  object->bound = timer_ticks(pager, bound);
  if (program) provider_add(program, object);
  return object->id;
}

struct object *object_named(struct pager *pager, uint32_t id) {
  struct object *object = object_of(pager, id);
  return object && object->named ? object : NULL;
}

void object_zero_tail(struct pager *pager, struct object *object) {
  uint32_t used = (uint32_t)(object->size & PAGE_MASK);
  if (used == 0) return;
  uint32_t frame = object_frame(pager, object, object->pages - 1);
  if (entry_is_swapped(frame)) {
    uint32_t least = object->cut_page == object->pages - 1 ? object->cut_bytes : 0;
    object->cut_page = object->pages - 1;
    object->cut_bytes = least > 0 && least < used ? least : used;
    return;
  }
  if (frame == FRAME_NONE || page_of(pager, frame)->state == PAGE_FILLING) return;
  bytes_zero((uint8_t *)frame_pointer(pager, frame) + used, PAGE_SIZE - used);
  *board_of(pager, frame) |= object->backing == BACKED_BY_NOTHING ? BOARD_DIRTY : 0;
}

void object_came_back(struct pager *pager, struct object *object, uint32_t frame) {
  if (object->cut_bytes == 0 || page_of(pager, frame)->index != object->cut_page) return;
  bytes_zero((uint8_t *)frame_pointer(pager, frame) + object->cut_bytes,
             PAGE_SIZE - object->cut_bytes);
  object->cut_bytes = 0;
}

// Whether what a size cuts off of its last page can be remembered until that is back from swap.
static bool can_cut(struct pager *pager, struct object *object, uint64_t size) {
  uint32_t last = (uint32_t)(size >> PAGE_SHIFT);
  if (object->cut_bytes == 0 || object->cut_page >= last || !(size & PAGE_MASK)) return true;
  return !entry_is_swapped(object_frame(pager, object, last));
}

int64_t pager_object_resize(struct pager *pager, uint32_t id, uint64_t size) {
  struct object *object = object_named(pager, id);
  if (!object) return -EINVAL;
  if (size > OBJECT_BYTES_MAX) return -EFBIG;
  uint32_t pages = (uint32_t)((size + PAGE_MASK) >> PAGE_SHIFT);
  if (object->broken) {
    object->size = size;
    return 0;
  }
  provider_take_back(pager, object, pages);
  if (object_is_writing(pager, object, pages, object->pages)) return -EBUSY;
  if (!can_cut(pager, object, size)) return -ENOMEM;
  // Before it grows: what a mapping wrote behind the end is not to become part of the file.
  if (size > object->size) object_zero_tail(pager, object);
  bool shrinks = size < object->size;
  if (pages < object->pages) object_truncate(pager, object, pages);
  object->size = size;
  object->pages = pages;
  // In the store it is the provider's to do.
  if (shrinks) object_zero_tail(pager, object);
  return 0;
}

int64_t pager_object_close(struct pager *pager, uint32_t id) {
  struct object *object = object_named(pager, id);
  if (!object) return -EINVAL;
  if (!object->regions && !object->dirty) return 0;
  object->closed = true;
  writeback_start(pager, object, 0, object->pages);
  requests_kick(pager);
  return object->regions ? 1 : 2;
}

int64_t pager_object_destroy(struct pager *pager, uint32_t id, uint64_t force) {
  struct object *object = object_named(pager, id);
  if (!object) return -EINVAL;
  if (force) provider_take_back(pager, object, 0);
  if (object_is_writing(pager, object, 0, object->pages)) return -EBUSY;
  if (!force && (object->regions || object->dirty)) return -EBUSY;
  object_kill(pager, object);
  return 0;
}
