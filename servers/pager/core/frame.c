#include "servers/pager/core/frame.h"

#include "servers/pager/core/evict.h"
#include "servers/pager/core/state.h"

void frame_list_remove(struct pager *pager, struct frame_list *list, uint32_t frame) {
  const struct page *page = page_of(pager, frame);
  list->count--;
  if (frame == list->head) {
    list->head = page->next;
  } else if (frame == list->tail) {
    list->tail = page->prev;
  } else {
    page_of(pager, page->prev)->next = page->next;
    page_of(pager, page->next)->prev = page->prev;
  }
}

uint32_t frame_refuse(struct pager *pager) {
  pager->evict.refused = true;
  return FRAME_NONE;
}

uint32_t frame_take_reserved(struct pager *pager) {
  return pager->free.count > 0 ? frame_pop(pager) : FRAME_NONE;
}

void page_release_far(struct pager *pager, uint32_t frame) {
  struct page *page = page_of(pager, frame);
  if (page->flags & PAGE_LISTED) replacement_remove(&pager->replacement, page);
  if (page->state == PAGE_CACHED) {
    if (page_is_evicting(page)) pager->evict.leaving--;
    frame_put(pager, frame);
  } else {
    swap_forget_page(pager, frame);
  }
}

// The first of `count` adjacent free frames in [start, end), the first one aligned to `alignment`.
static uint32_t find_run(struct pager *pager, uint32_t start, uint32_t end, uint32_t count,
                         uint32_t alignment) {
  uint32_t first = (start + alignment - 1) & ~(alignment - 1);
  while (first + count <= end) {
    uint32_t used = first;
    while (used < first + count && page_of(pager, used)->state == PAGE_FREE) used++;
    if (used == first + count) return first;
    first = (used + alignment) & ~(alignment - 1);
  }
  return FRAME_NONE;
}

static void remove_run(struct pager *pager, uint32_t first, uint32_t count, enum page_state state) {
  for (uint32_t frame = first; frame < first + count; frame++) {
    frame_list_remove(pager, &pager->free, frame);
    page_of(pager, frame)->state = (uint8_t)state;
  }
}

uint32_t frame_take_run(struct pager *pager, uint32_t count) {
  if (count == 0 || pager->free.count < count + FRAMES_RESERVE) return FRAME_NONE;
  uint32_t first = find_run(pager, pager->ram_first, pager->ram_end, count, 1);
  if (first == FRAME_NONE) return FRAME_NONE;
  remove_run(pager, first, count, PAGE_RESERVED);
  pager->frames_reserved += count;
  return first;
}

// In 1/PLENTY of memory free frames are plentiful.
#define PLENTY 4u
// Blocks that are looked at for one that is free.
#define BLOCKS_TRIED 8u

uint32_t frame_take_block(struct pager *pager) {
  if (pager->free.count < LARGE_FRAMES + pager->frames_total / PLENTY) return FRAME_NONE;
  uint32_t first = pager->next_block;
  for (uint32_t i = 0; i < BLOCKS_TRIED; i++, first += LARGE_FRAMES) {
    if (first < pager->ram_first || first + LARGE_FRAMES > pager->ram_end) {
      first = (pager->ram_first + LARGE_FRAMES - 1) & ~(LARGE_FRAMES - 1);
      if (first + LARGE_FRAMES > pager->ram_end) return FRAME_NONE;
    }
    pager->next_block = first + LARGE_FRAMES;
    if (find_run(pager, first, first + LARGE_FRAMES, LARGE_FRAMES, LARGE_FRAMES) == FRAME_NONE)
      continue;
    remove_run(pager, first, LARGE_FRAMES, PAGE_FREE);
    return first;
  }
  return FRAME_NONE;
}

// Makes an aligned block of frames free by dropping cache pages. FRAME_NONE if there is none that
// holds nothing else.
static uint32_t clear_block(struct pager *pager) {
  uint32_t first = (pager->ram_first + LARGE_FRAMES - 1) & ~(LARGE_FRAMES - 1);
  for (; first + LARGE_FRAMES <= pager->ram_end; first += LARGE_FRAMES) {
    if (evict_range(pager, first, LARGE_FRAMES)) return first;
  }
  return FRAME_NONE;
}

bool frame_make_objects(struct pager *pager) {
  uint32_t first = find_run(pager, pager->ram_first, pager->ram_end, LARGE_FRAMES, LARGE_FRAMES);
  if (first == FRAME_NONE) first = clear_block(pager);
  if (first == FRAME_NONE || pager->free.count < LARGE_FRAMES + FRAMES_RESERVE) return false;
  if (kops_retype_objects(first) < 0) return false;
  remove_run(pager, first, LARGE_FRAMES, PAGE_KERNEL);
  pager->frames_total -= LARGE_FRAMES;
  pager_add_objects(pager, first, LARGE_FRAMES);
  return true;
}

uint32_t object_frame_take(struct pager *pager) {
  if (pager->objects.count == 0 && !frame_make_objects(pager)) {
    pager->gather.wanted = true;
    return frame_refuse(pager);
  }
  uint32_t frame = pager->objects.head;
  frame_list_remove(pager, &pager->objects, frame);
  return frame;
}

void object_frame_put(struct pager *pager, uint32_t frame) {
  frame_list_push(pager, &pager->objects, frame);
}
