#include "servers/pager/core/slab.h"

#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/state.h"

#define NO_ITEM 0xffffffffu

void slab_init(struct slab *slab, uint32_t size) {
  *slab = (struct slab){.size = size, .capacity = (uint32_t)PAGE_SIZE / size};
}

static void link_partial(struct pager *pager, struct slab *slab, uint32_t frame) {
  struct page *page = page_of(pager, frame);
  page->next = slab->partial;
  page->prev = FRAME_NONE;
  if (slab->partial != FRAME_NONE) page_of(pager, slab->partial)->prev = frame;
  slab->partial = frame;
}

static void unlink_partial(struct pager *pager, struct slab *slab, uint32_t frame) {
  const struct page *page = page_of(pager, frame);
  if (page->next != FRAME_NONE) page_of(pager, page->next)->prev = page->prev;
  if (page->prev != FRAME_NONE) {
    page_of(pager, page->prev)->next = page->next;
  } else {
    slab->partial = page->next;
  }
}

// Free items hold the offset of the next one; page.object has the first.
static bool grow(struct pager *pager, enum slab_number number) {
  struct slab *slab = &pager->slab[number];
  // Who waits must be noted; and fs, which asks for objects, waits for nobody.
  bool reserved = number == SLAB_PENDING || number == SLAB_OBJECT;
  uint32_t frame = reserved ? frame_take_reserved(pager) : frame_take(pager);
  if (frame == FRAME_NONE) return false;
  struct page *page = page_of(pager, frame);
  page->state = PAGE_SLAB;
  page->refs = 0;
  page->index = number;
  page->object = 0;
  uint8_t *base = frame_pointer(pager, frame);
  if (number == SLAB_OBJECT) page_zero(base);  // object_of looks at free ones, too
  for (uint32_t i = 0; i < slab->capacity; i++) {
    *(uint32_t *)(base + i * slab->size) = i + 1 < slab->capacity ? (i + 1) * slab->size : NO_ITEM;
  }
  slab->free += slab->capacity;
  slab->frames++;
  link_partial(pager, slab, frame);
  return true;
}

void *slab_take_slow(struct pager *pager, enum slab_number number) {
  struct slab *slab = &pager->slab[number];
  if ((slab->free == 0 || slab->partial == FRAME_NONE) && !grow(pager, number)) return NULL;
  uint32_t frame = slab->partial;
  struct page *page = page_of(pager, frame);
  uint32_t *item = (uint32_t *)((uint8_t *)frame_pointer(pager, frame) + page->object);
  page->object = *item;
  page->refs++;
  slab->free--;
  if (page->object == NO_ITEM) unlink_partial(pager, slab, frame);
  return item;
}

void slab_put_slow(struct pager *pager, enum slab_number number, void *item) {
  struct slab *slab = &pager->slab[number];
  uintptr_t physical = (uintptr_t)item - pager->window;
  uint32_t frame = (uint32_t)(physical >> PAGE_SHIFT);
  struct page *page = page_of(pager, frame);
  if (page->object == NO_ITEM) link_partial(pager, slab, frame);
  *(uint32_t *)item = page->object;
  page->object = (uint32_t)(physical & PAGE_MASK);
  slab->free++;
  // An empty frame goes back, but for the last one, which the next take would fetch again.
  if (--page->refs == 0 && slab->free > slab->capacity) {
    unlink_partial(pager, slab, frame);
    slab->free -= slab->capacity;
    slab->frames--;
    frame_put(pager, frame);
  }
}

bool slab_reserve_slow(struct pager *pager, enum slab_number number, uint32_t count) {
  while (pager->slab[number].free < count) {
    if (!grow(pager, number)) return false;
  }
  return true;
}
