// Start, and the names of spaces.
#include "servers/pager/core/pager.h"

#include "servers/pager/core/options.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/state.h"

size_t pager_page_bytes(uint32_t ram_frames) {
  return ((size_t)ram_frames + PAGE_HEADS) * sizeof(struct page);
}

size_t pager_memory_bytes(void) { return sizeof(struct pager); }

struct pager *pager_init(const struct pager_setup *setup) {
  struct pager *pager = setup->memory;
  bytes_zero(pager, sizeof(*pager));
  pager->window = (uintptr_t)setup->window;
  pager->page_base = (uintptr_t)setup->pages - (uintptr_t)setup->ram_first * sizeof(struct page);
  pager->board = (uintptr_t)setup->board - setup->ram_first;
  pager->call_buffer = setup->call_buffer;
  pager->ram_first = setup->ram_first;
  pager->ram_end = setup->ram_first + setup->ram_frames;
  bytes_zero(setup->pages, pager_page_bytes(setup->ram_frames));
  slab_init(&pager->slab[SLAB_NODE], (sizeof(struct node) + 15) & ~15u);
  slab_init(&pager->slab[SLAB_REGION], (sizeof(struct region) + 15) & ~15u);
  slab_init(&pager->slab[SLAB_SPACE], (sizeof(struct space) + 15) & ~15u);
  slab_init(&pager->slab[SLAB_OBJECT], OBJECT_ITEM_BYTES);
  slab_init(&pager->slab[SLAB_PENDING], (sizeof(struct pending) + 15) & ~15u);
  requests_init(&pager->requests, pager->ring_request, OBJECT_RING_SLOTS, NULL);
  timer_init(&pager->timer, setup->timebase);
  replacement_init(&pager->replacement, pager->page_base, pager->ram_first, pager->ram_end,
                   pager->ghost);
  evict_init(pager);
  options_init(pager);
  return pager;
}

static void make_zero_frame(struct pager *pager) {
  pager->zero_frame = frame_take_reserved(pager);
  page_of(pager, pager->zero_frame)->state = PAGE_RESERVED;
  page_zero(frame_pointer(pager, pager->zero_frame));
  pager->frames_reserved++;
}

// Puts a run of frames in front of a list, the lowest first.
static void add_run(struct pager *pager, struct frame_list *list, uint32_t first, uint32_t count,
                    enum page_state state) {
  if (count == 0) return;
  struct page *page = page_of(pager, first);
  for (uint32_t frame = first; frame < first + count; frame++, page++) {
    page->next = frame + 1;
    page->prev = frame - 1;
    page->state = (uint8_t)state;
  }
  if (list->count == 0) {
    list->tail = first + count - 1;
  } else {
    page[-1].next = list->head;
    page_of(pager, list->head)->prev = first + count - 1;
  }
  list->head = first;
  list->count += count;
  pager->frames_total += count;
  aging_set_limit(pager);
  evict_set_limits(pager);
}

void pager_add_frames(struct pager *pager, uint32_t first, uint32_t count) {
  add_run(pager, &pager->free, first, count, PAGE_FREE);
  if (pager->zero_frame == FRAME_NONE && count > 0) make_zero_frame(pager);
}

void pager_add_objects(struct pager *pager, uint32_t first, uint32_t count) {
  add_run(pager, &pager->objects, first, count, PAGE_KERNEL);
}

uint32_t pager_take_frames(struct pager *pager, uint32_t count) {
  return frame_take_run(pager, count);
}

uint32_t pager_take_object(struct pager *pager) {
  uint32_t frame = object_frame_take(pager);
  if (frame != FRAME_NONE) {
    pager->frames_kernel++;
    pager->frames_own++;
  }
  return frame;
}

void pager_attach_ring(struct pager *pager, struct object_ring *ring) {
  pager->requests.ring = ring;
}

struct space *pager_space(struct pager *pager, uint32_t badge) {
  return space_of(pager, badge);
}

void *pager_message(struct pager *pager, struct space *space) {
  return frame_pointer(pager, pager->message[space->slot]);
}
